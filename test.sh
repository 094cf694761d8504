#!/usr/bin/env bash
# Runs every test. Needs the .NET 10 SDK; arguments go to 'dotnet test'. Exported policies are checked in ONNX Runtime, which needs Node.js and npm:
# they are installed where that can be done, otherwise that test is skipped and says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
if ! { command -v node && command -v npm; } > /dev/null && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm; } > /dev/null ||
        echo "test.sh: Node.js could not be installed" >&2
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
