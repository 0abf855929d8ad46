package apptest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
)

func TestAMemberHearsWhoseSuperPeersTheyAre(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	s := NewSuperPeer(t)
	ana.Attach(ws, s)
	ben.Join(ana.Invite(ws), "Ben")
	ben.Until("Ben knows Ana", func() bool {
		people, err := ben.API().People.List(ws)
		return err == nil && slices.ContainsFunc(people, func(p api.Person) bool { return p.Name == "Ana" })
	})
	_, add := ben.API().SuperPeers.Add(api.NewSuperPeer{Workspace: ws, Code: s.Setup()})
	remove := ben.API().SuperPeers.Remove(ws, s.Peer())
	_, invited := ben.API().Workspaces.Invite(api.NewInvite{Workspace: ws, Role: "member", Uses: 1, ExpiresMs: time.Hour.Milliseconds()})
	var refused *api.Error
	if !errors.As(invited, &refused) || refused.Message != "Only owners and admins of the workspace may invite people. Ask Ana to do it." {
		t.Errorf("a member invites: %v", invited)
	}
	for what, err := range map[string]error{"attach a super-peer": add, "remove a super-peer": remove} {
		var known *api.Error
		if !errors.As(err, &known) || known.Code != api.CodeRefused || known.Message != "Only owners of the workspace may "+what+". Ask Ana to do it." {
			t.Errorf("%s: %v", what, err)
		}
	}
	if list, err := ana.API().SuperPeers.List(ws); err != nil || len(list) != 1 {
		t.Errorf("Ana lists %+v, %v; want the super-peer still", list, err)
	}
}

func TestADeviceKnowsWhoRemovedIt(t *testing.T) {
	ana, ben, phone := New(t), New(t), New(t)
	removal := func(n *Node) api.Workspace {
		all, err := n.API().Workspaces.List()
		if err != nil || len(all) != 1 {
			t.Fatalf("%+v, %v", all, err)
		}
		return all[0]
	}
	ws := ana.Found("Atelier", "Ana")
	ana.Attach(ws, NewSuperPeer(t))
	ben.Join(ana.Invite(ws), "Ben")
	ana.Add(phone)
	phone.Until("the phone reads at the super-peer", func() bool { return removal(phone).SuperPeersUp == 1 })
	if w := removal(phone); w.State != "ready" || w.Removal != nil {
		t.Errorf("in the workspace it is %+v", w)
	}
	self := removal(ana).Self
	if err := ana.API().Devices.Remove(api.DeviceRemoval{Device: ana.other().ID}); err != nil {
		t.Fatal(err)
	}
	phone.Until("the phone knows who removed it", func() bool {
		w := removal(phone)
		return w.State == "removed" && w.Removal != nil && w.Removal.How == "device" && w.Removal.By == self && w.Removal.At > 0
	})
	var known *api.Error
	if _, err := phone.API().Workspaces.Join(api.JoinWorkspace{Link: ana.Invite(ws), Person: "Ana", WaitMs: 1000}); !errors.As(err, &known) || !strings.Contains(known.Message, "was removed from it, and cannot come back") {
		t.Errorf("with an invitation it hears %v", err)
	}
	theirs, err := ana.API().Devices.Of(ws, ana.person(ws, "Ben"))
	if err != nil || len(theirs) != 1 {
		t.Fatalf("%+v, %v", theirs, err)
	}
	if err := ana.API().Devices.Remove(api.DeviceRemoval{Workspace: ws, Device: theirs[0].ID}); err != nil {
		t.Fatal(err)
	}
	ben.Until("Ben knows that it was Ana", func() bool {
		w := removal(ben)
		return w.Removal != nil && w.Removal.How == "device" && w.Removal.By == self && w.Removal.At > 0 && w.Self != self && strings.HasPrefix(w.Name, "Atelier")
	})
}
