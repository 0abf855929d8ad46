#!/usr/bin/env bash
# Prints the tables of the figures to reach: whole nodes in processes of their own, on
# loopback, then the page in a browser. Takes about fifteen minutes. With arguments only a
# part of the nodes is measured:
#   build/bench.sh -run Bench                     messages, nodes at rest and at start
#   build/bench.sh -run Documents -edits 100000   documents, with so much of the trace
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
go test -tags bench -count=1 -timeout 20m -v ./build/bench "$@" || failed=1
# rate NAME BAR UNIT PACKAGE: a benchmark whose figures in UNIT must all reach BAR.
rate() {
  go test -run '^$' -bench "^Benchmark$1\$" -benchtime 3x -timeout 20m "$4" | awk -v name="$1" -v bar="$2" -v unit="$3" '
    /^Benchmark/ { for (i = 4; i <= NF; i++) if ($i == unit) { rows++; low = $(i - 1) < bar; missed += low; printf "| %s | %s %s | ≥ %s | %s |\n", name, $(i - 1), unit, bar, low ? "MISSED" : "" } }
    END { exit missed || !rows }' || failed=1
}

if [ $# -eq 0 ]; then
  echo
  rate CatchUp 10000 messages/s ./app/apptest # from a super-peer to a node that was away
  rate Relay 20 MB/s ./p2p                    # through a super-peer, all three in one process
  rate Forward 50000 packets/s ./media       # carried to the others of eight, for each second of processor time
  go test -run '^$' -bench '^BenchmarkLink$' -benchtime 1x ./app/apptest | grep '^Benchmark' || failed=1
  go build -o build/cache/mesh ./media/mediatest/mesh
  PARVIS_BIN=$PWD/build/bin/parvis PARVIS_MESH=$PWD/build/cache/mesh node frontend/e2e/calls-perf.mjs || failed=1
  PARVIS_BIN=$PWD/build/bin/parvis node frontend/e2e/calls-latency.mjs || failed=1
  npm --prefix frontend run --silent e2e -- scroll || failed=1
  PARVIS_TRACE="$PWD/crdt/doc/doctest/testdata/automerge-paper.json.gz" node frontend/e2e/editor-perf.mjs || failed=1
fi
exit $failed
