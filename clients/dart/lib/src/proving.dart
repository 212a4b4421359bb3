import 'exceptions.dart';

/// What a call needs, and what the user can prove.
final class NeededProof {
  const NeededProof({this.maxAge, this.acrValues, this.methods});

  /// Within which time the user must have been authenticated.
  final Duration? maxAge;

  /// The strengths (`acr`) that would do, separated by blanks; null if a password does.
  final String? acrValues;

  /// What can be proved after the proof of before: `passkey`, `totp`, `recovery_code`; null at first. With `password` the
  /// proof of before was none without it.
  final List<String>? methods;
}

/// A password, alone or with a second factor; a second factor after it; or the signature of a passkey, as
/// `getReauthenticationOptions` asks for it.
final class Proof {
  const Proof({this.password, this.code, this.recoveryCode, this.credential});

  final String? password;
  final String? code;
  final String? recoveryCode;
  final Map<String, Object?>? credential;
}

/// Lets the user prove who they are; null if they do not want to.
typedef AskProof = Future<Proof?> Function(NeededProof needed);

/// Lets the user prove everything that the account needs, one factor after the other. False if they do not want to.
/// Throws what refuses a proof.
Future<bool> prove(Refusal due, AskProof ask, Future<Object?> Function(Map<String, Object?> proof) send) async {
  Refusal? more;
  while (true) {
    final proof = await ask(NeededProof(maxAge: due.maxAge, acrValues: due.acrValues, methods: more?.methods));
    if (proof == null) return false;
    try {
      await send({
        'password': proof.password,
        'code': proof.code,
        'recovery_code': proof.recoveryCode,
        'credential': proof.credential,
        if (proof.password == null) 'mfa_token': more?.mfaToken,
      });
      return true;
    } on Refusal catch (refusal) {
      if (refusal.code != 'mfa_required') rethrow;
      more = refusal;
    }
  }
}
