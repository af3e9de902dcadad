#!/usr/bin/env bash
# Builds an older version from its source and rolls nodes between it and this one under load: test-upgrade.sh [REF].
# Default REF: the version before the last change of format.
set -euo pipefail
cd "$(dirname "$0")/.."

changed=$(git log -1 -M --format=%H -G'const NEWEST' -- '*formats.rs')
old=${1:-$changed^}
source=$(mktemp -d)
trap 'git worktree remove --force "$source"' EXIT
git worktree add --quiet --detach "$source" "$old"
echo "the older version is $(git -C "$source" log -1 --format='%h %s')"
# Build artefacts are kept, so only the first run takes long.
artefacts=$PWD/target/older
(cd "$source" && SQLX_OFFLINE=true CARGO_TARGET_DIR=$artefacts cargo build --locked --bin stepwell)
STEPWELL_OLD_PROGRAM=$artefacts/debug/stepwell STEPWELL_CYCLES=${CYCLES:-20} SQLX_OFFLINE=true \
    scripts/with-postgres.sh cargo nextest run --locked --workspace --lib --bins --tests -E 'test(rolling_upgrades_and_rollbacks)'
