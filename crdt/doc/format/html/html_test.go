package html_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/html"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
	"parvis/crdt/seal/sealtest"
)

var pictures = format.Options{Title: "A <title>", Lang: "en", Images: richtest.Pictures{}, Files: richtest.Pictures{}}

func export(t testing.TB, d rich.Document) []byte {
	t.Helper()
	var out bytes.Buffer
	lost, err := html.Export(t.Context(), &out, d, pictures)
	if err != nil || len(lost) > 0 {
		t.Fatalf("lost %v, %v", lost, err)
	}
	return out.Bytes()
}

func read(t testing.TB, page string) (rich.Document, format.Report) {
	t.Helper()
	d, lost, err := html.Import(t.Context(), []byte(page), pictures)
	if err != nil {
		t.Fatal(err)
	}
	return d, lost
}

func TestPagesOfOursComeBackAsTheyWere(t *testing.T) {
	for seed := range uint64(400) {
		d := richtest.Random(rand.New(rand.NewPCG(seed, 2)), richtest.Without{})
		page := export(t, d)
		again, lost := read(t, string(page))
		if len(lost) > 0 {
			t.Fatalf("seed %d: lost %v", seed, lost)
		}
		if diff := richtest.Diff(d, again); diff != "" {
			t.Fatalf("seed %d: %s\nby\n%s", seed, diff, page)
		}
	}
}

// TestForeignPages: what other programs write, as the lines of a dump.
func TestForeignPages(t *testing.T) {
	cases := map[string]struct{ page, want, lost string }{
		"white space":      {"<p>  a \n <b> b</b>\t c </p> <p> </p>", `paragraph: "a" " b"{strong} " c"`, ""},
		"text in the open": {"a<div>b</div>c", "paragraph: \"a\"\nparagraph: \"b\"\nparagraph: \"c\"", ""},
		"styles": {`<p style="text-align: CENTER"><span style="color:rgb(1, 2, 255);font-weight:700">x</span><font color="#f00">y</font></p>`,
			`paragraph align=center: "x"{color=#0102ff,strong} "y"{color=#ff0000}`, ""},
		"lists": {"<ul><li>a<ul><li>b</ul><li><p>c</p><p>d</p></ul>",
			"list bullet start=0\n- item\n  paragraph: \"a\"\n  list bullet start=0\n  - item\n    paragraph: \"b\"\n- item\n  paragraph: \"c\"\n  paragraph: \"d\"", ""},
		"a list in a list":   {"<ol start=3><li>a</li><ol><li>b</ol></ol>", "list ordered start=3\n- item\n  paragraph: \"a\"\n  list ordered start=1\n  - item\n    paragraph: \"b\"", ""},
		"tasks":              {`<ul><li><input type="checkbox" checked> a</li><li><p><input type=checkbox>b</p></li></ul>`, "list task start=0\n- item checked\n  paragraph: \"a\"\n- item\n  paragraph: \"b\"", ""},
		"an item of heading": {"<ul><li><h6>a</h6></ul>", "list bullet start=0\n- item\n  paragraph: \n  heading 4: \"a\"", "heading"},
		"links": {`<a href="https://x.org" title=t>a</a> <a href="javascript:alert(1)">b</a> <a href=" JAVASCRIPT:x">c</a> <a href="#d">d</a> <a href="data:text/html,x">e</a>`,
			`paragraph: "a"{link{"https://x.org" "t"}} " b c d e"`, "link"},
		"what is dropped": {`<script>alert(1)</script><style>p{}</style><p onclick="x">a<iframe src="https://x.org"></iframe><svg><text>s</text></svg><math><mi>x</mi></math><video src=x></video></p><form><input name=q><button>go</button></form>`,
			`paragraph: "a"`, "embedded drawing formula media form"},
		"a picture elsewhere":   {`<p>a<img src="https://tracker.example/x.png" alt="chart">b</p>`, `paragraph: "achartb"`, "image"},
		"a picture that is not": {`<p><img src="data:image/png;base64,PHNjcmlwdD4=" alt="x"></p>`, `paragraph: "x"`, "imageFormat"},
		"code":                  {"<pre class=\"lang-go\"><code>a\n  <b>b</b>\n</code></pre>", `code language=go: "a\n  b"`, ""},
		"quote, rule":           {"<blockquote>a<hr>b</blockquote>", "quote\n  paragraph: \"a\"\n  paragraph: \"b\"", "rule"},
		"breaks":                {"a<br>b<br><p>c<br></p>", "paragraph: \"a\" break \"b\"\nparagraph: \"c\"", ""},
		"a table": {"<table><caption>T</caption><thead><tr><th>a<th>b</thead><tr><td colspan=2>c<tr><td rowspan=2>d<td>e<tr><td>f</table>",
			"paragraph: \"T\"\ntable t1 [\"c1\" \"c2\"]\n- row r1\n  - cell header\n    paragraph: \"a\"\n  - cell header\n    paragraph: \"b\"\n- row r2\n  - cell\n    paragraph: \"c\"\n  - cell\n- row r3\n  - cell\n    paragraph: \"d\"\n  - cell\n    paragraph: \"e\"\n- row r4\n  - cell\n  - cell\n    paragraph: \"f\"", "merged"},
		"a table in a list": {"<ul><li>x<table><tr><td>a<td>b</table></ul>", "list bullet start=0\n- item\n  paragraph: \"x\"\n  paragraph: \"a\"\n  paragraph: \"b\"", "nested"},
		"Latin-1":           {"<meta charset=iso-8859-1><p>caf\xe9</p>", `paragraph: "café"`, ""},
		"nothing":           {"", "paragraph ghost: ", ""},
	}
	for name, c := range cases {
		d, lost := read(t, c.page)
		got, _, _ := strings.Cut(richtest.Dump(richtest.Renumber(d)), "page {")
		if strings.TrimRight(got, "\n") != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
		var codes []string
		for _, l := range lost {
			codes = append(codes, l.What)
		}
		if got := strings.Join(codes, " "); got != c.lost {
			t.Errorf("%s: lost %q, want %q", name, got, c.lost)
		}
	}
}

func TestExportNamesWhatIsLost(t *testing.T) {
	d := richtest.Random(rand.New(rand.NewPCG(1, 1)), richtest.Without{})
	d.Blocks = []rich.Node{&rich.Paragraph{Text: []rich.Inline{&rich.Image{File: "none", Alt: "a < b"}, &rich.Unknown{}}}}
	var out bytes.Buffer
	lost, err := html.Export(t.Context(), &out, d, format.Options{})
	if err != nil || len(lost) != 2 || lost[0] != (format.Loss{What: format.LossImage, Count: 1}) || lost[1].What != format.LossUnknown {
		t.Errorf("lost %v, %v", lost, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := html.Export(ctx, &out, d, pictures); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTheHeadOfAPageCannotBeEscaped(t *testing.T) {
	d := rich.Document{Page: rich.Page{Header: `"><script>x</script>`}, Blocks: []rich.Node{&rich.Code{Language: `x" onload="y`, Text: "</pre><script>"}}}
	var out bytes.Buffer
	if _, err := html.Export(t.Context(), &out, d, format.Options{Title: "</title><script>"}); err != nil || strings.Contains(out.String(), "<script") || strings.Contains(out.String(), `onload="`) {
		t.Errorf("%v\n%s", err, &out)
	}
}

func seeds(t testing.TB) [][]byte {
	var all [][]byte
	for seed := uint64(0); len(all) < 20; seed++ {
		page := export(t, richtest.Random(rand.New(rand.NewPCG(seed, 5)), richtest.Without{}))
		if len(page) < 6000 { // small ones, for speed
			all = append(all, page)
		}
	}
	return append(all, []byte("<table><tr><td rowspan=999999999 colspan=999999999><table><li><ol start=-1><li>"), []byte(strings.Repeat("<blockquote><ul><li>", 300)))
}

func check(t testing.TB, data []byte) {
	t.Helper()
	d, _, err := html.Import(t.Context(), data, pictures)
	if err != nil {
		return
	}
	for _, span := range d.Spans() {
		if span.Block != nil && len(span.Block.Parents) > 24 {
			t.Fatalf("%d parents by %q", len(span.Block.Parents), data)
		}
	}
}

func TestImportMutations(t *testing.T) {
	for data := range sealtest.Mutations(9, seeds(t), sealtest.Inputs) {
		check(t, data)
	}
}

func FuzzImport(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data) })
}
