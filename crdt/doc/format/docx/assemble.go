package docx

import "parvis/crdt/doc/rich"

// entry is a block with what says where it belongs. Word has no containers for
// lists and quotations, only paragraphs that look so.
type entry struct {
	node   rich.Node
	quotes int
	list   *listPlace // an item begins here
	goesOn int        // depth of the list whose last item it belongs to
}

// listPlace is the list of an item.
type listPlace struct {
	level     int // from 0
	numbering string
	look      numbered
	number    int // of the item, where it is numbered
}

// openList is a list that may go on.
type openList struct {
	*rich.List
	numbering string
}

// assemble makes containers of entries.
func assemble(entries []entry) []rich.Node {
	var top []rich.Node
	for at := 0; at < len(entries); {
		if depth := entries[at].quotes; depth > 0 {
			end := at
			for end < len(entries) && entries[end].quotes > 0 {
				entries[end].quotes--
				end++
			}
			top = append(top, &rich.Quote{Blocks: assemble(entries[at:end])})
			at = end
			continue
		}
		if entries[at].list == nil {
			top = append(top, entries[at].node)
			at++
			continue
		}
		end := at + 1
		for end < len(entries) && entries[end].quotes == 0 && (entries[end].list != nil || entries[end].goesOn > 0) {
			end++
		}
		top = append(top, listsOf(entries[at:end])...)
		at = end
	}
	return top
}

// listsOf makes lists of entries of which the first begins an item.
func listsOf(entries []entry) []rich.Node {
	var made []rich.Node
	var open []openList
	for _, e := range entries {
		if e.list == nil {
			open = open[:min(len(open), e.goesOn)]
			last := open[len(open)-1].List
			item := &last.Items[len(last.Items)-1]
			item.Blocks = append(item.Blocks, e.node)
			continue
		}
		level := min(e.list.level, len(open)) // a level that skips one stands directly below
		open = open[:min(len(open), level+1)]
		if len(open) == level+1 && !goesOn(open[level], e.list) {
			open = open[:level]
		}
		if len(open) == level {
			list := openList{&rich.List{Kind: e.list.look.kind}, e.list.numbering}
			if list.Kind == rich.Numbered {
				list.Start = e.list.number
			}
			if level == 0 {
				made = append(made, list.List)
			} else {
				outer := open[level-1].List
				item := &outer.Items[len(outer.Items)-1]
				item.Blocks = append(item.Blocks, list.List)
			}
			open = append(open, list)
		}
		list := open[level].List
		list.Items = append(list.Items, rich.Item{Checked: e.list.look.checked, Blocks: []rich.Node{e.node}})
	}
	return made
}

// goesOn reports whether an item belongs to a list.
func goesOn(list openList, place *listPlace) bool {
	return list.Kind == place.look.kind && (list.Kind != rich.Numbered || list.numbering == place.numbering)
}
