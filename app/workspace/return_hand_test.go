package workspace_test

import (
	"testing"

	"parvis/app/workspace"
)

// Who lets strangers into the lobby is connected with one; only to a member does it say
// what it has.
func TestK73OnlyWhoSaysWhatItHasCountsADeviceIn(t *testing.T) {
	all := team(t, 2)
	ana, ben := all[0], all[1]
	ana.says("hello")
	if workspace.CountedIn(ben.Manager, ben.w) {
		t.Fatal("nobody is connected")
	}
	workspace.Meets(ben.w, ana.id())
	if workspace.CountedIn(ben.Manager, ben.w) {
		t.Error("a connection alone counts the device in")
	}
	ben.w.Held(ana.id(), ana.w.Have())
	if !workspace.CountedIn(ben.Manager, ben.w) {
		t.Error("what Ana has does not count the device in")
	}
}
