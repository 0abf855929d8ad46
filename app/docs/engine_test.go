package docs_test

import (
	"bytes"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/doc/change"
	"parvis/crdt/doc/doctest"
	"parvis/crdt/doc/wasm"
)

var whole = flag.Bool("whole", false, "the whole trace instead of its first 40,000 edits")

// engineFolder keeps the compiled engine for all tests of one run.
var engineFolder = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "parvis-engine")
	if err != nil {
		panic(err)
	}
	return dir
})

func TestMain(m *testing.M) {
	code := m.Run()
	if err := os.RemoveAll(engineFolder()); err != nil {
		fmt.Println(err)
	}
	os.Exit(code)
}

// withEngine gives a replica the engine of the program.
func (r *replica) withEngine(t testing.TB) *replica {
	r.config.Engine = func() (doc.Engine, error) { return wasm.New(engineFolder()) }
	r.open()
	t.Cleanup(func() { r.docs.Close() })
	return r
}

// text is what a document says at a replica.
func (r *replica) text(t testing.TB, id doc.ID) string {
	t.Helper()
	text, _, err := r.docs.Text(t.Context(), r.ws, id)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheNodeWritesAndReadsText(t *testing.T) {
	w := newWorld(2)
	ana, ben := w.replica(t, 0).withEngine(t), w.replica(t, 1).withEngine(t)
	d := ana.create(t, "Report")
	ctx := t.Context()
	steps := []error{
		ana.docs.Append(ctx, ana.ws, d.ID, "First line\nsecond 🎉 line\n"),
		ana.docs.Edit(ctx, ana.ws, d.ID, 1, 5, "1st"),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	if got, want := ana.text(t, d.ID), "\n1st line\nsecond 🎉 line"; got != want {
		t.Errorf("the text is %q, want %q", got, want)
	}
	ben.Deliver(t, ana.Sent...)
	ben.text(t, d.ID)
	sent := len(ana.Sent)
	for i := range 3 { // both write at once
		steps = append(steps, ana.docs.Append(ctx, ana.ws, d.ID, fmt.Sprint("ana ", i)), ben.docs.Append(ctx, ben.ws, d.ID, fmt.Sprint("ben ", i)))
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	ana.Deliver(t, ben.Sent...)
	ben.Deliver(t, ana.Sent[sent:]...)
	a, heads, err := ana.docs.Text(ctx, ana.ws, d.ID)
	b := ben.text(t, d.ID)
	if err != nil || a != b || strings.Count(a, "\n") != 8 || len(heads) != 2 {
		t.Errorf("Ana reads %q, Ben reads %q, heads %v, %v", a, b, heads, err)
	}
	for i := range 3 {
		if !strings.Contains(a+"\n", fmt.Sprintf("\nana %d\n", i)) || !strings.Contains(a+"\n", fmt.Sprintf("\nben %d\n", i)) {
			t.Errorf("paragraphs appended at the same time are mixed: %q", a)
		}
	}
	if err := ana.docs.Edit(ctx, ana.ws, d.ID, 1_000_000, 0, "x"); !errors.Is(err, docs.ErrInvalid) {
		t.Errorf("an edit beyond the end: %v", err)
	}
	if len(ana.Bad())+len(ben.Bad()) > 0 {
		t.Errorf("bad: %v %v", ana.Bad(), ben.Bad())
	}
	ana.withEngine(t)
	if got := ana.text(t, d.ID); got != a {
		t.Errorf("after a restart the text is %q", got)
	}
}

// D14: a change that the reader takes and the engine refuses is set aside by name,
// and the document stays usable.
func TestD14TheEnginesRefusalIsContained(t *testing.T) {
	w := newWorld(3)
	ana, eve := w.replica(t, 0).withEngine(t), w.replica(t, 2).withEngine(t)
	d := ana.create(t, "Report")
	if err := ana.docs.Append(t.Context(), ana.ws, d.ID, "good text"); err != nil {
		t.Fatal(err)
	}
	eve.Deliver(t, ana.Sent...)
	e := eve.editor(t, d.ID)
	for range 2 { // operations on an object that does not exist
		bad := corrupt(t, e)
		hash := hashOf(bad)
		eve.forge(t, docs.Body{Doc: d.ID, Op: docs.OpChange, Change: bad, Hash: &hash})
	}
	ana.Deliver(t, eve.Sent...)
	if got := ana.text(t, d.ID); got != "\ngood text" {
		t.Errorf("the text is %q", got)
	}
	if err := ana.docs.Append(t.Context(), ana.ws, d.ID, "more"); err != nil {
		t.Errorf("the document is not usable: %v", err)
	}
	if got := ana.document(t, d.ID).Unreadable; got == 0 || len(ana.trouble) == 0 || !strings.Contains(ana.trouble[0], eve.person.Short()) {
		t.Errorf("%d unreadable, told %q", got, ana.trouble)
	}
}

// corrupt is a change that edits an element which does not exist.
func corrupt(t testing.TB, e *editor) []byte {
	t.Helper()
	data := encodeOps(e.session.Actor, e.seqs[e.session.Actor]+1, e.top+1, e.deps(), 1, 1)
	h, err := change.Parse(data)
	if err != nil || !e.take(h) {
		t.Fatal(err)
	}
	return data
}

// TestTraceThroughTheNode: a recorded writing goes through the page's path into a
// second node, and is compacted.
func TestTraceThroughTheNode(t *testing.T) {
	edits, end, err := doctest.Trace()
	if err != nil {
		t.Fatal(err)
	}
	if raceEnabled {
		edits, end = edits[:4_000], ""
	} else if !*whole {
		edits, end = edits[:40_000], ""
	}
	w := newWorld(2)
	ana, ben := w.replica(t, 0).withEngine(t), w.replica(t, 1).withEngine(t)
	d := ana.create(t, "Paper")
	session, err := ana.docs.Open(t.Context(), ana.ws, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := wasm.New(engineFolder())
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	page, err := engine.New(t.Context(), session.Actor)
	if err != nil {
		t.Fatal(err)
	}
	var applying time.Duration
	var count, size int
	for i := 0; i < len(edits); i += 20 {
		data, err := page.Change(t.Context(), time.UnixMilli(ana.nowMs), doctest.Play(edits[i:min(i+20, len(edits))]))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := ana.docs.Apply(t.Context(), ana.ws, d.ID, session.Token, [][]byte{data}); err != nil {
			t.Fatal(err)
		}
		applying += time.Since(began)
		count, size = count+1, size+len(data)
	}
	t.Logf("%d changes of %d bytes on average; Apply until committed: %v each", count, size/count, applying/time.Duration(count))

	began := time.Now()
	for i := 0; i < len(ana.Sent); i += 256 {
		ben.Deliver(t, ana.Sent[i:min(i+256, len(ana.Sent))]...)
	}
	t.Logf("received in batches of 256: %v per change", time.Since(began)/time.Duration(count))
	began = time.Now()
	content, err := ben.docs.Content(t.Context(), ben.ws, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("content of %d changes: %d bytes in %v", count, len(content), time.Since(began))
	began = time.Now()
	text := ben.text(t, d.ID) // all changes one by one
	t.Logf("text with a cold engine: %v", time.Since(began))
	if end != "" && text != end {
		t.Errorf("the text has %d characters, want the paper's %d", len(text), len(end))
	}
	if got := ana.text(t, d.ID); got != text {
		t.Error("the two nodes read different texts")
	}
	before := ben.tableSize(t)
	began = time.Now()
	if err := ben.docs.Compact(t.Context(), ben.ws); err != nil {
		t.Fatal(err)
	}
	t.Logf("compacted in %v; bytes per change stored beside the envelope: %d before, %d after", time.Since(began), before/count, ben.tableSize(t)/count)
	began = time.Now()
	if content, err = ben.docs.Content(t.Context(), ben.ws, d.ID); err != nil {
		t.Fatal(err)
	}
	t.Logf("content after it: %d bytes in %v", len(content), time.Since(began))
	ben.withEngine(t)
	began = time.Now()
	if _, err := ben.docs.Open(t.Context(), ben.ws, d.ID); err != nil {
		t.Fatal(err)
	}
	t.Logf("open after a restart: %v", time.Since(began))
	began = time.Now()
	if got := ben.text(t, d.ID); got != text {
		t.Error("the text is another one after compaction")
	}
	t.Logf("text with a cold engine: %v", time.Since(began))
	if count < docs.LargeFrom {
		return
	}
	paint := func() docs.Paint {
		paint, err := ben.docs.Paint(t.Context(), ben.ws, d.ID)
		if want, err2 := docs.EncodePaint([]doc.Span{{Text: text}}); err != nil || err2 != nil || len(paint.Data) > 0 && !bytes.Equal(paint.Data, want) {
			t.Errorf("the picture is %.100s…, %v, %v", paint.Data, err, err2)
		}
		return paint
	}
	if paint().Data == nil {
		t.Error("the snapshot came without a picture")
	}
	ben.dropPaint(t)
	ben.withEngine(t)
	if err := ben.docs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	began = time.Now()
	for paint().Data == nil {
		t.Logf("a page is told after %v that there is no picture", time.Since(began))
	}
	t.Logf("picture with a cold engine: %v", time.Since(began))
}

// tableSize is how many bytes the documents take in the store, envelopes left out.
func (r *replica) tableSize(t testing.TB) (size int) {
	t.Helper()
	raw, err := sql.Open("sqlite", filepath.Join(r.Dir, "parvis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	err = raw.QueryRow(`SELECT sum(payload) FROM dbstat WHERE name LIKE 'doc%'`).Scan(&size)
	if err != nil {
		t.Fatal(err)
	}
	return size
}
