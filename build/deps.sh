#!/usr/bin/env bash
# Installs what the project needs from Debian's packages, and says what it could not install.
# The first list is needed to run; the second brings other people's clients for the tests, which skip without them.
set -euo pipefail
needed=(librdkafka1 librocksdb7.8)
clients=(kcat python3-confluent-kafka python3-kafka python3-avro)

missing() { for p in "$@"; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"; done; }

command -v dotnet >/dev/null || { echo "deps: the .NET SDK 10 is not installed (dotnet is not on the PATH)" >&2; exit 1; }
command -v dpkg-query >/dev/null || {
  echo "deps: not a Debian system: install librdkafka 2.0 and RocksDB 7.8 shared libraries yourself" >&2; exit 0; }

# kafkajs for the tests, in a folder of its own: npm's packages are no system packages. Without npm those tests skip.
node_clients="${ALLOC_NODE_CLIENTS:-$HOME/.cache/alloc/node-clients}"
if command -v npm >/dev/null && [ ! -d "$node_clients/node_modules/kafkajs" ]; then
  echo "deps: installing kafkajs" >&2
  mkdir -p "$node_clients"
  npm install --prefix "$node_clients" --no-audit --no-fund --ignore-scripts --silent kafkajs@2.2.4 </dev/null >&2 ||
    echo "deps: kafkajs could not be installed; the tests that use it will be skipped" >&2
fi

want=$(missing "${needed[@]}" "${clients[@]}")
[ -z "$want" ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "deps: run as root: apt-get install $(echo $want)" >&2; exit 1; }
  root=(sudo)
fi
echo "deps: installing $(echo $want)" >&2
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update -qq </dev/null >&2 || echo "deps: the package lists could not be refreshed; trying with what is there" >&2
needed_missing=$(missing "${needed[@]}")
[ -z "$needed_missing" ] || "${root[@]}" apt-get install -y -qq --no-install-recommends $needed_missing </dev/null >&2
for p in $(missing "${clients[@]}"); do
  "${root[@]}" apt-get install -y -qq --no-install-recommends "$p" </dev/null >&2 ||
    echo "deps: $p could not be installed; the tests that use it will be skipped" >&2
done
