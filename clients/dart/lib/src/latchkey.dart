import 'dart:async';
import 'dart:convert';

import 'answers.dart';
import 'clock.dart';
import 'exceptions.dart';
import 'generated/operations.dart';
import 'proving.dart';
import 'renewal.dart';
import 'sender.dart';
import 'session.dart';
import 'sign_out.dart';
import 'state.dart';
import 'storage.dart';
import 'transport.dart';

/// The calls of somebody who signs in, which no refused refresh may stop.
const _signIns = {
  'login', 'loginSecondFactor', 'getSecondFactorOptions', 'getPasskeyLoginOptions', 'loginWithPasskey',
};

/// What never leaves the client.
const _secret = {'access_token', 'refresh_token', 'device_token', 'token_type', 'expires_in', 'refresh_expires_in'};

/// A client of one Latchkey deployment, for one user. Making it does nothing; [start] reads what the last start left.
///
/// Calls throw a [Refusal] when the server refuses, [Unreachable] when no answer comes, and [Unintelligible] when
/// something else has answered. Only the server's refusal of a refresh, and a sign-out, end a session. One app has one
/// client: two that share a storage would take each other's tokens for stolen ones.
final class Latchkey {
  Latchkey({
    required Uri baseUrl,
    required SecureStorage storage,
    required Transport transport,
    String apiPrefix = '/api/v1',
    this.userType,
    this.deviceName,
    this.onReauthenticationRequired,
    Iterable<Uri> origins = const [],
    void Function(Object error) onError = _print,
    Clock? clock,
  })  : _root = '${baseUrl.origin}$apiPrefix',
        _origins = {baseUrl.origin, for (final origin in origins) origin.origin} {
    _state = State(owner: 'bearer $_root', storage: storage, clock: clock ?? DeviceClock(), report: onError);
    _renewal = Renewal(_state, _post);
    _sender = Sender(_state, _renewal, transport);
    _signOut = SignOut(_state, _renewal, _post);
  }

  /// The kind of users that the app is for; others are refused at sign-in with `wrong_user_type`.
  final String? userType;

  /// How the owner will know this device in the list of sessions: `Ada’s phone`.
  final String? deviceName;

  /// Lets the user prove who they are when a call needs a recent sign-in. If more is needed it is asked once more, with
  /// [NeededProof.methods]. The call is then made once more.
  final AskProof? onReauthenticationRequired;

  final String _root;
  final Set<String> _origins;
  late final State _state;
  late final Renewal _renewal;
  late final Sender _sender;
  late final SignOut _signOut;
  Future<void>? _loading;

  /// What is known now. The same object as before, as long as nothing in it has changed.
  SessionState get session => _state.session;

  /// Whether there is a session, as far as is known: no traffic, no wait, true offline.
  bool get isSignedIn => _state.isSignedIn;

  /// Each change of [session].
  Stream<SessionState> get changes => _state.changes.stream;

  /// Each session that ends.
  Stream<SessionEnding> get endings => _state.endings.stream;

  /// Reads what the last start left. A session that is remembered shows at once, without a network too, and is
  /// confirmed in the background. It never throws: a storage that cannot be read, like a locked keychain, leaves
  /// [SessionUnknown], and the next call reads it again.
  Future<SessionState> start() async {
    try {
      await _loaded();
      unawaited(wake());
    } on Object catch (error) {
      _state.report(error);
    }
    return session;
  }

  /// Looks at what is due. Call it when the app comes to the foreground or online. It never throws: without an answer,
  /// what is remembered holds.
  Future<void> wake() async {
    if (!_state.isLoaded) return;
    try {
      if (_state.kept.signOut != null) await _signOut.send();
      final isUnconfirmed = switch (session) { SignedIn(:final isConfirmed) => !isConfirmed, _ => false };
      if (isUnconfirmed || _sender.isDue) await _renewal.renew();
    } on LatchkeyException {
      // Tried again by the next call.
    }
  }

  /// Signs in. An earlier session of this client is replaced. With the refusal `mfa_required`, [Refusal.mfaToken] and a
  /// second factor go to `loginSecondFactor`.
  Future<SignedIn> signIn({required String email, required String password}) async {
    await _loaded();
    return signedInBy(call('login', 'POST /auth/login', {
      'email': email,
      'password': password,
      'transport': 'bearer',
      'user_type': userType,
      'device_name': deviceName,
      'device_token': _state.kept.deviceToken,
    }));
  }

  /// Signs out. The session is over here at once, without a network too; what the server was not told is kept, and told
  /// before anything else when it can be reached. [everywhere] ends all sessions of the user. The answer says whether
  /// the server has been told.
  Future<bool> signOut({bool everywhere = false}) async {
    await _loaded();
    return _signOut.signOut(everywhere: everywhere);
  }

  /// Refreshes now, for example after the user's role has changed. Nothing else needs it: calls refresh by themselves.
  Future<SessionState> refresh() async {
    await _ready();
    if (await _renewal.renew() case final refused?) throw refusalOf('refresh', refused);
    return session;
  }

  /// An access token that works now, for what is no HTTP request of [send]: a WebSocket, gRPC. Null when signed out.
  Future<String?> accessToken() async {
    await _ready();
    await _sender.freshen();
    await _state.storeAgain();
    return _state.accessToken;
  }

  /// Sends a request to an own API with the session's credentials. Throws [ArgumentError] for an origin that is neither
  /// the deployment's nor among `origins`, so that no token reaches a stranger.
  Future<Answer> send(Request request) async {
    if (!_origins.contains(request.url.origin)) {
      throw ArgumentError.value(request.url.origin, 'request', 'is not among the origins of this client');
    }
    await _ready();
    return _sender.send(request);
  }

  /// Makes a call by its name and its route, `PATCH /users/{id}`: fills the path, sends the rest of [input] as query or
  /// body, and takes over what the answer says about the session. The generated calls are made of it.
  Future<Map<String, Object?>> call(String operation, String route, [Map<String, Object?> input = const {}]) async {
    try {
      return await _call(operation, route, input);
    } on Refusal catch (refusal) {
      final ask = onReauthenticationRequired;
      if (refusal.code != 'reauthentication_required' || ask == null) rethrow;
      if (!await prove(refusal, ask, (proof) => _call('reauthenticate', 'POST /auth/reauthenticate', proof))) rethrow;
      return await _call(operation, route, input);
    }
  }

  /// The session that a call has opened or renewed.
  Future<SignedIn> signedInBy(Future<Object?> call) async {
    await call;
    if (session case final SignedIn signedIn) return signedIn;
    throw StateError('The session ended at once.');
  }

  /// Ends the streams.
  Future<void> close() => _state.close();

  Future<Map<String, Object?>> _call(String operation, String route, Map<String, Object?> input) async {
    await _ready();
    final age = stopwatch(_state.clock);
    final nature = (isRotating: rotatingCalls.contains(operation), needsSession: !_signIns.contains(operation));
    final answer = await _sender.send(_requestOf(route, input), nature: nature);
    if (!answer.isOk) throw refusalOf(operation, answer);

    final body = readObject(answer);
    if (body == null && answer.status < 202) throw unintelligible(answer);
    return _take(operation, body ?? const {}, age);
  }

  Future<Map<String, Object?>> _take(String operation, Map<String, Object?> body, Duration Function() age) async {
    if (isTokenResponse(body)) {
      await _state.grant(body, age);
    } else {
      if (body['user'] case {'id': String _} && final Map<String, Object?> user) await _state.remember(user);
      if (body['device_token'] case final String token) await _state.rememberDevice(token);
    }
    if (operation == 'deleteMe') await _state.forget('account_deleted');
    return {
      for (final MapEntry(:key, :value) in body.entries)
        if (!_secret.contains(key) || (key == 'expires_in' && !isTokenResponse(body))) key: value,
    };
  }

  /// The request of a call. Throws [ArgumentError] for a value that would lead to another path.
  Request _requestOf(String route, Map<String, Object?> input) {
    final [method, path] = route.split(' ');
    final fields = {for (final MapEntry(:key, :value) in input.entries) if (value != null) key: value};
    final filled = path.replaceAllMapped(RegExp(r'\{(\w+)\}'), (name) => _segment(fields.remove(name[1])));
    final url = Uri.parse('$_root$filled');
    if (method == 'GET' && fields.isNotEmpty) {
      return Request(method, url.replace(queryParameters: fields.map((name, value) => MapEntry(name, '$value'))));
    }
    if (fields.isEmpty) return Request(method, url);
    // A field that is to become null is named by `toNull`.
    final body = fields.map((name, value) => MapEntry(name, identical(value, toNull) ? null : value));
    return Request(method, url, headers: _json, body: jsonEncode(body));
  }

  /// The storage, and a sign-out that comes first.
  Future<void> _ready() async {
    await _loaded();
    if (!await _signOut.send()) throw const Unreachable();
  }

  Future<void> _loaded() async {
    if (_state.isLoaded) return;
    await (_loading ??= _state.load().whenComplete(() => _loading = null));
  }

  Future<Answer> _post(String path, Map<String, Object?>? body, Duration timeout) => _sender.once(
        Request('POST', Uri.parse('$_root$path'), headers: _json, body: jsonEncode(body)),
        timeout,
      );
}

const _json = {'content-type': 'application/json'};

String _segment(Object? value) {
  if (value is! String || RegExp(r'^\.{0,2}$').hasMatch(value)) {
    throw ArgumentError.value(value, 'input', 'cannot stand in a path');
  }
  return Uri.encodeComponent(value);
}

void _print(Object error) => Zone.current.print('latchkey: $error');
