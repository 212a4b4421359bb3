import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'package:latchkey/latchkey.dart';
import 'package:latchkey/latchkey_io.dart';

/// What the tests are given by the process that runs the server.
final given = jsonDecode(Platform.environment['LATCHKEY_DART_TEST']!) as Map<String, Object?>;
final baseUrl = Uri.parse(given['baseUrl']! as String);

/// The password of every account here.
final password = given['password']! as String;

final _lines = StreamIterator(stdin.transform(utf8.decoder).transform(const LineSplitter()));

/// Asks the process that runs the server for something that a client cannot do, such as moving the server's clock.
Future<String> ask(String what, [String argument = '']) async {
  stdout.writeln('ask $what $argument');
  await _lines.moveNext();
  return _lines.current;
}

/// Runs a test and says how it went, in one line.
Future<void> test(String name, Future<void> Function() body) async {
  try {
    await body().timeout(const Duration(seconds: 60));
    stdout.writeln('ok $name');
  } on Object catch (error, stack) {
    stdout.writeln('not ok $name: ${jsonEncode('$error\n${stack.toString().split('\n').take(6).join('\n')}')}');
  }
}

/// Ends the program, although it listens to its input and holds connections open.
Future<void> end() async {
  await stdout.flush();
  exit(0);
}

void equal(Object? found, Object? wanted, [String why = '']) {
  // A matcher stands on the right, and decides.
  if (wanted != found) throw StateError('$why: found $found, wanted $wanted');
}

/// The exception of that kind which a call throws.
Future<E> thrown<E>(Future<Object?> Function() call) async {
  try {
    await call();
  } on Object catch (error) {
    if (error is E) return error as E;
    throw StateError('threw $error');
  }
  throw StateError('threw nothing');
}

/// The network between a client and the server, which a test can break.
final class Network implements Transport {
  final _transport = IoTransport();
  final sent = <String>[];
  bool isDown = false;

  /// How many answers are lost after the server has given them.
  int losing = 0;

  /// What answers in place of the server.
  Answer? portal;

  @override
  Future<Answer> send(Request request, Duration timeout) async {
    if (isDown) throw const SocketException('no network');
    sent.add('${request.method} ${request.url.path}');
    if (portal case final portal?) return portal;
    final answer = await _transport.send(request, timeout);
    if (losing > 0 && losing-- > 0) throw const SocketException('the answer was lost');
    return answer;
  }

  int count(String route) => sent.where((it) => it == route).length;
}

/// Clocks that a test moves.
final class MovedClock implements Clock {
  final _device = DeviceClock();
  Duration slept = Duration.zero;
  Duration set = Duration.zero;

  @override
  Duration monotonic() => _device.monotonic() + slept;

  @override
  DateTime now() => _device.now().add(slept + set);
}

/// A keychain that can be locked.
final class Keychain implements SecureStorage {
  final _memory = MemoryStorage();
  bool isLocked = false;
  String written = '';

  /// What was written last.
  Map<String, Object?> get stored => jsonDecode(written) as Map<String, Object?>;

  @override
  Future<String?> read(String key) {
    if (isLocked) throw StateError('the keychain is locked');
    return _memory.read(key);
  }

  @override
  Future<void> write(String key, String value) {
    if (isLocked) throw StateError('the keychain is locked');
    written = value;
    return _memory.write(key, value);
  }
}
