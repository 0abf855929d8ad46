#!/usr/bin/env bash
# Installs what is missing on a Debian or Ubuntu machine, and nothing else:
#   build/setup.sh run      to build and open the window
#   build/setup.sh test     and to run every test
# What the system's packages are too old for (Go, Node.js) comes from the Go module
# proxy and from npm into build/cache, never into the system.
# A machine that has everything is left alone; root rights are asked for only when a
# package is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

go_wanted=1.26.8   # when the machine has no Go of at least go.mod's version
node_wanted=22.23.3 # when the machine has no Node.js of at least 20.19
tools=$PWD/build/cache/tools
export PATH="$tools/bin:$PATH:/usr/local/go/bin"

say() { printf '· %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

run_packages="gcc libc6-dev pkg-config libgtk-3-dev libwebkit2gtk-4.1-dev gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
test_packages="iproute2 xvfb xauth dbus dbus-x11 openbox xdotool imagemagick at-spi2-core python3-gi gir1.2-atspi-2.0 wine wine64 gcc-mingw-w64-x86-64 libreoffice-writer-nogui poppler-utils"

# Prints the packages of a list that are not installed.
missing() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
  done
}

# Installs packages with root rights, after telling which.
install() {
  [ $# -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "these packages are missing, and this is not Debian or Ubuntu: $*"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing; install them as root: apt-get install $*"
    root=(sudo)
  fi
  say "installing packages: $*"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# at_least 1.26.0 1.26.8: whether the second version is the first or newer.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

go_version() { GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null | sed 's/^go//'; }

# A Go that can build this: the machine's, or the pinned one as a module. Any Go,
# however old, can fetch it, checked against build/toolchain/go.sum.
setup_go() {
  local needed found
  needed=$(sed -n 's/^go //p' go.mod)
  if found=$(command -v go) && at_least "$needed" "$(go_version "$found")"; then return; fi
  [ -n "${found:-}" ] || { install golang-go; found=$(command -v go); }
  say "fetching Go $go_wanted into build/cache"
  local arch module source
  arch=$(dpkg --print-architecture)
  module="golang.org/toolchain@v0.0.1-go$go_wanted.linux-$arch"
  mkdir -p "$tools/bin"
  source=$(cd build/toolchain && GOTOOLCHAIN=local GOFLAGS=-modfile="go.$arch.mod" "$found" mod download -json golang.org/toolchain | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  [ -d "$source" ] || die "$module could not be fetched"
  rm -rf "$tools/go.new" "$tools/go"
  cp -R "$source" "$tools/go.new"
  chmod -R u+w "$tools/go.new"
  chmod +x "$tools"/go.new/bin/* "$tools"/go.new/pkg/tool/*/*
  # A module cannot hold other modules' go.mod files: they travel under another name.
  find "$tools/go.new" -name _go.mod -execdir cp _go.mod go.mod \;
  mv "$tools/go.new" "$tools/go"
  ln -sf ../go/bin/go ../go/bin/gofmt "$tools/bin/"
}

# A Node.js that Vite runs on: the machine's, or the pinned one from npm.
setup_node() {
  local found arch
  command -v npm >/dev/null || install nodejs npm
  if found=$(command -v node) && at_least 20.19.0 "$(node --version | sed 's/^v//')"; then return; fi
  case $(dpkg --print-architecture) in amd64) arch=x64 ;; arm64) arch=arm64 ;; *) die "there is no Node.js for this machine: install 20.19 or newer" ;; esac
  say "fetching Node.js $node_wanted into build/cache"
  mkdir -p "$tools/bin" "$tools/node"
  npm install --silent --no-audit --no-fund --prefix "$tools/node" "node-linux-$arch@$node_wanted" >/dev/null
  ln -sf "../node/node_modules/node-linux-$arch/bin/node" "$tools/bin/node"
}

# The browser of the tests. On Ubuntu the package is a snap, which a test cannot
# drive everywhere, so any Chromium or Chrome will do.
setup_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    ! command -v "$name" >/dev/null || return 0
  done
  install chromium
}

what=${1:-run}
case $what in run | test) ;; *) die "say: build/setup.sh run or build/setup.sh test" ;; esac

# The second run does no work: the stamp holds what it was made by and for.
mkdir -p build/cache
stamp=build/cache/setup-$what.stamp
now=$(cat build/setup.sh go.mod build/toolchain/* | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && command -v go node npm >/dev/null; then exit 0; fi

# shellcheck disable=SC2086 # lists of words
install $(missing $run_packages)
setup_go
setup_node
if [ "$what" = test ]; then
  # shellcheck disable=SC2086
  install $(missing $test_packages)
  setup_browser
fi
printf '%s\n' "$now" >"$stamp"
