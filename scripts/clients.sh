#!/usr/bin/env bash
# Runs client libraries of both systems, from PyPI and npm, against a sandbox; with a database, also libraries that send
# events to a server. Installs them into a temporary folder, or into CLIENTS_HOME to reuse them.
#   SANDBOX_URL   a running sandbox; by default, `stepwell dev` starts one together with a server
#   STEPWELL      the program; default: target/debug/stepwell
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/tests/clients
stepwell=${STEPWELL:-$PWD/target/debug/stepwell}
work=$(mktemp -d "${TMPDIR:-/tmp}/stepwell-clients.XXXXXX")
home=${CLIENTS_HOME:-$work}
server=
cleanup() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT

mkdir -p "$home"
if ! cmp -s "$folder/requirements.txt" "$home/requirements.txt"; then
    rm -rf "$home/venv"
    python3 -m venv "$home/venv"
    "$home/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$folder/requirements.txt"
    cp "$folder/requirements.txt" "$home/requirements.txt"
fi
if ! cmp -s "$folder/package.json" "$home/npm/package.json"; then
    rm -rf "$home/npm"
    mkdir -p "$home/npm"
    cp "$folder/package.json" "$home/npm/"
    (cd "$home/npm" && npm install --silent --no-audit --no-fund --ignore-scripts) || { rm "$home/npm/package.json"; exit 1; }
fi

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
if [ -z "${SANDBOX_URL:-}" ]; then
    sandbox=127.0.0.1:$(free_port)
    listen=127.0.0.1:$(free_port)
    SANDBOX_URL=http://$sandbox
    "$stepwell" dev --listen "$listen" --sandbox "$sandbox" --data-dir "$work/data" --workflows workflows >"$work/log" 2>&1 &
    server=$!
    export STEPWELL_URL=http://$listen
    for _ in $(seq 300); do
        if python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=1)' "$STEPWELL_URL/readyz" 2>/dev/null; then break; fi
        kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
        sleep 0.2
    done
    STEPWELL_TOKEN=$(STEPWELL_DATA_DIR=$work/data "$stepwell" token create --scopes read,operate)
    export STEPWELL_TOKEN
fi

# Node.js resolves imports from the script's own folder, so the scripts must be next to node_modules.
cp "$folder"/*.mjs "$home/npm/"
for script in simple_salesforce netsuite events; do
    "$home/venv/bin/python" -W ignore "$folder/${script}_client.py" "$SANDBOX_URL"
done
for script in jsforce netsuite_rest; do
    node "$home/npm/${script}_client.mjs" "$SANDBOX_URL"
done
