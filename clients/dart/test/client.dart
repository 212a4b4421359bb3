// The client against a real server. test/clients/dart/client.test.ts runs it, with a real Dart VM.
import 'dart:convert';

import 'package:latchkey/latchkey.dart';

import 'support.dart';

const refreshing = 'POST /api/v1/auth/refresh';

Future<void> main() async {
  await test('a user signs in, and the answer is typed', () async {
    final (:client, :keychain, network: _) = await open();
    final changes = <SessionState>[];
    client.changes.listen(changes.add);

    final SignedIn(:user, :sessionId) = await client.signIn(email: await ask('account'), password: password);
    equal(user.fullName, 'Ada King');
    equal(user.createdAt.isUtc, true);
    equal((await client.listSessions()).sessions.single.id, sessionId);
    equal(client.isSignedIn && identical(client.session, client.session), true);
    equal(changes.length, 1, 'changes');
    equal(keychain.written.contains(password), false, 'the password is stored');
  });

  await test('a refusal says what was wrong, and changes nothing', () async {
    final (:client, :keychain, network: _) = await open();
    final email = await ask('account');
    final wrong = await thrown<Refusal>(() => client.signIn(email: email, password: 'something else'));
    equal((wrong.code, wrong.status, wrong.operation), ('invalid_credentials', 401, 'login'));
    final short = await thrown<Refusal>(() => client.register(email: email, password: 'short', fullName: 'Ada'));
    equal((short.code, short.errors.first.path), ('password_rejected', '/password'));
    equal((client.isSignedIn, keychain.written), (false, ''));
  });

  await test('text beyond Latin-1 arrives as it was sent', () async {
    final (:client, keychain: _, network: _) = await signedIn(deviceName: 'Ada’s 📱');
    equal((await client.listSessions()).sessions.single.deviceName, 'Ada’s 📱');
    equal((await client.updateMe(fullName: 'Ādā 王')).user.fullName, 'Ādā 王');
    equal(switch (client.session) { SignedIn(:final user) => user.fullName, _ => '' }, 'Ādā 王');
  });

  await test('twenty calls share one refresh', () async {
    final clock = MovedClock();
    final (:client, keychain: _, :network) = await signedIn(clock: clock);
    clock.slept = const Duration(hours: 1);
    final answers = await Future.wait([for (var n = 0; n < 20; n++) client.getMe()]);
    equal((answers.length, network.count(refreshing)), (20, 1));
  });

  await test('a clock that is set back costs nothing', () async {
    final clock = MovedClock();
    final (:client, keychain: _, :network) = await signedIn(clock: clock);
    clock.set = const Duration(days: -400);
    await client.getMe();
    equal((client.isSignedIn, network.count(refreshing)), (true, 0));
  });

  await test('a refresh whose answer is lost is repeated, and the session goes on', () async {
    final clock = MovedClock();
    final (:client, keychain: _, :network) = await signedIn(clock: clock);
    clock.slept = const Duration(hours: 1);
    network.losing = 2;
    await client.getMe();
    equal((client.isSignedIn, network.count(refreshing)), (true, 3));
  });

  await test('a refresh without any answer costs no session', () async {
    final clock = MovedClock();
    final (:client, keychain: _, :network) = await signedIn(clock: clock);
    clock.slept = const Duration(hours: 1);
    network.losing = 3;
    await thrown<Unreachable>(client.getMe);
    equal(client.isSignedIn, true);
    await client.getMe();
  });

  await test('an app that starts again goes on without the password, and without a network at first', () async {
    final (client: first, :keychain, network: _) = await signedIn();
    final network = Network()..isDown = true;
    final client = clientOf(keychain, network);
    equal(await client.start(), isA<SignedIn>((it) => !it.isConfirmed));
    await thrown<Unreachable>(client.getMe);
    equal(client.isSignedIn, true);

    network.isDown = false;
    await client.wake();
    equal(client.session, isA<SignedIn>((it) => it.isConfirmed));
    equal((await client.getMe()).user.id, (first.session as SignedIn).user.id);
  });

  await test('a session that is ended elsewhere ends here with the server’s reason, once', () async {
    final email = await ask('account');
    final (:client, keychain: _, network: _) = await signedIn(email: email);
    final endings = <SessionEnding>[];
    client.endings.listen(endings.add);
    final (client: other, keychain: _, network: _) = await signedIn(email: email);
    equal(await other.signOut(everywhere: true), true);

    final refusals = await Future.wait([for (var n = 0; n < 3; n++) thrown<Refusal>(client.getMe)]);
    equal({for (final refusal in refusals) refusal.code}.single, 'session_ended');
    equal(client.session, isA<SignedOut>((it) => it.reason == 'revoked_by_user'));
    await Future<void>.delayed(Duration.zero);
    equal(endings.single.reason, 'revoked_by_user');
  });

  await test('a sign-out without a network holds at once, and the server hears of it first', () async {
    final email = await ask('account');
    final (:client, :keychain, :network) = await signedIn(email: email);
    network.isDown = true;
    equal(await client.signOut(), false);
    equal(client.isSignedIn, false);

    final again = Network();
    await clientOf(keychain, again).signIn(email: email, password: password);
    equal(again.sent.first, 'POST /api/v1/auth/logout');
    final (client: other, keychain: _, network: _) = await signedIn(email: email);
    equal((await other.listSessions()).sessions.length, 2, 'the one that was signed out is not among them');
  });

  await test('a captive portal and a busy proxy cost no session', () async {
    final clock = MovedClock();
    final (:client, keychain: _, :network) = await signedIn(clock: clock);
    clock.slept = const Duration(hours: 1);
    for (final status in [200, 302, 401, 403, 503]) {
      network.portal = Answer(status, const {'content-type': 'text/html', 'retry-after': '7'}, '<p>Pay first</p>');
      final thing = await thrown<Unintelligible>(client.getMe);
      equal((thing.status, thing.retryAfter), (status, const Duration(seconds: 7)));
      equal(client.isSignedIn, true);
    }
    network.portal = null;
    await client.getMe();
  });

  await test('no token goes to a stranger’s server', () async {
    final (:client, keychain: _, :network) = await signedIn();
    final before = network.sent.length;
    for (final stranger in ['https://example.com/x', '${baseUrl.scheme}://${baseUrl.host}.example.com/', 'http://127.0.0.1:1/']) {
      await thrown<ArgumentError>(() => client.send(Request('GET', Uri.parse(stranger))));
    }
    await thrown<ArgumentError>(() => client.endSession(id: '..'));
    equal(network.sent.length, before);
    final mine = await client.send(Request('GET', baseUrl.resolve('/api/v1/auth/check')));
    equal(mine.status, 204);
  });

  await test('a locked keychain is asked again, and one that cannot be written costs no session', () async {
    final (client: _, :keychain, network: _) = await signedIn();
    keychain.isLocked = true;
    final errors = <Object>[];
    final client = clientOf(keychain, Network(), onError: errors.add);
    equal(await client.start(), isA<SessionUnknown>((_) => true));
    equal(errors.length, 1);
    keychain.isLocked = false;
    await client.getMe();

    keychain.isLocked = true;
    await client.refresh();
    await client.getMe();
    equal((client.isSignedIn, errors.length), (true, 2));
  });

  await test('tokens that the keychain has refused are stored before they are used', () async {
    final (client: _, :keychain, network: _) = await signedIn();
    final errors = <Object>[];
    final network = Network();
    final client = clientOf(keychain, network, onError: errors.add);
    await client.getMe();

    for (final use in [client.getMe, client.accessToken]) {
      final before = keychain.written;
      keychain.isLocked = true;
      await client.refresh();
      equal(keychain.written, before);
      keychain.isLocked = false;
      await use();
      equal(keychain.written == before, false, 'the present token is not stored');
    }
    equal(errors.length, 2);

    await client.getMe();
    await ask('advance', '${const Duration(minutes: 1).inMilliseconds}');
    final next = clientOf(keychain, Network());
    equal(await next.refresh(), isA<SignedIn>((_) => true));
  });

  await test('a call that needs a recent sign-in asks for the password, and is made once more', () async {
    final asked = <NeededProof>[];
    final (:client, keychain: _, network: _) = await signedIn(onReauthenticationRequired: (needed) async {
      asked.add(needed);
      return asked.length == 1 ? null : Proof(password: password);
    });
    await ask('advance', '${const Duration(minutes: 11).inMilliseconds}');
    final refusal = await thrown<Refusal>(client.deleteMe);
    equal(refusal.code, 'reauthentication_required');
    await client.deleteMe();
    equal((asked.last.maxAge, asked.last.methods), (const Duration(minutes: 10), null));
    equal(client.session, isA<SignedOut>((it) => it.reason == 'account_deleted'));
  });

  await test('a call that needs two factors asks for one after the other, and a wrong one is refused', () async {
    final email = await ask('account');
    final asked = <NeededProof>[];
    final answers = <Proof?>[];
    final (:client, keychain: _, network: _) = await signedIn(email: email, onReauthenticationRequired: (needed) async {
      asked.add(needed);
      return answers.removeAt(0);
    });
    final TotpSecret(:id, :secret) = await client.addTotp();
    final FactorConfirmed(:recoveryCodes) = await client.confirmTotp(id: id, code: await ask('totp', secret));
    Future<void> call() async {
      await ask('advance', '${const Duration(minutes: 11).inMilliseconds}');
      await client.changeEmail(newEmail: 'new-$email');
    }

    answers.addAll([Proof(password: password), Proof(recoveryCode: recoveryCodes!.first)]);
    await call();
    equal(asked.last.methods?.join(' '), 'totp recovery_code');

    answers.addAll([Proof(recoveryCode: recoveryCodes[1]), Proof(password: password, recoveryCode: recoveryCodes[1])]);
    await call();
    equal(asked.last.methods?.join(' '), 'password', 'a factor before the password asks for it');

    answers.addAll([Proof(password: password), null]);
    equal((await thrown<Refusal>(call)).code, 'reauthentication_required', 'a user who gives up in between');
    answers.addAll([Proof(password: password), const Proof(code: '000000')]);
    equal((await thrown<Refusal>(call)).code, 'invalid_credentials');
    equal((asked.length, answers.length), (8, 0));
  });

  await test('a session that has ended is said to have, once, whatever the reason', () async {
    for (final reason in (await ask('reasons')).split(' ')) {
      final email = await ask('account');
      final (:client, :keychain, network: _) = await signedIn(email: email);
      final endings = <SessionEnding>[];
      client.endings.listen(endings.add);
      final spentToken = keychain.stored['refresh_token'];
      await client.refresh();
      await client.refresh();
      final SignedIn(:user, :sessionId) = client.session as SignedIn;
      final accessToken = await client.accessToken();
      await ask('end', jsonEncode({
        'reason': reason, 'email': email, 'userId': user.id, 'sessionId': sessionId,
        'accessToken': accessToken, 'spentToken': spentToken,
      }));

      final refusal = await thrown<Refusal>(client.getMe);
      equal((refusal.code, refusal.reason), ('session_ended', reason));
      equal(client.session, isA<SignedOut>((it) => it.reason == reason), reason);
      await thrown<Refusal>(client.getMe);
      await Future<void>.delayed(Duration.zero);
      equal((endings.single.sessionId, endings.single.reason), (sessionId, reason));
      equal(keychain.stored.keys.toSet().intersection({'refresh_token', 'user'}).length, 0, reason);
    }
  });

  await test('a sign-in with two steps goes on with the second factor', () async {
    final email = await ask('account');
    final (:client, keychain: _, network: _) = await signedIn(email: email);
    final TotpSecret(:id, :secret) = await client.addTotp();
    final confirmed = await client.confirmTotp(id: id, code: await ask('totp', secret));
    equal(confirmed.recoveryCodes?.length, 10);
    await client.getMe();

    final (client: other, :keychain, network: _) = await open();
    final due = await thrown<Refusal>(() => other.signIn(email: email, password: password));
    equal((due.code, due.methods.contains('recovery_code')), ('mfa_required', true));
    equal(other.isSignedIn, false);
    final wrong = await thrown<Refusal>(() => other.loginSecondFactor(mfaToken: due.mfaToken, code: '000000'));
    equal(wrong.code, 'invalid_credentials');
    await other.loginSecondFactor(mfaToken: due.mfaToken, recoveryCode: confirmed.recoveryCodes!.first);
    equal((await other.getMe()).user.email, email);
    equal(keychain.written.contains(due.mfaToken!), false);
  });
  await end();
}

typedef Opened = ({Latchkey client, Keychain keychain, Network network});

/// A client of its own, started, on a device of its own.
Future<Opened> open({String? deviceName, Clock? clock, AskProof? onReauthenticationRequired}) async {
  final (keychain, network) = (Keychain(), Network());
  final client = Latchkey(
    baseUrl: baseUrl,
    storage: keychain,
    transport: network,
    deviceName: deviceName,
    clock: clock,
    onReauthenticationRequired: onReauthenticationRequired,
  );
  await client.start();
  return (client: client, keychain: keychain, network: network);
}

/// The same, signed in.
Future<Opened> signedIn({
  String? email,
  String? deviceName,
  Clock? clock,
  AskProof? onReauthenticationRequired,
}) async {
  final opened = await open(
    deviceName: deviceName,
    clock: clock,
    onReauthenticationRequired: onReauthenticationRequired,
  );
  await opened.client.signIn(email: email ?? await ask('account'), password: password);
  return opened;
}

Latchkey clientOf(SecureStorage storage, Transport transport, {void Function(Object)? onError}) =>
    Latchkey(baseUrl: baseUrl, storage: storage, transport: transport, onError: onError ?? (error) => throw error);

/// Equal to every object of a type that fulfils a condition.
Object isA<T extends Object>(bool Function(T) fulfils) => _Matcher<T>(fulfils);

final class _Matcher<T extends Object> {
  const _Matcher(this.fulfils);

  final bool Function(T) fulfils;

  @override
  bool operator ==(Object other) => other is T && fulfils(other);

  @override
  int get hashCode => 0;
}
