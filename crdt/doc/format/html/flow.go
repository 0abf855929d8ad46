package html

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// flow fills a list of blocks: lines are collected in an open paragraph until a
// block element ends it.
type flow struct {
	i     *importer
	into  *[]rich.Node
	depth int
	align rich.Align
	line  *rich.Paragraph // open; nil when none is
	space bool            // white space that is not yet written
}

func (f *flow) children(n *html.Node, m rich.Marks) {
	for child := range n.ChildNodes() {
		if f.i.ctx.Err() != nil {
			return
		}
		switch child.Type {
		case html.TextNode:
			f.text(child.Data, m)
		case html.ElementNode:
			f.element(child, m)
		case html.DocumentNode:
			f.children(child, m)
		}
	}
}

// text adds text to the line; white space of foreign pages counts once and not at
// the ends of a line.
func (f *flow) text(text string, m rich.Marks) {
	if f.i.own {
		if f.line != nil || strings.Trim(text, "\n") != "" {
			f.put(strings.ReplaceAll(text, "\n", " "), m)
		}
		return
	}
	const white = " \t\n\r\f"
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(white, r) })
	if len(words) == 0 {
		f.space = f.space || text != ""
		return
	}
	leads := strings.ContainsRune(white, rune(text[0]))
	joined := strings.Join(words, " ")
	if (leads || f.space) && f.line != nil && !f.endsWithSpace() {
		joined = " " + joined
	}
	f.space = strings.ContainsRune(white, rune(text[len(text)-1]))
	f.put(joined, m)
}

func (f *flow) endsWithSpace() bool {
	line := f.line.Text
	if len(line) == 0 {
		return true
	}
	_, broken := line[len(line)-1].(*rich.Break)
	return broken
}

// put adds text as it is.
func (f *flow) put(text string, m rich.Marks) {
	if text == "" {
		return
	}
	line := f.open()
	line.Text = rich.AppendText(line.Text, text, m)
}

// add adds a piece that is no text.
func (f *flow) add(in rich.Inline) {
	line := f.open()
	if f.space && len(line.Text) > 0 && !f.i.own {
		line.Text = rich.AppendText(line.Text, " ", rich.Marks{})
	}
	f.space = false
	line.Text = append(line.Text, in)
}

func (f *flow) open() *rich.Paragraph {
	if f.line == nil {
		f.line = &rich.Paragraph{Align: f.align}
		*f.into = append(*f.into, f.line)
	}
	return f.line
}

// close ends the line. A break at the end of a foreign line makes no line of its
// own, as in a browser.
func (f *flow) close() {
	if f.line != nil && !f.i.own {
		if n := len(f.line.Text); n > 1 {
			if _, broken := f.line.Text[n-1].(*rich.Break); broken {
				f.line.Text = f.line.Text[:n-1]
			}
		}
	}
	f.line, f.space = nil, false
}

func (f *flow) block(node rich.Node) {
	f.close()
	*f.into = append(*f.into, node)
}

// element reads an element by its kind: one inside a line, a block, or one whose
// content is not taken.
func (f *flow) element(n *html.Node, m rich.Marks) {
	if code, dropped := droppedAs(n); dropped {
		if code != "" {
			f.i.lost.Add(code, 1)
		}
		return
	}
	switch n.DataAtom {
	case atom.Br:
		f.open()
		f.space = false
		f.line.Text = append(f.line.Text, &rich.Break{Marks: m})
	case atom.Img:
		f.image(n)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		f.heading(n)
	case atom.Pre:
		f.code(n)
	case atom.Ul, atom.Ol, atom.Menu, atom.Dir:
		f.list(n)
	case atom.Blockquote:
		f.quote(n)
	case atom.Table:
		f.table(n)
	case atom.Hr:
		f.rule(n)
	case atom.Nav:
		if has(n, "data-contents") {
			f.contents()
		} else {
			f.inner(n, m)
		}
	case atom.Aside, atom.Section:
		if !f.i.own || !has(n, "data-comments") && !has(n, "data-notes") {
			f.inner(n, m)
		}
	case atom.P:
		f.paragraph(n, m)
	default:
		if isBlock(n.DataAtom) {
			f.inner(n, m)
		} else {
			f.inline(n, m)
		}
	}
}

// paragraph reads a paragraph. An empty one counts in a page of ours only.
func (f *flow) paragraph(n *html.Node, m rich.Marks) {
	before := len(*f.into)
	f.inner(n, m)
	if f.i.own && len(*f.into) == before {
		f.block(&rich.Paragraph{Align: alignOf(n, "")})
		f.close()
	}
}

// inner reads a block that only ends lines and may align them.
func (f *flow) inner(n *html.Node, m rich.Marks) {
	f.close()
	outside := f.align
	f.align = alignOf(n, outside)
	f.children(n, f.i.styled(n, m))
	f.close()
	f.align = outside
}

// sub reads the content of an element into blocks of its own.
func (f *flow) sub(n *html.Node) []rich.Node {
	var blocks []rich.Node
	inside := flow{i: f.i, into: &blocks, depth: f.depth + 1}
	inside.children(n, rich.Marks{})
	inside.close()
	return blocks
}

func (f *flow) heading(n *html.Node) {
	level := int(n.Data[1] - '0')
	if level > 4 {
		f.i.lost.Add(format.LossHeading, 1)
		level = 4
	}
	blocks := f.sub(n)
	f.block(&rich.Heading{Level: level, Align: alignOf(n, f.align), Text: rich.OneLine(blocks)})
	f.close()
}

func (f *flow) code(n *html.Node) {
	language := ""
	for _, node := range []*html.Node{n, n.FirstChild} {
		if node == nil {
			continue
		}
		for class := range strings.FieldsSeq(attribute(node, "class")) {
			for _, prefix := range []string{"language-", "lang-"} {
				if name, ok := strings.CutPrefix(class, prefix); ok && language == "" && len(name) <= 32 {
					language = name
				}
			}
		}
	}
	text := plain(n)
	if !f.i.own {
		text = strings.TrimSuffix(text, "\n")
	}
	f.block(&rich.Code{Language: language, Text: text})
	f.close()
}

func (f *flow) quote(n *html.Node) {
	if f.depth >= maxDepth {
		f.i.lost.Add(format.LossNested, 1)
		f.inner(n, rich.Marks{})
		return
	}
	if blocks := f.sub(n); len(blocks) > 0 {
		f.block(&rich.Quote{Blocks: blocks})
		f.close()
	}
}

func (f *flow) rule(n *html.Node) {
	switch {
	case !has(n, "data-page-break"):
		f.close()
		f.i.lost.Add(format.LossRule, 1)
	case f.depth > 0:
		f.i.lost.Add(format.LossPageBreak, 1)
	default:
		f.block(&rich.PageBreak{})
		f.close()
	}
}

func (f *flow) contents() {
	if f.depth > 0 {
		f.i.lost.Add(format.LossContents, 1)
		return
	}
	f.block(&rich.Contents{})
	f.close()
}
