//go:build race

package change

// raceEnabled: the race detector allocates beside what it watches, so that a bound on
// memory says nothing under it.
const raceEnabled = true
