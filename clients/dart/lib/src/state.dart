import 'dart:async';
import 'dart:convert';

import 'clock.dart';
import 'generated/models.dart';
import 'kept.dart';
import 'session.dart';
import 'storage.dart';

/// What the client knows, and the only place that changes it. A change holds in memory at once and is stored in its
/// turn; then the listeners hear of it.
final class State {
  State({required this.owner, required this.storage, required this.clock, required this.report})
      : kept = Kept.nothing(owner);

  /// Names the deployment. What another one has left is not used.
  final String owner;
  final SecureStorage storage;
  final Clock clock;

  /// Hears of errors that no caller waits for.
  final void Function(Object error) report;

  final changes = StreamController<SessionState>.broadcast();
  final endings = StreamController<SessionEnding>.broadcast();

  SessionState session = const SessionUnknown();
  Kept kept;
  String? accessToken;
  bool isLoaded = false;
  bool _isConfirmed = false;
  String? _reason;
  Duration Function()? _left;

  /// Whether the storage has refused what was to be stored last.
  bool _isRefused = false;
  Future<void> _writing = Future.value();

  /// The time until the access token expires, or null when that is not known.
  Duration? get left => _left?.call();

  bool get isSignedIn => session is SignedIn;

  /// Reads what the last start has left. Throws the error of the storage; then nothing is known, and nothing changed.
  Future<void> load() async {
    kept = Kept.read(await storage.read(owner), owner);
    isLoaded = true;
    announce();
  }

  /// Takes a token response that was asked for at [askedAt]. A refresh that was overtaken by a sign-out, so that
  /// [isWanted] says no, leaves nothing behind.
  Future<void> grant(Map<String, Object?> tokens, Duration Function() askedAt, {bool Function()? isWanted}) async {
    final next = Kept.granted(owner, tokens);
    if (!(isWanted?.call() ?? true)) return;
    final (before, sessionId) = (kept.sessionId, next.sessionId);
    final lifetime = Duration(seconds: (tokens['expires_in']! as num).toInt());
    kept = next;
    accessToken = tokens['access_token']! as String;
    _left = () => lifetime - askedAt();
    isLoaded = _isConfirmed = true;
    _reason = null;
    await _store();
    if (before != null && before != sessionId) endings.add(SessionEnding(before, 'replaced'));
    announce();
  }

  /// Takes the user as the server has just shown them.
  Future<void> remember(Map<String, Object?> user) async {
    if (kept.user?['id'] != user['id']) return;
    final isNews = !_isConfirmed || jsonEncode(user) != jsonEncode(kept.user);
    _isConfirmed = true;
    if (!isNews) return;
    kept = kept.having('user', user);
    await _store();
    announce();
  }

  /// Takes the name that the server has given to this device.
  Future<void> rememberDevice(String token) async {
    kept = kept.having('device_token', token);
    await _store();
  }

  /// Ends the session here at once. [signOut] is what the server must still be told.
  Future<void> forget(String reason, {Map<String, Object?>? signOut}) async {
    final ended = kept.sessionId;
    kept = Kept.nothing(owner, kept.deviceToken);
    if (signOut != null) kept = kept.having('sign_out', signOut);
    _reason = ended == null ? null : reason;
    _isConfirmed = false;
    accessToken = _left = null;
    await _store();
    if (ended != null) endings.add(SessionEnding(ended, reason));
    announce();
  }

  /// Tries once more to store what the storage has refused, which was reported then.
  Future<void> storeAgain() async {
    if (_isRefused) await _store(isAgain: true);
  }

  Future<void> forgetSignOut() async {
    kept = kept.having('sign_out', null);
    await _store();
  }

  /// Tells the listeners what has changed.
  void announce() {
    final next = switch ((kept.user, kept.session)) {
      (final user?, {'id': final String id, 'expires_at': final String end}) =>
        SignedIn(user: User(user), sessionId: id, expiresAt: DateTime.parse(end), isConfirmed: _isConfirmed),
      _ => SignedOut(_reason),
    };
    if (!isLoaded || _isSame(session, next)) return;
    session = next;
    changes.add(next);
  }

  Future<void> close() async {
    await _writing;
    await changes.close();
    await endings.close();
  }

  /// Writes wait for each other, so that the last one is what the storage holds in the end. A failed write costs no
  /// session: it goes on in memory, and each request tries to write it before it is sent.
  Future<void> _store({bool isAgain = false}) {
    final text = jsonEncode(kept.json);
    return _writing = _writing.then((_) async {
      if (isAgain && !_isRefused) return;
      try {
        await storage.write(owner, text);
        _isRefused = false;
      } on Object catch (error) {
        _isRefused = true;
        if (!isAgain) report(error);
      }
    });
  }
}

bool _isSame(SessionState one, SessionState other) => switch ((one, other)) {
      (final SignedOut one, final SignedOut other) => one.reason == other.reason,
      (final SignedIn one, final SignedIn other) => one.sessionId == other.sessionId &&
          one.expiresAt == other.expiresAt &&
          one.isConfirmed == other.isConfirmed &&
          jsonEncode(one.user.json) == jsonEncode(other.user.json),
      _ => false,
    };
