package odt

import (
	"math"
	"strconv"
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// readPage reads the paper of the first page, its header and its footer.
func (i *importer) readPage(around, text *archive.Node, sheet *styles) {
	masters, layouts := around.Child("master-styles"), around.Child("automatic-styles")
	if masters == nil || layouts == nil {
		return
	}
	master := masterOf(masters, sheet, text)
	var layout *archive.Node
	for _, n := range layouts.Children {
		if n.Name == "page-layout" && n.Attr("name") == master.Attr("page-layout-name") {
			layout = n
		}
	}
	i.doc.Page.Size = rich.A4
	i.paper(layout)
	auto := newStyles(&i.common, nil, layouts)
	for _, side := range []string{"header", "footer"} {
		running := master.Child(side)
		if running == nil || running.Attr("display") == "false" {
			continue
		}
		i.running(running, &auto)
		for _, other := range []string{side + "-left", side + "-first"} {
			if n := master.Child(other); n != nil && n.Attr("display") != "false" && strings.TrimSpace(n.Plain()) != "" {
				i.lost.Add(format.LossHeader, 1)
			}
		}
	}
}

// masterOf is the page of the first paragraph.
func masterOf(masters *archive.Node, sheet *styles, text *archive.Node) *archive.Node {
	name := ""
	for _, n := range text.Children {
		if n.Name == "p" || n.Name == "h" || n.Name == "list" || n.Name == "table" || n.Name == "section" {
			for _, s := range sheet.chain("paragraph", n.Attr("style-name")) {
				if name == "" {
					name = s.master
				}
			}
			break
		}
	}
	var found *archive.Node
	for _, n := range masters.Children {
		if n.Name != "master-page" {
			continue
		}
		if found == nil || n.Attr("name") == name || name == "" && n.Attr("name") == "Standard" {
			found = n
		}
	}
	return found
}

// paper reads size and margins. Header and footer stand in the margins here, between
// margins and text there.
func (i *importer) paper(layout *archive.Node) {
	p := layout.Child("page-layout-properties")
	if p == nil {
		return
	}
	page := &i.doc.Page
	width, height := length(p.Attr("page-width")), length(p.Attr("page-height"))
	page.Landscape = width > height
	if page.Landscape {
		width, height = height, width
	}
	switch {
	case near(width, 215.9) && near(height, 279.4):
		page.Size = rich.Letter
	case width != 0 && (!near(width, 210) || !near(height, 297)):
		i.lost.Add(format.LossPage, 1)
	}
	if count, err := strconv.Atoi(p.Child("columns").Attr("column-count")); err == nil && count > 1 {
		i.lost.Add(format.LossSection, 1)
	}
	margin := func(side string, more float64) int {
		text := p.Attr("margin-" + side)
		if text == "" {
			text = p.Attr("margin")
		}
		return min(max(int(math.Round(length(text)+more)), 0), 100)
	}
	page.Top = margin("top", inMargin(layout.Child("header-style", "header-footer-properties"), "margin-bottom"))
	page.Right = margin("right", 0)
	page.Bottom = margin("bottom", inMargin(layout.Child("footer-style", "header-footer-properties"), "margin-top"))
	page.Left = margin("left", 0)
	usual := rich.Page{}
	top, right, bottom, left := usual.Margins()
	if page.Top == top && page.Right == right && page.Bottom == bottom && page.Left == left {
		page.Top, page.Right, page.Bottom, page.Left = 0, 0, 0, 0
	}
}

// inMargin is the height of a header or footer with what is between it and the text.
func inMargin(p *archive.Node, space string) float64 {
	height := length(p.Attr("min-height"))
	if height == 0 {
		height = length(p.Attr("height"))
	}
	return height + length(p.Attr(space))
}

func near(mm, wanted float64) bool { return math.Abs(mm-wanted) <= 2 }

// running reads a header or footer: its text, and whether it numbers the pages.
func (i *importer) running(n *archive.Node, sheet *styles) {
	w := &walker{i: i, sheet: sheet, open: &openRanges{}, margin: true, started: true}
	w.children(n)
	var lines []string
	for block := range (rich.Document{Blocks: grouped(w.out)}).All() {
		if text := rich.PlainText(rich.Line(block)); text != "" {
			lines = append(lines, text)
		}
	}
	text := strings.Join(lines, " ")
	if !i.ours {
		text = strings.TrimSpace(text)
	}
	if w.pageNumbers {
		i.doc.Page.Numbers = true
		if !i.ours {
			text = strings.Trim(text, " /\t")
		}
	}
	if n.Name == "header" {
		i.doc.Page.Header = text
	} else {
		i.doc.Page.Footer = text
	}
}
