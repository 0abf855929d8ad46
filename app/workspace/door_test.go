package workspace_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// doorway is Ana's workspace at a super-peer, with an open invitation behind its door.
type doorway struct {
	t    *testing.T
	now  *time.Time
	ana  *device
	w    *workspace.Workspace
	s    *superPeer
	link workspace.Invite
}

func newDoorway(t *testing.T, uses uint) *doorway {
	t.Helper()
	now := time.Now()
	d := &doorway{t: t, now: &now, ana: newDevice(t, &now), s: newSuperPeer()}
	d.w = d.ana.found()
	d.ana.attach(d.w, d.s)
	d.ana.say(d.w, "what was before")
	d.link = d.ana.invite(d.w, uses)
	d.bring()
	return d
}

// bring uploads what Ana wrote, and her doors.
func (d *doorway) bring() {
	d.t.Helper()
	d.ana.courier(d.w, d.s).upload(false)
}

// joiner is a device that reaches nobody but the super-peer.
func (d *doorway) joiner() *device {
	d.t.Helper()
	j := newDevice(d.t, d.now)
	j.supers.add(d.s)
	j.supers.live()
	return j
}

// begin starts a join and expects it to go on.
func (d *doorway) begin(j *device) *workspace.Workspace {
	d.t.Helper()
	w, err := j.Join(d.t.Context(), d.link.Link, "Ben", time.Millisecond)
	if err != nil || w.Ready() {
		d.t.Fatalf("the join did not go on: %v", err)
	}
	return w
}

// people are the active persons that Ana knows of, after she read at the super-peer.
func (d *doorway) people() (count int) {
	d.t.Helper()
	d.ana.courier(d.w, d.s).read()
	for _, p := range d.w.State().Persons() {
		if p.Status == member.Active {
			count++
		}
	}
	return count
}

func TestAJoinWithOnlyASuperPeer(t *testing.T) {
	d := newDoorway(t, 1)
	ben := d.joiner()
	w := ben.join(d.link.Link)
	ben.soon("Ben has read", func() bool { return ben.board.count() == 1 })
	ben.say(w, "hello")
	ben.soon("it is there", func() bool { return w.Queued() == 0 })
	if got := d.people(); got != 2 {
		t.Errorf("Ana knows of %d people, want 2", got)
	}
	if want := []string{"what was before", "hello"}; !slices.Equal(d.ana.board.lines, want) {
		t.Errorf("Ana reads %q, want %q", d.ana.board.lines, want)
	}
	publish(t, d.ana.courier(d.w, d.s), d.s, d.w)
	if !slices.Contains(d.s.lists[d.w.ID()].Peers, ben.Self()) {
		t.Error("the access list lacks Ben's device")
	}

	eve := d.joiner()
	if _, err := eve.Join(t.Context(), d.link.Link, "Eve", 10*time.Second); !errors.Is(err, workspace.RefusalOf(workspace.RefusedUsed)) {
		t.Errorf("the door is still open, but the log says that it was used: %v", err)
	}
	d.bring()
	if _, err := eve.Join(t.Context(), d.link.Link, "Eve", 10*time.Second); !errors.Is(err, workspace.RefusalOf(workspace.RefusedEnded)) {
		t.Errorf("at a closed door: %v", err)
	}
}

func TestTheLogAtASuperPeerMayLieInAnyOrder(t *testing.T) {
	d := newDoorway(t, 1)
	d.s.set(func() {
		d.s.listing = func(refs []workspace.ObjectRef) []workspace.ObjectRef {
			turned := slices.Clone(refs)
			slices.Reverse(turned)
			for i := range turned {
				turned[i].N = refs[i].N
			}
			return turned
		}
	})
	d.joiner().join(d.link.Link)
}

func TestAnInvitationWithCodesNeedsAMember(t *testing.T) {
	d := newDoorway(t, 1)
	peers, err := d.ana.LinkPeers(t.Context(), d.w, true)
	if err != nil {
		t.Fatal(err)
	}
	codes, err := d.w.Invite(t.Context(), workspace.InviteSpec{Role: member.RoleMember, Uses: 1, Expires: time.Hour, CodesFirst: true, Peers: peers})
	if err != nil {
		t.Fatal(err)
	}
	d.bring()
	d.link = codes
	if w := d.begin(d.joiner()); w.WaitsFor() != workspace.WaitsForInviter {
		t.Errorf("it waits for %q", w.WaitsFor())
	}
}

func TestAJoinIsDoneOnceItsEntryIsDurable(t *testing.T) {
	d := newDoorway(t, 1)
	ben := d.joiner()
	d.s.set(func() { d.s.full = workspace.ErrSuperPeerFull })
	w := d.begin(ben)
	ben.soon("Ben has written his entry", func() bool { return len(w.State().ActiveDevices()) == 2 })
	if w.Ready() {
		t.Error("it is done, and nobody has the entry")
	}
	// Now it is stored, and the answer gets lost: meanwhile Ana closes the door.
	d.s.set(func() { d.s.full, d.s.deaf = nil, errDown })
	d.s.soon(t, "Ana sees Ben", func() bool { return d.people() == 2 })
	d.bring()
	if door, _ := d.s.door(d.w.ID(), d.link.Invite); len(door.Box) != 0 {
		t.Error("the door is open")
	}
	d.s.set(func() { d.s.deaf = nil })
	ben.soon("the join is done", w.Ready)
	if got := d.people(); got != 2 {
		t.Errorf("Ana knows of %d people, want 2", got)
	}
}

func TestAHostileSuperPeerLetsNobodyIntoAnythingElse(t *testing.T) {
	for name, spoil := range map[string]func(d *doorway){
		"it withholds what the link names": func(d *doorway) {
			d.s.listing = func(refs []workspace.ObjectRef) []workspace.ObjectRef {
				return slices.DeleteFunc(slices.Clone(refs), func(r workspace.ObjectRef) bool { return isInvite(d, r.ID) })
			}
		},
		"it gives nothing": func(d *doorway) {
			d.s.mangle = func(o workspace.Object) (workspace.Object, bool) { return o, false }
		},
		"it changes objects": func(d *doorway) {
			d.s.mangle = func(o workspace.Object) (workspace.Object, bool) {
				o.Bytes = slices.Clone(o.Bytes)
				o.Bytes[len(o.Bytes)/2] ^= 1
				return o, true
			}
		},
		"it names one object again and again": func(d *doorway) {
			d.s.listing = func(refs []workspace.ObjectRef) []workspace.ObjectRef {
				return append(slices.Clone(refs), refs...)
			}
		},
		"it gives another box": func(d *doorway) {
			for name, door := range d.s.doors[d.w.ID()] {
				door.Box = seal.Random(len(door.Box))
				d.s.doors[d.w.ID()][name] = door
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoorway(t, 1)
			d.s.set(func() { spoil(d) })
			ben := d.joiner()
			w, err := ben.Join(t.Context(), d.link.Link, "Ben", 800*time.Millisecond) // two rounds
			if err != nil {
				t.Fatalf("the join ended: %v", err)
			}
			if w.Ready() || len(w.State().ActiveDevices()) != 0 {
				t.Fatal("Ben believes to be in")
			}
			d.s.set(func() { d.s.listing, d.s.mangle = nil, nil })
			meet(d.ana, ben)
			ben.soon("Ana lets Ben in", w.Ready)
		})
	}
}

// isInvite reports whether an object is the invitation's entry.
func isInvite(d *doorway, id seal.ID) bool {
	link, err := member.ParseLink(d.link.Link)
	return err == nil && link.LogHead == id
}

func TestASuperPeerThatSaysItIsOverCannotKeepSomebodyOut(t *testing.T) {
	d := newDoorway(t, 1)
	d.s.set(func() {
		for name, door := range d.s.doors[d.w.ID()] {
			door.Box = nil
			d.s.doors[d.w.ID()][name] = door
		}
	})
	ben := d.joiner()
	meet(d.ana, ben)
	ben.join(d.link.Link)
}

func TestDoorsFollowTheInvitations(t *testing.T) {
	d := newDoorway(t, 2)
	codes, err := d.w.Invite(t.Context(), workspace.InviteSpec{Role: member.RoleMember, Uses: 1, Expires: time.Hour, CodesFirst: true})
	if err != nil {
		t.Fatal(err)
	}
	d.bring()
	if _, there := d.s.door(d.w.ID(), codes.Invite); there {
		t.Error("an invitation with codes has a door")
	}
	first, there := d.s.door(d.w.ID(), d.link.Invite)
	if !there || first.Counter != 1 || first.Expires != d.link.Expires || len(first.Box) == 0 {
		t.Fatalf("the door is %+v", first)
	}
	if strings.Contains(string(first.Box), d.w.ID().String()) {
		t.Error("it can be read")
	}
	keys := inviteKeys(t, d.link)
	if box, err := member.OpenInviteBox(keys, d.w.ID(), first.Box); err != nil || len(box.Spaces) != 1 {
		t.Errorf("its link does not open it: %v", err)
	}

	// Somebody is removed: new keys, a new box.
	ben := newDevice(t, d.now)
	meet(d.ana, ben)
	wb := ben.join(d.link.Link)
	_, device := wb.Self()
	if err := d.w.RemoveDevice(t.Context(), device); err != nil {
		t.Fatal(err)
	}
	d.bring()
	if again, _ := d.s.door(d.w.ID(), d.link.Invite); again.Counter <= first.Counter {
		t.Errorf("after a rotation the counter is %d", again.Counter)
	}

	ca := d.ana.courier(d.w, d.s)
	publish(t, ca, d.s, d.w)
	before := d.s.lists[d.w.ID()].Counter
	if err := d.w.Revoke(t.Context(), d.link.ID); err != nil {
		t.Fatal(err)
	}
	d.bring()
	if door, _ := d.s.door(d.w.ID(), d.link.Invite); len(door.Box) != 0 {
		t.Error("the door of a revoked invitation is open")
	}
	publish(t, ca, d.s, d.w)
	if after := d.s.lists[d.w.ID()].Counter; after <= before {
		t.Error("the access list was not published again")
	}
}

func inviteKeys(t *testing.T, invite workspace.Invite) member.InviteKeys {
	t.Helper()
	link, err := member.ParseLink(invite.Link)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := member.InviteKeysOf(link.WS, link.Seed)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestAJoinThatNobodyAnswersGoesOnAndEnds(t *testing.T) {
	d := newDoorway(t, 1)
	ben := d.joiner()
	d.s.set(func() { d.s.down = true })
	problems := make(chan string, 8)
	defer ben.Events.Problem.Subscribe(func(p workspace.Problem) { problems <- p.Text })()
	w := d.begin(ben)
	if got := w.WaitsFor(); got != workspace.WaitsForSuperPeer {
		t.Errorf("it waits for %q", got)
	}
	if got := d.w.WaitsFor(); got != "" {
		t.Errorf("a ready workspace waits for %q", got)
	}
	d.s.set(func() { d.s.down = false })
	if err := d.w.Revoke(t.Context(), d.link.ID); err != nil {
		t.Fatal(err)
	}
	d.s.set(func() {
		for name, door := range d.s.doors[d.w.ID()] {
			door.Box = nil
			d.s.doors[d.w.ID()][name] = door
		}
	})
	if text := <-problems; !strings.Contains(text, "withdrawn") || !strings.Contains(text, "Ask for a new one") {
		t.Errorf("the person is told %q", text)
	}
	gone(t, ben, w)
}

func gone(t *testing.T, d *device, w *workspace.Workspace) {
	t.Helper()
	d.soon("the join is gone", func() bool { _, err := d.Get(w.ID()); return errors.Is(err, workspace.ErrNotFound) })
}

func TestAJoinEndsWithItsLinkAlsoAfterAStart(t *testing.T) {
	d := newDoorway(t, 1)
	dir, key := t.TempDir(), seal.RandomKey()
	ben := openDevice(t, d.now, dir, key, &board{})
	w := d.begin(ben)
	ben.shut()
	later := d.now.Add(48 * time.Hour)
	ben = openDevice(t, &later, dir, key, &board{})
	defer ben.shut()
	gone(t, ben, w)
}
