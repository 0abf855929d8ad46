package wasm

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
)

// TestTrace writes a whole paper, sends every change to a second document and loads
// the file. With PARVIS_LONG it is the paper in full, else its first tenth.
func TestTrace(t *testing.T) {
	if testing.Short() || slow {
		t.Skip("takes long, most of all under the race detector: not with it, nor with -short")
	}
	edits, end, err := doctest.Trace()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("PARVIS_LONG") == "" {
		edits, end = edits[:len(edits)/10], ""
	}
	e := newEngine(t)
	a, err := e.New(t.Context(), doc.Actor{1})
	if err != nil {
		t.Fatal(err)
	}
	watch := time.Now()
	lap := func(what string) {
		t.Logf("%-40s %v", what, time.Since(watch).Round(time.Microsecond))
		watch = time.Now()
	}
	var changes [][]byte
	for part := range slices.Chunk(edits, 20) {
		change, err := a.Change(t.Context(), time.Unix(1, 0), doctest.Play(part))
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, change)
	}
	lap("written, 20 edits in a change")
	b, err := e.New(t.Context(), doc.Actor{2})
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(changes, 100) {
		if err := b.Apply(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
	lap("applied, 100 changes at once")
	file, err := b.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	lap("saved")
	c, err := e.Load(t.Context(), file, doc.Actor{3})
	if err != nil {
		t.Fatal(err)
	}
	lap("loaded")
	text, err := c.Text(t.Context(), "text")
	if err != nil {
		t.Fatal(err)
	}
	lap("text")
	change, err := c.Change(t.Context(), time.Unix(1, 0), func(e doc.Edit) error { return e.Splice("text", 5, 0, "x") })
	if err != nil {
		t.Fatal(err)
	}
	lap("one more local edit")
	if err := b.Apply(t.Context(), [][]byte{change}); err != nil {
		t.Fatal(err)
	}
	lap("one more remote edit")
	t.Logf("file of %d bytes, wasm memory of the loaded document %d MiB", len(file), c.(*document).in.engine.Memory().Size()>>20)
	if other, err := a.Text(t.Context(), "text"); err != nil || text != other || end != "" && text != end {
		t.Errorf("the texts differ: %v", err)
	}
}

// TestStart measures the start of an engine: compiling it, and reading the compiled
// engine from its folder.
func TestStart(t *testing.T) {
	if slow {
		t.Skip("compiling takes long under the race detector; runs without it")
	}
	folder := filepath.Join(t.TempDir(), "engine")
	for _, what := range []string{"cold", "warm"} {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		e, err := New(folder)
		if err != nil {
			t.Fatal(err)
		}
		d, err := e.New(t.Context(), doc.Actor{1})
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		runtime.GC()
		runtime.ReadMemStats(&after)
		t.Logf("%s start %v, Go heap +%d KiB, wasm memory %d KiB", what, took.Round(time.Millisecond), (int64(after.HeapAlloc)-int64(before.HeapAlloc))>>10, d.(*document).in.engine.Memory().Size()>>10)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has rights %v", info.Mode().Perm())
	}
}

// TestFill compiles the engine into the folder of the tests. build/test.sh runs it first:
// under the race detector this takes a minute.
func TestFill(t *testing.T) {
	d, err := newEngine(t).New(t.Context(), doc.Actor{1})
	if err != nil {
		t.Fatal(err)
	}
	usable(t, d)
}

// TestDamagedFolder: what lies in the folder may be damaged, by a disk or a crash.
func TestDamagedFolder(t *testing.T) {
	if slow {
		t.Skip("compiling takes long under the race detector; runs without it")
	}
	folder := filepath.Join(t.TempDir(), "engine")
	for _, damage := range []func(path string) error{
		func(string) error { return nil }, // the first run fills the folder
		func(path string) error {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content[len(content)/2] ^= 1
			return os.WriteFile(path, content, 0o600)
		},
	} {
		err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return nil
			}
			return damage(path)
		})
		if err != nil {
			t.Fatal(err)
		}
		e, err := New(folder)
		if err != nil {
			t.Fatal(err)
		}
		d, err := e.New(t.Context(), doc.Actor{1})
		if err != nil {
			t.Fatal(err)
		}
		usable(t, d)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
