package apptest

import (
	"slices"
	"testing"

	"parvis/app/api"
)

// What nobody else holds is named before Parvis is closed, and no longer once a
// super-peer keeps it.
func TestWaitingNamesForWhom(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	waiting := func() []api.Waiting {
		all, err := ana.API().Settings.Waiting()
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	ana.person(ws, "Ben") // is named below
	ana.Until("Ben has everything", func() bool { return len(waiting()) == 0 })
	ben.Stop()
	ana.Until("Ben is gone", func() bool { return ana.online(ws) == 1 })
	ana.Say(ws, "one")
	ana.Say(ws, "two")
	all := waiting()
	if len(all) != 1 || all[0].Name != "Atelier" || all[0].Count != 2 || !slices.Equal(all[0].People, []string{"Ben"}) {
		t.Errorf("got %+v, want two messages of Atelier for Ben", all)
	}
	ana.Attach(ws, NewSuperPeer(t))
	ana.Until("the super-peer keeps them", func() bool { return len(waiting()) == 0 })
}

// A hint that was dismissed stays so across a restart, on this device.
func TestADismissedHintStaysDismissed(t *testing.T) {
	ana := New(t)
	if err := ana.API().Settings.SetPreferences(api.Preferences{Dismissed: "super-peer/1\nsuper-peer/2"}); err != nil {
		t.Fatal(err)
	}
	ana.Stop()
	ana.Start()
	if p, err := ana.API().Settings.Preferences(); err != nil || p.Dismissed != "super-peer/1\nsuper-peer/2" {
		t.Errorf("got %+v, %v", p, err)
	}
}
