#!/usr/bin/env bash
# The runs that take too long for every change: each fuzz target for a minute, the
# random tests with more cases, and the tests that skip themselves with -short.
set -euo pipefail
cd "$(dirname "$0")/.."

export PARVIS_LONG=1
go test -timeout 60m -count=1 ./...
go test -race -timeout 60m ./crdt/...
PARVIS_LOGS=100000 go test -v -timeout 120m -count=1 -run '^TestProperties$' ./crdt/member
go build -trimpath -o build/bin/parvis .
go build -o build/cache/shaped ./app/apptest/shaped
PARVIS_BIN=$PWD/build/bin/parvis PARVIS_SHAPED=$PWD/build/cache/shaped npm --prefix frontend run --silent e2e -- members protection screens calls-many calls-line
go list ./... | while read -r package; do
  for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
    echo "fuzz $package $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-60s}" "$package"
  done
done
