#!/usr/bin/env bash
# Runs every benchmark that this machine allows and leaves the report in bench/results.
# usage: bench/run.sh [SCENARIO] [options of 'alloc bench']        bench/run.sh all --quick   shows that everything runs
# KAFKA_HOME names an Apache Kafka with bin/kafka-up and bin/kafka-peer; a folder shared/kafka above the checkout is found too.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
alloc="$here/../out/alloc"
[ -x "$alloc" ] || { echo "bench: build first: make build" >&2; exit 1; }

home="${KAFKA_HOME:-}"
if [ -z "$home" ]; then
  for up in .. ../.. ../../.. ../../../..; do
    if [ -x "$here/$up/shared/kafka/bin/kafka-up" ]; then home="$(cd "$here/$up/shared/kafka" && pwd)"; break; fi
  done
fi
[ -n "$home" ] || echo "bench: no Apache Kafka at hand (KAFKA_HOME is not set): on the embedded broker alone" >&2

scenario="${1:-all}"; [ $# -gt 0 ] && shift
exec "$alloc" bench "$scenario" --results "$here/results" ${home:+--kafka-home "$home"} "$@"
