package workspace_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// twoFlaky are two whose second device has a storage that may fail.
func twoFlaky(t *testing.T) (ana, ben *device, wa, wb *workspace.Workspace, s *superPeer, storage *flaky) {
	t.Helper()
	now := time.Now()
	ana, ben = newDevice(t, &now), newDevice(t, &now)
	storage = &flaky{Storage: ben.db}
	ben.Storage = storage
	meet(ana, ben)
	wa = ana.found()
	wb = ben.join(ana.invite(wa, 1).Link)
	s = newSuperPeer()
	ana.attach(wa, s)
	give(t, wa, wb)
	return ana, ben, wa, wb, s, storage
}

// grow lets one more person join, so that the log has what others lack.
func (d *device) grow(w *workspace.Workspace) {
	d.t.Helper()
	now := time.Now()
	one := newDevice(d.t, &now)
	meet(d, one)
	one.join(d.invite(w, 1).Link)
}

func TestEntriesOfACommitThatFailedAreFetchedAgain(t *testing.T) {
	ana, ben, wa, wb, s, storage := twoFlaky(t)
	cb := ben.courier(wb, s)
	ana.grow(wa)
	ana.courier(wa, s).upload(true)
	storage.set(func() { storage.commit = func() { workspace.Rollback(ben.Manager) } })
	if err := cb.Read(t.Context()); !errors.Is(err, errStorage) {
		t.Fatalf("read: %v, want the error of the storage", err)
	}
	cb.read()
	if got := len(wb.State().ActiveDevices()); got != 3 {
		t.Errorf("Ben knows of %d devices, want 3", got)
	}
}

func TestAStorageThatFailsIsNoReasonToWait(t *testing.T) {
	ana, ben, wa, wb, s, storage := twoFlaky(t)
	cb := ben.courier(wb, s)
	ana.grow(wa)
	ana.courier(wa, s).upload(true)
	storage.set(func() { storage.adding = errStorage })
	if err := cb.Read(t.Context()); !errors.Is(err, errStorage) {
		t.Errorf("read: %v, want the error of the storage", err)
	}
	storage.set(func() { storage.adding = nil })
	cb.read()
	if got := len(wb.State().ActiveDevices()); got != 3 || cb.Waiting() != 0 {
		t.Errorf("Ben knows of %d devices and %d objects wait, want 3 and none", got, cb.Waiting())
	}
}

func TestANewStoreGetsBlobsAgainFromARunningDevice(t *testing.T) {
	ana, _, wa, _, s := two(t)
	ca := ana.courier(wa, s)
	ca.upload(true)
	before := s.count()
	s.reset()
	if err := ca.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	ca.upload(true)
	if got := s.count(); got != before {
		t.Errorf("%d objects at the new store, want %d", got, before)
	}
}

func TestARepairedChainOfSomebodyElseGoesOn(t *testing.T) {
	ana, ben, wa, wb, _, storage := twoFlaky(t)
	for i := range 10 {
		ana.say(wa, fmt.Sprint(i))
	}
	give(t, wa, wb)
	_, author := wa.Self()
	_, reader := wb.Self()
	chain := feed.FeedID{Space: wa.MainSpace(), Device: author}
	whole := wb.Have().Feeds[chain].Seq
	lost := whole - 5
	storage.set(func() { storage.hole = &workspace.Place{Space: chain.Space, Device: chain.Device, Seq: lost} })
	workspace.Mend(ben.Manager, wb.ID())
	if got := wb.Have().Feeds[chain].Seq; got != lost-1 {
		t.Fatalf("the chain reaches to %d after the damage, want %d", got, lost-1)
	}
	part, _, err := wa.Missing(t.Context(), reader, wb.Have(), 1, 1<<20)
	if err != nil || len(part.Envelopes) != 1 {
		t.Fatalf("%d envelopes, %v; want the lost one", len(part.Envelopes), err)
	}
	if err := wb.Receive(t.Context(), part); err != nil {
		t.Fatal(err)
	}
	if got := wb.Have().Feeds[chain].Seq; got != whole {
		t.Errorf("the repaired chain reaches to %d, want %d", got, whole)
	}
	ana.say(wa, "behind it")
	give(t, wa, wb)
	if lines := ben.board.lines; lines[len(lines)-1] != "behind it" {
		t.Errorf("Ben reads %q last", lines[len(lines)-1])
	}
}

func TestOnlyWhatIsRefusedIsLeftBehind(t *testing.T) {
	ana, _, wa, wb, _ := two(t)
	for i := range 3 {
		ana.say(wa, fmt.Sprint(i))
	}
	_, reader := wb.Self()
	part, _, err := wa.Missing(t.Context(), reader, wb.Have(), 64, 1<<20)
	if err != nil || len(part.Envelopes) != 3 {
		t.Fatalf("%d envelopes, %v", len(part.Envelopes), err)
	}
	garbage, entry, blob := []byte("no envelope"), []byte("no entry"), []byte{1, 2, 3}
	part.Envelopes = [][]byte{part.Envelopes[2], garbage, part.Envelopes[0]} // the last one waits for the second
	part.Entries, part.Blobs = append(part.Entries, entry), append(part.Blobs, blob)
	got, err := workspace.Refused(t.Context(), wb, part)
	if want := [][]byte{entry, blob, garbage}; err != nil || !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("refused %q, %v; want %q", got, err, want)
	}
	if err := wb.Receive(t.Context(), part); !errors.Is(err, workspace.ErrBad) {
		t.Errorf("received: %v, want ErrBad", err)
	}
}

func TestAPanicInACheckConcernsOnlyWhatCausedIt(t *testing.T) {
	now := time.Now()
	w := newDevice(t, &now).found()
	good, bad := map[int]bool{}, []int{}
	workspace.Guarded(w, 9, func(from, to int) {
		for i := from; i < to; i++ {
			if i == 3 || i == 7 {
				panic("an input with which the program fails")
			}
			good[i] = true
		}
	}, func(i int) { bad = append(bad, i) })
	if len(good) != 7 || !slices.Equal(bad, []int{3, 7}) {
		t.Errorf("good %v, bad %v", good, bad)
	}
}

func TestComparingAnewAfterDamageOutlivesTheProgram(t *testing.T) {
	ana, ben, wa, wb, s, storage := twoFlaky(t)
	for i := range 5 {
		ana.say(wa, fmt.Sprint(i))
	}
	ana.courier(wa, s).upload(true)
	ben.courier(wb, s).read()
	listed := s.listed
	ben.courier(wb, s).read()
	if s.listed != listed {
		t.Fatalf("%d objects were listed again", s.listed-listed)
	}
	storage.set(func() { storage.added = nil })
	workspace.Mend(ben.Manager, wb.ID()) // and the program ends before the super-peer is there
	ben.courier(wb, s).read()
	if s.listed == listed {
		t.Error("nothing is compared anew")
	}
	for _, id := range wb.State().Heads() {
		if storage.added[id] == 0 {
			t.Error("the log is not stored again from memory")
		}
	}
}

func TestABlobIsFetchedAgainWithItsEntry(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	ca, cb := ana.courier(wa, s), ben.courier(wb, s)
	ca.upload(true)
	cb.read()
	person, _ := wb.Self()
	before := wa.State().Heads()
	space, err := wa.GroupSpace(t.Context(), []seal.ID{person})
	if err != nil {
		t.Fatal(err)
	}
	ca.upload(true)
	first := workspace.Behind(wa, before)
	s.set(func() { s.mangle = func(o workspace.Object) (workspace.Object, bool) { return o, o.ID != first } })
	cb.read()
	if cb.Waiting() == 0 {
		t.Fatal("nothing waits for the entry that is held back")
	}
	s.set(func() { s.mangle = nil })
	cb.read()
	ana.sayIn(wa, space, "for two")
	ca.upload(true)
	cb.read()
	if want := []string{"for two"}; !slices.Equal(ben.board.lines, want) {
		t.Errorf("Ben reads %q, want %q: the key of the space came beside the log", ben.board.lines, want)
	}
}

func TestOneOfAnotherNameIsNotWaitedFor(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	ca := ana.courier(wa, s)
	ana.say(wa, "one")
	ca.upload(true)
	_, reader := wb.Self()
	part, _, err := wa.Missing(t.Context(), reader, wb.Have(), 64, 1<<20)
	if err != nil || len(part.Envelopes) != 1 {
		t.Fatal(err)
	}
	if err := ca.Plant(t.Context(), wa.MainSpace(), 2, seal.ID{9}, part.Envelopes[0]); err != nil {
		t.Fatal(err)
	}
	cb := ben.courier(wb, s)
	cb.read()
	if len(ben.board.lines) != 1 || cb.Waiting() != 0 {
		t.Errorf("%d messages and %d waiting, want one and none", len(ben.board.lines), cb.Waiting())
	}
}

func TestASuperPeerThatForgetsAgainAndAgainIsLeft(t *testing.T) {
	ana, _, wa, _, s := two(t)
	ca := ana.courier(wa, s)
	for i := range 4 {
		s.reset()
		err := ca.Connect(t.Context())
		if last := i == 3; errors.Is(err, workspace.ErrManyStores) != last || !last && err != nil {
			t.Errorf("store %d: %v", i+1, err)
		}
	}
	again := ana.way(s)
	if err := (courier{workspace.NewCourier(wa, s.key, again), t}).Connect(t.Context()); !errors.Is(err, workspace.ErrManyStores) {
		t.Errorf("after a start: %v", err)
	}
	if ca.Left(workspace.ErrManyStores); ca.Problem() == "" {
		t.Error("the person is not told")
	}
}

func TestWhatIsUploadedForOthersLeavesRoomForTheOwn(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	cb := ben.courier(wb, s)
	cb.upload(true)
	ana.say(wa, "of Ana")
	give(t, wa, wb)
	before := s.count()
	cb.Gave(workspace.MaxGiven)
	cb.upload(true)
	if got := s.count(); got != before {
		t.Errorf("%d objects were uploaded for others beyond half of a day's share", got-before)
	}
	ben.say(wb, "of Ben")
	cb.upload(true)
	if got := s.count(); got != before+1 {
		t.Errorf("%d own objects, want 1", got-before)
	}
	tomorrow := time.Now().Add(24 * time.Hour)
	for range 2 {
		if _, err := cb.Upload(t.Context(), tomorrow); err != nil {
			t.Fatal(err)
		}
		tomorrow = tomorrow.Add(time.Minute)
	}
	if got := s.count(); got != before+2 {
		t.Errorf("%d objects the next day, want 2", got-before)
	}
}

func TestAUsedUpShareEndsTheCourtesyOnly(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	cb := ben.courier(wb, s)
	cb.upload(true)
	ana.say(wa, "of Ana")
	give(t, wa, wb)
	before := s.count()
	s.set(func() { s.full = workspace.ErrSuperPeerQuota })
	cb.upload(true)
	if cb.Problem() == "" {
		t.Error("the person is not told")
	}
	s.set(func() { s.full = nil })
	ben.say(wb, "of Ben")
	cb.upload(true)
	if got := s.count(); got != before+1 {
		t.Errorf("%d objects, want the own one", got-before)
	}
	s.set(func() { s.full = workspace.ErrSuperPeerQuota })
	ben.say(wb, "too much")
	if _, err := cb.Upload(t.Context(), time.Now()); !errors.Is(err, workspace.ErrSuperPeerQuota) {
		t.Errorf("the own one: %v, want ErrSuperPeerQuota", err)
	}
}

func TestAFullSuperPeerGetsTheAccessList(t *testing.T) {
	now := time.Now()
	ana, s := newDevice(t, &now), newSuperPeer()
	ana.supers.live()
	wa := ana.found()
	ana.attach(wa, s)
	ana.soon("Ana is connected", func() bool { return ana.state(wa).State == workspace.SuperPeerConnected })
	s.set(func() { s.full = workspace.ErrSuperPeerFull })
	ana.say(wa, "no room for it")
	ana.soon("it is full", func() bool { return ana.state(wa).State == workspace.SuperPeerFull })
	ana.grow(wa)
	s.soon(t, "the list names both", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.lists[wa.ID()].Peers) == 2
	})
}
