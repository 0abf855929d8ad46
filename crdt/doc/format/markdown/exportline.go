package markdown

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// line writes a line; breaks are "\\\n", or "<br>" where there is only one line.
func (e *exporter) line(line []rich.Inline) string {
	var out strings.Builder
	for i, in := range line {
		switch n := in.(type) {
		case *rich.Text:
			out.WriteString(e.text(n, out.String(), line[i+1:]))
			out.WriteString(e.signs(n.Marks))
		case *rich.Break:
			if e.cell || i == len(line)-1 || !startsPlain(line[i+1:]) {
				out.WriteString("<br>")
			} else {
				out.WriteString("\\\n")
			}
			out.WriteString(e.signs(n.Marks))
		case *rich.Image:
			out.WriteString("![" + inLine(n.Alt) + "][" + e.label(n) + "]")
		case *rich.Footnote:
			out.WriteString("[^" + strconv.Itoa(e.notes[n.ID]) + "]")
		case *rich.Unknown:
			e.lost.Add(format.LossUnknown, 1)
		}
	}
	return out.String()
}

// startsPlain reports whether what follows a break begins with text that can begin
// a line.
func startsPlain(rest []rich.Inline) bool {
	text, ok := rest[0].(*rich.Text)
	return ok && !strings.HasPrefix(text.Text, " ")
}

func (e *exporter) label(image *rich.Image) string {
	label, known := e.pictures[*image]
	if !known {
		label = "picture-" + strconv.Itoa(len(e.order)+1)
		e.pictures[*image] = label
		e.order = append(e.order, image)
	}
	return label
}

// signs are the references to the comments of which this was the last piece.
func (e *exporter) signs(m rich.Marks) string {
	out := ""
	for _, id := range m.Comments {
		e.last[id]--
		if n, known := e.comments[id]; known && e.last[id] == 0 {
			out += "[^c" + strconv.Itoa(n) + "]"
		}
	}
	return out
}

// text writes a run with its marks. The signs of Markdown work only between
// certain characters; elsewhere HTML elements stand for them.
func (e *exporter) text(run *rich.Text, before string, after []rich.Inline) string {
	m := run.Marks
	e.lost.Add(format.LossMark, len(m.Other))
	if m.Color != "" || m.Highlight != "" {
		e.lost.Add(format.LossColor, 1)
	}
	text := escaped(run.Text, before == "" || strings.HasSuffix(before, "\\\n") || strings.HasSuffix(before, "<br>"), endsLine(after))
	simple := bounded(before, after) && firstAndLast(run.Text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	around := func(sign, tag string) {
		if simple {
			text = sign + text + sign
		} else {
			text = "<" + tag + ">" + text + "</" + tag + ">"
		}
	}
	if m.Code {
		if !strings.ContainsAny(run.Text, "`|\\") && firstAndLast(run.Text, func(r rune) bool { return r != ' ' }) {
			text = "`" + run.Text + "`"
			simple = simple && bounded(before, after)
		} else {
			text = "<code>" + text + "</code>"
			simple = false
		}
	}
	if m.Strike {
		around("~~", "s")
	}
	if m.Em {
		around("*", "em")
	}
	if m.Strong {
		around("**", "strong")
	}
	if m.Underline {
		text = "<u>" + text + "</u>"
	}
	if m.Link.Href != "" {
		text = linked(text, m.Link)
	}
	for _, id := range m.Comments {
		if n, known := e.comments[id]; known {
			text = `<span data-comment="c` + strconv.Itoa(n) + `">` + text + "</span>"
		}
	}
	return text
}

// bounded reports whether a run stands between spaces, ends of lines and simple
// punctuation.
func bounded(before string, after []rich.Inline) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	if before != "" && last != ' ' && last != '\n' && last != '(' {
		return false
	}
	if len(after) == 0 {
		return true
	}
	next, ok := after[0].(*rich.Text)
	if !ok {
		_, broken := after[0].(*rich.Break)
		return broken
	}
	return next.Marks.IsZero() && strings.ContainsAny(next.Text[:1], " .,;:?)")
}

func endsLine(after []rich.Inline) bool {
	if len(after) == 0 {
		return true
	}
	_, broken := after[0].(*rich.Break)
	return broken
}

func firstAndLast(text string, fits func(rune) bool) bool {
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	return fits(first) && fits(last)
}

func linked(text string, link rich.Link) string {
	title := ""
	if link.Title != "" {
		title = ` "` + quoted(link.Title) + `"`
	}
	href := strings.NewReplacer("<", "%3C", ">", "%3E", `\`, "%5C", "&", "&amp;", "|", "%7C").Replace(link.Href)
	return "[" + text + "](<" + href + ">" + title + ")"
}

// quoted makes text safe inside the quotes of a title.
func quoted(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "\n", " ", "|", "&#124;", "<", "&lt;").Replace(text)
}

// inLine is escaped text in the middle of a line.
func inLine(text string) string {
	return escaped(strings.ReplaceAll(text, "\n", " "), false, false)
}

// escaped writes text so that it is read as text: signs of Markdown get a
// backslash, at the beginning of a line more of them; spaces that would be lost
// are numbers.
func escaped(text string, begins, ends bool) string {
	var out strings.Builder
	runes := []rune(text)
	signs, digits := begins, begins // what came so far is only that
	for i, r := range runes {
		lead, number := signs, digits && i > 0
		signs = signs && strings.ContainsRune("#+-=> ", r)
		digits = digits && r >= '0' && r <= '9'
		edge := begins && i == 0 || ends && i == len(runes)-1
		switch {
		case r == ' ' && edge:
			out.WriteString("&#32;")
		case r == '\t':
			out.WriteString("&#9;")
		case r < ' ' || r == 0x7f:
			// Markdown cannot hold control characters.
		case unicode.IsSpace(r) && r != ' ' || r == 0x2028 || r == 0x2029:
			out.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		case r == '\\' && ends && i == len(runes)-1: // in front of a break, which is a backslash itself
			out.WriteString("&#92;")
		case strings.ContainsRune("\\`*_[]<~|&", r):
			out.WriteString(`\` + string(r))
		case r == ':' && endsWithScheme(string(runes[max(0, i-6):i])), r == '@' && i > 0 && runes[i-1] != ' ',
			r == '.' && i > 2 && strings.EqualFold(string(runes[i-3:i]), "www"):
			out.WriteString(`\` + string(r)) // else an address becomes a link
		case lead && strings.ContainsRune("#+-=>", r):
			out.WriteString(`\` + string(r))
		case r == '!' && i == len(runes)-1: // a link behind it would become a picture
			out.WriteString(`\!`)
		case r == '#' && ends:
			out.WriteString(`\#`)
		case number && (r == '.' || r == ')'):
			out.WriteString(`\` + string(r))
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

func endsWithScheme(text string) bool {
	text = strings.ToLower(text)
	for _, scheme := range []string{"http", "https", "ftp", "mailto", "xmpp"} {
		if strings.HasSuffix(text, scheme) {
			return true
		}
	}
	return false
}

// thread is the lines of a comment: who, when, what.
func (e *exporter) thread(c rich.Comment) []string {
	var lines []string
	for i, m := range c.Messages {
		if i > 0 {
			lines = append(lines, "")
		}
		facts := []string{"time unknown"}
		if m.AtMs != 0 {
			facts[0] = time.UnixMilli(m.AtMs).UTC().Format(time.RFC3339)
		}
		if i == 0 && c.Resolved {
			facts = append(facts, "resolved")
		}
		var text []string
		for line := range strings.SplitSeq(m.Text, "\n") {
			text = append(text, escaped(line, true, true))
		}
		first := "<b>" + escaped(e.o.Name(m.Author, m.Name), false, false) + "</b> (" + strings.Join(facts, ", ") + "): "
		lines = append(lines, strings.Split(first+strings.Join(text, "\\\n"), "\n")...)
	}
	if len(lines) == 0 {
		return []string{emptyLine}
	}
	return lines
}
