#!/usr/bin/env bash
# Draws every icon of the program from build/mark.svg. Run it when the mark has
# changed and commit the result; building the program does not need it.
set -euo pipefail
cd "$(dirname "$0")"

# The mark has a transparent ground; 16 px of margin per 256 keep it off the edges.
draw() { # size file
  local scratch
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' RETURN
  cat >"$scratch/mark.html" <<HTML
<body style="margin:0"><img src="file://$PWD/mark.svg" style="display:block;box-sizing:border-box;width:$1px;height:$1px;padding:$(($1 / 16))px"></body>
HTML
  local sandbox=()
  [ "$(id -u)" -ne 0 ] || sandbox=(--no-sandbox)
  chromium --headless "${sandbox[@]}" --user-data-dir="$scratch/profile" --default-background-color=00000000 --hide-scrollbars \
    --window-size="$1,$1" --screenshot="$PWD/$2" "file://$scratch/mark.html" >/dev/null 2>&1
}

draw 512 appicon.png
echo "drawn: build/appicon.png"
