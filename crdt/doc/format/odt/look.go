package odt

import (
	"strings"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// paragraphLook is how the text of a paragraph looks by a style of its own.
func (w *walker) paragraphLook(name string) rich.Marks {
	var m rich.Marks
	if s := w.sheet.find("paragraph", name); s != nil && s.automatic && !w.sheet.roleOf(name).code {
		w.own(&m, s.node.Child("text-properties"), true)
	}
	return m
}

// look adds to how text looks what the style of a span says, and what that is based
// on.
func (w *walker) look(m rich.Marks, name string) rich.Marks {
	chain := w.sheet.chain("text", name)
	for at := len(chain) - 1; at >= 0; at-- {
		s := chain[at]
		if s.automatic {
			w.own(&m, s.node.Child("text-properties"), true)
			continue
		}
		switch strings.ToLower(s.name) {
		case "source text", "teletype", "user entry", "example":
			m.Code = true
		case "internet link", "visited internet link", "footnote symbol", "footnote anchor", "endnote symbol", "endnote anchor", "footnote characters", "page number", "numbering symbols", "bullet symbols", "index link":
		default:
			w.own(&m, s.node.Child("text-properties"), false)
		}
	}
	return m
}

// own adds what a style's properties say. What the text says itself and has no
// place here is reported.
func (w *walker) own(m *rich.Marks, p *archive.Node, direct bool) {
	if p == nil {
		return
	}
	w.fontOf(m, p, direct)
	for name, value := range p.Attrs {
		switch name {
		case "font-weight":
			m.Strong = value == "bold" || value >= "600" && value <= "900"
		case "font-style":
			m.Em = value == "italic" || value == "oblique"
		case "text-underline-style":
			m.Underline = value != "none"
		case "text-line-through-style":
			m.Strike = value != "none"
		case "color":
			m.Color = w.colorOf(value)
		case "background-color":
			m.Highlight, _ = rich.ParseColor(value)
		case "text-position":
			w.odd(direct && (strings.HasPrefix(value, "super") || strings.HasPrefix(value, "sub")))
		case "font-variant":
			w.odd(direct && value != "normal")
		case "text-transform", "text-shadow", "text-emphasize", "font-relief", "text-overline-style":
			w.odd(direct && value != "none")
		case "text-outline", "text-blinking":
			w.odd(direct && value == "true")
		case "display":
			w.odd(direct && value == "none")
		}
	}
	if p.Attr("use-window-font-color") == "true" {
		m.Color = ""
	}
}

// odd reports a way to mark text that does not exist here.
func (w *walker) odd(is bool) {
	if is {
		w.i.lost.Add(format.LossMark, 1)
	}
}

// fontOf: program text is known by its font; other fonts and sizes are reported.
func (w *walker) fontOf(m *rich.Marks, p *archive.Node, direct bool) {
	font := p.Attr("font-name")
	if font == "" {
		font = p.Attr("font-family")
	}
	size := p.Attr("font-size")
	switch {
	case font != "" && w.sheet.isMono(font):
		m.Code = true
	case direct && (font != "" || size != "" && !m.Code):
		w.i.lost.Add(format.LossFont, 1)
	}
}

// colorOf: black is what text usually is.
func (w *walker) colorOf(text string) string {
	color, ok := rich.ParseColor(text)
	if !ok || color == "#000000" && !w.i.ours {
		return ""
	}
	return color
}
