/// What a call throws. None of them but a [Refusal] of a refresh has ended the session.
sealed class LatchkeyException implements Exception {
  const LatchkeyException();
}

/// The server has refused, and says why (RFC 9457). [code] is the contract; [detail] is a sentence for a person.
final class Refusal extends LatchkeyException {
  const Refusal(this.operation, this.problem, {this.retryAfter});

  /// The name of the call, `login` for example.
  final String operation;

  /// The whole answer.
  final Map<String, Object?> problem;

  /// When to try again, if the answer says so.
  final Duration? retryAfter;

  String get code => problem['code'] as String;
  String get detail => problem['detail'] as String? ?? code;
  int get status => (problem['status'] as num?)?.toInt() ?? 0;

  /// Why the session has ended, with the code `session_ended`.
  String? get reason => problem['reason'] as String?;

  /// Names the request in the server's log.
  String? get requestId => problem['request_id'] as String?;

  /// Within which time the password must have been entered, with `reauthentication_required`.
  Duration? get maxAge => switch (problem['max_age']) {
        final num seconds => Duration(seconds: seconds.toInt()),
        _ => null,
      };

  /// The strengths (`acr`) that would do, separated by blanks, with `reauthentication_required` and `mfa_required`.
  String? get acrValues => problem['acr_values'] as String?;

  /// What goes on with a sign-in whose second factor is due, with `mfa_required`: hand it to `loginSecondFactor`.
  String? get mfaToken => problem['mfa_token'] as String?;

  /// What can be proved next, with `mfa_required`.
  List<String> get methods => (problem['methods'] as List<Object?>? ?? const []).cast<String>();

  /// The fields that were refused, with `invalid_request` and `password_rejected`.
  List<FieldError> get errors => [
        for (final error in problem['errors'] as List<Object?>? ?? const [])
          FieldError(error as Map<String, Object?>),
      ];

  @override
  String toString() => 'Refusal of $operation: $code. $detail';
}

/// One field that was refused.
extension type FieldError(Map<String, Object?> json) {
  /// A JSON pointer into the body, `/password` for example.
  String get path => json['path'] as String;
  String get code => json['code'] as String;
  String get message => json['message'] as String;
}

/// No answer has come: the network, TLS, or a deadline. It never means signed out.
final class Unreachable extends LatchkeyException {
  const Unreachable([this.cause]);

  final Object? cause;

  @override
  String toString() => 'The server could not be reached${cause == null ? '.' : ': $cause'}';
}

/// Something other than Latchkey has answered, a proxy or a captive portal. It never means signed out.
final class Unintelligible extends LatchkeyException {
  const Unintelligible(this.status, {this.retryAfter});

  final int status;
  final Duration? retryAfter;

  @override
  String toString() => 'The answer, with status $status, is not Latchkey\'s.';
}
