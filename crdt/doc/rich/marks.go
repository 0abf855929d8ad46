package rich

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parvis/crdt/doc"
)

// The names of marks in the stream.
const (
	markStrong     = "strong"
	markEm         = "em"
	markUnderline  = "underline"
	markStrike     = "strike"
	markCode       = "code"
	markLink       = "link"
	markColor      = "color"
	markHighlight  = "highlight"
	markComment    = "comment:"
	markSuggestion = "suggestion:"
)

const maxHref = 2048

// IsZero reports whether m is plain text.
func (m Marks) IsZero() bool { return m.Equal(Marks{}) }

// Equal reports whether two pieces of text look alike and belong to the same.
func (m Marks) Equal(o Marks) bool {
	return m.Strong == o.Strong && m.Em == o.Em && m.Underline == o.Underline && m.Strike == o.Strike && m.Code == o.Code &&
		m.Link == o.Link && m.Color == o.Color && m.Highlight == o.Highlight &&
		slices.Equal(m.Comments, o.Comments) && slices.Equal(m.Suggested, o.Suggested) &&
		slices.EqualFunc(m.Other, o.Other, equalMark)
}

// marksOf reads the marks of a span (rules R20 to R23).
func marksOf(marks []doc.Mark) Marks {
	var m Marks
	for _, mark := range marks {
		if !m.set(mark) {
			m.Other = append(m.Other, mark)
		}
	}
	slices.Sort(m.Comments)
	slices.SortFunc(m.Suggested, func(a, b Suggested) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(m.Other, func(a, b doc.Mark) int { return cmp.Compare(a.Name, b.Name) })
	return m
}

// set reports whether the mark is one that is known, with a value that is allowed.
func (m *Marks) set(mark doc.Mark) bool {
	isTrue := mark.Value.Kind == doc.KindBool && mark.Value.Bool
	text, isText := textOf(mark.Value)
	switch {
	case mark.Name == markLink:
		link, ok := parseLink(text)
		m.Link = link
		return isText && ok
	case mark.Name == markColor || mark.Name == markHighlight:
		color, ok := ParseColor(text)
		if !ok || color != text {
			return false
		}
		if mark.Name == markColor {
			m.Color = color
		} else {
			m.Highlight = color
		}
		return true
	case strings.HasPrefix(mark.Name, markComment):
		id := mark.Name[len(markComment):]
		if !isTrue || !ValidID(id) {
			return false
		}
		m.Comments = append(m.Comments, id)
		return true
	case strings.HasPrefix(mark.Name, markSuggestion):
		id := mark.Name[len(markSuggestion):]
		if text != "insert" && text != "delete" || !ValidID(id) {
			return false
		}
		m.Suggested = append(m.Suggested, Suggested{ID: id, Delete: text == "delete"})
		return true
	}
	switch mark.Name {
	case markStrong:
		m.Strong = m.Strong || isTrue
	case markEm:
		m.Em = m.Em || isTrue
	case markUnderline:
		m.Underline = m.Underline || isTrue
	case markStrike:
		m.Strike = m.Strike || isTrue
	case markCode:
		m.Code = m.Code || isTrue
	default:
		return false
	}
	return isTrue
}

// list writes the marks as the stream has them, sorted by name.
func (m Marks) list() []doc.Mark {
	var marks []doc.Mark
	add := func(name string, value doc.Value) { marks = append(marks, doc.Mark{Name: name, Value: value}) }
	flag := func(name string, on bool) {
		if on {
			add(name, doc.Bool(true))
		}
	}
	flag(markStrong, m.Strong)
	flag(markEm, m.Em)
	flag(markUnderline, m.Underline)
	flag(markStrike, m.Strike)
	flag(markCode, m.Code)
	if m.Link.Href != "" {
		add(markLink, doc.String(m.Link.String()))
	}
	if m.Color != "" {
		add(markColor, doc.String(m.Color))
	}
	if m.Highlight != "" {
		add(markHighlight, doc.String(m.Highlight))
	}
	for _, id := range m.Comments {
		add(markComment+id, doc.Bool(true))
	}
	for _, s := range m.Suggested {
		kind := "insert"
		if s.Delete {
			kind = "delete"
		}
		add(markSuggestion+s.ID, doc.String(kind))
	}
	marks = append(marks, m.Other...)
	slices.SortFunc(marks, func(a, b doc.Mark) int { return cmp.Compare(a.Name, b.Name) })
	return marks
}

// ParseColor takes "#" and six hexadecimal digits, and gives them in lower case.
func ParseColor(text string) (color string, ok bool) {
	if len(text) != 7 || text[0] != '#' || strings.Trim(text[1:], "0123456789abcdefABCDEF") != "" {
		return "", false
	}
	return strings.ToLower(text), true
}

// linkJSON is a link in the stream.
type linkJSON struct {
	Href  string `json:"href"`
	Title string `json:"title"`
}

// parseLink reads exactly the keys href and title, as JavaScript does: Go's own
// decoder would take them in any case.
func parseLink(text string) (Link, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &fields) != nil {
		return Link{}, false
	}
	var l Link
	if json.Unmarshal(fields["href"], &l.Href) != nil || !ValidHref(l.Href) {
		return Link{}, false
	}
	if json.Unmarshal(fields["title"], &l.Title) != nil {
		l.Title = ""
	}
	return l, true
}

// String is the link as the stream has it: JSON without spaces, href first.
func (l Link) String() string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // as JavaScript writes it
	if err := encoder.Encode(linkJSON(l)); err != nil {
		return "" // texts can always be written
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// ValidHref reports whether text may be the address of a link (rule R21).
func ValidHref(text string) bool {
	if len(text) > maxHref || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return false
	}
	scheme, rest, _ := strings.Cut(text, ":")
	switch strings.ToLower(scheme) {
	case "http", "https":
		return strings.HasPrefix(rest, "//") && strings.Trim(rest, "/") != ""
	case "mailto", "parvis":
		return rest != ""
	}
	return false
}

// ValidID reports whether text may be the id of a comment or suggestion (rule R23).
func ValidID(text string) bool {
	return text != "" && len(text) <= 64 && strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

func textOf(v doc.Value) (string, bool) { return v.Str, v.Kind == doc.KindString }
