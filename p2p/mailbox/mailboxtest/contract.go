package mailboxtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/mailbox"
)

// Peer makes the id of a device out of a number.
func Peer(n byte) p2p.PeerID {
	id, err := p2p.PeerIDOf([32]byte{n, 1})
	if err != nil {
		panic(err) // any 32 bytes name a peer
	}
	return id
}

// Objects makes n objects of some size, different for every first.
func Objects(first, n, size int) []mailbox.Object {
	all := make([]mailbox.Object, n)
	for i := range all {
		id := [32]byte{byte(first + i), byte((first + i) >> 8), byte((first + i) >> 16), 7}
		all[i] = mailbox.Object{ID: id, Bytes: bytes.Repeat(id[:1], size)}
	}
	return all
}

// IDs are the names of objects.
func IDs(all []mailbox.Object) [][32]byte {
	ids := make([][32]byte, len(all))
	for i, o := range all {
		ids[i] = o.ID
	}
	return ids
}

// DoorName is the name of the door of an invitation with a public key.
func DoorName(invPK [32]byte) [32]byte {
	return sha256.Sum256(append([]byte("parvis1/invbox\x00\x00\x00\x00\x20"), invPK[:]...))
}

// Contract holds what every Keeper does. open gives a fresh one and a function
// that replaces the access list of a workspace.
func Contract(t *testing.T, open func(t *testing.T) (k mailbox.Keeper, allow func(ws [32]byte, peers ...p2p.PeerID))) {
	ws, other := [32]byte{1}, [32]byte{2}
	ana, ben, eve := Peer(1), Peer(2), Peer(3)
	tag, further := mailbox.Tag{1}, mailbox.Tag{2}
	start := func(t *testing.T) (context.Context, mailbox.Keeper, func([32]byte, ...p2p.PeerID)) {
		k, allow := open(t)
		allow(ws, ana, ben)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		t.Cleanup(cancel)
		return ctx, k, allow
	}
	put := func(t *testing.T, ctx context.Context, k mailbox.Keeper, v mailbox.Visit, tag mailbox.Tag, all []mailbox.Object) {
		t.Helper()
		if err := k.Put(ctx, v, tag, all, false); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("X10 a stranger learns nothing, of a known workspace or an unknown one", func(t *testing.T) {
		ctx, k, allow := start(t)
		put(t, ctx, k, mailbox.Visit{Peer: ana, Workspace: ws}, tag, Objects(0, 3, 10))
		strangers := func(who ...mailbox.Visit) {
			t.Helper()
			for _, v := range who {
				_, admit := k.Admit(ctx, v)
				_, _, listed := k.List(ctx, v, tag, 0, 10)
				_, _, fetched := k.Fetch(ctx, v, tag, IDs(Objects(0, 3, 10)))
				_, watched := k.Watch(ctx, v, []mailbox.Tag{tag})
				for i, err := range []error{admit, k.Put(ctx, v, tag, Objects(9, 1, 1), false), listed, fetched, watched} {
					if !errors.Is(err, mailbox.ErrStranger) {
						t.Errorf("%s, call %d: %v", v.Peer.Short(), i, err)
					}
				}
			}
		}
		strangers(mailbox.Visit{Peer: eve, Workspace: ws}, mailbox.Visit{Peer: eve, Workspace: other}, mailbox.Visit{Peer: ana, Workspace: other})
		allow(ws, ben) // ana was removed
		strangers(mailbox.Visit{Peer: ana, Workspace: ws})
		if refs, _, err := k.List(ctx, mailbox.Visit{Peer: ben, Workspace: ws}, tag, 0, 10); err != nil || len(refs) != 3 {
			t.Errorf("ben lists %d, %v", len(refs), err)
		}
	})

	t.Run("X11 objects are numbered 1, 2, 3 by workspace and tag", func(t *testing.T) {
		ctx, k, allow := start(t)
		allow(other, ana)
		put(t, ctx, k, mailbox.Visit{Peer: ana, Workspace: ws}, tag, Objects(0, 3, 10))
		put(t, ctx, k, mailbox.Visit{Peer: ana, Workspace: ws}, further, Objects(0, 2, 20))
		put(t, ctx, k, mailbox.Visit{Peer: ben, Workspace: ws}, tag, Objects(3, 2, 30))
		put(t, ctx, k, mailbox.Visit{Peer: ana, Workspace: other}, tag, Objects(0, 1, 40))
		for _, c := range []struct {
			v    mailbox.Visit
			tag  mailbox.Tag
			want []int // sizes
		}{
			{mailbox.Visit{Peer: ana, Workspace: ws}, tag, []int{10, 10, 10, 30, 30}},
			{mailbox.Visit{Peer: ben, Workspace: ws}, further, []int{20, 20}},
			{mailbox.Visit{Peer: ana, Workspace: other}, tag, []int{40}},
			{mailbox.Visit{Peer: ana, Workspace: other}, further, nil},
		} {
			refs, more, err := k.List(ctx, c.v, c.tag, 0, 100)
			if err != nil || more || len(refs) != len(c.want) {
				t.Fatalf("%d references, more: %v, %v", len(refs), more, err)
			}
			for i, r := range refs {
				if r.N != uint64(i+1) || int(r.Size) != c.want[i] || r.ID != Objects(i, 1, 1)[0].ID {
					t.Errorf("reference %d: %+v", i, r)
				}
			}
		}
	})

	t.Run("X12 what is there already is not stored again", func(t *testing.T) {
		ctx, k, _ := start(t)
		v := mailbox.Visit{Peer: ana, Workspace: ws}
		first := Objects(0, 3, 10)
		put(t, ctx, k, v, tag, append(slices.Clone(first), first...))
		put(t, ctx, k, mailbox.Visit{Peer: ben, Workspace: ws}, tag, Objects(1, 3, 99))
		refs, _, err := k.List(ctx, v, tag, 0, 100)
		if err != nil || len(refs) != 4 || refs[3].N != 4 || refs[3].Size != 99 {
			t.Fatalf("%+v, %v", refs, err)
		}
		found, _, err := k.Fetch(ctx, v, tag, IDs(Objects(0, 4, 1)))
		if err != nil || len(found) != 4 || len(found[1].Bytes) != 10 {
			t.Errorf("%d found, %v", len(found), err)
		}
	})

	t.Run("X13 a list goes on behind its cursor", func(t *testing.T) {
		ctx, k, _ := start(t)
		v := mailbox.Visit{Peer: ana, Workspace: ws}
		put(t, ctx, k, v, tag, Objects(0, 250, 5))
		var numbers []uint64
		after, more := uint64(0), true
		for more {
			var refs []mailbox.Ref
			var err error
			if refs, more, err = k.List(ctx, v, tag, after, 100); err != nil || len(refs) == 0 {
				t.Fatalf("%d references, %v", len(refs), err)
			}
			for _, r := range refs {
				numbers = append(numbers, r.N)
			}
			after = numbers[len(numbers)-1]
		}
		if len(numbers) != 250 || numbers[249] != 250 {
			t.Errorf("%d numbers", len(numbers))
		}
		if refs, more, err := k.List(ctx, v, tag, 1<<63, 10); len(refs) != 0 || more || err != nil {
			t.Errorf("behind the end: %d, %v, %v", len(refs), more, err)
		}
	})

	t.Run("X14 a fetch gives windows in the order of the ids", func(t *testing.T) {
		ctx, k, _ := start(t)
		v := mailbox.Visit{Peer: ana, Workspace: ws}
		for i := range 5 {
			put(t, ctx, k, v, tag, Objects(2*i, 2, 400<<10))
		}
		put(t, ctx, k, v, tag, Objects(10, 1, mailbox.MaxObject))
		ids := IDs(Objects(0, 12, 1)) // the last one is not there
		slices.Reverse(ids)
		var got [][32]byte
		for rest := ids; len(rest) > 0; {
			found, left, err := k.Fetch(ctx, v, tag, rest)
			if err != nil || len(left) >= len(rest) || len(found) == 0 && len(left) > 0 {
				t.Fatalf("%d found, %d left, %v", len(found), len(left), err)
			}
			total := 0
			for _, o := range found {
				total += len(o.Bytes)
				got = append(got, o.ID)
				if o.Bytes[0] != o.ID[0] {
					t.Error("other bytes")
				}
			}
			if total > mailbox.MaxWindow && len(found) > 1 {
				t.Errorf("%d objects of %d bytes", len(found), total)
			}
			rest = left
		}
		if !slices.Equal(got, ids[1:]) {
			t.Errorf("%d of 11 found in order", len(got))
		}
		if found, _, err := k.Fetch(ctx, v, further, ids); err != nil || len(found) != 0 {
			t.Errorf("under another tag: %d, %v", len(found), err)
		}
	})

	t.Run("X15 a watcher hears what is newest and what comes", func(t *testing.T) {
		ctx, k, allow := start(t)
		v := mailbox.Visit{Peer: ben, Workspace: ws}
		put(t, ctx, k, v, tag, Objects(0, 3, 5))
		w, err := k.Watch(ctx, v, []mailbox.Tag{tag, further})
		if err != nil {
			t.Fatal(err)
		}
		defer w.Leave()
		known := map[mailbox.Tag]uint64{}
		hear := func(want map[mailbox.Tag]uint64) {
			t.Helper()
			for fmt.Sprint(known) != fmt.Sprint(want) {
				select {
				case <-w.Wake():
					all, _ := w.Take()
					for _, n := range all {
						known[n.Tag] = n.Last
					}
				case <-ctx.Done():
					t.Fatalf("heard %v, want %v", known, want)
				}
			}
		}
		hear(map[mailbox.Tag]uint64{tag: 3, further: 0})
		put(t, ctx, k, mailbox.Visit{Peer: ana, Workspace: ws}, tag, Objects(3, 2, 5))
		put(t, ctx, k, mailbox.Visit{Peer: ana, Workspace: ws}, further, Objects(0, 1, 5))
		put(t, ctx, k, mailbox.Visit{Peer: ana, Workspace: ws}, mailbox.Tag{3}, Objects(0, 1, 5))
		hear(map[mailbox.Tag]uint64{tag: 5, further: 1})
		allow(ws, ana)
		select {
		case <-w.Wake():
			if _, alarmed := w.Take(); !alarmed {
				t.Error("it is not told to look at its right")
			}
		case <-ctx.Done():
			t.Error("a new list wakes nobody")
		}
	})

	t.Run("X34 doors", func(t *testing.T) {
		ctx, k, _ := start(t)
		doors(t, ctx, k, mailbox.Visit{Peer: ana, Workspace: ws}, mailbox.Visit{Peer: eve, Workspace: ws})
	})

	t.Run("X38 a list that names a newcomer makes it a device like the others", func(t *testing.T) {
		ctx, k, allow := start(t)
		if err := k.Leave(ctx, mailbox.Visit{Peer: ana, Workspace: ws}, aDoor(1, 1, "box")); err != nil {
			t.Fatal(err)
		}
		v := mailbox.Visit{Peer: eve, Workspace: ws}
		if _, err := knocker(t, k).Knock(ctx, v, [32]byte{1}); err != nil {
			t.Fatal(err)
		}
		put(t, ctx, k, v, tag, Objects(0, 1, 10))
		if _, err := k.Admit(ctx, mailbox.Visit{Peer: eve, Workspace: other}); !errors.Is(err, mailbox.ErrStranger) {
			t.Errorf("in another workspace: %v", err)
		}
		allow(ws, ana, eve)
		allow(ws, ana)
		if _, err := k.Admit(ctx, v); !errors.Is(err, mailbox.ErrStranger) {
			t.Errorf("once it was named and is named no more: %v", err)
		}
	})
}

// knocker is a keeper at which strangers can knock.
func knocker(t *testing.T, k mailbox.Keeper) mailbox.Doors {
	t.Helper()
	d, ok := k.(mailbox.Doors)
	if !ok {
		t.Fatal("the keeper answers no knocks")
	}
	return d
}

func aDoor(name byte, counter uint64, box string) mailbox.Door {
	return mailbox.Door{Name: [32]byte{name}, Counter: counter, Expires: time.Now().Add(time.Hour).UnixMilli(), Box: []byte(box)}
}

// doors holds which door replaces which.
func doors(t *testing.T, ctx context.Context, k mailbox.Keeper, member, stranger mailbox.Visit) {
	knock := func(name byte) (string, error) {
		box, err := knocker(t, k).Knock(ctx, stranger, [32]byte{name})
		return string(box), err
	}
	if err := k.Leave(ctx, stranger, aDoor(1, 1, "x")); !errors.Is(err, mailbox.ErrStranger) {
		t.Errorf("a stranger leaves a door: %v", err)
	}
	if _, err := knock(1); !errors.Is(err, mailbox.ErrNoDoor) {
		t.Errorf("no door: %v", err)
	}
	for _, step := range []struct {
		door mailbox.Door
		box  string // behind it then; empty: it is over
	}{
		{aDoor(1, 5, "five"), "five"},
		{aDoor(1, 5, "another five"), "five"},
		{aDoor(1, 4, "four"), "five"},
		{aDoor(1, 6, "six"), "six"},
		{aDoor(1, 0, ""), ""},
		{aDoor(1, 7, "seven"), ""},
	} {
		if err := k.Leave(ctx, member, step.door); err != nil {
			t.Fatal(err)
		}
		box, err := knock(1)
		if box != step.box || (step.box == "") != errors.Is(err, mailbox.ErrDoorEnded) {
			t.Errorf("after %q with %d: %q, %v", step.door.Box, step.door.Counter, box, err)
		}
	}
	if _, err := k.Admit(ctx, stranger); err != nil {
		t.Errorf("who knocked rightly: %v", err)
	}
	if err := k.Leave(ctx, stranger, aDoor(2, 1, "x")); err != nil {
		t.Errorf("a newcomer's door: %v", err)
	}
	if _, err := knock(2); !errors.Is(err, mailbox.ErrNoDoor) {
		t.Errorf("a newcomer's door was not ignored: %v", err)
	}
	late := aDoor(3, 1, "late")
	late.Expires = time.Now().Add(-time.Minute).UnixMilli()
	if err := k.Leave(ctx, member, late); err != nil {
		t.Fatal(err)
	}
	if _, err := knock(3); !errors.Is(err, mailbox.ErrDoorEnded) {
		t.Errorf("a door that has expired: %v", err)
	}
	for i := range byte(63) { // with the closed one 64
		if err := k.Leave(ctx, member, aDoor(10+i, 1, "x")); err != nil {
			t.Fatalf("door %d: %v", i, err)
		}
	}
	if err := k.Leave(ctx, member, aDoor(100, 1, "x")); err != nil {
		t.Errorf("a closed door makes no room: %v", err)
	}
	if err := k.Leave(ctx, member, aDoor(101, 1, "x")); !errors.Is(err, mailbox.ErrTooMuch) {
		t.Errorf("door 65: %v", err)
	}
	if err := k.Leave(ctx, member, aDoor(10, 2, "y")); err != nil {
		t.Errorf("one that is there already: %v", err)
	}
}
