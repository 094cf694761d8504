#!/usr/bin/env bash
# Runs every test. Needs the .NET 10 SDK; with node and npm also what compares with programs of theirs. Arguments go to 'dotnet test'.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# An independent measure of similarity: without it its test is skipped, or fails where CI is set.
if command -v npm > /dev/null; then
  npm ci --silent --ignore-scripts --prefix tests/Menuet.Generation.Tests/Quality || echo "test.sh: npm could not install ssim.js" >&2
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
