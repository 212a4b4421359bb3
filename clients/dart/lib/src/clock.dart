/// Two clocks: one that only goes forward but may stop while the device sleeps, and the device's time.
abstract interface class Clock {
  Duration monotonic();
  DateTime now();
}

final class DeviceClock implements Clock {
  DeviceClock() : _stopwatch = Stopwatch()..start();

  final Stopwatch _stopwatch;

  @override
  Duration monotonic() => _stopwatch.elapsed;

  @override
  DateTime now() => DateTime.now();
}

/// Starts to measure; the function returned says how much time has passed. The clock that has moved further counts: the
/// monotonic one when the device's time is set back, the device's time when the monotonic one has slept.
Duration Function() stopwatch(Clock clock) {
  final (startedAt, startedOn) = (clock.monotonic(), clock.now());
  return () {
    final (monotonic, wall) = (clock.monotonic() - startedAt, clock.now().difference(startedOn));
    return monotonic > wall ? monotonic : wall;
  };
}
