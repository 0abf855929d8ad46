package richtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"parvis/crdt/doc/rich"
)

func sortedJoin(parts []string) string {
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// Renumber gives everything the ids n1, k1, m1, s1, t1, r1, c1 … in the order of
// the text, for formats that do not keep ids. The document itself is not changed;
// parts of it may be shared.
func Renumber(d rich.Document) rich.Document {
	r := renumber{notes: map[string]string{}, comments: map[string]string{}, suggestions: map[string]string{}}
	for i, id := range d.NoteOrder() {
		r.notes[id] = fmt.Sprint("n", i+1)
	}
	for i, c := range d.Comments {
		r.comments[c.ID] = fmt.Sprint("k", i+1)
	}
	for i, s := range d.Suggestions {
		r.suggestions[s.ID] = fmt.Sprint("s", i+1)
	}
	out := d
	out.Blocks = r.blocks(d.Blocks)
	out.Notes = map[string][]rich.Inline{}
	for id, note := range maps.All(d.Notes) {
		if name, shown := r.notes[id]; shown {
			out.Notes[name] = r.line(note)
		}
	}
	out.Comments = slices.Clone(d.Comments)
	for i := range out.Comments {
		c := &out.Comments[i]
		c.ID = r.comments[c.ID]
		c.Messages = slices.Clone(c.Messages)
		for j := range c.Messages {
			c.Messages[j].ID = fmt.Sprint("m", j+1)
		}
	}
	out.Suggestions = slices.Clone(d.Suggestions)
	for i := range out.Suggestions {
		out.Suggestions[i].ID = r.suggestions[out.Suggestions[i].ID]
	}
	return out
}

type renumber struct {
	notes, comments, suggestions map[string]string
	tables                       int
}

func (r *renumber) blocks(blocks []rich.Node) []rich.Node {
	var out []rich.Node
	for _, block := range blocks {
		switch n := block.(type) {
		case *rich.Paragraph:
			made := *n
			made.Text = r.line(n.Text)
			block = &made
		case *rich.Heading:
			made := *n
			made.Text = r.line(n.Text)
			block = &made
		case *rich.List:
			made := *n
			made.Items = slices.Clone(n.Items)
			for i := range made.Items {
				made.Items[i].Blocks = r.blocks(made.Items[i].Blocks)
			}
			block = &made
		case *rich.Quote:
			block = &rich.Quote{Blocks: r.blocks(n.Blocks)}
		case *rich.Table:
			block = r.table(n)
		}
		out = append(out, block)
	}
	return out
}

func (r *renumber) table(t *rich.Table) *rich.Table {
	r.tables++
	made := &rich.Table{ID: fmt.Sprint("t", r.tables)}
	for i := range t.Columns {
		made.Columns = append(made.Columns, fmt.Sprint("c", i+1))
	}
	for i, row := range t.Rows {
		copied := rich.Row{ID: fmt.Sprint("r", i+1)}
		for _, cell := range row.Cells {
			copied.Cells = append(copied.Cells, rich.Cell{Header: cell.Header, Blocks: r.blocks(cell.Blocks)})
		}
		made.Rows = append(made.Rows, copied)
	}
	return made
}

func (r *renumber) line(line []rich.Inline) []rich.Inline {
	var out []rich.Inline
	for _, in := range line {
		switch n := in.(type) {
		case *rich.Text:
			in = &rich.Text{Text: n.Text, Marks: r.marks(n.Marks)}
		case *rich.Break:
			in = &rich.Break{Marks: r.marks(n.Marks)}
		case *rich.Footnote:
			in = &rich.Footnote{ID: r.notes[n.ID]}
		}
		out = append(out, in)
	}
	return out
}

func (r *renumber) marks(m rich.Marks) rich.Marks {
	m.Comments, m.Suggested = slices.Clone(m.Comments), slices.Clone(m.Suggested)
	for i, id := range m.Comments {
		m.Comments[i] = or(r.comments[id], id)
	}
	for i, s := range m.Suggested {
		m.Suggested[i].ID = or(r.suggestions[s.ID], s.ID)
	}
	slices.Sort(m.Comments)
	slices.SortFunc(m.Suggested, func(a, b rich.Suggested) int { return strings.Compare(a.ID, b.ID) })
	return m
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
