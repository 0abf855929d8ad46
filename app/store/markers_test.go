package store

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// TestNoSecretLiesReadableOnTheDisk plants 500 markers in every value that is
// sealed, changes and deletes some, and looks for them byte by byte in all files.
func TestNoSecretLiesReadableOnTheDisk(t *testing.T) {
	db := openTest(t)
	ws := testID('w', 0)
	marker := func(n int) []byte { return []byte(fmt.Sprintf("planted-%d-%s", n, testID('m', n))) }
	for n := range 500 {
		err := db.Write(t.Context(), func(ctx context.Context) error {
			switch n % 4 {
			case 0, 1:
				return db.PutSecret(ctx, ws, fmt.Sprint(n/8), marker(n))
			case 2:
				return db.PutAddrs(ctx, ws, testID('d', n), []string{string(marker(n))}, 1)
			}
			row := testRow(0, n/4+1)
			if err := db.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{row}); err != nil {
				return err
			}
			return db.SetEnvelopeState(ctx, ws, []seal.ID{row.ID}, workspace.EnvelopeQuarantined, string(marker(n)))
		})
		if err != nil {
			t.Fatal(err)
		}
		if n%40 == 0 {
			if err := db.DeleteSecret(t.Context(), ws, fmt.Sprint(n/8)); err != nil {
				t.Fatal(err)
			}
		}
	}
	look := func(when string) {
		files := 0
		err := filepath.WalkDir(db.dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || entry.Name() == "reserve" {
				return err
			}
			files++
			data, err := os.ReadFile(path)
			for n := range 500 {
				if bytes.Contains(data, marker(n)[:16]) || bytes.Contains(data, testKey[:3+29]) {
					t.Errorf("%s: marker %d is in %s", when, n, entry.Name())
				}
			}
			return err
		})
		if err != nil || files == 0 {
			t.Errorf("%s: %d files, %v", when, files, err)
		}
	}
	look("open")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	look("closed")
}
