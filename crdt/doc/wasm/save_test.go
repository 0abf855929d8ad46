package wasm

import (
	"encoding/base64"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
)

// backwards are two changes by @automerge/automerge 2.2.9: a text, and a mark on it from
// position 3 to 1.
const (
	backwards1 = "hW9Kgxd25jUBdgG4GvZHNC/2Fjk7RlPG7IALY6YJwoV71q//OQfoOjWAlRAHBwcHBwcHBwcHBwcHBwcHAQgBAAEQAAAAAAAAAAAAAAAAAAAAAAkBAgICEQQTBTQCQgJWAlcGcAIGAQYCAAEFAH4ACAQBAAYGAQYWYWJjZGVmBgA="
	backwards2 = "hW9Kg6d4hxUBeAEXduY1BunnCgh4t9WZUmGD71NlsIlbonf3tVt4zba+jhAHBwcHBwcHBwcHBwcHBwcHAg4BAAEQAAAAAAAAAAAAAAAAAAAAAAkBAgICEQITAzQCQgJWA3ACpQEKAgECAgIAfgp+AAICB34CAAIAfwZzdHJvbmcAAQ=="
)

// TestSaveBackwardsMarks: Automerge applies and saves them, but cannot load the file.
func TestSaveBackwardsMarks(t *testing.T) {
	e := newEngine(t)
	d, err := e.New(t.Context(), doc.Actor{1})
	if err != nil {
		t.Fatal(err)
	}
	var changes [][]byte
	for _, text := range []string{backwards1, backwards2} {
		change, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, change)
	}
	if err := d.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	past, err := d.At(t.Context(), d.Heads())
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []doc.Reader{d, past} {
		file, err := state.Save(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		again, err := e.Load(t.Context(), file, doc.Actor{2})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := doctest.Describe(t.Context(), again), doctest.Describe(t.Context(), d); got != want {
			t.Errorf("loaded\n%s\nsaved\n%s", got, want)
		}
		usable(t, again)
	}
}
