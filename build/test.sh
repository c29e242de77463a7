#!/usr/bin/env bash
# Runs every test project and prints one closing line: N passed, N failed, N skipped.
# Two at a time: the tests of real processes wait for most of their time, and the others fill it. Each line says whose it is.
# A test that hangs is named (-longRunning) and its project ended after TEST_LIMIT_SECONDS, so that a run always ends.
set -uo pipefail
cd "$(dirname "$0")/.."
configuration=${CONFIGURATION:-Release}
limit=${TEST_LIMIT_SECONDS:-3600}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

run_project() {
  local name; name=$(basename "$1" .csproj)
  local begin=$SECONDS
  timeout --kill-after=30 "$limit" "$(dirname "$1")/bin/$configuration/net10.0/$name" \
    -noLogo -noColor -longRunning 120 -trx "$results/$name.trx" </dev/null 2>&1 | sed -u "s/^/[$name] /"
  local status=${PIPESTATUS[0]}
  echo "$status" >"$results/$name.status"
  echo "== $name: exit code $status after $((SECONDS - begin)) s"
  if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
    echo "$name was ended after $limit s: see the tests named as running for long above" >&2
  fi
}

run_lane() { local project; for project in "$@"; do run_project "$project"; done; }

projects=(topology-tests/*.Tests.csproj tests/*/*.Tests.csproj)
processes=() others=()
for project in "${projects[@]}"; do
  case $project in */EndToEnd.Tests.csproj) processes+=("$project") ;; *) others+=("$project") ;; esac
done
run_lane "${processes[@]}" &
run_lane "${others[@]}" &
wait

passed=0 failed=0 skipped=0
for project in "${projects[@]}"; do
  name=$(basename "$project" .csproj)
  trx="$results/$name.trx"
  status=$(cat "$results/$name.status" 2>/dev/null || echo 1)
  if [ ! -s "$trx" ]; then echo "$name left no result" >&2; failed=$((failed + 1)); continue; fi
  counters=$(grep -o '<Counters [^>]*>' "$trx")
  count() { sed -n "s/.*[ ]$1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
  failures=$(count failed)
  [ "$status" -ne 0 ] && [ "$failures" -eq 0 ] && failures=1
  passed=$((passed + $(count passed))) failed=$((failed + failures))
  skipped=$((skipped + $(count total) - $(count executed)))
  if [ "$failures" -ne 0 ]; then
    grep -o '<UnitTestResult [^>]*outcome="Failed"[^>]*>' "$trx" | sed -n 's/.*testName="\([^"]*\)".*/failed: \1/p'
  fi
done
if [ -n "${TEST_RESULTS:-}" ]; then mkdir -p "$TEST_RESULTS" && cp "$results"/*.trx "$TEST_RESULTS"; fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
