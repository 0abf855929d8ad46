package html

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// inline reads an element inside a line: its marks count for what is in it.
func (f *flow) inline(n *html.Node, m rich.Marks) {
	if n.DataAtom == atom.A && f.i.own && f.i.notes[attribute(n, "data-note")] {
		f.add(&rich.Footnote{ID: attribute(n, "data-note")})
		return
	}
	f.children(n, f.i.styled(n, f.i.marked(n, m)))
}

// marked adds the mark that an element stands for.
func (i *importer) marked(n *html.Node, m rich.Marks) rich.Marks {
	switch n.DataAtom {
	case atom.Strong, atom.B:
		m.Strong = true
	case atom.Em, atom.I, atom.Cite, atom.Dfn, atom.Var:
		m.Em = true
	case atom.U:
		m.Underline = true
	case atom.S, atom.Strike:
		m.Strike = true
	case atom.Code, atom.Kbd, atom.Samp, atom.Tt:
		m.Code = true
	case atom.Mark:
		m.Highlight = "#fff3a3"
	case atom.Ins, atom.Del:
		return i.suggested(n, m)
	case atom.A:
		href := strings.TrimSpace(attribute(n, "href"))
		switch {
		case rich.ValidHref(href):
			m.Link = rich.Link{Href: href, Title: attribute(n, "title")}
		case href != "" && !strings.HasPrefix(href, "#"):
			i.lost.Add(format.LossLink, 1)
		}
	case atom.Span:
		if id := attribute(n, "data-comment"); i.comments[id] && !slices.Contains(m.Comments, id) {
			m.Comments = append(slices.Clip(m.Comments), id)
			slices.Sort(m.Comments)
		}
	case atom.Font:
		if color, ok := colorOf(attribute(n, "color")); ok {
			m.Color = color
		}
	case atom.Sub, atom.Sup:
		if !i.own {
			i.lost.Add(format.LossMark, 1)
		}
	}
	return m
}

// suggested reads ins and del: suggestions in a page of ours, else how text looks.
func (i *importer) suggested(n *html.Node, m rich.Marks) rich.Marks {
	id := attribute(n, "data-suggestion")
	if !i.own || !rich.ValidID(id) {
		if n.DataAtom == atom.Ins {
			m.Underline = true
		} else {
			m.Strike = true
		}
		return m
	}
	if !i.suggests[id] {
		i.suggests[id] = true
		i.doc.Suggestions = append(i.doc.Suggestions, rich.Suggestion{ID: id, Name: attribute(n, "data-author"), AtMs: parseWhen(attribute(n, "datetime"))})
	}
	if !slices.ContainsFunc(m.Suggested, func(s rich.Suggested) bool { return s.ID == id }) {
		m.Suggested = append(slices.Clip(m.Suggested), rich.Suggested{ID: id, Delete: n.DataAtom == atom.Del})
		slices.SortFunc(m.Suggested, func(a, b rich.Suggested) int { return strings.Compare(a.ID, b.ID) })
	}
	return m
}

func parseWhen(text string) int64 {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 1970 {
		return 0
	}
	return at.UnixMilli()
}

// styles are the properties of a style attribute.
func styles(n *html.Node) map[string]string {
	text := attribute(n, "style")
	if text == "" || len(text) > 4096 {
		return nil
	}
	all := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		if name, value, ok := strings.Cut(part, ":"); ok {
			all[strings.ToLower(strings.TrimSpace(name))] = strings.ToLower(strings.TrimSpace(value))
		}
	}
	return all
}

// styled adds the marks of a style attribute.
func (i *importer) styled(n *html.Node, m rich.Marks) rich.Marks {
	all := styles(n)
	if color, ok := colorOf(all["color"]); ok {
		m.Color = color
	}
	for _, name := range []string{"background-color", "background"} {
		if color, ok := colorOf(all[name]); ok && color != "#ffffff" {
			m.Highlight = color
		}
	}
	switch weight := all["font-weight"]; weight {
	case "bold", "bolder", "600", "700", "800", "900":
		m.Strong = true
	case "normal", "400":
		m.Strong = false
	}
	if all["font-style"] == "italic" {
		m.Em = true
	}
	line := all["text-decoration"] + all["text-decoration-line"]
	m.Underline = m.Underline || strings.Contains(line, "underline")
	m.Strike = m.Strike || strings.Contains(line, "line-through")
	return m
}

// colorOf reads "#rgb", "#rrggbb" and "rgb(…)"; black and the like are no colour.
func colorOf(text string) (string, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) == 4 && text[0] == '#' {
		text = string([]byte{'#', text[1], text[1], text[2], text[2], text[3], text[3]})
	}
	if inside, ok := strings.CutPrefix(text, "rgb("); ok {
		var rgb [3]int
		if _, err := fmt.Sscanf(strings.ReplaceAll(strings.TrimSuffix(inside, ")"), ",", " "), "%d %d %d", &rgb[0], &rgb[1], &rgb[2]); err != nil {
			return "", false
		}
		text = "#"
		for _, part := range rgb {
			text += fmt.Sprintf("%02x", min(max(part, 0), 255))
		}
	}
	color, ok := rich.ParseColor(text)
	return color, ok && color != "#000000"
}

func alignOf(n *html.Node, outside rich.Align) rich.Align {
	text := styles(n)["text-align"]
	if text == "" {
		text = strings.ToLower(attribute(n, "align"))
	}
	switch align := rich.Align(text); {
	case n.DataAtom == atom.Center:
		return rich.AlignCenter
	case align == rich.AlignLeft || align == rich.AlignCenter || align == rich.AlignRight || align == rich.AlignJustify:
		return align
	}
	return outside
}

// image takes a picture that the page holds itself. Others are not fetched: their
// text stays.
func (f *flow) image(n *html.Node) {
	alt, name := attribute(n, "alt"), attribute(n, "data-name")
	file, lost, err := f.i.pictures.Attach(f.i.ctx, attribute(n, "src"), name)
	if err != nil && f.i.err == nil {
		f.i.err = err
	}
	if file == "" {
		f.i.lost.Add(lost, 1)
		f.text(alt, rich.Marks{})
		return
	}
	f.add(&rich.Image{File: file, Name: name, Alt: alt, Width: pixels(n, "width"), Height: pixels(n, "height")})
}

func pixels(n *html.Node, name string) int {
	size, err := strconv.Atoi(strings.TrimSuffix(attribute(n, name), "px"))
	if err != nil || size < 1 || size > 16384 {
		return 0
	}
	return size
}
