package docx

import (
	"encoding/hex"
	"strconv"
	"strings"

	"parvis/crdt/doc/format/archive"
	"parvis/crdt/doc/rich"
)

// style is what a style says that matters here.
type style struct {
	name    string // in lower case
	shown   string
	based   string
	level   int // of the outline, from 1; 0: none
	num     *archive.Node
	looks   *archive.Node // rPr
	isTable bool
}

func (i *importer) readStyles() error {
	i.styles = map[string]style{}
	root, err := i.file.XML(i.beside("styles.xml"))
	if err != nil || root == nil {
		return err
	}
	for _, n := range root.Children {
		if n.Name != "style" {
			continue
		}
		shown := n.Child("name").Attr("val")
		s := style{name: strings.ToLower(shown), shown: shown, based: n.Child("basedOn").Attr("val"), num: n.Child("pPr", "numPr"), looks: n.Child("rPr"), isTable: n.Attr("type") == "table"}
		if level, err := strconv.Atoi(n.Child("pPr", "outlineLvl").Attr("val")); err == nil && level >= 0 && level < 9 {
			s.level = level + 1
		}
		i.styles[n.Attr("styleId")] = s
	}
	return nil
}

// maxBased is how many styles may be based on each other.
const maxBased = 12

// chain is a style and those it is based on.
func (i *importer) chain(id string) []style {
	var all []style
	for len(all) < maxBased {
		s, ok := i.styles[id]
		if !ok {
			break
		}
		all = append(all, s)
		id = s.based
	}
	return all
}

// role is what a paragraph's style makes of it.
type role struct {
	heading  int
	quotes   int
	goesOn   int // depth of the list whose item it continues
	code     bool
	language string
	skip     bool // ours, behind a table
	title    bool
}

// roleOf looks at a style, then at what it is based on.
func (i *importer) roleOf(id string) role {
	for _, s := range i.chain(id) {
		if r, ok := roleOfName(s); ok {
			return r
		}
	}
	for _, s := range i.chain(id) {
		if s.level > 0 && !strings.HasPrefix(s.name, "toc") {
			return role{heading: s.level}
		}
	}
	return role{}
}

func roleOfName(s style) (role, bool) {
	name := s.name
	switch {
	case strings.HasPrefix(name, "heading "):
		level, err := strconv.Atoi(strings.TrimPrefix(name, "heading "))
		return role{heading: level}, err == nil && level > 0
	case name == "title":
		return role{heading: 1, title: true}, true
	case name == "subtitle":
		return role{heading: 2, title: true}, true
	case strings.HasPrefix(name, "source code: "):
		return role{code: true, language: s.shown[len("source code: "):]}, true
	case name == "source code", name == "preformatted text", name == "html preformatted", name == "code", name == "plain text", name == "macro text":
		return role{code: true}, true
	case name == "quote", name == "intense quote", name == "quotations", name == "block text":
		return role{quotes: 1}, true
	case name == "quote list":
		return role{quotes: 1}, true
	case strings.HasPrefix(name, "quote "):
		name = strings.Replace(name, "quote list ", "quote ", 1)
		depth, err := strconv.Atoi(strings.TrimPrefix(name, "quote "))
		return role{quotes: min(max(depth, 1), maxQuotes)}, err == nil
	case name == "list continue":
		return role{goesOn: 1}, true
	case strings.HasPrefix(name, "list continue "):
		depth, err := strconv.Atoi(strings.TrimPrefix(name, "list continue "))
		return role{goesOn: min(max(depth, 1), maxLevels)}, err == nil
	case name == "after table":
		return role{skip: true}, true
	}
	return role{}, false
}

// numbered is how a level of a numbering looks.
type numbered struct {
	kind    rich.ListKind
	checked bool
	none    bool // no marker at all
	start   int
}

func (i *importer) readNumbering() error {
	i.numbering = map[string]numbered{}
	root, err := i.file.XML(i.beside("numbering.xml"))
	if err != nil || root == nil {
		return err
	}
	levels := map[string]map[string]numbered{}
	for _, n := range root.Children {
		if n.Name == "abstractNum" {
			levels[n.Attr("abstractNumId")] = levelsOf(n)
		}
	}
	for _, n := range root.Children {
		if n.Name != "num" {
			continue
		}
		id := n.Attr("numId")
		for level, look := range levels[n.Child("abstractNumId").Attr("val")] {
			i.numbering[id+"/"+level] = look
		}
		for _, override := range n.Children {
			key := id + "/" + override.Attr("ilvl")
			look := i.numbering[key]
			if level := override.Child("lvl"); level != nil {
				look = levelOf(level)
			}
			if start, err := strconv.Atoi(override.Child("startOverride").Attr("val")); err == nil {
				look.start = start
			}
			if override.Name == "lvlOverride" {
				i.numbering[key] = look
			}
		}
	}
	return nil
}

func levelsOf(n *archive.Node) map[string]numbered {
	all := map[string]numbered{}
	for _, level := range n.Children {
		if level.Name == "lvl" {
			all[level.Attr("ilvl")] = levelOf(level)
		}
	}
	return all
}

func levelOf(level *archive.Node) numbered {
	look := numbered{kind: rich.Numbered, start: 1}
	if start, err := strconv.Atoi(level.Child("start").Attr("val")); err == nil {
		look.start = start
	}
	text := level.Child("lvlText").Attr("val")
	switch level.Child("numFmt").Attr("val") {
	case "bullet":
		look.kind = rich.Bullets
	case "none":
		look.none = true
	}
	if look.kind == rich.Bullets && strings.ContainsAny(text, "☐☑☒✓✔□■\uf0a8\uf0fe\uf06f") {
		look.kind = rich.Tasks
		look.checked = strings.ContainsAny(text, "☑☒✓✔■\uf0fe")
		if text == "■" || text == "□" || text == "\uf06f" || text == "\uf0a8" { // usual bullets too
			look.kind, look.checked = rich.Bullets, false
		}
	}
	return look
}

// monospaced are fonts that program text is written in.
var monospaced = []string{"courier", "consolas", "mono", "menlo", "lucida console", "source code"}

func isMono(font string) bool {
	font = strings.ToLower(font)
	for _, name := range monospaced {
		if strings.Contains(font, name) {
			return true
		}
	}
	return false
}

// colorOf reads "RRGGBB".
func colorOf(text string) string {
	if len(text) != 6 {
		return ""
	}
	if _, err := hex.DecodeString(text); err != nil {
		return ""
	}
	return "#" + strings.ToLower(text)
}

// highlighters are the colours that Word names.
var highlighters = map[string]string{
	"yellow": "#ffff00", "green": "#00ff00", "cyan": "#00ffff", "magenta": "#ff00ff", "blue": "#0000ff", "red": "#ff0000",
	"darkBlue": "#000080", "darkCyan": "#008080", "darkGreen": "#008000", "darkMagenta": "#800080", "darkRed": "#800000",
	"darkYellow": "#808000", "darkGray": "#808080", "lightGray": "#c0c0c0", "black": "#000000",
}
