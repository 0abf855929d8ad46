package docx

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// Import reads a document of Word; it is a format.Importer.
func Import(ctx context.Context, data []byte, o format.Options) (rich.Document, format.Report, error) {
	file, err := archive.Open(data)
	if err != nil {
		return rich.Document{}, nil, fmt.Errorf("read docx: %w", err)
	}
	i := &importer{ctx: ctx, o: o, file: file, main: mainPart(file), doc: rich.Document{Notes: map[string][]rich.Inline{}}, pictures: map[string]keptPicture{}, suggested: map[string]string{}}
	if err := i.read(); err != nil {
		return rich.Document{}, nil, fmt.Errorf("read docx: %w", err)
	}
	return i.doc.Settled(), i.lost, nil
}

// importer is one file on its way in.
type importer struct {
	ctx       context.Context
	o         format.Options
	file      *archive.Reader
	main      string // name of the part with the text
	doc       rich.Document
	lost      format.Report
	err       error
	cells     int // of all tables so far
	styles    map[string]style
	numbering map[string]numbered // by numId and level: "3/0"
	threads   map[string]string   // number of a comment to the id of its thread, for first ones
	relations map[string]relation
	notes     map[string]string      // "footnote 3" to id
	pictures  map[string]keptPicture // by part
	suggested map[string]string      // author and time to id
}

type relation struct {
	target   string
	external bool
}

// mainPart is the part that the package names as its document.
func mainPart(file *archive.Reader) string {
	rels, err := file.XML("_rels/.rels")
	if err == nil && rels != nil {
		for _, r := range rels.Children {
			if strings.HasSuffix(r.Attr("Type"), "/officeDocument") {
				return strings.TrimPrefix(path.Clean("/"+r.Attr("Target")), "/")
			}
		}
	}
	return "word/document.xml"
}

// beside is the name of a part in the folder of the text.
func (i *importer) beside(name string) string { return path.Join(path.Dir(i.main), name) }

func (i *importer) read() error {
	root, err := i.file.XML(i.main)
	if err != nil {
		return err
	}
	body := root.Child("body")
	if root == nil || root.Name != "document" || body == nil {
		return fmt.Errorf("%w: it has no text", format.ErrNotThis)
	}
	for _, step := range []func() error{i.readStyles, i.readNumbering, i.readComments, i.readNotes} {
		if err := step(); err != nil {
			return err
		}
	}
	if i.relations, err = i.readRelations(i.main); err != nil {
		return err
	}
	if i.file.Has(i.beside("vbaProject.bin")) {
		i.lost.Add(format.LossMacro, 1)
	}
	w := walker{i: i}
	w.children(body, marking{})
	i.doc.Blocks = assemble(w.done())
	if err := i.readPage(body); err != nil {
		return err
	}
	return errors.Join(i.err, i.ctx.Err())
}

func (i *importer) readRelations(part string) (map[string]relation, error) {
	root, err := i.file.XML(path.Join(path.Dir(part), "_rels", path.Base(part)+".rels"))
	if err != nil || root == nil {
		return nil, err
	}
	all := map[string]relation{}
	for _, r := range root.Children {
		all[r.Attr("Id")] = relation{r.Attr("Target"), r.Attr("TargetMode") == "External"}
	}
	return all, nil
}

// partOf is the part that a relation of the text names.
func (i *importer) partOf(id string) string {
	r, ok := i.relations[id]
	if !ok || r.external {
		return ""
	}
	if strings.HasPrefix(r.target, "/") {
		return strings.TrimPrefix(path.Clean(r.target), "/")
	}
	return i.beside(r.target)
}

// readPage reads the paper of the last section, its header and its footer.
func (i *importer) readPage(body *archive.Node) error {
	section := body.Child("sectPr")
	if section == nil {
		return nil
	}
	i.columns(section)
	page := &i.doc.Page
	size, margins := section.Child("pgSz"), section.Child("pgMar")
	width, height := millimetres(size.Attr("w")), millimetres(size.Attr("h"))
	page.Landscape = width > height
	if page.Landscape {
		width, height = height, width
	}
	page.Size = rich.A4
	switch {
	case near(width, 216) && near(height, 279):
		page.Size = rich.Letter
	case size != nil && (!near(width, 210) || !near(height, 297)):
		i.lost.Add(format.LossPage, 1)
	}
	for side, mm := range map[string]*int{"top": &page.Top, "right": &page.Right, "bottom": &page.Bottom, "left": &page.Left} {
		if margins != nil {
			*mm = min(max(millimetres(margins.Attr(side)), 0), 100)
		}
	}
	for _, ref := range section.Children {
		if kind := ref.Attr("type"); kind == "default" || kind == "" {
			if err := i.running(ref); err != nil {
				return err
			}
		} else if ref.Name == "headerReference" || ref.Name == "footerReference" {
			if root, err := i.file.XML(i.partOf(ref.Attr("id"))); err == nil && strings.TrimSpace(root.Plain()) != "" {
				i.lost.Add(format.LossHeader, 1)
			}
		}
	}
	return nil
}

// running reads a header or footer: its text, and whether it numbers the pages.
func (i *importer) running(ref *archive.Node) error {
	if ref.Name != "headerReference" && ref.Name != "footerReference" {
		return nil
	}
	part := i.partOf(ref.Attr("id"))
	root, err := i.file.XML(part)
	if err != nil || root == nil {
		return err
	}
	relations := i.relations
	if i.relations, err = i.readRelations(part); err != nil {
		return err
	}
	defer func() { i.relations = relations }()
	w := walker{i: i, margin: true}
	w.children(root, marking{})
	if len(i.relations) > 0 && root.Find("drawing") != nil {
		i.lost.Add(format.LossHeader, 1)
	}
	var lines []string
	for _, e := range w.done() {
		if text := strings.TrimSpace(rich.PlainText(rich.Line(e.node))); text != "" {
			lines = append(lines, text)
		}
	}
	text := strings.Join(lines, " ")
	if w.pageNumbers {
		i.doc.Page.Numbers = true
		text = strings.Trim(text, " /\t")
	}
	if ref.Name == "headerReference" {
		i.doc.Page.Header = text
	} else {
		i.doc.Page.Footer = text
	}
	return nil
}

func (i *importer) columns(section *archive.Node) {
	if n, err := strconv.Atoi(section.Child("cols").Attr("num")); err == nil && n > 1 {
		i.lost.Add(format.LossSection, 1)
	}
}

// millimetres reads twentieths of a point.
func millimetres(text string) int {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < -40000 || n > 40000 {
		return 0
	}
	return int(n/1440*25.4 + 0.5)
}

func near(mm, wanted int) bool { return mm >= wanted-2 && mm <= wanted+2 }
