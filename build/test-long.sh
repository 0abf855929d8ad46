#!/usr/bin/env bash
# The runs that take too long for every change: each fuzz target for a minute, the
# random tests with more cases, and the tests that skip themselves with -short.
set -euo pipefail
cd "$(dirname "$0")/.."

export PARVIS_LONG=1
go test -timeout 60m -count=1 ./...
go list ./... | while read -r package; do
  for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    echo "fuzz $package $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}" "$package"
  done
done
