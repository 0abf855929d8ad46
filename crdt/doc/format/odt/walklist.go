package odt

import (
	"strconv"

	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// list reads a list. What its style does not number stands as it would without it.
func (w *walker) list(n *archive.Node) { w.listOf(n, "", 1) }

func (w *walker) listOf(n *archive.Node, outer string, level int) {
	name := n.Attr("style-name")
	if name == "" {
		name = outer
	}
	l := listReader{w: w, name: name, level: level, style: w.sheet.listStyle(name), id: n.Attr("id")}
	look := l.style.at(level)
	l.next = look.start
	if from := n.Attr("continue-list"); from != "" {
		l.goOn(from)
	} else if n.Attr("continue-numbering") == "true" {
		l.goOn("style " + name)
	}
	for _, c := range n.Children {
		if c.Name == "list-item" || c.Name == "list-header" {
			l.item(c, look)
		}
	}
	l.end()
}

// listReader reads the items of one list.
type listReader struct {
	w     *walker
	name  string
	id    string
	level int
	style *listStyle
	made  *rich.List
	next  int // number of the next item
}

func (l *listReader) goOn(from string) {
	if count, ok := l.w.i.counts[from+" "+strconv.Itoa(l.level)]; ok {
		l.next = count
	}
}

func (l *listReader) item(n *archive.Node, look listLevel) {
	if override := l.w.sheet.listStyle(n.Attr("style-override")); override != nil {
		look = override.at(l.level)
	}
	inside := l.w.inner()
	inside.depth++
	l.w.started = true
	if look.none || onlyHeadings(n) {
		inside.depth--
	}
	for _, c := range n.Children {
		if c.Name == "list" {
			inside.listOf(c, l.name, l.level+1)
		} else {
			inside.node(c)
		}
	}
	if inside.depth == l.w.depth { // not an item
		l.end()
		l.w.out = append(l.w.out, inside.out...)
		return
	}
	start, err := strconv.Atoi(n.Attr("start-value"))
	restarts := err == nil && start >= 0
	if restarts {
		l.next = start
	}
	if l.made == nil || l.made.Kind != look.kind || restarts && len(l.made.Items) > 0 {
		l.end()
		l.made = &rich.List{Kind: look.kind}
		if look.kind == rich.Numbered {
			l.made.Start = l.next
		}
	}
	item := rich.Item{Checked: look.kind == rich.Tasks && look.checked, Blocks: grouped(inside.out), Implicit: n.Name == "list-header" || startsWithList(n)}
	if !item.Implicit {
		l.next++
	}
	if _, isParagraph := first(item.Blocks).(*rich.Paragraph); !isParagraph && !item.Implicit {
		item.Blocks = append([]rich.Node{&rich.Paragraph{}}, item.Blocks...)
	}
	l.made.Items = append(l.made.Items, item)
}

// end adds the list, so far as it was read. The first item of a list that begins
// deeper belongs to the last item of the list before it, whatever that looks like.
func (l *listReader) end() {
	made := l.made
	l.made = nil
	if made == nil {
		return
	}
	for _, key := range []string{l.id, "style " + l.name} {
		l.w.i.counts[key+" "+strconv.Itoa(l.level)] = l.next
	}
	quotes := 0
	if l.style != nil {
		quotes = l.style.quotes
	}
	if last := len(l.w.out) - 1; last >= 0 && !l.w.i.ours && made.Items[0].Implicit && l.w.out[last].quotes == quotes {
		if before, ok := l.w.out[last].node.(*rich.List); ok {
			item := &before.Items[len(before.Items)-1]
			item.Blocks = append(item.Blocks, made.Items[0].Blocks...)
			if made.Items = made.Items[1:]; len(made.Items) == 0 {
				return
			}
		}
	}
	l.w.out = append(l.w.out, placed{made, quotes})
}

// onlyHeadings reports whether an item is headings, which other programs number by
// lists.
func onlyHeadings(n *archive.Node) bool {
	found := false
	for _, c := range n.Children {
		switch c.Name {
		case "h":
			found = true
		case "p":
			return false
		case "list":
			for _, inner := range c.Children {
				if inner.Name == "list-item" && !onlyHeadings(inner) {
					return false
				}
				found = true
			}
		}
	}
	return found
}

// startsWithList reports whether an item has no text of its own.
func startsWithList(n *archive.Node) bool {
	for _, c := range n.Children {
		switch c.Name {
		case "list":
			return true
		case "p", "h":
			return false
		}
	}
	return false
}

func first(blocks []rich.Node) rich.Node {
	if len(blocks) == 0 {
		return nil
	}
	return blocks[0]
}
