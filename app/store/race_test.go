//go:build race

package store

// underRace shortens what the race detector slows down twenty times and cannot
// learn from: the translated C code of SQLite.
const underRace = true
