package docx

import (
	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// look reads how a run looks: what its style says, then what it says itself.
func (w *walker) look(properties *archive.Node) rich.Marks {
	var m rich.Marks
	chain := w.i.chain(properties.Child("rStyle").Attr("val"))
	for at := len(chain) - 1; at >= 0; at-- {
		switch s := chain[at]; s.name {
		case "source text", "html code", "verbatim char", "teletype", "html keyboard", "html sample", "html typewriter":
			m.Code = true
		case "hyperlink", "followedhyperlink", "internet link", "visited internet link", "footnote reference", "footnote characters", "endnote reference", "footnote anchor", "page number":
		default:
			w.own(&m, s.looks, false)
		}
	}
	w.own(&m, properties, true)
	return m
}

// own adds what a run's or style's properties say. What is said on the run itself
// and has no place here is reported.
func (w *walker) own(m *rich.Marks, p *archive.Node, direct bool) {
	if p == nil {
		return
	}
	for _, n := range p.Children {
		switch n.Name {
		case "b":
			m.Strong = on(n)
		case "i":
			m.Em = on(n)
		case "strike", "dstrike":
			m.Strike = on(n)
		case "u":
			m.Underline = on(n)
		case "color":
			m.Color = w.colorOf(n.Attr("val"))
		case "highlight":
			m.Highlight = highlighters[n.Attr("val")]
		case "shd":
			m.Highlight = colorOf(n.Attr("fill"))
		case "rFonts":
			if isMono(n.Attr("ascii")) {
				m.Code = true
			} else if direct {
				w.report(format.LossFont)
			}
		case "sz":
			if direct && !m.Code {
				w.report(format.LossFont)
			}
		case "vertAlign", "caps", "smallCaps", "outline", "shadow", "emboss", "imprint", "vanish":
			if direct && on(n) && n.Attr("val") != "baseline" {
				w.report(format.LossMark)
			}
		}
	}
}

// report counts a loss, once where a header or note has it too.
func (w *walker) report(what string) { w.i.lost.Add(what, 1) }

// colorOf: black is what text usually is.
func (w *walker) colorOf(text string) string {
	color := colorOf(text)
	if color == "#000000" && !w.ours() {
		return ""
	}
	return color
}
