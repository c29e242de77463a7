#!/usr/bin/env bash
# Runs every test project and prints one closing line: N passed, N failed, N skipped.
# A test that hangs is named (-longRunning) and its project ended after TEST_LIMIT_SECONDS, so that a run always ends.
set -uo pipefail
cd "$(dirname "$0")/.."
configuration=${CONFIGURATION:-Release}
limit=${TEST_LIMIT_SECONDS:-3000}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0 failed=0 skipped=0

for project in topology-tests/*.Tests.csproj tests/*/*.Tests.csproj; do
  name=$(basename "$project" .csproj)
  trx="$results/$name.trx"
  echo "== $name"
  timeout --kill-after=30 "$limit" "$(dirname "$project")/bin/$configuration/net10.0/$name" \
    -noLogo -noColor -longRunning 120 -trx "$trx" </dev/null
  status=$?
  if [ $status -eq 124 ] || [ $status -eq 137 ]; then echo "$name was ended after $limit s: see the tests named as running for long above" >&2; fi
  if [ ! -s "$trx" ]; then echo "$name left no result" >&2; failed=$((failed + 1)); continue; fi
  counters=$(grep -o '<Counters [^>]*>' "$trx")
  count() { sed -n "s/.*[ ]$1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
  failures=$(count failed)
  [ "$status" -ne 0 ] && [ "$failures" -eq 0 ] && failures=1
  passed=$((passed + $(count passed))) failed=$((failed + failures))
  skipped=$((skipped + $(count total) - $(count executed)))
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
