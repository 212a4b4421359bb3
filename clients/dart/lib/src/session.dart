import 'generated/models.dart';

/// What is known about the session. An object stays the same as long as nothing in it changes.
sealed class SessionState {
  const SessionState();
}

/// The storage has not answered yet: show neither the app nor the login screen.
final class SessionUnknown extends SessionState {
  const SessionUnknown();
}

final class SignedIn extends SessionState {
  const SignedIn({required this.user, required this.sessionId, required this.expiresAt, required this.isConfirmed});

  final User user;
  final String sessionId;

  /// The end that no refresh moves.
  final DateTime expiresAt;

  /// False while it is only remembered, and the server has not been asked since the start.
  final bool isConfirmed;
}

final class SignedOut extends SessionState {
  const SignedOut([this.reason]);

  /// Why the last session has ended, if there was one: see [SessionEnding].
  final String? reason;
}

/// A session that is over.
final class SessionEnding {
  const SessionEnding(this.sessionId, this.reason);

  final String sessionId;

  /// The server's reason (`signed_out`, `password_changed`, `idle`, …); `replaced` when another session has taken its
  /// place here; else the code of the refusal, `invalid_token` when the deployment does not know the token.
  final String reason;
}
