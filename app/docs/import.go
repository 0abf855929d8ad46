package docs

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"parvis/crdt/doc"
	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
	"parvis/crdt/seal"
)

// Import makes a document in the main space out of a file. The ending of its name
// says the format; what the document cannot hold is in the report.
func (s *Service) Import(ctx context.Context, ws seal.ID, folder, name string, data []byte) (Document, format.Report, error) {
	v, err := s.view(ws)
	if err != nil {
		return Document{}, nil, err
	}
	space := v.team.MainSpace()
	if err := v.mayFile(space); err != nil {
		return Document{}, nil, err
	}
	if len(data) > format.MaxFile {
		return Document{}, nil, fmt.Errorf("a file of %d bytes: %w", len(data), ErrTooLarge)
	}
	ending := strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
	title := strings.TrimSuffix(path.Base(strings.ReplaceAll(name, `\`, "/")), path.Ext(name))
	attached := &attachments{s: s, ws: ws, space: space}
	tree, report, err := s.read(ctx, ending, data, title, attached)
	if err != nil {
		return Document{}, nil, fmt.Errorf("import %.80q: %w", name, err)
	}
	made, err := s.Create(ctx, ws, space, title, folder)
	if err != nil {
		return Document{}, nil, err
	}
	if err := s.fill(ctx, v, made.ID, tree, attached); err != nil {
		err = fmt.Errorf("import %.80q: %w", name, err)
		return Document{}, nil, errors.Join(err, s.SetTrashed(ctx, ws, made.ID, true))
	}
	d, _ := v.list.document(ctx, made.ID)
	return d, report, nil
}

// formatOf is the format that an ending means.
func formatOf(ending string) string {
	switch ending {
	case "markdown":
		return "md"
	case "htm":
		return "html"
	}
	return ending
}

// read reads a file as a tree.
func (s *Service) read(ctx context.Context, ending string, data []byte, title string, attached *attachments) (rich.Document, format.Report, error) {
	if ending == automergeFormat {
		return s.readAutomerge(ctx, data)
	}
	chosen, known := s.config.Formats[formatOf(ending)]
	if !known || chosen.Import == nil {
		return rich.Document{}, nil, fmt.Errorf("ending %.20q: %w", ending, ErrFormat)
	}
	options := format.Options{Title: title}
	if s.config.Files != nil {
		options.Files = attached
	}
	return chosen.Import(ctx, data, options)
}

// readAutomerge reads what a saved document says. Its history stays behind: its
// authors are not here to sign it. So do its pictures, which are not in the file.
func (s *Service) readAutomerge(ctx context.Context, data []byte) (rich.Document, format.Report, error) {
	var tree rich.Document
	err := s.desk.borrow(func(engine doc.Engine) error {
		document, err := engine.Load(ctx, data, doc.ActorOf(seal.ID(seal.Random(32)), doc.ID{}, 0))
		if err != nil {
			return err
		}
		tree, err = rich.Load(ctx, document)
		return errors.Join(err, document.Close())
	})
	if errors.Is(err, doc.ErrUndecodable) || errors.Is(err, doc.ErrMissingDeps) || errors.Is(err, doc.ErrNoObject) {
		err = fmt.Errorf("%w: %w", format.ErrNotThis, err)
	}
	report := format.Report{{What: format.LossHistory, Count: 1}}
	report.Add(format.LossImage, tree.DropImages())
	return tree, report, err
}

// borrow gives the engine to fn.
func (d *desk) borrow(fn func(engine doc.Engine) error) error {
	d.working.Lock()
	defer d.working.Unlock()
	defer d.rest()
	if err := d.start(); err != nil {
		return err
	}
	return fn(d.engine)
}

// fill writes a tree into a new document, a long one in several changes.
func (s *Service) fill(ctx context.Context, v *view, id doc.ID, tree rich.Document, attached *attachments) error {
	for refs := attached.refs; len(refs) > 0; {
		n := min(len(refs), MaxFiles)
		if err := s.tellAll(ctx, v.ws, id, Body{Doc: id, Op: OpFiles, Files: refs[:n]}); err != nil {
			return err
		}
		refs = refs[n:]
	}
	return s.atDesk(ctx, v.ws, id, func(v *view, row DocRow, x *sheet) error {
		for _, count := range parts(tree) {
			part := rich.Document{Blocks: tree.Blocks[:count]}
			if count == len(tree.Blocks) {
				part = tree
			}
			err := s.desk.edit(ctx, v, row, x, func(e doc.Edit) error { return rich.Write(e, part, s.config.Now().UnixMilli()) })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// parts are how many blocks of a tree stand after each of the changes that write it.
func parts(tree rich.Document) []int {
	var counts []int
	size := 0
	for i := range tree.Blocks {
		for _, span := range (rich.Document{Blocks: tree.Blocks[i : i+1]}).Spans() {
			size += 1 + int(doc.Width(span.Text))
		}
		if size >= maxPart && i+1 < len(tree.Blocks) {
			counts, size = append(counts, i+1), 0
		}
	}
	return append(counts, len(tree.Blocks))
}
