package app_test

import (
	"errors"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/apptest"
	"parvis/app/self"
	"parvis/crdt/member"
	"parvis/crdt/seal"
	"parvis/p2p/join"
)

func TestADeviceIsRenamedThoughItsPersonIsAGuestSomewhere(t *testing.T) {
	ana, ben := apptest.New(t), apptest.New(t)
	theirs := ana.Found("Atelier", "Ana")
	space, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: theirs, Name: "For guests"})
	if err != nil {
		t.Fatal(err)
	}
	invite, err := ana.API().Workspaces.Invite(api.NewInvite{Workspace: theirs, Role: "guest", Spaces: []string{space.ID}, Uses: 1, ExpiresMs: time.Hour.Milliseconds()})
	if err != nil {
		t.Fatal(err)
	}
	ben.Join(invite.Link, "Ben")
	name := func(text string) error {
		t.Helper()
		all, err := ben.API().Devices.List()
		if err != nil || len(all) != 1 {
			t.Fatalf("%d devices, %v", len(all), err)
		}
		return ben.API().Devices.Rename(api.DeviceName{Device: all[0].ID, Name: text})
	}
	var known *api.Error
	if err := name("Nowhere"); !errors.As(err, &known) || known.Code != api.CodeRefused {
		t.Errorf("a guest alone: %v, want that it is refused", err)
	}
	ben.Found("Workshop", "Ben")
	if err := name("Laptop"); err != nil {
		t.Errorf("with a workspace of one's own: %v", err)
	}
	if all, err := ben.API().Devices.List(); err != nil || all[0].Name != "Laptop" {
		t.Errorf("%+v, %v; want the name", all, err)
	}
}

// What another device shared and the end of the program kept from its place is there
// after the next start.
func TestWhatArrivedBeforeTheEndIsAppliedAtTheNextStart(t *testing.T) {
	ana := apptest.New(t)
	ws, err := seal.ParseID(ana.Found("Atelier", "Ana"))
	if err != nil {
		t.Fatal(err)
	}
	general := ana.General(ws.String())
	channels, err := ana.API().Chat.Channels(ws.String())
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range []self.Row{
		{Key: "draft/" + channels[0].Space + "/" + general, Value: []byte("from the phone")},
		{Key: "setting/theme", Value: []byte("dark")},
		{Key: "setting/language", Value: []byte("fr"), Applied: true}, // the person changed it here since
	} {
		row.Workspace, row.Lamport, row.Writer = ws, 2, seal.ID{byte(i + 1)}
		if err := ana.Store().Self().PutSelf(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	ana.Stop()
	ana.Start()
	ana.Until("the draft and the theme are here", func() bool {
		channels, err := ana.API().Chat.Channels(ws.String())
		chosen, err2 := ana.API().Settings.Preferences()
		return errors.Join(err, err2) == nil && channels[0].Draft == "from the phone" && chosen.Theme == "dark"
	})
	ana.Until("they count as applied", func() bool {
		rows, err := ana.Store().Self().SelfRows(t.Context(), ws, "")
		return err == nil && len(rows) == 3 && rows[0].Applied && rows[1].Applied && rows[2].Applied
	})
	if chosen, err := ana.API().Settings.Preferences(); err != nil || chosen.Language == "fr" {
		t.Errorf("%+v, %v; what was applied before is applied again", chosen, err)
	}
}

func TestWhatStandsBesideTheLogFitsIntoAWelcome(t *testing.T) {
	if most := member.MaxFencesBlob + 1; most > join.MaxPart {
		t.Errorf("fences of %d bytes, and a welcome takes %d", most, join.MaxPart)
	}
}
