import 'exceptions.dart';

/// The longest wait for an answer. It is below REFRESH_GRACE, so that a second try finds the first.
const deadline = Duration(seconds: 10);

/// The waits after the first and the second answer that was lost.
const _pauses = [Duration.zero, Duration(milliseconds: 500)];

/// Tries again when no answer comes: at once, then after a pause. All tries together have one deadline.
///
/// [attempt] is told how much time is left, and must be safe to repeat. Throws [Unreachable], and other exceptions of
/// ours at once.
Future<T> persist<T>(Future<T> Function(Duration left) attempt) async {
  final watch = Stopwatch()..start();
  for (var tries = 0;; tries++) {
    try {
      return await attempt(deadline - watch.elapsed);
    } on LatchkeyException {
      rethrow;
    } on Exception catch (cause) {
      if (tries == _pauses.length || watch.elapsed + _pauses[tries] >= deadline) throw Unreachable(cause);
      await Future<void>.delayed(_pauses[tries]);
    }
  }
}
