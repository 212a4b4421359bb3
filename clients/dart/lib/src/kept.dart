import 'dart:convert';
import 'dart:math';

/// What a client keeps between two starts.
extension type const Kept(Map<String, Object?> json) {
  /// Nothing but the deployment, and the device's name at it.
  Kept.nothing(String owner, [String? deviceToken])
      : json = {'version': 1, 'owner': owner, if (deviceToken != null) 'device_token': deviceToken};

  /// A session, by the answer that has granted it.
  Kept.granted(String owner, Map<String, Object?> tokens)
      : json = {
          'version': 1,
          'owner': owner,
          'grant': _newGrant(),
          for (final name in ['user', 'session', 'refresh_token', 'device_token']) name: tokens[name],
        };

  /// What is stored. What cannot be understood, or belongs to another deployment, counts as nothing.
  factory Kept.read(String? text, String owner) {
    try {
      if (jsonDecode(text ?? 'null') case {'version': 1, 'owner': final String theirs} && final Map<String, Object?> found
          when theirs == owner && _isWhole(found)) {
        return Kept(found);
      }
    } on FormatException {
      // It is no JSON.
    }
    return Kept.nothing(owner);
  }

  /// Differs after each grant.
  String? get grant => json['grant'] as String?;
  Map<String, Object?>? get user => json['user'] as Map<String, Object?>?;
  Map<String, Object?>? get session => json['session'] as Map<String, Object?>?;
  String? get sessionId => session?['id'] as String?;
  String? get refreshToken => json['refresh_token'] as String?;
  String? get deviceToken => json['device_token'] as String?;

  /// The body of a sign-out that the server has not been told of.
  Map<String, Object?>? get signOut => json['sign_out'] as Map<String, Object?>?;

  /// The same with a field set, or removed.
  Kept having(String name, Object? value) =>
      Kept({for (final MapEntry(:key, value: old) in json.entries) if (key != name) key: old, if (value != null) name: value});
}

bool _isWhole(Map<String, Object?> json) => switch (json) {
      {'user': {'id': String _}, 'session': {'id': String _, 'expires_at': String _}, 'refresh_token': String _} => true,
      _ => json['user'] == null && json['session'] == null,
    };

String _newGrant() => Random().nextInt(1 << 32).toRadixString(36);
