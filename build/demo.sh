#!/usr/bin/env bash
# Two people of one workspace on this machine, each with a window, or with a browser
# address where there is no display, already talking. Ctrl+C ends it. What they wrote
# stays in build/cache/demo; delete the folder to begin anew.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/build/cache/demo
mkdir -p "$folder/ana" "$folder/ben"
chmod 700 "$folder"
pids=()
stop() {
  trap - EXIT INT TERM
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  wait || true
}
trap stop EXIT
trap 'exit 0' INT TERM

parvis() { # person command…
  local who=$1
  shift
  build/bin/parvis --data "$folder/$who" "$@"
}

start() { # person
  local flags=(--data "$folder/$1" --unprotected --ui 127.0.0.1:0)
  rm -f "$folder/$1/endpoint.json"
  if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    build/bin/parvis-desktop "${flags[@]}" >"$folder/$1.log" 2>&1 &
  else
    build/bin/parvis serve "${flags[@]}" >"$folder/$1.log" 2>&1 &
  fi
  pids+=($!)
  local _
  for _ in $(seq 300); do
    if [ -e "$folder/$1/endpoint.json" ] && parvis "$1" status >/dev/null 2>&1; then return; fi
    kill -0 "${pids[-1]}" 2>/dev/null || break
    sleep 0.1
  done
  echo "$1's node did not start; its log:" >&2
  cat "$folder/$1.log" >&2
  exit 1
}

start ana
start ben
if ! parvis ana workspace list | grep -q Atelier; then
  parvis ana workspace create Atelier --as Ana >/dev/null
  # The recovery key is written down and typed back, as a person does before inviting.
  parvis ana recovery show | sed -n 's/^The same in one line: //p' | parvis ana recovery confirm >/dev/null
  parvis ben join "$(parvis ana invite create)" --as Ben >/dev/null
  parvis ana channel create kitchen >/dev/null
  parvis ana chat send general "Welcome, Ben! This goes straight from my computer to yours: **no server** in between." >/dev/null
  parvis ben chat send general "Hello Ana! And if one of us is off?" >/dev/null
  parvis ana chat send general "Then it waits here, and arrives when we meet again." >/dev/null
fi

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  echo "Ana and Ben have a window each. Ctrl+C closes both."
else
  for who in ana ben; do
    echo "$who: $(sed -n 's/.*"ui":"\([^"]*\)".*/\1/p' "$folder/$who.log")"
  done
  echo "Open each address in a browser. Ctrl+C stops both nodes."
fi
wait
