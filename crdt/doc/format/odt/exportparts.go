package odt

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif"  // sizes of pictures
	_ "image/jpeg" // sizes of pictures
	_ "image/png"  // sizes of pictures
	"maps"
	"slices"
	"strconv"
	"strings"

	_ "golang.org/x/image/webp" // sizes of pictures

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
)

// mimeType is what the first part of a file says that it is.
const mimeType = "application/vnd.oasis.opendocument.text"

// generator says in a file that it is ours: then each block stands as it was written.
const generator = "Parvis"

const (
	head       = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"
	oasis      = "urn:oasis:names:tc:opendocument:xmlns:"
	namespaces = `xmlns:office="` + oasis + `office:1.0" xmlns:style="` + oasis + `style:1.0" xmlns:text="` + oasis + `text:1.0" xmlns:table="` + oasis + `table:1.0" ` +
		`xmlns:draw="` + oasis + `drawing:1.0" xmlns:fo="` + oasis + `xsl-fo-compatible:1.0" xmlns:svg="` + oasis + `svg-compatible:1.0" xmlns:meta="` + oasis + `meta:1.0" ` +
		`xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:loext="urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0" office:version="1.3"`
	fonts = `<office:font-face-decls><style:font-face style:name="Source Serif 4" svg:font-family="'Source Serif 4'" style:font-family-generic="roman" style:font-pitch="variable"/>` +
		`<style:font-face style:name="Liberation Mono" svg:font-family="'Liberation Mono'" style:font-family-generic="modern" style:font-pitch="fixed"/></office:font-face-decls>`
)

// pictureOf fetches a picture and gives it a part; nil when there is none.
func (e *exporter) pictureOf(file string) *picture {
	if p, known := e.pictures[file]; known {
		return p
	}
	e.pictures[file] = nil
	if e.o.Images == nil || e.err != nil {
		return nil
	}
	data, _, err := e.o.Images.Image(e.ctx, file)
	if err != nil {
		if e.ctx.Err() != nil {
			e.err = e.ctx.Err()
		}
		return nil
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	ending, isPicture := strings.CutPrefix(format.PictureType(data), "image/")
	if err != nil || !isPicture || size.Width == 0 || size.Height == 0 {
		return nil
	}
	count := 0
	for _, p := range e.pictures {
		if p != nil {
			count++
		}
	}
	e.pictures[file] = &picture{part: fmt.Sprintf("Pictures/image%d.%s", count+1, ending), mime: "image/" + ending, data: data, width: size.Width, height: size.Height}
	return e.pictures[file]
}

// write adds all parts; the one that says what the file is comes first, unpacked.
func (e *exporter) write() {
	e.out.Add("mimetype", []byte(mimeType), true)
	part := func(name, content string) { e.out.Add(name, []byte(content), false) }
	part("content.xml", head+`<office:document-content `+namespaces+`>`+fonts+`<office:automatic-styles>`+blockStyles+e.sheet.auto.String()+`</office:automatic-styles><office:body><office:text>`+e.tracked()+e.body.String()+`</office:text></office:body></office:document-content>`)
	part("styles.xml", head+`<office:document-styles `+namespaces+`>`+fonts+`<office:styles>`+e.sheet.write(e.o.Lang)+`</office:styles>`+pageStyles(e.d.Page)+`</office:document-styles>`)
	part("meta.xml", head+`<office:document-meta `+namespaces+`><office:meta><meta:generator>`+generator+`</meta:generator><dc:title>`+esc(e.o.Title)+`</dc:title></office:meta></office:document-meta>`)
	var manifest strings.Builder
	manifest.WriteString(head + `<manifest:manifest xmlns:manifest="` + oasis + `manifest:1.0" manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="` + mimeType + `"/>`)
	entry := func(name, mime string) {
		fmt.Fprintf(&manifest, `<manifest:file-entry manifest:full-path="%s" manifest:media-type="%s"/>`, name, mime)
	}
	for _, name := range []string{"content.xml", "styles.xml", "meta.xml"} {
		entry(name, "text/xml")
	}
	for _, file := range slices.Sorted(maps.Keys(e.pictures)) {
		if p := e.pictures[file]; p != nil {
			e.out.Add(p.part, p.data, true)
			entry(p.part, p.mime)
		}
	}
	part("META-INF/manifest.xml", manifest.String()+`</manifest:manifest>`)
}

// blockStyles are the automatic styles that all files have.
const blockStyles = `<style:style style:name="Table" style:family="table"><style:table-properties style:rel-width="100%" table:align="margins" fo:margin-bottom="3mm"/></style:style>` +
	`<style:style style:name="Cell" style:family="table-cell"><style:table-cell-properties fo:border="0.5pt solid #999999" fo:padding="1.2mm"/></style:style>` +
	`<style:style style:name="HeaderCell" style:family="table-cell"><style:table-cell-properties fo:border="0.5pt solid #999999" fo:padding="1.2mm" fo:background-color="` + headerFill + `"/></style:style>` +
	`<style:style style:name="Picture" style:family="graphic" style:parent-style-name="Graphics"><style:graphic-properties style:vertical-pos="top" style:vertical-rel="baseline"/></style:style>` +
	`<style:style style:name="` + naturalPicture + `" style:family="graphic" style:parent-style-name="Graphics"><style:graphic-properties style:vertical-pos="top" style:vertical-rel="baseline"/></style:style>`

// tracked is the changes in front of the text.
func (e *exporter) tracked() string {
	if e.changes.count == 0 {
		return ""
	}
	return `<text:tracked-changes text:track-changes="false">` + e.changes.regions.String() + `</text:tracked-changes>`
}

// gap is what stands between the text and a header or footer, in millimetres.
const gap = 3

// pageStyles is the paper: header and footer take half of the margins they lie in.
func pageStyles(page rich.Page) string {
	width, height := page.Paper()
	top, right, bottom, left := page.Margins()
	orientation := "portrait"
	if page.Landscape {
		orientation = "landscape"
	}
	marginTop, headerStyle := running("header", page.Header != "", top)
	marginBottom, footerStyle := running("footer", page.Footer != "" || page.Numbers, bottom)
	var out strings.Builder
	fmt.Fprintf(&out, `<office:automatic-styles><style:page-layout style:name="Layout"><style:page-layout-properties fo:page-width="%smm" fo:page-height="%smm" style:print-orientation="%s" fo:margin-top="%smm" fo:margin-right="%dmm" fo:margin-bottom="%smm" fo:margin-left="%dmm"/>%s%s</style:page-layout>`,
		millimetres(width), millimetres(height), orientation, millimetres(marginTop), right, millimetres(marginBottom), left, headerStyle, footerStyle)
	fmt.Fprintf(&out, `<style:style style:name="MP1" style:family="paragraph" style:parent-style-name="Footer"><style:paragraph-properties><style:tab-stops><style:tab-stop style:position="%smm" style:type="right"/></style:tab-stops></style:paragraph-properties></style:style></office:automatic-styles>`,
		millimetres(width-float64(left)-float64(right)))
	out.WriteString(`<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="Layout">`)
	if page.Header != "" {
		out.WriteString(`<style:header><text:p text:style-name="Header">` + plain(page.Header) + `</text:p></style:header>`)
	}
	if page.Footer != "" || page.Numbers {
		out.WriteString(`<style:footer><text:p text:style-name="MP1">` + plain(page.Footer))
		if page.Numbers {
			out.WriteString(`<text:span text:style-name="` + styleName(pageNumber) + `"><text:tab/><text:page-number text:select-page="current">1</text:page-number> / <text:page-count>1</text:page-count></text:span>`)
		}
		out.WriteString(`</text:p></style:footer>`)
	}
	out.WriteString(`</style:master-page></office:master-styles>`)
	return out.String()
}

// running is the style of a header or footer, and what is left of the margin that it
// lies in.
func running(name string, there bool, margin int) (left float64, style string) {
	if !there {
		return float64(margin), ""
	}
	half := float64(margin) / 2
	space := min(gap, half)
	side := "bottom"
	if name == "footer" {
		side = "top"
	}
	return half, fmt.Sprintf(`<style:%[1]s-style><style:header-footer-properties fo:min-height="%[2]smm" fo:margin-%[3]s="%[4]smm"/></style:%[1]s-style>`, name, millimetres(half-space), side, millimetres(space))
}

func millimetres(mm float64) string { return strconv.FormatFloat(mm, 'f', -1, 64) }
