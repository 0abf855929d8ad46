//go:build !race

package store

// underRace is explained in race_test.go.
const underRace = false
