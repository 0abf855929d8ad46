package workspace_test

import (
	"fmt"
	"slices"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// envelopesOf are all envelopes that somebody has of a device in the main space, by
// number.
func envelopesOf(t *testing.T, w *workspace.Workspace, device, reader seal.ID) (all []*feed.Envelope) {
	t.Helper()
	theirs := workspace.Holdings{Heads: w.State().Heads()}
	for {
		part, after, err := w.Missing(t.Context(), reader, theirs, 256, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(part.Envelopes) == 0 {
			return all
		}
		for _, raw := range part.Envelopes {
			env, err := feed.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			if env.Header.Dev == device && env.Header.Space == w.MainSpace() {
				all = append(all, env)
			}
		}
		theirs = after
	}
}

func TestK45AFenceStandsAtTheLastStoredEnvelope(t *testing.T) {
	for name, from := range map[string]int{"behind a gap": 1, "though the first one is lost": 0} {
		t.Run(name, func(t *testing.T) {
			all := team(t, 2)
			ana, ben := all[0], all[1]
			ben.says("1")
			if from > 0 {
				give(t, ben.w, ana.w)
			}
			ben.says("2", "3", "4")
			written := envelopesOf(t, ben.w, ben.id(), ana.id())
			var rows []workspace.EnvelopeRow // all but one that damage took
			for _, env := range written[from+1:] {
				rows = append(rows, workspace.EnvelopeRow{Space: env.Header.Space, Device: env.Header.Dev, Seq: env.Header.Seq, ID: env.ID, Bytes: env.Raw})
			}
			if err := ana.db.AddEnvelopes(t.Context(), ana.w.ID(), rows); err != nil {
				t.Fatal(err)
			}
			ana.removes(ben)
			cut, _ := ana.w.State().Cut(ben.id())
			last := written[len(written)-1]
			if len(cut.Fences) != 1 || cut.Fences[0].Seq != last.Header.Seq || cut.Fences[0].ID != last.ID {
				t.Errorf("fences %+v, want one at number %d", cut.Fences, last.Header.Seq)
			}
		})
	}
}

// copies are devices that run from copies of one folder.
func copies(t *testing.T, n int) (owner *person, all []*person) {
	t.Helper()
	p := newPlay(t, 1)
	owner = p.actors[0]
	at := folder{t.TempDir(), seal.RandomKey()}
	first := &person{wall: newWall()}
	first.device = openDevice(t, &p.now, at.dir, at.key, first.wall)
	meet(owner.device, first.device)
	first.w = first.join(owner.invite(owner.w, 1).Link)
	first.says("first")
	give(t, first.w, owner.w)
	first.shut()
	for range n {
		all = append(all, at.open(t, &p.now))
	}
	return owner, all
}

func TestK41OnlyAFewEnvelopesOfOnePlaceAreKept(t *testing.T) {
	owner, all := copies(t, 9)
	chain := feed.FeedID{Space: owner.w.MainSpace(), Device: all[0].id()}
	var written []*feed.Envelope
	for i, one := range all {
		one.says(fmt.Sprint("copy ", i))
		written = append(written, envelopesOf(t, one.w, chain.Device, owner.id())[1])
	}
	receive := func(batch ...*feed.Envelope) {
		t.Helper()
		var part workspace.Received
		for _, env := range batch {
			part.Envelopes = append(part.Envelopes, env.Raw)
		}
		if err := owner.w.Receive(t.Context(), part); err != nil {
			t.Error(err) // who passes on one too many is not to blame
		}
	}
	receive(written[:3]...)
	receive(written[3])
	receive(written[4:]...)
	ids, err := owner.db.IDsAt(t.Context(), owner.w.ID(), chain.Space, chain.Device, 2)
	if err != nil {
		t.Fatal(err)
	}
	lowest := slices.MinFunc(written, func(a, b *feed.Envelope) int { return a.ID.Compare(b.ID) })
	if len(ids) < 4 || len(ids) > 8 || !slices.Contains(ids, lowest.ID) {
		t.Errorf("%d of %d are kept, the lowest id among them: %t", len(ids), len(written), slices.Contains(ids, lowest.ID))
	}
	for range 3 { // what was left out stays out
		receive(written...)
	}
	again, err := owner.db.IDsAt(t.Context(), owner.w.ID(), chain.Space, chain.Device, 2)
	if err != nil || !slices.Equal(ids, again) {
		t.Errorf("%d are kept later, %v; want the same %d", len(again), err, len(ids))
	}
}

// What a fence leads to is kept however many others have its place, and what is beside
// it is hidden, whenever it comes.
func TestK41WhatAFenceLeadsToIsAlwaysKept(t *testing.T) {
	owner, all := copies(t, 7)
	_, cleo := owner, all[0]
	chain := feed.FeedID{Space: owner.w.MainSpace(), Device: cleo.id()}
	var branches [][]*feed.Envelope
	for i, one := range all {
		one.says(fmt.Sprint("second of ", i), fmt.Sprint("third of ", i))
		branches = append(branches, envelopesOf(t, one.w, chain.Device, owner.id())[1:])
	}
	slices.SortFunc(branches, func(a, b []*feed.Envelope) int { return a[0].ID.Compare(b[0].ID) })
	highest := branches[len(branches)-1] // the one that would be left out
	reader := joined(t, owner)
	receive := func(p *person, env *feed.Envelope) {
		t.Helper()
		if err := p.w.Receive(t.Context(), workspace.Received{Envelopes: [][]byte{env.Raw}}); err != nil {
			t.Error(err)
		}
	}
	for _, env := range highest {
		receive(owner, env)
	}
	for _, branch := range branches[:4] {
		receive(reader, branch[0])
	}
	if err := owner.w.RemoveDevice(t.Context(), chain.Device); err != nil {
		t.Fatal(err)
	}
	give(t, owner.w, reader.w) // the removal, and the third of the highest
	receive(reader, highest[1])
	receive(reader, highest[0])
	receive(reader, branches[4][0])
	ids, err := reader.db.IDsAt(t.Context(), owner.w.ID(), chain.Space, chain.Device, 2)
	if err != nil || !slices.Contains(ids, highest[0].ID) {
		t.Fatalf("%d are kept, %v, without the one that the fence leads to", len(ids), err)
	}
	shown := 0
	for id, o := range reader.wall.seen {
		if o.Device != chain.Device || o.Hidden {
			continue
		}
		shown++
		if o.Seq == 2 && id != highest[0].ID {
			t.Errorf("%q is shown beside the fence", o.Body)
		}
	}
	if shown != 3 {
		t.Errorf("%d of the device are shown, want the first and two of the branch of the fence", shown)
	}
}

// joined is somebody who joins a team.
func joined(t *testing.T, owner *person) *person {
	t.Helper()
	p := fresh(t)
	meet(owner.device, p.device)
	p.w = p.join(owner.invite(owner.w, 1).Link)
	give(t, owner.w, p.w)
	return p
}

// besides is a removal of a device whose fences do not all fit into it: that of the main
// space stands in the blob.
func besides(t *testing.T, by, whom *person) (blob []byte) {
	t.Helper()
	tail := by.w.Have().Feeds[feed.FeedID{Space: by.w.MainSpace(), Device: whom.id()}]
	var fences []member.Fence
	for i := range 1000 {
		fences = append(fences, member.Fence{Space: seal.SpaceID{0, byte(i >> 8), byte(i)}, Seq: 1, ID: seal.ID{1}})
	}
	fences = append(fences, member.Fence{Space: by.w.MainSpace(), Seq: tail.Seq, ID: tail.ID})
	inline, blob, name, err := member.SplitFences([]member.DeviceFences{{Device: whom.id(), Fences: fences}})
	if err != nil || name == nil {
		t.Fatal(err)
	}
	if err := by.db.PutBlob(t.Context(), by.w.ID(), *name, blob); err != nil {
		t.Fatal(err)
	}
	body, err := member.DeviceRemoveBody{Device: whom.id(), Fences: inline[0].Fences, Blob: name}.Encode()
	if err == nil {
		err = by.w.Post(t.Context(), member.TypeDeviceRemove, body)
	}
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{2}, blob...)
}

// entries are the log entries that somebody lacks, without what is beside them.
func entries(t *testing.T, from, to *person) workspace.Received {
	t.Helper()
	part, _, err := from.w.Missing(t.Context(), to.id(), to.w.Have(), 64, 1<<20)
	if err != nil || len(part.Entries) == 0 {
		t.Fatalf("%d entries, %v", len(part.Entries), err)
	}
	return workspace.Received{Entries: part.Entries}
}

func receives(t *testing.T, p *person, part workspace.Received) {
	t.Helper()
	if err := p.w.Receive(t.Context(), part); err != nil {
		t.Fatal(err)
	}
}

func TestK44FencesThatWereMissedAreAskedFor(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	ben.says("1", "2")
	everybodyHasAll(t, all)
	besides(t, ana, ben)
	receives(t, cleo, entries(t, ana, cleo))
	cleo.reads()
	give(t, ana.w, cleo.w)
	cleo.reads() // it has the entry, so that nobody sends what is beside it
	claim := cleo.w.Claim(t.Context())
	part, _, err := ana.w.Missing(t.Context(), cleo.id(), claim, 64, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	receives(t, cleo, part)
	cleo.reads("1", "2")
	if !slices.Equal(cleo.w.Claim(t.Context()).Heads, cleo.w.Have().Heads) {
		t.Error("it still asks for what it has")
	}

	t.Run("but not at every comparison", func(t *testing.T) {
		ana, ben, cleo := all[0], joined(t, ana), all[2]
		give(t, ana.w, cleo.w)
		besides(t, ana, ben)
		receives(t, cleo, entries(t, ana, cleo))
		first, second := cleo.w.Claim(t.Context()).Heads, cleo.w.Claim(t.Context()).Heads
		if slices.Equal(first, cleo.w.Have().Heads) || !slices.Equal(second, cleo.w.Have().Heads) {
			t.Error("it does not ask, or asks again at once")
		}
	})
}

func TestK44FencesMayComeBeforeTheirRemoval(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	ben.says("1", "2")
	everybodyHasAll(t, all)
	blob := besides(t, ana, ben)
	receives(t, cleo, workspace.Received{Blobs: [][]byte{blob}})
	receives(t, cleo, entries(t, ana, cleo))
	cleo.reads("1", "2")
}

func TestK44FencesOfARemovalThatDoesNotCountYetAreKept(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	promote(t, ana, cleo, member.RoleAdmin)
	ben.says("1")
	everybodyHasAll(t, all)
	blob := besides(t, cleo, ben)
	ana.removes(cleo)
	give(t, ana.w, dan.w)
	receives(t, dan, entries(t, cleo, dan)) // it is void, because Cleo was removed beside it
	receives(t, dan, workspace.Received{Blobs: [][]byte{blob}})
	if _, found, err := dan.db.Blob(t.Context(), dan.w.ID(), member.FencesHash(blob[1:])); err != nil || !found {
		t.Errorf("the fences are kept: %t, %v", found, err)
	}
}

func TestAWelcomeHoldsTheNewestFencesThatFit(t *testing.T) {
	ana := team(t, 1)[0]
	var names []seal.ID
	for i := range 18 {
		blob := make([]byte, member.MaxFencesBlob)
		blob[0] = byte(i)
		name := member.FencesHash(blob)
		if err := ana.db.PutBlob(t.Context(), ana.w.ID(), name, blob); err != nil {
			t.Fatal(err)
		}
		body, err := member.DeviceRemoveBody{Device: joined(t, ana).id(), Blob: &name}.Encode()
		if err == nil {
			err = ana.w.Post(t.Context(), member.TypeDeviceRemove, body)
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	given, err := workspace.FenceBlobs(t.Context(), ana.w)
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, blob := range given {
		size += len(blob)
	}
	if size > 4<<20 || len(given) < 15 || member.FencesHash(given[0][1:]) != names[17] {
		t.Errorf("%d blobs of %d bytes, want 4 MiB of the newest", len(given), size)
	}
}
