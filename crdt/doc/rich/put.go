package rich

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"parvis/crdt/doc"
)

// Write puts the document into an engine's document that has none of it yet: the
// text, the notes, comments, suggestions and the page. The ids are kept. Messages
// without a time get atMs, Unix milliseconds. Since a document knows its authors
// by who writes, a message of somebody else from a file has the name in front.
func Write(e doc.Edit, d Document, atMs int64) error {
	if err := e.SetSpans("text", d.Spans()); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(d.Notes)) {
		if err := e.SetSpans("notes/"+id, NoteSpans(d.Notes[id])); err != nil {
			return err
		}
	}
	put := putter{edit: e, atMs: atMs}
	for _, c := range d.Comments {
		put.comment(c)
	}
	for _, s := range d.Suggestions {
		put.value(doc.Int(put.time(s.AtMs)), "suggestions", s.ID, "at")
	}
	put.page(d.Page)
	return put.err
}

// putter writes the values beside the text until the first error.
type putter struct {
	edit doc.Edit
	atMs int64
	err  error
}

func (p *putter) value(v doc.Value, path ...string) {
	if p.err == nil {
		p.err = p.edit.Put(path, v)
	}
}

func (p *putter) time(atMs int64) int64 {
	if atMs == 0 {
		return p.atMs
	}
	return atMs
}

func (p *putter) comment(c Comment) {
	p.value(doc.Bool(c.Resolved), "comments", c.ID, "resolved")
	for i, m := range c.Messages {
		id := orMade(m.ID, "m", i+1)
		text := m.Text
		if m.Name != "" {
			text = m.Name + ": " + text
		}
		var mentions []string
		for _, person := range m.Mentions {
			mentions = append(mentions, person.String())
		}
		p.value(doc.String(text), "comments", c.ID, "messages", id, "text")
		p.value(doc.Int(p.time(m.AtMs)), "comments", c.ID, "messages", id, "at")
		p.value(doc.String(strings.Join(mentions, ",")), "comments", c.ID, "messages", id, "mentions")
	}
}

// page writes what is not usual.
func (p *putter) page(page Page) {
	if page.Size == Letter {
		p.value(doc.String(Letter), "page", "size")
	}
	if page.Landscape {
		p.value(doc.Bool(true), "page", "landscape")
	}
	if page.Top != 0 || page.Right != 0 || page.Bottom != 0 || page.Left != 0 {
		sides := make([]string, 0, 4)
		for _, mm := range []int{page.Top, page.Right, page.Bottom, page.Left} {
			sides = append(sides, strconv.Itoa(min(max(mm, 0), maxMargin)))
		}
		p.value(doc.String(strings.Join(sides, " ")), "page", "margins")
	}
	if page.Header != "" {
		p.value(doc.String(page.Header), "page", "header")
	}
	if page.Footer != "" {
		p.value(doc.String(page.Footer), "page", "footer")
	}
	if page.Numbers {
		p.value(doc.Bool(true), "page", "numbers")
	}
}
