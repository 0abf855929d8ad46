package docs_test

import (
	"slices"
	"strings"
	"testing"

	"parvis/app/docs"
	"parvis/crdt/seal"
)

// damage closes a replica, changes its database behind its back and opens it.
func (r *replica) damage(t *testing.T, statement string) {
	t.Helper()
	r.Damage(t, statement)
	r.open()
}

// written is a document with everything in it, and what it shows.
func written(t *testing.T) (r *replica, e *editor, want string) {
	t.Helper()
	w := newWorld(2)
	other := w.replica(t, 0)
	r = w.replica(t, 1)
	d := other.create(t, "Report")
	other.editor(t, d.ID).edit(t, 2)
	if err := other.docs.Mention(t.Context(), r.ws, d.ID, "abc", []seal.ID{r.person}, "look"); err != nil {
		t.Fatal(err)
	}
	r.Deliver(t, other.Sent...)
	e = r.editor(t, d.ID)
	for i := range 4 {
		e.edit(t, i)
	}
	if err := r.docs.Rename(t.Context(), r.ws, d.ID, "New title"); err != nil {
		t.Fatal(err)
	}
	return r, e, r.picture(t)
}

func TestD20DamagedRowsAreRestoredFromTheirEnvelopes(t *testing.T) {
	if raceEnabled {
		t.Skip("long, and in one goroutine: runs without the race detector in a step of its own")
	}
	for what, statement := range map[string]string{
		"a document's content":    `UPDATE doc SET content = zeroblob(length(content))`,
		"a document's existence":  `UPDATE doc SET made = 0`,
		"a change's content":      `UPDATE doc_change SET content = zeroblob(length(content)) WHERE n = 2`,
		"a change's hash":         `UPDATE doc_change SET hash = zeroblob(32) WHERE n = 2`,
		"a change's short hash":   `UPDATE doc_change SET short = short + 1 WHERE n = 2`,
		"a change's number":       `UPDATE doc_change SET seq = 77 WHERE n = 2`,
		"a change's author":       `UPDATE doc_change SET actor = 1 WHERE n = 3`,
		"a change's place":        `UPDATE doc_change SET place = 1 WHERE n = 4`,
		"a change's state":        `UPDATE doc_change SET state = 255022540 WHERE n = 2`,
		"every change's content":  `UPDATE doc_change SET content = x'00'`,
		"a change's bytes":        `UPDATE doc_bytes SET data = zeroblob(length(data))`,
		"the loss of bytes":       `DELETE FROM doc_bytes`,
		"a change's document":     `UPDATE doc_change SET doc = 99 WHERE n = 3`,
		"a card's document":       `UPDATE doc_note SET doc = 99 WHERE op = 1`,
		"an actor's document":     `UPDATE doc_actor SET doc = 99`,
		"an actor":                `UPDATE doc_actor SET content = x'01'`,
		"a card":                  `UPDATE doc_note SET content = x'02' WHERE op = 1`,
		"what kind a note is of":  `UPDATE doc_note SET flags = 3 WHERE op = 1`,
		"a mention":               `UPDATE doc_note SET content = x'02' WHERE op = 2`,
		"the document of a note":  `UPDATE doc_note SET content = x'03', flags = 2 WHERE op = 2`,
		"the picture of the page": `INSERT INTO doc_cache (doc, kind, place, heads, data) VALUES (1, 1, 3, x'00', x'00')`,
	} {
		t.Run(what, func(t *testing.T) {
			r, _, want := written(t)
			r.damage(t, statement)
			if err := r.docs.Scrub(t.Context(), r.ws); err != nil {
				t.Fatal(err)
			}
			if got := r.picture(t); got != want {
				t.Errorf("shows\n%s\nwant\n%s", got, want)
			}
			id := r.docsList(t)[0].ID
			if got := r.document(t, id).Mentions; got != 1 {
				t.Errorf("%d mentions, want 1", got)
			}
			quiet := strings.Contains(what, "bytes") || strings.Contains(what, "picture")
			if quiet != (len(r.trouble) == 0) {
				t.Errorf("told %q", r.trouble)
			}
			r.editor(t, id).edit(t, 2)
			told := len(r.trouble)
			r.open()
			if err := r.docs.Scrub(t.Context(), r.ws); err != nil || len(r.trouble) != told {
				t.Errorf("a second look: %v, told %q", err, r.trouble[told:])
			}
		})
	}
}

func (r *replica) docsList(t *testing.T) []docs.Document {
	t.Helper()
	list, err := r.docs.List(t.Context(), r.ws)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d documents, %v", len(list), err)
	}
	return list
}

// D20: the envelope of a damaged row is found even when its id is the damaged part.
func TestD20WhatCannotBeRestoredIsNamedAndComesAgain(t *testing.T) {
	r, e, want := written(t)
	kept := r.Stored()
	r.Forget()
	r.damage(t, `UPDATE doc_change SET content = x'00' WHERE n > 2`)
	if err := r.docs.Scrub(t.Context(), r.ws); err != nil {
		t.Fatal(err)
	}
	if got := r.hashes(t, e.id); len(got) != 2 {
		t.Errorf("%d changes, want the two that are sound", len(got))
	}
	if !slices.ContainsFunc(r.trouble, func(s string) bool { return strings.Contains(s, "could not be restored") }) {
		t.Errorf("told %q", r.trouble)
	}
	for _, o := range kept { // sync brings everything again
		r.Deliver(t, o)
	}
	if got := r.picture(t); got != want {
		t.Errorf("shows\n%s\nwant\n%s", got, want)
	}
}
