package html

import (
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"parvis/crdt/doc/format"
)

// droppedAs reports whether the content of an element is not taken, and what that
// is called; some have nothing that anybody would miss.
func droppedAs(n *html.Node) (code string, dropped bool) {
	if n.Namespace != "" {
		if n.Data == "math" {
			return format.LossFormula, true
		}
		return format.LossDrawing, true
	}
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Meta, atom.Link, atom.Base, atom.Template, atom.Noscript, atom.Col, atom.Colgroup,
		atom.Caption, atom.Param, atom.Source, atom.Track, atom.Wbr, atom.Area, atom.Map, atom.Datalist, atom.Dialog:
		return "", true
	case atom.Iframe, atom.Object, atom.Embed, atom.Applet, atom.Frame, atom.Frameset, atom.Noframes:
		return format.LossEmbedded, true
	case atom.Audio, atom.Video:
		return format.LossMedia, true
	case atom.Canvas, atom.Svg:
		return format.LossDrawing, true
	case atom.Math:
		return format.LossFormula, true
	case atom.Input:
		if attribute(n, "type") == "checkbox" || attribute(n, "type") == "hidden" {
			return "", true
		}
		return format.LossForm, true
	case atom.Select, atom.Textarea, atom.Button, atom.Progress, atom.Meter, atom.Output, atom.Keygen:
		return format.LossForm, true
	}
	return "", false
}

// isBlock reports whether an element begins and ends a line.
func isBlock(a atom.Atom) bool {
	switch a {
	case atom.Html, atom.Body, atom.Div, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Address, atom.Figure, atom.Figcaption,
		atom.Center, atom.Li, atom.Dl, atom.Dt, atom.Dd, atom.Form, atom.Fieldset, atom.Legend, atom.Details, atom.Summary, atom.Hgroup, atom.Search,
		atom.Tr, atom.Td, atom.Th, atom.Tbody, atom.Thead, atom.Tfoot, atom.Optgroup, atom.Option, atom.Listing, atom.Plaintext, atom.Xmp:
		return true
	}
	return false
}
