# Parvis. The two commands that do everything on a fresh Debian or Ubuntu machine:
#   make run     build and open the window (without a display: serve, and print the address)
#   make test    every test, the browser, window and Windows ones included
# Both install what is missing first, and do no work twice.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PATH := $(CURDIR)/build/cache/tools/bin:$(PATH):/usr/local/go/bin
# The Go that was set up builds it, wherever the source came from.
export GOTOOLCHAIN := local
export GOFLAGS := -buildvcs=false
# Node.js brings its own list of authorities; what this machine trusts counts as well.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export NODE_EXTRA_CA_CERTS ?= /etc/ssl/certs/ca-certificates.crt
endif

bin     := build/bin
engine  := crdt/doc/wasm/module/automerge.wasm
codec   := media/generate/module/opus.wasm
desktop := -tags desktop,production,webkit2_41
page    := $(shell find frontend/src frontend/messages frontend/index.html frontend/vite.config.ts frontend/vite.meet.config.ts frontend/svelte.config.js frontend/package.json \
             frontend/project.inlang/settings.json frontend/wailsjs -type f -not -path '*/paraglide/*' 2>/dev/null)

.PHONY: help run demo test test-long test-mutation test-windows test-window bench build frontend bindings fmt lint clean setup setup-test

help:
	@sed -n 's/^## //p' Makefile

## make run           build and open the window; without a display serve and print the address
run: setup frontend
	@build/run.sh

## make demo          two people of one workspace on this machine, already talking
demo: setup build
	@build/demo.sh

## make test          every test
test: setup-test
	@build/test.sh

## make test-long     the long runs: more random logs, longer fuzzing, soak
test-long: setup-test frontend
	@build/test-long.sh

## make test-mutation  each check of the validators switched off once: does a test notice?
test-mutation: setup-test frontend
	@go run ./build/mutation
	@go run ./build/mutation -by-hand

## make test-window   the real window under a virtual display
test-window: setup-test build
	@build/window/test.sh

## make test-windows  a native node and the Windows program under Wine: create, join, talk
test-windows: setup-test frontend
	@build/wine/test.sh

## make bench         the table of the figures to reach
bench: setup-test build
	@build/bench.sh

## make build         both flavours into build/bin
build: setup frontend
	@mkdir -p $(bin)
	go build -trimpath -ldflags "-s -w" -o $(bin)/parvis .
	go build -trimpath -ldflags "-s -w" $(desktop) -o $(bin)/parvis-desktop .

## make frontend      the page, and the document engine and the audio codec that come with its packages
frontend: frontend/dist/index.html $(engine) $(codec)

frontend/dist/index.html: frontend/node_modules/.package-lock.json $(page)
	cd frontend && npm run --silent build
	@touch frontend/dist/.gitkeep frontend/dist-meet/.gitkeep $@

# The engine and the codec are taken only with the hash that the source beside them names.
$(engine): frontend/node_modules/.package-lock.json crdt/doc/wasm/module.go
	@echo "$$(sed -n 's/^const moduleHash = "\(.*\)"$$/\1/p' crdt/doc/wasm/module.go)  frontend/node_modules/automerge-wasm/dist/automerge.wasm" | sha256sum --check --strict --quiet
	install -m 644 frontend/node_modules/automerge-wasm/dist/automerge.wasm $@

$(codec): frontend/node_modules/.package-lock.json media/generate/module.go
	@echo "$$(sed -n 's/^const moduleHash = "\(.*\)"$$/\1/p' media/generate/module.go)  frontend/node_modules/@evan/opus/wasm/opus.wasm" | sha256sum --check --strict --quiet
	install -m 644 frontend/node_modules/@evan/opus/wasm/opus.wasm $@

frontend/node_modules/.package-lock.json: frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

## make bindings      frontend/wailsjs from the bound structs
bindings: setup
	@build/bindings.sh frontend

## make fmt           format Go and the page's source
fmt: setup frontend/node_modules/.package-lock.json
	find . -name '*.go' -not -path './frontend/node_modules/*' -not -path './build/cache/*' -print0 | xargs -0 gofmt -w
	cd frontend && npm run --silent format

## make lint          golangci-lint with .golangci.yml
lint: setup
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2 run

setup:
	@build/setup.sh run

setup-test:
	@build/setup.sh test

## make clean         what was built; build/cache stays
clean:
	rm -rf $(bin) frontend/dist/* frontend/dist-meet/* $(engine) $(codec)
