#!/usr/bin/env bash
# Leaves the executable as out/alloc, compiled ahead of time: commands start in half the time, and a restarted engine is
# at full speed sooner. Where that compiler cannot be restored, out/alloc is the plain build, which does the same slower.
set -euo pipefail
cd "$(dirname "$0")/.."
configuration=${CONFIGURATION:-Release}
mkdir -p out
if log=$(dotnet publish cli/Alloc.Cli.csproj -c "$configuration" --use-current-runtime --no-self-contained \
    -p:PublishReadyToRun=true -o out/app -v q -nologo </dev/null 2>&1); then
  ln -sfn app/alloc out/alloc
else
  echo "build: no ahead-of-time compilation, out/alloc is the plain build: $(grep -m1 -o 'error.*' <<<"$log" || tail -1 <<<"$log")" >&2
  ln -sfn "../cli/bin/$configuration/net10.0/alloc" out/alloc
fi
