#!/usr/bin/env bash
# Runs a native node and the Windows program under Wine through create, join, talk.
# The Wine prefix is made once, in build/cache.
set -euo pipefail
cd "$(dirname "$0")/../.."

export WINEPREFIX=$PWD/build/cache/wine WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml="
unset DISPLAY WAYLAND_DISPLAY
# The programs themselves, not Debian's shell scripts around them: what is killed is then the node.
wine=/usr/lib/wine/wine64 server=/usr/lib/wine/wineserver
[ -x "$wine" ] || wine=$(command -v wine64 || command -v wine)
[ -x "$server" ] || server=$(command -v wineserver)
stamp=$WINEPREFIX/parvis-shim.stamp
now=$(sha256sum <build/wine/shim/bcryptprimitives.c)
if [ "$(cat "$stamp" 2>/dev/null)" != "$now" ]; then
  mkdir -p "$WINEPREFIX"
  "$wine" wineboot --init >/dev/null 2>&1
  x86_64-w64-mingw32-gcc -shared -O2 -Wall -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" build/wine/shim/bcryptprimitives.c -ladvapi32
  printf '%s\n' "$now" >"$stamp"
fi
status=0
PARVIS_WINE=$wine go test -tags wine -count=1 -timeout 8m -v ./build/wine || status=$?
"$server" -k || true # what Wine leaves running belongs to this prefix alone
exit $status
