#!/usr/bin/env bash
# Prints the tables of the figures to reach: whole nodes in processes of their own, on
# loopback, then the page in a browser. Takes about ten minutes. With arguments only a
# part of the nodes is measured:
#   build/bench.sh -run Bench                     messages, nodes at rest and at start
#   build/bench.sh -run Documents -edits 100000   documents, with so much of the trace
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
go test -tags bench -count=1 -timeout 20m -v ./build/bench "$@" || failed=1
if [ $# -eq 0 ]; then
  npm --prefix frontend run --silent e2e -- scroll || failed=1
  PARVIS_TRACE="$PWD/crdt/doc/doctest/testdata/automerge-paper.json.gz" node frontend/e2e/editor-perf.mjs || failed=1
fi
exit $failed
