package docs_test

import (
	"errors"
	"slices"
	"testing"

	"parvis/app/docs"
	"parvis/crdt/seal"
)

func TestADocumentIsMadeNamedMovedAndTrashed(t *testing.T) {
	r := newWorld(1).replica(t, 0)
	d, err := r.docs.Create(t.Context(), r.ws, seal.SpaceID{}, "  Report \u200b for  2027 ", " Team / / Plans ")
	if err != nil {
		t.Fatal(err)
	}
	if d.Title != "Report for 2027" || d.Folder != "Team/Plans" || d.Author != r.person || d.CreatedMs != r.nowMs || d.Space != r.main {
		t.Errorf("made as %+v", d)
	}
	steps := []error{
		r.docs.Rename(t.Context(), r.ws, d.ID, "New name"), r.docs.Move(t.Context(), r.ws, d.ID, ""),
		r.docs.SetTrashed(t.Context(), r.ws, d.ID, true), r.docs.Star(t.Context(), r.ws, d.ID, true),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		if d := r.document(t, d.ID); d.Title != "New name" || d.Folder != "" || !d.Trashed || !d.Starred {
			t.Errorf("%s it is %+v", when, d)
		}
	}
	check("now")
	r.open()
	check("after a restart")
	sent := len(r.Sent)
	if err := r.docs.Rename(t.Context(), r.ws, d.ID, "New name"); err != nil || len(r.Sent) != sent {
		t.Errorf("the same name again: %v, %d envelopes", err, len(r.Sent)-sent)
	}
	if err := r.docs.SetTrashed(t.Context(), r.ws, d.ID, false); err != nil || r.document(t, d.ID).Trashed {
		t.Errorf("restored: %v", err)
	}
}

func TestChangesOfAPageAreStoredAndReadAgain(t *testing.T) {
	r := newWorld(1).replica(t, 0)
	d := r.create(t, "Report")
	e := r.editor(t, d.ID)
	var want []seal.ID
	for i := range 5 {
		want = append(want, hashOf(e.edit(t, i)))
	}
	if got := r.hashes(t, d.ID); !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
	if n := len(r.arrived); n != 5 || !r.arrived[0].Own || r.arrived[0].Session != 0 {
		t.Errorf("told %d times, first %+v", n, r.arrived[:1])
	}
	r.open()
	if got := r.hashes(t, d.ID); !slices.Equal(got, want) {
		t.Errorf("after a restart %v, want %v", got, want)
	}
	again := r.editor(t, d.ID)
	if !again.heads[want[4]] || again.session.Number != 0 || !slices.Equal(again.session.Heads, want[4:]) {
		t.Errorf("opened again with %+v", again.session)
	}
	if got := r.document(t, d.ID); got.ChangedMs != r.nowMs || got.ChangedBy != r.person {
		t.Errorf("changed at %d by %s", got.ChangedMs, got.ChangedBy.Short())
	}
	again.edit(t, 1)
}

// D17: a replica whose acknowledgement got lost sends its changes again.
func TestD17AChangeMayComeAgain(t *testing.T) {
	r := newWorld(1).replica(t, 0)
	d := r.create(t, "Report")
	e := r.editor(t, d.ID)
	first, second := e.write(1), e.write(2)
	for range 2 {
		if err := e.apply(t, first); err != nil {
			t.Fatal(err)
		}
	}
	r.open() // the program was restarted before the answer came
	s, err := r.docs.Resume(t.Context(), r.ws, d.ID, e.session.Token, e.session.Number)
	if err != nil || s.Actor != e.session.Actor || s.Token == e.session.Token {
		t.Fatalf("resumed as %+v, %v", s, err)
	}
	e.session = s
	if err := e.apply(t, first, second); err != nil {
		t.Fatal(err)
	}
	if got := r.hashes(t, d.ID); len(got) != 2 || len(r.Sent) != 3 {
		t.Errorf("%d changes in %d envelopes, want 2 in 2 after the creation", len(got), len(r.Sent))
	}
}

func TestD17TwoPagesNeverShareASession(t *testing.T) {
	r := newWorld(1).replica(t, 0)
	d := r.create(t, "Report")
	a, b := r.editor(t, d.ID), r.editor(t, d.ID)
	if a.session.Number == b.session.Number || a.session.Actor == b.session.Actor {
		t.Fatalf("both have session %d", a.session.Number)
	}
	a.edit(t, 1)
	b.edit(t, 1)
	b.edit(t, 1)
	if got := r.hashes(t, d.ID); len(got) != 3 {
		t.Errorf("%d changes of two pages", len(got))
	}
	unsent := a.write(3)
	r.open() // a and b are gone; c takes the first number
	c := r.editor(t, d.ID)
	c.edit(t, 1)
	if _, err := r.docs.Resume(t.Context(), r.ws, d.ID, a.session.Token, 0); !errors.Is(err, docs.ErrSessionTaken) {
		t.Errorf("resumed a session of another page: %v", err)
	}
	if err := a.apply(t, unsent); !errors.Is(err, docs.ErrSessionTaken) {
		t.Errorf("wrote under a lost session: %v", err)
	}
	if err := r.docs.CloseSession(t.Context(), r.ws, d.ID, c.session.Token); err != nil {
		t.Fatal(err)
	}
	s, err := r.docs.Resume(t.Context(), r.ws, d.ID, a.session.Token, 0)
	if err != nil {
		t.Fatal(err)
	}
	a.session = s
	if err := a.apply(t, unsent); !errors.Is(err, docs.ErrConflict) {
		t.Errorf("another change with a used number: %v", err)
	}
	r.nowMs += int64(docs.CursorMs) * 1000
	if s, err := r.docs.Open(t.Context(), r.ws, d.ID); err != nil || s.Number != 0 {
		t.Errorf("a page that was silent for hours keeps its number: %d, %v", s.Number, err)
	}
	if err := a.apply(t, unsent); !errors.Is(err, docs.ErrSessionTaken) {
		t.Errorf("the silent page wrote on: %v", err)
	}
}

func TestApplyRefusesWhatDoesNotFit(t *testing.T) {
	w := newWorld(2)
	r := w.replica(t, 0)
	d := r.create(t, "Report")
	e := r.editor(t, d.ID)
	e.edit(t, 2)
	other := encodeChange(e.session.Actor, 2, e.top+1, []seal.ID{{9}}, 1)
	cases := map[string]struct {
		data []byte
		want error
	}{
		"no change":          {[]byte("nonsense"), docs.ErrInvalid},
		"of another actor":   {e.next([16]byte{1}, 1), docs.ErrInvalid},
		"on unknown changes": {other, docs.ErrConflict},
		"too large":          {make([]byte, docs.MaxChange+1), docs.ErrTooLarge},
		"a gap":              {encodeChange(e.session.Actor, 3, e.top+1, e.deps(), 1), docs.ErrConflict},
		"too early":          {encodeChange(e.session.Actor, 2, e.top, e.deps(), 1), docs.ErrConflict},
		"too late":           {encodeChange(e.session.Actor, 2, e.top+2, e.deps(), 1), docs.ErrConflict},
		"no root":            {encodeChange(e.session.Actor, 2, 1, nil, 1), docs.ErrConflict},
	}
	for what, c := range cases {
		if err := e.apply(t, c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", what, err, c.want)
		}
	}
	r.readOnly = true
	if err := e.apply(t, e.write(1)); !errors.Is(err, docs.ErrReadOnly) {
		t.Errorf("wrote where one may only read: %v", err)
	}
	if s, err := r.docs.Open(t.Context(), r.ws, d.ID); err != nil || !s.ReadOnly {
		t.Errorf("opened for reading: %+v, %v", s, err)
	}
	r.readOnly, r.standing.Guest = false, true
	if err := r.docs.Rename(t.Context(), r.ws, d.ID, "x"); !errors.Is(err, docs.ErrGuest) {
		t.Errorf("a guest renamed: %v", err)
	}
	if _, err := r.docs.Create(t.Context(), r.ws, seal.SpaceID{}, "x", ""); !errors.Is(err, docs.ErrGuest) {
		t.Errorf("a guest made a document: %v", err)
	}
	if len(r.Sent) != 2 || len(r.Bad()) > 0 {
		t.Errorf("%d envelopes, bad %v", len(r.Sent), r.Bad())
	}
}

func (e *editor) deps() []seal.ID {
	var deps []seal.ID
	for head := range e.heads {
		deps = append(deps, head)
	}
	slices.SortFunc(deps, seal.ID.Compare)
	return deps
}

func TestD19SnapshotsAndPicturesAreCaches(t *testing.T) {
	r := newWorld(1).replica(t, 0)
	d := r.create(t, "Report")
	e := r.editor(t, d.ID)
	var all []byte
	all = append(all, []byte("snapshot:")...)
	for range 4 {
		all = append(all, e.edit(t, 1)...)
	}
	middle := e.deps()
	last := e.edit(t, 2)
	if err := r.docs.PutSnapshot(t.Context(), r.ws, d.ID, []seal.ID{{1}}, all); !errors.Is(err, docs.ErrStale) {
		t.Errorf("a snapshot of an unknown state: %v", err)
	}
	if err := r.docs.PutSnapshot(t.Context(), r.ws, d.ID, middle, all); err != nil {
		t.Fatal(err)
	}
	content := func() string {
		data, err := r.docs.Content(t.Context(), r.ws, d.ID)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if got := content(); got != string(all)+string(last) {
		t.Errorf("content is %d bytes, want the snapshot and the last change", len(got))
	}
	if err := r.docs.PutSnapshot(t.Context(), r.ws, d.ID, e.deps(), []byte("newer")); err != nil || content() != "newer" {
		t.Errorf("a second snapshot: %v, %q", err, content())
	}
	if p, err := r.docs.Paint(t.Context(), r.ws, d.ID); err != nil || p.Data != nil {
		t.Errorf("a picture out of nowhere: %q, %v", p.Data, err)
	}
	if err := r.docs.PutPaint(t.Context(), r.ws, d.ID, e.deps(), []byte("picture")); err != nil {
		t.Fatal(err)
	}
	r.open()
	p, err := r.docs.Paint(t.Context(), r.ws, d.ID)
	if err != nil || string(p.Data) != "picture" || !slices.Equal(p.Heads, e.deps()) {
		t.Errorf("the picture is %+v, %v", p, err)
	}
	if got := r.hashes(t, d.ID); len(got) != 5 {
		t.Errorf("%d changes in the history, want 5", len(got))
	}
}

func TestD16MentionsCountUntilTheyAreSeen(t *testing.T) {
	w := newWorld(2)
	ana, ben := w.replica(t, 0), w.replica(t, 1)
	d := ana.create(t, "Report")
	for range 2 {
		if err := ana.docs.Mention(t.Context(), ana.ws, d.ID, "abcdefghij", []seal.ID{ben.person, ana.person}, "look"); err != nil {
			t.Fatal(err)
		}
	}
	ben.Deliver(t, ana.Sent...)
	if got := ben.document(t, d.ID); got.Mentions != 2 || len(ben.mentioned) != 2 || ben.mentioned[0].Text != "look" || ben.mentioned[0].Document.Title != "Report" {
		t.Errorf("%d mentions, told %+v", got.Mentions, ben.mentioned)
	}
	if ana.document(t, d.ID).Mentions != 0 || len(ana.mentioned) != 0 {
		t.Error("one mentioned oneself")
	}
	if err := ben.docs.MarkSeen(t.Context(), ben.ws, d.ID); err != nil {
		t.Fatal(err)
	}
	if got := ben.document(t, d.ID).Mentions; got != 0 {
		t.Errorf("%d mentions after they were seen", got)
	}
	ben.open()
	if got := ben.document(t, d.ID).Mentions; got != 0 {
		t.Errorf("%d mentions after a restart", got)
	}
}
