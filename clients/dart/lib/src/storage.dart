/// Where the client keeps its tokens: the platform's keychain, such as `flutter_secure_storage`.
abstract interface class SecureStorage {
  /// The value, or null if there is none. A keychain that is locked throws; it is then asked again later.
  Future<String?> read(String key);

  Future<void> write(String key, String value);
}

/// Keeps nothing beyond the end of the process: for tests, and for command lines that sign in anew each time.
final class MemoryStorage implements SecureStorage {
  final _values = <String, String>{};

  @override
  Future<String?> read(String key) async => _values[key];

  @override
  Future<void> write(String key, String value) async => _values[key] = value;
}
