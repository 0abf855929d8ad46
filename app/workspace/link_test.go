package workspace_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// compareCodes lets two people who sit side by side type each other's code, until
// stop.
func compareCodes(t *testing.T, a, b *person) (stop func()) {
	t.Helper()
	var mu sync.Mutex
	codes := map[*person]workspace.Comparison{}
	hear := func(who, other *person) func(workspace.Comparison) {
		return func(c workspace.Comparison) {
			mu.Lock()
			defer mu.Unlock()
			if c.State != workspace.CodesCompare {
				return
			}
			codes[who] = c
			if theirs, both := codes[other]; both {
				delete(codes, who)
				delete(codes, other)
				go func() {
					_ = who.EnterCode(c.ID, theirs.Code)
					_ = other.EnterCode(theirs.ID, c.Code)
				}()
			}
		}
	}
	first, second := a.OnComparison(hear(a, b)), b.OnComparison(hear(b, a))
	return func() { first(); second() }
}

// linked waits until the adding of a device has ended.
func (p *person) linked(t *testing.T) workspace.Linking {
	t.Helper()
	ended := make(chan workspace.Linking, 16)
	defer p.OnLinking(func(l workspace.Linking) {
		if l.State == workspace.LinkDone || l.State == workspace.LinkFailed {
			ended <- l
		}
	})()
	if l := p.Linking(); l.State == workspace.LinkDone || l.State == workspace.LinkFailed {
		return l
	}
	select {
	case l := <-ended:
		return l
	case <-time.After(patience):
		t.Fatalf("the adding of a device did not end: %+v", p.Linking())
		return workspace.Linking{}
	}
}

// fresh is a device that is in no workspace.
func fresh(t *testing.T) *person {
	t.Helper()
	now := time.Now()
	p := &person{wall: newWall()}
	p.device = openDevice(t, &now, t.TempDir(), seal.RandomKey(), p.wall)
	t.Cleanup(p.shut)
	return p
}

// link adds a second device to a person.
func link(t *testing.T, old *person) *person {
	t.Helper()
	added := fresh(t)
	meet(old.device, added.device)
	defer compareCodes(t, old, added)()
	offer, err := old.OfferLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := added.TakeLink(t.Context(), offer.Link); err != nil {
		t.Fatal(err)
	}
	if l := added.linked(t); l.State != workspace.LinkDone || l.Err != nil {
		t.Fatalf("the new device: %+v", l)
	}
	if l := old.linked(t); l.State != workspace.LinkDone {
		t.Fatalf("the old device: %+v", l)
	}
	added.w = added.List()[0]
	return added
}

func TestK47ALinkedDeviceIsOneOfThePersonsDevices(t *testing.T) {
	all := team(t, 2)
	ana, ben := all[0], all[1]
	ana.says("before")
	space, err := ana.w.GroupSpace(t.Context(), []seal.ID{ben.who()})
	if err != nil {
		t.Fatal(err)
	}
	ana.saysIn(space, "for Ben")
	everybodyHasAll(t, all)

	phone := link(t, ana)
	if phone.who() != ana.who() || phone.id() == ana.id() {
		t.Fatalf("the new device is %s of person %s", phone.id().Short(), phone.who().Short())
	}
	give(t, ana.w, phone.w)
	phone.reads("before", "for Ben")
	phone.saysIn(space, "from the phone")
	give(t, phone.w, ana.w)
	give(t, ana.w, ben.w)
	ben.reads("before", "for Ben", "from the phone")
	ben.saysIn(space, "an answer")
	give(t, ben.w, phone.w)
	phone.reads("an answer", "before", "for Ben", "from the phone")

	t.Run("and can add another one", func(t *testing.T) {
		tablet := link(t, phone)
		give(t, phone.w, tablet.w)
		tablet.reads("an answer", "before", "for Ben", "from the phone")
		device, _ := tablet.w.State().Device(tablet.id())
		if device.Idx != 2 {
			t.Errorf("its number is %d, want 2", device.Idx)
		}
	})
	t.Run("and a link that is over says so", func(t *testing.T) {
		late := fresh(t)
		meet(ana.device, late.device)
		if _, err := ana.OfferLink(t.Context()); err != nil {
			t.Fatal(err)
		}
		old := ana.Linking().Link
		if _, err := ana.OfferLink(t.Context()); err != nil { // replaces it
			t.Fatal(err)
		}
		if _, err := late.TakeLink(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		if l := late.linked(t); l.State != workspace.LinkFailed || !errors.Is(l.Err, workspace.RefusalOf(workspace.RefusedUnknown)) {
			t.Errorf("%+v, want a refusal", l)
		}
	})
}

func TestK47AllWorkspacesOfAPersonAreGiven(t *testing.T) {
	ana := fresh(t)
	for i := range 3 {
		ana.w = ana.found()
		ana.says(fmt.Sprint("in workspace ", i))
	}
	phone := fresh(t)
	meet(ana.device, phone.device)
	defer compareCodes(t, ana, phone)()
	offer, err := ana.OfferLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := phone.TakeLink(t.Context(), offer.Link); err != nil {
		t.Fatal(err)
	}
	if l := phone.linked(t); l.State != workspace.LinkDone || l.Done != 3 || l.Total != 3 {
		t.Fatalf("%+v, want three workspaces", l)
	}
	for _, w := range phone.List() {
		from, err := ana.Get(w.ID())
		if err != nil {
			t.Fatal(err)
		}
		give(t, from, w)
	}
	phone.reads("in workspace 0", "in workspace 1", "in workspace 2")
}

func TestK47AWrongCodeAddsNothing(t *testing.T) {
	ana, phone := fresh(t), fresh(t)
	ana.w = ana.found()
	meet(ana.device, phone.device)
	offer, err := ana.OfferLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for try := range 3 {
		cancel := phone.OnComparison(func(c workspace.Comparison) {
			if c.State == workspace.CodesCompare {
				go func() { _ = phone.EnterCode(c.ID, "000000"+c.Code[:1]) }()
			}
		})
		if _, err := phone.TakeLink(t.Context(), offer.Link); err != nil {
			t.Fatal(err)
		}
		failed := phone.linked(t)
		cancel()
		if failed.State != workspace.LinkFailed || !errors.Is(failed.Err, workspace.ErrCodes) {
			t.Fatalf("try %d: %+v, want that the codes differ", try+1, failed)
		}
	}
	if l := ana.linked(t); l.State != workspace.LinkFailed {
		t.Errorf("after three wrong codes: %+v, want that the link is over", l)
	}
	if got := len(ana.w.State().ActiveDevices()); got != 1 || len(phone.List()) != 0 {
		t.Errorf("%d devices, %d workspaces on the new one", got, len(phone.List()))
	}
}

func TestK48ALinkGoesOnWhereItStopped(t *testing.T) {
	ana := fresh(t)
	for range 2 {
		ana.w = ana.found()
		ana.says("hello")
	}
	phone := fresh(t)
	meet(ana.device, phone.device)
	defer compareCodes(t, ana, phone)()
	steps := 0
	phone.lost = func() error { // every answer gets lost once: codes, list, each workspace, done
		if steps++; steps%2 == 1 {
			return errors.New("the answer got lost")
		}
		return nil
	}
	offer, err := ana.OfferLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := phone.TakeLink(t.Context(), offer.Link); err != nil {
		t.Fatal(err)
	}
	if l := phone.linked(t); l.State != workspace.LinkDone || l.Done != 2 || l.Err != nil {
		t.Fatalf("%+v, want both workspaces", l)
	}
	for _, w := range ana.List() {
		if got := len(w.State().ActiveDevices()); got != 2 {
			t.Errorf("%d devices, want 2", got)
		}
	}
}

func TestK48ALinkThatWasStoppedHalfwayCanBeDoneAgain(t *testing.T) {
	ana, phone := fresh(t), fresh(t)
	ana.w = ana.found()
	ana.says("hello")
	meet(ana.device, phone.device)
	defer compareCodes(t, ana, phone)()
	added := make(chan struct{})
	var once sync.Once
	phone.lost = func() error { // what makes it a device is written; what it is given gets lost
		if len(ana.w.State().ActiveDevices()) == 2 {
			once.Do(func() { close(added) })
			return errors.New("the answer got lost")
		}
		return nil
	}
	open := func() {
		t.Helper()
		offer, err := ana.OfferLink(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := phone.TakeLink(t.Context(), offer.Link); err != nil {
			t.Fatal(err)
		}
	}
	open()
	<-added
	if err := phone.CancelLink(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l := phone.Linking(); l.State != workspace.LinkFailed || !errors.Is(l.Err, workspace.ErrLinkOver) || len(phone.List()) != 0 {
		t.Fatalf("stopped: %+v", l)
	}
	phone.lost = nil
	open()
	if l := phone.linked(t); l.State != workspace.LinkDone || l.Done != 1 {
		t.Fatalf("again: %+v", l)
	}
	phone.w = phone.List()[0]
	give(t, ana.w, phone.w)
	phone.reads("hello")
}

// A device that stops at any moment goes on at its next start.
func TestK48EitherSideMayStopAtAnyMoment(t *testing.T) {
	now := time.Now()
	for stop := range 10 {
		for _, side := range []string{"old", "new"} {
			t.Run(fmt.Sprintf("%s device after %d messages", side, stop), func(t *testing.T) {
				folders := []folder{{t.TempDir(), seal.RandomKey()}, {t.TempDir(), seal.RandomKey()}}
				ana, phone := &person{wall: newWall()}, &person{wall: newWall()}
				open := func(p *person, f folder) { p.device = openDevice(t, &now, f.dir, f.key, p.wall) }
				open(ana, folders[0])
				open(phone, folders[1])
				ana.w = ana.found()
				ana.says("hello")
				meet(ana.device, phone.device)
				stopped := compareCodes(t, ana, phone)
				offer, err := ana.OfferLink(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				reached := make(chan struct{})
				phone.count(stop, reached)
				ended := make(chan struct{})
				var once sync.Once
				defer phone.OnLinking(func(l workspace.Linking) {
					if l.State == workspace.LinkDone || l.State == workspace.LinkFailed {
						once.Do(func() { close(ended) })
					}
				})()
				if _, err := phone.TakeLink(t.Context(), offer.Link); err != nil {
					t.Fatal(err)
				}
				select {
				case <-reached:
				case <-ended:
				}
				stopped()
				if side == "old" {
					ana.shut()
					open(ana, folders[0])
				} else {
					phone.shut()
					open(phone, folders[1])
				}
				meet(ana.device, phone.device)
				defer compareCodes(t, ana, phone)()
				var l workspace.Linking
				for range 3 { // codes that were being compared are compared again only when the person says so
					if _, err := phone.TakeLink(t.Context(), offer.Link); err != nil {
						t.Fatal(err)
					}
					if l = phone.linked(t); !errors.Is(l.Err, workspace.ErrCodes) {
						break
					}
				}
				if len(phone.List()) != 1 || !phone.List()[0].Ready() {
					t.Fatalf("%d workspaces: %+v", len(phone.List()), l)
				}
				ana.w, phone.w = ana.List()[0], phone.List()[0]
				if got := len(ana.w.State().ActiveDevices()); got != 2 {
					t.Errorf("%d devices, want 2", got)
				}
				give(t, ana.w, phone.w)
				phone.reads("hello")
				phone.says("here")
				give(t, phone.w, ana.w)
				ana.shut()
				phone.shut()
			})
		}
	}
}
