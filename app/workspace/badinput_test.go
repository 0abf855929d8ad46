package workspace_test

import (
	"errors"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// What a member answers to a JoinRequest that is not as it should be (the row of
// protocol 2.18; the page crdt/BAD-INPUT.md names the test of every cell).
func TestBadInputJoinRequest(t *testing.T) {
	now := time.Now()
	ana := newDevice(t, &now)
	w := ana.found()
	link, err := member.ParseLink(ana.invite(w, 1).Link)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := member.InviteKeysOf(w.ID(), link.Seed)
	if err != nil {
		t.Fatal(err)
	}
	joiner := member.NewDeviceKeys([32]byte{7})
	kem, err := seal.NewKEMKey([32]byte{8})
	if err != nil {
		t.Fatal(err)
	}
	_, genesis, err := member.NewPersonGenesis(joiner, kem.Public(), 1, [16]byte{9}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, device := w.Self()
	self, _ := w.State().Device(device)
	request := func(ws seal.ID, keys member.InviteKeys) []byte {
		raw, err := member.NewJoinRequest(keys, joiner.Sign, ws, genesis, self.Peer, joiner.PeerPublic(), seal.ID{5})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	good := request(w.ID(), keys)
	other, err := member.InviteKeysOf(w.ID(), [16]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	forged := request(w.ID(), member.InviteKeys{Sign: other.Sign, ID: keys.ID})
	for _, cell := range []struct {
		column string
		raw    []byte
		from   seal.ID
		want   error
	}{
		{"malformed", good[:len(good)-1], joiner.PeerPublic(), workspace.ErrBad},
		{"newer version", append([]byte{good[0], 2}, good[2:]...), joiner.PeerPublic(), workspace.RefusalOf(workspace.RefusedVersion)},
		{"missing reference: another workspace", request(seal.ID{1}, keys), joiner.PeerPublic(), workspace.RefusalOf(workspace.RefusedUnknown)},
		{"missing reference: an unknown invitation", request(w.ID(), other), joiner.PeerPublic(), workspace.RefusalOf(workspace.RefusedUnknown)},
		{"wrong signature", forged, joiner.PeerPublic(), workspace.ErrBad},
		{"wrong signature: from another peer", good, seal.ID{3}, workspace.ErrBad},
	} {
		t.Run(cell.column, func(t *testing.T) {
			if _, err := ana.Answer(t.Context(), cell.from, cell.raw, nil); !errors.Is(err, cell.want) {
				t.Errorf("got %v, want %v", err, cell.want)
			}
			if got := len(w.State().Persons()); got != 1 {
				t.Errorf("%d people", got)
			}
		})
	}
}
