//go:build race

package member

// underRace shortens what the race detector slows down twenty times and cannot
// learn from: pure code of one goroutine. The same tests run in full without it.
const underRace = 10
