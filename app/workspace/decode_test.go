package workspace

import (
	"bytes"
	"testing"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

// checkDecode requires of every accepted input that it is the one encoding.
func checkDecode[T any](t *testing.T, seed uint64, good T) {
	t.Helper()
	raw, err := seal.Encode(good)
	if err != nil {
		t.Fatal(err)
	}
	for input := range sealtest.Mutations(seed, [][]byte{raw}, sealtest.Inputs) {
		v, err := seal.Decode[T](input)
		if err != nil {
			continue
		}
		if again, err := seal.Encode(v); err != nil || !bytes.Equal(again, input) {
			t.Fatalf("%x decodes to %+v, which encodes to %x, %v", input, v, again, err)
		}
	}
}

func TestDecodersAcceptOneEncodingOnly(t *testing.T) {
	t.Run("K3 box cover", func(t *testing.T) {
		checkDecode(t, 3, boxCover{V: 1, Counter: 7, KemPK: make([]byte, 64), Box: make([]byte, 32), Sig: make([]byte, 64)})
	})
	t.Run("K4 live hint", func(t *testing.T) { checkDecode(t, 4, liveHint{V: 1, Kind: KindChat, Body: []byte("typing")}) })
	t.Run("a stored join", func(t *testing.T) { checkDecode(t, 5, storedJoin{V: 1, Link: "parvis://join#x", Name: "Ben"}) })
}
