package rich_test

import (
	"maps"
	"slices"

	"parvis/crdt/doc/rich"
)

// The form of a tree in testdata. Fields with their usual value are left out.

type object = map[string]any

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// with adds a field unless it has its zero value.
func with[V comparable](o object, name string, v V) object {
	var zero V
	if v != zero {
		o[name] = v
	}
	return o
}

func treeJSON(blocks []rich.Node) []object {
	out := []object{}
	for _, block := range blocks {
		out = append(out, nodeJSON(block))
	}
	return out
}

func nodeJSON(block rich.Node) object {
	switch n := block.(type) {
	case *rich.Paragraph:
		o := object{"type": "paragraph", "text": lineJSON(n.Text)}
		with(o, "align", string(n.Align))
		with(o, "ghost", n.Ghost)
		return with(o, "unknown", n.Unknown != nil)
	case *rich.Heading:
		return with(object{"type": "heading", "level": n.Level, "text": lineJSON(n.Text)}, "align", string(n.Align))
	case *rich.Code:
		return with(object{"type": "code", "content": n.Text}, "language", n.Language)
	case *rich.List:
		items := []object{}
		for _, item := range n.Items {
			o := object{"blocks": treeJSON(item.Blocks)}
			with(o, "checked", item.Checked)
			items = append(items, with(o, "implicit", item.Implicit))
		}
		return with(object{"type": "list", "kind": string(n.Kind), "items": items}, "start", n.Start)
	case *rich.Quote:
		return object{"type": "quote", "blocks": treeJSON(n.Blocks)}
	case *rich.Table:
		rows := []object{}
		for _, row := range n.Rows {
			cells := []object{}
			for _, cell := range row.Cells {
				cells = append(cells, with(object{"blocks": treeJSON(cell.Blocks)}, "header", cell.Header))
			}
			rows = append(rows, object{"id": row.ID, "cells": cells})
		}
		return object{"type": "table", "id": n.ID, "columns": n.Columns, "rows": rows}
	case *rich.PageBreak:
		return object{"type": "page-break"}
	case *rich.Contents:
		return object{"type": "contents"}
	}
	return nil
}

func lineJSON(line []rich.Inline) []object {
	out := []object{}
	for _, in := range line {
		switch n := in.(type) {
		case *rich.Text:
			out = append(out, marksJSON(object{"text": n.Text}, n.Marks))
		case *rich.Break:
			out = append(out, marksJSON(object{"break": true}, n.Marks))
		case *rich.Image:
			o := object{"file": n.File}
			with(o, "name", n.Name)
			with(o, "alt", n.Alt)
			with(o, "width", n.Width)
			out = append(out, object{"image": with(o, "height", n.Height)})
		case *rich.Footnote:
			out = append(out, object{"footnote": n.ID})
		case *rich.Unknown:
			out = append(out, object{"unknown": n.Marker.Type})
		}
	}
	return out
}

func marksJSON(o object, m rich.Marks) object {
	marks := object{}
	with(marks, "strong", m.Strong)
	with(marks, "em", m.Em)
	with(marks, "underline", m.Underline)
	with(marks, "strike", m.Strike)
	with(marks, "code", m.Code)
	if m.Link.Href != "" {
		marks["link"] = with(object{"href": m.Link.Href}, "title", m.Link.Title)
	}
	with(marks, "color", m.Color)
	with(marks, "highlight", m.Highlight)
	if len(m.Comments) > 0 {
		marks["comments"] = m.Comments
	}
	suggested := object{}
	for _, s := range m.Suggested {
		suggested[s.ID] = "insert"
		if s.Delete {
			suggested[s.ID] = "delete"
		}
	}
	if len(suggested) > 0 {
		marks["suggested"] = suggested
	}
	var other []string
	for _, mark := range m.Other {
		other = append(other, mark.Name)
	}
	if other != nil {
		marks["other"] = other
	}
	if len(marks) > 0 {
		o["marks"] = marks
	}
	return o
}
