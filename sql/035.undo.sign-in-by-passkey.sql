drop function sign_in_by_passkey;
