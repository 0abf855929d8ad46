package apptest

import "testing"

func TestIsolatedIsASettingForTheNextStart(t *testing.T) {
	n := New(t)
	n.Found("Atelier", "Ana")
	check := func(isolated, now bool) {
		t.Helper()
		got, err := n.API().Settings.Network()
		if err != nil || got.Isolated != isolated || got.IsolatedNow != now {
			t.Errorf("got %+v, %v; want %v, now %v", got, err, isolated, now)
		}
	}
	check(false, false)
	if err := n.API().Settings.SetIsolated(true); err != nil {
		t.Fatal(err)
	}
	check(true, false)
	n.Stop()
	n.Start()
	check(true, true)
	found, err := n.API().Settings.Doctor()
	if err != nil || found.Checks[0].Code != "network-isolated" || found.Text == "" {
		t.Errorf("the doctor says %+v, %v", found, err)
	}
	if err := n.API().Settings.SetIsolated(false); err != nil {
		t.Fatal(err)
	}
	n.Stop()
	n.Start()
	check(false, false)
}
