#!/usr/bin/env bash
# The real window, on a virtual display with a window manager of its own: it shows a
# message that another node sent, and sends one that is typed into it. The picture
# stays in build/bin/artefacts.
set -euo pipefail
cd "$(dirname "$0")/../.."

mkdir -p build/bin/artefacts
export PARVIS_ARTEFACTS=$PWD/build/bin/artefacts
export LANG=C.UTF-8 LC_ALL=C.UTF-8 GTK_A11Y=atspi GDK_BACKEND=x11 NO_AT_BRIDGE=0 LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY
# WebKitGTK's sandbox needs rights that root in a container does not have.
[ "$(id -u)" -ne 0 ] || export WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1
exec xvfb-run -a -s "-screen 0 1280x860x24" dbus-run-session -- \
  bash -c 'openbox & manager=$!; trap "kill $manager" EXIT; go test -tags window -count=1 -timeout 6m -v ./build/window'
