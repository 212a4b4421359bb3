// Made by `npm run client` from what the server says at /docs/json. Do not edit.

extension type const AccountBucket(Map<String, Object?> json) {
  /// What was wrong.
  String get method => json['method'] as String;
  /// strangers: all devices that the account does not know, together. device: one that it knows.
  String get kind => json['kind'] as String;
  /// From the list of the user’s devices; null for strangers.
  String? get deviceId => json['device_id'] as String?;
  /// Whether it refuses every try now.
  bool get locked => json['locked'] as bool;
  /// When it opens by itself. null while it is open, and for codes of strangers after a hundred wrong ones, which
  /// only unlock or a new password admits again.
  DateTime? get lockedUntil => json['locked_until'] == null ? null : DateTime.parse(json['locked_until'] as String);
  /// Failures since it was last locked, or since the last success.
  int get failures => json['failures'] as int;
  /// How often in a row it was locked; each time is twice as long.
  int get locks => json['locks'] as int;
}

/// How sign-ins to the account are held back.
extension type const AccountLock(Map<String, Object?> json) {
  /// Whether some sign-ins are refused now, whatever they bring.
  bool get locked => json['locked'] as bool;
  /// Those in which failures count; empty if there are none.
  List<AccountBucket> get buckets => [for (final item in json['buckets'] as List<Object?>) AccountBucket(item as Map<String, Object?>)];
}

extension type const AuditEvent(Map<String, Object?> json) {
  /// Later events have higher ids, save for what happened at once.
  int get id => json['id'] as int;
  DateTime get at => DateTime.parse(json['at'] as String);
  String get event => json['event'] as String;
  String get outcome => json['outcome'] as String;
  String? get reason => json['reason'] as String?;
  String? get actorId => json['actor_id'] as String?;
  String? get subjectId => json['subject_id'] as String?;
  String? get sessionId => json['session_id'] as String?;
  /// The X-Request-Id of the answer.
  String? get requestId => json['request_id'] as String?;
  /// From where (ip, user_agent), and what was changed (before, after); null once the subject has been erased.
  Map<String, Object?>? get personal => json['personal'] as Map<String, Object?>?;
}

extension type const AuditEventList(Map<String, Object?> json) {
  List<AuditEvent> get events => [for (final item in json['events'] as List<Object?>) AuditEvent(item as Map<String, Object?>)];
  /// Where the next page begins; null on the last one.
  String? get nextCursor => json['next_cursor'] as String?;
}

/// The account.
extension type const Confirmed(Map<String, Object?> json) {
  User get user => User(json['user'] as Map<String, Object?>);
}

extension type const CredentialDescriptor(Map<String, Object?> json) {
  String get type => json['type'] as String;
  /// In base64url.
  String get id => json['id'] as String;
  List<String> get transports => [for (final item in json['transports'] as List<Object?>) item as String];
}

extension type const Device(Map<String, Object?> json) {
  /// The same in all accounts that know the device. It opens nothing.
  String get id => json['id'] as String;
  /// Since when the account has known it without a break.
  DateTime get knownSince => DateTime.parse(json['known_since'] as String);
  /// When it last did so.
  DateTime get lastUsedAt => DateTime.parse(json['last_used_at'] as String);
  /// When it last passed a second factor.
  DateTime? get secondFactorAt => json['second_factor_at'] == null ? null : DateTime.parse(json['second_factor_at'] as String);
  /// Until then it is not asked for the second factor; null if it is.
  DateTime? get rememberedUntil => json['remembered_until'] == null ? null : DateTime.parse(json['remembered_until'] as String);
  /// Whether a session lives on it.
  bool get signedIn => json['signed_in'] as bool;
  /// From the session that was used last; null while there is none.
  String? get deviceName => json['device_name'] as String?;
  /// Likewise.
  String? get userAgent => json['user_agent'] as String?;
}

/// The devices that have signed in or confirmed the address, the last one first.
extension type const DeviceList(Map<String, Object?> json) {
  List<Device> get devices => [for (final item in json['devices'] as List<Object?>) Device(item as Map<String, Object?>)];
}

/// The address that the account has now.
extension type const EmailChanged(Map<String, Object?> json) {
  String get email => json['email'] as String;
}

/// The address that the account has again.
extension type const EmailRestored(Map<String, Object?> json) {
  String get email => json['email'] as String;
}

/// The account has two steps now. Every other session has ended.
extension type const FactorConfirmed(Map<String, Object?> json) {
  User get user => User(json['user'] as Map<String, Object?>);
  Map<String, Object?> get session => json['session'] as Map<String, Object?>;
  /// Ten, each of which works once. They cannot be read again.
  List<String>? get recoveryCodes => json['recovery_codes'] == null ? null : [for (final item in json['recovery_codes'] as List<Object?>) item as String];
}

/// The last verification that was recorded.
extension type const LastTrailVerification(Map<String, Object?> json) {
  /// null while none has been recorded.
  TrailVerification? get verification => json['verification'] == null ? null : TrailVerification(json['verification'] as Map<String, Object?>);
}

/// A passkey or security key, without its key.
extension type const Passkey(Map<String, Object?> json) {
  String get id => json['id'] as String;
  String get name => json['name'] as String;
  DateTime get createdAt => DateTime.parse(json['created_at'] as String);
  DateTime? get lastUsedAt => json['last_used_at'] == null ? null : DateTime.parse(json['last_used_at'] as String);
  /// Whether it exists on more than one device. If not, add another.
  bool get backedUp => json['backed_up'] as bool;
  /// Whether it signs in by itself; a security key is a second factor only.
  bool get userVerified => json['user_verified'] as bool;
  /// The model of the authenticator, as it says.
  String? get aaguid => json['aaguid'] as String?;
}

/// The passkey. At the end of a reset also tokens and recovery codes.
extension type const PasskeyAdded(Map<String, Object?> json) {
  User? get user => json['user'] == null ? null : User(json['user'] as Map<String, Object?>);
  Map<String, Object?>? get session => json['session'] as Map<String, Object?>?;
  Passkey get passkey => Passkey(json['passkey'] as Map<String, Object?>);
  /// Ten, each of which works once. They cannot be read again.
  List<String>? get recoveryCodes => json['recovery_codes'] == null ? null : [for (final item in json['recovery_codes'] as List<Object?>) item as String];
}

/// The passkey.
extension type const PasskeyAnswer(Map<String, Object?> json) {
  Passkey get passkey => Passkey(json['passkey'] as Map<String, Object?>);
}

/// For navigator.credentials.create().
extension type const PasskeyCreationOptions(Map<String, Object?> json) {
  PublicKeyCreationOptions get publicKey => PublicKeyCreationOptions(json['public_key'] as Map<String, Object?>);
  /// Seconds within which the answer must come.
  int get expiresIn => json['expires_in'] as int;
}

/// For navigator.credentials.get().
extension type const PasskeyRequestOptions(Map<String, Object?> json) {
  PublicKeyRequestOptions get publicKey => PublicKeyRequestOptions(json['public_key'] as Map<String, Object?>);
  /// Seconds within which the answer must come.
  int get expiresIn => json['expires_in'] as int;
}

/// The passkeys and security keys, the oldest first.
extension type const Passkeys(Map<String, Object?> json) {
  List<Passkey> get passkeys => [for (final item in json['passkeys'] as List<Object?>) Passkey(item as Map<String, Object?>)];
}

/// The new password holds.
extension type const PasswordReset(Map<String, Object?> json) {
}

/// Everything, under the names of the columns it is stored in.
extension type const PersonalExport(Map<String, Object?> json) {
  DateTime get exportedAt => DateTime.parse(json['exported_at'] as String);
  /// The account. Of the password only how it is hashed.
  Map<String, Object?> get account => json['account'] as Map<String, Object?>;
  /// Devices that have signed in.
  List<Map<String, Object?>> get knownDevices => [for (final item in json['known_devices'] as List<Object?>) item as Map<String, Object?>];
  /// Authenticator apps, without their secrets.
  List<Map<String, Object?>> get totpSecrets => [for (final item in json['totp_secrets'] as List<Object?>) item as Map<String, Object?>];
  /// Passkeys, without their keys.
  List<Map<String, Object?>> get passkeys => [for (final item in json['passkeys'] as List<Object?>) item as Map<String, Object?>];
  /// Recovery codes that are left, by number.
  List<Map<String, Object?>> get recoveryCodes => [for (final item in json['recovery_codes'] as List<Object?>) item as Map<String, Object?>];
  /// Links in mails that still work, without the links.
  List<Map<String, Object?>> get oneTimeTokens => [for (final item in json['one_time_tokens'] as List<Object?>) item as Map<String, Object?>];
  /// Sign-ups with the address that wait for their code.
  List<Map<String, Object?>> get registrations => [for (final item in json['registrations'] as List<Object?>) item as Map<String, Object?>];
  /// Mails that wait or could not be sent.
  List<Map<String, Object?>> get jobs => [for (final item in json['jobs'] as List<Object?>) item as Map<String, Object?>];
  /// Sessions, living and ended.
  List<Map<String, Object?>> get sessions => [for (final item in json['sessions'] as List<Object?>) item as Map<String, Object?>];
  /// What the audit trail tells about the user, in clear.
  List<Map<String, Object?>> get auditEvents => [for (final item in json['audit_events'] as List<Object?>) item as Map<String, Object?>];
  /// What the user has done to others or to all, without the others.
  List<Map<String, Object?>> get acts => [for (final item in json['acts'] as List<Object?>) item as Map<String, Object?>];
}

/// For PublicKeyCredential.parseCreationOptionsFromJSON().
extension type const PublicKeyCreationOptions(Map<String, Object?> json) {
  Map<String, Object?> get rp => json['rp'] as Map<String, Object?>;
  Map<String, Object?> get user => json['user'] as Map<String, Object?>;
  /// Works once.
  String get challenge => json['challenge'] as String;
  List<Map<String, Object?>> get pubKeyCredParams => [for (final item in json['pubKeyCredParams'] as List<Object?>) item as Map<String, Object?>];
  /// Milliseconds for which the browser shows its dialogue.
  int get timeout => json['timeout'] as int;
  List<CredentialDescriptor> get excludeCredentials => [for (final item in json['excludeCredentials'] as List<Object?>) CredentialDescriptor(item as Map<String, Object?>)];
  Map<String, Object?> get authenticatorSelection => json['authenticatorSelection'] as Map<String, Object?>;
  String get attestation => json['attestation'] as String;
  Map<String, Object?> get extensions => json['extensions'] as Map<String, Object?>;
}

/// For PublicKeyCredential.parseRequestOptionsFromJSON().
extension type const PublicKeyRequestOptions(Map<String, Object?> json) {
  /// Works once.
  String get challenge => json['challenge'] as String;
  String get rpId => json['rpId'] as String;
  /// Milliseconds for which the browser shows its dialogue.
  int get timeout => json['timeout'] as int;
  List<CredentialDescriptor> get allowCredentials => [for (final item in json['allowCredentials'] as List<Object?>) CredentialDescriptor(item as Map<String, Object?>)];
  String get userVerification => json['userVerification'] as String;
}

/// A mail that has not been sent. Its recipient is determined when it is sent.
extension type const QueuedMail(Map<String, Object?> json) {
  int get id => json['id'] as int;
  /// What caused it.
  String? get kind => json['kind'] as String?;
  /// One that is being sent is waiting.
  String get state => json['state'] as String;
  /// How often it has been tried.
  int get attempts => json['attempts'] as int;
  /// How often it is tried at most.
  int get attemptsMax => json['attempts_max'] as int;
  DateTime get createdAt => DateTime.parse(json['created_at'] as String);
  /// When it is tried next; null if it has failed.
  DateTime? get dueAt => json['due_at'] == null ? null : DateTime.parse(json['due_at'] as String);
  /// When it was given up; null if it waits.
  DateTime? get failedAt => json['failed_at'] == null ? null : DateTime.parse(json['failed_at'] as String);
  /// Why the last attempt failed; null if none has.
  String? get failure => json['failure'] as String?;
}

/// A page of mails.
extension type const QueuedMailList(Map<String, Object?> json) {
  List<QueuedMail> get mails => [for (final item in json['mails'] as List<Object?>) QueuedMail(item as Map<String, Object?>)];
  /// Where the next page begins; null on the last one.
  String? get nextCursor => json['next_cursor'] as String?;
}

extension type const RecoveryCodeSummary(Map<String, Object?> json) {
  /// How many have not been used.
  int get left => json['left'] as int;
  DateTime get createdAt => DateTime.parse(json['created_at'] as String);
}

/// The new recovery codes; all others are dead.
extension type const RecoveryCodes(Map<String, Object?> json) {
  /// Ten, each of which works once. They cannot be read again.
  List<String> get recoveryCodes => [for (final item in json['recovery_codes'] as List<Object?>) item as String];
}

/// What its users may do, and to whom.
extension type const Role(Map<String, Object?> json) {
  /// A role of the deployment.
  String get name => json['name'] as String;
  /// Users with the role may act only upon users of lower ranks.
  int get rank => json['rank'] as int;
  /// The kind of user that an application is for.
  String get userType => json['user_type'] as String;
  /// Whether those who register into it wait until somebody approves.
  bool get requiresApproval => json['requires_approval'] as bool;
  /// Whether people of this kind register into it by themselves; one role for each kind, and one without
  /// permissions.
  bool get selfRegistration => json['self_registration'] as bool;
  List<String> get permissions => [for (final item in json['permissions'] as List<Object?>) item as String];
  /// What its users need beside the password. required: a second factor at every sign-in. phishing_resistant: a
  /// passkey.
  String get secondFactor => json['second_factor'] as String;
  /// When that begins to hold; null for optional.
  DateTime? get secondFactorFrom => json['second_factor_from'] == null ? null : DateTime.parse(json['second_factor_from'] as String);
}

/// The role as it is now.
extension type const RoleAnswer(Map<String, Object?> json) {
  Role get role => Role(json['role'] as Map<String, Object?>);
}

/// Every role, the highest first.
extension type const RoleList(Map<String, Object?> json) {
  List<Role> get roles => [for (final item in json['roles'] as List<Object?>) Role(item as Map<String, Object?>)];
}

/// What the user has beside the password.
extension type const SecondFactors(Map<String, Object?> json) {
  /// Whether the user has a password.
  bool get password => json['password'] as bool;
  /// Whether the password alone opens no session.
  bool get twoStep => json['two_step'] as bool;
  /// Whether the role demands a second factor.
  bool get required => json['required'] as bool;
  /// When the role begins to demand one; null if it does already, or if no date is set.
  DateTime? get requiredFrom => json['required_from'] == null ? null : DateTime.parse(json['required_from'] as String);
  /// How many devices are not asked for the second factor for a while.
  int get rememberedDevices => json['remembered_devices'] as int;
  /// The authenticator app; null for none.
  TotpFactor? get totp => json['totp'] == null ? null : TotpFactor(json['totp'] as Map<String, Object?>);
  /// And security keys; the oldest first.
  List<Passkey> get passkeys => [for (final item in json['passkeys'] as List<Object?>) Passkey(item as Map<String, Object?>)];
  /// null for none.
  RecoveryCodeSummary? get recoveryCodes => json['recovery_codes'] == null ? null : RecoveryCodeSummary(json['recovery_codes'] as Map<String, Object?>);
}

/// A credential of a service, without its secret.
extension type const ServiceCredential(Map<String, Object?> json) {
  /// The service signs in with it: the user name in HTTP Basic.
  String get id => json['id'] as String;
  /// Of the service. It may have several credentials.
  String get name => json['name'] as String;
  /// Whether it may end the sessions of tokens.
  bool get mayRevoke => json['may_revoke'] as bool;
  /// Whether it may follow what has ended.
  bool get mayFollow => json['may_follow'] as bool;
  DateTime get createdAt => DateTime.parse(json['created_at'] as String);
}

/// A page of credentials.
extension type const ServiceCredentialList(Map<String, Object?> json) {
  List<ServiceCredential> get services => [for (final item in json['services'] as List<Object?>) ServiceCredential(item as Map<String, Object?>)];
  /// Where the next page begins; null on the last one.
  String? get nextCursor => json['next_cursor'] as String?;
}

extension type const Session(Map<String, Object?> json) {
  String get id => json['id'] as String;
  /// Whether it is the one that asks.
  bool get current => json['current'] as bool;
  String get transport => json['transport'] as String;
  String? get deviceName => json['device_name'] as String?;
  String? get userAgent => json['user_agent'] as String?;
  String? get ip => json['ip'] as String?;
  /// How the user was authenticated (RFC 8176).
  List<String> get amr => [for (final item in json['amr'] as List<Object?>) item as String];
  /// How strongly: urn:latchkey:acr:1fa, urn:latchkey:acr:2fa or phr.
  String get acr => json['acr'] as String;
  /// When.
  DateTime get authTime => DateTime.parse(json['auth_time'] as String);
  DateTime get createdAt => DateTime.parse(json['created_at'] as String);
  DateTime get lastSeenAt => DateTime.parse(json['last_seen_at'] as String);
  DateTime get expiresAt => DateTime.parse(json['expires_at'] as String);
}

/// The living sessions, the one used last first.
extension type const SessionList(Map<String, Object?> json) {
  List<Session> get sessions => [for (final item in json['sessions'] as List<Object?>) Session(item as Map<String, Object?>)];
}

/// A setting and its value in force.
extension type const Setting(Map<String, Object?> json) {
  String get name => json['name'] as String;
  String get description => json['description'] as String;
  /// As it is written in the settings; null if there is none. *** for one that is masked.
  String? get value => json['value'] as String?;
  /// Whether the value is a secret, or may contain one.
  bool get masked => json['masked'] as bool;
  /// Whether it has been set. Otherwise its default is in force.
  bool get set => json['set'] as bool;
}

/// Every setting.
extension type const SettingList(Map<String, Object?> json) {
  List<Setting> get settings => [for (final item in json['settings'] as List<Object?>) Setting(item as Map<String, Object?>)];
}

/// What is public of a key that signs access tokens.
extension type const SigningKey(Map<String, Object?> json) {
  /// As in the header of the tokens that it signs.
  String get kid => json['kid'] as String;
  String get alg => json['alg'] as String;
  /// next is published and does not sign yet, active signs, retired only verifies.
  String get state => json['state'] as String;
  DateTime get createdAt => DateTime.parse(json['created_at'] as String);
  /// From when on it signs; for a next key, when it takes over by itself.
  DateTime? get activeFrom => json['active_from'] == null ? null : DateTime.parse(json['active_from'] as String);
  /// When it stopped signing; for an active key, when it has been asked to stop.
  DateTime? get retiredAt => json['retired_at'] == null ? null : DateTime.parse(json['retired_at'] as String);
  /// When a retired key stops verifying and is removed.
  DateTime? get expiresAt => json['expires_at'] == null ? null : DateTime.parse(json['expires_at'] as String);
}

/// The signing keys, in the order in which they sign.
extension type const SigningKeyList(Map<String, Object?> json) {
  List<SigningKey> get keys => [for (final item in json['keys'] as List<Object?>) SigningKey(item as Map<String, Object?>)];
  /// false while there are keys under an ENCRYPTION_KEY that this node does not have. They are not listed.
  bool get complete => json['complete'] as bool;
}

/// Figures for a dashboard.
extension type const Statistics(Map<String, Object?> json) {
  Map<String, Object?> get users => json['users'] as Map<String, Object?>;
  /// Accounts made on each of the last 30 days, today last.
  List<Map<String, Object?>> get registrations => [for (final item in json['registrations'] as List<Object?>) item as Map<String, Object?>];
  /// On each of the last 30 days, today last.
  List<Map<String, Object?>> get signIns => [for (final item in json['sign_ins'] as List<Object?>) item as Map<String, Object?>];
  /// Of the sign-ins of these days, the part that failed.
  num get failureRate => json['failure_rate'] as num;
  /// What was refused most often in these days, as the audit trail names it; ten at most.
  List<Map<String, Object?>> get refusals => [for (final item in json['refusals'] as List<Object?>) item as Map<String, Object?>];
  /// The living ones.
  Map<String, Object?> get sessions => json['sessions'] as Map<String, Object?>;
}

extension type const TotpFactor(Map<String, Object?> json) {
  String get id => json['id'] as String;
  DateTime get createdAt => DateTime.parse(json['created_at'] as String);
  DateTime? get lastUsedAt => json['last_used_at'] == null ? null : DateTime.parse(json['last_used_at'] as String);
}

/// It waits for its first code. It cannot be read again.
extension type const TotpSecret(Map<String, Object?> json) {
  String get id => json['id'] as String;
  /// For typing it in: Base32.
  String get secret => json['secret'] as String;
  /// For a QR code that an authenticator app reads.
  String get uri => json['uri'] as String;
  /// Seconds within which the first code must be entered.
  int get expiresIn => json['expires_in'] as int;
}

/// What a verification of the audit trail has found.
extension type const TrailVerification(Map<String, Object?> json) {
  DateTime get begunAt => DateTime.parse(json['begun_at'] as String);
  DateTime get endedAt => DateTime.parse(json['ended_at'] as String);
  /// Whether nothing was wrong.
  bool get sound => json['sound'] as bool;
  /// How many were read.
  int get seals => json['seals'] as int;
  /// How many were read.
  int get events => json['events'] as int;
  /// Events that need not be kept any more.
  int get dropped => json['dropped'] as int;
  /// Events that waited for their seal.
  int get unsealed => json['unsealed'] as int;
  /// Events without a MAC that could be checked.
  int get unchecked => json['unchecked'] as int;
  /// The end of the chain; null if there is no seal.
  Map<String, Object?>? get head => json['head'] as Map<String, Object?>?;
  /// Whether the chain contained the head that was given to the command; null if none was.
  bool? get hasHead => json['has_head'] as bool?;
  /// Events that differ from what was sealed. The first 20 of them.
  Map<String, Object?> get altered => json['altered'] as Map<String, Object?>;
  /// Events that were sealed and are missing. The first 20 of them.
  Map<String, Object?> get removed => json['removed'] as Map<String, Object?>;
  /// Events that are in no seal although those of their time are there. The first 20 of them.
  Map<String, Object?> get inserted => json['inserted'] as Map<String, Object?>;
  /// Events that stand under another id than the one that was sealed. The first 20 of them.
  Map<String, Object?> get reordered => json['reordered'] as Map<String, Object?>;
  /// Events without a valid MAC. The first 20 of them.
  Map<String, Object?> get unsigned => json['unsigned'] as Map<String, Object?>;
  /// Events that no seal of ours covers. The first 20 of them.
  Map<String, Object?> get orphaned => json['orphaned'] as Map<String, Object?>;
  /// Seals that are missing or not what they should be. The first 20 of them.
  Map<String, Object?> get brokenSeals => json['broken_seals'] as Map<String, Object?>;
  /// Subjects whose key is gone without an erasure. The first 20 of them.
  Map<String, Object?> get lostKeys => json['lost_keys'] as Map<String, Object?>;
}

/// An account.
extension type const User(Map<String, Object?> json) {
  String get id => json['id'] as String;
  String get email => json['email'] as String;
  String get fullName => json['full_name'] as String;
  /// A language tag (BCP 47).
  String get locale => json['locale'] as String;
  /// Its permissions are data of the deployment.
  String get role => json['role'] as String;
  /// What an application may ask for at login.
  String get userType => json['user_type'] as String;
  String? get vendorId => json['vendor_id'] as String?;
  String get status => json['status'] as String;
  bool get emailVerified => json['email_verified'] as bool;
  String get approval => json['approval'] as String;
  /// Until it is changed, almost every request is refused: 403 password_change_required.
  bool get mustChangePassword => json['must_change_password'] as bool;
  DateTime? get lastLoginAt => json['last_login_at'] == null ? null : DateTime.parse(json['last_login_at'] as String);
  DateTime get createdAt => DateTime.parse(json['created_at'] as String);
  DateTime get updatedAt => DateTime.parse(json['updated_at'] as String);
}

/// The account as it is now.
extension type const UserAnswer(Map<String, Object?> json) {
  User get user => User(json['user'] as Map<String, Object?>);
}

/// A page of users.
extension type const UserList(Map<String, Object?> json) {
  List<User> get users => [for (final item in json['users'] as List<Object?>) User(item as Map<String, Object?>)];
  /// Where the next page begins; null on the last one.
  String? get nextCursor => json['next_cursor'] as String?;
}

/// An organisation; its users carry its id as vendor_id.
extension type const Vendor(Map<String, Object?> json) {
  String get id => json['id'] as String;
  /// One line; it is stored and compared in Unicode’s form NFC.
  String get name => json['name'] as String;
  String get status => json['status'] as String;
}

/// The vendor.
extension type const VendorAnswer(Map<String, Object?> json) {
  Vendor get vendor => Vendor(json['vendor'] as Map<String, Object?>);
}

/// A page of vendors.
extension type const VendorList(Map<String, Object?> json) {
  List<Vendor> get vendors => [for (final item in json['vendors'] as List<Object?>) Vendor(item as Map<String, Object?>)];
  /// Where the next page begins; null on the last one.
  String? get nextCursor => json['next_cursor'] as String?;
}

/// Taken down.
extension type const RegisterResult(Map<String, Object?> json) {
  String? get registrationId => json['registration_id'] as String?;
  User get user => User(json['user'] as Map<String, Object?>);
}
