// Made by `npm run client` from what the server says at /docs/json. Do not edit.

import '../latchkey.dart';
import '../session.dart';
import 'models.dart';

/// Stands for null where null is a value: `updateUser(id: id, vendorId: toNull)`.
const toNull = Object();

/// The calls whose answer brings new tokens.
const rotatingCalls = {
  'login',
  'loginSecondFactor',
  'loginWithPasskey',
  'changePassword',
  'reauthenticate',
  'removePassword',
  'addPasskey',
  'removePasskey',
  'removeTotp',
  'confirmTotp',
  'setTwoStep',
};

/// The calls of the signed-in user, and of people who want to become one.
extension AccountCalls on Latchkey {
  /// Sign up. The answer is the same for an address that has an account: its owner gets a mail instead of a code.
  /// /auth/signup is the same call.
  Future<RegisterResult> register({
    required String email,
    required String password,
    required String fullName,
    String? userType,
    String? locale,
  }) async => RegisterResult(await call('register', 'POST /auth/register', {
        'email': email,
        'password': password,
        'full_name': fullName,
        'user_type': userType,
        'locale': locale,
      }));

  /// Confirm the address with the mailed code. The account exists from here on; sign in next. A code that is wrong,
  /// used, expired or of another registration is 422 token_invalid.
  Future<Confirmed> verifyEmail({
    required String registrationId,
    required String code,
  }) async => Confirmed(await call('verifyEmail', 'POST /auth/verify-email', {
        'registration_id': registrationId,
        'code': code,
      }));

  /// Mail the code again. Answers alike whether or not there is a registration.
  Future<void> resendCode({
    required String registrationId,
  }) => call('resendCode', 'POST /auth/verify-email/resend', {
        'registration_id': registrationId,
      });

  /// Begin to prove a passkey as the second step. After 401 mfa_required whose methods have passkey. 404 for an
  /// account without passkeys; 422 token_invalid if the first step is over.
  Future<PasskeyRequestOptions> getSecondFactorOptions({
    String? mfaToken,
  }) async => PasskeyRequestOptions(await call('getSecondFactorOptions', 'POST /auth/login/second-factor/options', {
        'mfa_token': mfaToken,
      }));

  /// Go on with a sign-in after 401 mfa_required. A second factor that is wrong or used is 401 invalid_credentials:
  /// try another. A passkey is proved for the options of /auth/login/second-factor/options; one that no account has
  /// is 401 passkey_unknown. With the reset_token of a mail the session may do nothing but add a factor
  /// (must_enroll_second_factor in its access token); everything else is 403 second_factor_enrollment_required
  /// until then. A first step that is older than five minutes, or whose account has changed since, is 422
  /// token_invalid: start over.
  Future<SignedIn> loginSecondFactor({
    String? mfaToken,
    String? deviceName,
    bool? rememberDevice,
    String? code,
    String? recoveryCode,
    Map<String, Object?>? credential,
    String? resetToken,
  }) => signedInBy(call('loginSecondFactor', 'POST /auth/login/second-factor', {
        'mfa_token': mfaToken,
        'device_name': deviceName,
        'remember_device': rememberDevice,
        'code': code,
        'recovery_code': recoveryCode,
        'credential': credential,
        'reset_token': resetToken,
      }));

  /// Begin a sign-in with a passkey. The same for everybody: the browser offers the passkeys that it has, in a
  /// dialogue or in a form field (mediation: "conditional"). A page that waits for its user asks again before ten
  /// minutes are over.
  Future<PasskeyRequestOptions> getPasskeyLoginOptions() async => PasskeyRequestOptions(await call('getPasskeyLoginOptions', 'POST /auth/login/passkey/options'));

  /// Sign in with a passkey alone. For the options of /auth/login/passkey/options. A passkey that no account has is
  /// 401 passkey_unknown: only then tell the browser so (PublicKeyCredential.signalUnknownCredential). Anything
  /// else that is wrong is 401 invalid_credentials. After a good signature: 403 approval_pending,
  /// approval_rejected, account_disabled, vendor_suspended, wrong_user_type. Both factors are proved, so no second
  /// step follows.
  Future<SignedIn> loginWithPasskey({
    required Map<String, Object?> credential,
    String? deviceName,
    String? deviceToken,
    String? userType,
  }) => signedInBy(call('loginWithPasskey', 'POST /auth/login/passkey', {
        'credential': credential,
        'device_name': deviceName,
        'device_token': deviceToken,
        'user_type': userType,
      }));

  /// Mail a link to set a new password. Answers alike whether or not the address has an account. The link works for
  /// an hour and once, and only the newest.
  Future<void> forgotPassword({
    required String email,
  }) => call('forgotPassword', 'POST /auth/password/forgot', {
        'email': email,
      });

  /// Set a new password with the token from a mail. For the links of forgotten passwords and of invitations. Every
  /// session ends and nobody is signed in: sign in next. Passkeys, an authenticator app and two steps stay, unless
  /// nobody had proved the address before: then they may be somebody else’s, and are gone. A token that is wrong,
  /// used, expired or not the newest is 422 token_invalid; a password that is not acceptable (422
  /// password_rejected) does not use it up.
  Future<PasswordReset> resetPassword({
    required String token,
    required String newPassword,
  }) async => PasswordReset(await call('resetPassword', 'POST /auth/password/reset', {
        'token': token,
        'new_password': newPassword,
      }));

  /// Confirm the new address with the mailed token. From here on it is the account’s. Sessions go on; links that
  /// were mailed to the old address work no more, save the one that undoes this for seven days. A token that is
  /// wrong, used, expired or replaced by a newer one is 422 token_invalid; 409 conflict: somebody else has the
  /// address by now.
  Future<EmailChanged> confirmEmail({
    required String token,
  }) async => EmailChanged(await call('confirmEmail', 'POST /auth/email/confirm', {
        'token': token,
      }));

  /// Bring the old address back. With the token from the mail to the old address: before the change is confirmed
  /// and for seven days after, whatever the address has been changed to since. Every session ends (email_restored),
  /// no device is known any more, and passkeys, an authenticator app and recovery codes that were added since the
  /// change was requested are gone; all of them, if nobody had proved the old address. The password is gone as
  /// well, because the person who asked for the change knew it: the restored address gets a mail with a link to
  /// choose a new one. A disabled account gets its address back and stays disabled, without that mail. A token that
  /// is wrong, used or expired is 422 token_invalid; 409 conflict: somebody else has the address by now.
  Future<EmailRestored> undoEmailChange({
    required String token,
  }) async => EmailRestored(await call('undoEmailChange', 'POST /auth/email/undo', {
        'token': token,
      }));

  /// Who is signed in
  Future<UserAnswer> getMe() async => UserAnswer(await call('getMe', 'GET /auth/me'));

  /// Change one’s name or locale
  Future<UserAnswer> updateMe({
    String? fullName,
    String? locale,
  }) async => UserAnswer(await call('updateMe', 'PATCH /auth/me', {
        'full_name': fullName,
        'locale': locale,
      }));

  /// Erase one’s account. The account and everything about it, for good; the owner gets one last mail. Needs a
  /// sign-in within ten minutes: else 401 reauthentication_required. 409 last_super_admin: somebody must remain who
  /// may do everything.
  Future<void> deleteMe() => call('deleteMe', 'DELETE /auth/me');

  /// Change the password. Every other session ends; this one goes on with the tokens of the answer, and what it
  /// held before is answered invalid_token. A wrong current password is 401 invalid_credentials. While a change is
  /// due (must_change_password) this is what there is to do. An account that needs two factors has to have proved
  /// both: else 401 reauthentication_required, and /auth/reauthenticate proves them also while a change is due. A
  /// session that must add a factor (must_enroll_second_factor) may do that first.
  Future<SignedIn> changePassword({
    required String currentPassword,
    required String newPassword,
  }) => signedInBy(call('changePassword', 'POST /auth/password/change', {
        'current_password': currentPassword,
        'new_password': newPassword,
      }));

  /// Begin to prove a passkey again. 404 for an account without passkeys.
  Future<PasskeyRequestOptions> getReauthenticationOptions() async => PasskeyRequestOptions(await call('getReauthenticationOptions', 'POST /auth/reauthenticate/options'));

  /// Prove the password, and the second factor, again. For acts that are refused with 401
  /// reauthentication_required: the session’s tokens rotate and carry a new auth_time. An account with two steps
  /// needs both factors, at once or one after the other: the password alone is answered 401 mfa_required, whose
  /// mfa_token goes with the second factor within five minutes. A session that the password alone has opened needs
  /// the second factor only, within ten minutes of that. A passkey that verifies its user is both: it needs nothing
  /// else, and is proved for the options of /auth/reauthenticate/options.
  Future<SignedIn> reauthenticate({
    String? password,
    String? code,
    String? recoveryCode,
    String? mfaToken,
    Map<String, Object?>? credential,
  }) => signedInBy(call('reauthenticate', 'POST /auth/reauthenticate', {
        'password': password,
        'code': code,
        'recovery_code': recoveryCode,
        'mfa_token': mfaToken,
        'credential': credential,
      }));

  /// Where one is signed in
  Future<SessionList> listSessions() async => SessionList(await call('listSessions', 'GET /auth/sessions'));

  /// Sign out one of one’s sessions
  Future<void> endSession({
    required String id,
  }) => call('endSession', 'DELETE /auth/sessions/{id}', {
        'id': id,
      });

  /// Ask for another address. Needs a sign-in within ten minutes: else 401 reauthentication_required. The new
  /// address gets a link that works for a day; until it is followed nothing changes. The old one is told and gets a
  /// link that undoes it. Answers alike whether or not the new address has an account.
  Future<void> changeEmail({
    required String newEmail,
  }) => call('changeEmail', 'POST /auth/email/change', {
        'new_email': newEmail,
      });

  /// Everything stored about oneself. As a file that may be long. Needs a recent sign-in by everything that the
  /// account has: else 401 reauthentication_required. Five an hour.
  Future<PersonalExport> exportMe() async => PersonalExport(await call('exportMe', 'GET /auth/me/export'));

  /// Give up the password. From then on passkeys sign in, and nothing else; a forgotten passkey is replaced by a
  /// password from a link in a mail together with a recovery code. Needs a passkey that was proved within ten
  /// minutes, a passkey that signs in alone and is backed up, or two of them, and recovery codes: else 409
  /// last_factor. The account has two steps from then on. Every other session ends; this one goes on with the
  /// tokens of the answer. 404 for an account without a password.
  Future<SignedIn> removePassword() => signedInBy(call('removePassword', 'DELETE /auth/password'));

  /// What one has beside the password
  Future<SecondFactors> listSecondFactors() async => SecondFactors(await call('listSecondFactors', 'GET /auth/second-factors'));

  /// One’s passkeys and security keys
  Future<Passkeys> listPasskeys() async => Passkeys(await call('listPasskeys', 'GET /auth/passkeys'));

  /// Add a passkey. For the options of /auth/passkeys/options, in the same session. Nothing ends, and the sign-in
  /// by password stays as it is. In a session that the link of a reset has opened it takes the place of all other
  /// factors: every other session ends, the answer has new recovery codes, and tokens with which this session goes
  /// on. 422 token_invalid if the credential does not answer the options, or they are older than ten minutes; 409
  /// conflict for a credential that is known.
  Future<PasskeyAdded> addPasskey({
    required Map<String, Object?> credential,
    required String name,
  }) async => PasskeyAdded(await call('addPasskey', 'POST /auth/passkeys', {
        'credential': credential,
        'name': name,
      }));

  /// Rename a passkey
  Future<PasskeyAnswer> renamePasskey({
    required String id,
    required String name,
  }) async => PasskeyAnswer(await call('renamePasskey', 'PATCH /auth/passkeys/{id}', {
        'id': id,
        'name': name,
      }));

  /// Remove a passkey. Every other session ends; this one goes on with the tokens of the answer. If no factor is
  /// left, the recovery codes go, too. 409 last_factor for the last factor of an account with two steps: switch
  /// that off first.
  Future<SignedIn> removePasskey({
    required String id,
  }) => signedInBy(call('removePasskey', 'DELETE /auth/passkeys/{id}', {
        'id': id,
      }));

  /// Make the secret of an authenticator app. It counts only when its first code is entered within ten minutes;
  /// until then one that the account has already stays as it is. A second call replaces the one that waits. Needs a
  /// recent sign-in by everything that the account has: else 401 reauthentication_required.
  Future<TotpSecret> addTotp() async => TotpSecret(await call('addTotp', 'POST /auth/totp'));

  /// Remove the authenticator app. And the recovery codes, if there is no passkey. Every other session ends; this
  /// one goes on with the tokens of the answer. 409 last_factor while the account has two steps and no passkey:
  /// switch that off first.
  Future<SignedIn> removeTotp() => signedInBy(call('removeTotp', 'DELETE /auth/totp'));

  /// Enter the first code of an authenticator app. From here on the account has two steps. Every other session
  /// ends; this one goes on with the tokens of the answer, and what it held before is answered invalid_token. The
  /// answer has recovery codes if the account had none: show them once. A wrong code is 422 token_invalid, with
  /// clock_off in errors if the clock of the device is off.
  Future<FactorConfirmed> confirmTotp({
    required String id,
    required String code,
  }) async => FactorConfirmed(await call('confirmTotp', 'POST /auth/totp/{id}/confirm', {
        'id': id,
        'code': code,
      }));

  /// Say whether the password alone signs in. Every other session ends if that changes; this one goes on with the
  /// tokens of the answer. 409 last_factor for an account that has no second factor.
  Future<SignedIn> setTwoStep({
    required bool enabled,
  }) => signedInBy(call('setTwoStep', 'PUT /auth/two-step', {
        'enabled': enabled,
      }));

  /// Make new recovery codes. The old ones are dead. Show the new ones once: they cannot be read again. It is also
  /// the way on after an answer with codes that was lost. 409 last_factor for an account that has no second factor.
  Future<RecoveryCodes> renewRecoveryCodes() async => RecoveryCodes(await call('renewRecoveryCodes', 'POST /auth/recovery-codes'));

  /// Begin to add a passkey. Needs a recent sign-in by everything that the account has: else 401
  /// reauthentication_required. 409 conflict for an account with twenty passkeys.
  Future<PasskeyCreationOptions> getPasskeyOptions({
    String? kind,
  }) async => PasskeyCreationOptions(await call('getPasskeyOptions', 'POST /auth/passkeys/options', {
        'kind': kind,
      }));
}

/// The calls of administrators.
extension AdministrationCalls on Latchkey {
  /// List users, search for them. Needs users:read. In pages: go on with next_cursor, and the same q, filters and
  /// sort, until it is null. A page may be shorter than limit, or empty, although there is a next one. By
  /// last_login_at, users who have never signed in count as the earliest.
  Future<UserList> listUsers({
    String? limit,
    String? cursor,
    String? q,
    String? role,
    String? status,
    String? approval,
    String? vendorId,
    String? ids,
    String? secondFactor,
    String? sort,
  }) async => UserList(await call('listUsers', 'GET /users', {
        'limit': limit,
        'cursor': cursor,
        'q': q,
        'role': role,
        'status': status,
        'approval': approval,
        'vendor_id': vendorId,
        'ids': ids,
        'second_factor': secondFactor,
        'sort': sort,
      }));

  /// Make an account for somebody. Needs users:write and a rank above that of the role; for a role of rank 60 or
  /// more also a recent sign-in. The user is mailed an invitation to choose a password, which works for seven days;
  /// nobody else sets one. 409 conflict: the address has an account, or the owner of one may still restore it, by
  /// the mail about a change of address.
  Future<UserAnswer> createUser({
    required String email,
    required String fullName,
    required String role,
    Object? vendorId,
    String? locale,
  }) async => UserAnswer(await call('createUser', 'POST /users', {
        'email': email,
        'full_name': fullName,
        'role': role,
        'vendor_id': vendorId,
        'locale': locale,
      }));

  /// One user. Needs users:read.
  Future<UserAnswer> getUser({
    required String id,
  }) async => UserAnswer(await call('getUser', 'GET /users/{id}', {
        'id': id,
      }));

  /// Change an account. Needs users:write and a rank above the user’s, and above that of a new role; a role of rank
  /// 60 or more, and another address, also a recent sign-in. What is left out stays. An address is asked for, not
  /// changed: the new one gets a link that confirms it, the old one is told. PUT is the same call.
  Future<UserAnswer> updateUser({
    required String id,
    String? fullName,
    String? role,
    Object? vendorId,
    String? locale,
    String? email,
  }) async => UserAnswer(await call('updateUser', 'PATCH /users/{id}', {
        'id': id,
        'full_name': fullName,
        'role': role,
        'vendor_id': vendorId,
        'locale': locale,
        'email': email,
      }));

  /// Erase an account. Needs users:delete, a rank above the user’s and a recent sign-in. The account and everything
  /// about it, for good, as if its owner had done it; they get one last mail. 409 last_super_admin: somebody must
  /// remain who may do everything.
  Future<void> deleteUser({
    required String id,
  }) => call('deleteUser', 'DELETE /users/{id}', {
        'id': id,
      });

  /// What a user has beside the password. Needs users:read. Counts and dates, no secret.
  Future<SecondFactors> readSecondFactors({
    required String id,
  }) async => SecondFactors(await call('readSecondFactors', 'GET /users/{id}/second-factors', {
        'id': id,
      }));

  /// The devices that an account knows. Needs users:read. Ten at most. No address: where a user is signed in from,
  /// /users/{id}/sessions tells those who rank above the user.
  Future<DeviceList> listUserDevices({
    required String id,
  }) async => DeviceList(await call('listUserDevices', 'GET /users/{id}/devices', {
        'id': id,
      }));

  /// What failed sign-ins have locked. Needs users:read. Reading is not counted as a try and changes nothing. POST
  /// /users/{id}/unlock unlocks all of it.
  Future<AccountLock> getUserLock({
    required String id,
  }) async => AccountLock(await call('getUserLock', 'GET /users/{id}/lock', {
        'id': id,
      }));

  /// Disable an account. Needs users:write and a rank above the user’s. Nobody signs in to it from here on, and
  /// every session of it ends. 409 last_super_admin: somebody must remain who may do everything.
  Future<UserAnswer> disableUser({
    required String id,
  }) async => UserAnswer(await call('disableUser', 'POST /users/{id}/disable', {
        'id': id,
      }));

  /// Enable an account. Needs users:write and a rank above the user’s. Sessions that ended stay so.
  Future<UserAnswer> enableUser({
    required String id,
  }) async => UserAnswer(await call('enableUser', 'POST /users/{id}/enable', {
        'id': id,
      }));

  /// Unlock what failed sign-ins have locked. Needs users:write and a rank above the user’s. For strangers to the
  /// account and for the devices it knows.
  Future<UserAnswer> unlockUser({
    required String id,
  }) async => UserAnswer(await call('unlockUser', 'POST /users/{id}/unlock', {
        'id': id,
      }));

  /// Have the password changed. Needs users:write and a rank above the user’s. Sessions go on, but until it is
  /// changed they are good for nothing else: 403 password_change_required. No device is remembered meanwhile.
  Future<UserAnswer> requirePasswordChange({
    required String id,
  }) async => UserAnswer(await call('requirePasswordChange', 'POST /users/{id}/require-password-change', {
        'id': id,
      }));

  /// Let an applicant in. Needs users:approve and a rank above the user’s. They are mailed. 409 conflict where the
  /// role needs no approval.
  Future<UserAnswer> approveUser({
    required String id,
  }) async => UserAnswer(await call('approveUser', 'POST /users/{id}/approve', {
        'id': id,
      }));

  /// Turn an applicant away. Needs users:approve and a rank above the user’s. They are mailed, with the reason; a
  /// user who was let in before is signed out everywhere. 409 conflict where the role needs no approval.
  Future<UserAnswer> rejectUser({
    required String id,
    String? reason,
  }) async => UserAnswer(await call('rejectUser', 'POST /users/{id}/reject', {
        'id': id,
        'reason': reason,
      }));

  /// Figures for a dashboard. Needs stats:read. The same as /admin/dashboard/stats. It costs the same whatever the
  /// number of users.
  Future<Statistics> getUserStatistics() async => Statistics(await call('getUserStatistics', 'GET /users/stats'));

  /// Sign a user out everywhere. Needs sessions:revoke and a rank above the user’s. Their sessions are told so
  /// (revoked_by_admin).
  Future<void> signOutUser({
    required String id,
  }) => call('signOutUser', 'POST /users/{id}/sign-out', {
        'id': id,
      });

  /// Where a user is signed in. Needs sessions:revoke and a rank above the user’s.
  Future<SessionList> listUserSessions({
    required String id,
  }) async => SessionList(await call('listUserSessions', 'GET /users/{id}/sessions', {
        'id': id,
      }));

  /// Sign out one session of a user. Needs sessions:revoke and a rank above the user’s. The session is told so
  /// (revoked_by_admin).
  Future<void> endUserSession({
    required String id,
    required String sid,
  }) => call('endUserSession', 'DELETE /users/{id}/sessions/{sid}', {
        'id': id,
        'sid': sid,
      });

  /// Mail a user the way to a new password. Needs users:write, a rank above the user’s and a recent sign-in. A user
  /// who was invited and has not chosen a password yet gets the invitation again. 409 conflict for a disabled
  /// account; 429 for more mails than an address gets.
  Future<void> sendPasswordReset({
    required String id,
  }) => call('sendPasswordReset', 'POST /users/{id}/password-reset', {
        'id': id,
      });

  /// Let a user who has lost the second factors add a new one. Needs users:write, a rank above the user’s, and a
  /// sign-in by two factors within ten minutes: else 401 reauthentication_required. Mails the user a link, valid
  /// for a day, and changes nothing else: the link together with the password opens a session that may only add a
  /// factor, and when that is confirmed the old factors, the other sessions and the known devices are gone. A
  /// sign-in by an old factor makes the link worthless. Where the password alone signs in, factors protect nothing:
  /// there they are removed at once, the sessions end, and a mail tells the user. 409 conflict for a disabled
  /// account, one without any factor, and for a link while an earlier address of the account may still be restored
  /// (a week); 429 for more mails than an address gets.
  Future<void> resetSecondFactors({
    required String id,
  }) => call('resetSecondFactors', 'POST /users/{id}/reset-second-factors', {
        'id': id,
      });

  /// List the roles. Needs users:read. The ETag is for a change of any of them.
  Future<RoleList> listRoles() async => RoleList(await call('listRoles', 'GET /roles'));

  /// Make or replace a role. Needs roles:write, a rank above the role’s, before and after, each permission that it
  /// gets, and a recent sign-in. super_admin cannot be changed. It holds at once for everybody who has the role.
  /// 201: it is new. 409 conflict: people of this kind register into another role already. If-Match takes the ETag
  /// of the list of roles, and * for a role that is there.
  Future<RoleAnswer> putRole({
    required String name,
    required int rank,
    required String userType,
    required bool requiresApproval,
    required bool selfRegistration,
    required List<String> permissions,
    String? secondFactor,
    Object? secondFactorFrom,
  }) async => RoleAnswer(await call('putRole', 'PUT /roles/{name}', {
        'name': name,
        'rank': rank,
        'user_type': userType,
        'requires_approval': requiresApproval,
        'self_registration': selfRegistration,
        'permissions': permissions,
        'second_factor': secondFactor,
        'second_factor_from': secondFactorFrom,
      }));

  /// Remove a role. Needs roles:write, a rank above the role’s and a recent sign-in. 409 role_in_use: somebody has
  /// it, or is registering into it.
  Future<void> deleteRole({
    required String name,
  }) => call('deleteRole', 'DELETE /roles/{name}', {
        'name': name,
      });

  /// List vendors, by name. Needs users:write. In pages: go on with next_cursor, and the same q, until it is null.
  Future<VendorList> listVendors({
    String? limit,
    String? cursor,
    String? q,
  }) async => VendorList(await call('listVendors', 'GET /vendors', {
        'limit': limit,
        'cursor': cursor,
        'q': q,
      }));

  /// Make a vendor. Needs users:write. It has no users yet: they get its id as vendor_id. Two vendors may have one
  /// name.
  Future<VendorAnswer> createVendor({
    required String name,
  }) async => VendorAnswer(await call('createVendor', 'POST /vendors', {
        'name': name,
      }));

  /// Rename, suspend or reinstate a vendor. Needs users:write. While a vendor is suspended its users are refused
  /// 403 vendor_suspended, with the tokens they have too, everywhere but at GET /auth/me and POST /auth/logout; no
  /// session ends, and all of them go on when it is reinstated. Nobody suspends or reinstates a vendor with a user
  /// of their own rank or above.
  Future<VendorAnswer> updateVendor({
    required String id,
    String? name,
    String? status,
  }) async => VendorAnswer(await call('updateVendor', 'PATCH /vendors/{id}', {
        'id': id,
        'name': name,
        'status': status,
      }));

  /// Read the audit trail. Needs audit:read. Each reading is recorded in the trail, too. As JSON in pages of a
  /// hundred, the latest first: go on with next_cursor, and the same filters, until it is null. With format all of
  /// it at once, the earliest first, as lines of JSON or as CSV whose first line names the columns; an answer that
  /// breaks off is incomplete. In CSV a cell that a spreadsheet would take for a formula begins with an apostrophe.
  Future<AuditEventList> listAuditEvents({
    String? actor,
    String? subject,
    String? event,
    String? from,
    String? to,
    String? cursor,
    String? format,
  }) async => AuditEventList(await call('listAuditEvents', 'GET /admin/audit-events', {
        'actor': actor,
        'subject': subject,
        'event': event,
        'from': from,
        'to': to,
        'cursor': cursor,
        'format': format,
      }));

  /// List the signing keys. Needs roles:write. What is public of them: their states and times. The keys themselves
  /// are at /.well-known/jwks.json.
  Future<SigningKeyList> listSigningKeys() async => SigningKeyList(await call('listSigningKeys', 'GET /admin/keys'));

  /// List the mails that wait or have failed. Needs roles:write. The mails that are tried next come first, or those
  /// that failed last. In pages: go on with next_cursor, and the same state, until it is null. Mails that were sent
  /// are not kept.
  Future<QueuedMailList> listMails({
    String? state,
    String? limit,
    String? cursor,
  }) async => QueuedMailList(await call('listMails', 'GET /admin/mails', {
        'state': state,
        'limit': limit,
        'cursor': cursor,
      }));

  /// List the credentials of services, by name. Needs roles:write. In pages: go on with next_cursor until it is
  /// null. Credentials are made and revoked at the command line.
  Future<ServiceCredentialList> listServices({
    String? limit,
    String? cursor,
  }) async => ServiceCredentialList(await call('listServices', 'GET /admin/services', {
        'limit': limit,
        'cursor': cursor,
      }));

  /// List the settings in force. Needs roles:write. Those of the node that answers. No secret is shown, nor whether
  /// two are alike.
  Future<SettingList> listSettings() async => SettingList(await call('listSettings', 'GET /admin/settings'));

  /// Send a mail again that has failed. Needs roles:write, and stands in the audit trail (mail_retried). It is
  /// tried as if for the first time. If its link or code has expired or been used meanwhile, there is nothing to
  /// send, and the mail is gone. One that has not failed is refused: mail_not_failed.
  Future<void> retryMail({
    required String id,
  }) => call('retryMail', 'POST /admin/mails/{id}/retry', {
        'id': id,
      });

  /// The last verification of the audit trail. Needs roles:write. What latchkey audit-verify --record found when it
  /// last ran, for instance each night. Look at ended_at: it may be long ago. This is no proof, because somebody
  /// who can change the trail can change this as well: for proof run the command.
  Future<LastTrailVerification> getTrailVerification() async => LastTrailVerification(await call('getTrailVerification', 'GET /admin/trail-verification'));

  /// Sign everybody out. Ends every session of every user in one step, also the one that asks; the reason is
  /// everyone_signed_out. Needs roles:write and a sign-in within ten minutes: else 401 reauthentication_required.
  Future<void> signOutEveryone() => call('signOutEveryone', 'POST /admin/sign-out-everyone');
}
