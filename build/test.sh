#!/usr/bin/env bash
# Every test, step by step; a failed step does not keep the others from running.
# The last line counts. Set PARVIS_ONLY to a part of a step's name to run only those.
set -uo pipefail
cd "$(dirname "$0")/.."

passed=0 failed=()
logs=build/cache/logs
mkdir -p "$logs" build/bin
desktop=(-tags desktop,production,webkit2_41)

step() { # name command…
  local name=$1 begin=$SECONDS log
  shift
  [[ $name == *${PARVIS_ONLY:-}* ]] || return 0
  log=$logs/$(tr -c 'a-zA-Z0-9\n' - <<<"$name").log
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    printf 'ok    %4ds  %s\n' $((SECONDS - begin)) "$name"
  else
    failed+=("$name")
    printf 'FAIL  %4ds  %s\n' $((SECONDS - begin)) "$name"
    sed 's/^/      /' "$log" | tail -n 200
  fi
}

formatted() {
  local files
  files=$(find . -name '*.go' -not -path './frontend/node_modules/*' -not -path './build/cache/*' -print0 | xargs -0 gofmt -l)
  [ -z "$files" ] || { echo "not formatted (make fmt): $files"; return 1; }
}

cross() { # GOOS GOARCH flags…
  local os=$1 arch=$2
  shift 2
  CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -trimpath "$@" -o "build/cache/cross-$os-$arch" .
}

step "page: packages and build" make frontend
step "page: types" npm --prefix frontend run --silent check
step "page: format" npm --prefix frontend run --silent lint
step "page: unit tests" npm --prefix frontend run --silent test
step "go: format" formatted
step "go: vet" go vet ./...
step "go: vet of the window" go vet "${desktop[@]}" . ./app/desktop
step "go: the document engine, compiled once for all tests" go test -count=1 -run '^TestFill$' ./crdt/doc/wasm
step "go: tests with the race detector" go test -race -timeout 12m ./...
step "go: the core's properties and decoders in full" go test -timeout 12m ./crdt/... ./app/docs ./app/workspace
step "go: both document engines agree" go test -tags automerge_native ./crdt/doc/native
step "go: the page's types are those of the bound structs" build/bindings.sh --check
step "build: headless, without cgo" env CGO_ENABLED=0 go build -trimpath -o build/bin/parvis .
step "build: desktop" go build -trimpath "${desktop[@]}" -o build/bin/parvis-desktop .
step "build: desktop for Windows" cross windows amd64 -tags desktop,production
for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
  step "build: headless for $target" cross "${target%/*}" "${target#*/}"
done
step "browser: two people in two browsers" env PARVIS_BIN="$PWD/build/bin/parvis" PARVIS_LIVE_SECONDS=12 npm --prefix frontend run --silent e2e -- talk docs live screens
step "window: shows and sends" build/window/test.sh
step "windows: a native node and parvis.exe under Wine" build/wine/test.sh

printf '%d passed, %d failed\n' "$passed" "${#failed[@]}"
[ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[@]}"; exit 1; }
