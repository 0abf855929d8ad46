package html

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// MaxFile is the most bytes of a page that Import reads, without the pictures that
// stand in it: a page takes fifty times as much while it is read.
const MaxFile = 4 << 20

// maxDepth is how deep lists and quotes may lie in each other; deeper ones lose
// their frame, not their text.
const maxDepth = 20

// Import reads a web page; it is a format.Importer. Pages of ours come back as
// they were; of others the text and what looks like something we know.
func Import(ctx context.Context, data []byte, o format.Options) (rich.Document, format.Report, error) {
	if len(data) > format.MaxFile {
		return rich.Document{}, nil, fmt.Errorf("read html: %w", format.ErrTooLarge)
	}
	if !format.IsText(data) {
		return rich.Document{}, nil, fmt.Errorf("read html: %w", format.ErrNotThis)
	}
	pictures := format.NewPictures(o.Files)
	data = pictures.Cut(data)
	if len(data) > MaxFile {
		return rich.Document{}, nil, fmt.Errorf("read html: %w", format.ErrTooLarge)
	}
	root, err := html.Parse(strings.NewReader(format.Text(data))) // it limits the depth itself
	if err != nil {
		return rich.Document{}, nil, fmt.Errorf("read html: %w: %w", format.ErrNotThis, err)
	}
	i := importer{ctx: ctx, pictures: pictures, doc: rich.Document{Notes: map[string][]rich.Inline{}}, own: isOurs(root)}
	i.beside(root)
	flow := flow{i: &i, into: &i.doc.Blocks}
	flow.children(root, rich.Marks{})
	flow.close()
	if err := errors.Join(i.err, ctx.Err()); err != nil {
		return rich.Document{}, nil, fmt.Errorf("read html: %w", err)
	}
	return i.doc.Settled(), i.lost, nil
}

// importer is what one import knows.
type importer struct {
	ctx      context.Context
	pictures *format.Pictures
	doc      rich.Document
	lost     format.Report
	own      bool // a page of ours: white space is as it was written
	err      error
	// The comments and notes of a page of ours, which the text may refer to.
	comments map[string]bool
	notes    map[string]bool
	suggests map[string]bool
}

func isOurs(root *html.Node) bool {
	body := find(root, func(n *html.Node) bool { return n.DataAtom == atom.Body })
	return body != nil && attribute(body, "data-parvis") == "1"
}

// find gives the first element for which fits holds.
func find(n *html.Node, fits func(*html.Node) bool) *html.Node {
	for node := range n.Descendants() {
		if node.Type == html.ElementNode && fits(node) {
			return node
		}
	}
	return nil
}

// child gives the first child that is such an element.
func child(n *html.Node, kind atom.Atom) *html.Node {
	for node := range n.ChildNodes() {
		if node.DataAtom == kind {
			return node
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return true
		}
	}
	return false
}

// beside reads what lies beside the text in a page of ours: settings, notes and
// comments.
func (i *importer) beside(root *html.Node) {
	i.comments, i.notes, i.suggests = map[string]bool{}, map[string]bool{}, map[string]bool{}
	if !i.own {
		return
	}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		switch {
		case node.DataAtom == atom.Meta && attribute(node, "name") == "parvis-page":
			i.page(attribute(node, "content"))
		case node.Parent.DataAtom != atom.Body:
			// Comments and notes stand at the end of the page, not in each other.
		case node.DataAtom == atom.Aside && has(node, "data-comments"):
			i.threads(node)
		case node.DataAtom == atom.Section && has(node, "data-notes"):
			i.noteTexts(node)
		}
	}
}

func (i *importer) page(content string) {
	var page rich.Page
	if json.Unmarshal([]byte(content), &page) != nil {
		return
	}
	if page.Size != rich.Letter {
		page.Size = rich.A4
	}
	for _, side := range []*int{&page.Top, &page.Right, &page.Bottom, &page.Left} {
		*side = min(max(*side, 0), 100)
	}
	i.doc.Page = page
}

func (i *importer) noteTexts(section *html.Node) {
	for node := range section.Descendants() {
		id := attribute(node, "data-note")
		if node.DataAtom != atom.Li || id == "" || len(id) > 64 || i.notes[id] {
			continue
		}
		var blocks []rich.Node
		flow := flow{i: i, into: &blocks, depth: maxDepth}
		flow.children(node, rich.Marks{})
		flow.close()
		i.notes[id] = true
		i.doc.Notes[id] = rich.OneLine(blocks)
	}
}

func (i *importer) threads(aside *html.Node) {
	for node := range aside.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		id := attribute(node, "data-comment")
		switch {
		case node.DataAtom == atom.Li && rich.ValidID(id) && !i.comments[id]:
			i.comments[id] = true
			i.doc.Comments = append(i.doc.Comments, rich.Comment{ID: id, Resolved: attribute(node, "data-resolved") == "true"})
		case node.DataAtom == atom.P && node.Parent.DataAtom == atom.Li && has(node, "data-message") && len(i.doc.Comments) > 0:
			last := &i.doc.Comments[len(i.doc.Comments)-1]
			message := rich.Message{ID: attribute(node, "data-message"), Name: attribute(node, "data-author")}
			if at := child(node, atom.Time); at != nil {
				message.AtMs = parseWhen(attribute(at, "datetime"))
			}
			if text := child(node, atom.Q); text != nil {
				message.Text = plain(text)
			}
			last.Messages = append(last.Messages, message)
		}
	}
}

// plain is the text inside an element, with "\n" for br.
func plain(n *html.Node) string {
	var out strings.Builder
	for node := range n.Descendants() {
		switch {
		case node.Type == html.TextNode:
			out.WriteString(node.Data)
		case node.DataAtom == atom.Br:
			out.WriteByte('\n')
		}
	}
	return out.String()
}
