//go:build !race

package wasm

// slow: the race detector is on.
const slow = false
