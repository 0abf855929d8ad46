package rich_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rich"
)

// TestGolden reads testdata/*.json: streams as A.spans() gives them, and their
// trees. The tests of the page read the same files. With -update the trees are
// written anew; look at what changed.
var update = flag.Bool("update", false, "write the trees of testdata anew")

type goldenCase struct {
	Name  string          `json:"name"`
	Spans json.RawMessage `json:"spans"`
	Tree  json.RawMessage `json:"tree"`
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []goldenCase
		if err := json.Unmarshal(data, &cases); err != nil {
			t.Fatal(err)
		}
		for i, c := range cases {
			spans := spansOf(t, c.Spans)
			got := treeJSON(rich.FromSpans(spans, nil, doc.Root{}).Blocks)
			var want any
			if err := json.Unmarshal(c.Tree, &want); err != nil {
				t.Fatal(err)
			}
			written, _ := json.Marshal(got)
			wanted, _ := json.Marshal(want)
			var plain any
			_ = json.Unmarshal(written, &plain)
			sorted, _ := json.Marshal(plain)
			if !*update && !bytes.Equal(sorted, wanted) {
				t.Errorf("%s: %s: read\n%s, want\n%s", file, c.Name, sorted, wanted)
			}
			cases[i].Tree = written
		}
		if *update {
			var out bytes.Buffer
			out.WriteString("[\n")
			for i, c := range cases {
				if i > 0 {
					out.WriteString(",\n")
				}
				line := func(lead, value string) { out.WriteString(lead + value) }
				name, _ := json.Marshal(c.Name)
				line("{\"name\": ", string(name))
				line(",\n \"spans\": ", compact(c.Spans))
				line(",\n \"tree\": ", compact(c.Tree)+"}")
			}
			out.WriteString("\n]\n")
			if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func compact(raw json.RawMessage) string {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return err.Error()
	}
	return out.String()
}

// spansOf reads spans as JavaScript has them, as an engine of ours would give them
// (rule R2).
func spansOf(t *testing.T, raw json.RawMessage) []doc.Span {
	t.Helper()
	var list []struct {
		Type  string
		Value any
		Marks map[string]any
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	var spans []doc.Span
	for _, s := range list {
		if s.Type == "text" {
			text, _ := s.Value.(string)
			span := doc.Span{Text: text}
			for _, name := range sortedKeys(s.Marks) {
				span.Marks = append(span.Marks, doc.Mark{Name: name, Value: value(s.Marks[name])})
			}
			spans = append(spans, span)
			continue
		}
		fields, _ := s.Value.(map[string]any)
		block := &doc.Block{Attrs: map[string]doc.Value{}}
		block.Type, _ = fields["type"].(string)
		block.Embed, _ = fields["isEmbed"].(bool)
		parents, _ := fields["parents"].([]any)
		for _, parent := range parents {
			if name, ok := parent.(string); ok {
				block.Parents = append(block.Parents, name)
			}
		}
		attrs, _ := fields["attrs"].(map[string]any)
		for name, v := range attrs {
			block.Attrs[name] = value(v)
		}
		spans = append(spans, doc.Span{Block: block})
	}
	return spans
}

func value(v any) doc.Value {
	switch v := v.(type) {
	case string:
		return doc.String(v)
	case bool:
		return doc.Bool(v)
	case float64:
		if v == math.Trunc(v) {
			return doc.Int(int64(v))
		}
		return doc.Value{Kind: doc.KindFloat, Float: v}
	}
	return doc.Value{Kind: doc.KindOther}
}
