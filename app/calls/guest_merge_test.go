package calls_test

import (
	"slices"
	"testing"

	"parvis/app/calls"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
)

func TestL65GuestsComeAlongToAnotherCall(t *testing.T) {
	for range 4 { // who goes over to whom is random
		w := newWorld()
		ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
		w.porch.all = []seal.ID{{9}}
		_, secret := ana.link()
		fromAna, fromBen := ana.startAlone(hall), ben.startAlone(hall)
		marc, nora, otto := w.visit(t, secret, "Marc"), w.visit(t, secret, "Nora"), w.visit(t, secret, "Otto")
		w.until(t, "all to wait at both", func() bool {
			return len(ana.see(fromAna.ID).Lobby) == 3 && len(ben.see(fromBen.ID).Lobby) == 3
		})
		ana.admit(marc)
		ben.admit(nora)
		ana.remove(otto)
		w.seen(t, fromAna.ID, "Marc|Nora", ana)
		w.seen(t, fromBen.ID, "Nora|Marc", ben)

		one := w.meet(t, "ab", fromAna, fromBen)
		for _, d := range w.devices {
			w.slowly(t, "both guests to be in the one call", func() bool { return d.guests(one) == "Marc,Nora|" })
			if !d.hosts(marc) || !d.hosts(nora) {
				t.Errorf("%s is not connected to both", d.person.Short())
			}
			if marc.of(d, guest.Ended)+nora.of(d, guest.Ended) > 0 {
				t.Errorf("%s told a guest that the call is over", d.person.Short())
			}
		}
		otto.comes()
		w.slowly(t, "who was removed to stay so", func() bool { return otto.refusals() == 2 })
	}
}

// refusals is how often a page was told that it is not let in.
func (g *page) refusals() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.states {
		if s == guest.Refused {
			n++
		}
	}
	return n
}

// latest is the last message of a type from a member.
func (g *page) latest(from *device, kind guest.Type) guest.Message {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range slices.Backward(g.heard[from.Device]) {
		if m.Type == kind {
			return m
		}
	}
	return guest.Message{}
}

func TestL30GuestsHearThatNoPageIsThere(t *testing.T) {
	w, ana, ben, _, id, secret := reception(t)
	marc := w.visit(t, secret, "Marc")
	w.seen(t, id, "|Marc", ana, ben)
	ana.admit(marc)
	w.seen(t, id, "Marc|", ana, ben)
	if err := ben.calls.Set(t.Context(), calls.State{Camera: true}); err != nil {
		t.Fatal(err)
	}
	ben.ask(true)
	const muted, camera = 1, 2
	w.until(t, "the guest to hear what Ben does", func() bool {
		return marc.latest(ben, guest.Status).Flags == camera && marc.latest(ben, guest.Asks).Mark != [32]byte{}
	})
	ben.place.Close()
	w.until(t, "the guest to hear that his page is gone", func() bool {
		return marc.latest(ben, guest.Status).Flags == muted && marc.latest(ben, guest.Asks).Mark == [32]byte{}
	})
	ben.place = ben.calls.Attach(&player{})
	w.until(t, "the guest to hear that it is back", func() bool { return marc.latest(ben, guest.Status).Flags == camera })
}
