//go:build race

package docs_test

// raceEnabled shortens what the race detector slows down and cannot learn from.
const raceEnabled = true
