package docx

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif"  // sizes of pictures
	_ "image/jpeg" // sizes of pictures
	_ "image/png"  // sizes of pictures
	"maps"
	"slices"
	"strconv"
	"strings"

	_ "golang.org/x/image/webp" // sizes of pictures

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

const (
	head       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	namespaces = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" ` +
		`xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" ` +
		`xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml"`
	relationType = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

// number gives every message of every comment its number in the file.
func (e *exporter) number() {
	e.comments = map[string][]int{}
	count := 0
	for _, c := range e.d.Comments {
		for range c.Messages {
			e.comments[c.ID] = append(e.comments[c.ID], count)
			count++
		}
	}
}

// firstTime reports whether a comment has not begun yet: in Word it has one range.
func (e *exporter) firstTime(id string) bool {
	if e.relations["comment "+id] != "" {
		return false
	}
	e.relations["comment "+id] = "-"
	return true
}

func (e *exporter) closeComment(id string) {
	if e.relations["comment "+id] == "closed" {
		return
	}
	e.relations["comment "+id] = "closed"
	for _, n := range e.comments[id] {
		number := strconv.Itoa(n)
		e.add(`<w:commentRangeEnd w:id="`, number, `"/><w:r><w:commentReference w:id="`, number, `"/></w:r>`)
	}
}

// nextID is a number that no other change or picture has.
func (e *exporter) nextID() int {
	n, _ := strconv.Atoi(e.relations["last id"])
	e.relations["last id"] = strconv.Itoa(n + 1)
	return n + 1
}

// relate is the relation to an address outside.
func (e *exporter) relate(address string) string {
	key := "link " + address
	if e.relations[key] == "" {
		e.relations[key] = fmt.Sprintf("rIdL%d", len(e.relations))
	}
	return e.relations[key]
}

// pictureOf reads a picture once; nil when it cannot be had.
func (e *exporter) pictureOf(file string) *picture {
	if p, known := e.pictures[file]; known {
		return p
	}
	e.pictures[file] = nil
	if e.o.Images == nil {
		return nil
	}
	data, _, err := e.o.Images.Image(e.ctx, file)
	if err != nil {
		return nil
	}
	ending := strings.TrimPrefix(format.PictureType(data), "image/")
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	if ending == "" || err != nil || size.Width < 1 || size.Height < 1 {
		return nil
	}
	n := len(e.pictures)
	e.pictures[file] = &picture{relation: fmt.Sprintf("rIdP%d", n), part: fmt.Sprintf("media/image%d.%s", n, ending), data: data, width: size.Width, height: size.Height}
	return e.pictures[file]
}

// footnotes adds the part with the notes. Comments and pictures in it would need
// relations of its own; the model has only links there.
func (e *exporter) footnotes() {
	e.body.Reset()
	e.add(head, `<w:footnotes `, namespaces, `><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote><w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>`)
	for i, id := range e.d.NoteOrder() {
		e.add(`<w:footnote w:id="`, strconv.Itoa(i+1), `"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr><w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r><w:r><w:t xml:space="preserve"> </w:t></w:r>`)
		e.line(e.d.Notes[id])
		e.turnComments(nil)
		e.add("</w:p></w:footnote>")
	}
	e.add("</w:footnotes>")
	e.out.Add("word/footnotes.xml", []byte(e.body.String()), false)
	e.out.Add("word/_rels/footnotes.xml.rels", []byte(e.linkRelations("")), false)
}

// linkRelations is a relations part with all links, and more.
func (e *exporter) linkRelations(more string) string {
	var out strings.Builder
	out.WriteString(head + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + more)
	for _, key := range slices.Sorted(maps.Keys(e.relations)) {
		if address, ok := strings.CutPrefix(key, "link "); ok {
			fmt.Fprintf(&out, `<Relationship Id="%s" Type="%shyperlink" Target="%s" TargetMode="External"/>`, e.relations[key], relationType, esc(address))
		}
	}
	out.WriteString(`</Relationships>`)
	return out.String()
}

// write adds all other parts.
func (e *exporter) write(body string) {
	part := func(name, content string) { e.out.Add(name, []byte(content), false) }
	part("[Content_Types].xml", contentTypes)
	part("_rels/.rels", head+`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="`+relationType+`officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`)
	part("docProps/core.xml", head+`<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>`+esc(e.o.Title)+`</dc:title></cp:coreProperties>`)
	part("word/document.xml", head+`<w:document `+namespaces+`><w:body>`+body+e.section()+`</w:body></w:document>`)
	part("word/styles.xml", e.styleSheet())
	part("word/numbering.xml", e.numbering())
	part("word/settings.xml", head+`<w:settings `+namespaces+`><w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>`)
	part("word/comments.xml", e.commentPart())
	part("word/commentsExtended.xml", e.threadPart())
	part("word/header1.xml", head+`<w:hdr `+namespaces+`><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:t xml:space="preserve">`+esc(e.d.Page.Header)+`</w:t></w:r></w:p></w:hdr>`)
	part("word/footer1.xml", head+`<w:ftr `+namespaces+`>`+footer(e.d.Page)+`</w:ftr>`)
	var more strings.Builder
	for i, name := range []string{"styles", "numbering", "settings", "comments", "footnotes", "header", "footer"} {
		target := name + ".xml"
		if name == "header" || name == "footer" {
			target = name + "1.xml"
		}
		fmt.Fprintf(&more, `<Relationship Id="rId%d" Type="%s%s" Target="%s"/>`, i+1, relationType, name, target)
	}
	more.WriteString(`<Relationship Id="rId20" Type="http://schemas.microsoft.com/office/2011/relationships/commentsExtended" Target="commentsExtended.xml"/>`)
	for _, file := range slices.Sorted(maps.Keys(e.pictures)) {
		if p := e.pictures[file]; p != nil {
			fmt.Fprintf(&more, `<Relationship Id="%s" Type="%simage" Target="%s"/>`, p.relation, relationType, p.part)
			e.out.Add("word/"+p.part, p.data, true)
		}
	}
	part("word/_rels/document.xml.rels", e.linkRelations(more.String()))
}

// footer is the footer's text and, at the right, the page number.
func footer(page rich.Page) string {
	out := `<w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr><w:r><w:t xml:space="preserve">` + esc(page.Footer) + `</w:t></w:r>`
	if page.Numbers {
		out += `<w:r><w:tab/></w:r><w:r><w:tab/></w:r><w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple><w:r><w:t xml:space="preserve"> / </w:t></w:r><w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>1</w:t></w:r></w:fldSimple>`
	}
	return out + "</w:p>"
}

// section is the paper.
func (e *exporter) section() string {
	width, height := e.d.Page.Paper()
	top, right, bottom, left := e.d.Page.Margins()
	turned := ""
	if e.d.Page.Landscape {
		turned = ` w:orient="landscape"`
	}
	return fmt.Sprintf(`<w:sectPr><w:headerReference w:type="default" r:id="rId6"/><w:footerReference w:type="default" r:id="rId7"/><w:pgSz w:w="%d" w:h="%d"%s/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="%d" w:footer="%d" w:gutter="0"/></w:sectPr>`,
		twips(width), twips(height), turned, twips(float64(top)), twips(float64(right)), twips(float64(bottom)), twips(float64(left)), twips(float64(top)/2), twips(float64(bottom)/2))
}

// twips are twentieths of a point.
func twips(mm float64) int { return int(mm/25.4*1440 + 0.5) }

func (e *exporter) commentPart() string {
	var out strings.Builder
	out.WriteString(head + `<w:comments ` + namespaces + `>`)
	for _, c := range e.d.Comments {
		for i, m := range c.Messages {
			n := e.comments[c.ID][i]
			author := e.o.Name(m.Author, m.Name)
			fmt.Fprintf(&out, `<w:comment w:id="%d" w:author="%s" w:initials="%s"%s>`, n, esc(author), esc(string([]rune(author)[:1])), date(m.AtMs))
			lines := strings.Split(m.Text, "\n")
			for j, text := range lines {
				last := ""
				if j == len(lines)-1 {
					last = fmt.Sprintf(` w14:paraId="%s"`, paraID(n))
				}
				fmt.Fprintf(&out, `<w:p%s><w:r><w:t xml:space="preserve">%s</w:t></w:r></w:p>`, last, esc(text))
			}
			out.WriteString(`</w:comment>`)
		}
	}
	out.WriteString(`</w:comments>`)
	return out.String()
}

// paraID names the last paragraph of a comment, by which threads are tied.
func paraID(n int) string { return fmt.Sprintf("%08X", 0x10000000+n) }

func (e *exporter) threadPart() string {
	var out strings.Builder
	out.WriteString(head + `<w15:commentsEx ` + namespaces + `>`)
	for _, c := range e.d.Comments {
		for i, n := range e.comments[c.ID] {
			parent, done := "", 0
			if i > 0 {
				parent = ` w15:paraIdParent="` + paraID(e.comments[c.ID][0]) + `"`
			}
			if c.Resolved {
				done = 1
			}
			fmt.Fprintf(&out, `<w15:commentEx w15:paraId="%s"%s w15:done="%d"/>`, paraID(n), parent, done)
		}
	}
	out.WriteString(`</w15:commentsEx>`)
	return out.String()
}
