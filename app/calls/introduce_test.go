package calls_test

import (
	"slices"
	"testing"

	"parvis/app/calls"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
)

// last is the newest message of a type that is about another guest.
func (g *page) last(from *device, kind guest.Type, about seal.ID) (found guest.Message) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.heard[from.Device] {
		if m.Type == kind && seal.ID(m.Mark) == about {
			found = m
		}
	}
	return found
}

func TestL71GuestsAreToldOfEachOtherAndSpeakThroughMembers(t *testing.T) {
	w, ana, ben, _, id, secret := reception(t)
	marc := w.visit(t, secret, "Marc")
	w.seen(t, id, "|Marc", ana, ben)
	ana.admit(marc)
	w.seen(t, id, "Marc|", ana, ben)
	lea := w.visit(t, secret, "Léa")
	w.seen(t, id, "Marc|Léa", ana, ben)
	marc.says(ana, guest.Message{Type: guest.Relay, Mark: lea.id(), Text: "to who waits"})
	marc.says(ana, guest.Message{Type: guest.Status, Flags: guest.Camera})
	w.until(t, "what Marc sends", func() bool {
		return slices.ContainsFunc(ana.see(id).Participants, func(p calls.Participant) bool { return p.Guest && p.State.Camera })
	})
	ana.admit(lea)
	w.seen(t, id, "Léa,Marc|", ana, ben)
	for _, d := range []*device{ana, ben} {
		w.until(t, "both to know of each other", func() bool {
			return marc.last(d, guest.Other, lea.id()).Text == "Léa" && lea.last(d, guest.Other, marc.id()).Text == "Marc"
		})
	}
	if m := lea.last(ana, guest.Other, marc.id()); m.Flags != guest.Camera {
		t.Errorf("what Marc sends: %d", m.Flags)
	}
	lea.says(ana, guest.Message{Type: guest.Status, Flags: guest.Muted | guest.Hand})
	w.until(t, "what Léa sends", func() bool { return marc.last(ana, guest.Other, lea.id()).Flags == guest.Muted|guest.Hand })
	marc.says(ben, guest.Message{Type: guest.Relay, Mark: lea.id(), Text: "for Léa"})
	w.until(t, "what Marc says to Léa", func() bool { return lea.last(ben, guest.Relay, marc.id()).Text == "for Léa" })
	if lea.of(ana, guest.Relay)+marc.of(ben, guest.Relay) > 0 {
		t.Error("it came elsewhere too, or what was for who waited came")
	}
	marc.says(ben, guest.Message{Type: guest.Relay, Mark: marc.id(), Text: "to itself"})
	marc.says(ben, guest.Message{Type: guest.Relay, Mark: ben.Device, Text: "to a member"})
	ben.remove(lea)
	w.until(t, "that Léa is gone", func() bool { return marc.of(ana, guest.OtherGone) == 1 && marc.of(ben, guest.OtherGone) == 1 })
	if marc.of(ben, guest.Relay) > 0 || lea.of(ben, guest.Relay) > 1 {
		t.Error("something was relayed that is for nobody")
	}
}
