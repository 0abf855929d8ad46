package pdf

import (
	"context"
	"fmt"
	"io"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// LossLetters counts characters that the fonts do not have; a ¿ stands for each.
const LossLetters = "letters"

// Export writes a document as PDF; it is a format.Exporter. Its comments stand
// behind the text where the options ask for them.
func Export(ctx context.Context, w io.Writer, d rich.Document, o format.Options) (format.Report, error) {
	b, err := newBook(ctx, d, o)
	if err != nil {
		return nil, fmt.Errorf("write pdf: %w", err)
	}
	b.sheet.newPage()
	b.blocks(d.Blocks, frame{right: b.sheet.width()})
	b.comments()
	b.sheet.endPage()
	b.fillContents()
	b.sheet.decorate(d.Page)
	if b.err == nil {
		b.err = b.pdf.Error()
	}
	if b.err == nil {
		b.err = b.pdf.Output(w)
	}
	if b.err != nil {
		return b.lost, fmt.Errorf("write pdf: %w", b.err)
	}
	return b.lost, nil
}

// book is one document on its way to paper.
type book struct {
	ctx   context.Context
	pdf   *fpdf.Fpdf
	d     rich.Document
	o     format.Options
	fonts *fonts
	sheet *sheet
	lost  format.Report
	err   error

	notes       map[string]int // numbers by id
	remarks     map[string]int // numbers of comments by id
	suggestions map[string]rich.Suggestion
	pictures    map[string]*picture
	headings    []*heading
	contents    []contentsLine
}

// heading is a title and where it came to stand.
type heading struct {
	level int
	text  string
	link  int
	page  int
}

func newBook(ctx context.Context, d rich.Document, o format.Options) (*book, error) {
	width, height := d.Page.Paper()
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: width, Ht: height}})
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetTitle(o.Title, true)
	pdf.SetProducer("Parvis", true)
	pdf.SetCreationDate(time.Time{})
	if o.Lang == "fr" {
		pdf.SetLang("fr")
	} else {
		pdf.SetLang("en")
	}
	fonts, err := newFonts(pdf)
	if err != nil {
		return nil, err
	}
	if !o.Comments {
		d.Comments = nil
	}
	b := &book{
		ctx: ctx, pdf: pdf, d: d, o: o, fonts: fonts, notes: map[string]int{}, remarks: map[string]int{},
		suggestions: map[string]rich.Suggestion{}, pictures: map[string]*picture{},
	}
	b.sheet = newSheet(b, d.Page)
	for i, id := range d.NoteOrder() {
		b.notes[id] = i + 1
	}
	for i, c := range d.Comments {
		b.remarks[c.ID] = i + 1
	}
	for _, s := range d.Suggestions {
		b.suggestions[s.ID] = s
	}
	for block := range d.All() {
		if h, ok := block.(*rich.Heading); ok {
			b.headings = append(b.headings, &heading{level: h.Level, text: rich.PlainText(h.Text), link: pdf.AddLink()})
		}
	}
	return b, nil
}
