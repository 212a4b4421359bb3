import 'answers.dart';
import 'clock.dart';
import 'exceptions.dart';
import 'patience.dart';
import 'renewal.dart';
import 'state.dart';
import 'transport.dart';

/// What a call is: [isRotating] if its answer brings new tokens, [needsSession] unless it is a sign-in.
typedef Nature = ({bool isRotating, bool needsSession});

/// An access token counts as due this long before it expires, so that it lasts for the request.
const _margin = Duration(seconds: 10);

/// How long a refresh that did not help is not repeated.
const _futility = Duration(minutes: 1);

const _stale = ['unauthenticated', 'invalid_token', 'session_ended'];

/// Sends requests with the session's credentials, and refreshes the session when that is due or asked for.
final class Sender {
  Sender(this._state, this._renewal, this._transport);

  final State _state;
  final Renewal _renewal;
  final Transport _transport;
  ({String? grant, Duration Function() age})? _futile;

  bool get isDue => _state.isSignedIn && (_state.left ?? Duration.zero) < _margin;

  /// Sends a request, after a refresh if one is due. If the answer is Latchkey's 401 it refreshes, and sends it once
  /// more. If the refresh is refused, that refusal is the answer.
  Future<Answer> send(Request request, {Nature nature = (isRotating: false, needsSession: true)}) async {
    if (nature.needsSession) {
      if (await freshen() case final refused?) return refused;
    } else {
      await _renewal.flight?.then((_) {}, onError: (_) {});
    }

    final grant = _state.kept.grant;
    final answer = await _deliver(request, nature);
    if (!nature.needsSession || !_state.isSignedIn || _isFutile || !_isStale(answer)) return answer;

    final refused = _state.kept.grant == grant ? await _renewal.renew() : null;
    if (refused != null) return refused;

    final again = await _deliver(request, nature);
    if (_isStale(again)) _futile = (grant: _state.kept.grant, age: stopwatch(_state.clock));
    return again;
  }

  /// Sends a request with the credentials that are there. The use of new tokens takes away the right of those before
  /// them, so a storage that still holds those is asked first to take the new ones. Throws what the transport throws.
  Future<Answer> once(Request request, Duration timeout) async {
    await _state.storeAgain();
    final token = _state.accessToken;
    return _transport.send(token == null ? request : request.withHeaders({'authorization': 'Bearer $token'}), timeout);
  }

  /// Refreshes if that is due, and waits for a refresh that is under way. While the access token still works, a refresh
  /// that fails stops nobody. The answer is the refusal, if there can be no access token.
  Future<Answer?> freshen() async {
    if (_renewal.flight == null && !isDue) return null;
    final wasSignedIn = _state.isSignedIn;
    try {
      final refused = await _renewal.renew();
      return refused != null && wasSignedIn && (refused.status == 401 || !_lasts) ? refused : null;
    } on LatchkeyException {
      if (!_lasts) rethrow;
      return null;
    }
  }

  Future<Answer> _deliver(Request request, Nature nature) async {
    final delivering = once(request, deadline);
    if (nature.isRotating) _renewal.waitFor(delivering);
    try {
      return await delivering;
    } on Exception catch (cause) {
      throw Unreachable(cause);
    }
  }

  bool get _lasts => (_state.left ?? Duration.zero) > Duration.zero;

  bool get _isFutile => switch (_futile) {
        (:final grant, :final age) => grant == _state.kept.grant && age() < _futility,
        null => false,
      };
}

bool _isStale(Answer answer) => answer.status == 401 && _stale.contains(problemOf(answer)?['code']);
