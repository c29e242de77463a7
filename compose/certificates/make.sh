#!/bin/sh
# The first step: an authority, the instances' certificate, and the tokens that HTTP demands off loopback. What is there
# and lives for another 30 days stays. In: NAMES, the host names; the directories; who owns the files (not changed where
# this is not root).
set -eu
umask 077
ca="$OPERATOR_DIRECTORY/ca"
mkdir -p "$ca" "$ALLOC_DIRECTORY" "$PROMETHEUS_DIRECTORY"

random() { openssl rand -base64 32 | tr -d '\n'; }
digest() { printf %s "$1" | openssl dgst -sha256 -r | cut -d' ' -f1; }
own() { [ "$(id -u)" -ne 0 ] || chown -R "$1" "$2"; }

if ! openssl x509 -checkend 2592000 -noout -in "$ca/ca.crt" 2>/dev/null; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Alloc compose" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$ca/ca.key" -out "$ca/ca.crt" 2>/dev/null
  rm -f "$ALLOC_DIRECTORY/server.pem"
fi

if ! openssl x509 -checkend 2592000 -noout -in "$ALLOC_DIRECTORY/server.pem" 2>/dev/null; then
  work=$(mktemp -d)
  alternatives=
  for name in $NAMES; do alternatives="$alternatives${alternatives:+,}DNS:$name"; done
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$alternatives" > "$work/extensions"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=alloc" \
    -keyout "$work/server.key" -out "$work/server.csr" 2>/dev/null
  openssl x509 -req -in "$work/server.csr" -CA "$ca/ca.crt" -CAkey "$ca/ca.key" -CAcreateserial -days 397 \
    -extfile "$work/extensions" -out "$work/server.crt" 2>/dev/null
  cat "$work/server.crt" "$work/server.key" > "$ALLOC_DIRECTORY/server.pem"
  rm -rf "$work"
fi
cp "$ca/ca.crt" "$ALLOC_DIRECTORY/ca.crt"
cp "$ca/ca.crt" "$PROMETHEUS_DIRECTORY/ca.crt"

# Tokens are known to who uses them; the instances know their digests.
[ -s "$PROMETHEUS_DIRECTORY/viewer.token" ] || random > "$PROMETHEUS_DIRECTORY/viewer.token"
[ -s "$OPERATOR_DIRECTORY/operator.token" ] || random > "$OPERATOR_DIRECTORY/operator.token"
[ -s "$OPERATOR_DIRECTORY/grafana.password" ] || random > "$OPERATOR_DIRECTORY/grafana.password"
{
  echo "viewer prometheus $(digest "$(cat "$PROMETHEUS_DIRECTORY/viewer.token")")"
  echo "operator people $(digest "$(cat "$OPERATOR_DIRECTORY/operator.token")")"
} > "$ALLOC_DIRECTORY/credentials"

own "$ALLOC_OWNER" "$ALLOC_DIRECTORY"
own "$PROMETHEUS_OWNER" "$PROMETHEUS_DIRECTORY"
if [ "$(id -u)" -eq 0 ]; then
  # Grafana reads its password there, and nothing else.
  chmod 0711 "$OPERATOR_DIRECTORY"
  chown "$GRAFANA_OWNER" "$OPERATOR_DIRECTORY/grafana.password"
fi
echo "certificates: ready for $NAMES"
