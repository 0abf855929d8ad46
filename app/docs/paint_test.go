package docs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/doc/change"
	"parvis/crdt/doc/doctest"
	"parvis/crdt/doc/wasm"
	"parvis/crdt/seal"
)

// paintOf is the node's picture of a file of Automerge.
func paintOf(t testing.TB, engine doc.Engine, file []byte) []byte {
	t.Helper()
	d, err := engine.Load(t.Context(), file, doc.Actor{9})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	spans, err := d.Spans(t.Context(), "text")
	if err != nil {
		t.Fatal(err)
	}
	data, err := docs.EncodePaint(spans)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func newEngine(t testing.TB) doc.Engine {
	t.Helper()
	if raceEnabled {
		t.Skip("long, and in one goroutine: runs without the race detector in a step of its own")
	}
	engine, err := wasm.New(engineFolder())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	return engine
}

// D22: testdata/paint.json holds documents of the page with the pictures that the
// node makes of them. The page's own test shows both and compares.
func TestD22PicturesAreThoseThatThePageReads(t *testing.T) {
	const path = "testdata/paint.json"
	type golden struct {
		Name  string          `json:"name"`
		File  []byte          `json:"file"`
		Paint json.RawMessage `json:"paint"`
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	if err := json.Unmarshal(data, &all); err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	engine := newEngine(t)
	var written bytes.Buffer
	for i, g := range all {
		paint := paintOf(t, engine, g.File)
		if !*update && !bytes.Equal(paint, g.Paint) {
			t.Errorf("%s: the picture is\n%s, want\n%s", g.Name, paint, g.Paint)
		}
		g.Paint = paint
		line, err := json.Marshal(g)
		if err != nil {
			t.Fatal(err)
		}
		written.WriteString([]string{"[\n", ",\n"}[min(i, 1)])
		written.Write(line)
	}
	written.WriteString("\n]\n")
	if *update {
		if err := os.WriteFile(path, written.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// D22: the picture of the recorded paper is its text; the page's own test shows that
// this is what it shows of the paper.
func TestD22ThePictureOfThePaper(t *testing.T) {
	engine := newEngine(t)
	_, end, err := doctest.Trace()
	if err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(map[string]any{"spans": []any{map[string]any{"type": "text", "value": end}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := paintOf(t, engine, doctest.Paper()); !bytes.Equal(got, want) {
		t.Errorf("the picture is %.200s…", got)
	}
}

// dropPaint forgets the picture of the first document.
func (r *replica) dropPaint(t *testing.T) {
	t.Helper()
	storage := r.DB.Docs()
	rows, err := storage.DocRows(t.Context(), r.ws)
	if err != nil {
		t.Fatal(err)
	}
	err = storage.Write(t.Context(), func(ctx context.Context) error {
		return storage.DropCache(ctx, rows[0].N, docs.PaintCache)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// slowEngine loads a document once gate is open, and then reads "text".
type slowEngine struct {
	doc.Engine
	gate  chan struct{}
	loads int
}

func (e *slowEngine) Load(_ context.Context, data []byte, _ doc.Actor) (doc.Document, error) {
	e.loads++
	<-e.gate
	c := newClock()
	chunks, err := change.Split(data)
	for _, chunk := range chunks {
		if h, err := change.Parse(chunk.Data); err == nil {
			c.take(h)
		}
	}
	return slowDocument{clock: c}, err
}

func (e *slowEngine) Close() error { return nil }

type slowDocument struct {
	doc.Document
	clock *clock
}

func (d slowDocument) Heads() []seal.ID                     { return slices.Collect(maps.Keys(d.clock.heads)) }
func (d slowDocument) Save(context.Context) ([]byte, error) { return []byte("saved"), nil }
func (d slowDocument) Close() error                         { return nil }
func (d slowDocument) Spans(context.Context, string) ([]doc.Span, error) {
	return []doc.Span{{Text: "text"}}, nil
}

const slowPaint = `{"spans":[{"type":"text","value":"text"}]}`

// D22: the node makes the picture of a large document that has none, in a time after
// which the page does not wait for it, and with a snapshot.
func TestD22TheNodeMakesPictures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &slowEngine{gate: make(chan struct{})}
		r := newWorld(1).replica(t, 0)
		r.config.Engine = func() (doc.Engine, error) { return engine, nil }
		r.open()
		if err := r.docs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer r.docs.Close()
		d := r.create(t, "Report")
		e := r.editor(t, d.ID)
		expect := func(what, want string, wait time.Duration) {
			t.Helper()
			begin := time.Now()
			paint, err := r.docs.Paint(t.Context(), r.ws, d.ID)
			if err != nil || string(paint.Data) != want || time.Since(begin) != wait {
				t.Errorf("%s: %q after %v, %v; want %q after %v", what, paint.Data, time.Since(begin), err, want, wait)
			}
			if want == slowPaint && !slices.Equal(paint.Heads, e.deps()) {
				t.Errorf("%s: the heads are %v", what, paint.Heads)
			}
		}
		keep := func(heads []seal.ID, text string) {
			t.Helper()
			if err := r.docs.PutPaint(t.Context(), r.ws, d.ID, heads, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		var changes [][]byte
		for range docs.LargeFrom - 1 {
			changes = append(changes, e.write(1))
		}
		if err := e.apply(t, changes...); err != nil {
			t.Fatal(err)
		}
		expect("a small document", "", 0)
		before := e.deps()
		e.edit(t, 1)
		expect("while it is made", "", docs.PaintWait)
		expect("while it is still made", "", docs.PaintWait)
		keep(e.deps(), "the page's")
		close(engine.gate)
		synctest.Wait()
		expect("the page was faster", "the page's", 0)
		if engine.loads != 1 {
			t.Errorf("loaded %d times for one picture", engine.loads)
		}
		keep(before, "the page's, older")
		expect("an old one", "the page's, older", 0)
		if err := r.docs.Compact(t.Context(), r.ws); err != nil {
			t.Fatal(err)
		}
		expect("made with a snapshot", slowPaint, 0)
		keep([]seal.ID{{1}}, "of another state")
		expect("made when asked", slowPaint, 0)
	})
}
