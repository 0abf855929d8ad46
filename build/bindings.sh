#!/usr/bin/env bash
# Writes wailsjs/ below the given folder from the bound structs, the way
# "wails generate module" does it: the program is built with the tag "bindings",
# run once, and writes down what it would bind.
#   build/bindings.sh frontend      writes frontend/wailsjs
#   build/bindings.sh --check       fails when frontend/wailsjs is not what would be written
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
go build -ldflags "-s -w" -tags bindings -o "$scratch/bindings" .
cp wails.json "$scratch/"
mkdir "$scratch/frontend"
(cd "$scratch" && tsoutputtype=interfaces tsprefix='' tssuffix='' XDG_DATA_HOME="$scratch" ./bindings >log 2>&1) || { cat "$scratch/log" >&2; exit 1; }
made=$scratch/frontend/wailsjs
rm -rf "$made/go/desktop" # only there so that the events' types are mentioned
find "$made" -type f -exec chmod 644 {} +

if [ "$1" = --check ]; then
  diff -ru frontend/wailsjs "$made" || {
    echo "frontend/wailsjs is not what the bound structs say: run make bindings" >&2
    exit 1
  }
  exit 0
fi
rm -rf "$1/wailsjs"
cp -R "$made" "$1/wailsjs"
