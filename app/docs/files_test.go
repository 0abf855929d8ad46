package docs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"parvis/app/docs"
	"parvis/crdt/doc/change"
	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// plain is a format of one paragraph per line, with a picture for "!".
func plain() map[string]docs.Format {
	export := func(ctx context.Context, w io.Writer, d rich.Document, o format.Options) (format.Report, error) {
		for block := range d.All() {
			for _, in := range rich.Line(block) {
				if picture, ok := in.(*rich.Image); ok {
					data, mime, err := o.Images.Image(ctx, picture.File)
					if err != nil {
						return nil, err
					}
					fmt.Fprintf(w, "[%s %s]", mime, data)
				}
			}
			fmt.Fprintln(w, rich.PlainText(rich.Line(block)))
		}
		return format.Report{{What: format.LossTable, Count: len(o.Title)}}, nil
	}
	read := func(ctx context.Context, data []byte, o format.Options) (d rich.Document, report format.Report, err error) {
		for line := range strings.Lines(string(data)) {
			p := &rich.Paragraph{Text: []rich.Inline{&rich.Text{Text: strings.TrimSpace(line)}}}
			if line[0] == '!' {
				index, err := o.Files.Attach(ctx, []byte("pixels"), "image/png", "a/b.png")
				if err != nil {
					return d, nil, err
				}
				p.Text = []rich.Inline{&rich.Image{File: index}}
			}
			d.Blocks = append(d.Blocks, p)
		}
		return d, format.Report{{What: format.LossFont, Count: 1}}, nil
	}
	return map[string]docs.Format{"txt": {Mime: "text/plain", Export: export, Import: read}, "pdf": {Mime: "application/pdf", Export: export}}
}

// shelf keeps files in memory.
type shelf map[string][]byte

func (s shelf) Learn(context.Context, seal.ID, seal.SpaceID, file.Ref) error { return nil }

func (s shelf) Put(_ context.Context, _ seal.ID, _ seal.SpaceID, r io.Reader, name, mime string) (file.Ref, error) {
	data, err := io.ReadAll(r)
	index := file.CID(seal.Sum(data))
	s[string(index)] = data
	return file.Ref{V: 1, Name: name, Mime: mime, Size: uint64(len(data)), Key: seal.ID{1}, Index: index}, err
}

func (s shelf) Read(_ context.Context, _ seal.ID, _ seal.SpaceID, ref file.Ref) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(s[string(ref.Index)])), nil
}

func TestDocumentsComeFromFilesAndGoToFiles(t *testing.T) {
	w := newWorld(2)
	r := w.replica(t, 0)
	r.config.Formats, r.config.Files = plain(), shelf{}
	r.withEngine(t)
	ctx := t.Context()
	d, report, err := r.docs.Import(ctx, r.ws, "Plans", `C:\x\My: report.txt`, []byte("one\n!\ntwo\n"))
	if err != nil || d.Title != "My: report" || d.Folder != "Plans" || len(report) != 1 || report[0].What != format.LossFont {
		t.Fatalf("imported as %+v, report %v, %v", d, report, err)
	}
	if got := r.text(t, d.ID); got != "\none\n\ufffc\ntwo" {
		t.Errorf("the text is %q", got)
	}
	out, err := r.docs.Export(ctx, r.ws, d.ID, docs.ExportAs{Format: "txt", Lang: "en"})
	if err != nil || out.Name != "My- report.txt" || out.Mime != "text/plain" || string(out.Data) != "one\n[image/png pixels]\ntwo\n" || out.Report[0].Count != len("My: report") {
		t.Errorf("exported as %+v %q, %v", out, out.Data, err)
	}
	saved, err := r.docs.Export(ctx, r.ws, d.ID, docs.ExportAs{Format: "automerge", Lang: "en"})
	if err != nil || fmt.Sprint(saved.Report) != "[{image 1}]" {
		t.Fatalf("saved with report %v, %v", saved.Report, err)
	}
	again, report, err := r.docs.Import(ctx, r.ws, "", saved.Name, saved.Data)
	if want := "[{history 1} {image 1}]"; err != nil || r.text(t, again.ID) != "\none\n\ntwo" || fmt.Sprint(report) != want {
		t.Errorf("imported again as %q, report %v, %v", r.text(t, again.ID), report, err)
	}
	for name, want := range map[string]error{"a.exe": docs.ErrFormat, "a.pdf": docs.ErrFormat, "a": docs.ErrFormat, "a.automerge": format.ErrNotThis} {
		if _, _, err := r.docs.Import(ctx, r.ws, "", name, []byte("junk")); !errors.Is(err, want) {
			t.Errorf("import of %s: %v, want %v", name, err, want)
		}
	}
	if _, err := r.docs.Export(ctx, r.ws, d.ID, docs.ExportAs{Format: "exe", Lang: "en"}); !errors.Is(err, docs.ErrFormat) {
		t.Errorf("export as exe: %v", err)
	}
	if list, err := r.docs.List(ctx, r.ws); err != nil || len(list) != 2 {
		t.Errorf("%d documents, want those that could be read, %v", len(list), err)
	}
}

// A long file becomes several changes, each of which fits an envelope.
func TestALongImportFits(t *testing.T) {
	r := newWorld(1).replica(t, 0)
	r.config.Formats, r.config.Files = plain(), shelf{}
	r.withEngine(t)
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "This is line %d of a report that has many of them, with words.\n", i)
	}
	d, _, err := r.docs.Import(t.Context(), r.ws, "", "long.txt", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimPrefix(r.text(t, d.ID), "\n") + "\n"; got != text.String() {
		t.Errorf("the text has %d bytes, want %d", len(got), text.Len())
	}
	changes := 0
	for _, o := range r.Sent {
		b, err := docs.Decode(o.Body, o.Space, o.Device)
		if err != nil {
			t.Fatal(err)
		}
		if b.Op != docs.OpChange {
			continue
		}
		changes++
		h, err := change.Parse(b.Change)
		if err != nil || h.NOps < 1000 || len(b.Change) > int(h.NOps)*4 {
			t.Errorf("a change of %d operations has %d bytes, %v", h.NOps, len(b.Change), err)
		}
	}
	if changes != 2 {
		t.Errorf("%d changes for %d bytes", changes, text.Len())
	}
}
