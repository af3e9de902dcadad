#!/usr/bin/env bash
# Measures Stepwell against Restate and DBOS: the same saga, target and load, in turns. docs/performance.md says how; arguments go to bench-peers/main.mjs.
# Everything is installed in target/bench-peers, and the data that a measurement writes is removed at its end, also on failure.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/target/bench-peers
mkdir -p "$folder/debian"

# Load generator and target: the machine's own, or Debian's packages, unpacked here.
unpack() {
    command -v apt-get >/dev/null || { echo "install wrk and nginx first" >&2; exit 1; }
    echo "downloading with apt-get into $folder: $*" >&2
    (
        cd "$folder/debian"
        apt-get download -qq "$@" 2>/dev/null || { apt-get update -qq && apt-get download -qq "$@" 2>/dev/null; }
        for package in *.deb; do dpkg-deb -x "$package" . && rm "$package"; done
    )
}
find_program() { command -v "$1" || ls "$folder/debian/usr/bin/$1" "$folder/debian/usr/sbin/$1" 2>/dev/null || true; }
[ -n "$(find_program wrk)" ] || unpack wrk libluajit-5.1-2 libluajit-5.1-common
[ -n "$(find_program nginx)" ] || unpack nginx
LD_LIBRARY_PATH=$(ls -d "$folder"/debian/usr/lib/*-linux-gnu 2>/dev/null || true)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# The peers, with a current Node.js.
command -v npm >/dev/null || { echo "install npm first" >&2; exit 1; }
cp -r bench-peers/. "$folder/"
if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/installed.json"; then
    echo "installing from npm: bench-peers/package-lock.json" >&2
    npm ci --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts
    cp "$folder/package-lock.json" "$folder/node_modules/installed.json"
fi
node=$(ls "$folder"/node_modules/node-linux-*/bin/node)

# /var/tmp, unlike /tmp, is on a disk everywhere: what the systems make durable must cost what it costs. Everything that they write is in
# the server's folder, which goes with the server.
export TMPDIR=${BENCH_DIR:-/var/tmp} DURABLE=yes
exec scripts/with-postgres.sh setpriv --pdeathsig TERM -- "$node" "$folder/main.mjs" --output "$folder" \
    --stepwell "${STEPWELL:-$PWD/target/release/stepwell}" --wrk "$(find_program wrk)" --nginx "$(find_program nginx)" "$@"
