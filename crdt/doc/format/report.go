package format

// Loss is something that did not make it from one side to the other.
type Loss struct {
	What  string // one of the codes below; the page says it in words
	Count int
}

// Report lists what got lost, each code once, in the order of appearance. An
// empty one means that everything is there.
type Report []Loss

// The codes of losses. A format may lose more than is named here; then it adds
// a code of its own, in lower case with hyphens.
const (
	LossAlign       = "align"       // alignment of paragraphs
	LossAuthor      = "author"      // who wrote a comment or suggestion
	LossChart       = "chart"       // charts and diagrams
	LossCode        = "code"        // code blocks as such
	LossColor       = "color"       // colours and highlights
	LossComment     = "comment"     // comments
	LossContents    = "contents"    // tables of contents
	LossDrawing     = "drawing"     // drawings, shapes and text boxes
	LossEmbedded    = "embedded"    // objects of other programs
	LossField       = "field"       // computed fields; their last text stays
	LossFont        = "font"        // fonts and sizes
	LossFootnote    = "footnote"    // footnotes
	LossForm        = "form"        // form controls
	LossFormula     = "formula"     // formulas
	LossFrontMatter = "frontMatter" // settings in front of a text
	LossHeader      = "header"      // headers and footers
	LossHeading     = "heading"     // headings deeper than four levels
	LossHistory     = "history"     // who wrote what when
	LossImage       = "image"       // pictures
	LossImageFormat = "imageFormat" // pictures in a format that is not shown
	LossIndent      = "indent"      // indentation and spacing
	LossLink        = "link"        // addresses that are not allowed
	LossList        = "list"        // list markers that do not exist here
	LossMacro       = "macro"       // programs inside the document
	LossMark        = "mark"        // other ways to mark text
	LossMedia       = "media"       // sound and film
	LossMerged      = "merged"      // merged table cells
	LossNested      = "nested"      // tables inside tables, lists or quotes
	LossPage        = "page"        // page size, margins, header and footer
	LossPageBreak   = "pageBreak"   // page breaks
	LossRule        = "rule"        // horizontal rules
	LossSection     = "section"     // columns and sections
	LossSuggestion  = "suggestion"  // suggestions, tracked changes
	LossTable       = "table"       // tables as such
	LossTask        = "task"        // check boxes of tasks
	LossUnderline   = "underline"   // underlining
	LossUnknown     = "unknown"     // blocks of a later version, shown as paragraphs
)

// Add counts a loss.
func (r *Report) Add(what string, count int) {
	if count <= 0 {
		return
	}
	for i := range *r {
		if (*r)[i].What == what {
			(*r)[i].Count += count
			return
		}
	}
	*r = append(*r, Loss{what, count})
}
