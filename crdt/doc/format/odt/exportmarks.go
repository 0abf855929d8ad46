package odt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// ranges says where comments begin and end. In OpenDocument a comment has one
// range, which may go over several paragraphs but not out of a table cell.
type ranges struct {
	begin, end map[rich.Inline][]string
	lost       int // comments, and further ranges of comments, that have no place
}

// reach is the range of one comment while the text is looked through.
type reach struct {
	last rich.Inline
	cell *rich.Cell
	more bool // text of the comment came again after other text
}

func rangesOf(d rich.Document) ranges {
	r := ranges{begin: map[rich.Inline][]string{}, end: map[rich.Inline][]string{}}
	all := map[string]*reach{}
	var open []string
	eachCommentable(d.Blocks, nil, func(in rich.Inline, cell *rich.Cell) {
		ids := rich.MarksOf(in).Comments
		open = slices.DeleteFunc(open, func(id string) bool { return all[id].cell != cell || !slices.Contains(ids, id) })
		for _, id := range ids {
			switch one := all[id]; {
			case one == nil:
				all[id] = &reach{last: in, cell: cell}
				open = append(open, id)
				r.begin[in] = append(r.begin[in], id)
			case slices.Contains(open, id):
				one.last = in
			default:
				one.more = true
			}
		}
	})
	for _, c := range d.Comments {
		switch one := all[c.ID]; {
		case one == nil:
			r.lost++
		default:
			r.end[one.last] = append(r.end[one.last], c.ID)
			if one.more {
				r.lost++
			}
		}
	}
	return r
}

// eachCommentable gives the pieces of text that can carry a comment, with the cell
// that they lie in.
func eachCommentable(blocks []rich.Node, cell *rich.Cell, yield func(rich.Inline, *rich.Cell)) {
	for _, block := range blocks {
		for _, in := range rich.Line(block) {
			switch in.(type) {
			case *rich.Text, *rich.Break:
				yield(in, cell)
			}
		}
		switch n := block.(type) {
		case *rich.List:
			for _, item := range n.Items {
				eachCommentable(item.Blocks, cell, yield)
			}
		case *rich.Quote:
			eachCommentable(n.Blocks, cell, yield)
		case *rich.Table:
			for i := range n.Rows {
				for j := range n.Rows[i].Cells {
					eachCommentable(n.Rows[i].Cells[j].Blocks, &n.Rows[i].Cells[j], yield)
				}
			}
		}
	}
}

// openComments begins the comments that begin with a piece: with the first message,
// which has the range.
func (e *exporter) openComments(in rich.Inline) {
	for _, id := range e.ranges.begin[in] {
		if c, _ := e.d.Comment(id); len(c.Messages) > 0 {
			e.annotation(c, 0)
		}
	}
}

// closeComments ends comments. The answers follow, as where LibreOffice puts them.
func (e *exporter) closeComments(in rich.Inline) {
	for _, id := range e.ranges.end[in] {
		c, _ := e.d.Comment(id)
		if len(c.Messages) > 0 {
			e.add(`<office:annotation-end office:name="`, annotationName(id, 0), `"/>`)
		}
		for i := 1; i < len(c.Messages); i++ {
			e.annotation(c, i)
		}
	}
}

// annotation writes a message of a comment.
func (e *exporter) annotation(c rich.Comment, n int) {
	m := c.Messages[n]
	e.add(`<office:annotation office:name="`, annotationName(c.ID, n), `" loext:resolved="`, strconv.FormatBool(c.Resolved), `"`)
	if n > 0 {
		e.add(` loext:parent-name="`, annotationName(c.ID, 0), `"`)
	}
	e.add(`><dc:creator>`, esc(e.o.Name(m.Author, m.Name)), `</dc:creator>`)
	if m.AtMs != 0 {
		e.add(`<dc:date>`, date(m.AtMs), `</dc:date>`)
	}
	for text := range strings.SplitSeq(m.Text, "\n") {
		e.add(`<text:p>`, plain(text), `</text:p>`)
	}
	e.add(`</office:annotation>`)
}

func annotationName(id string, n int) string { return fmt.Sprintf("c-%s-%d", esc(id), n) }

func date(atMs int64) string {
	return time.UnixMilli(atMs).UTC().Format("2006-01-02T15:04:05.999Z")
}

// changes are the tracked changes, which stand in front of the text.
type changes struct {
	regions strings.Builder
	count   int
}

// suggested writes a piece inside what is suggested of it. Deleted text does not
// stand in the text but in its change.
func (e *exporter) suggested(in rich.Inline) {
	var inserts []string
	deleted := ""
	for _, s := range rich.MarksOf(in).Suggested {
		switch {
		case !s.Delete:
			name := e.change(s, "insertion", "")
			inserts = append(inserts, name)
			e.add(`<text:change-start text:change-id="`, name, `"/>`)
		case deleted != "":
			e.lost.Add(format.LossSuggestion, 1) // one deletion of one text
		default:
			deleted = s.ID
		}
	}
	if deleted == "" {
		e.run(in)
	} else {
		outside := e.body
		e.body = &strings.Builder{}
		e.run(in)
		content := e.body.String()
		e.body = outside
		e.add(`<text:change text:change-id="`, e.change(rich.Suggested{ID: deleted}, "deletion", `<text:p text:style-name="Text_20_body">`+content+`</text:p>`), `"/>`)
	}
	for _, name := range slices.Backward(inserts) {
		e.add(`<text:change-end text:change-id="`, name, `"/>`)
	}
}

// change adds a change to those in front and gives its name.
func (e *exporter) change(s rich.Suggested, kind, content string) string {
	of := e.suggestions[s.ID]
	e.changes.count++
	name := fmt.Sprintf("s-%s-%d", esc(s.ID), e.changes.count)
	fmt.Fprintf(&e.changes.regions, `<text:changed-region xml:id="%[1]s" text:id="%[1]s"><text:%[2]s><office:change-info><dc:creator>%[3]s</dc:creator><dc:date>%[4]s</dc:date></office:change-info>%[5]s</text:%[2]s></text:changed-region>`,
		name, kind, esc(e.o.Name(of.Author, of.Name)), date(of.AtMs), content)
	return name
}
