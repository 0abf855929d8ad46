package process

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/cli/clitest/replicatest"
	"parvis/crdt/doc"
)

// report is a text with each kind of block and mark, as an editor writes it.
func report() []doc.Span {
	block := func(kind string, attrs map[string]doc.Value, parents ...string) doc.Span {
		return doc.Span{Block: &doc.Block{Type: kind, Parents: parents, Attrs: attrs}}
	}
	text := func(s string, marks ...doc.Mark) doc.Span { return doc.Span{Text: s, Marks: marks} }
	mark := func(name string, v doc.Value) doc.Mark { return doc.Mark{Name: name, Value: v} }
	yes := doc.Bool(true)
	cell := func(row, col string) doc.Span {
		return block("paragraph", map[string]doc.Value{
			"table": doc.String("t"), "row": doc.String(row), "col": doc.String(col), "header": doc.Bool(row == "r1"),
		}, "table-cell")
	}
	embed := func(kind string, attrs map[string]doc.Value) doc.Span {
		return doc.Span{Block: &doc.Block{Type: kind, Attrs: attrs, Embed: true}}
	}
	return []doc.Span{
		block("heading", map[string]doc.Value{"level": doc.Int(1), "align": doc.String("center")}), text("Rapport annuel – été 漢字 😀"),
		block("heading", map[string]doc.Value{"level": doc.Int(2)}), text("שלום e\u0301"),
		block("paragraph", nil), text("plain "), text("bold", mark("strong", yes)), text(" both", mark("em", yes), mark("strong", yes)),
		text(" colour", mark("color", doc.String("#ff0000"))), text(" link", mark("link", doc.String(`{"href":"https://example.org/?a=1&b=2","title":"é"}`))),
		text(" said", mark("comment:c1", yes)), text(" gone", mark("suggestion:s1", doc.String("delete"))), text("\nline"),
		block("unordered-list-item", nil), text("one"), block("unordered-list-item", nil, "unordered-list-item"), text("nested"),
		block("ordered-list-item", map[string]doc.Value{"start": doc.Int(3)}), text("third"),
		block("task-list-item", map[string]doc.Value{"checked": yes}), text("done"),
		cell("r1", "c1"), text("A"), cell("r1", "c2"), text("B"), cell("r2", "c1"), text("1"), cell("r2", "c2"), text("2"),
		block("paragraph", nil, "blockquote"), text("quoted"),
		embed("image", map[string]doc.Value{"file": doc.String("00ff"), "name": doc.String("a.png"), "alt": doc.String("Bild"), "width": doc.Int(640)}),
		text(" see"), embed("footnote", map[string]doc.Value{"id": doc.String("n1")}),
		block("code-block", map[string]doc.Value{"language": doc.String("go")}), text("a := 1\n\tb"),
		block("page-break", nil), block("table-of-contents", nil), block("paragraph", nil), text("end"),
	}
}

// content is what both engines read of a file.
type content struct {
	Heads    []string
	Text     []span
	Notes    map[string][]span
	Comments map[string]struct {
		Resolved bool
		Messages map[string]struct{ Text string }
	}
}

type span struct {
	Text  string
	Marks map[string]any
	Block *struct {
		Type    string
		Parents []string
		Attrs   map[string]any
		IsEmbed bool
	}
}

// spansOf is what our engine reads, in the script's words.
func spansOf(spans []doc.Span) []map[string]any {
	value := func(v doc.Value) any {
		switch v.Kind {
		case doc.KindString:
			return v.Str
		case doc.KindBool:
			return v.Bool
		}
		return v.Int
	}
	var all []map[string]any
	for _, s := range spans {
		if s.Block == nil {
			marks := map[string]any{}
			for _, m := range s.Marks {
				marks[m.Name] = value(m.Value)
			}
			all = append(all, map[string]any{"text": s.Text, "marks": marks})
			continue
		}
		attrs := map[string]any{}
		for name, v := range s.Block.Attrs {
			attrs[name] = value(v)
		}
		all = append(all, map[string]any{"block": map[string]any{
			"type": s.Block.Type, "parents": append([]string{}, s.Block.Parents...), "attrs": attrs, "isEmbed": s.Block.Embed,
		}})
	}
	return all
}

// same reads both in one form, as text: lists apart, keys in order.
func same[T any](t *testing.T, v T) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var read []span
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	data, err = json.MarshalIndent(read, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestExportedFileOpensInStockAutomerge: whoever leaves Parvis takes a file along
// that Automerge from npm reads as we do.
func TestExportedFileOpensInStockAutomerge(t *testing.T) {
	t.Parallel()
	frontend, err := filepath.Abs("../../../frontend")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(frontend, "node_modules", "automerge-latest")); errors.Is(err, fs.ErrNotExist) {
		t.Fatal("the page's packages are not there: run make frontend")
	}
	node := start(t)
	found(t, node, "Atelier", "Ana")
	clitest.Run[struct{}](t, node, "doc", "create", "Rapport")
	engine := replicatest.Engine(t)
	r := replicatest.Open(t, engine, node, "Rapport")
	r.Write(func(e doc.Edit) error { return e.SetSpans("text", report()) })
	r.Write(func(e doc.Edit) error {
		return errors.Join(
			e.SetSpans("notes/n1", []doc.Span{{Text: "a "}, {Text: "note", Marks: []doc.Mark{{Name: "em", Value: doc.Bool(true)}}}}),
			e.Put([]string{"comments", "c1", "resolved"}, doc.Bool(false)),
			e.Put([]string{"comments", "c1", "messages", "m1", "text"}, doc.String("Pourquoi ?")),
			e.Splice("text", 1, 0, "Le "))
	})
	if !r.Send() {
		t.Fatal(node.Log())
	}
	file := filepath.Join(t.TempDir(), "rapport.automerge")
	exported := clitest.Run[struct{ Report []api.DocLoss }](t, node, "doc", "export", r.Ref.ID, "--format", "automerge", "--output", file)
	if want := []api.DocLoss{{What: "image", Count: 1}}; !slices.Equal(exported.Report, want) {
		t.Errorf("the export reports %v, want %v", exported.Report, want)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := engine.Load(t.Context(), data, doc.Actor{9})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"automerge-latest", "@automerge/automerge/next"} {
		t.Run(name, func(t *testing.T) { opens(t, frontend, name, file, ours) })
	}
	for i, d := range []doc.Reader{ours, r.Document} {
		spans, err := d.Spans(t.Context(), "text")
		if err != nil {
			t.Fatal(err)
		}
		want := report()
		want[1].Text = "Le " + want[1].Text
		if got, want := same(t, spansOf(spans)), same(t, spansOf(want)); got != want {
			t.Errorf("reading %d is\n%s\nwritten was\n%s", i, got, want)
		}
	}
}

// opens compares what the script and our engine read in a file.
func opens(t *testing.T, frontend, name, file string, ours doc.Reader) {
	command := exec.CommandContext(t.Context(), "node", "testdata/open.mjs", frontend, name, file)
	var errs strings.Builder
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	var theirs content
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	var heads []string
	for _, head := range ours.Heads() {
		heads = append(heads, head.String())
	}
	if !slices.Equal(theirs.Heads, heads) {
		t.Errorf("heads %v, ours %v", theirs.Heads, heads)
	}
	for object, read := range map[string][]span{"text": theirs.Text, "notes/n1": theirs.Notes["n1"]} {
		spans, err := ours.Spans(t.Context(), object)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := same(t, read), same(t, spansOf(spans)); got != want {
			t.Errorf("%s reads\n%s\nours\n%s", object, got, want)
		}
	}
	if comment := theirs.Comments["c1"]; comment.Resolved || comment.Messages["m1"].Text != "Pourquoi ?" {
		t.Errorf("comment %+v", comment)
	}
}
