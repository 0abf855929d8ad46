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
