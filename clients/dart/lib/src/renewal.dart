import 'dart:async';

import 'answers.dart';
import 'clock.dart';
import 'patience.dart';
import 'state.dart';
import 'transport.dart';

/// Sends a POST with a JSON body and the credentials that are there.
typedef Post = Future<Answer> Function(String path, Map<String, Object?>? body, Duration timeout);

/// The refresh: one at a time, and all callers share it.
final class Renewal {
  Renewal(this._state, this._post);

  final State _state;
  final Post _post;
  Future<Answer?>? _flight;
  Future<void> _rotation = Future.value();
  ({String? grant, Answer answer, Duration Function() age})? _rest;

  /// The refresh that is under way.
  Future<Answer?>? get flight => _flight;

  /// A call whose answer brings new tokens: no refresh is sent before it is answered.
  void waitFor(Future<Object?> call) => _rotation = call.then((_) {}, onError: (_) {});

  /// Gets a new access token. The answer is the server's refusal, or null for none. Throws [LatchkeyException]s; the
  /// session is then what it was.
  Future<Answer?> renew() => _flight ??= _rotateOnce().whenComplete(() => _flight = null);

  Future<Answer?> _rotateOnce() async {
    final seen = _state.kept.grant;
    if (_rest case (:final grant, :final answer, :final age)
        when grant == seen && age() < (answer.retryAfter ?? Duration.zero)) {
      return answer;
    }
    await _rotation;
    return _state.kept.grant == seen ? await _rotate() : null;
  }

  Future<Answer?> _rotate() async {
    final kept = _state.kept;
    final token = kept.refreshToken;
    if (token == null) return null;
    final (answer, body, age) = await persist((left) async {
      final age = stopwatch(_state.clock);
      final answer = await _post('/auth/refresh', {'refresh_token': token}, left);
      return (answer, answer.isOk ? readObject(answer) : null, age);
    });

    bool isSame() => _state.kept.grant == kept.grant;
    if (body != null && isTokenResponse(body)) {
      await _state.grant(body, age, isWanted: isSame);
      return null;
    }
    final problem = problemOf(answer);
    if (problem == null) throw unintelligible(answer);
    if (answer.status == 401 && isSame()) {
      await _state.forget((problem['reason'] ?? problem['code'])! as String);
    } else {
      _rest = (grant: _state.kept.grant, answer: answer, age: stopwatch(_state.clock));
    }
    return answer;
  }
}
