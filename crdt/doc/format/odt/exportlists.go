package odt

import (
	"fmt"
	"strconv"
	"strings"

	"parvis/crdt/doc/rich"
)

// The names of our list styles.
const (
	listBullets = "Bullets"
	listNumbers = "Numbers"
	listTasks   = "Tasks"
	listDone    = "Tasks Done"
)

// list writes a list. Each item is as in the model; blocks that name an item which
// is not there stand in a list header.
func (e *exporter) list(list *rich.List, at place) {
	name := map[rich.ListKind]string{rich.Numbered: listNumbers, rich.Tasks: listTasks}[list.Kind]
	if name == "" {
		name = listBullets
	}
	e.add(`<text:list text:style-name="`, e.sheet.list(name, at.quotes), `">`)
	inside := place{depth: at.depth + 1, cell: at.cell, header: at.header}
	for i, item := range list.Items {
		if item.Implicit {
			e.add("<text:list-header>")
			e.blocks(item.Blocks, inside)
			e.add("</text:list-header>")
			continue
		}
		e.add("<text:list-item")
		if list.Kind == rich.Numbered && i == 0 && list.Start > 1 {
			e.add(` text:start-value="`, strconv.Itoa(list.Start), `"`)
		}
		if list.Kind == rich.Tasks && item.Checked {
			e.add(` text:style-override="`, e.sheet.list(listDone, at.quotes), `"`)
		}
		e.add(">")
		e.blocks(item.Blocks, inside)
		e.add("</text:list-item>")
	}
	e.add("</text:list>")
}

// list is the style of a list inside so many quotations.
func (s *sheet) list(name string, quotes int) string {
	display := name
	if quotes > 0 {
		display = quotedName(quotes) + " " + name
	}
	s.lists[display] = listLook{name, quotes}
	return styleName(display)
}

// listLook is what a list style shows.
type listLook struct {
	name   string
	quotes int
}

const maxListLevels = 10 // that a style describes

// write writes the style with all its levels.
func (l listLook) write(out *strings.Builder, display string) {
	fmt.Fprintf(out, `<text:list-style style:name="%s" style:display-name="%s">`, styleName(display), esc(display))
	for level := 1; level <= maxListLevels; level++ {
		position := fmt.Sprintf(`<style:list-level-properties text:list-level-position-and-space-mode="label-alignment"><style:list-level-label-alignment text:label-followed-by="listtab" text:list-tab-stop-position="%[1]dmm" fo:margin-left="%[1]dmm" fo:text-indent="-6mm"/></style:list-level-properties>`, 7*level+quoteIndent*l.quotes)
		if l.name == listNumbers {
			kind := []string{"1", "a", "i"}[(level-1)%3]
			fmt.Fprintf(out, `<text:list-level-style-number text:level="%d" style:num-format="%s" style:num-suffix=".">%s</text:list-level-style-number>`, level, kind, position)
			continue
		}
		sign := map[string]string{listTasks: "☐", listDone: "☑"}[l.name]
		if sign == "" {
			sign = []string{"•", "◦", "▪"}[(level-1)%3]
		}
		fmt.Fprintf(out, `<text:list-level-style-bullet text:level="%d" text:bullet-char="%s">%s</text:list-level-style-bullet>`, level, sign, position)
	}
	out.WriteString(`</text:list-style>`)
}
