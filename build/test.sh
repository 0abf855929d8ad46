#!/usr/bin/env bash
# Every test, step by step; a failed step does not keep the others from running.
# The last line counts. Set PARVIS_ONLY to a part of a step's name to run only those.
set -uo pipefail
cd "$(dirname "$0")/.."

logs=build/cache/logs
results=$logs/results
mkdir -p "$logs" build/bin
: >"$results"
desktop=(-tags desktop,production,webkit2_41)
bare=(-ldflags '-s -w') # without a table of symbols programs are linked in half of the time

step() { # name command…
  local name=$1 begin=$SECONDS log result=ok
  shift
  [[ $name == *${PARVIS_ONLY:-}* ]] || return 0
  log=$logs/$(tr -c 'a-zA-Z0-9\n' - <<<"$name").log
  "$@" >"$log" 2>&1 || result=FAIL
  (
    flock 9
    printf '%s %s\n' "$result" "$name" >&9
    printf '%-4s  %4ds  %s\n' "$result" $((SECONDS - begin)) "$name"
    if [ "$result" = FAIL ]; then
      # What failed comes first: a long output is often cut.
      grep -E -A 3 '^ *--- FAIL|^FAIL|^panic:|^fatal error:|DATA RACE|^ *FAIL |AssertionError' "$log" | head -n 60 | sed 's/^/    ! /'
      tail -n 200 "$log" | sed 's/^/      /'
    fi
  ) 9>>"$results"
}

# Runs rows of steps beside each other: what has one thread leaves a processor to others.
beside() {
  local row
  for row; do "$row" & done
  wait
}

formatted() {
  local files
  files=$(find . -name '*.go' -not -path './frontend/node_modules/*' -not -path './build/cache/*' -print0 | xargs -0 gofmt -l)
  [ -z "$files" ] || { echo "not formatted (make fmt): $files"; return 1; }
}

cross() { # GOOS GOARCH flags…
  local os=$1 arch=$2
  shift 2
  CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -trimpath "${bare[@]}" "$@" -o "build/cache/cross-$os-$arch" .
}

# The core is step functions (TestTheCoreIsStepFunctions); what locks in it has the
# detector too. Long tests in one goroutine, and those that read the source, run without
# it, with all of the core, in the steps beside. SQLite is C turned into Go: watched, it is
# five times slower and tells nothing about this project. What uses generic types of the
# library must be watched: packages share their code, and races are seen where there are
# none. Nodes wait more than they compute. Vet has had its own step.
single='LongLog|Properties|DecoderShowsExactlyWhatWasDrawn|MarkIsReadFromBothLayers|T19ReplicasConverge'
single+='|T25HidingConverges|TheNodeWritesAndReadsText|TraceThroughTheNode|K44TheSameIsHiddenInAnyOrderOfArrival'
raced() {
  if grep -q '^ok build: headless, without cgo$' "$results"; then # of this run
    export PARVIS_BIN=$PWD/build/bin/parvis
  fi
  go list ./... | grep -vE '^parvis(/crdt(/.*)?)?$' |
    xargs go test -race -gcflags='modernc.org/...=-race=false' -vet=off "${bare[@]}" -skip "^Test($single)\$" \
      -timeout 15m -p 3 -parallel 4 ./crdt/member ./crdt/doc/wasm
}

unraced() {
  go test -vet=off "${bare[@]}" -timeout 12m . ./crdt/... ./app/chat ./app/docs ./app/workspace ./media/generate
}

# Nodes wait, screens compute: two rows of parts run beside each other. Of screens in both
# languages and sizes, those with the least room are here, all in make test-long.
browser() {
  PARVIS_BIN=$PWD/build/bin/parvis PARVIS_LIVE_SECONDS=12 PARVIS_ROWS=2 PARVIS_SHOTS=none \
    PARVIS_SCREENS='^(?!.* (en 800|en 1280|fr 1280)$)' \
    npm --prefix frontend run --silent e2e -- talk docs delivery live members-fr protection-en calls guest screens
}

page() {
  step "page: unit tests" npm --prefix frontend run --silent test
  step "page: types" npm --prefix frontend run --silent check
  step "page: format" npm --prefix frontend run --silent lint
}

programs() {
  step "build: headless, without cgo" env CGO_ENABLED=0 go build -trimpath "${bare[@]}" -o build/bin/parvis .
  step "build: desktop" go build -trimpath "${bare[@]}" "${desktop[@]}" -o build/bin/parvis-desktop .
  step "build: desktop for Windows" cross windows amd64 -tags desktop,production
  for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
    step "build: headless for $target" cross "${target%/*}" "${target#*/}"
  done
  step "go: format" formatted
  step "go: vet" go vet ./...
  step "go: vet of the window" go vet "${desktop[@]}" . ./app/desktop
  step "go: the page's types are those of the bound structs" build/bindings.sh --check
}

detector() { step "go: tests with the race detector" raced; }
core() {
  step "go: the core's properties and decoders in full" unraced
  step "go: both document engines agree" go test -vet=off "${bare[@]}" -tags automerge_native ./crdt/doc/native
}

window() { step "window: shows and sends" build/window/test.sh; }
wine() { step "windows: a native node and parvis.exe under Wine" build/wine/test.sh; }

step "page: packages and build" make frontend
beside page programs
step "go: the document engine, compiled once for all tests" go test -vet=off "${bare[@]}" -count=1 -run '^TestFill$' ./crdt/doc/wasm
beside detector core
step "browser: two people in two browsers" browser
beside window wine

passed=$(grep -c '^ok ' "$results")
failed=$(grep -c '^FAIL ' "$results")
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] || { sed -n 's/^FAIL /failed: /p' "$results"; exit 1; }
