package markdown

import (
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// line reads the text inside a block.
func (i *importer) line(node ast.Node) []rich.Inline {
	reader := lineReader{i: i}
	reader.children(node, rich.Marks{})
	return reader.line
}

// lineReader reads one line. HTML elements are open from their beginning to their
// end, whatever signs of Markdown lie between.
type lineReader struct {
	i    *importer
	line []rich.Inline
	open []element
}

type element struct {
	name    string
	comment string // id, for a span that is one
}

// marks are the marks of the signs and those of the open elements.
func (r *lineReader) marks(m rich.Marks) rich.Marks {
	m.Comments = slices.Clone(m.Comments)
	for _, e := range r.open {
		switch e.name {
		case "strong", "b":
			m.Strong = true
		case "em", "i":
			m.Em = true
		case "u", "ins":
			m.Underline = true
		case "s", "del", "strike":
			m.Strike = true
		case "code", "kbd", "samp", "tt":
			m.Code = true
		case "mark":
			m.Highlight = "#fff3a3"
		}
		if e.comment != "" && !slices.Contains(m.Comments, e.comment) {
			m.Comments = append(m.Comments, e.comment)
		}
	}
	slices.Sort(m.Comments)
	return m
}

func (r *lineReader) put(text string, m rich.Marks) {
	r.line = rich.AppendText(r.line, text, r.marks(m))
}

func (r *lineReader) children(node ast.Node, m rich.Marks) {
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		r.inline(child, m)
	}
}

func (r *lineReader) inline(node ast.Node, m rich.Marks) {
	source := r.i.source
	switch n := node.(type) {
	case *ast.Text:
		value := string(n.Value(source))
		if !n.IsRaw() {
			value = unescaped(value)
		}
		r.put(value, m)
		switch {
		case n.HardLineBreak():
			r.line = append(r.line, &rich.Break{Marks: r.marks(m)})
		case n.SoftLineBreak():
			r.put(" ", m)
		}
	case *ast.String:
		r.put(string(n.Value), m)
	case *ast.CodeSpan:
		m.Code = true
		for child := n.FirstChild(); child != nil; child = child.NextSibling() {
			if text, ok := child.(*ast.Text); ok {
				r.put(strings.ReplaceAll(string(text.Value(source)), "\n", " "), m)
			}
		}
	case *ast.Emphasis:
		if n.Level >= 2 {
			m.Strong = true
		} else {
			m.Em = true
		}
		r.children(n, m)
	case *extast.Strikethrough:
		m.Strike = true
		r.children(n, m)
	case *ast.Link:
		m.Link = r.i.link(string(n.Destination), string(n.Title))
		r.children(n, m)
	case *ast.AutoLink:
		m.Link = r.i.link(string(n.URL(source)), "")
		if n.AutoLinkType == ast.AutoLinkEmail && m.Link.Href == "" {
			m.Link = r.i.link("mailto:"+string(n.URL(source)), "")
		}
		r.put(string(n.Label(source)), m)
	case *ast.Image:
		r.image(n, m)
	case *ast.RawHTML:
		r.html(string(n.Segments.Value(source)), m)
	case *extast.FootnoteLink:
		r.note(n)
	}
}

// link takes an address that is allowed.
func (i *importer) link(href, title string) rich.Link {
	href = unescaped(href)
	if !rich.ValidHref(href) {
		if href != "" && !strings.HasPrefix(href, "#") && !strings.Contains(href, "@") {
			i.lost.Add(format.LossLink, 1)
		}
		return rich.Link{}
	}
	return rich.Link{Href: href, Title: unescaped(title)}
}

// maxOpen is how many HTML elements can be open in a line; more are ignored.
const maxOpen = 64

// tag is an HTML tag inside a line.
var tag = regexp.MustCompile(`^<(/?)([a-zA-Z][a-zA-Z0-9]*)`)

// commentSpan is how the text of a comment is marked.
var commentSpan = regexp.MustCompile(`^<span data-comment="(c[0-9]{1,6})">$`)

func (r *lineReader) html(source string, m rich.Marks) {
	found := tag.FindStringSubmatch(source)
	if found == nil {
		return // a comment
	}
	name := strings.ToLower(found[2])
	switch {
	case name == "br":
		r.line = append(r.line, &rich.Break{Marks: r.marks(m)})
	case found[1] != "":
		for at := len(r.open) - 1; at >= 0; at-- {
			if r.open[at].name == name {
				r.open = slices.Delete(r.open, at, at+1)
				break
			}
		}
	case !strings.HasSuffix(source, "/>") && len(r.open) < maxOpen:
		opened := element{name: name}
		if span := commentSpan.FindStringSubmatch(source); span != nil {
			opened.comment = span[1]
			r.i.commented[span[1]] = true
		}
		r.open = append(r.open, opened)
	}
}

// note reads a reference to a footnote, or the end of a comment's text.
func (r *lineReader) note(link *extast.FootnoteLink) {
	definition, ok := r.i.footnotes[link.Index]
	if !ok || commentLabel.Match(definition.Ref) && r.i.commented[string(definition.Ref)] {
		return
	}
	r.line = append(r.line, &rich.Footnote{ID: noteID(definition)})
}

func noteID(n *extast.Footnote) string { return "n" + strconv.Itoa(n.Index) }

// readNotes reads the definitions: comments, and the notes that are left.
func (i *importer) readNotes() {
	used := map[string]bool{}
	for in := range i.doc.Inlines() {
		if note, ok := in.(*rich.Footnote); ok {
			used[note.ID] = true
		}
	}
	for _, index := range slices.Sorted(maps.Keys(i.footnotes)) {
		definition := i.footnotes[index]
		label := string(definition.Ref)
		switch {
		case i.commented[label]:
			i.doc.Comments = append(i.doc.Comments, i.thread(label, definition))
		case used[noteID(definition)]:
			line := rich.OneLine(i.blocks(definition, maxDepth))
			i.doc.Notes[noteID(definition)] = line
		}
	}
}

// messageFacts is what stands behind the author of a message.
var messageFacts = regexp.MustCompile(`^ \(([^()]*)\): ?`)

// thread reads a comment: each paragraph that begins with a name is a message.
func (i *importer) thread(id string, definition ast.Node) rich.Comment {
	c := rich.Comment{ID: id}
	for child := definition.FirstChild(); child != nil; child = child.NextSibling() {
		line := i.line(child)
		if len(line) == 0 {
			continue
		}
		m := rich.Message{ID: "m" + strconv.Itoa(len(c.Messages)+1)}
		if name, ok := line[0].(*rich.Text); ok && name.Marks.Strong {
			m.Name = name.Text
			line = line[1:]
		}
		m.Text = rich.PlainText(line)
		if found := messageFacts.FindStringSubmatch(m.Text); found != nil {
			m.Text = m.Text[len(found[0]):]
			for part := range strings.SplitSeq(found[1], ", ") {
				if at, err := time.Parse(time.RFC3339, part); err == nil && at.Year() >= 1970 {
					m.AtMs = at.UnixMilli()
				}
				c.Resolved = c.Resolved || part == "resolved"
			}
		}
		if m.Name != "" || m.Text != "\n" {
			c.Messages = append(c.Messages, m)
		}
	}
	return c
}

// unescaped takes the backslashes and entities out of a text.
func unescaped(source string) string {
	if !strings.ContainsAny(source, `\&`) {
		return source
	}
	var out strings.Builder
	for at := 0; at < len(source); at++ {
		switch b := source[at]; {
		case b == '\\' && at+1 < len(source) && util.IsPunct(source[at+1]):
			at++
			out.WriteByte(source[at])
		case b == '&':
			end := strings.IndexByte(source[at:min(len(source), at+40)], ';')
			if end < 0 {
				out.WriteByte(b)
				continue
			}
			entity := source[at : at+end+1]
			plain := html.UnescapeString(entity)
			if plain == entity {
				out.WriteByte(b)
				continue
			}
			out.WriteString(strings.ReplaceAll(plain, "\x00", "\ufffd"))
			at += end
		default:
			out.WriteByte(b)
		}
	}
	return out.String()
}
