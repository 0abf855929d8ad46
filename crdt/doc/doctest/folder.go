package doctest

import (
	"os"
	"path/filepath"
	"testing"
)

// Folder is where tests keep the compiled engine, for all of them to share: build/cache
// of the project, which stays.
func Folder(t testing.TB) string {
	t.Helper()
	top, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(top, "go.mod")); err == nil {
			return filepath.Join(top, "build", "cache", "engine")
		}
		if top == filepath.Dir(top) {
			return filepath.Join(t.TempDir(), "engine")
		}
		top = filepath.Dir(top)
	}
}

// Compiled gives a new data folder the compiled engine that all tests share: compiling
// it takes seconds, and half a minute under the race detector.
func Compiled(t testing.TB, data string) string {
	t.Helper()
	shared := Folder(t)
	if err := os.MkdirAll(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(shared, filepath.Join(data, "engine")); err != nil {
		t.Fatal(err)
	}
	return data
}
