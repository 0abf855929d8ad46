package docs_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"parvis/app/docs"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/doc"
	"parvis/crdt/doc/change"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// pair is two people of one workspace and a document that both have.
func pair(t *testing.T) (ana, ben *replica, id doc.ID) {
	t.Helper()
	w := newWorld(3)
	ana, ben = w.replica(t, 0), w.replica(t, 1)
	id = ana.create(t, "Report").ID
	ben.Deliver(t, ana.Sent...)
	return ana, ben, id
}

func (r *replica) wantHashes(t *testing.T, id doc.ID, want ...seal.ID) {
	t.Helper()
	if got := r.hashes(t, id); !slices.Equal(got, want) {
		t.Errorf("complete are %v, want %v", got, want)
	}
}

func (r *replica) wantBad(t *testing.T, o workspace.Opened, why string) {
	t.Helper()
	if got := r.Bad()[o.ID]; !strings.Contains(got, why) || why == "" && got != "" {
		t.Errorf("the verdict on %s is %q, want %q", o.ID.Short(), got, why)
	}
}

func TestD10ACardWaitsForThoseItFollows(t *testing.T) {
	ana, ben, id := pair(t)
	for _, title := range []string{"one", "two"} {
		if err := ana.docs.Rename(t.Context(), ana.ws, id, title); err != nil {
			t.Fatal(err)
		}
	}
	ben.Deliver(t, ana.Sent[2])
	if got := ben.document(t, id).Title; got != "Report" {
		t.Errorf("the title is %q before the card that it follows is here", got)
	}
	high := docs.Card{Field: docs.FieldTitle, Lamport: 1 << 50, Title: "for ever"}
	lie := ana.forge(t, docs.Body{Doc: id, Op: docs.OpCard, Card: &high}, ana.Sent[0].ID)
	ben.Deliver(t, lie)
	ben.wantBad(t, lie, "where 2 follows")
	ben.Deliver(t, ana.Sent[1])
	if got := ben.document(t, id).Title; got != "two" {
		t.Errorf("the title is %q, want that of the last card", got)
	}
}

func TestD11AChangeWaitsForWhatItBuildsOn(t *testing.T) {
	ana, ben, id := pair(t)
	e := ana.editor(t, id)
	first, second, third := e.edit(t, 1), e.edit(t, 2), e.edit(t, 0)
	page := ben.editor(t, id)
	ben.Deliver(t, ana.Sent[3], ana.Sent[2])
	ben.wantHashes(t, id)
	ben.open()
	page = ben.editor(t, id)
	ben.wantHashes(t, id)
	ben.Deliver(t, ana.Sent[1])
	ben.wantHashes(t, id, hashOf(first), hashOf(second), hashOf(third))
	if len(ben.arrived) != 1 || len(ben.arrived[0].Changes) != 3 || ben.arrived[0].Own || ben.arrived[0].Actors[e.session.Actor].Person != ana.person {
		t.Errorf("told %+v", ben.arrived)
	}
	page.load(t)
	page.edit(t, 1)
	if deps := ben.Sent[0].Deps; !slices.Equal(deps, []seal.ID{ana.Sent[3].ID}) { // rule D15
		t.Errorf("the envelope names %v, want that of the last change", deps)
	}
}

func TestD12OfTwoChangesWithOneNumberTheFirstInTheChainCounts(t *testing.T) {
	ana, ben, id := pair(t)
	e := ana.editor(t, id)
	actor := doc.ActorOf(ana.Device, id, 0)
	var sent []workspace.Opened
	var hashes []seal.ID
	for n := range 3 { // three first changes, and what builds on each
		first := encodeChange(actor, 1, e.top+1, e.deps(), n+1)
		h := hashOf(first)
		next := encodeChange(actor, 2, e.top+uint64(n)+2, []seal.ID{h}, 1)
		h2 := hashOf(next)
		sent = append(sent, ana.forge(t, docs.Body{Doc: id, Op: docs.OpChange, Change: first, Hash: &h}))
		sent = append(sent, ana.forge(t, docs.Body{Doc: id, Op: docs.OpChange, Change: next, Hash: &h2}))
		hashes = append(hashes, h, h2)
	}
	ben.editor(t, id)
	ben.Deliver(t, sent[4], sent[5])
	ben.wantHashes(t, id, hashes[4], hashes[5])
	ben.Deliver(t, sent[2])
	ben.wantHashes(t, id, hashes[2])
	if len(ben.reloads) == 0 || ben.reloads[0].ID != id {
		t.Error("a page that has the other change was not told to load again")
	}
	ben.Deliver(t, sent[0], sent[1], sent[3])
	ben.wantHashes(t, id, hashes[0], hashes[1])
	for _, o := range sent[2:] {
		ben.wantBad(t, o, "another change of this author has the number")
	}
	ben.wantBad(t, sent[0], "")
}

func TestD4D5BadChangesAreQuarantinedAndTheDocumentStays(t *testing.T) {
	ana, ben, id := pair(t)
	e := ana.editor(t, id)
	good := e.edit(t, 2)
	actor := e.session.Actor
	next := encodeChange(actor, 2, e.top+1, e.deps(), 1)
	forge := func(session uint32, change []byte, hash seal.ID) workspace.Opened {
		return ana.forge(t, docs.Body{Doc: id, Op: docs.OpChange, Session: session, Change: change, Hash: &hash})
	}
	bens := encodeChange(doc.ActorOf(ben.Device, id, 0), 1, e.top+1, e.deps(), 1)
	rootless := encodeChange(actor, 2, 1, nil, 1)
	early := encodeChange(actor, 2, e.top, e.deps(), 1)
	late := encodeChange(doc.ActorOf(ana.Device, id, 1), 1, e.top+9, e.deps(), 1)
	bad := map[string]workspace.Opened{
		"read change":           forge(0, next[:len(next)-1], hashOf(next)),
		"another hash":          forge(0, next, seal.ID{1}),
		"actor of somebody":     forge(1, next, hashOf(next)),
		"an actor of somebody":  forge(0, bens, hashOf(bens)),
		"not build on the root": forge(0, rootless, hashOf(rootless)),
		"operations begin at":   forge(0, early, hashOf(early)),
		"operations begin at 1": forge(1, late, hashOf(late)),
	}
	ben.Deliver(t, ana.Sent...)
	for why, o := range bad {
		ben.wantBad(t, o, why)
	}
	ben.wantHashes(t, id, hashOf(good))
	if got := ben.document(t, id).Unreadable; got != len(bad) {
		t.Errorf("%d unreadable, want %d", got, len(bad))
	}
	ben.open()
	ben.Deliver(t, ana.Sent...) // everything again, after a restart
	if got := ben.document(t, id).Unreadable; got != len(bad) {
		t.Errorf("%d unreadable after everything came again, want %d", got, len(bad))
	}
	b := ben.editor(t, id)
	b.edit(t, 1)
}

func TestD14RefusedChangesAreSetAsideAndTheirAuthorIsParked(t *testing.T) {
	w := newWorld(3)
	ana, ben, eve := w.replica(t, 0), w.replica(t, 1), w.replica(t, 2)
	id := ana.create(t, "Report").ID
	eve.Deliver(t, ana.Sent...)
	ben.Deliver(t, ana.Sent...)
	good := ana.editor(t, id)
	first := good.edit(t, 1)
	page := eve.editor(t, id)
	refused := hashOf(page.edit(t, 1))
	page.edit(t, 1)
	ben.Deliver(t, slices.Concat(ana.Sent, eve.Sent)...)
	reader := ben.editor(t, id)
	report := func(hash seal.ID) {
		t.Helper()
		if err := ben.docs.ReportBad(t.Context(), ben.ws, id, []seal.ID{hash}, "it traps"); err != nil {
			t.Fatal(err)
		}
	}
	report(refused)
	ben.wantHashes(t, id, hashOf(first))
	if len(ben.reloads) != 1 || len(ben.trouble) != 1 || !strings.Contains(ben.trouble[0], "Report") {
		t.Errorf("told %v, %q", ben.reloads, ben.trouble)
	}
	if reader.apply(t, reader.write(1)) == nil {
		t.Error("a page wrote upon a change that was set aside")
	}
	var others []*editor
	for range 2 { // two more sessions, refused as well
		e := eve.editor(t, id)
		e.clock = newClock()
		report2 := e.edit(t, 1)
		ben.Deliver(t, eve.last())
		report(hashOf(report2))
		others = append(others, e)
	}
	e := eve.editor(t, id)
	e.clock = newClock()
	parked := e.edit(t, 1)
	e.edit(t, 1)
	ben.Deliver(t, eve.Sent...)
	ben.wantHashes(t, id, hashOf(first))
	ben.open()
	ben.wantHashes(t, id, hashOf(first))

	ana.Deliver(t, eve.Sent...)
	builds := ana.editor(t, id)
	builds.clock = newClock()
	builds.have[hashOf(parked)], builds.heads = true, map[seal.ID]bool{hashOf(parked): true}
	builds.top = 8
	upon := builds.edit(t, 1)
	ben.Deliver(t, ana.last())
	ben.wantHashes(t, id, hashOf(first), hashOf(parked), hashOf(upon))
	ben.open()
	ben.wantHashes(t, id, hashOf(first), hashOf(parked), hashOf(upon))
	ben.editor(t, id).edit(t, 1)
	_ = others
}

func (r *replica) last() workspace.Opened { return r.Sent[len(r.Sent)-1] }

func TestD18CursorsGoToThoseWhoHaveTheDocumentOpen(t *testing.T) {
	ana, ben, id := pair(t)
	ana.Peers = []*viewtest.Host{ben.Host}
	page := ana.editor(t, id)
	move := func(anchor string) {
		t.Helper()
		if err := ana.docs.Cursor(t.Context(), ana.ws, id, page.session.Token, anchor, "2@aa"); err != nil {
			t.Fatal(err)
		}
	}
	move("1@aa")
	if len(ben.cursors) != 0 {
		t.Error("a cursor was told where nobody looks")
	}
	ben.editor(t, id)
	ana.nowMs += 200
	move("1@bb")
	if len(ben.cursors) != 1 || ben.cursors[0].Anchor != "1@bb" || ben.cursors[0].Person != ana.person || ben.cursors[0].Device != ana.Device {
		t.Fatalf("heard %+v", ben.cursors)
	}
	if len(ana.cursors) != 2 || ana.cursors[1].Anchor != "1@bb" {
		t.Errorf("the other pages of the device heard %+v", ana.cursors)
	}
	move("1@cc") // too early: it waits
	if len(ben.cursors) != 1 {
		t.Error("more than every 100 ms")
	}
	ana.nowMs += 200
	if err := ana.docs.CloseSession(t.Context(), ana.ws, id, page.session.Token); err != nil {
		t.Fatal(err)
	}
	if last := ben.lastCursor(); !last.Gone || last.Session != page.session.Number {
		t.Errorf("the last word is %+v", last)
	}
	if err := ana.docs.Cursor(t.Context(), ana.ws, id, page.session.Token, "", ""); err == nil {
		t.Error("a closed page has a cursor")
	}
	heard := len(ben.cursors)
	for _, junk := range []string{"", "\x80", strings.Repeat("x", 4000)} {
		ben.Hear(ben.main, ana.Device, []byte(junk))
	}
	if len(ben.cursors) != heard {
		t.Error("junk was told")
	}
}

func (r *replica) lastCursor() docs.Cursor {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cursors[len(r.cursors)-1]
}

func TestCustodyIsThatOfTheOwnLastWrite(t *testing.T) {
	ana, ben, id := pair(t)
	if got := ben.document(t, id).Custody; !got.Everywhere {
		t.Errorf("nothing was written here, and it is %+v", got)
	}
	if got := ana.document(t, id).Custody; got.Everywhere || got.Holders != 0 {
		t.Errorf("fresh and already %+v", got)
	}
	ana.holders = 2
	if got := ana.document(t, id).Custody; got.Everywhere || got.Holders != 2 {
		t.Errorf("two hold it, and it is %+v", got)
	}
}

func TestD9AttachedFilesAreFoundByTheirIndex(t *testing.T) {
	ana, ben, id := pair(t)
	ref := goodRef()
	ref.Index = file.CID(seal.ID{5})
	if err := ana.docs.Attach(t.Context(), ana.ws, id, ref); err != nil {
		t.Fatal(err)
	}
	ben.Deliver(t, ana.Sent...)
	got, err := ben.docs.File(t.Context(), ben.ws, id, "015512200500000000000000000000000000000000000000000000000000000000000000")
	if err != nil || got.Key != ref.Key || got.Name != ref.Name {
		t.Errorf("found %v, %v", got, err)
	}
	if _, err := ben.docs.File(t.Context(), ben.ws, id, "00"); err == nil {
		t.Error("found a file that nobody attached")
	}
	ref.Key = seal.ID{}
	if err := ana.docs.Attach(t.Context(), ana.ws, id, ref); err == nil {
		t.Error("attached a file without key")
	}
}

// D4: ten thousand damaged changes leave the node up, themselves named and the
// document usable.
func TestD4TenThousandMutatedChanges(t *testing.T) {
	ana, ben, id := pair(t)
	e := ana.editor(t, id)
	var seeds [][]byte
	for i := range 6 {
		seeds = append(seeds, e.edit(t, i))
	}
	random := rand.New(rand.NewPCG(5, 5))
	sent := slices.Clone(ana.Sent)
	for range 10_000 {
		data := slices.Clone(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(3) {
			if i := random.IntN(len(data)); random.IntN(4) == 0 {
				data = slices.Delete(data, i, i+1)
			} else {
				data[i] ^= 1 << random.IntN(8)
			}
		}
		hash := seal.ID{}
		if h, err := change.Parse(data); err == nil {
			hash = h.Hash
		}
		sent = append(sent, ana.forge(t, docs.Body{Doc: id, Op: docs.OpChange, Change: data, Hash: &hash}))
	}
	for i := 0; i < len(sent); i += 1000 {
		ben.Deliver(t, sent[i:min(i+1000, len(sent))]...)
	}
	if got := len(ben.hashes(t, id)); got != 6 {
		t.Errorf("%d changes, want the 6 honest ones", got)
	}
	if n := len(ben.Bad()); n < 9_900 {
		t.Errorf("%d of 10,000 were called bad", n)
	}
	ben.editor(t, id).edit(t, 1)
}
