package app_test

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// maxBundleMemory is what a bundle may take beside what a node needs anyway.
const maxBundleMemory = 32 << 20

// memory watches how much of it is in use while bytes pass.
type memory struct {
	io.Writer
	at   int
	most uint64
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func (m *memory) Write(p []byte) (int, error) {
	if m.at += len(p); m.at >= 8<<20 {
		m.at = 0
		m.most = max(m.most, inUse())
	}
	return m.Writer.Write(p)
}

// TestALongHistoryIsCarriedByHand writes all that a node has to a file, in little
// memory, and lets another one read it.
func TestALongHistoryIsCarriedByHand(t *testing.T) {
	first, last, authors, ws := team(t)
	id, _ := seal.ParseID(ws)
	w, err := first.Manager().Get(id)
	if err != nil {
		t.Fatal(err)
	}
	m := newMint(t, first, w, authors, *catchup)
	last.Stop()
	for raws := m.write(*catchup); len(raws) > 0; {
		n := min(4*window, len(raws))
		if err := w.Receive(t.Context(), workspace.Received{Envelopes: raws[:n]}); err != nil {
			t.Fatal(err)
		}
		raws = raws[n:]
	}
	path := filepath.Join(t.TempDir(), "all.parvis")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	before := inUse()
	out := &memory{Writer: file, most: before}
	begin := time.Now()
	made, err := first.API().Content.ExportBundle(api.BundleExport{Workspace: ws}, out)
	if err != nil || made.Envelopes < *catchup {
		t.Fatalf("%+v, %v", made, err)
	}
	size, _ := file.Seek(0, io.SeekEnd)
	t.Logf("%d messages and changes, %d bytes, written in %v; %d KiB of memory at most", made.Envelopes, size, time.Since(begin).Round(time.Millisecond), (out.most-before)>>10)
	if out.most-before > maxBundleMemory {
		t.Errorf("the export takes %d MiB", (out.most-before)>>20)
	}
	first.Stop()
	last.Start()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	begin = time.Now()
	taken, err := last.API().Content.ImportBundle("", file)
	if err != nil || taken.Envelopes < *catchup || taken.Refused+taken.Waiting+taken.Elsewhere > 0 {
		t.Fatalf("%+v, %v", taken, err)
	}
	took := time.Since(begin)
	t.Logf("read in %v: %.0f/s", took.Round(time.Millisecond), float64(taken.Envelopes)/took.Seconds())
	m.check(t, last, ws)
}
