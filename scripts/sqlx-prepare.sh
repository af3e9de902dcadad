#!/usr/bin/env bash
# Writes .sqlx, the metadata of all checked queries, so that a clean clone builds without a database.
# With --check, only reports whether it is current. Requires DATABASE_URL of a server (scripts/with-postgres.sh).
set -euo pipefail
cd "$(dirname "$0")/.."

server=${DATABASE_URL:?run it through scripts/with-postgres.sh}
name=stepwell_sqlx_$$
psql -q "$server" -c "create database $name"
trap 'psql -q "$server" -c "drop database if exists $name with (force)"' EXIT
url="${server%/*}/$name"
for file in migrations/*.sql; do psql -q -1 -v ON_ERROR_STOP=1 "$url" -f "$file"; done

fresh=$(mktemp -d)
touch src/lib.rs
# While compiling against a live database, the macros write one file per query.
DATABASE_URL=$url SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$fresh cargo check --quiet --all-targets
if [ "${1:-}" = --check ]; then
    diff -rq .sqlx "$fresh" >/dev/null || { echo ".sqlx is not current: run make sqlx" >&2; exit 1; }
else
    rm -rf .sqlx && mkdir .sqlx && cp "$fresh"/query-*.json .sqlx/
fi
rm -rf "$fresh"
