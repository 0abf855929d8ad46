package odt_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/format/odt"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
	"parvis/crdt/seal/sealtest"
)

// foreignFile is a file of another program with that text and those automatic styles.
func foreignFile(t testing.TB, styles, text string) []byte {
	t.Helper()
	const names = `xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"`
	var out bytes.Buffer
	w := archive.NewWriter(&out)
	w.Add("content.xml", []byte(`<office:document-content `+names+`><office:automatic-styles>`+styles+`</office:automatic-styles><office:body><office:text>`+text+`</office:text></office:body></office:document-content>`), false)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSmallFilesCannotTakeMuchMemory(t *testing.T) {
	var chain, marks strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&chain, `<text:changed-region text:id="c%d"><text:deletion><text:p>x<text:change text:change-id="c%d"/></text:p></text:deletion></text:changed-region>`, i, i+1)
		fmt.Fprintf(&marks, `<office:annotation office:name="a%d"><text:p>x</text:p></office:annotation>x<office:annotation><text:p>y</text:p></office:annotation>`, i)
	}
	for i := range 20_000 {
		fmt.Fprintf(&marks, `<office:annotation-end office:name="a%d"/>`, i)
	}
	wide := `<table:table><table:table-row><table:table-cell table:number-columns-repeated="64"/></table:table-row>` + strings.Repeat(`<table:table-row table:number-rows-repeated="999999999"/>`, 50_000) + `</table:table>`
	for name, text := range map[string]string{
		"deletions in each other": `<text:tracked-changes>` + chain.String() + `</text:tracked-changes><text:p><text:change text:change-id="c0"/></text:p>`,
		"a change in itself":      `<text:tracked-changes><text:changed-region text:id="c"><text:deletion><text:p>x<text:change text:change-id="c"/></text:p></text:deletion></text:changed-region></text:tracked-changes><text:p><text:change text:change-id="c"/></text:p>`,
		"comments":                `<text:p>` + marks.String() + `</text:p>`,
		"spaces":                  `<text:p>` + strings.Repeat(`<text:s text:c="1000000000"/>`, 10_000) + `</text:p>`,
		"cells":                   strings.Repeat(wide, 3),
		"rows":                    strings.Repeat(`<table:table><table:table-row>`+strings.Repeat(`<table:table-cell/>`, 64)+`</table:table-row>`+strings.Repeat(`<table:table-row><table:table-cell/></table:table-row>`, 10_000)+`</table:table>`, 5),
		"lists":                   strings.Repeat(`<text:list><text:list-item>`, 100) + `<text:p>deep</text:p>` + strings.Repeat(`</text:list-item></text:list>`, 100),
	} {
		file := foreignFile(t, "", text)
		if taken := sealtest.Allocated(func() { check(t, file, true) }); taken > 1<<30 {
			t.Errorf("%s: %d bytes make %d MiB", name, len(file), taken>>20)
		} else {
			t.Logf("%s: %d bytes make %d MiB", name, len(file), taken>>20)
		}
	}
}

func TestWhatIsNoTextDocumentIsRefused(t *testing.T) {
	var other bytes.Buffer
	w := archive.NewWriter(&other)
	w.Add("content.xml", []byte(`<office:document-content xmlns:office="o"><office:body><office:spreadsheet/></office:body></office:document-content>`), false)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"nothing": nil, "text": []byte("text"), "a spreadsheet": other.Bytes()} {
		if _, _, err := odt.Import(t.Context(), data, pictures); !errors.Is(err, format.ErrNotThis) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestImportReportsWhatItCannotHold(t *testing.T) {
	const style = `<style:style style:name="%s" style:family="%s"><style:%s-properties %s/></style:style>`
	for name, c := range map[string]struct{ styles, text, lost, want string }{
		"font":       {fmt.Sprintf(style, "T1", "text", "text", `fo:font-size="20pt"`), `<text:p>a<text:span text:style-name="T1">b</text:span></text:p>`, format.LossFont, `paragraph: "ab"`},
		"raised":     {fmt.Sprintf(style, "T1", "text", "text", `style:text-position="super 58%"`), `<text:p>a<text:span text:style-name="T1">2</text:span></text:p>`, format.LossMark, `paragraph: "a2"`},
		"field":      {"", `<text:p>on <text:date>1 May</text:date></text:p>`, format.LossField, `paragraph: "on 1 May"`},
		"shape":      {"", `<text:p>a<draw:custom-shape><text:p>inside</text:p></draw:custom-shape></text:p>`, format.LossDrawing, `"ainside"`},
		"object":     {"", `<text:p>a<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>`, format.LossEmbedded, `paragraph: "a"`},
		"no picture": {"", `<text:p>a<draw:frame><draw:image xlink:href="Pictures/none.png"/></draw:frame></text:p>`, format.LossImage, `paragraph: "a"`},
		"link":       {"", `<text:p><text:a xlink:href="file:///etc/passwd">a</text:a></text:p>`, format.LossLink, `paragraph: "a"`},
		"indented":   {fmt.Sprintf(style, "P1", "paragraph", "paragraph", `fo:margin-left="2cm"`), `<text:p text:style-name="P1">a</text:p>`, format.LossIndent, `paragraph: "a"`},
		"deep":       {"", `<text:h text:outline-level="7">a</text:h>`, format.LossHeading, `heading 4: "a"`},
		"two in one": {"", `<table:table><table:table-row><table:table-cell table:number-columns-spanned="2"><text:p>a</text:p></table:table-cell><table:covered-table-cell/></table:table-row></table:table>`, format.LossMerged, `paragraph: "a"`},
		"index":      {"", `<text:alphabetical-index><text:index-body><text:p>a, 3</text:p></text:index-body></text:alphabetical-index>`, format.LossContents, `paragraph: "a, 3"`},
		"new page":   {fmt.Sprintf(style, "P1", "paragraph", "paragraph", `fo:break-before="page"`), `<text:p>a</text:p><text:p text:style-name="P1">b</text:p>`, "", "paragraph: \"a\"\npage break\nparagraph: \"b\""},
		"answers":    {"", `<text:p><office:annotation office:name="1"><dc:creator>Ana</dc:creator><text:p>x</text:p></office:annotation>ab<office:annotation-end office:name="1"/><office:annotation><dc:creator>Ben</dc:creator><text:p>y</text:p></office:annotation></text:p>`, "", "paragraph: \"ab\"{comment=k1}\ncomment k1 resolved=false\n  m1 00000000000000000000000000000000 \"Ana\" at 0: \"x\" []\n  m2 00000000000000000000000000000000 \"Ben\" at 0: \"y\" []"},
		"continued":  {`<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1"/></text:list-style>`, `<text:list text:style-name="L1"><text:list-item><text:p>a</text:p></text:list-item></text:list><text:p>b</text:p><text:list text:style-name="L1" text:continue-numbering="true"><text:list-item><text:p>c</text:p></text:list-item></text:list>`, "", "list ordered start=2\n- item\n  paragraph: \"c\""},
	} {
		d, lost, err := odt.Import(t.Context(), foreignFile(t, c.styles, c.text), pictures)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := richtest.Dump(richtest.Renumber(d)); !strings.Contains(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
		if c.lost == "" && len(lost) > 0 || c.lost != "" && (len(lost) != 1 || lost[0].What != c.lost) {
			t.Errorf("%s: reported %v, want %q", name, lost, c.lost)
		}
	}
}

func TestExportReportsWhatItCannotHold(t *testing.T) {
	both := rich.Marks{Suggested: []rich.Suggested{{ID: "a", Delete: true}, {ID: "b", Delete: true}}}
	d := rich.Document{
		Blocks: []rich.Node{
			paragraph(words("x", rich.Marks{Comments: []string{"c"}}), words("y"), words("z", rich.Marks{Comments: []string{"c"}})),
			paragraph(words("w", both), &rich.Image{File: "none", Alt: "alt"}, &rich.Unknown{}),
		},
		Comments: []rich.Comment{{ID: "c", Messages: []rich.Message{{Text: "m"}}}, {ID: "d", Messages: []rich.Message{{Text: "nowhere"}}}},
	}
	_, lost := export(t, d)
	want := format.Report{{What: format.LossComment, Count: 2}, {What: format.LossSuggestion, Count: 1}, {What: format.LossImage, Count: 1}, {What: format.LossUnknown, Count: 1}}
	if fmt.Sprint(lost) != fmt.Sprint(want) {
		t.Errorf("reported %v, want %v", lost, want)
	}
}
