#!/usr/bin/env bash
# Runs every test. Needs the .NET 10 SDK and nothing else; arguments go to 'dotnet test'.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
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
