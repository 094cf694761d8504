#!/usr/bin/env bash
# Runs every test. Needs the .NET 10 SDK; arguments go to 'dotnet test'. What some tests need beside it (PostgreSQL, and npm for the
# contracts' compiler and node) is installed where that is possible; without it those tests are skipped and say so, or fail where CI is set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
missing=()
command -v npm >/dev/null || missing+=(nodejs npm)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >&2 || true
fi
if command -v npm >/dev/null && ! [ contracts/node_modules/.package-lock.json -nt contracts/package-lock.json ]; then
    npm ci --prefix contracts --ignore-scripts --no-audit --no-fund >&2 || true
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
dotnet test -c Release --nologo "$@" 2>&1 | tee "$log" || status=$?
awk '
  match($0, /Failed: +[0-9]+, Passed: +[0-9]+, Skipped: +[0-9]+/) {
    split(substr($0, RSTART, RLENGTH), part, /[^0-9]+/); failed += part[2]; passed += part[3]; skipped += part[4]
  }
  END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$log"
exit "$status"
