#!/usr/bin/env bash
# Makes one encrypted backup of the database and removes those that are too old. docs/backups.md explains it.
#   PGHOST PGPORT PGDATABASE PGUSER PGPASSFILE   how to reach Postgres, as every program of libpq reads it
#   BACKUP_FOLDER        where backups are: each is a folder latchkey-TIME, which appears complete or not at all
#   BACKUP_RECIPIENTS    a file with the public keys of age that may decrypt them
#   BACKUP_KEEP_DAYS     how long they are kept (30)
# No password and no key is ever an argument, because `ps` shows arguments. Exit code: 0 made, 1 not made.
set -Eeuo pipefail
umask 077
export LC_ALL=C PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-10}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
form='^latchkey-[0-9]{8}T[0-9]{6}Z$'

main () {
  : "${PGDATABASE:?names the database, and is not set}"
  : "${BACKUP_FOLDER:?is the folder of the backups, and is not set}"
  : "${BACKUP_RECIPIENTS:?is the file with the public keys, and is not set}"
  days=${BACKUP_KEEP_DAYS:-30}
  [[ $days =~ ^[1-9][0-9]{0,4}$ ]] || fail "BACKUP_KEEP_DAYS must be a number of days, 1 or more."
  for program in age flock pg_dump pg_dumpall psql sha256sum; do
    command -v "$program" > /dev/null || fail "The program $program is missing: apt-get install age postgresql-client"
  done

  mkdir -p "$BACKUP_FOLDER"
  exec {lock}< "$BACKUP_FOLDER"
  flock --nonblock "$lock" || fail "Another backup is being made in $BACKUP_FOLDER."
  # What an interrupted run has left.
  rm -rf -- "$BACKUP_FOLDER"/.partial-*
  work=$(mktemp -d "$BACKUP_FOLDER/.partial-XXXXXX")
  trap 'rm -rf -- "$work"' EXIT
  trap '((BASH_SUBSHELL)) || fail "Nothing was backed up; the lines above say why (a full disk, for example)."' ERR

  make
  remove_old "$name"
}

make () {
  open_snapshot
  pg_dumpall --roles-only --no-role-passwords --database="$PGDATABASE" | encrypt roles.sql
  pg_dump --format=custom --snapshot="$snapshot" | encrypt database.dump
  { echo "taken_at $taken_at"
    echo "owner $owner"
    (cd "$work" && sha256sum database.dump.age roles.sql.age)
    cat "$work/rows"
  } | encrypt manifest
  rm "$work/rows"
  (cd "$work" && sha256sum -- *.age > SHA256SUMS)

  name=latchkey-$taken_at
  # Everything is stored before the folder gets its name.
  sync -- "$work"/* "$work"
  mv --no-target-directory -- "$work" "$BACKUP_FOLDER/$name"
  sync -- "$BACKUP_FOLDER"
  echo "backup: $BACKUP_FOLDER/$name is complete: $(du -sh "$BACKUP_FOLDER/$name" | cut -f1), $tables tables."
}

# A transaction that stays open while pg_dump runs: so the numbers of rows are those of the dump.
open_snapshot () {
  coproc SESSION { exec psql --no-psqlrc --quiet --tuples-only --no-align --field-separator=' ' --set=ON_ERROR_STOP=1; }
  { echo "set idle_in_transaction_session_timeout = 0;"
    echo "begin isolation level repeatable read read only;"
    echo "select pg_export_snapshot(), to_char(now() at time zone 'UTC', 'YYYYMMDD\"T\"HH24MISS\"Z\"'), pg_get_userbyid(datdba)"
    echo "from pg_database where datname = current_database();"
    cat "$here/rows.sql"
    printf '%s\n' '\echo end'
  } >&"${SESSION[1]}"

  # shellcheck disable=SC2034  # owner is read by make
  read -r snapshot taken_at owner <&"${SESSION[0]}" || fail "Postgres cannot be read; the line above says why."
  tables=0
  while read -r line <&"${SESSION[0]}"; do
    [[ $line != end ]] || return 0
    echo "rows $line" >> "$work/rows"
    tables=$((tables + 1))
  done
  fail "The rows cannot be counted; the line above says why. The role needs pg_read_all_data and bypassrls."
}

encrypt () {
  age --encrypt --recipients-file "$BACKUP_RECIPIENTS" > "$work/$1.age"
}

# Removes what is older than BACKUP_KEEP_DAYS. The newest backup that restore-drill.sh has restored and that is still
# intact stays in any case. Until there is one nothing is removed: nobody knows yet whether any of them is good.
remove_old () {
  local limit proven='' folder old
  limit=latchkey-$(date --utc --date="-$days days" +%Y%m%dT%H%M%SZ)
  for folder in "$BACKUP_FOLDER"/latchkey-*; do
    if [[ -e $folder/RESTORED ]] && is_intact "$folder"; then proven=${folder##*/}; fi
  done
  if [[ -z $proven ]]; then
    echo "backup: no backup has been proven by restore-drill.sh yet, so none is removed."
    return 0
  fi

  for folder in "$BACKUP_FOLDER"/latchkey-*; do
    old=${folder##*/}
    [[ $old =~ $form && $old < $limit && $old != "$proven" && $old != "$1" ]] || continue
    # Half a backup must not bear the name of one.
    mv -- "$folder" "$BACKUP_FOLDER/.partial-$old"
    rm -rf -- "$BACKUP_FOLDER/.partial-$old"
    echo "backup: $old is removed, it is older than $days days."
  done
}

is_intact () {
  (cd "$1" && sha256sum --check --strict --status SHA256SUMS) 2> /dev/null
}

fail () {
  trap - ERR
  echo "backup: $1" >&2
  exit 1
}

main "$@"
