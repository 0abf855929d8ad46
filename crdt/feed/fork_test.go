package feed

import (
	"reflect"
	"testing"

	"parvis/crdt/seal"
)

func TestForkProof(t *testing.T) {
	a := newAuthor(1)
	b := a.fork()
	a1, a2, a3 := a.write(t, Plain{}), a.write(t, Plain{}), a.write(t, Plain{})
	b1, b2 := b.write(t, Plain{}), b.write(t, Plain{})
	stranger := newAuthor(2).write(t, Plain{})
	elsewhere := newAuthor(1)
	elsewhere.next.Space = seal.SpaceID{99}
	moved := elsewhere.write(t, Plain{})

	t.Run("E13 two envelopes for one place prove a fork, in any order", func(t *testing.T) {
		p, err := NewForkProof(a2, b2)
		if err != nil {
			t.Fatal(err)
		}
		q, err := NewForkProof(b2, a2)
		if err != nil || !reflect.DeepEqual(p, q) {
			t.Fatalf("the order changes the proof: %v", err)
		}
		raw, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, fork, err := ParseForkProof(raw)
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Fatalf("parsed %+v, %v", got, err)
		}
		ids := [2]seal.ID{a2.ID, b2.ID}
		if ids[0].Compare(ids[1]) > 0 {
			ids[0], ids[1] = ids[1], ids[0]
		}
		if want := (Fork{a.next.WS, a2.Feed(), 2, ids}); fork != want {
			t.Errorf("fork %+v, want %+v", fork, want)
		}
	})
	t.Run("E13 a successor that names another one proves a fork", func(t *testing.T) {
		p, err := NewForkProof(b2, a1)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, fork, err := ParseForkProof(raw); err != nil || fork.IDs != [2]seal.ID{a1.ID, b2.ID} || fork.Seq != 1 {
			t.Errorf("fork %+v, %v", fork, err)
		}
	})
	t.Run("E13 honest envelopes prove nothing", func(t *testing.T) {
		for name, pair := range map[string][2]*Envelope{
			"the same": {a1, a1}, "neighbours": {a1, a2}, "far apart": {b1, a3}, "two devices": {a1, stranger}, "two spaces": {a1, moved},
		} {
			if _, err := NewForkProof(pair[0], pair[1]); err == nil {
				t.Errorf("%s: proven", name)
			}
		}
	})
}
