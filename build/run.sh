#!/usr/bin/env bash
# Builds the flavour that fits this machine and starts it: the window where there is
# a display, else the browser interface, whose address it prints.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/bin

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  go build -tags desktop,production,webkit2_41 -o build/bin/parvis-desktop .
  exec build/bin/parvis-desktop "$@"
fi
go build -o build/bin/parvis .
exec build/bin/parvis serve "$@"
