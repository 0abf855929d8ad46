package docx

import (
	"bytes"
	"fmt"
	"image"
	"path"
	"slices"
	"strings"
	"time"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// marking is what encloses a run.
type marking struct {
	link      rich.Link
	suggested []rich.Suggested
}

// content reads what stands in a line.
func (w *walker) content(n *archive.Node, m marking) {
	for _, c := range n.Children {
		w.inline(c, m)
	}
}

func (w *walker) inline(n *archive.Node, m marking) {
	switch n.Name {
	case "r":
		w.run(n, m)
	case "hyperlink":
		m.link = w.link(n)
		w.content(n, m)
	case "ins", "moveTo":
		w.content(n, w.suggest(n, m, false))
	case "del", "moveFrom":
		w.content(n, w.suggest(n, m, true))
	case "sdt":
		if properties := n.Child("sdtPr"); properties.Child("dropDownList") != nil || properties.Child("checkbox") != nil || properties.Child("date") != nil {
			w.i.lost.Add(format.LossForm, 1)
		}
		if inside := n.Child("sdtContent"); inside != nil {
			w.content(inside, m)
		}
	case "smartTag", "customXml", "dir", "bdo":
		w.content(n, m)
	case "fldSimple":
		f := &field{code: n.Attr("instr"), result: true}
		w.begin(f)
		w.fields = append(w.fields, f)
		w.content(n, m)
		w.fields = w.fields[:len(w.fields)-1]
	case "commentRangeStart", "commentRangeEnd":
		w.comment(n)
	case "oMath", "oMathPara":
		w.i.lost.Add(format.LossFormula, 1)
		w.put(n.Plain(), rich.Marks{}, m)
	}
}

// link is where a link leads to. Those inside the document are left out.
func (w *walker) link(n *archive.Node) rich.Link {
	r, ok := w.i.relations[n.Attr("id")]
	href := r.target
	if n.Attr("id") == "" || !ok {
		return rich.Link{}
	}
	if anchor := n.Attr("anchor"); anchor != "" {
		href += "#" + anchor
	}
	return w.safe(rich.Link{Href: href, Title: n.Attr("tooltip")})
}

func (w *walker) safe(l rich.Link) rich.Link {
	if !rich.ValidHref(l.Href) {
		w.i.lost.Add(format.LossLink, 1)
		return rich.Link{}
	}
	return l
}

// suggest is a tracked change. Those of one author at one time are one suggestion.
func (w *walker) suggest(n *archive.Node, m marking, remove bool) marking {
	author, date := n.Attr("author"), n.Attr("date")
	key := fmt.Sprint(author, " ", date, " ", remove)
	id := w.i.suggested[key]
	if id == "" {
		id = fmt.Sprintf("s%d", len(w.i.suggested)+1)
		w.i.suggested[key] = id
		made := rich.Suggestion{ID: id, Name: author}
		if at, err := time.Parse(time.RFC3339, zoned(date)); err == nil {
			made.AtMs = at.UnixMilli()
		}
		w.i.doc.Suggestions = append(w.i.doc.Suggestions, made)
	}
	m.suggested = append(slices.Clone(m.suggested), rich.Suggested{ID: id, Delete: remove})
	return m
}

// maxBegun is how many comments may be about one place.
const maxBegun = 64

// comment begins or ends the range of a comment.
func (w *walker) comment(n *archive.Node) {
	if w.begun == nil {
		w.begun = map[string]bool{}
	}
	if id := w.i.threads[n.Attr("id")]; id != "" {
		if n.Name == "commentRangeStart" && len(w.begun) >= maxBegun {
			w.i.lost.Add(format.LossComment, 1)
		} else if n.Name == "commentRangeStart" {
			w.begun[id] = true
		} else {
			delete(w.begun, id)
		}
	}
}

// skipping reports whether what is read is made anew here: a table of contents.
func (w *walker) skipping() bool {
	return slices.ContainsFunc(w.fields, func(f *field) bool { return f.skipped })
}

// begin looks at the code of a field whose result comes.
func (w *walker) begin(f *field) {
	words := strings.Fields(f.code)
	if len(words) == 0 {
		return
	}
	switch strings.ToUpper(words[0]) {
	case "TOC":
		f.skipped = true
		w.contents()
	case "HYPERLINK":
		for _, word := range words[1:] {
			if address := strings.Trim(word, `"`); !strings.HasPrefix(word, `\`) && rich.ValidHref(address) {
				f.href = address
			}
		}
	case "PAGE", "NUMPAGES", "SECTIONPAGES":
		w.pageNumbers = true
		f.skipped = w.margin
		if !w.margin {
			w.i.lost.Add(format.LossField, 1)
		}
	case "FORMTEXT", "FORMCHECKBOX", "FORMDROPDOWN":
		w.i.lost.Add(format.LossForm, 1)
	default:
		w.i.lost.Add(format.LossField, 1)
	}
}

// fieldChar begins, turns or ends a field.
func (w *walker) fieldChar(n *archive.Node) {
	last := len(w.fields) - 1
	switch n.Attr("fldCharType") {
	case "begin":
		w.fields = append(w.fields, &field{})
	case "separate":
		if last >= 0 && !w.fields[last].result {
			w.fields[last].result = true
			w.begin(w.fields[last])
		}
	case "end":
		if last >= 0 {
			if !w.fields[last].result {
				w.begin(w.fields[last])
			}
			w.fields = w.fields[:last]
		}
	}
}

// run reads a run: its look, then its content.
func (w *walker) run(n *archive.Node, m marking) {
	look := w.look(n.Child("rPr"))
	for _, f := range w.fields {
		if f.href != "" && m.link.Href == "" {
			m.link = rich.Link{Href: f.href}
		}
	}
	for _, c := range n.Children {
		w.piece(c, look, m)
	}
}

func (w *walker) piece(c *archive.Node, look rich.Marks, m marking) {
	switch c.Name {
	case "fldChar":
		w.fieldChar(c)
		return
	case "instrText":
		if last := len(w.fields) - 1; last >= 0 && !w.fields[last].result && len(w.fields[last].code) < 4096 {
			w.fields[last].code += c.Plain()
		}
		return
	}
	if last := len(w.fields) - 1; w.skipping() || last >= 0 && !w.fields[last].result {
		return
	}
	switch c.Name {
	case "t", "delText":
		w.put(c.Plain(), look, m)
	case "tab", "ptab":
		w.put("\t", look, m)
	case "br", "cr":
		switch c.Attr("type") {
		case "page":
			w.broken = true
		default:
			w.line = append(w.line, &rich.Break{Marks: w.marks(look, m)})
		}
	case "noBreakHyphen":
		w.put("\u2011", look, m)
	case "softHyphen":
		w.put("\u00ad", look, m)
	case "sym":
		w.i.lost.Add(format.LossFont, 1)
		w.put("\ufffd", look, m)
	case "footnoteReference", "endnoteReference":
		if id := w.i.notes[strings.TrimSuffix(c.Name, "Reference")+" "+c.Attr("id")]; id != "" {
			w.line = append(w.line, &rich.Footnote{ID: id})
		}
	case "drawing", "pict", "object":
		w.drawing(c)
	case "AlternateContent":
		w.alternate(c, look, m)
	}
}

// alternate takes the choice that is understood here: one with a picture, else the
// one for older programs.
func (w *walker) alternate(n *archive.Node, look rich.Marks, m marking) {
	choice := n.Child("Choice")
	if choice == nil || choice.Find("pic") == nil && n.Child("Fallback") != nil {
		choice = n.Child("Fallback")
	}
	if choice == nil {
		return
	}
	for _, c := range choice.Children {
		w.piece(c, look, m)
	}
}

// drawing reads a picture; other drawings keep their text.
func (w *walker) drawing(n *archive.Node) {
	switch {
	case n.Find("blip") != nil:
		w.picture(n, n.Find("blip").Attr("embed"))
	case n.Find("imagedata") != nil:
		w.picture(n, n.Find("imagedata").Attr("id"))
	case n.Find("chart") != nil:
		w.i.lost.Add(format.LossChart, 1)
	case n.Name == "object":
		w.i.lost.Add(format.LossEmbedded, 1)
	default:
		w.i.lost.Add(format.LossDrawing, 1)
	}
	if box := n.Find("txbxContent"); box != nil {
		inner := walker{i: w.i}
		inner.children(box, marking{})
		for _, e := range inner.done() {
			w.line = append(w.line, rich.Line(e.node)...)
		}
	}
}

func (w *walker) picture(n *archive.Node, relation string) {
	part := w.i.partOf(relation)
	kept, known := w.i.pictures[part]
	if !known {
		kept = w.keep(part)
		w.i.pictures[part] = kept
	}
	if kept.file == "" {
		return
	}
	picture := &rich.Image{File: kept.file, Name: n.Find("docPr").Attr("name"), Alt: n.Find("docPr").Attr("descr")}
	if size := n.Find("extent"); size != nil {
		picture.Width, picture.Height = pixels(size.Attr("cx")), pixels(size.Attr("cy"))
	}
	if picture.Width == kept.width && picture.Height == kept.height {
		picture.Width, picture.Height = 0, 0 // as large as it is
	}
	w.line = append(w.line, picture)
}

// keptPicture is a picture that was stored, and its own size in pixels.
type keptPicture struct {
	file          string
	width, height int
}

// keep stores a picture of the file; none when it cannot be shown here.
func (w *walker) keep(part string) keptPicture {
	data, err := w.i.file.Bytes(part)
	switch mime := format.PictureType(data); {
	case err != nil || len(data) == 0 || len(data) > format.MaxPicture || w.i.o.Files == nil:
		w.i.lost.Add(format.LossImage, 1)
	case mime == "":
		w.i.lost.Add(format.LossImageFormat, 1)
	default:
		file, err := w.i.o.Files.Attach(w.i.ctx, data, mime, path.Base(part))
		if err != nil && w.i.err == nil {
			w.i.err = fmt.Errorf("keep picture: %w", err)
		}
		kept := keptPicture{file: file}
		if size, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil {
			kept.width, kept.height = size.Width, size.Height
		}
		return kept
	}
	return keptPicture{}
}

func pixels(text string) int {
	n := 0
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n < 0 || n > 1<<30 {
		return 0
	}
	return (n + emu/2) / emu
}

// put adds text with its marks.
func (w *walker) put(text string, look rich.Marks, m marking) {
	if text != "" && !w.skipping() {
		w.line = rich.AppendText(w.line, text, w.marks(look, m))
	}
}

// marks is the look of a run together with what encloses it.
func (w *walker) marks(look rich.Marks, m marking) rich.Marks {
	look.Link = m.link
	if m.link.Href != "" && !w.ours() {
		look.Underline, look.Color = false, "" // how links usually look
	}
	look.Suggested = m.suggested
	for id := range w.begun {
		look.Comments = append(look.Comments, id)
	}
	slices.Sort(look.Comments)
	return look
}
