#!/usr/bin/env bash
# Restores the newest backup into a Postgres of its own, and says whether it is good. docs/backups.md explains it.
#   BACKUP_FOLDER          where backups are
#   BACKUP_IDENTITY        the file with the private key of age
#   BACKUP_MAX_AGE_HOURS   how old the newest may be (26)
#   LATCHKEY_SETTINGS      the settings of the server (/opt/latchkey/.env.production); of its stores none is used
#   ENCRYPTION_KEY_FILE    the file with the key, where the one in the settings cannot be read; may be left out
#   LATCHKEY_CLI           dist/cli.js of this installation
#   TMPDIR                 where it restores; the whole database needs room there (/tmp)
#   AUDIT_HEAD             the head of the audit trail, from a log line of before the backup; may be left out
# It runs as any user but root, reaches no store of the deployment, and leaves nothing behind but the file RESTORED in the
# backup. Exit code: 0 restored and sound, 1 not.
set -Eeuo pipefail
umask 077
export LC_ALL=C
# Nothing of the environment may lead psql to another Postgres.
unset "${!PG@}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
settings=${LATCHKEY_SETTINGS:-/opt/latchkey/.env.production}
cli=${LATCHKEY_CLI:-$here/../../dist/cli.js}
hours=${BACKUP_MAX_AGE_HOURS:-26}
owner='' app=''

main () {
  : "${BACKUP_FOLDER:?is the folder of the backups, and is not set}"
  : "${BACKUP_IDENTITY:?is the file with the private key, and is not set}"
  [[ $hours =~ ^[1-9][0-9]{0,4}$ ]] || fail "BACKUP_MAX_AGE_HOURS must be a number of hours, 1 or more."
  PATH=$PATH:$(newest_postgres)
  for program in age initdb node pg_ctl pg_restore psql sha256sum; do
    command -v "$program" > /dev/null || fail "The program $program is missing: apt-get install age postgresql nodejs"
  done
  [[ -r $settings ]] || fail "The settings in $settings cannot be read (LATCHKEY_SETTINGS)."
  key_file=${ENCRYPTION_KEY_FILE:-$(node -e "$named_key_file" "$settings")}
  [[ -z $key_file || -r $key_file ]] ||
    fail "ENCRYPTION_KEY_FILE names $key_file, which $(id -un) cannot read: give it to the drill as a credential" \
      "(docs/backups.md)."
  work=$(mktemp -d)
  trap 'clean_up' EXIT
  trap '((BASH_SUBSHELL)) || fail "It stopped; the lines above say why."' ERR

  choose
  check_files
  restore
  compare_rows
  look_into
  (date --utc +%Y-%m-%dT%H:%M:%SZ > "$backup/RESTORED") 2> /dev/null ||
    say "The backup folder cannot be written, so backup.sh does not know that this one is good."
  say "$name is good: it was restored, its rows are those of the dump, its audit trail is sound."
}

choose () {
  local folder at
  backup=''
  for folder in "$BACKUP_FOLDER"/latchkey-*; do
    [[ ${folder##*/} =~ ^latchkey-[0-9]{8}T[0-9]{6}Z$ ]] && backup=$folder
  done
  [[ -n $backup ]] || fail "There is no backup in $BACKUP_FOLDER."
  name=${backup##*/}
  taken_at=${name#latchkey-}
  at=$(date --utc --date="${taken_at:0:8} ${taken_at:9:2}:${taken_at:11:2}:${taken_at:13:2}" +%s)
  (($(date +%s) - at <= hours * 3600)) ||
    fail "The newest backup, $name, is older than $hours hours: none has been made since."
  say "$name is the newest backup."
}

# What is damaged is found before anything is restored. The manifest inside the encryption names the other files, so
# that files of an older backup do not pass for this one.
check_files () {
  (cd "$backup" && sha256sum --check --strict --quiet SHA256SUMS) ||
    fail "$name is damaged: a file is not what its checksum says, or is missing."
  decrypt manifest > "$work/manifest" ||
    fail "$name cannot be decrypted with $BACKUP_IDENTITY: that is another key, or the file was changed."
  [[ $(value_of taken_at) == "$taken_at" ]] ||
    fail "$name is not what its name says: it was taken at $(value_of taken_at)."
  grep -E '^[0-9a-f]{64} ' "$work/manifest" > "$work/sums" || true
  (cd "$backup" && [[ $(wc -l < "$work/sums") -eq 2 ]] && sha256sum --check --strict --quiet "$work/sums") ||
    fail "$name holds files of another backup."
}

restore () {
  owner=$(value_of owner)
  start_postgres
  # Roles that this Postgres cannot have do not matter, unless the dump needs them: then the next step fails.
  decrypt roles.sql | sql postgres --set=ON_ERROR_STOP=0 > /dev/null || fail "$name: its roles cannot be decrypted."
  createdb --host="$work" --username=restore_drill --template=template0 --encoding=UTF8 --owner="$owner" latchkey ||
    fail "$name: the owner of its database is not among its roles."
  decrypt database.dump | pg_restore --host="$work" --username=restore_drill --dbname=latchkey \
    --exit-on-error --single-transaction || fail "$name cannot be restored; the lines above say why."
  say "It is restored, as $(psql --version | cut -d' ' -f2-) reads it."
}

# A Postgres that only this user reaches, by a socket in a folder that is closed to others. It needs no password.
start_postgres () {
  initdb --pgdata="$work/data" --username=restore_drill --auth=trust --encoding=UTF8 --locale=C --no-sync \
    > "$work/initdb.log" 2>&1 || { cat "$work/initdb.log" >&2; fail "No Postgres can be made here to restore into."; }
  pg_ctl --pgdata="$work/data" --log="$work/postgres.log" --wait --silent start \
    --options="-c listen_addresses='' -c unix_socket_directories='$work' -c fsync=off -c full_page_writes=off" ||
    { cat "$work/postgres.log" >&2; fail "The Postgres to restore into does not start."; }
}

compare_rows () {
  sed -n 's/^rows //p' "$work/manifest" > "$work/expected"
  sql latchkey --file="$here/rows.sql" > "$work/found"
  diff "$work/expected" "$work/found" >&2 || fail "$name has other rows than the database had (< then, > restored)."
  say "Its rows are those of the dump: $(wc -l < "$work/found") tables, $(awk '{ sum += $NF } END { print sum + 0 }' "$work/found") rows."
}

look_into () {
  # Of the settings, those that lead to stores are left out, and files with secrets, but for the key's. Keys are never
  # in the environment or in an argument.
  sed -E -e '/^[[:space:]]*(export[[:space:]]+)?(DATABASE|REDIS|SMTP)_/d' -e '/ENCRYPTION_KEY_FILE/b' \
    -e '/^[[:space:]]*(export[[:space:]]+)?[A-Z_]+_FILE[[:space:]]*=/d' "$settings" > "$work/.env.production"
  app=$(sql latchkey --set=owner="$owner" <<< "select rolname from pg_roles where rolcanlogin and not rolsuper
    and rolname <> :'owner' and pg_has_role(oid, 'latchkey_runtime', 'member') order by rolname limit 1")
  [[ -n $app ]] || fail "$name has no login that is a member of latchkey_runtime: no server could use it."

  latchkey migrate || fail "$name cannot be migrated to the schema of this installation; the lines above say why."
  latchkey audit-verify ${AUDIT_HEAD:+--head "$AUDIT_HEAD"} || fail "The audit trail in $name is not sound."
  latchkey doctor --json > "$work/doctor.json" || true
  node -e "$unsafe_findings" "$work/doctor.json" >&2 || fail "latchkey doctor finds $name unsafe."
  say "latchkey doctor finds its keys, second factors and audit trail well."
}

named_key_file='
  const { readFileSync } = require("fs")
  console.log(require("util").parseEnv(readFileSync(process.argv[1], "utf8")).ENCRYPTION_KEY_FILE ?? "")'

# What the doctor says about the restored data. This machine, its settings and its stores are not looked at here.
# shellcheck disable=SC2016  # the dollar is JavaScript's
unsafe_findings='
  const areas = ["database", "direct_database", "signing_keys", "second_factors", "audit_trail", "jobs"]
  const { findings } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))
  const bad = findings.filter(({ area, severity }) => areas.includes(area) && ["unsafe", "unknown"].includes(severity))
  for (const { code, message } of bad) console.log(`${code}: ${message}`)
  process.exitCode = bad.length === 0 ? 0 : 1'

latchkey () {
  local url="@${work//\//%2F}/latchkey"
  (
    cd "$work"
    unset DATABASE_URL_FILE DATABASE_DIRECT_URL_FILE REDIS_URL_FILE SMTP_URL SMTP_URL_FILE DATABASE_CA_FILE REDIS_CA_FILE
    # Nothing answers there: of the stores only Postgres was restored.
    NODE_ENV=production DATABASE_URL="postgres://$app$url" DATABASE_DIRECT_URL="postgres://$owner$url" \
      REDIS_URL=redis://127.0.0.1:1 DB_STATEMENT_TIMEOUT=60s node "$cli" "$@"
  )
}

sql () {
  psql --no-psqlrc --quiet --tuples-only --no-align --field-separator=' ' --set=ON_ERROR_STOP=1 \
    --host="$work" --username=restore_drill --dbname="$1" "${@:2}"
}

decrypt () {
  age --decrypt --identity "$BACKUP_IDENTITY" "$backup/$1.age"
}

value_of () {
  sed -n "s/^$1 //p" "$work/manifest"
}

# Debian keeps the programs of the server out of PATH.
newest_postgres () {
  printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort | tail --lines=1
}

clean_up () {
  [[ ! -e $work/data/postmaster.pid ]] || pg_ctl --pgdata="$work/data" --mode=immediate --silent stop || true
  rm -rf -- "$work"
}

say () {
  echo "restore-drill: $1"
}

fail () {
  trap - ERR
  echo "restore-drill: FAILED. $*" >&2
  exit 1
}

main "$@"
