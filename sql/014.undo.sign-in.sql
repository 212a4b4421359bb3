drop function sign_in;
