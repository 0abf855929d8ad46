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
	t.Run("K25 what a courier knows", func(t *testing.T) {
		checkDecode(t, 6, courierRow{V: 1, Reader: 1, Cursors: []tagCursor{{Tag: Tag{1}, N: 7}}, Heads: []seal.ID{{2}}, List: seal.ID{3}, ListMs: 4})
	})
	t.Run("K47 what devices say of workspaces", func(t *testing.T) {
		checkDecode(t, 7, deviceList{V: 1, Workspaces: []seal.ID{{1}, {2}}})
		checkDecode(t, 8, deviceOffer{V: 1, WS: seal.ID{1}, Genesis: make([]byte, 40), Idx: 3})
	})
	t.Run("K48 stored links", func(t *testing.T) {
		checkDecode(t, 9, storedOffer{V: 1, Link: "parvis://device#x", Expires: 5, Device: seal.ID{1}, Verified: 7})
		checkDecode(t, 10, storedTaking{V: 1, Link: "parvis://device#x", Listed: true, Workspaces: []takenWorkspace{{WS: seal.ID{1}, Over: true}}})
	})
	t.Run("K63 what the author of a bundle has", func(t *testing.T) {
		checkDecode(t, 11, heldChains{V: 1, Chains: []heldChain{{Space: seal.SpaceID{1}, Device: seal.ID{2}, Seq: 3, ID: seal.ID{4}}}})
	})
	t.Run("a stored join", func(t *testing.T) { checkDecode(t, 5, storedJoin{V: 1, Link: "parvis://join#x", Name: "Ben"}) })
}
