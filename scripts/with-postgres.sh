#!/usr/bin/env bash
# Runs a command with DATABASE_URL of a temporary Postgres, which is stopped and deleted at the end, even on failure.
# The server does not wait for the disk: tests may lose data in a power failure, they only cover killed processes.
# With DURABLE=yes it waits, as Postgres does by default; use this for measurements.
set -euo pipefail

bindir=$({ pg_config --bindir 2>/dev/null; ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr; } \
    | while read -r d; do if [ -x "$d/initdb" ] && [ -x "$d/postgres" ]; then echo "$d"; fi; done | sed -n 1p || true)
[ -n "$bindir" ] || { echo "no Postgres server was found: apt-get install postgresql" >&2; exit 1; }

home=$(mktemp -d "${TMPDIR:-/tmp}/stepwell-test-postgres.XXXXXX")
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null || echo 54329)
as=()
if [ "$(id -u)" = 0 ]; then
    chown postgres "$home"
    as=(setpriv --reuid=postgres --regid="$(id -g postgres)" --clear-groups)
fi
settings=(-c fsync=off -c full_page_writes=off)
[ "${DURABLE:-no}" = no ] || settings=()
stop() {
    # A second signal, as sent by timeout, must not interrupt the cleanup.
    trap '' INT TERM HUP
    "${as[@]}" "$bindir/pg_ctl" stop -D "$home/data" -m immediate -s >/dev/null 2>&1 || true
    rm -rf "$home"
}
trap stop EXIT
cd "$home" && "${as[@]}" "$bindir/initdb" -D "$home/data" -U postgres -A trust -E UTF8 --no-locale --no-sync >/dev/null && cd "$OLDPWD"
(cd "$home" && "${as[@]}" "$bindir/pg_ctl" start -D "$home/data" -l "$home/log" -s -w \
    -o "-p $port -k $home -c listen_addresses=127.0.0.1 -c max_connections=400 ${settings[*]}") \
    || { cat "$home/log" >&2; exit 1; }
export DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
"$@"
