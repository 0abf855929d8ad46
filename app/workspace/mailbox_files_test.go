package workspace_test

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// shelf is files in memory: each is a root and a few blocks.
type shelf struct {
	mu    sync.Mutex
	files []workspace.StockedFile
	all   map[seal.ID][][]byte // by root, the root first
}

func (s *shelf) add(space seal.SpaceID, mine bool, blocks int) (ids []seal.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var file [][]byte
	for range blocks {
		file = append(file, seal.Random(100_000))
		ids = append(ids, seal.Sum(file[len(file)-1]))
	}
	if s.all == nil {
		s.all = map[seal.ID][][]byte{}
	}
	s.all[ids[0]] = file
	s.files = append(s.files, workspace.StockedFile{Space: space, Root: ids[0], Size: uint64(100_000 * blocks), Mine: mine})
	return ids
}

func (s *shelf) Stocked() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(1 + len(s.files))
}

func (s *shelf) Stock(context.Context, seal.ID) ([]workspace.StockedFile, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.files), nil
}

func (s *shelf) BlocksOf(_ context.Context, _ seal.ID, _ seal.SpaceID, root seal.ID, visit func([]byte) error) error {
	s.mu.Lock()
	blocks := s.all[root]
	s.mu.Unlock()
	for _, b := range blocks {
		if err := visit(b); err != nil {
			return err
		}
	}
	return nil
}

// TestBlocksOfFilesLieAtTheSuperPeer: own files go at once, those of others wait,
// and what comes back is what was brought, or nothing.
func TestBlocksOfFilesLieAtTheSuperPeer(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	files := &shelf{}
	ids := files.add(wa.MainSpace(), true, 12)
	foreign := files.add(wa.MainSpace(), false, 2)
	ca := ana.courier(wa, s)
	if err := ca.Stock(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	cb := ben.courier(wb, s)
	got := map[seal.ID][]byte{}
	take := func(id seal.ID, block []byte) error { got[id] = block; return nil }
	if err := cb.FetchBlocks(t.Context(), wb.MainSpace(), slices.Concat(ids, foreign), take); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(ids) {
		t.Fatalf("%d blocks came, want the %d of the own file", len(got), len(ids))
	}
	for i, id := range ids {
		if !bytes.Equal(got[id], files.all[ids[0]][i]) {
			t.Error("another block came")
		}
	}
	s.set(func() {
		s.mangle = func(o workspace.Object) (workspace.Object, bool) {
			o.Bytes = bytes.Clone(o.Bytes)
			o.Bytes[7] ^= 1
			return o, true
		}
	})
	clear(got)
	if err := cb.FetchBlocks(t.Context(), wb.MainSpace(), ids, take); err != nil || len(got) != 0 {
		t.Errorf("%d wrong blocks were taken, %v", len(got), err)
	}
	if cb.Problem() == "" {
		t.Error("nobody is told of wrong blocks")
	}
}
