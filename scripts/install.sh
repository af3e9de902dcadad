#!/usr/bin/env bash
# Installs the packages named on the command line, with apt-get if permitted, and prints what it does.
#   postgres   server binaries, unless installed
#   browser    Chromium and its driver, unless installed
#   scripts    Python and Node.js, which run the scripts of definitions, unless installed
#   senders    npm packages for the checks of senders/, from its lock file; Node.js and npm, unless installed
#   valgrind   Valgrind, whose callgrind counts instructions, unless installed
#   nextest    cargo-nextest, unless installed
set -euo pipefail

apt() {
    local sudo=()
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || return 1
        sudo=(sudo -n)
    fi
    command -v apt-get >/dev/null || return 1
    echo "installing with apt-get: $*" >&2
    "${sudo[@]}" apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has_postgres() {
    pg_config --bindir 2>/dev/null | { read -r d && [ -x "$d/initdb" ]; } || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
        || { command -v initdb && command -v postgres; } >/dev/null 2>&1
}

for what in "$@"; do
    case $what in
        postgres)
            if has_postgres; then
                echo "Postgres: found on this machine" >&2
            elif apt postgresql; then
                echo "Postgres: installed" >&2
            else
                echo "Postgres: not found, and apt-get may not be used here; stepwell downloads one itself" >&2
            fi ;;
        browser)
            command -v chromium >/dev/null && command -v chromedriver >/dev/null || apt chromium chromium-driver \
                || { echo "chromium and chromedriver are needed for the browser test" >&2; exit 1; } ;;
        scripts)
            command -v /usr/bin/python3 >/dev/null && command -v /usr/bin/node >/dev/null || apt python3-minimal nodejs \
                || { echo "python3 and node are needed for the tests of programs" >&2; exit 1; } ;;
        senders)
            command -v node >/dev/null && command -v npm >/dev/null || apt nodejs npm \
                || { echo "node and npm are needed for the checks of senders/" >&2; exit 1; }
            (
                cd "$(dirname "$0")/../senders"
                # npm ci takes half a minute, so run it only if the lock file has changed.
                cmp -s package-lock.json node_modules/installed.json && exit 0
                echo "installing from npm: senders/package-lock.json" >&2
                npm ci --silent --no-audit --no-fund --ignore-scripts
                cp package-lock.json node_modules/installed.json
            ) ;;
        valgrind)
            command -v valgrind >/dev/null || apt valgrind || { echo "valgrind is needed to count instructions" >&2; exit 1; } ;;
        nextest)
            cargo nextest --version >/dev/null 2>&1 || { echo "installing cargo-nextest" >&2; cargo install --locked cargo-nextest; } ;;
        *) echo "unknown: $what" >&2; exit 2 ;;
    esac
done
