//go:build race

package apptest

// raceEnabled shortens what the race detector slows down and cannot learn from.
const raceEnabled = true
