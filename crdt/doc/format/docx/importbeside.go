package docx

import (
	"fmt"
	"strings"
	"time"

	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// readComments reads the comments and ties answers to what they answer.
func (i *importer) readComments() error {
	i.threads = map[string]string{}
	root, err := i.file.XML(i.beside("comments.xml"))
	if err != nil || root == nil {
		return err
	}
	parents, done, err := i.readThreads()
	if err != nil {
		return err
	}
	places := map[string]int{} // id of a last paragraph to the place of its thread
	for _, n := range root.Children {
		if n.Name != "comment" {
			continue
		}
		m := rich.Message{ID: fmt.Sprintf("m%s", n.Attr("id")), Name: n.Attr("author"), Text: textOf(n)}
		if at, err := time.Parse(time.RFC3339, zoned(n.Attr("date"))); err == nil {
			m.AtMs = at.UnixMilli()
		}
		paragraph := lastParagraph(n)
		if place, ok := places[parents[paragraph]]; ok && parents[paragraph] != "" {
			c := &i.doc.Comments[place]
			c.Messages = append(c.Messages, m)
			continue
		}
		id := fmt.Sprintf("c%d", len(i.doc.Comments)+1)
		i.threads[n.Attr("id")] = id
		places[paragraph] = len(i.doc.Comments)
		i.doc.Comments = append(i.doc.Comments, rich.Comment{ID: id, Resolved: done[paragraph], Messages: []rich.Message{m}})
	}
	return nil
}

// zoned: Word writes its local time without a zone.
func zoned(text string) string {
	if len(text) == len("2006-01-02T15:04:05") {
		return text + "Z"
	}
	return text
}

func textOf(n *archive.Node) string {
	var lines []string
	for _, p := range n.Children {
		if p.Name == "p" {
			lines = append(lines, plainOf(p))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// plainOf is the text of a paragraph, with its line breaks.
func plainOf(n *archive.Node) string {
	switch n.Name {
	case "t", "":
		return n.Text + childText(n)
	case "br", "cr":
		return "\n"
	case "tab":
		return "\t"
	case "pPr", "rPr", "annotationRef":
		return ""
	}
	return childText(n)
}

func childText(n *archive.Node) string {
	var text strings.Builder
	for _, c := range n.Children {
		if c.Name != "" || n.Name == "t" {
			text.WriteString(plainOf(c))
		}
	}
	return text.String()
}

func lastParagraph(n *archive.Node) string {
	id := ""
	for _, p := range n.Children {
		if p.Name == "p" {
			id = p.Attr("paraId")
		}
	}
	return id
}

func (i *importer) readThreads() (parents map[string]string, done map[string]bool, err error) {
	parents, done = map[string]string{}, map[string]bool{}
	root, err := i.file.XML(i.beside("commentsExtended.xml"))
	if err != nil || root == nil {
		return parents, done, err
	}
	for _, n := range root.Children {
		id := n.Attr("paraId")
		parents[id] = n.Attr("paraIdParent")
		done[id] = n.Attr("done") == "1" || n.Attr("done") == "true"
	}
	return parents, done, nil
}

// readNotes reads footnotes and endnotes: their paragraphs become lines.
func (i *importer) readNotes() error {
	i.notes = map[string]string{}
	for _, kind := range []string{"footnote", "endnote"} {
		part := i.beside(kind + "s.xml")
		root, err := i.file.XML(part)
		if err != nil {
			return err
		}
		if root == nil {
			continue
		}
		if i.relations, err = i.readRelations(part); err != nil {
			return err
		}
		for _, n := range root.Children {
			if n.Name != kind || n.Attr("type") != "" && n.Attr("type") != "normal" {
				continue
			}
			w := walker{i: i, note: true}
			w.children(n, marking{})
			var line []rich.Inline
			for _, e := range w.done() {
				if len(line) > 0 {
					line = append(line, &rich.Break{})
				}
				line = append(line, rich.Line(e.node)...)
			}
			id := fmt.Sprintf("n%d", len(i.notes)+1)
			i.notes[kind+" "+n.Attr("id")] = id
			i.doc.Notes[id] = trimmed(line)
		}
	}
	return nil
}

// trimmed takes the space away that stands between a note's number and its text.
func trimmed(line []rich.Inline) []rich.Inline {
	if len(line) == 0 {
		return line
	}
	first, ok := line[0].(*rich.Text)
	if !ok {
		return line
	}
	text := strings.TrimLeft(first.Text, " \t\u00a0")
	if text == "" {
		return trimmed(line[1:])
	}
	return append([]rich.Inline{&rich.Text{Text: text, Marks: first.Marks}}, line[1:]...)
}
