// Made by `npm run client` from what the server says at /docs/json. Do not edit.

export interface paths {
    "/api/v1/auth/register": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign up
         * @description The answer is the same for an address that has an account: its owner gets a mail instead of a code. `/auth/signup` is the same call.
         */
        post: operations["register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/signup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign up: another name of /auth/register
         * @description The same call.
         */
        post: operations["signup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/verify-email": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm the address with the mailed code
         * @description The account exists from here on; sign in next. A code that is wrong, used, expired or of another registration is 422 `token_invalid`.
         */
        post: operations["verifyEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/verify-email/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mail the code again
         * @description Answers alike whether or not there is a registration.
         */
        post: operations["resendCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description A wrong password, an unknown address and one that was never confirmed are one answer: 401 `invalid_credentials`. Only after the right password: 403 `approval_pending`, `approval_rejected`, `account_disabled`, `vendor_suspended`, `wrong_user_type`; 401 `mfa_required` if the account has two steps: its `mfa_token` (a cookie with `transport: cookie`) and a second factor go to /auth/login/second-factor within five minutes. If the role demands a second factor and the account has none, the session may do nothing but add one (`must_enroll_second_factor` in the access token): everything else is 403 `second_factor_enrollment_required`.
         */
        post: operations["login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login/second-factor/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to prove a passkey as the second step
         * @description After 401 `mfa_required` whose `methods` have `passkey`. 404 for an account without passkeys; 422 `token_invalid` if the first step is over.
         */
        post: operations["getSecondFactorOptions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login/second-factor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with a sign-in after 401 mfa_required
         * @description A second factor that is wrong or used is 401 `invalid_credentials`: try another. A passkey is proved for the options of /auth/login/second-factor/options; one that no account has is 401 `passkey_unknown`. With the `reset_token` of a mail the session may do nothing but add a factor (`must_enroll_second_factor` in its access token); everything else is 403 `second_factor_enrollment_required` until then. A first step that is older than five minutes, or whose account has changed since, is 422 `token_invalid`: start over.
         */
        post: operations["loginSecondFactor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login/passkey/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin a sign-in with a passkey
         * @description The same for everybody: the browser offers the passkeys that it has, in a dialogue or in a form field (`mediation: "conditional"`). A page that waits for its user asks again before ten minutes are over.
         */
        post: operations["getPasskeyLoginOptions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/login/passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in with a passkey alone
         * @description For the options of /auth/login/passkey/options. A passkey that no account has is 401 `passkey_unknown`: only then tell the browser so (`PublicKeyCredential.signalUnknownCredential`). Anything else that is wrong is 401 `invalid_credentials`. After a good signature: 403 `approval_pending`, `approval_rejected`, `account_disabled`, `vendor_suspended`, `wrong_user_type`. Both factors are proved, so no second step follows.
         */
        post: operations["loginWithPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password/forgot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mail a link to set a new password
         * @description Answers alike whether or not the address has an account. The link works for an hour and once, and only the newest.
         */
        post: operations["forgotPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set a new password with the token from a mail
         * @description For the links of forgotten passwords and of invitations. Every session ends and nobody is signed in: sign in next. Passkeys, an authenticator app and two steps stay, unless nobody had proved the address before: then they may be somebody else’s, and are gone. A token that is wrong, used, expired or not the newest is 422 `token_invalid`; a password that is not acceptable (422 `password_rejected`) does not use it up.
         */
        post: operations["resetPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/email/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirm the new address with the mailed token
         * @description From here on it is the account’s. Sessions go on; links that were mailed to the old address work no more, save the one that undoes this for seven days. A token that is wrong, used, expired or replaced by a newer one is 422 `token_invalid`; 409 `conflict`: somebody else has the address by now.
         */
        post: operations["confirmEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/email/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bring the old address back
         * @description With the token from the mail to the old address: before the change is confirmed and for seven days after, whatever the address has been changed to since. Every session ends (`email_restored`), no device is known any more, and passkeys, an authenticator app and recovery codes that were added since the change was requested are gone; all of them, if nobody had proved the old address. The password is gone as well, because the person who asked for the change knew it: the restored address gets a mail with a link to choose a new one. A disabled account gets its address back and stays disabled, without that mail. A token that is wrong, used or expired is 422 `token_invalid`; 409 `conflict`: somebody else has the address by now.
         */
        post: operations["undoEmailChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign out
         * @description By the access token, the refresh token or both; idempotent, and without either nothing happens. `others` and `everywhere` need a live access token or the current refresh token; an expired but authentic one ends its own session only.
         */
        post: operations["logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Trade the refresh token for new tokens
         * @description Bearer: the token in the body. Cookie: no body, or `{}`. Keep both new tokens. A lost answer may be asked for again, however late: within REFRESH_GRACE one token always gets the one newest token, and later a new one, until the access token of the lost answer or its refresh token is used anywhere. After that the older token is taken for stolen, and the session ends (`reuse_detected`). So store the new refresh token before you use the new access token.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in */
        get: operations["getMe"];
        put?: never;
        post?: never;
        /**
         * Erase one’s account
         * @description The account and everything about it, for good; the owner gets one last mail. Needs a sign-in within ten minutes: else 401 `reauthentication_required`. 409 `last_super_admin`: somebody must remain who may do everything.
         */
        delete: operations["deleteMe"];
        options?: never;
        head?: never;
        /** Change one’s name or locale */
        patch: operations["updateMe"];
        trace?: never;
    };
    "/api/v1/auth/password/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description Every other session ends; this one goes on with the tokens of the answer, and what it held before is answered `invalid_token`. A wrong current password is 401 `invalid_credentials`. While a change is due (`must_change_password`) this is what there is to do. An account that needs two factors has to have proved both: else 401 `reauthentication_required`, and `/auth/reauthenticate` proves them also while a change is due. A session that must add a factor (`must_enroll_second_factor`) may do that first.
         */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/reauthenticate/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to prove a passkey again
         * @description 404 for an account without passkeys.
         */
        post: operations["getReauthenticationOptions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/reauthenticate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Prove the password, and the second factor, again
         * @description For acts that are refused with 401 `reauthentication_required`: the session’s tokens rotate and carry a new `auth_time`. An account with two steps needs both factors, at once or one after the other: the password alone is answered 401 `mfa_required`, whose `mfa_token` goes with the second factor within five minutes. A session that the password alone has opened needs the second factor only, within ten minutes of that. A passkey that verifies its user is both: it needs nothing else, and is proved for the options of /auth/reauthenticate/options.
         */
        post: operations["reauthenticate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether a request is signed in
         * @description For a reverse proxy’s forward authentication (nginx `auth_request`, Traefik, Caddy). No store is asked. With `acr` or `max_age` a sign-in that is too weak or too old is 401 `reauthentication_required`, whose `WWW-Authenticate` tells a client what to prove (RFC 9470).
         */
        get: operations["check"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where one is signed in */
        get: operations["listSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Sign out one of one’s sessions */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/email/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for another address
         * @description Needs a sign-in within ten minutes: else 401 `reauthentication_required`. The new address gets a link that works for a day; until it is followed nothing changes. The old one is told and gets a link that undoes it. Answers alike whether or not the new address has an account.
         */
        post: operations["changeEmail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/me/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Everything stored about oneself
         * @description As a file that may be long. Needs a recent sign-in by everything that the account has: else 401 `reauthentication_required`. Five an hour.
         */
        get: operations["exportMe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Give up the password
         * @description From then on passkeys sign in, and nothing else; a forgotten passkey is replaced by a password from a link in a mail together with a recovery code. Needs a passkey that was proved within ten minutes, a passkey that signs in alone and is backed up, or two of them, and recovery codes: else 409 `last_factor`. The account has two steps from then on. Every other session ends; this one goes on with the tokens of the answer. 404 for an account without a password.
         */
        delete: operations["removePassword"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/second-factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What one has beside the password */
        get: operations["listSecondFactors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One’s passkeys and security keys */
        get: operations["listPasskeys"];
        put?: never;
        /**
         * Add a passkey
         * @description For the options of /auth/passkeys/options, in the same session. Nothing ends, and the sign-in by password stays as it is. In a session that the link of a reset has opened it takes the place of all other factors: every other session ends, the answer has new recovery codes, and tokens with which this session goes on. 422 `token_invalid` if the credential does not answer the options, or they are older than ten minutes; 409 `conflict` for a credential that is known.
         */
        post: operations["addPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/passkeys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a passkey
         * @description Every other session ends; this one goes on with the tokens of the answer. If no factor is left, the recovery codes go, too. 409 `last_factor` for the last factor of an account with two steps: switch that off first.
         */
        delete: operations["removePasskey"];
        options?: never;
        head?: never;
        /** Rename a passkey */
        patch: operations["renamePasskey"];
        trace?: never;
    };
    "/api/v1/auth/totp": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make the secret of an authenticator app
         * @description It counts only when its first code is entered within ten minutes; until then one that the account has already stays as it is. A second call replaces the one that waits. Needs a recent sign-in by everything that the account has: else 401 `reauthentication_required`.
         */
        post: operations["addTotp"];
        /**
         * Remove the authenticator app
         * @description And the recovery codes, if there is no passkey. Every other session ends; this one goes on with the tokens of the answer. 409 `last_factor` while the account has two steps and no passkey: switch that off first.
         */
        delete: operations["removeTotp"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/totp/{id}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enter the first code of an authenticator app
         * @description From here on the account has two steps. Every other session ends; this one goes on with the tokens of the answer, and what it held before is answered `invalid_token`. The answer has recovery codes if the account had none: show them once. A wrong code is 422 `token_invalid`, with `clock_off` in `errors` if the clock of the device is off.
         */
        post: operations["confirmTotp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/two-step": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Say whether the password alone signs in
         * @description Every other session ends if that changes; this one goes on with the tokens of the answer. 409 `last_factor` for an account that has no second factor.
         */
        put: operations["setTwoStep"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/recovery-codes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make new recovery codes
         * @description The old ones are dead. Show the new ones once: they cannot be read again. It is also the way on after an answer with codes that was lost. 409 `last_factor` for an account that has no second factor.
         */
        post: operations["renewRecoveryCodes"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/passkeys/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin to add a passkey
         * @description Needs a recent sign-in by everything that the account has: else 401 `reauthentication_required`. 409 `conflict` for an account with twenty passkeys.
         */
        post: operations["getPasskeyOptions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/introspect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Whether an access token is good
         * @description For services that want to know at once when a session has ended (RFC 7662); others verify tokens themselves, with the keys of `/.well-known/jwks.json`. Every token that this API would not accept is `{"active":false}` and nothing else: expired, ended, forged, of another audience, of a user who is disabled, whose vendor is suspended or who has to change the password or add a second factor, and every refresh token.
         */
        post: operations["introspect"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the session of a token
         * @description For services that were made with `--may-revoke` (RFC 7009). Any authentic access or refresh token ends its session with all of its tokens, also an expired or a superseded one. What is no token of this deployment, or of a session that has ended, is no error.
         */
        post: operations["revoke"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/auth/revocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What has ended
         * @description For services that were made with `--may-follow` and verify access tokens themselves. With `Accept: text/event-stream` it follows: `opened` with the time of this node’s monotonic clock; `state` with everything that ended within the last hour and with `keys_changed`, because keys may have been removed as well, or `changes` if the cursor can be continued; then `changes` as they come, and `alive` each second, but only while this node may judge tokens itself. `alive` tells up to when all ends are known: `fresh_at`, and `clock`, to be compared with that of `opened`. Refuse tokens (503) when that is too long ago. `Last-Event-ID` continues at any node. Otherwise the answer is the tail after `cursor`, at once.
         */
        get: operations["getRevocations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List users, search for them
         * @description Needs `users:read`. In pages: go on with `next_cursor`, and the same `q`, filters and `sort`, until it is `null`. A page may be shorter than `limit`, or empty, although there is a next one. By `last_login_at`, users who have never signed in count as the earliest.
         */
        get: operations["listUsers"];
        put?: never;
        /**
         * Make an account for somebody
         * @description Needs `users:write` and a rank above that of the role; for a role of rank 60 or more also a recent sign-in. The user is mailed an invitation to choose a password, which works for seven days; nobody else sets one. 409 `conflict`: the address has an account, or the owner of one may still restore it, by the mail about a change of address.
         */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One user
         * @description Needs `users:read`.
         */
        get: operations["getUser"];
        /**
         * Change an account: another name of PATCH
         * @description The same call.
         */
        put: operations["replaceUser"];
        post?: never;
        /**
         * Erase an account
         * @description Needs `users:delete`, a rank above the user’s and a recent sign-in. The account and everything about it, for good, as if its owner had done it; they get one last mail. 409 `last_super_admin`: somebody must remain who may do everything.
         */
        delete: operations["deleteUser"];
        options?: never;
        head?: never;
        /**
         * Change an account
         * @description Needs `users:write` and a rank above the user’s, and above that of a new role; a role of rank 60 or more, and another address, also a recent sign-in. What is left out stays. An address is asked for, not changed: the new one gets a link that confirms it, the old one is told. `PUT` is the same call.
         */
        patch: operations["updateUser"];
        trace?: never;
    };
    "/api/v1/users/{id}/second-factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a user has beside the password
         * @description Needs `users:read`. Counts and dates, no secret.
         */
        get: operations["readSecondFactors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The devices that an account knows
         * @description Needs `users:read`. Ten at most. No address: where a user is signed in from, `/users/{id}/sessions` tells those who rank above the user.
         */
        get: operations["listUserDevices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/lock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What failed sign-ins have locked
         * @description Needs `users:read`. Reading is not counted as a try and changes nothing. `POST /users/{id}/unlock` unlocks all of it.
         */
        get: operations["getUserLock"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Disable an account
         * @description Needs `users:write` and a rank above the user’s. Nobody signs in to it from here on, and every session of it ends. 409 `last_super_admin`: somebody must remain who may do everything.
         */
        post: operations["disableUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enable an account
         * @description Needs `users:write` and a rank above the user’s. Sessions that ended stay so.
         */
        post: operations["enableUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/unlock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Unlock what failed sign-ins have locked
         * @description Needs `users:write` and a rank above the user’s. For strangers to the account and for the devices it knows.
         */
        post: operations["unlockUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/require-password-change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have the password changed
         * @description Needs `users:write` and a rank above the user’s. Sessions go on, but until it is changed they are good for nothing else: 403 `password_change_required`. No device is remembered meanwhile.
         */
        post: operations["requirePasswordChange"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let an applicant in
         * @description Needs `users:approve` and a rank above the user’s. They are mailed. 409 `conflict` where the role needs no approval.
         */
        post: operations["approveUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Turn an applicant away
         * @description Needs `users:approve` and a rank above the user’s. They are mailed, with the reason; a user who was let in before is signed out everywhere. 409 `conflict` where the role needs no approval.
         */
        post: operations["rejectUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Figures for a dashboard
         * @description Needs `stats:read`. The same as `/admin/dashboard/stats`. It costs the same whatever the number of users.
         */
        get: operations["getUserStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign a user out everywhere
         * @description Needs `sessions:revoke` and a rank above the user’s. Their sessions are told so (`revoked_by_admin`).
         */
        post: operations["signOutUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where a user is signed in
         * @description Needs `sessions:revoke` and a rank above the user’s.
         */
        get: operations["listUserSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/sessions/{sid}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Sign out one session of a user
         * @description Needs `sessions:revoke` and a rank above the user’s. The session is told so (`revoked_by_admin`).
         */
        delete: operations["endUserSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/password-reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Mail a user the way to a new password
         * @description Needs `users:write`, a rank above the user’s and a recent sign-in. A user who was invited and has not chosen a password yet gets the invitation again. 409 `conflict` for a disabled account; 429 for more mails than an address gets.
         */
        post: operations["sendPasswordReset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/reset-second-factors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a user who has lost the second factors add a new one
         * @description Needs `users:write`, a rank above the user’s, and a sign-in by two factors within ten minutes: else 401 `reauthentication_required`. Mails the user a link, valid for a day, and changes nothing else: the link together with the password opens a session that may only add a factor, and when that is confirmed the old factors, the other sessions and the known devices are gone. A sign-in by an old factor makes the link worthless. Where the password alone signs in, factors protect nothing: there they are removed at once, the sessions end, and a mail tells the user. 409 `conflict` for a disabled account, one without any factor, and for a link while an earlier address of the account may still be restored (a week); 429 for more mails than an address gets.
         */
        post: operations["resetSecondFactors"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the roles
         * @description Needs `users:read`. The `ETag` is for a change of any of them.
         */
        get: operations["listRoles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/roles/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Make or replace a role
         * @description Needs `roles:write`, a rank above the role’s, before and after, each permission that it gets, and a recent sign-in. `super_admin` cannot be changed. It holds at once for everybody who has the role. 201: it is new. 409 `conflict`: people of this kind register into another role already. `If-Match` takes the `ETag` of the list of roles, and `*` for a role that is there.
         */
        put: operations["putRole"];
        post?: never;
        /**
         * Remove a role
         * @description Needs `roles:write`, a rank above the role’s and a recent sign-in. 409 `role_in_use`: somebody has it, or is registering into it.
         */
        delete: operations["deleteRole"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/vendors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List vendors, by name
         * @description Needs `users:write`. In pages: go on with `next_cursor`, and the same `q`, until it is `null`.
         */
        get: operations["listVendors"];
        put?: never;
        /**
         * Make a vendor
         * @description Needs `users:write`. It has no users yet: they get its id as `vendor_id`. Two vendors may have one name.
         */
        post: operations["createVendor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/vendors/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Rename, suspend or reinstate a vendor
         * @description Needs `users:write`. While a vendor is suspended its users are refused 403 `vendor_suspended`, with the tokens they have too, everywhere but at `GET /auth/me` and `POST /auth/logout`; no session ends, and all of them go on when it is reinstated. Nobody suspends or reinstates a vendor with a user of their own rank or above.
         */
        patch: operations["updateVendor"];
        trace?: never;
    };
    "/api/v1/admin/audit-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the audit trail
         * @description Needs `audit:read`. Each reading is recorded in the trail, too. As JSON in pages of a hundred, the latest first: go on with `next_cursor`, and the same filters, until it is `null`. With `format` all of it at once, the earliest first, as lines of JSON or as CSV whose first line names the columns; an answer that breaks off is incomplete. In CSV a cell that a spreadsheet would take for a formula begins with an apostrophe.
         */
        get: operations["listAuditEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the signing keys
         * @description Needs `roles:write`. What is public of them: their states and times. The keys themselves are at `/.well-known/jwks.json`.
         */
        get: operations["listSigningKeys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/mails": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the mails that wait or have failed
         * @description Needs `roles:write`. The mails that are tried next come first, or those that failed last. In pages: go on with `next_cursor`, and the same `state`, until it is `null`. Mails that were sent are not kept.
         */
        get: operations["listMails"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the credentials of services, by name
         * @description Needs `roles:write`. In pages: go on with `next_cursor` until it is `null`. Credentials are made and revoked at the command line.
         */
        get: operations["listServices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the settings in force
         * @description Needs `roles:write`. Those of the node that answers. No secret is shown, nor whether two are alike.
         */
        get: operations["listSettings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/mails/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a mail again that has failed
         * @description Needs `roles:write`, and stands in the audit trail (`mail_retried`). It is tried as if for the first time. If its link or code has expired or been used meanwhile, there is nothing to send, and the mail is gone. One that has not failed is refused: `mail_not_failed`.
         */
        post: operations["retryMail"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/trail-verification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The last verification of the audit trail
         * @description Needs `roles:write`. What `latchkey audit-verify --record` found when it last ran, for instance each night. Look at `ended_at`: it may be long ago. This is no proof, because somebody who can change the trail can change this as well: for proof run the command.
         */
        get: operations["getTrailVerification"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/dashboard/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Figures for a dashboard
         * @description Needs `stats:read`. The same as `/users/stats`. It costs the same whatever the number of users.
         */
        get: operations["getDashboardStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/admin/sign-out-everyone": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign everybody out
         * @description Ends every session of every user in one step, also the one that asks; the reason is `everyone_signed_out`. Needs `roles:write` and a sign-in within ten minutes: else 401 `reauthentication_required`.
         */
        post: operations["signOutEveryone"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process can answer
         * @description For a supervisor that restarts what does not. Touches nothing.
         */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether this node should get traffic
         * @description 503 while it starts, drains, or has been without a store, a schema for its code, a fresh change feed, a right clock or open keys for longer than READY_GRACE.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How this node is
         * @description `degraded`: Postgres or Redis does not answer, or the schema does not serve this code, or this node does not know what has ended, or its clock is wrong. `unhealthy`: it cannot sign or verify. Mail shows in `mail` only.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/database": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How long Postgres takes to answer
         * @description With `stats:read` or the operations token.
         */
        get: operations["getDatabaseHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/pool-stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The pool of connections to Postgres
         * @description With `stats:read` or the operations token. `in_use` and `waiting` count statements and transactions of this node.
         */
        get: operations["getPoolStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/jwks.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Public keys of access tokens
         * @description For services that verify access tokens themselves (RFC 7517). Cacheable; a key is here before it signs and until the last token that it signed has expired. 503 `unavailable` at a node that cannot open all keys. With `as_of` the answer is not cacheable and repeats it: a node that does not know yet of that change answers 503, and so does one that is cut off.
         */
        get: operations["getJwks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/change-password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where to change the password
         * @description For password managers: to the web application.
         */
        get: operations["openChangePasswordForm"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/.well-known/security.txt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whom to tell about a vulnerability
         * @description RFC 9116, with the SECURITY_CONTACT of the settings; without one there is nothing here.
         */
        get: operations["getSecurityTxt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics for Prometheus
         * @description With the operations token; without one in the settings there is nothing here, but perhaps on METRICS_PORT.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A refusal (RFC 9457). */
        Problem: {
            /** @description `urn:latchkey:problem:` and the code. */
            type: string;
            title: string;
            status: number;
            /** @description A sentence for a person; it may change. */
            detail: string;
            /**
             * @description The stable name of the refusal.
             * @enum {string}
             */
            code: "malformed_request" | "unauthenticated" | "invalid_token" | "session_ended" | "invalid_credentials" | "passkey_unknown" | "mfa_required" | "reauthentication_required" | "forbidden" | "csrf" | "approval_pending" | "approval_rejected" | "account_disabled" | "vendor_suspended" | "wrong_user_type" | "password_change_required" | "second_factor_enrollment_required" | "https_required" | "not_found" | "method_not_allowed" | "conflict" | "role_in_use" | "last_factor" | "mail_not_failed" | "last_super_admin" | "stale" | "body_too_large" | "unsupported_media_type" | "invalid_request" | "password_rejected" | "token_invalid" | "too_many_attempts" | "rate_limited" | "internal_error" | "unavailable" | "overloaded";
            /** @description The same as X-Request-Id; it is in the log. */
            request_id: string;
            errors?: {
                /** @description A JSON pointer into the body. */
                path: string;
                code: string;
                message: string;
            }[];
            /**
             * @description Why the session ended.
             * @enum {string}
             */
            reason?: "expired" | "idle" | "signed_out" | "revoked_by_user" | "revoked_by_admin" | "password_changed" | "reuse_detected" | "factors_changed" | "evicted" | "account_disabled" | "account_deleted" | "email_restored" | "everyone_signed_out";
            /** @description Seconds within which the user must have been authenticated (RFC 9470). */
            max_age?: number;
            /**
             * @description The values of `acr` that would do, separated by blanks (RFC 9470).
             * @example urn:latchkey:acr:2fa phr
             */
            acr_values?: string;
            /** @description With `mfa_required`: goes on with the sign-in. A browser gets it as a cookie instead. */
            mfa_token?: string;
            /** @description Seconds that the second factor may take. */
            expires_in?: number;
            /**
             * @description With `mfa_required`: what can be proved next.
             * @example [
             *       "passkey",
             *       "totp",
             *       "recovery_code"
             *     ]
             */
            methods?: string[];
        };
        /** @description Waits for the mailed code; says nothing about whether the address has an account. */
        PendingRegistration: {
            /** Format: uuid */
            registration_id: string;
            user: {
                /** @example ada@example.com */
                email: string;
                /** @example Ada King */
                full_name: string;
                /** @example user */
                user_type: string;
                /** @enum {boolean} */
                email_verified: false;
            };
        };
        /** @description An account. */
        User: {
            /** Format: uuid */
            id: string;
            /** @example ada@example.com */
            email: string;
            /** @example Ada King */
            full_name: string;
            /**
             * @description A language tag (BCP 47).
             * @example en
             */
            locale: string;
            /**
             * @description Its permissions are data of the deployment.
             * @example user
             */
            role: string;
            /**
             * @description What an application may ask for at login.
             * @example user
             */
            user_type: string;
            /**
             * Format: uuid
             * @example null
             */
            vendor_id: string | null;
            /** @enum {string} */
            status: "active" | "disabled";
            email_verified: boolean;
            /** @enum {string} */
            approval: "not_required" | "pending" | "approved" | "rejected";
            /**
             * @description Until it is changed, almost every request is refused: 403 `password_change_required`.
             * @example false
             */
            must_change_password: boolean;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            last_login_at: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            updated_at: string;
        };
        /** @description With EMAIL_VERIFICATION=optional the account is there at once. */
        Registered: {
            user: components["schemas"]["User"];
        };
        /** @description The account. */
        Confirmed: {
            user: components["schemas"]["User"];
            /**
             * @description Names this device; send it at login. With `transport: cookie` it is a cookie instead.
             * @example …
             */
            device_token?: string;
        };
        /** @description What a client keeps in secure storage, in place of what it held before. */
        Tokens: {
            user: components["schemas"]["User"];
            session: {
                /** Format: uuid */
                id: string;
                /**
                 * Format: date-time
                 * @description The end that no refresh moves.
                 * @example 2026-11-20T09:30:00.000Z
                 */
                expires_at: string;
            };
            /** @enum {string} */
            token_type: "Bearer";
            /**
             * @description A JWT (RFC 9068) for the Authorization header.
             * @example …
             */
            access_token: string;
            /**
             * @description Seconds that the access token works.
             * @example 900
             */
            expires_in: number;
            /**
             * @description Opaque; replaces the one held so far.
             * @example …
             */
            refresh_token: string;
            /**
             * @description Seconds that the refresh token works if it is not used.
             * @example 604800
             */
            refresh_expires_in: number;
            /**
             * @description Names this device; send it back at the next login.
             * @example …
             */
            device_token: string;
        };
        /** @description With `transport: cookie`: the tokens are in Set-Cookie and nowhere else. */
        CookieSession: {
            user: components["schemas"]["User"];
            session: {
                /** Format: uuid */
                id: string;
                /**
                 * Format: date-time
                 * @description The end that no refresh moves.
                 * @example 2026-11-20T09:30:00.000Z
                 */
                expires_at: string;
            };
            /**
             * @description Seconds that the access token works.
             * @example 900
             */
            expires_in: number;
            /**
             * @description Seconds that the refresh token works if it is not used.
             * @example 604800
             */
            refresh_expires_in: number;
        };
        /** @description Signed in. */
        TokenResponse: components["schemas"]["Tokens"] | components["schemas"]["CookieSession"];
        CredentialDescriptor: {
            /** @enum {string} */
            type: "public-key";
            /** @description In base64url. */
            id: string;
            transports: string[];
        };
        /** @description For `PublicKeyCredential.parseRequestOptionsFromJSON()`. */
        PublicKeyRequestOptions: {
            /**
             * @description Works once.
             * @example …
             */
            challenge: string;
            /** @example example.com */
            rpId: string;
            /**
             * @description Milliseconds for which the browser shows its dialogue.
             * @example 300000
             */
            timeout: number;
            allowCredentials: components["schemas"]["CredentialDescriptor"][];
            /** @enum {string} */
            userVerification: "required" | "preferred";
        };
        /** @description For `navigator.credentials.get()`. */
        PasskeyRequestOptions: {
            public_key: components["schemas"]["PublicKeyRequestOptions"];
            /**
             * @description Seconds within which the answer must come.
             * @example 600
             */
            expires_in: number;
        };
        /** @description What `toJSON()` gives after `navigator.credentials.get()`. Members that are not listed are let through. */
        AssertionCredential: {
            /**
             * @description The id of the credential.
             * @example …
             */
            id: string;
            /**
             * @description The id of the credential.
             * @example …
             */
            rawId?: string;
            /** @enum {string} */
            type: "public-key";
            response: {
                /**
                 * @description The client data of the browser: type, challenge and origin.
                 * @example …
                 */
                clientDataJSON: string;
                /**
                 * @description What the authenticator has signed.
                 * @example …
                 */
                authenticatorData: string;
                /**
                 * @description By the private key of the credential.
                 * @example …
                 */
                signature: string;
                userHandle?: null | string;
            };
        };
        /** @description The new password holds. */
        PasswordReset: {
            /**
             * @description Names this device, the only one that the account knows now; send it at login. With `transport: cookie` it is a cookie instead.
             * @example …
             */
            device_token?: string;
        };
        /** @description The address that the account has now. */
        EmailChanged: {
            /** @example ada@example.org */
            email: string;
        };
        /** @description The address that the account has again. */
        EmailRestored: {
            /** @example ada@example.com */
            email: string;
        };
        /** @description The account as it is now. */
        UserAnswer: {
            user: components["schemas"]["User"];
        };
        Session: {
            /** Format: uuid */
            id: string;
            /** @description Whether it is the one that asks. */
            current: boolean;
            /** @enum {string} */
            transport: "bearer" | "cookie";
            /** @example Ada’s phone */
            device_name: string | null;
            user_agent: string | null;
            /** @example 198.51.100.7 */
            ip: string | null;
            /**
             * @description How the user was authenticated (RFC 8176).
             * @example [
             *       "pwd"
             *     ]
             */
            amr: string[];
            /**
             * @description How strongly: `urn:latchkey:acr:1fa`, `urn:latchkey:acr:2fa` or `phr`.
             * @example urn:latchkey:acr:1fa
             */
            acr: string;
            /**
             * Format: date-time
             * @description When.
             * @example 2026-11-20T09:30:00.000Z
             */
            auth_time: string;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            last_seen_at: string;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            expires_at: string;
        };
        /** @description The living sessions, the one used last first. */
        SessionList: {
            sessions: components["schemas"]["Session"][];
        };
        /** @description Everything, under the names of the columns it is stored in. */
        PersonalExport: {
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            exported_at: string;
            /** @description The account. Of the password only how it is hashed. */
            account: {
                [key: string]: unknown;
            };
            /** @description Devices that have signed in. */
            known_devices: {
                [key: string]: unknown;
            }[];
            /** @description Authenticator apps, without their secrets. */
            totp_secrets: {
                [key: string]: unknown;
            }[];
            /** @description Passkeys, without their keys. */
            passkeys: {
                [key: string]: unknown;
            }[];
            /** @description Recovery codes that are left, by number. */
            recovery_codes: {
                [key: string]: unknown;
            }[];
            /** @description Links in mails that still work, without the links. */
            one_time_tokens: {
                [key: string]: unknown;
            }[];
            /** @description Sign-ups with the address that wait for their code. */
            registrations: {
                [key: string]: unknown;
            }[];
            /** @description Mails that wait or could not be sent. */
            jobs: {
                [key: string]: unknown;
            }[];
            /** @description Sessions, living and ended. */
            sessions: {
                [key: string]: unknown;
            }[];
            /** @description What the audit trail tells about the user, in clear. */
            audit_events: {
                [key: string]: unknown;
            }[];
            /** @description What the user has done to others or to all, without the others. */
            acts: {
                [key: string]: unknown;
            }[];
        };
        TotpFactor: {
            /** Format: uuid */
            id: string;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            created_at: string;
            last_used_at: null | string;
        };
        /** @description A passkey or security key, without its key. */
        Passkey: {
            /** Format: uuid */
            id: string;
            /** @example Ada’s phone */
            name: string;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            created_at: string;
            last_used_at: null | string;
            /** @description Whether it exists on more than one device. If not, add another. */
            backed_up: boolean;
            /** @description Whether it signs in by itself; a security key is a second factor only. */
            user_verified: boolean;
            /** @description The model of the authenticator, as it says. */
            aaguid: null | string;
        };
        RecoveryCodeSummary: {
            /**
             * @description How many have not been used.
             * @example 10
             */
            left: number;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            created_at: string;
        };
        /** @description What the user has beside the password. */
        SecondFactors: {
            /** @description Whether the user has a password. */
            password: boolean;
            /** @description Whether the password alone opens no session. */
            two_step: boolean;
            /** @description Whether the role demands a second factor. */
            required: boolean;
            /** @description When the role begins to demand one; `null` if it does already, or if no date is set. */
            required_from: null | string;
            /**
             * @description How many devices are not asked for the second factor for a while.
             * @example 0
             */
            remembered_devices: number;
            /** @description The authenticator app; `null` for none. */
            totp: null | components["schemas"]["TotpFactor"];
            /** @description And security keys; the oldest first. */
            passkeys: components["schemas"]["Passkey"][];
            /** @description `null` for none. */
            recovery_codes: null | components["schemas"]["RecoveryCodeSummary"];
        };
        /** @description The passkeys and security keys, the oldest first. */
        Passkeys: {
            passkeys: components["schemas"]["Passkey"][];
        };
        /** @description What `toJSON()` gives after `navigator.credentials.create()`. Members that are not listed are let through. */
        RegistrationCredential: {
            /**
             * @description The id of the credential.
             * @example …
             */
            id: string;
            /**
             * @description The id of the credential.
             * @example …
             */
            rawId?: string;
            /** @enum {string} */
            type: "public-key";
            response: {
                /**
                 * @description The client data of the browser: type, challenge and origin.
                 * @example …
                 */
                clientDataJSON: string;
                /**
                 * @description The new credential. Its attestation is not looked at.
                 * @example …
                 */
                attestationObject: string;
                transports?: string[];
            };
            clientExtensionResults?: {
                credProps?: {
                    rk?: boolean;
                };
            };
        };
        /** @description At the end of a reset, with `transport: bearer`. */
        PasskeyAddedTokens: {
            user: components["schemas"]["User"];
            session: {
                /** Format: uuid */
                id: string;
                /**
                 * Format: date-time
                 * @description The end that no refresh moves.
                 * @example 2026-11-20T09:30:00.000Z
                 */
                expires_at: string;
            };
            /** @enum {string} */
            token_type: "Bearer";
            /**
             * @description A JWT (RFC 9068) for the Authorization header.
             * @example …
             */
            access_token: string;
            /**
             * @description Seconds that the access token works.
             * @example 900
             */
            expires_in: number;
            /**
             * @description Opaque; replaces the one held so far.
             * @example …
             */
            refresh_token: string;
            /**
             * @description Seconds that the refresh token works if it is not used.
             * @example 604800
             */
            refresh_expires_in: number;
            /**
             * @description Names this device; send it back at the next login.
             * @example …
             */
            device_token: string;
            passkey: components["schemas"]["Passkey"];
            /** @description Ten, each of which works once. They cannot be read again. */
            recovery_codes: string[];
        };
        /** @description At the end of a reset, with `transport: cookie`. */
        PasskeyAddedCookieSession: {
            user: components["schemas"]["User"];
            session: {
                /** Format: uuid */
                id: string;
                /**
                 * Format: date-time
                 * @description The end that no refresh moves.
                 * @example 2026-11-20T09:30:00.000Z
                 */
                expires_at: string;
            };
            /**
             * @description Seconds that the access token works.
             * @example 900
             */
            expires_in: number;
            /**
             * @description Seconds that the refresh token works if it is not used.
             * @example 604800
             */
            refresh_expires_in: number;
            passkey: components["schemas"]["Passkey"];
            /** @description Ten, each of which works once. They cannot be read again. */
            recovery_codes: string[];
        };
        /** @description The passkey. */
        PasskeyAnswer: {
            passkey: components["schemas"]["Passkey"];
        };
        /** @description The passkey. At the end of a reset also tokens and recovery codes. */
        PasskeyAdded: components["schemas"]["PasskeyAddedTokens"] | components["schemas"]["PasskeyAddedCookieSession"] | components["schemas"]["PasskeyAnswer"];
        /** @description It waits for its first code. It cannot be read again. */
        TotpSecret: {
            /** Format: uuid */
            id: string;
            /**
             * @description For typing it in: Base32.
             * @example …
             */
            secret: string;
            /**
             * @description For a QR code that an authenticator app reads.
             * @example otpauth://totp/…
             */
            uri: string;
            /**
             * @description Seconds within which the first code must be entered.
             * @example 600
             */
            expires_in: number;
        };
        /** @description With `transport: bearer`. */
        FactorConfirmedTokens: {
            user: components["schemas"]["User"];
            session: {
                /** Format: uuid */
                id: string;
                /**
                 * Format: date-time
                 * @description The end that no refresh moves.
                 * @example 2026-11-20T09:30:00.000Z
                 */
                expires_at: string;
            };
            /** @enum {string} */
            token_type: "Bearer";
            /**
             * @description A JWT (RFC 9068) for the Authorization header.
             * @example …
             */
            access_token: string;
            /**
             * @description Seconds that the access token works.
             * @example 900
             */
            expires_in: number;
            /**
             * @description Opaque; replaces the one held so far.
             * @example …
             */
            refresh_token: string;
            /**
             * @description Seconds that the refresh token works if it is not used.
             * @example 604800
             */
            refresh_expires_in: number;
            /**
             * @description Names this device; send it back at the next login.
             * @example …
             */
            device_token: string;
            /** @description Ten, each of which works once. They cannot be read again. */
            recovery_codes?: string[];
        };
        /** @description With `transport: cookie`. */
        FactorConfirmedCookieSession: {
            user: components["schemas"]["User"];
            session: {
                /** Format: uuid */
                id: string;
                /**
                 * Format: date-time
                 * @description The end that no refresh moves.
                 * @example 2026-11-20T09:30:00.000Z
                 */
                expires_at: string;
            };
            /**
             * @description Seconds that the access token works.
             * @example 900
             */
            expires_in: number;
            /**
             * @description Seconds that the refresh token works if it is not used.
             * @example 604800
             */
            refresh_expires_in: number;
            /** @description Ten, each of which works once. They cannot be read again. */
            recovery_codes?: string[];
        };
        /** @description The account has two steps now. Every other session has ended. */
        FactorConfirmed: components["schemas"]["FactorConfirmedTokens"] | components["schemas"]["FactorConfirmedCookieSession"];
        /** @description The new recovery codes; all others are dead. */
        RecoveryCodes: {
            /** @description Ten, each of which works once. They cannot be read again. */
            recovery_codes: string[];
        };
        /** @description For `PublicKeyCredential.parseCreationOptionsFromJSON()`. */
        PublicKeyCreationOptions: {
            rp: {
                /** @example example.com */
                id: string;
                /** @example Example */
                name: string;
            };
            user: {
                /** @description In base64url; the same for the life of the account. */
                id: string;
                /** @example ada@example.com */
                name: string;
                /** @example Ada King */
                displayName: string;
            };
            /**
             * @description Works once.
             * @example …
             */
            challenge: string;
            pubKeyCredParams: {
                /** @enum {string} */
                type: "public-key";
                /** @example -7 */
                alg: number;
            }[];
            /**
             * @description Milliseconds for which the browser shows its dialogue.
             * @example 300000
             */
            timeout: number;
            excludeCredentials: components["schemas"]["CredentialDescriptor"][];
            authenticatorSelection: {
                /** @enum {string} */
                residentKey: "required" | "discouraged";
                requireResidentKey: boolean;
                /** @enum {string} */
                userVerification: "required" | "discouraged";
            };
            /** @enum {string} */
            attestation: "none";
            extensions: {
                credProps: boolean;
            };
        };
        /** @description For `navigator.credentials.create()`. */
        PasskeyCreationOptions: {
            public_key: components["schemas"]["PublicKeyCreationOptions"];
            /**
             * @description Seconds within which the answer must come.
             * @example 600
             */
            expires_in: number;
        };
        /** @description What there is to say of the token. */
        Introspection: {
            /** @description All there is when it is `false`. */
            active: boolean;
            /** @enum {string} */
            token_type?: "Bearer";
            /** @example https://auth.example.com */
            iss?: string;
            /**
             * @description For whom it was issued; compare it.
             * @example https://auth.example.com
             */
            aud?: string;
            /**
             * Format: uuid
             * @description The id of the user.
             */
            sub?: string;
            /**
             * Format: uuid
             * @description The id of the session.
             */
            sid?: string;
            /**
             * Format: uuid
             * @description The id of the token.
             */
            jti?: string;
            /**
             * @description Seconds since 1970.
             * @example 1795168200
             */
            iat?: number;
            /**
             * @description Seconds since 1970.
             * @example 1795168200
             */
            exp?: number;
            /**
             * @description When the user was authenticated last; seconds since 1970.
             * @example 1795168200
             */
            auth_time?: number;
            /**
             * @description How (RFC 8176).
             * @example [
             *       "pwd"
             *     ]
             */
            amr?: string[];
            /**
             * @description How strongly: `urn:latchkey:acr:1fa`, `urn:latchkey:acr:2fa` or `phr`.
             * @example urn:latchkey:acr:1fa
             */
            acr?: string;
            /**
             * @description The role as it is now, whatever the token says.
             * @example user
             */
            role?: string;
            /**
             * Format: uuid
             * @description Where the user has one, as it is now.
             */
            vendor_id?: string;
        };
        /** @description A refusal (RFC 6749, section 5.2). */
        OAuthError: {
            /** @enum {string} */
            error: "invalid_request" | "invalid_client" | "unauthorized_client" | "temporarily_unavailable" | "server_error";
            /** @description A sentence for a person; it may change. */
            error_description: string;
        };
        Revocations: {
            /**
             * @description `state`: the cursor cannot be continued; forget what you have heard, these changes are everything. `changes`: what is new since the cursor.
             * @enum {string}
             */
            event: "state" | "changes";
            /**
             * @description Send it with the next question, to this node or to another one.
             * @example 48213.2026112713000012345600
             */
            cursor: string;
            /**
             * Format: date-time
             * @description Everything that ended before is known.
             */
            fresh_at: string;
            /** @description The same as milliseconds before this answer, by a clock that is never set. */
            age_ms: number;
            changes: {
                /**
                 * @description What has changed. Ignore kinds that you do not know.
                 * @enum {string}
                 */
                kind: "session_ended" | "user_epoch" | "everyone" | "user_changed" | "vendor_changed" | "keys_changed";
                /**
                 * Format: uuid
                 * @description The session, user or vendor.
                 */
                subject_id?: string;
                /**
                 * Format: uuid
                 * @description The one session of the user that survives the raise; its older tokens are refused.
                 */
                except_id?: string;
                /** @description With `user_epoch` and `everyone`, older tokens have a lower one; with the others it is the new version. */
                number?: number;
                /**
                 * @description Why the sessions have ended.
                 * @example signed_out
                 */
                reason?: string;
                /** @enum {string} */
                vendor_status?: "active" | "suspended";
                /**
                 * @description With `keys_changed`: read the published keys again, with this as `as_of`.
                 * @example 48213.2026112713000012345600
                 */
                as_of?: string;
            }[];
        };
        /** @description A page of users. */
        UserList: {
            users: components["schemas"]["User"][];
            /**
             * @description Where the next page begins; null on the last one.
             * @example …
             */
            next_cursor: string | null;
        };
        Device: {
            /**
             * Format: uuid
             * @description The same in all accounts that know the device. It opens nothing.
             */
            id: string;
            /**
             * Format: date-time
             * @description Since when the account has known it without a break.
             * @example 2026-11-20T09:30:00.000Z
             */
            known_since: string;
            /**
             * Format: date-time
             * @description When it last did so.
             * @example 2026-11-20T09:30:00.000Z
             */
            last_used_at: string;
            /**
             * Format: date-time
             * @description When it last passed a second factor.
             * @example 2026-11-20T09:30:00.000Z
             */
            second_factor_at: string | null;
            /**
             * Format: date-time
             * @description Until then it is not asked for the second factor; `null` if it is.
             * @example 2026-11-20T09:30:00.000Z
             */
            remembered_until: string | null;
            /**
             * @description Whether a session lives on it.
             * @example true
             */
            signed_in: boolean;
            /**
             * @description From the session that was used last; `null` while there is none.
             * @example Ada’s phone
             */
            device_name: string | null;
            /** @description Likewise. */
            user_agent: string | null;
        };
        /** @description The devices that have signed in or confirmed the address, the last one first. */
        DeviceList: {
            devices: components["schemas"]["Device"][];
        };
        AccountBucket: {
            /**
             * @description What was wrong.
             * @enum {string}
             */
            method: "password" | "totp" | "recovery_code";
            /**
             * @description `strangers`: all devices that the account does not know, together. `device`: one that it knows.
             * @enum {string}
             */
            kind: "strangers" | "device";
            /**
             * Format: uuid
             * @description From the list of the user’s devices; `null` for strangers.
             */
            device_id: string | null;
            /**
             * @description Whether it refuses every try now.
             * @example true
             */
            locked: boolean;
            /**
             * Format: date-time
             * @description When it opens by itself. `null` while it is open, and for codes of strangers after a hundred wrong ones, which only `unlock` or a new password admits again.
             * @example 2026-11-20T09:30:00.000Z
             */
            locked_until: string | null;
            /**
             * @description Failures since it was last locked, or since the last success.
             * @example 0
             */
            failures: number;
            /**
             * @description How often in a row it was locked; each time is twice as long.
             * @example 1
             */
            locks: number;
        };
        /** @description How sign-ins to the account are held back. */
        AccountLock: {
            /**
             * @description Whether some sign-ins are refused now, whatever they bring.
             * @example true
             */
            locked: boolean;
            /** @description Those in which failures count; empty if there are none. */
            buckets: components["schemas"]["AccountBucket"][];
        };
        /** @description Figures for a dashboard. */
        Statistics: {
            users: {
                total: number;
                /**
                 * @description By the name of the role.
                 * @example {
                 *       "user": 41,
                 *       "admin": 1
                 *     }
                 */
                by_role: {
                    [key: string]: number;
                };
                /**
                 * @description `active`, `disabled`.
                 * @example {
                 *       "active": 42
                 *     }
                 */
                by_status: {
                    [key: string]: number;
                };
                /**
                 * @description `not_required`, `pending`, `approved`, `rejected`.
                 * @example {
                 *       "not_required": 42
                 *     }
                 */
                by_approval: {
                    [key: string]: number;
                };
            };
            /** @description Accounts made on each of the last 30 days, today last. */
            registrations: {
                /**
                 * Format: date
                 * @description A day of UTC.
                 * @example 2026-11-20
                 */
                day: string;
                count: number;
            }[];
            /** @description On each of the last 30 days, today last. */
            sign_ins: {
                /**
                 * Format: date
                 * @description A day of UTC.
                 * @example 2026-11-20
                 */
                day: string;
                succeeded: number;
                failed: number;
            }[];
            /** @description Of the sign-ins of these days, the part that failed. */
            failure_rate: number;
            /** @description What was refused most often in these days, as the audit trail names it; ten at most. */
            refusals: {
                /** @example authn_login_fail */
                event: string;
                /** @example invalid_credentials */
                reason: string | null;
                count: number;
            }[];
            /** @description The living ones. */
            sessions: {
                total: number;
                by_transport: {
                    bearer: number;
                    cookie: number;
                };
                /**
                 * Format: date-time
                 * @description Now, or where there are very many the last count, some minutes ago.
                 * @example 2026-11-20T09:30:00.000Z
                 */
                counted_at: string;
            };
        };
        /** @description What its users may do, and to whom. */
        Role: {
            /**
             * @description A role of the deployment.
             * @example user
             */
            name: string;
            /**
             * @description Users with the role may act only upon users of lower ranks.
             * @example 30
             */
            rank: number;
            /**
             * @description The kind of user that an application is for.
             * @example user
             */
            user_type: string;
            /**
             * @description Whether those who register into it wait until somebody approves.
             * @example false
             */
            requires_approval: boolean;
            /**
             * @description Whether people of this kind register into it by themselves; one role for each kind, and one without permissions.
             * @example false
             */
            self_registration: boolean;
            /**
             * @example [
             *       "users:read",
             *       "stats:read"
             *     ]
             */
            permissions: ("users:read" | "users:write" | "users:delete" | "users:approve" | "sessions:revoke" | "audit:read" | "roles:write" | "stats:read")[];
            /**
             * @description What its users need beside the password. `required`: a second factor at every sign-in. `phishing_resistant`: a passkey.
             * @enum {string}
             */
            second_factor: "optional" | "required" | "phishing_resistant";
            /** @description When that begins to hold; `null` for `optional`. */
            second_factor_from: null | string;
        };
        /** @description Every role, the highest first. */
        RoleList: {
            roles: components["schemas"]["Role"][];
        };
        /** @description The role as it is now. */
        RoleAnswer: {
            role: components["schemas"]["Role"];
        };
        /** @description An organisation; its users carry its id as `vendor_id`. */
        Vendor: {
            /** Format: uuid */
            id: string;
            /**
             * Format: line
             * @description One line; it is stored and compared in Unicode’s form NFC.
             * @example Quill and Sons
             */
            name: string;
            /** @enum {string} */
            status: "active" | "suspended";
        };
        /** @description A page of vendors. */
        VendorList: {
            vendors: components["schemas"]["Vendor"][];
            /**
             * @description Where the next page begins; null on the last one.
             * @example …
             */
            next_cursor: string | null;
        };
        /** @description The vendor. */
        VendorAnswer: {
            vendor: components["schemas"]["Vendor"];
        };
        AuditEvent: {
            /**
             * @description Later events have higher ids, save for what happened at once.
             * @example 1843
             */
            id: number;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            at: string;
            /** @example authn_login_success */
            event: string;
            /** @enum {string} */
            outcome: "success" | "failure";
            /** @example null */
            reason: string | null;
            /**
             * Format: uuid
             * @example null
             */
            actor_id: string | null;
            /**
             * Format: uuid
             * @example null
             */
            subject_id: string | null;
            /**
             * Format: uuid
             * @example null
             */
            session_id: string | null;
            /** @description The `X-Request-Id` of the answer. */
            request_id: string | null;
            /** @description From where (`ip`, `user_agent`), and what was changed (`before`, `after`); `null` once the subject has been erased. */
            personal: {
                [key: string]: unknown;
            } | null;
        };
        AuditEventList: {
            events: components["schemas"]["AuditEvent"][];
            /**
             * @description Where the next page begins; null on the last one.
             * @example …
             */
            next_cursor: string | null;
        };
        /** @description What is public of a key that signs access tokens. */
        SigningKey: {
            /** @description As in the header of the tokens that it signs. */
            kid: string;
            /** @enum {string} */
            alg: "ES256";
            /**
             * @description `next` is published and does not sign yet, `active` signs, `retired` only verifies.
             * @enum {string}
             */
            state: "next" | "active" | "retired";
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description From when on it signs; for a `next` key, when it takes over by itself.
             * @example 2026-11-20T09:30:00.000Z
             */
            active_from: string | null;
            /**
             * Format: date-time
             * @description When it stopped signing; for an `active` key, when it has been asked to stop.
             * @example 2026-11-20T09:30:00.000Z
             */
            retired_at: string | null;
            /**
             * Format: date-time
             * @description When a `retired` key stops verifying and is removed.
             * @example 2026-11-20T09:30:00.000Z
             */
            expires_at: string | null;
        };
        /** @description The signing keys, in the order in which they sign. */
        SigningKeyList: {
            keys: components["schemas"]["SigningKey"][];
            /** @description `false` while there are keys under an `ENCRYPTION_KEY` that this node does not have. They are not listed. */
            complete: boolean;
        };
        /** @description A mail that has not been sent. Its recipient is determined when it is sent. */
        QueuedMail: {
            /** @example 1843 */
            id: number;
            /**
             * @description What caused it.
             * @example registration
             */
            kind: string | null;
            /**
             * @description One that is being sent is `waiting`.
             * @enum {string}
             */
            state: "waiting" | "failed";
            /**
             * @description How often it has been tried.
             * @example 3
             */
            attempts: number;
            /**
             * @description How often it is tried at most.
             * @example 11
             */
            attempts_max: number;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it is tried next; `null` if it has failed.
             * @example 2026-11-20T09:30:00.000Z
             */
            due_at: string | null;
            /**
             * Format: date-time
             * @description When it was given up; `null` if it waits.
             * @example 2026-11-20T09:30:00.000Z
             */
            failed_at: string | null;
            /**
             * @description Why the last attempt failed; `null` if none has.
             * @enum {string|null}
             */
            failure: "unreachable" | "certificate" | "sign_in" | "refused" | "refused_for_good" | "bounced" | "not_configured" | "abandoned" | "other" | null;
        };
        /** @description A page of mails. */
        QueuedMailList: {
            mails: components["schemas"]["QueuedMail"][];
            /**
             * @description Where the next page begins; null on the last one.
             * @example …
             */
            next_cursor: string | null;
        };
        /** @description A credential of a service, without its secret. */
        ServiceCredential: {
            /**
             * Format: uuid
             * @description The service signs in with it: the user name in HTTP Basic.
             */
            id: string;
            /**
             * @description Of the service. It may have several credentials.
             * @example billing
             */
            name: string;
            /** @description Whether it may end the sessions of tokens. */
            may_revoke: boolean;
            /** @description Whether it may follow what has ended. */
            may_follow: boolean;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            created_at: string;
        };
        /** @description A page of credentials. */
        ServiceCredentialList: {
            services: components["schemas"]["ServiceCredential"][];
            /**
             * @description Where the next page begins; null on the last one.
             * @example …
             */
            next_cursor: string | null;
        };
        /** @description A setting and its value in force. */
        Setting: {
            /** @example ACCESS_TOKEN_TTL */
            name: string;
            description: string;
            /**
             * @description As it is written in the settings; `null` if there is none. `***` for one that is masked.
             * @example 15m
             */
            value: string | null;
            /**
             * @description Whether the value is a secret, or may contain one.
             * @example false
             */
            masked: boolean;
            /**
             * @description Whether it has been set. Otherwise its default is in force.
             * @example false
             */
            set: boolean;
        };
        /** @description Every setting. */
        SettingList: {
            settings: components["schemas"]["Setting"][];
        };
        /** @description What a verification of the audit trail has found. */
        TrailVerification: {
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            begun_at: string;
            /**
             * Format: date-time
             * @example 2026-11-20T09:30:00.000Z
             */
            ended_at: string;
            /**
             * @description Whether nothing was wrong.
             * @example true
             */
            sound: boolean;
            /**
             * @description How many were read.
             * @example 4300
             */
            seals: number;
            /**
             * @description How many were read.
             * @example 51000
             */
            events: number;
            /** @description Events that need not be kept any more. */
            dropped: number;
            /** @description Events that waited for their seal. */
            unsealed: number;
            /** @description Events without a MAC that could be checked. */
            unchecked: number;
            /** @description The end of the chain; `null` if there is no seal. */
            head: null | {
                seal: number;
                /** @description In hexadecimal. */
                hash: string;
            };
            /** @description Whether the chain contained the head that was given to the command; `null` if none was. */
            has_head: null | boolean;
            /** @description Events that differ from what was sealed. The first 20 of them. */
            altered: {
                count: number;
                first: number[];
            };
            /** @description Events that were sealed and are missing. The first 20 of them. */
            removed: {
                count: number;
                first: number[];
            };
            /** @description Events that are in no seal although those of their time are there. The first 20 of them. */
            inserted: {
                count: number;
                first: number[];
            };
            /** @description Events that stand under another id than the one that was sealed. The first 20 of them. */
            reordered: {
                count: number;
                first: number[];
            };
            /** @description Events without a valid MAC. The first 20 of them. */
            unsigned: {
                count: number;
                first: number[];
            };
            /** @description Events that no seal of ours covers. The first 20 of them. */
            orphaned: {
                count: number;
                first: number[];
            };
            /** @description Seals that are missing or not what they should be. The first 20 of them. */
            broken_seals: {
                count: number;
                first: number[];
            };
            /** @description Subjects whose key is gone without an erasure. The first 20 of them. */
            lost_keys: {
                count: number;
                first: string[];
            };
        };
        /** @description The last verification that was recorded. */
        LastTrailVerification: {
            /** @description `null` while none has been recorded. */
            verification: null | components["schemas"]["TrailVerification"];
        };
        /** @description How this node is. */
        Health: {
            /** @enum {string} */
            status: "healthy" | "degraded" | "unhealthy";
            /** @enum {string} */
            authentication: "JWT-enabled";
            /** @enum {string} */
            database: "connected" | "unreachable";
            /** @enum {string} */
            redis: "connected" | "unreachable";
            /** @enum {string} */
            mail: "connected" | "unreachable" | "not_configured";
            /**
             * @description Why no mail can be sent: `certificate`, `sign_in`, `refused` or `unreachable`.
             * @example certificate
             */
            mail_reason?: string;
            /**
             * @description The stores that answer and take no writes: nobody can sign in. It does not count for `status`.
             * @example [
             *       "redis"
             *     ]
             */
            refuses_writes?: ("database" | "redis")[];
            version: string;
            uptime_seconds: number;
        };
        /** @description The keys, public members only. */
        KeySet: {
            keys: {
                /** @enum {string} */
                kty: "EC";
                /** @enum {string} */
                crv: "P-256";
                x: string;
                y: string;
                /** Format: uuid */
                kid: string;
                /** @enum {string} */
                alg: "ES256";
                /** @enum {string} */
                use: "sig";
            }[];
            /** @description That of the question: the keys are of then, or newer. */
            as_of?: string;
        };
    };
    responses: {
        /** @description The request cannot be read. */
        MalformedRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "malformed_request";
                };
            };
        };
        /** @description Not allowed. */
        CsrfOrHttpsRequired: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "csrf" | "https_required";
                };
            };
        };
        /** @description In the way of something else. */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "conflict";
                };
            };
        };
        /** @description The body is too large. */
        BodyTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "body_too_large";
                };
            };
        };
        /** @description The body is not application/json. */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "unsupported_media_type";
                };
            };
        };
        /** @description Not valid. */
        InvalidRequestOrPasswordRejected: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "invalid_request" | "password_rejected";
                };
            };
        };
        /** @description Too often. Nobody is signed out by it. */
        RateLimited: {
            headers: {
                /** @description Seconds to wait before the next try. */
                "Retry-After"?: number;
                /** @description What is left of the rate limit and in how many seconds there is more; it says nothing about a lockout. */
                RateLimit?: string;
                /** @description The rate limit: how many, in how many seconds. */
                "RateLimit-Policy"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "rate_limited";
                };
            };
        };
        /** @description A fault of the server. */
        InternalError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "internal_error";
                };
            };
        };
        /** @description A store does not answer, or too busy. Nobody is signed out by it. */
        UnavailableOrOverloaded: {
            headers: {
                /** @description Seconds to wait before the next try. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "unavailable" | "overloaded";
                };
            };
        };
        /** @description Not valid. */
        InvalidRequestOrTokenInvalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "invalid_request" | "token_invalid";
                };
            };
        };
        /** @description A store does not answer, or too busy. Nobody is signed out by it. */
        Unavailable: {
            headers: {
                /** @description Seconds to wait before the next try. */
                "Retry-After"?: number;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "unavailable";
                };
            };
        };
        /** @description Not valid. */
        InvalidRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "invalid_request";
                };
            };
        };
        /** @description Not signed in, or not any more. */
        InvalidCredentialsOrMfaRequired: {
            headers: {
                /** @description How to sign in (RFC 6750, RFC 9470). */
                "WWW-Authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "invalid_credentials" | "mfa_required";
                };
            };
        };
        /** @description Too often. Nobody is signed out by it. */
        TooManyAttemptsOrRateLimited: {
            headers: {
                /** @description Seconds to wait before the next try. */
                "Retry-After"?: number;
                /** @description What is left of the rate limit and in how many seconds there is more; it says nothing about a lockout. */
                RateLimit?: string;
                /** @description The rate limit: how many, in how many seconds. */
                "RateLimit-Policy"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "too_many_attempts" | "rate_limited";
                };
            };
        };
        /** @description Not there, or not yours. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "not_found";
                };
            };
        };
        /** @description Not signed in, or not any more. */
        InvalidCredentialsOrPasskeyUnknown: {
            headers: {
                /** @description How to sign in (RFC 6750, RFC 9470). */
                "WWW-Authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "invalid_credentials" | "passkey_unknown";
                };
            };
        };
        /** @description Not allowed. */
        HttpsRequired: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "https_required";
                };
            };
        };
        /** @description In the way of something else. */
        LastSuperAdmin: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "last_super_admin";
                };
            };
        };
        /** @description A parameter of the path is too long. */
        MalformedRequest414: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "malformed_request";
                };
            };
        };
        /** @description In the way of something else. */
        LastFactor: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "last_factor";
                };
            };
        };
        /** @description In the way of something else. */
        ConflictOrLastSuperAdmin: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "conflict" | "last_super_admin";
                };
            };
        };
        /** @description Changed by somebody else meanwhile. */
        Stale: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "stale";
                };
            };
        };
        /** @description In the way of something else. */
        RoleInUse: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "role_in_use";
                };
            };
        };
        /** @description In the way of something else. */
        MailNotFailed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "mail_not_failed";
                };
            };
        };
        /** @description Not signed in, or not any more. */
        UnauthenticatedOrInvalidToken: {
            headers: {
                /** @description How to sign in (RFC 6750, RFC 9470). */
                "WWW-Authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"] & {
                    /** @enum {string} */
                    code: "unauthenticated" | "invalid_token";
                };
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Problem = components['schemas']['Problem'];
export type PendingRegistration = components['schemas']['PendingRegistration'];
export type User = components['schemas']['User'];
export type Registered = components['schemas']['Registered'];
export type Confirmed = components['schemas']['Confirmed'];
export type Tokens = components['schemas']['Tokens'];
export type CookieSession = components['schemas']['CookieSession'];
export type TokenResponse = components['schemas']['TokenResponse'];
export type CredentialDescriptor = components['schemas']['CredentialDescriptor'];
export type PublicKeyRequestOptions = components['schemas']['PublicKeyRequestOptions'];
export type PasskeyRequestOptions = components['schemas']['PasskeyRequestOptions'];
export type AssertionCredential = components['schemas']['AssertionCredential'];
export type PasswordReset = components['schemas']['PasswordReset'];
export type EmailChanged = components['schemas']['EmailChanged'];
export type EmailRestored = components['schemas']['EmailRestored'];
export type UserAnswer = components['schemas']['UserAnswer'];
export type Session = components['schemas']['Session'];
export type SessionList = components['schemas']['SessionList'];
export type PersonalExport = components['schemas']['PersonalExport'];
export type TotpFactor = components['schemas']['TotpFactor'];
export type Passkey = components['schemas']['Passkey'];
export type RecoveryCodeSummary = components['schemas']['RecoveryCodeSummary'];
export type SecondFactors = components['schemas']['SecondFactors'];
export type Passkeys = components['schemas']['Passkeys'];
export type RegistrationCredential = components['schemas']['RegistrationCredential'];
export type PasskeyAddedTokens = components['schemas']['PasskeyAddedTokens'];
export type PasskeyAddedCookieSession = components['schemas']['PasskeyAddedCookieSession'];
export type PasskeyAnswer = components['schemas']['PasskeyAnswer'];
export type PasskeyAdded = components['schemas']['PasskeyAdded'];
export type TotpSecret = components['schemas']['TotpSecret'];
export type FactorConfirmedTokens = components['schemas']['FactorConfirmedTokens'];
export type FactorConfirmedCookieSession = components['schemas']['FactorConfirmedCookieSession'];
export type FactorConfirmed = components['schemas']['FactorConfirmed'];
export type RecoveryCodes = components['schemas']['RecoveryCodes'];
export type PublicKeyCreationOptions = components['schemas']['PublicKeyCreationOptions'];
export type PasskeyCreationOptions = components['schemas']['PasskeyCreationOptions'];
export type Introspection = components['schemas']['Introspection'];
export type OAuthError = components['schemas']['OAuthError'];
export type Revocations = components['schemas']['Revocations'];
export type UserList = components['schemas']['UserList'];
export type Device = components['schemas']['Device'];
export type DeviceList = components['schemas']['DeviceList'];
export type AccountBucket = components['schemas']['AccountBucket'];
export type AccountLock = components['schemas']['AccountLock'];
export type Statistics = components['schemas']['Statistics'];
export type Role = components['schemas']['Role'];
export type RoleList = components['schemas']['RoleList'];
export type RoleAnswer = components['schemas']['RoleAnswer'];
export type Vendor = components['schemas']['Vendor'];
export type VendorList = components['schemas']['VendorList'];
export type VendorAnswer = components['schemas']['VendorAnswer'];
export type AuditEvent = components['schemas']['AuditEvent'];
export type AuditEventList = components['schemas']['AuditEventList'];
export type SigningKey = components['schemas']['SigningKey'];
export type SigningKeyList = components['schemas']['SigningKeyList'];
export type QueuedMail = components['schemas']['QueuedMail'];
export type QueuedMailList = components['schemas']['QueuedMailList'];
export type ServiceCredential = components['schemas']['ServiceCredential'];
export type ServiceCredentialList = components['schemas']['ServiceCredentialList'];
export type Setting = components['schemas']['Setting'];
export type SettingList = components['schemas']['SettingList'];
export type TrailVerification = components['schemas']['TrailVerification'];
export type LastTrailVerification = components['schemas']['LastTrailVerification'];
export type Health = components['schemas']['Health'];
export type KeySet = components['schemas']['KeySet'];
export type ResponseMalformedRequest = components['responses']['MalformedRequest'];
export type ResponseCsrfOrHttpsRequired = components['responses']['CsrfOrHttpsRequired'];
export type ResponseConflict = components['responses']['Conflict'];
export type ResponseBodyTooLarge = components['responses']['BodyTooLarge'];
export type ResponseUnsupportedMediaType = components['responses']['UnsupportedMediaType'];
export type ResponseInvalidRequestOrPasswordRejected = components['responses']['InvalidRequestOrPasswordRejected'];
export type ResponseRateLimited = components['responses']['RateLimited'];
export type ResponseInternalError = components['responses']['InternalError'];
export type ResponseUnavailableOrOverloaded = components['responses']['UnavailableOrOverloaded'];
export type ResponseInvalidRequestOrTokenInvalid = components['responses']['InvalidRequestOrTokenInvalid'];
export type ResponseUnavailable = components['responses']['Unavailable'];
export type ResponseInvalidRequest = components['responses']['InvalidRequest'];
export type ResponseInvalidCredentialsOrMfaRequired = components['responses']['InvalidCredentialsOrMfaRequired'];
export type ResponseTooManyAttemptsOrRateLimited = components['responses']['TooManyAttemptsOrRateLimited'];
export type ResponseNotFound = components['responses']['NotFound'];
export type ResponseInvalidCredentialsOrPasskeyUnknown = components['responses']['InvalidCredentialsOrPasskeyUnknown'];
export type ResponseHttpsRequired = components['responses']['HttpsRequired'];
export type ResponseLastSuperAdmin = components['responses']['LastSuperAdmin'];
export type ResponseMalformedRequest414 = components['responses']['MalformedRequest414'];
export type ResponseLastFactor = components['responses']['LastFactor'];
export type ResponseConflictOrLastSuperAdmin = components['responses']['ConflictOrLastSuperAdmin'];
export type ResponseStale = components['responses']['Stale'];
export type ResponseRoleInUse = components['responses']['RoleInUse'];
export type ResponseMailNotFailed = components['responses']['MailNotFailed'];
export type ResponseUnauthenticatedOrInvalidToken = components['responses']['UnauthenticatedOrInvalidToken'];
export type $defs = Record<string, never>;
export interface operations {
    register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "password": "violet kettle orbit 1843",
                 *       "full_name": "Ada King"
                 *     }
                 */
                "application/json": {
                    /**
                     * @description In ASCII before the @, because many mail servers deliver to no other address (`local_part_not_ascii`). An international domain is stored as A-labels, `xn--…`.
                     * @example ada@example.com
                     */
                    email: string;
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    password: string;
                    /**
                     * Format: line
                     * @description One line; it is stored and compared in Unicode’s form NFC.
                     * @example Ada King
                     */
                    full_name: string;
                    /**
                     * @description The kind of user that an application is for.
                     * @example user
                     */
                    user_type?: string;
                    /**
                     * @description A language tag (BCP 47) for mails.
                     * @example en
                     */
                    locale?: string;
                };
            };
        };
        responses: {
            /** @description Taken down. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PendingRegistration"] | components["schemas"]["Registered"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrPasswordRejected"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrOverloaded"];
        };
    };
    signup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "password": "violet kettle orbit 1843",
                 *       "full_name": "Ada King"
                 *     }
                 */
                "application/json": {
                    /**
                     * @description In ASCII before the @, because many mail servers deliver to no other address (`local_part_not_ascii`). An international domain is stored as A-labels, `xn--…`.
                     * @example ada@example.com
                     */
                    email: string;
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    password: string;
                    /**
                     * Format: line
                     * @description One line; it is stored and compared in Unicode’s form NFC.
                     * @example Ada King
                     */
                    full_name: string;
                    /**
                     * @description The kind of user that an application is for.
                     * @example user
                     */
                    user_type?: string;
                    /**
                     * @description A language tag (BCP 47) for mails.
                     * @example en
                     */
                    locale?: string;
                };
            };
        };
        responses: {
            /** @description Taken down. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PendingRegistration"] | components["schemas"]["Registered"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrPasswordRejected"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrOverloaded"];
        };
    };
    verifyEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    registration_id: string;
                    /**
                     * @description Ten minutes, five tries. A sign-up that is repeated soon has the code of the one before.
                     * @example 012345
                     */
                    code: string;
                    /**
                     * @description `bearer` (also when left out): tokens travel in JSON and in the Authorization header. `cookie`: in httpOnly cookies, never in JSON.
                     * @enum {string}
                     */
                    transport?: "bearer" | "cookie";
                };
            };
        };
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Confirmed"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrTokenInvalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    resendCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    registration_id: string;
                };
            };
        };
        responses: {
            /** @description If there is one, it is mailed. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "password": "violet kettle orbit 1843",
                 *       "device_name": "Ada’s phone"
                 *     }
                 */
                "application/json": {
                    /** @example ada@example.com */
                    email: string;
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    password: string;
                    /**
                     * @description `bearer` (also when left out): tokens travel in JSON and in the Authorization header. `cookie`: in httpOnly cookies, never in JSON.
                     * @enum {string}
                     */
                    transport?: "bearer" | "cookie";
                    /**
                     * Format: line
                     * @description How the owner will know this device in the list of sessions.
                     * @example Ada’s phone
                     */
                    device_name?: string;
                    /** @example … */
                    device_token?: string;
                    /**
                     * @description The kind of user that an application is for.
                     * @example user
                     */
                    user_type?: string;
                };
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["InvalidCredentialsOrMfaRequired"];
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "approval_pending" | "approval_rejected" | "account_disabled" | "vendor_suspended" | "wrong_user_type" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["TooManyAttemptsOrRateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrOverloaded"];
        };
    };
    getSecondFactorOptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description The `mfa_token` of the first step. A browser sends it as a cookie instead.
                     * @example …
                     */
                    mfa_token?: string;
                };
            };
        };
        responses: {
            /** @description For `navigator.credentials.get()`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyRequestOptions"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrTokenInvalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    loginSecondFactor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "mfa_token": "…",
                 *       "code": "012345"
                 *     }
                 */
                "application/json": {
                    /**
                     * @description The `mfa_token` of the first step. A browser sends it as a cookie instead.
                     * @example …
                     */
                    mfa_token?: string;
                    /**
                     * Format: line
                     * @description How the owner will know this device in the list of sessions.
                     * @example Ada’s phone
                     */
                    device_name?: string;
                    /** @description Whether this device is not to be asked for the second factor again for `REMEMBER_DEVICE`. Without effect where that is off, and for users whose role demands a second factor. */
                    remember_device?: boolean;
                    /**
                     * @description What the authenticator app shows; it works once.
                     * @example 012345
                     */
                    code: string;
                } | {
                    /**
                     * @description The `mfa_token` of the first step. A browser sends it as a cookie instead.
                     * @example …
                     */
                    mfa_token?: string;
                    /**
                     * Format: line
                     * @description How the owner will know this device in the list of sessions.
                     * @example Ada’s phone
                     */
                    device_name?: string;
                    /** @description Whether this device is not to be asked for the second factor again for `REMEMBER_DEVICE`. Without effect where that is off, and for users whose role demands a second factor. */
                    remember_device?: boolean;
                    /**
                     * @description One of the recovery codes; it works once. Case, blanks and hyphens do not matter.
                     * @example ABCD-EFGH-IJKL-MNOP-QRST-UV23
                     */
                    recovery_code: string;
                } | {
                    /**
                     * @description The `mfa_token` of the first step. A browser sends it as a cookie instead.
                     * @example …
                     */
                    mfa_token?: string;
                    /**
                     * Format: line
                     * @description How the owner will know this device in the list of sessions.
                     * @example Ada’s phone
                     */
                    device_name?: string;
                    /** @description Whether this device is not to be asked for the second factor again for `REMEMBER_DEVICE`. Without effect where that is off, and for users whose role demands a second factor. */
                    remember_device?: boolean;
                    credential: components["schemas"]["AssertionCredential"];
                } | {
                    /**
                     * @description The `mfa_token` of the first step. A browser sends it as a cookie instead.
                     * @example …
                     */
                    mfa_token?: string;
                    /**
                     * Format: line
                     * @description How the owner will know this device in the list of sessions.
                     * @example Ada’s phone
                     */
                    device_name?: string;
                    /**
                     * @description Of the link in the mail about a reset of the second factors.
                     * @example …
                     */
                    reset_token: string;
                };
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["InvalidCredentialsOrPasskeyUnknown"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrTokenInvalid"];
            429: components["responses"]["TooManyAttemptsOrRateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrOverloaded"];
        };
    };
    getPasskeyLoginOptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description For `navigator.credentials.get()`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyRequestOptions"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    loginWithPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    credential: components["schemas"]["AssertionCredential"];
                    /**
                     * @description `bearer` (also when left out): tokens travel in JSON and in the Authorization header. `cookie`: in httpOnly cookies, never in JSON.
                     * @enum {string}
                     */
                    transport?: "bearer" | "cookie";
                    /**
                     * Format: line
                     * @description How the owner will know this device in the list of sessions.
                     * @example Ada’s phone
                     */
                    device_name?: string;
                    /** @example … */
                    device_token?: string;
                    /**
                     * @description The kind of user that an application is for.
                     * @example user
                     */
                    user_type?: string;
                };
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["InvalidCredentialsOrPasskeyUnknown"];
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "approval_pending" | "approval_rejected" | "account_disabled" | "vendor_suspended" | "wrong_user_type" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    forgotPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example ada@example.com */
                    email: string;
                };
            };
        };
        responses: {
            /** @description If there is an account, its owner gets a mail. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    resetPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example … */
                    token: string;
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    new_password: string;
                    /**
                     * @description `bearer` (also when left out): tokens travel in JSON and in the Authorization header. `cookie`: in httpOnly cookies, never in JSON.
                     * @enum {string}
                     */
                    transport?: "bearer" | "cookie";
                };
            };
        };
        responses: {
            /** @description The new password holds. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasswordReset"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            /** @description Not valid. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "invalid_request" | "password_rejected" | "token_invalid";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrOverloaded"];
        };
    };
    confirmEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example … */
                    token: string;
                };
            };
        };
        responses: {
            /** @description The address that the account has now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailChanged"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrTokenInvalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    undoEmailChange: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @example … */
                    token: string;
                };
            };
        };
        responses: {
            /** @description The address that the account has again. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmailRestored"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrTokenInvalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description This session (`local`, also when left out), the others, or all.
                     * @enum {string}
                     */
                    scope?: "local" | "others" | "everywhere";
                    /** @example … */
                    refresh_token?: string;
                };
            };
        };
        responses: {
            /** @description Signed out. */
            204: {
                headers: {
                    /** @description For browsers; not with `others`, where the own session goes on. */
                    "Clear-Site-Data"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["CsrfOrHttpsRequired"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @example … */
                    refresh_token?: string;
                };
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended";
                    };
                };
            };
            403: components["responses"]["HttpsRequired"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Erased, and signed out everywhere. A browser still knows its device, which may serve other accounts. */
            204: {
                headers: {
                    /** @description For browsers. */
                    "Clear-Site-Data"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            409: components["responses"]["LastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: line
                     * @description One line; it is stored and compared in Unicode’s form NFC.
                     * @example Ada King
                     */
                    full_name?: string;
                    /**
                     * @description A language tag (BCP 47) for mails.
                     * @example en
                     */
                    locale?: string;
                };
            };
        };
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "current_password": "violet kettle orbit 1843",
                 *       "new_password": "amber ladder drift 1791"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    current_password: string;
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    new_password: string;
                };
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "invalid_credentials" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrPasswordRejected"];
            429: components["responses"]["TooManyAttemptsOrRateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrOverloaded"];
        };
    };
    getReauthenticationOptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description For `navigator.credentials.get()`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyRequestOptions"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    reauthenticate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    password: string;
                } | {
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    password: string;
                    /**
                     * @description What the authenticator app shows; it works once.
                     * @example 012345
                     */
                    code: string;
                } | {
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    password: string;
                    /**
                     * @description One of the recovery codes; it works once. Case, blanks and hyphens do not matter.
                     * @example ABCD-EFGH-IJKL-MNOP-QRST-UV23
                     */
                    recovery_code: string;
                } | {
                    /**
                     * @description The `mfa_token` of the first step. A browser sends it as a cookie instead.
                     * @example …
                     */
                    mfa_token?: string;
                    /**
                     * @description What the authenticator app shows; it works once.
                     * @example 012345
                     */
                    code: string;
                } | {
                    /**
                     * @description The `mfa_token` of the first step. A browser sends it as a cookie instead.
                     * @example …
                     */
                    mfa_token?: string;
                    /**
                     * @description One of the recovery codes; it works once. Case, blanks and hyphens do not matter.
                     * @example ABCD-EFGH-IJKL-MNOP-QRST-UV23
                     */
                    recovery_code: string;
                } | {
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    password: string;
                    credential: components["schemas"]["AssertionCredential"];
                } | {
                    /**
                     * @description The `mfa_token` of the first step. A browser sends it as a cookie instead.
                     * @example …
                     */
                    mfa_token?: string;
                    credential: components["schemas"]["AssertionCredential"];
                };
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "invalid_credentials" | "passkey_unknown" | "mfa_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrTokenInvalid"];
            429: components["responses"]["TooManyAttemptsOrRateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["UnavailableOrOverloaded"];
        };
    };
    check: {
        parameters: {
            query?: {
                /** @description The least strength of the sign-in: one factor, two, or one that resists phishing. */
                acr?: "1fa" | "2fa" | "phr";
                /**
                 * @description The most seconds since the user was authenticated.
                 * @example 600
                 */
                max_age?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is, and the headers tell whose it is. */
            204: {
                headers: {
                    /** @description The id of the user. */
                    "X-Auth-User"?: string;
                    /** @description The role as it is now. */
                    "X-Auth-Role"?: string;
                    /** @description The id of the session. */
                    "X-Auth-Session"?: string;
                    /** @description How strongly the user was authenticated. */
                    "X-Auth-Acr"?: string;
                    /** @description When: seconds since 1970. */
                    "X-Auth-Time"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            422: components["responses"]["InvalidRequest"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The living sessions, the one used last first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description From the list of sessions. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended, now or before. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    changeEmail: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description In ASCII before the @, because many mail servers deliver to no other address (`local_part_not_ascii`). An international domain is stored as A-labels, `xn--…`.
                     * @example ada@example.com
                     */
                    new_email: string;
                };
            };
        };
        responses: {
            /** @description Both addresses are mailed. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    exportMe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Everything, under the names of the columns it is stored in. */
            200: {
                headers: {
                    /** @description A browser saves it as a file. */
                    "Content-Disposition"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PersonalExport"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    removePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastFactor"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSecondFactors: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the user has beside the password. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecondFactors"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listPasskeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The passkeys and security keys, the oldest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Passkeys"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    addPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    credential: components["schemas"]["RegistrationCredential"];
                    /**
                     * Format: line
                     * @description One line, by which the owner knows it.
                     * @example Ada’s phone
                     */
                    name: string;
                };
            };
        };
        responses: {
            /** @description The passkey. At the end of a reset also tokens and recovery codes. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyAdded"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrTokenInvalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    removePasskey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the passkey. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastFactor"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    renamePasskey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the passkey. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: line
                     * @description One line, by which the owner knows it.
                     * @example Ada’s phone
                     */
                    name: string;
                };
            };
        };
        responses: {
            /** @description The passkey. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    addTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description It waits for its first code. It cannot be read again. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TotpSecret"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    removeTotp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastFactor"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    confirmTotp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the secret. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description What the authenticator app shows; it works once.
                     * @example 012345
                     */
                    code: string;
                };
            };
        };
        responses: {
            /** @description The account has two steps now. Every other session has ended. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FactorConfirmed"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequestOrTokenInvalid"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    setTwoStep: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description `true`: a second factor is asked for at every sign-in. */
                    enabled: boolean;
                };
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenResponse"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            409: components["responses"]["LastFactor"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    renewRecoveryCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The new recovery codes; all others are dead. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            409: components["responses"]["LastFactor"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getPasskeyOptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * @description `passkey` (also when left out) verifies its user and signs in by itself. `security_key` only needs a touch, and is a second factor for ever.
                     * @enum {string}
                     */
                    kind?: "passkey" | "security_key";
                };
            };
        };
        responses: {
            /** @description For `navigator.credentials.create()`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyCreationOptions"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "csrf" | "vendor_suspended" | "password_change_required" | "https_required";
                    };
                };
            };
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    introspect: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @example … */
                    token: string;
                    /**
                     * @description `access_token` or `refresh_token`; it changes nothing, because one look tells which it is.
                     * @example access_token
                     */
                    token_type_hint?: string;
                };
            };
        };
        responses: {
            /** @description What there is to say of the token. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Introspection"];
                };
            };
            /** @description Without a token, or with a parameter twice: `invalid_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description No credentials of a service, or wrong ones: `invalid_client`. */
            401: {
                headers: {
                    /** @description How a service signs in (RFC 7617). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description From an origin that is not allowed, or not over https: `invalid_request`. Or the service may not do this: `unauthorized_client`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description The body is too large: `invalid_request`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description The body is no form: `invalid_request`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description Too many wrong credentials from this address; right ones are never refused for it: `temporarily_unavailable`. */
            429: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description A store does not answer. Nothing has been decided: `temporarily_unavailable`. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
        };
    };
    revoke: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-www-form-urlencoded": {
                    /** @example … */
                    token: string;
                    /**
                     * @description `access_token` or `refresh_token`; it changes nothing, because one look tells which it is.
                     * @example access_token
                     */
                    token_type_hint?: string;
                };
            };
        };
        responses: {
            /** @description Whatever the token was, it is worth nothing now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Without a token, or with a parameter twice: `invalid_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description No credentials of a service, or wrong ones: `invalid_client`. */
            401: {
                headers: {
                    /** @description How a service signs in (RFC 7617). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description From an origin that is not allowed, or not over https: `invalid_request`. Or the service may not do this: `unauthorized_client`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description The body is too large: `invalid_request`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description The body is no form: `invalid_request`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description Too many wrong credentials from this address; right ones are never refused for it: `temporarily_unavailable`. */
            429: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description A store does not answer. Nothing has been decided: `temporarily_unavailable`. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
        };
    };
    getRevocations: {
        parameters: {
            query?: {
                /**
                 * @description The last cursor. Without one, everything is told.
                 * @example 48213.2026112713000012345600
                 */
                cursor?: string;
            };
            header?: {
                accept?: string;
                /**
                 * @description The last `id` of a stream.
                 * @example 48213.2026112713000012345600
                 */
                "last-event-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What has ended, until now or from now on. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Revocations"];
                    "text/event-stream": string;
                };
            };
            /** @description Without a token, or with a parameter twice: `invalid_request`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description No credentials of a service, or wrong ones: `invalid_client`. */
            401: {
                headers: {
                    /** @description How a service signs in (RFC 7617). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description From an origin that is not allowed, or not over https: `invalid_request`. Or the service may not do this: `unauthorized_client`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description The body is too large: `invalid_request`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description The body is no form: `invalid_request`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description Too many wrong credentials from this address; right ones are never refused for it: `temporarily_unavailable`. */
            429: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
            /** @description A store does not answer. Nothing has been decided: `temporarily_unavailable`. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OAuthError"];
                };
            };
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /**
                 * @description How many entries a page has at most: 1 to 200.
                 * @example 50
                 */
                limit?: string;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
                /**
                 * @description One or two characters: the beginning of the address or the name. From three on any part of them; where nobody has that, what is like it. Two characters of a name that is written without blanks, such as a Chinese one, find it by its beginning only.
                 * @example ada
                 */
                q?: string;
                /**
                 * @description A role of the deployment.
                 * @example user
                 */
                role?: string;
                status?: "active" | "disabled";
                approval?: "not_required" | "pending" | "approved" | "rejected";
                /** @description Users of this vendor. */
                vendor_id?: string;
                /**
                 * @description Users with these ids: 100 at most, with commas between them. An id that no user has is passed over.
                 * @example 0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11,5a3f7f0a-1f0e-4a0b-8d55-0d6a0a2f9c77
                 */
                ids?: string;
                /** @description Users with neither an authenticator app nor a passkey, with an app, or with a passkey or security key. */
                second_factor?: "none" | "totp" | "passkey";
                /** @description With a minus the last come first. The newest first when left out. */
                sort?: "-created_at" | "created_at" | "email" | "-email" | "-last_login_at" | "last_login_at";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of users. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "email": "ada@example.com",
                 *       "full_name": "Ada King",
                 *       "role": "user"
                 *     }
                 */
                "application/json": {
                    /**
                     * @description In ASCII before the @, because many mail servers deliver to no other address (`local_part_not_ascii`). An international domain is stored as A-labels, `xn--…`.
                     * @example ada@example.com
                     */
                    email: string;
                    /**
                     * Format: line
                     * @description One line; it is stored and compared in Unicode’s form NFC.
                     * @example Ada King
                     */
                    full_name: string;
                    /**
                     * @description A role of the deployment.
                     * @example user
                     */
                    role: string;
                    /**
                     * Format: uuid
                     * @description The vendor whose user it is; `null` for none.
                     * @example 0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11
                     */
                    vendor_id?: string | null;
                    /**
                     * @description A language tag (BCP 47) for mails.
                     * @example en
                     */
                    locale?: string;
                };
            };
        };
        responses: {
            /** @description The account as it is now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    /** @description For `If-Match`. It is another one after each change. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            414: components["responses"]["MalformedRequest414"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    replaceUser: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of what is changed, as it was read: if it has changed since, the answer is 412 `stale` and nothing changes. Without it the change is made whatever was there.
                 * @example "2jmj7l5rSw0y"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "accountant"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: line
                     * @description One line; it is stored and compared in Unicode’s form NFC.
                     * @example Ada King
                     */
                    full_name?: string;
                    /**
                     * @description A role of the deployment.
                     * @example user
                     */
                    role?: string;
                    /**
                     * Format: uuid
                     * @description The vendor whose user it is; `null` for none.
                     * @example 0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11
                     */
                    vendor_id?: string | null;
                    /**
                     * @description A language tag (BCP 47) for mails.
                     * @example en
                     */
                    locale?: string;
                    /**
                     * @description In ASCII before the @, because many mail servers deliver to no other address (`local_part_not_ascii`). An international domain is stored as A-labels, `xn--…`.
                     * @example ada@example.com
                     */
                    email?: string;
                };
            };
        };
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["ConflictOrLastSuperAdmin"];
            412: components["responses"]["Stale"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Erased, and signed out everywhere. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateUser: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of what is changed, as it was read: if it has changed since, the answer is 412 `stale` and nothing changes. Without it the change is made whatever was there.
                 * @example "2jmj7l5rSw0y"
                 */
                "if-match"?: string;
            };
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "accountant"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: line
                     * @description One line; it is stored and compared in Unicode’s form NFC.
                     * @example Ada King
                     */
                    full_name?: string;
                    /**
                     * @description A role of the deployment.
                     * @example user
                     */
                    role?: string;
                    /**
                     * Format: uuid
                     * @description The vendor whose user it is; `null` for none.
                     * @example 0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11
                     */
                    vendor_id?: string | null;
                    /**
                     * @description A language tag (BCP 47) for mails.
                     * @example en
                     */
                    locale?: string;
                    /**
                     * @description In ASCII before the @, because many mail servers deliver to no other address (`local_part_not_ascii`). An international domain is stored as A-labels, `xn--…`.
                     * @example ada@example.com
                     */
                    email?: string;
                };
            };
        };
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    /** @description For `If-Match`. It is another one after each change. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["ConflictOrLastSuperAdmin"];
            412: components["responses"]["Stale"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    readSecondFactors: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the user has beside the password. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecondFactors"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            414: components["responses"]["MalformedRequest414"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listUserDevices: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The devices that have signed in or confirmed the address, the last one first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            414: components["responses"]["MalformedRequest414"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserLock: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How sign-ins to the account are held back. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountLock"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            414: components["responses"]["MalformedRequest414"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    disableUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    enableUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    unlockUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    requirePasswordChange: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["ConflictOrLastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    approveUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["ConflictOrLastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    rejectUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /**
                     * Format: line
                     * @description Why: it stands in the mail.
                     * @example The documents are out of date.
                     */
                    reason?: string;
                };
            };
        };
        responses: {
            /** @description The account as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["ConflictOrLastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getUserStatistics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Figures for a dashboard. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statistics"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    signOutUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Every session has ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listUserSessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The living sessions, the one used last first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastSuperAdmin"];
            414: components["responses"]["MalformedRequest414"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    endUserSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
                /** @description From the list of the user’s sessions. */
                sid: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended, now or before. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["LastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    sendPasswordReset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The mail is on its way. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["ConflictOrLastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    resetSecondFactors: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the user. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description The mail is on its way. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["ConflictOrLastSuperAdmin"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listRoles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every role, the highest first. */
            200: {
                headers: {
                    /** @description For `If-Match`. It is another one after each change. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    putRole: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The `ETag` of what is changed, as it was read: if it has changed since, the answer is 412 `stale` and nothing changes. Without it the change is made whatever was there.
                 * @example "2jmj7l5rSw0y"
                 */
                "if-match"?: string;
            };
            path: {
                /**
                 * @description A role of the deployment.
                 * @example user
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description May be left out. Otherwise it must be the name in the path.
                     * @example user
                     */
                    name?: string;
                    /**
                     * @description Users with the role may act only upon users of lower ranks.
                     * @example 30
                     */
                    rank: number;
                    /**
                     * @description The kind of user that an application is for.
                     * @example user
                     */
                    user_type: string;
                    /**
                     * @description Whether those who register into it wait until somebody approves.
                     * @example false
                     */
                    requires_approval: boolean;
                    /**
                     * @description Whether people of this kind register into it by themselves; one role for each kind, and one without permissions.
                     * @example false
                     */
                    self_registration: boolean;
                    /**
                     * @example [
                     *       "users:read",
                     *       "stats:read"
                     *     ]
                     */
                    permissions: ("users:read" | "users:write" | "users:delete" | "users:approve" | "sessions:revoke" | "audit:read" | "roles:write" | "stats:read")[];
                    /**
                     * @description What its users need beside the password. `required`: a second factor at every sign-in. `phishing_resistant`: a passkey. Left out, it stays as it is; a new role has `optional`.
                     * @enum {string}
                     */
                    second_factor?: "optional" | "required" | "phishing_resistant";
                    /** @description When that begins to hold, in the years 1970 to 9999 (UTC). Left out or `null`: at once if `second_factor` changes. */
                    second_factor_from?: null | string;
                };
            };
        };
        responses: {
            /** @description The role as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleAnswer"];
                };
            };
            /** @description The role as it is now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["Stale"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    deleteRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description A role of the deployment.
                 * @example user
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["RoleInUse"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listVendors: {
        parameters: {
            query?: {
                /**
                 * @description How many entries a page has at most: 1 to 200.
                 * @example 50
                 */
                limit?: string;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
                /**
                 * @description The beginning of the name, in upper or lower case.
                 * @example quill
                 */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of vendors. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VendorList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    createVendor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * Format: line
                     * @description One line; it is stored and compared in Unicode’s form NFC.
                     * @example Quill and Sons
                     */
                    name: string;
                };
            };
        };
        responses: {
            /** @description The vendor. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VendorAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    updateVendor: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Of the vendor. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "status": "suspended"
                 *     }
                 */
                "application/json": {
                    /**
                     * Format: line
                     * @description One line; it is stored and compared in Unicode’s form NFC.
                     * @example Quill and Sons
                     */
                    name?: string;
                    /** @enum {string} */
                    status?: "active" | "suspended";
                };
            };
        };
        responses: {
            /** @description The vendor. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VendorAnswer"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listAuditEvents: {
        parameters: {
            query?: {
                /** @description Who did it. */
                actor?: string;
                /** @description To whom. */
                subject?: string;
                /**
                 * @description What happened.
                 * @example authn_login_fail
                 */
                event?: string;
                /**
                 * @description From this time on. A leap second is refused.
                 * @example 2026-11-20T09:30:00.000Z
                 */
                from?: string;
                /**
                 * @description Before this time.
                 * @example 2026-11-20T09:30:00.000Z
                 */
                to?: string;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
                /** @description `json` when left out. With the others a `cursor` is refused. */
                format?: "json" | "ndjson" | "csv";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events of the trail. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEventList"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSigningKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The signing keys, in the order in which they sign. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SigningKeyList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listMails: {
        parameters: {
            query?: {
                /** @description `failed` when left out. */
                state?: "waiting" | "failed";
                /**
                 * @description How many entries a page has at most: 1 to 200.
                 * @example 50
                 */
                limit?: string;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of mails. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueuedMailList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listServices: {
        parameters: {
            query?: {
                /**
                 * @description How many entries a page has at most: 1 to 200.
                 * @example 50
                 */
                limit?: string;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of credentials. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceCredentialList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    listSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every setting. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SettingList"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    retryMail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Of the mail.
                 * @example 1843
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description It is sent soon. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            404: components["responses"]["NotFound"];
            409: components["responses"]["MailNotFailed"];
            413: components["responses"]["BodyTooLarge"];
            414: components["responses"]["MalformedRequest414"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getTrailVerification: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last verification that was recorded. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LastTrailVerification"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getDashboardStatistics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Figures for a dashboard. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statistics"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    signOutEveryone: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Nobody is signed in. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "csrf" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required" | "https_required";
                    };
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["InvalidRequest"];
            429: components["responses"]["RateLimited"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "live";
                    };
                };
            };
            400: components["responses"]["MalformedRequest"];
            500: components["responses"]["InternalError"];
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It should. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready";
                    };
                };
            };
            400: components["responses"]["MalformedRequest"];
            500: components["responses"]["InternalError"];
            /** @description Not now. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "not_ready";
                    };
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How this node is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["MalformedRequest"];
            500: components["responses"]["InternalError"];
            /** @description How this node is. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getDatabaseHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It answers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        database: "connected";
                        /** @example 0.8 */
                        latency_ms: number;
                    };
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required";
                    };
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getPoolStats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The figures of this moment. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        max: number;
                        min: number;
                        in_use: number;
                        waiting: number;
                    };
                };
            };
            400: components["responses"]["MalformedRequest"];
            /** @description Not signed in, or not any more. */
            401: {
                headers: {
                    /** @description How to sign in (RFC 6750, RFC 9470). */
                    "WWW-Authenticate"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "unauthenticated" | "invalid_token" | "session_ended" | "reauthentication_required";
                    };
                };
            };
            /** @description Not allowed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {string} */
                        code: "forbidden" | "vendor_suspended" | "password_change_required" | "second_factor_enrollment_required";
                    };
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    getJwks: {
        parameters: {
            query?: {
                /**
                 * @description The `as_of` of the last `keys_changed` that was told.
                 * @example 48213.2026112713000012345600
                 */
                as_of?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys, public members only. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeySet"];
                };
            };
            /** @description Not modified. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["HttpsRequired"];
            422: components["responses"]["InvalidRequest"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    openChangePasswordForm: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To APP_URL + /change-password. */
            302: {
                headers: {
                    /** @description The form. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["HttpsRequired"];
            500: components["responses"]["InternalError"];
        };
    };
    getSecurityTxt: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description security.txt */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["MalformedRequest"];
            403: components["responses"]["HttpsRequired"];
            500: components["responses"]["InternalError"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The text format of Prometheus. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["MalformedRequest"];
            401: components["responses"]["UnauthenticatedOrInvalidToken"];
            404: components["responses"]["NotFound"];
            500: components["responses"]["InternalError"];
        };
    };
}
