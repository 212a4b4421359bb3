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
         * @description A wrong password, an unknown address and one that was never confirmed are one answer: 401 `invalid_credentials`. Only after the right password: 403 `approval_pending`, `approval_rejected`, `account_disabled`, `wrong_user_type`.
         */
        post: operations["login"];
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
         * @description Bearer: the token in the body. Cookie: no body. Keep both new tokens. A lost answer may be asked for again: within REFRESH_GRACE one token always gets the one newest token; later than that it is taken for stolen, and the session ends (`reuse_detected`).
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
        delete?: never;
        options?: never;
        head?: never;
        /** Change one’s name or locale */
        patch: operations["updateMe"];
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
         * @description For a reverse proxy’s forward authentication (nginx `auth_request`, Traefik, Caddy). No store is asked.
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
         * Prove the password again
         * @description For acts that are refused with 401 `reauthentication_required`: the session’s tokens rotate and carry a new `auth_time`.
         */
        post: operations["reauthenticate"];
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
         * @description 503 while it starts, drains, or has been without a store for longer than READY_GRACE.
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
         * @description `degraded`: Postgres or Redis does not answer. `unhealthy`: it cannot sign or verify. Mail shows in `mail` only.
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
         * @description For services that verify access tokens themselves (RFC 7517). Cacheable; a key is here before it signs and until the last token that it signed has expired.
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
        get: operations["getChangePasswordUrl"];
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
            code: "malformed_request" | "unauthenticated" | "invalid_token" | "session_ended" | "invalid_credentials" | "reauthentication_required" | "forbidden" | "csrf" | "approval_pending" | "approval_rejected" | "account_disabled" | "vendor_suspended" | "wrong_user_type" | "password_change_required" | "https_required" | "not_found" | "method_not_allowed" | "conflict" | "role_in_use" | "last_super_admin" | "body_too_large" | "unsupported_media_type" | "invalid_request" | "password_rejected" | "token_invalid" | "too_many_attempts" | "rate_limited" | "internal_error" | "unavailable" | "overloaded";
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
            reason?: "expired" | "idle" | "signed_out" | "revoked_by_user" | "revoked_by_admin" | "password_changed" | "reuse_detected" | "evicted" | "account_disabled" | "account_deleted" | "email_restored" | "everyone_signed_out";
            /** @description Seconds within which the password must have been entered (RFC 9470). */
            max_age?: number;
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
             * @description Until it is changed there is little else to be had.
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
        Grant: components["schemas"]["Tokens"] | components["schemas"]["CookieSession"];
        /** @description Whose account it is. */
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
        };
    };
    responses: {
        /** @description The request cannot be read. */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:malformed_request",
                 *       "title": "Malformed request",
                 *       "status": 400,
                 *       "detail": "The request could not be read.",
                 *       "code": "malformed_request",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not allowed. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:forbidden",
                 *       "title": "Forbidden",
                 *       "status": 403,
                 *       "detail": "You are not allowed to do this.",
                 *       "code": "forbidden",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description In the way of something else. */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:conflict",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "detail": "This collides with something that exists already.",
                 *       "code": "conflict",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too large. */
        BodyTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:body_too_large",
                 *       "title": "Body too large",
                 *       "status": 413,
                 *       "detail": "The body is too large.",
                 *       "code": "body_too_large",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is not application/json. */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:unsupported_media_type",
                 *       "title": "Unsupported media type",
                 *       "status": 415,
                 *       "detail": "Send the body as application/json, uncompressed.",
                 *       "code": "unsupported_media_type",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not valid. */
        Invalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:invalid_request",
                 *       "title": "Invalid request",
                 *       "status": 422,
                 *       "detail": "The request is not valid; see errors.",
                 *       "code": "invalid_request",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11",
                 *       "errors": [
                 *         {
                 *           "path": "/email",
                 *           "code": "required",
                 *           "message": "is required"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too often. Nobody is signed out by it. */
        TooOften: {
            headers: {
                /** @description Seconds to wait before the next try. */
                "Retry-After"?: number;
                /** @description What is left of the rate limit and in how many seconds there is more; it never tells of a lane. */
                RateLimit?: string;
                /** @description The rate limit: how many, in how many seconds. */
                "RateLimit-Policy"?: string;
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:rate_limited",
                 *       "title": "Rate limited",
                 *       "status": 429,
                 *       "detail": "Too many requests; try again later.",
                 *       "code": "rate_limited",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
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
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:unavailable",
                 *       "title": "Unavailable",
                 *       "status": 503,
                 *       "detail": "A service behind this one does not answer; try again shortly.",
                 *       "code": "unavailable",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A wrong password; or not signed in, or not any more. */
        WrongPassword: {
            headers: {
                /** @description How to sign in (RFC 6750, RFC 9470). */
                "WWW-Authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:invalid_credentials",
                 *       "title": "Invalid credentials",
                 *       "status": 401,
                 *       "detail": "The address and the password do not belong together, or the address has not been confirmed yet.",
                 *       "code": "invalid_credentials",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not signed in, or not any more. */
        NotSignedIn: {
            headers: {
                /** @description How to sign in (RFC 6750, RFC 9470). */
                "WWW-Authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:session_ended",
                 *       "title": "Session ended",
                 *       "status": 401,
                 *       "detail": "The session has ended; sign in again.",
                 *       "code": "session_ended",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11",
                 *       "reason": "revoked_by_user"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not there, or not yours. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:latchkey:problem:not_found",
                 *       "title": "Not found",
                 *       "status": 404,
                 *       "detail": "There is nothing here.",
                 *       "code": "not_found",
                 *       "request_id": "0b6c8f1e-5d8e-4d38-9a42-7c1f0e6f4b11"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
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
export type Grant = components['schemas']['Grant'];
export type UserAnswer = components['schemas']['UserAnswer'];
export type Session = components['schemas']['Session'];
export type SessionList = components['schemas']['SessionList'];
export type Health = components['schemas']['Health'];
export type KeySet = components['schemas']['KeySet'];
export type ResponseBadRequest = components['responses']['BadRequest'];
export type ResponseForbidden = components['responses']['Forbidden'];
export type ResponseConflict = components['responses']['Conflict'];
export type ResponseBodyTooLarge = components['responses']['BodyTooLarge'];
export type ResponseUnsupportedMediaType = components['responses']['UnsupportedMediaType'];
export type ResponseInvalid = components['responses']['Invalid'];
export type ResponseTooOften = components['responses']['TooOften'];
export type ResponseUnavailable = components['responses']['Unavailable'];
export type ResponseWrongPassword = components['responses']['WrongPassword'];
export type ResponseNotSignedIn = components['responses']['NotSignedIn'];
export type ResponseNotFound = components['responses']['NotFound'];
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
                    /** @example ada@example.com */
                    email: string;
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    password: string;
                    /** @example Ada King */
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
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooOften"];
            503: components["responses"]["Unavailable"];
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
                    /** @example ada@example.com */
                    email: string;
                    /**
                     * Format: password
                     * @example violet kettle orbit 1843
                     */
                    password: string;
                    /** @example Ada King */
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
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooOften"];
            503: components["responses"]["Unavailable"];
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
                     * @description Ten minutes, five tries.
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
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooOften"];
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
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooOften"];
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
                    "application/json": components["schemas"]["Grant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["WrongPassword"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooOften"];
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
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooOften"];
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
                    refresh_token: string;
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
                    "application/json": components["schemas"]["Grant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["NotSignedIn"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooOften"];
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
            /** @description Whose account it is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            401: components["responses"]["NotSignedIn"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooOften"];
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
                    /** @example Ada King */
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
            /** @description Whose account it is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserAnswer"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["NotSignedIn"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooOften"];
            503: components["responses"]["Unavailable"];
        };
    };
    check: {
        parameters: {
            query?: never;
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
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["NotSignedIn"];
            403: components["responses"]["Forbidden"];
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
                    "application/json": components["schemas"]["Grant"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["WrongPassword"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooOften"];
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
            401: components["responses"]["NotSignedIn"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooOften"];
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
            401: components["responses"]["NotSignedIn"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooOften"];
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
            401: components["responses"]["NotSignedIn"];
            403: components["responses"]["Forbidden"];
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
            401: components["responses"]["NotSignedIn"];
            403: components["responses"]["Forbidden"];
            503: components["responses"]["Unavailable"];
        };
    };
    getJwks: {
        parameters: {
            query?: never;
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
            403: components["responses"]["Forbidden"];
        };
    };
    getChangePasswordUrl: {
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
            403: components["responses"]["Forbidden"];
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
            403: components["responses"]["Forbidden"];
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
            401: components["responses"]["NotSignedIn"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
        };
    };
}
