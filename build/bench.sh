#!/usr/bin/env bash
# Prints the table of the figures to reach, measured on whole nodes in processes of
# their own, on loopback. Takes about three minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
go test -tags bench -count=1 -timeout 20m -v ./build/bench "$@"
npm --prefix frontend run --silent e2e -- scroll
