package docx

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const contentTypes = head + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
	`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
	`<Default Extension="png" ContentType="image/png"/><Default Extension="jpeg" ContentType="image/jpeg"/><Default Extension="gif" ContentType="image/gif"/><Default Extension="webp" ContentType="image/webp"/>` +
	`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
	`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
	`<Override PartName="/word/numbering.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml"/>` +
	`<Override PartName="/word/settings.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/>` +
	`<Override PartName="/word/comments.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"/>` +
	`<Override PartName="/word/commentsExtended.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.commentsExtended+xml"/>` +
	`<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"/>` +
	`<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/>` +
	`<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>` +
	`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`

// styleSheet is the part with the styles. Names of built-in styles are Word's own,
// so that every language's Word shows them in its words.
func (e *exporter) styleSheet() string {
	var out strings.Builder
	lang := "en-GB"
	if e.o.Lang == "fr" {
		lang = "fr-FR"
	}
	out.WriteString(head + `<w:styles ` + namespaces + `><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Source Serif 4" w:hAnsi="Source Serif 4" w:cs="Times New Roman"/><w:sz w:val="22"/><w:lang w:val="` + lang + `"/></w:rPr></w:rPrDefault>` +
		`<w:pPrDefault><w:pPr><w:spacing w:after="140" w:line="288" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>`)
	style := func(kind, id, name, based, rest string) {
		basedOn, usual := "", ""
		if based != "" {
			basedOn = `<w:basedOn w:val="` + based + `"/>`
		}
		if id == "Normal" || id == "TableNormal" {
			usual = ` w:default="1"`
		}
		fmt.Fprintf(&out, `<w:style w:type="%s"%s w:styleId="%s"><w:name w:val="%s"/>%s<w:qFormat/>%s</w:style>`, kind, usual, id, esc(name), basedOn, rest)
	}
	style("paragraph", "Normal", "Normal", "", "")
	for level, size := range []int{40, 31, 25, 22} {
		style("paragraph", fmt.Sprintf("Heading%d", level+1), fmt.Sprintf("heading %d", level+1), "Normal", fmt.Sprintf(
			`<w:pPr><w:keepNext/><w:spacing w:before="280" w:after="100"/><w:outlineLvl w:val="%d"/></w:pPr><w:rPr><w:b/><w:sz w:val="%d"/></w:rPr>`, level, size))
		style("paragraph", fmt.Sprintf("TOC%d", level+1), fmt.Sprintf("toc %d", level+1), "Normal", fmt.Sprintf(`<w:pPr><w:spacing w:after="40"/><w:ind w:left="%d"/></w:pPr>`, 220*level))
	}
	style("paragraph", "ListParagraph", "List Paragraph", "Normal", `<w:pPr><w:spacing w:after="60"/></w:pPr>`)
	for level := 1; level <= maxLevels; level++ {
		style("paragraph", "ListContinue"+suffix(level), strings.TrimSpace("List Continue "+suffix(level)), "Normal", fmt.Sprintf(`<w:pPr><w:spacing w:after="60"/><w:ind w:left="%d"/></w:pPr>`, 425*level))
	}
	for depth := 1; depth <= maxQuotes; depth++ {
		style("paragraph", "Quote"+suffix(depth), strings.TrimSpace("Quote "+suffix(depth)), "Normal", fmt.Sprintf(
			`<w:pPr><w:pBdr><w:left w:val="single" w:sz="12" w:space="8" w:color="BEBEBE"/></w:pBdr><w:ind w:left="%d"/></w:pPr>`, 340*depth))
		style("paragraph", "QuoteList"+suffix(depth), strings.TrimSpace("Quote List "+suffix(depth)), "Quote"+suffix(depth), "")
	}
	mono := `<w:rPr><w:rFonts w:ascii="Liberation Mono" w:hAnsi="Liberation Mono" w:cs="Courier New"/><w:noProof/><w:sz w:val="19"/></w:rPr>`
	style("paragraph", "SourceCode", "Source Code", "Normal", `<w:pPr><w:shd w:val="clear" w:color="auto" w:fill="F4F3F0"/><w:spacing w:line="240" w:lineRule="auto"/></w:pPr>`+mono)
	for _, id := range slices.Sorted(maps.Keys(e.styles)) {
		style("paragraph", id, "Source Code: "+e.styles[id], "SourceCode", "")
	}
	style("paragraph", "AfterTable", "After Table", "Normal", `<w:pPr><w:spacing w:after="0" w:line="120" w:lineRule="exact"/></w:pPr>`)
	style("paragraph", "FootnoteText", "footnote text", "Normal", `<w:pPr><w:spacing w:after="0"/></w:pPr><w:rPr><w:sz w:val="18"/></w:rPr>`)
	style("paragraph", "Footer", "footer", "Normal", `<w:pPr><w:tabs><w:tab w:val="center" w:pos="4820"/><w:tab w:val="right" w:pos="9640"/></w:tabs></w:pPr><w:rPr><w:sz w:val="18"/></w:rPr>`)
	style("character", "FootnoteReference", "footnote reference", "", `<w:rPr><w:vertAlign w:val="superscript"/></w:rPr>`)
	style("character", "Hyperlink", "Hyperlink", "", `<w:rPr><w:color w:val="0B5A6B"/><w:u w:val="single"/></w:rPr>`)
	style("character", "SourceText", "Source Text", "", mono)
	style("table", "TableNormal", "Normal Table", "", `<w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:left w:w="100" w:type="dxa"/><w:right w:w="100" w:type="dxa"/></w:tblCellMar></w:tblPr>`)
	line := `w:val="single" w:sz="4" w:space="0" w:color="999999"/>`
	style("table", "TableGrid", "Table Grid", "TableNormal", `<w:tblPr><w:tblBorders><w:top `+line+`<w:left `+line+`<w:bottom `+line+`<w:right `+line+`<w:insideH `+line+`<w:insideV `+line+`</w:tblBorders></w:tblPr>`)
	out.WriteString(`</w:styles>`)
	return out.String()
}
