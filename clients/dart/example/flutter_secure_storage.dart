// The keychain of iOS and macOS and the keystore of Android, through flutter_secure_storage. This file was not run: it
// needs Flutter. Without `first_unlock_this_device` iOS refuses to read while the screen is locked, and a backup would
// carry the tokens to another phone.
import 'package:flutter_secure_storage/flutter_secure_storage.dart';
import 'package:latchkey/latchkey.dart';

final class KeychainStorage implements SecureStorage {
  static const _storage = FlutterSecureStorage(
    iOptions: IOSOptions(accessibility: KeychainAccessibility.first_unlock_this_device),
  );

  @override
  Future<String?> read(String key) => _storage.read(key: key);

  @override
  Future<void> write(String key, String value) => _storage.write(key: key, value: value);
}
