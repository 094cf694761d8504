#!/usr/bin/env bash
# Runs every test; arguments go to 'dotnet test'. Needs the .NET 10 SDK. Some tests compare with other programs, which are installed where Debian's packages
# can be: Node.js (ONNX Runtime, an Ethereum node, a Solidity compiler, a second measure of similarity), PostgreSQL and Chromium. Without them those tests
# are skipped and say so, but fail where CI is set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
missing=()
{ command -v node && command -v npm; } > /dev/null || missing+=(nodejs npm)
compgen -G '/usr/lib/postgresql/*/bin/initdb' > /dev/null || missing+=(postgresql)
{ command -v chromium || command -v google-chrome; } > /dev/null || missing+=(chromium)
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } > /dev/null ||
    echo "test.sh: ${missing[*]} could not be installed" >&2
fi
# Not 'npm ci': it refuses a lock file that leaves out other platforms' builds of the Ethereum node.
for packages in contracts tests/Menuet.Generation.Tests/Quality; do
  if command -v npm > /dev/null && ! [ "$packages/node_modules/.package-lock.json" -nt "$packages/package-lock.json" ]; then
    npm install --no-save --silent --ignore-scripts --no-audit --no-fund --prefix "$packages" || echo "test.sh: npm could not install what $packages asks for" >&2
  fi
done
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
