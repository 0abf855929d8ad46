package mailbox

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"testing"

	"parvis/p2p/wire"
)

// sampleKnock is shown by the host with seed 2 to the one with seed 1, with the
// invitation of seed 3.
func sampleKnock(t testing.TB) knock {
	t.Helper()
	_, superPeer := seeded(1)
	_, from := seeded(2)
	seed, pk := seeded(3)
	m := knock{V: 1, Workspace: [32]byte{7}, InvPK: pk}
	digest := m.digest(superPeer, from)
	m.Sig = ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), append([]byte(KnockLabel+"\x00"), digest[:]...))
	return m
}

func TestX35AKnockIsGoodForOnePeerAtOneSuperPeer(t *testing.T) {
	good := sampleKnock(t)
	_, superPeer := seeded(1)
	_, from := seeded(2)
	_, other := seeded(4)
	for name, c := range map[string]struct {
		change         func(*knock)
		at, from       [32]byte
		shape, verdict bool
	}{
		"as it is":              {func(*knock) {}, superPeer, from, true, true},
		"shown by another peer": {func(*knock) {}, superPeer, other, true, false},
		"at another super-peer": {func(*knock) {}, other, from, true, false},
		"for another workspace": {func(m *knock) { m.Workspace[0]++ }, superPeer, from, true, false},
		"with another key":      {func(m *knock) { m.InvPK = other }, superPeer, from, true, false},
		"a changed signature":   {func(m *knock) { m.Sig[5]++ }, superPeer, from, true, false},
		"no signature":          {func(m *knock) { m.Sig = nil }, superPeer, from, false, false},
		"half a signature":      {func(m *knock) { m.Sig = m.Sig[:32] }, superPeer, from, false, false},
		"another version":       {func(m *knock) { m.V = 2 }, superPeer, from, false, false},
	} {
		t.Run("X35 "+name, func(t *testing.T) {
			m := good
			m.Sig = bytes.Clone(good.Sig)
			c.change(&m)
			got, err := decodeKnock(encoded(t, m))
			if (err == nil) != c.shape || err != nil && !wire.IsFault(err) {
				t.Fatalf("error %v", err)
			}
			if err == nil && got.verify(c.at, c.from) != c.verdict {
				t.Errorf("verified: %v, want %v", !c.verdict, c.verdict)
			}
		})
	}
}

func TestX36AnswersToAKnock(t *testing.T) {
	for _, want := range []error{ErrNoDoor, ErrDoorEnded, ErrDoorCrowded} {
		got, err := decodeOpened(encoded(t, openedOf([]byte("secret"), want)))
		if err != nil || !errors.Is(got.err(), want) || len(got.Box) != 0 {
			t.Errorf("%v arrives as %v with %q, %v", want, got.err(), got.Box, err)
		}
	}
	if got := openedOf(nil, errors.New("disk on fire")); !errors.Is(got.err(), ErrDoorCrowded) {
		t.Errorf("a reason of the super-peer's own arrives as %v", got.err())
	}
	if got, err := decodeOpened(encoded(t, openedOf([]byte("box"), nil))); err != nil || got.err() != nil || string(got.Box) != "box" {
		t.Errorf("%+v, %v", got, err)
	}
	for name, m := range map[string]opened{
		"open with nothing behind it": {V: 1, Box: []byte{}},
		"closed with a box":           {V: 1, Code: doorEnded, Box: []byte("box")},
		"a box that is too large":     {V: 1, Box: make([]byte, MaxDoorBox+1)},
		"null for a box":              {V: 1, Code: doorEnded},
		"an unknown code":             {V: 1, Code: doorCrowded + 1, Box: []byte{}},
		"another version":             {V: 2, Box: []byte("box")},
	} {
		t.Run("X36 "+name, func(t *testing.T) {
			if _, err := decodeOpened(encoded(t, m)); !wire.IsFault(err) {
				t.Errorf("error %v", err)
			}
		})
	}
}
