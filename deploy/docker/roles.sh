#!/bin/sh
# Makes the roles and the database of docs/setup.md when the data folder of Postgres is made.
set -eu

psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "${POSTGRES_DB:-postgres}" \
  --set=owner_password="$OWNER_PASSWORD" --set=app_password="$APP_PASSWORD" <<'SQL'
create role latchkey_runtime nologin;
create role latchkey_readonly nologin;
create role latchkey_owner login password :'owner_password';
create role latchkey_app login password :'app_password' in role latchkey_runtime;
create database latchkey owner latchkey_owner encoding 'UTF8' template template0;
SQL
