#!/usr/bin/env bash
# Installs other people's clients that the tests talk to the broker with, and the monitoring that they test alerts with,
# and says what it could not install; the tests that want one of them are skipped without it. The product itself needs the
# .NET SDK and nothing of this.
set -euo pipefail
clients=(kcat python3-confluent-kafka python3-kafka python3-avro)
monitors=(prometheus prometheus-alertmanager)

say() { echo "deps: $1; the tests that use it will be skipped" >&2; }
missing() { for p in "$@"; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || echo "$p"; done; }

# kafkajs, avsc and the compose linter, in a folder of their own: npm's packages are no system packages.
node_clients="${ALLOC_NODE_CLIENTS:-$HOME/.cache/alloc/node-clients}"
if [ ! -d "$node_clients/node_modules/kafkajs" ] || [ ! -d "$node_clients/node_modules/avsc" ] ||
    [ ! -d "$node_clients/node_modules/dclint" ]; then
  if command -v npm >/dev/null; then
    echo "deps: installing kafkajs, avsc and dclint" >&2
    mkdir -p "$node_clients"
    npm install --prefix "$node_clients" --no-audit --no-fund --ignore-scripts --silent kafkajs@2.2.4 avsc@5.7.9 \
      dclint@3.1.0 </dev/null >&2 || say "kafkajs, avsc and dclint could not be installed"
  else
    say "there is no npm to install kafkajs, avsc and dclint with"
  fi
fi

# Prometheus, promtool, Alertmanager and amtool, in a folder of their own: the packages would start them as services.
monitoring="${ALLOC_MONITORING:-$HOME/.cache/alloc/monitoring}/usr/bin"
has_monitors() {
  local m; for m in prometheus promtool prometheus-alertmanager amtool; do
    [ -x "$monitoring/$m" ] || command -v "$m" >/dev/null || return 1
  done
}
unpack_monitors() {
  local packages p; packages=$(mktemp -d)
  (cd "$packages" && apt-get download -qq "${monitors[@]}" </dev/null >&2) || true
  mkdir -p "${monitoring%/usr/bin}"
  for p in "$packages"/*.deb; do [ ! -e "$p" ] || dpkg-deb -x "$p" "${monitoring%/usr/bin}" || true; done
  rm -rf "$packages"
}

command -v dpkg-query >/dev/null ||
  { say "not a Debian system: ${clients[*]} ${monitors[*]} are not installed"; exit 0; }
want=$(missing "${clients[@]}")
[ -z "$want" ] && has_monitors && [ -e /usr/share/prometheus/alertmanager/default.tmpl ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { say "not root: apt-get install $(echo $want ${monitors[*]})"; exit 0; }
  root=(sudo -n)
fi
echo "deps: installing $(echo $want) and what of ${monitors[*]} is missing" >&2
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update -qq </dev/null >&2 ||
  echo "deps: the package lists could not be refreshed; trying with what is there" >&2
for p in $want; do
  "${root[@]}" apt-get install -y -qq --no-install-recommends "$p" </dev/null >&2 || say "$p could not be installed"
done
has_monitors || unpack_monitors
# Debian's Alertmanager reads its messages' templates from there and from nowhere else.
templates=/usr/share/prometheus/alertmanager
if [ ! -e "$templates/default.tmpl" ] && [ -e "${monitoring%/usr/bin}$templates/default.tmpl" ]; then
  "${root[@]}" mkdir -p "$templates" && "${root[@]}" cp "${monitoring%/usr/bin}$templates/"*.tmpl "$templates/" ||
    say "Alertmanager's templates could not be copied to $templates"
fi
has_monitors || say "${monitors[*]} could not be unpacked"
