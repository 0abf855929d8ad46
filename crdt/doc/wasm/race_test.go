//go:build race

package wasm

// slow: the race detector makes everything take several times as long.
const slow = true
