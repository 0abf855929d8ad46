package rich

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parvis/crdt/doc"
)

// Load reads the whole tree of a document, notes included.
func Load(ctx context.Context, r doc.Reader) (Document, error) {
	spans, err := r.Spans(ctx, "text")
	if err != nil {
		return Document{}, fmt.Errorf("load document: %w", err)
	}
	root, err := r.Root(ctx)
	if err != nil {
		return Document{}, fmt.Errorf("load document: %w", err)
	}
	notes := map[string][]doc.Span{}
	for _, id := range root.Notes {
		notes[id], err = r.Spans(ctx, "notes/"+id)
		if err != nil {
			return Document{}, fmt.Errorf("load note %s: %w", id, err)
		}
	}
	return FromSpans(spans, notes, root), nil
}

// The usual margins in millimetres (rule R28).
const (
	usualTop  = 25
	usualSide = 20
	maxMargin = 100
)

// Margins are the margins in millimetres, the usual ones when none are set.
func (p Page) Margins() (top, right, bottom, left int) {
	if p.Top == 0 && p.Right == 0 && p.Bottom == 0 && p.Left == 0 {
		return usualTop, usualSide, usualTop, usualSide
	}
	return p.Top, p.Right, p.Bottom, p.Left
}

// Paper is the width and height of the paper in millimetres, turned if need be.
func (p Page) Paper() (width, height float64) {
	width, height = 210, 297
	if p.Size == Letter {
		width, height = 215.9, 279.4
	}
	if p.Landscape {
		return height, width
	}
	return width, height
}

func pageOf(p doc.Page) Page {
	page := Page{Size: A4, Landscape: p.Landscape, Header: p.Header, Footer: p.Footer, Numbers: p.Numbers}
	if p.Size == Letter {
		page.Size = Letter
	}
	fields := strings.Fields(p.Margins)
	sides := []*int{&page.Top, &page.Right, &page.Bottom, &page.Left}
	if len(fields) != len(sides) {
		return page
	}
	for i, field := range fields {
		mm, err := strconv.Atoi(field)
		if err != nil || mm < 0 || mm > maxMargin {
			page.Top, page.Right, page.Bottom, page.Left = 0, 0, 0, 0
			return page
		}
		*sides[i] = mm
	}
	return page
}

// threadsOf are the comments and suggestions in the order of rule R27.
func threadsOf(d Document, root doc.Root) ([]Comment, []Suggestion) {
	order := marked(d)
	var comments []Comment
	for _, c := range root.Comments {
		comment := Comment{ID: c.ID, Resolved: c.Resolved}
		for _, m := range c.Messages {
			comment.Messages = append(comment.Messages, Message{ID: m.ID, Author: m.Author, AtMs: m.AtMs, Text: m.Text, Mentions: m.Mentions})
		}
		comments = append(comments, comment)
	}
	var suggestions []Suggestion
	for _, s := range root.Suggestions {
		suggestions = append(suggestions, Suggestion{ID: s.ID, Author: s.Author, AtMs: s.AtMs})
	}
	slices.SortFunc(comments, func(a, b Comment) int { return order.compare(markComment, a.ID, b.ID) })
	slices.SortFunc(suggestions, func(a, b Suggestion) int { return order.compare(markSuggestion, a.ID, b.ID) })
	return comments, suggestions
}

// places is the number of the first text that carries a mark, by the mark's name.
type places map[string]int

func (p places) compare(kind, a, b string) int {
	at := func(id string) int {
		if n, ok := p[kind+id]; ok {
			return n
		}
		return len(p)
	}
	return cmp.Or(cmp.Compare(at(a), at(b)), cmp.Compare(a, b))
}

func marked(d Document) places {
	order := places{}
	note := func(name string) {
		if _, known := order[name]; !known {
			order[name] = len(order)
		}
	}
	for in := range d.Inlines() {
		m := MarksOf(in)
		for _, id := range m.Comments {
			note(markComment + id)
		}
		for _, s := range m.Suggested {
			note(markSuggestion + s.ID)
		}
	}
	return order
}
