package store

import (
	"errors"
	"testing"

	"parvis/crdt/seal"
)

func TestDoorsAndNewcomersStayAcrossStarts(t *testing.T) {
	const now = 1_000_000
	dir := t.TempDir()
	m := NewMailbox(dir, MailboxLimits{})
	if err := m.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	ws, door := seal.ID{1}, seal.ID{7}
	if err := m.PutDoor(t.Context(), MailboxDoor{Workspace: ws, Name: door, Counter: 3, Expires: now + 10, Box: []byte("box")}, now); err != nil {
		t.Fatal(err)
	}
	for i := range byte(4) {
		n := Newcomer{Workspace: ws, Peer: seal.ID{i}, Door: door, Until: now + 100*int64(i)}
		if err := m.AddNewcomer(t.Context(), n, 4, now); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	m = openMailboxIn(t, dir, MailboxLimits{})
	if d, found, err := m.Door(t.Context(), ws, door); err != nil || !found || d.Counter != 3 || string(d.Box) != "box" {
		t.Errorf("%+v, %v, %v", d, found, err)
	}
	if _, found, err := m.Door(t.Context(), seal.ID{2}, door); err != nil || found {
		t.Errorf("in another workspace: %v, %v", found, err)
	}
	until := func(nowMs int64, want ...int64) {
		t.Helper()
		all, err := m.Newcomers(t.Context(), nowMs)
		if err != nil || len(all) != len(want) {
			t.Fatalf("newcomers %+v, %v", all, err)
		}
		for i, n := range all {
			if n.Until != want[i] || n.Door != door {
				t.Errorf("newcomer %+v, want one until %d", n, want[i])
			}
		}
	}
	until(now, now+100, now+200, now+300)
	if err := m.PutAccess(t.Context(), seal.ID{2}, []byte("list"), nobody, 0); err != nil { // of another workspace
		t.Fatal(err)
	}
	named := func(peer seal.ID) bool { return peer == seal.ID{1} }
	if err := m.PutAccess(t.Context(), ws, []byte("list"), named, now+250); err != nil {
		t.Fatal(err)
	}
	until(now, now+200, now+250)
	until(now+200, now+250)
	until(now+200, now+250)
}

func TestADoorLetsOnlySoManyNewcomersIn(t *testing.T) {
	m := openMailbox(t, MailboxLimits{})
	add := func(door, peer byte, until, now int64) error {
		return m.AddNewcomer(t.Context(), Newcomer{Workspace: seal.ID{1}, Peer: seal.ID{peer}, Door: seal.ID{door}, Until: until}, 2, now)
	}
	for i, step := range []struct {
		door, peer byte
		until, now int64
		want       error
	}{
		{1, 1, 100, 0, nil},
		{1, 2, 200, 0, nil},
		{1, 3, 100, 0, ErrMailboxQuota},
		{1, 1, 150, 50, nil}, // it knocks again
		{2, 3, 100, 50, nil}, // another door
		{1, 4, 300, 150, nil},
		{1, 5, 300, 150, ErrMailboxQuota},
	} {
		if err := add(step.door, step.peer, step.until, step.now); !errors.Is(err, step.want) {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
}

func TestANewcomerBringsOnlySoMuch(t *testing.T) {
	m := openMailbox(t, MailboxLimits{})
	const cost = 100 + MailboxOverhead
	newcomer := Newcomer{Workspace: testBox.Workspace, Peer: seal.ID{9}, Door: seal.ID{7}, Until: 1000}
	if err := m.AddNewcomer(t.Context(), newcomer, 1, 0); err != nil {
		t.Fatal(err)
	}
	put := func(first, n int) error {
		d := deposit(9, testObjects(first, n, 100))
		d.Newcomer = 10 * cost
		_, err := m.Put(t.Context(), d)
		return err
	}
	elsewhere := deposit(9, testObjects(0, 50, 100)) // as a device of another workspace
	elsewhere.Box.Workspace = seal.ID{2}
	if _, err := m.Put(t.Context(), elsewhere); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		first, n int
		want     error
	}{{0, 6, nil}, {0, 6, nil}, {6, 5, ErrMailboxQuota}, {6, 4, nil}, {10, 1, ErrMailboxQuota}} {
		if err := put(step.first, step.n); !errors.Is(err, step.want) {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
	if err := m.AddNewcomer(t.Context(), newcomer, 1, 0); err != nil {
		t.Fatal(err)
	}
	if bytes, err := m.Brought(t.Context(), newcomer.Workspace, newcomer.Peer); err != nil || bytes != 10*cost {
		t.Errorf("after a second knock it brought %d, %v; want %d", bytes, err, 10*cost)
	}
	if err := m.PutAccess(t.Context(), testBox.Workspace, []byte("list"), func(peer seal.ID) bool { return peer == newcomer.Peer }, 0); err != nil {
		t.Fatal(err)
	}
	if err := put(10, 5); err != nil {
		t.Errorf("once it is in the list: %v", err)
	}
}

func TestDamagedDoorsAndNewcomersAreNone(t *testing.T) {
	m := openMailbox(t, MailboxLimits{})
	ws, door := seal.ID{1}, seal.ID{7}
	if err := m.PutDoor(t.Context(), MailboxDoor{Workspace: ws, Name: door, Counter: 3, Expires: 10, Box: []byte("box")}, 0); err != nil {
		t.Fatal(err)
	}
	if err := m.AddNewcomer(t.Context(), Newcomer{Workspace: ws, Peer: seal.ID{9}, Door: door, Until: 10}, 1, 0); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`UPDATE door SET expires = 99`, `UPDATE newcomer SET until = 99`} {
		if _, err := m.db.querier(t.Context()).ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if _, found, err := m.Door(t.Context(), ws, door); found || err != nil {
		t.Errorf("a damaged door: %v, %v", found, err)
	}
	if all, err := m.Newcomers(t.Context(), 0); len(all) != 0 || err != nil {
		t.Errorf("a damaged newcomer: %+v, %v", all, err)
	}
	if err := m.PutDoor(t.Context(), MailboxDoor{Workspace: ws, Name: door, Counter: 1, Expires: 10, Box: []byte("again")}, 0); err != nil {
		t.Fatal(err)
	}
	if d, found, err := m.Door(t.Context(), ws, door); !found || string(d.Box) != "again" || err != nil {
		t.Errorf("brought again: %+v, %v", d, err)
	}
}
