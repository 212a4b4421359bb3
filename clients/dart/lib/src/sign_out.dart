import 'answers.dart';
import 'exceptions.dart';
import 'patience.dart';
import 'renewal.dart';
import 'state.dart';

/// Signing out: here at once, and at the server as soon as it can be reached.
final class SignOut {
  SignOut(this._state, this._renewal, this._post);

  final State _state;
  final Renewal _renewal;
  final Post _post;
  Future<bool>? _sending;

  Future<bool> signOut({required bool everywhere}) async {
    // Only the newest refresh token signs out everywhere, so a refresh that is under way is waited for.
    if (everywhere) await _renewal.flight?.then((_) {}, onError: (_) {});

    final token = _state.kept.refreshToken;
    await _state.forget('signed_out', signOut: token == null ? null : {
      'scope': everywhere ? 'everywhere' : 'local',
      'refresh_token': token,
    });
    return send();
  }

  /// Tells the server of a sign-out that it has not heard of; true if there is none left.
  Future<bool> send() async {
    if (_state.kept.signOut == null) return true;
    return _sending ??= _send().whenComplete(() => _sending = null);
  }

  Future<bool> _send() async {
    try {
      final answer = await persist((left) => _post('/auth/logout', _state.kept.signOut, left));
      // A refusal for good: the session has ended already, for example.
      final isFinal = answer.status < 500 && answer.status != 429 && problemOf(answer) != null;
      final isHeard = answer.status == 204 || isFinal;
      if (isHeard) await _state.forgetSignOut();
      return isHeard;
    } on Unreachable {
      return false;
    }
  }
}
