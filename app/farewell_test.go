package app_test

import (
	"slices"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/apptest"
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// A device that was removed from one of two shared workspaces stays connected for the
// other one, and hears of it all the same.
func TestARemovalFromOneOfTwoSharedWorkspacesIsTold(t *testing.T) {
	ana, ben := apptest.New(t), apptest.New(t)
	out, in := ana.Found("Atelier", "Ana"), ana.Found("Workshop", "Ana")
	ben.Join(ana.Invite(out), "Ben")
	ben.Join(ana.Invite(in), "Ben")
	ana.Say(in, "before")
	ben.Until("Ben reads", func() bool { return slices.Contains(ben.Texts(in), "before") })
	id, err := seal.ParseID(out)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ana.Manager().Get(id)
	if err != nil {
		t.Fatal(err)
	}
	all := w.State().ActiveDevices()
	_, self := w.Self()
	at := slices.IndexFunc(all, func(d member.Device) bool { return d.ID != self })
	if err := w.RemoveDevice(t.Context(), all[at].ID); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	ben.Until("Ben hears of it", func() bool {
		w, err := ben.Manager().Get(id)
		if err != nil {
			t.Fatal(err)
		}
		how, _ := w.Removal()
		return how == workspace.RemovedDevice
	})
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it heard after %s", took)
	}
	ana.Say(in, "after")
	ben.Until("the other workspace goes on", func() bool { return slices.Contains(ben.Texts(in), "after") })
	states := map[string]string{}
	listed, err := ben.API().Workspaces.List()
	for _, w := range listed {
		states[w.ID] = w.State
	}
	if err != nil || states[out] != "removed" || states[in] != "ready" {
		t.Errorf("%v, %v", states, err)
	}
	if _, err := ben.API().Chat.Send(api.NewMessage{Workspace: out, Channel: ana.General(out), Text: "too late"}); err == nil {
		t.Error("it takes messages that will never be sent")
	}
}
