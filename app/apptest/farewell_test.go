package apptest

import (
	"slices"
	"testing"
	"time"

	"parvis/app/api"
)

// prompt is how soon a device that can be reached hears that it was removed.
const prompt = 5 * time.Second

// workspace is how a node shows a workspace.
func (n *Node) workspace(ws string) api.Workspace {
	n.t.Helper()
	all, err := n.API().Workspaces.List()
	if err != nil {
		n.t.Fatalf("workspaces: %v", err)
	}
	i := slices.IndexFunc(all, func(w api.Workspace) bool { return w.ID == ws })
	if i < 0 {
		n.t.Fatalf("no workspace %s among %+v", ws, all)
	}
	return all[i]
}

// hearsItIsOut waits until a node knows that it is out, and says how long that took.
func (n *Node) hearsItIsOut(ws, how string) {
	n.t.Helper()
	begun := time.Now()
	n.Until("it hears that it is out", func() bool { return n.workspace(ws).State == "removed" })
	if r := n.workspace(ws).Removal; r == nil || r.How != how {
		n.t.Errorf("it is out as %+v, want %s", r, how)
	}
	took := time.Since(begun)
	n.t.Logf("heard after %s", took.Round(10*time.Millisecond))
	if took > prompt {
		n.t.Errorf("it heard after %s, want %s", took, prompt)
	}
}

// No super-peer is anywhere: who removes a device, and every other member, tells it.
func TestARemovedDeviceIsTold(t *testing.T) {
	ana, ben, phone, tablet := New(t), New(t), New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	ana.Add(phone)
	phone.Until("Ben is there too", func() bool { return phone.workspace(ws).Online == 2 })

	remove := func() {
		t.Helper()
		if err := ana.API().Devices.Remove(api.DeviceRemoval{Device: ana.other().ID}); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("while it is connected", func(t *testing.T) {
		remove()
		phone.hearsItIsOut(ws, "device")
		ana.Say(ws, "after the removal")
		for name, n := range map[string]*Node{"Ana": ana, "Ben": ben} {
			n.Until(name+" has it", func() bool { return slices.Contains(n.Texts(ws), "after the removal") })
		}
		phone.Until("nobody talks to it", func() bool {
			status, err := phone.API().Settings.Status()
			return err == nil && len(status.Peers) == 0
		})
		if _, err := phone.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: ana.General(ws), Text: "too late"}); err == nil {
			t.Error("it takes messages that will never be sent")
		}
	})
	t.Run("at its next start, by another member", func(t *testing.T) {
		ana.Add(tablet)
		tablet.Until("Ben is there too", func() bool { return tablet.workspace(ws).Online == 2 })
		ana.Until("both have everything", func() bool {
			all, err := ana.API().Settings.Waiting()
			return err == nil && len(all) == 0
		})
		tablet.Stop()
		remove()
		ben.Until("Ben knows", func() bool {
			people, err := ben.API().People.List(ws)
			return err == nil && slices.IndexFunc(people, func(p api.Person) bool { return p.Name == "Ana" && p.Devices == 1 }) >= 0
		})
		ana.Stop()
		before := ben.workspace(ws).People
		if _, err := ben.API().Chat.CreateChannel(api.NewChannel{Workspace: ws, Name: "later"}); err != nil {
			t.Fatal(err)
		}
		tablet.Start()
		// It is refused once the tablet knows.
		_, _ = tablet.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: ben.General(ws), Text: "never sent"})
		tablet.hearsItIsOut(ws, "device")
		if n := ben.workspace(ws).People; n != before {
			t.Errorf("%d people, want %d", n, before)
		}
		if w := tablet.workspace(ws); w.Queued != 0 || w.Behind != 0 {
			t.Errorf("%d items are said to wait, %d to come", w.Queued, w.Behind)
		}
		if all, err := tablet.API().Settings.Waiting(); err != nil || len(all) != 0 {
			t.Errorf("it promises to send %+v, %v", all, err)
		}
		if channels, err := tablet.API().Chat.Channels(ws); err != nil || slices.ContainsFunc(channels, func(c api.Channel) bool { return c.Name == "later" }) {
			t.Errorf("it lists %+v, %v", channels, err)
		}
		if slices.Contains(ben.Texts(ws), "never sent") {
			t.Error("a removed device was heard")
		}
	})
}
