#!/usr/bin/env bash
# Compares Stepwell with Restate and DBOS: the same saga, target and load, one after another. For the method see
# docs/performance.md. Arguments are passed to bench-peers/main.mjs. Installs everything in target/bench-peers; the data
# that a measurement writes is deleted at its end, even if it fails.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/target/bench-peers
mkdir -p "$folder/debian"

# Load generator and target: as installed, or Debian's packages, unpacked here.
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

# The other systems, with a current Node.js.
command -v npm >/dev/null || { echo "install npm first" >&2; exit 1; }
cp -r bench-peers/. "$folder/"
if ! cmp -s "$folder/package-lock.json" "$folder/node_modules/installed.json"; then
    echo "installing from npm: bench-peers/package-lock.json" >&2
    npm ci --prefix "$folder" --silent --no-audit --no-fund --ignore-scripts
    cp "$folder/package-lock.json" "$folder/node_modules/installed.json"
fi
node=$(ls "$folder"/node_modules/node-linux-*/bin/node)

# /var/tmp is always on a disk, unlike /tmp, so durable writes cost what they really cost. The systems write everything to
# the server's folder, which is deleted with the server.
export TMPDIR=${BENCH_DIR:-/var/tmp} DURABLE=yes
exec scripts/with-postgres.sh setpriv --pdeathsig TERM -- "$node" "$folder/main.mjs" --output "$folder" \
    --stepwell "${STEPWELL:-$PWD/target/release/stepwell}" --wrk "$(find_program wrk)" --nginx "$(find_program nginx)" "$@"
