//go:build !race

package member

// underRace is 1 without the race detector: everything runs in full.
const underRace = 1
