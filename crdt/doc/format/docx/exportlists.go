package docx

import (
	"fmt"
	"strconv"
	"strings"

	"parvis/crdt/doc/rich"
)

// The numberings that all documents of ours have. Numbered lists get further ones,
// so that each counts from its own start.
const (
	numBullets = 1
	numOpen    = 2
	numDone    = 3
	firstNum   = 10
)

// lists are the numbered lists written so far, by number.
type lists struct{ starts []int }

func (l *lists) next(start int) int {
	l.starts = append(l.starts, start)
	return firstNum + len(l.starts) - 1
}

func (e *exporter) list(list *rich.List, at place) {
	if at.depth >= maxLevels {
		e.lost.Add("list", 1)
	}
	number := numBullets
	if list.Kind == rich.Numbered {
		number = e.lists.next(max(list.Start, 1))
	}
	at.depth++
	for _, item := range list.Items {
		if list.Kind == rich.Tasks {
			number = numOpen
			if item.Checked {
				number = numDone
			}
		}
		inside := at
		if !item.Implicit {
			inside.numbers = fmt.Sprintf(`<w:numPr><w:ilvl w:val="%d"/><w:numId w:val="%d"/></w:numPr>`, min(at.depth, maxLevels)-1, number)
		}
		e.blocks(item.Blocks, inside)
	}
}

// numbering is the part that says how lists look.
func (e *exporter) numbering() string {
	var out strings.Builder
	out.WriteString(head + `<w:numbering ` + namespaces + `>`)
	bullets := []string{"•", "◦", "▪"}
	abstract(&out, numBullets, func(level int) (string, string) { return "bullet", bullets[level%3] })
	abstract(&out, numOpen, func(int) (string, string) { return "bullet", "☐" })
	abstract(&out, numDone, func(int) (string, string) { return "bullet", "☑" })
	abstract(&out, firstNum, func(level int) (string, string) {
		return []string{"decimal", "lowerLetter", "lowerRoman"}[level%3], fmt.Sprintf("%%%d.", level+1)
	})
	for _, n := range []int{numBullets, numOpen, numDone} {
		fmt.Fprintf(&out, `<w:num w:numId="%d"><w:abstractNumId w:val="%d"/></w:num>`, n, n)
	}
	for i, start := range e.lists.starts {
		fmt.Fprintf(&out, `<w:num w:numId="%d"><w:abstractNumId w:val="%d"/>`, firstNum+i, firstNum)
		for level := range maxLevels {
			fmt.Fprintf(&out, `<w:lvlOverride w:ilvl="%d"><w:startOverride w:val="%d"/></w:lvlOverride>`, level, start)
		}
		out.WriteString(`</w:num>`)
	}
	out.WriteString(`</w:numbering>`)
	return out.String()
}

func abstract(out *strings.Builder, id int, look func(level int) (format, text string)) {
	fmt.Fprintf(out, `<w:abstractNum w:abstractNumId="%d"><w:multiLevelType w:val="hybridMultilevel"/>`, id)
	for level := range maxLevels {
		format, text := look(level)
		left := strconv.Itoa(425 * (level + 1))
		fmt.Fprintf(out, `<w:lvl w:ilvl="%d"><w:start w:val="1"/><w:numFmt w:val="%s"/><w:lvlText w:val="%s"/><w:lvlJc w:val="left"/><w:pPr><w:ind w:left="%s" w:hanging="340"/></w:pPr></w:lvl>`, level, format, text, left)
	}
	out.WriteString(`</w:abstractNum>`)
}
