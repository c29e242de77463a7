#!/usr/bin/env bash
# Runs every test project and prints one closing line: N passed, N failed, N skipped.
set -uo pipefail
cd "$(dirname "$0")/.."
configuration=${CONFIGURATION:-Release}
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0 failed=0 skipped=0 broken=0

for project in topology-tests/*.Tests.csproj tests/*/*.Tests.csproj; do
  name=$(basename "$project" .csproj)
  echo "== $name"
  dotnet test "$project" -c "$configuration" --no-build --nologo -v q \
    --logger "console;verbosity=minimal" --logger "trx;LogFileName=$name.trx" --results-directory "$results" </dev/null || broken=1
  trx="$results/$name.trx"
  if [ ! -f "$trx" ]; then echo "$name left no result" >&2; failed=$((failed + 1)); continue; fi
  counters=$(grep -o '<Counters [^>]*>' "$trx")
  count() { sed -n "s/.*[ ]$1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
  passed=$((passed + $(count passed))) failed=$((failed + $(count failed)))
  skipped=$((skipped + $(count total) - $(count executed)))
done

if [ "$broken" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
