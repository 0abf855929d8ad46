package workspace_test

import (
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal/sealtest"
)

// receive gives bytes to every decoder of a workspace that peers can reach.
func receive(t testing.TB, w *workspace.Workspace, raw []byte) {
	t.Helper()
	_, device := w.Self()
	w.Live(device, raw)
	_ = w.CheckGossip(w.MainSpace(), raw)
	part := workspace.Received{Entries: [][]byte{raw}, Blobs: [][]byte{raw, append([]byte{0}, raw...), append([]byte{1}, raw...)}, Envelopes: [][]byte{raw}}
	_ = w.Receive(t.Context(), part) // most are bad; none may harm
}

// corpus is one good object of each sort.
func corpus(t *testing.T, w *workspace.Workspace) [][]byte {
	t.Helper()
	part, _, err := w.Missing(t.Context(), [32]byte{1}, workspace.Holdings{}, 256, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	objects := append(part.Entries, part.Blobs...)
	for _, blob := range part.Blobs {
		objects = append(objects, blob[1:])
	}
	return objects
}

func TestMutatedObjectsHarmNothing(t *testing.T) {
	now := time.Now()
	ana := newDevice(t, &now)
	w := ana.found()
	ana.invite(w, 3)
	objects := append(corpus(t, w), []byte{0x84, 1, 0x50, 1, 0x40})
	heads := len(w.State().Heads())
	for raw := range sealtest.Mutations(1, objects, sealtest.Inputs/8) { // the decoders themselves have their own loops
		receive(t, w, raw)
	}
	if got := len(w.State().Heads()); got != heads {
		t.Errorf("%d log heads after the mutations, want %d", got, heads)
	}
	ana.say(w, "still works")
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte{0x84, 1, 0x50, 1, 0x40})
	f.Fuzz(func(t *testing.T, raw []byte) {
		now := time.Now()
		ana := newDevice(t, &now)
		receive(t, ana.found(), raw)
	})
}
