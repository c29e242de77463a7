#!/usr/bin/env bash
# The long loops that 'make test' runs short: kills at moments of a new seed while the whole real file is replayed, ten generated
# histories of 300,000 records, and the ledger against its model on new random histories.
# CRASH_ROUNDS (1) is how often; ALLOC_CRASH_SEED and ALLOC_PROPERTY_SEED repeat a round that failed.
set -uo pipefail
cd "$(dirname "$0")/.."
configuration=${CONFIGURATION:-Release}
rounds=${CRASH_ROUNDS:-1}
failures=0
for ((round = 1; round <= rounds; round++)); do
  seed=${ALLOC_CRASH_SEED:-$RANDOM}
  echo "== round $round of $rounds, ALLOC_CRASH_SEED=$seed"
  ALLOC_FULL=1 ALLOC_CRASH_SEED=$seed "tests/EndToEnd.Tests/bin/$configuration/net10.0/EndToEnd.Tests" \
    -noLogo -noColor -longRunning 300 -namespace EndToEnd.Tests.Crashes </dev/null || failures=$((failures + 1))
  ALLOC_FULL=1 "tests/EndToEnd.Tests/bin/$configuration/net10.0/EndToEnd.Tests" \
    -noLogo -noColor -longRunning 300 -class "*GeneratedHistoryTests" </dev/null || failures=$((failures + 1))
  ALLOC_PROPERTY_SEED=${ALLOC_PROPERTY_SEED:-random} ALLOC_PROPERTY_FACTOR=${ALLOC_PROPERTY_FACTOR:-20} \
    "topology-tests/bin/$configuration/net10.0/Topology.Tests" -noLogo -noColor -longRunning 300 -namespace Topology.Tests.Model \
    </dev/null || failures=$((failures + 1))
done
echo "$failures of $((rounds * 3)) loops failed"
[ "$failures" -eq 0 ]
