package odt

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parvis/crdt/doc/rich"
)

// The names of styles that mean something here.
const (
	sourceCode = "Source Code"
	pageBreak  = "Page Break"
	quotations = "Quotations"
	pageNumber = "Page Number"
)

// quoteIndent is how far a quotation stands in, in millimetres.
const quoteIndent = 7

// sheet collects the styles that a document needs.
type sheet struct {
	auto  strings.Builder   // automatic styles of the text
	named map[string]string // by what they are: name
	own   map[string]string // common styles besides those that all files have: name to definition
	lists map[string]listLook
}

func newSheet() *sheet {
	return &sheet{named: map[string]string{}, own: map[string]string{}, lists: map[string]listLook{}}
}

// styleName is the name under which files have a style: what names of XML cannot
// hold stands as its number, as LibreOffice writes it.
func styleName(display string) string {
	var out strings.Builder
	for _, r := range display {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, "_%x_", r)
		}
	}
	return out.String()
}

func quotedName(quotes int) string {
	if quotes < 2 {
		return quotations
	}
	return quotations + " " + strconv.Itoa(quotes)
}

// paragraph is the style of a block: a named one, inside so many quotations, and an
// automatic one on top when the block says something itself.
func (s *sheet) paragraph(name string, align rich.Align, at place) string {
	if strings.HasPrefix(name, sourceCode+": ") {
		s.common(name, sourceCode, "")
	}
	if at.quotes > 0 {
		inside := quotedName(at.quotes)
		properties := fmt.Sprintf(`<style:paragraph-properties fo:margin-left="%dmm" fo:padding-left="2mm" fo:border-left="1.5pt solid #bebebe"/>`, quoteIndent*at.quotes)
		if name == "" {
			s.common(inside, "Text body", properties)
			name = inside
		} else {
			s.common(inside+" "+name, name, properties)
			name = inside + " " + name
		}
	}
	if align == "" && !at.broken {
		return styleName(name)
	}
	properties := ""
	if align != "" {
		properties += ` fo:text-align="` + string(align) + `"`
	}
	if at.broken {
		properties += ` fo:break-before="page"`
	}
	return s.automatic("P", "paragraph", styleName(name), "<style:paragraph-properties"+properties+"/>")
}

func (s *sheet) common(name, parent, properties string) {
	s.own[name] = fmt.Sprintf(`<style:style style:name="%s" style:display-name="%s" style:family="paragraph" style:parent-style-name="%s">%s</style:style>`,
		styleName(name), esc(name), styleName(parent), properties)
}

// automatic is the style of those properties, made when it is new.
func (s *sheet) automatic(letter, family, parent, properties string) string {
	key := family + " " + parent + " " + properties
	if s.named[key] == "" {
		s.named[key] = letter + strconv.Itoa(len(s.named)+1)
		if parent != "" {
			parent = ` style:parent-style-name="` + parent + `"`
		}
		fmt.Fprintf(&s.auto, `<style:style style:name="%s" style:family="%s"%s>%s</style:style>`, s.named[key], family, parent, properties)
	}
	return s.named[key]
}

// look is the style of a run; empty for plain text.
func (s *sheet) look(m rich.Marks) string {
	var out strings.Builder
	if m.Strong {
		out.WriteString(` fo:font-weight="bold" style:font-weight-asian="bold" style:font-weight-complex="bold"`)
	}
	if m.Em {
		out.WriteString(` fo:font-style="italic" style:font-style-asian="italic" style:font-style-complex="italic"`)
	}
	if m.Underline {
		out.WriteString(` style:text-underline-style="solid" style:text-underline-width="auto" style:text-underline-color="font-color"`)
	}
	if m.Strike {
		out.WriteString(` style:text-line-through-style="solid" style:text-line-through-type="single"`)
	}
	if m.Color != "" {
		out.WriteString(` fo:color="` + esc(m.Color) + `"`)
	}
	if m.Highlight != "" {
		out.WriteString(` fo:background-color="` + esc(m.Highlight) + `"`)
	}
	parent := ""
	if m.Code {
		parent = styleName("Source Text")
	}
	if out.Len() == 0 {
		return parent
	}
	return s.automatic("T", "text", parent, "<style:text-properties"+out.String()+"/>")
}

// write is the common styles of the file.
func (s *sheet) write(lang string) string {
	var out strings.Builder
	country := map[string]string{"fr": "FR"}[lang]
	if country == "" {
		lang, country = "en", "GB"
	}
	fmt.Fprintf(&out, `<style:default-style style:family="paragraph"><style:paragraph-properties fo:orphans="2" fo:widows="2" style:tab-stop-distance="12.5mm"/><style:text-properties style:font-name="Source Serif 4" fo:font-size="11pt" fo:language="%s" fo:country="%s"/></style:default-style>`, lang, country)
	out.WriteString(`<style:default-style style:family="table"><style:table-properties table:border-model="collapsing"/></style:default-style>`)
	style := func(family, name, parent, properties string) {
		if parent != "" {
			parent = ` style:parent-style-name="` + styleName(parent) + `"`
		}
		level := ""
		if digit, isHeading := strings.CutPrefix(name, "Heading "); isHeading {
			level = ` style:default-outline-level="` + digit + `"`
		}
		fmt.Fprintf(&out, `<style:style style:name="%s" style:display-name="%s" style:family="%s"%s%s>%s</style:style>`, styleName(name), esc(name), family, parent, level, properties)
	}
	space := func(top, bottom, more string) string {
		return `<style:paragraph-properties fo:margin-top="` + top + `" fo:margin-bottom="` + bottom + `"` + more + `/>`
	}
	paragraph := func(name, parent, properties string) { style("paragraph", name, parent, properties) }
	paragraph("Standard", "", "")
	paragraph("Text body", "Standard", space("0mm", "2.5mm", ` fo:line-height="120%"`))
	for i, size := range []string{"20pt", "15.5pt", "12.5pt", "11pt"} {
		level := strconv.Itoa(i + 1)
		paragraph("Heading "+level, "Standard", space("5mm", "2mm", ` fo:keep-with-next="always"`)+`<style:text-properties fo:font-size="`+size+`" fo:font-weight="bold"/>`)
		paragraph("Contents "+level, "Standard", space("0mm", "0.7mm", fmt.Sprintf(` fo:margin-left="%dmm"`, 4*i)))
	}
	paragraph("Contents Heading", "Standard", space("5mm", "2mm", "")+`<style:text-properties fo:font-size="15.5pt" fo:font-weight="bold"/>`)
	paragraph("List", "Text body", space("0mm", "1mm", ""))
	mono := `<style:text-properties style:font-name="Liberation Mono" fo:font-size="9.5pt" fo:language="zxx" fo:country="none"/>`
	paragraph("Preformatted Text", "Standard", space("0mm", "0mm", "")+mono)
	paragraph(sourceCode, "Preformatted Text", space("0mm", "2.5mm", ` fo:background-color="#f4f3f0" fo:padding="1mm"`))
	paragraph(pageBreak, "Standard", space("0mm", "0mm", ` fo:break-after="page"`)+`<style:text-properties fo:font-size="2pt"/>`)
	paragraph("Table Contents", "Standard", "")
	paragraph("Table Heading", "Table Contents", `<style:text-properties fo:font-weight="bold"/>`)
	paragraph("Footnote", "Standard", `<style:text-properties fo:font-size="9pt"/>`)
	paragraph("Header", "Standard", `<style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="9pt"/>`)
	paragraph("Footer", "Standard", `<style:text-properties fo:font-size="9pt"/>`)
	style("graphic", "Graphics", "", `<style:graphic-properties text:anchor-type="as-char"/>`)
	style("text", pageNumber, "", "")
	style("text", "Internet link", "", `<style:text-properties fo:color="#0b5a6b" style:text-underline-style="solid" style:text-underline-width="auto" style:text-underline-color="font-color"/>`)
	style("text", "Source Text", "", `<style:text-properties style:font-name="Liberation Mono" fo:font-size="9.5pt"/>`)
	for _, name := range slices.Sorted(maps.Keys(s.own)) {
		out.WriteString(s.own[name])
	}
	for _, name := range slices.Sorted(maps.Keys(s.lists)) {
		s.lists[name].write(&out, name)
	}
	out.WriteString(`<text:notes-configuration text:note-class="footnote" style:num-format="1" text:start-value="0" text:footnotes-position="page" text:start-numbering-at="document"/>`)
	return out.String()
}
