package odt

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// maxOpen is how many comments, or insertions, a piece of text may lie in.
const maxOpen = 64

// openRanges are the comments and insertions that what is read lies in.
type openRanges struct {
	comments map[string]int // id to how many of its messages
	points   []string       // comments without a range, which take the next text
	inserts  []openInsert
}

type openInsert struct {
	name string
	is   rich.Suggested
}

// threads ties answers to what they answer.
type threads struct {
	ends   map[string]bool   // names of annotations that have a range
	ids    map[string]string // by name
	places map[string]int    // of comments, by id
	last   string            // id of the comment read last
	ranged bool              // its range began just now
	fresh  bool              // no text came since it was read, or since its range ended
}

func newThreads(text *archive.Node) threads {
	t := threads{ends: map[string]bool{}, ids: map[string]string{}, places: map[string]int{}}
	t.look(text)
	return t
}

func (t *threads) look(n *archive.Node) {
	for _, c := range n.Children {
		if c.Name == "annotation-end" {
			t.ends[c.Attr("name")] = true
		}
		t.look(c)
	}
}

// annotation reads a message of a comment. Files of programs that do not say what a
// message answers have the answers beside it.
func (w *walker) annotation(n *archive.Node) {
	if w.note || w.margin {
		w.i.lost.Add(format.LossComment, 1)
		return
	}
	t := &w.i.threads
	name := n.Attr("name")
	m := rich.Message{Name: n.Child("creator").Plain(), AtMs: timeOf(n.Child("date").Plain()), Text: w.messageOf(n)}
	id := t.ids[n.Attr("parent-name")]
	if id == "" && n.Attr("parent-name") == "" && t.fresh && t.ranged == t.ends[name] && !w.i.ours {
		id = t.last
	}
	isNew := id == ""
	if isNew {
		id = fmt.Sprintf("c%d", len(w.i.doc.Comments)+1)
		t.places[id] = len(w.i.doc.Comments)
		w.i.doc.Comments = append(w.i.doc.Comments, rich.Comment{ID: id, Resolved: n.Attr("resolved") == "true"})
	}
	c := &w.i.doc.Comments[t.places[id]]
	m.ID = fmt.Sprintf("m%d", len(c.Messages)+1)
	c.Messages = append(c.Messages, m)
	t.last, t.ranged, t.fresh = id, t.ends[name], true
	if name != "" {
		t.ids[name] = id
	}
	switch {
	case len(w.open.comments) >= maxOpen || len(w.open.points) >= maxOpen:
		w.i.lost.Add(format.LossComment, 1)
	case t.ends[name]:
		if w.open.comments == nil {
			w.open.comments = map[string]int{}
		}
		w.open.comments[id]++
	case isNew:
		w.point(id)
	}
}

// messageOf is the text of a message, a line for each paragraph.
func (w *walker) messageOf(n *archive.Node) string {
	inside := &walker{i: w.i, sheet: w.sheet, open: &openRanges{}, note: true, started: true}
	var lines []string
	for _, c := range n.Children {
		if c.Name == "p" || c.Name == "list" {
			inside.out = nil
			fresh := w.i.threads
			inside.node(c)
			w.i.threads = fresh
			lines = append(lines, rich.PlainText(rich.OneLine(grouped(inside.out))))
		}
	}
	return strings.Join(lines, "\n")
}

// point gives a comment without a range the word before it, or what comes next.
func (w *walker) point(id string) {
	if last := len(w.line) - 1; last >= 0 {
		if text, ok := w.line[last].(*rich.Text); ok && len(text.Marks.Comments) < maxOpen {
			marks := text.Marks
			marks.Comments = sortedUnique(append(slices.Clone(marks.Comments), id))
			at := strings.LastIndex(strings.TrimRight(text.Text, " "), " ") + 1
			w.line = w.line[:last]
			if at > 0 {
				w.line = append(w.line, &rich.Text{Text: text.Text[:at], Marks: text.Marks})
			}
			w.line = append(w.line, &rich.Text{Text: text.Text[at:], Marks: marks})
			return
		}
	}
	w.open.points = append(w.open.points, id)
}

func (w *walker) annotationEnd(n *archive.Node) {
	id := w.i.threads.ids[n.Attr("name")]
	if w.open.comments[id] == 0 {
		return
	}
	if w.open.comments[id]--; w.open.comments[id] == 0 {
		delete(w.open.comments, id)
		w.i.threads.last, w.i.threads.ranged, w.i.threads.fresh = id, false, true
	}
}

// timeOf reads a time, in Unix milliseconds. LibreOffice writes its local time
// without a zone.
func timeOf(text string) int64 {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return at.UnixMilli()
		}
	}
	return 0
}

// footnote reads a footnote or endnote: its paragraphs become lines.
func (w *walker) footnote(n *archive.Node) {
	if w.note || w.margin {
		w.i.lost.Add(format.LossFootnote, 1)
		return
	}
	inside := &walker{i: w.i, sheet: w.sheet, open: &openRanges{}, note: true, started: true}
	if body := n.Child("note-body"); body != nil {
		inside.children(body)
	}
	id := fmt.Sprintf("n%d", len(w.i.doc.Notes)+1)
	w.i.doc.Notes[id] = rich.OneLine(grouped(inside.out))
	if name := n.Attr("id"); name != "" {
		w.i.notes[name] = id
	}
	w.line = append(w.line, &rich.Footnote{ID: id})
	w.space = false
}

// noteRef reads a further reference to a footnote.
func (w *walker) noteRef(n *archive.Node, m marking) {
	id := w.i.notes[n.Attr("ref-name")]
	if id == "" || w.note || w.margin {
		w.field(n, m)
		return
	}
	w.line = append(w.line, &rich.Footnote{ID: id})
	w.space = false
}

// region is a tracked change.
type region struct {
	is   rich.Suggested
	node *archive.Node // the deletion
}

// readChanges reads the changes that stand in front of the text. Those of one author
// at one time are one suggestion.
func (i *importer) readChanges(n *archive.Node) {
	if n == nil {
		return
	}
	for _, c := range n.Children {
		deletion := c.Child("deletion")
		change := deletion
		if change == nil {
			change = c.Child("insertion")
		}
		if c.Name != "changed-region" || change == nil {
			if c.Child("format-change") != nil {
				i.lost.Add(format.LossSuggestion, 1)
			}
			continue
		}
		info := change.Child("change-info")
		author, date := info.Child("creator").Plain(), info.Child("date").Plain()
		key := fmt.Sprint(author, " ", date, " ", deletion != nil)
		if parts := strings.Split(c.Attr("id"), "-"); i.ours && len(parts) == 3 {
			key = parts[1]
		}
		id := i.suggested[key]
		if id == "" {
			id = fmt.Sprintf("s%d", len(i.suggested)+1)
			i.suggested[key] = id
			i.doc.Suggestions = append(i.doc.Suggestions, rich.Suggestion{ID: id, Name: author, AtMs: timeOf(date)})
		}
		i.regions[c.Attr("id")] = region{rich.Suggested{ID: id, Delete: deletion != nil}, deletion}
	}
}

// maxInside is how many deletions may lie in each other.
const maxInside = 8

// changed begins or ends an insertion, or adds deleted text.
func (w *walker) changed(n *archive.Node, m marking) {
	name := n.Attr("change-id")
	r, ok := w.i.regions[name]
	if !ok {
		return
	}
	switch {
	case n.Name == "change-start" && r.node == nil && len(w.open.inserts) >= maxOpen:
		w.i.lost.Add(format.LossSuggestion, 1)
	case n.Name == "change-start" && r.node == nil:
		w.open.inserts = append(w.open.inserts, openInsert{name, r.is})
	case n.Name == "change-end":
		w.open.inserts = slices.DeleteFunc(w.open.inserts, func(one openInsert) bool { return one.name == name })
	case n.Name == "change" && r.node != nil && len(m.deleted) >= maxInside:
		w.i.lost.Add(format.LossSuggestion, 1)
	case n.Name == "change" && r.node != nil:
		delete(w.i.regions, name)
		m.deleted = append(slices.Clone(m.deleted), r.is)
		w.deleted(r.node, m)
	}
}

// deleted adds the text of a deletion; where paragraphs ended, lines do.
func (w *walker) deleted(n *archive.Node, m marking) {
	first := true
	for _, c := range n.Children {
		if c.Name == "change-info" || c.Name == "" {
			continue
		}
		if !first {
			w.i.lost.Add(format.LossSuggestion, 1)
			w.line = append(w.line, &rich.Break{Marks: w.marks(m)})
		}
		first = false
		if c.Name == "p" || c.Name == "h" {
			w.content(c, m)
		} else {
			w.i.lost.Add(format.LossSuggestion, 1)
			w.put(strings.Join(strings.Fields(c.Plain()), " "), m)
		}
	}
}
