package doc_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

func TestActorOf(t *testing.T) {
	dev, id := seal.Sum([]byte("device")), doc.ID{1}
	actor := doc.ActorOf(dev, id, 7)
	want := seal.Hash("parvis1/actor", dev[:], id[:], []byte{0, 0, 0, 7})
	if actor != doc.Actor(want[:16]) {
		t.Errorf("actor %v, want the beginning of %v", actor, want)
	}
	if other := doc.ActorOf(dev, id, 8); other == actor {
		t.Errorf("two sessions share an actor")
	}
	if parsed, err := doc.ParseActor(actor.String()); err != nil || parsed != actor {
		t.Errorf("parsed %v, %v", parsed, err)
	}
}

func TestParseID(t *testing.T) {
	id := doc.ID{0xab, 15: 0xcd}
	if parsed, err := doc.ParseID(id.String()); err != nil || parsed != id {
		t.Errorf("parsed %v, %v", parsed, err)
	}
	for _, bad := range []string{"", "ab", strings.ToUpper(id.String()), id.String() + "00", strings.Repeat("g", 32)} {
		if _, err := doc.ParseID(bad); err == nil {
			t.Errorf("%q is an id", bad)
		}
	}
}

// TestRootChange: the hash of a change is that of its chunk without magic and checksum.
func TestRootChange(t *testing.T) {
	if hash := seal.Sum(doc.RootChange()[8:]); hash != doc.RootHash() {
		t.Errorf("the root change has hash %v", hash)
	}
}

func TestWidth(t *testing.T) {
	for _, text := range []string{"", "abc", "é漢", "😀", "👨\u200d👩", "e\u0301"} {
		if want := uint32(len(utf16.Encode([]rune(text)))); doc.Width(text) != want {
			t.Errorf("width of %q is %d, want %d", text, doc.Width(text), want)
		}
	}
	if n := doc.Length([]doc.Span{{Text: "a😀"}, {Block: &doc.Block{}}, {Text: "b"}}); n != 5 {
		t.Errorf("length %d, want 5", n)
	}
}
