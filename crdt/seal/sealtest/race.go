//go:build race

package sealtest

// Inputs is smaller under the race detector, which slows decoders of one
// goroutine down ten times and cannot learn from them. The same tests run in
// full without it.
const Inputs = 1_000
