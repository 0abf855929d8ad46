package odt

import (
	"slices"
	"strconv"
	"strings"

	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// styles are the styles of a part, and those of the file that they are based on.
type styles struct {
	outer *styles
	byKey map[string]*style // family and name
	lists map[string]*listStyle
	fonts map[string]string // names of fonts to families
}

// style is what a style says that matters here.
type style struct {
	name      string // as it is shown
	automatic bool
	based     string
	level     int // of the outline, from 1; 0: none
	master    string
	list      string
	node      *archive.Node
}

func newStyles(outer *styles, fonts, list *archive.Node) styles {
	s := styles{outer: outer, byKey: map[string]*style{}, lists: map[string]*listStyle{}, fonts: map[string]string{}}
	if fonts != nil {
		for _, n := range fonts.Children {
			s.fonts[n.Attr("name")] = n.Attr("font-family")
		}
	}
	if list == nil {
		return s
	}
	for _, n := range list.Children {
		switch n.Name {
		case "style":
			made := &style{name: shownName(n), automatic: list.Name == "automatic-styles", based: n.Attr("parent-style-name"), master: n.Attr("master-page-name"), list: n.Attr("list-style-name"), node: n}
			if level, err := strconv.Atoi(n.Attr("default-outline-level")); err == nil && level > 0 && level <= 10 {
				made.level = level
			}
			s.byKey[n.Attr("family")+" "+n.Attr("name")] = made
		case "list-style":
			s.lists[n.Attr("name")] = listStyleOf(n)
		}
	}
	return s
}

// shownName is the name of a style as people see it.
func shownName(n *archive.Node) string {
	if shown := n.Attr("display-name"); shown != "" {
		return shown
	}
	return unescapeName(n.Attr("name"))
}

// unescapeName is the other way round of styleName.
func unescapeName(name string) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(name, "_")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		number, after, ended := strings.Cut(rest, "_")
		code, err := strconv.ParseUint(number, 16, 20)
		if !ended || err != nil {
			out.WriteString("_")
			name = rest
			continue
		}
		out.WriteRune(rune(code))
		name = after
	}
}

func (s *styles) find(family, name string) *style {
	for ; s != nil; s = s.outer {
		if found := s.byKey[family+" "+name]; found != nil {
			return found
		}
	}
	return nil
}

func (s *styles) listStyle(name string) *listStyle {
	for ; s != nil; s = s.outer {
		if found := s.lists[name]; found != nil {
			return found
		}
	}
	return nil
}

// maxBased is how many styles may be based on each other.
const maxBased = 12

// chain is a style and those it is based on.
func (s *styles) chain(family, name string) []*style {
	var all []*style
	for len(all) < maxBased && name != "" {
		found := s.find(family, name)
		if found == nil {
			break
		}
		all = append(all, found)
		name = found.based
	}
	return all
}

// isMono reports whether program text is written in a font.
func (s *styles) isMono(font string) bool {
	for at := s; at != nil; at = at.outer {
		if family := at.fonts[font]; family != "" {
			font = family
			break
		}
	}
	font = strings.ToLower(font)
	return slices.ContainsFunc([]string{"courier", "consolas", "mono", "menlo", "lucida console", "source code"}, func(name string) bool { return strings.Contains(font, name) })
}

// role is what a paragraph's style makes of it.
type role struct {
	heading   int
	quotes    int
	code      bool
	whole     bool // a paragraph is a whole program text
	language  string
	rule      bool // a horizontal line
	pageBreak bool
}

// roleOf looks at a style, then at what it is based on.
func (s *styles) roleOf(name string) role {
	var made role
	for _, one := range s.chain("paragraph", name) {
		if one.automatic {
			continue
		}
		quotes, rest := quotesOf(one.name)
		made.quotes = max(made.quotes, quotes)
		if made.named(rest) {
			return made
		}
		if one.level > 0 {
			made.heading = one.level
			return made
		}
	}
	return made
}

// named takes the meaning of a style's name and reports whether it has one.
func (r *role) named(name string) bool {
	lower := strings.ToLower(name)
	switch lower {
	case "title":
		r.heading = 1
	case "subtitle":
		r.heading = 2
	case "source code":
		r.code, r.whole = true, true
	case "preformatted text", "html preformatted", "plain text", "code":
		r.code = true
	case "quote", "intense quote", "block text", "block quotation":
		r.quotes = max(r.quotes, 1)
	case "horizontal line":
		r.rule = true
	case "page break":
		r.pageBreak = true
	default:
		if strings.HasPrefix(lower, "source code: ") {
			r.code, r.whole, r.language = true, true, name[len("source code: "):]
		}
		if level, err := strconv.Atoi(strings.TrimPrefix(lower, "heading ")); err == nil && strings.HasPrefix(lower, "heading ") && level > 0 && level <= 10 {
			r.heading = level
		}
	}
	return *r != role{quotes: r.quotes} || r.quotes > 0 && name == ""
}

const maxQuotes = 24

// quotesOf takes the depth of quotations from the front of a style's name.
func quotesOf(name string) (quotes int, rest string) {
	if !strings.HasPrefix(strings.ToLower(name), strings.ToLower(quotations)) {
		return 0, name
	}
	rest = name[len(quotations):]
	if rest != "" && rest[0] != ' ' {
		return 0, name
	}
	first, after, _ := strings.Cut(strings.TrimPrefix(rest, " "), " ")
	if depth, err := strconv.Atoi(first); err == nil && depth > 0 {
		return min(depth, maxQuotes), after
	}
	return 1, strings.TrimPrefix(rest, " ")
}

// listStyle is how the levels of a list look, and in how many quotations it stands.
type listStyle struct {
	quotes int
	levels map[int]listLevel
}

// listLevel is one level of a list.
type listLevel struct {
	kind    rich.ListKind
	checked bool
	none    bool // no marker at all
	start   int
}

func listStyleOf(n *archive.Node) *listStyle {
	s := &listStyle{levels: map[int]listLevel{}}
	s.quotes, _ = quotesOf(shownName(n))
	for _, one := range n.Children {
		level, err := strconv.Atoi(one.Attr("level"))
		if err != nil {
			continue
		}
		look := listLevel{kind: rich.Bullets, start: 1}
		switch one.Name {
		case "list-level-style-number":
			look.kind = rich.Numbered
			look.none = one.Attr("num-format") == "" && one.Attr("num-prefix") == "" && one.Attr("num-suffix") == ""
			if start, err := strconv.Atoi(one.Attr("start-value")); err == nil {
				look.start = start
			}
		case "list-level-style-bullet":
			sign := one.Attr("bullet-char")
			if sign != "" && strings.ContainsAny(sign, "☐☑☒✓✔") {
				look.kind, look.checked = rich.Tasks, sign != "☐"
			}
		}
		s.levels[level] = look
	}
	return s
}

// at is the look of a level; deeper ones than described look like the deepest.
func (s *listStyle) at(level int) listLevel {
	if s == nil {
		return listLevel{kind: rich.Bullets, start: 1}
	}
	for ; level > 0; level-- {
		if look, ok := s.levels[level]; ok {
			return look
		}
	}
	return listLevel{kind: rich.Bullets, start: 1}
}
