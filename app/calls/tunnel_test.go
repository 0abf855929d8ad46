package calls_test

import (
	"net/netip"
	"testing"

	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

// tunnels remember what was opened.
type tunnels struct{ *device }

func (d tunnels) Open(peer seal.ID, id call.ID) (netip.AddrPort, func(), error) {
	d.note(func() { d.tunnelled = append(d.tunnelled, tunnelled{peer, id}) })
	return netip.MustParseAddrPort("127.0.0.1:1"), func() {}, nil
}

type tunnelled struct {
	peer seal.ID
	id   call.ID
}

func TestL24ATunnelIsForTheParticipantsOfTheOwnCall(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	w.until(t, "they are connected", func() bool { return ben.heard("answer a") })
	takes := func(what string, in, from *device, id call.ID, want bool) {
		t.Helper()
		if in.calls.TakesPart(from.Device, id) != want {
			t.Errorf("L24 %s: %t", what, !want)
		}
	}
	takes("a participant", ana, ben, id, true)
	takes("the other way", ben, ana, id, true)
	takes("another call", ana, ben, call.ID{9}, false)
	takes("who is not in it", ana, cleo, id, false)
	takes("itself", ana, ana, id, false)
	takes("who is in no call", cleo, ana, id, false)
	cleo.join(id)
	takes("who joined", ana, cleo, id, true)
	cleo.leave()
	takes("who left", ana, cleo, id, false)

	config := ana.rooms[0].config
	if at, _, err := config.Tunnel(media.ID(ben.Device)); err != nil || !at.IsValid() {
		t.Errorf("no tunnel: %v", err)
	}
	if len(ana.tunnelled) != 1 || ana.tunnelled[0] != (tunnelled{ben.Device, id}) {
		t.Errorf("opened %+v", ana.tunnelled)
	}
	if _, _, err := config.Tunnel(media.ID{7}); err == nil {
		t.Error("a tunnel to a stranger")
	}
	ana.leave()
	takes("the call was left", ana, ben, id, false)
}

var _ calls.Tunnels = tunnels{}
