package cli

// lossWords says in words what a file format could not hold, by the codes of the
// report.
var lossWords = map[string]string{
	"align": "alignment of paragraphs", "author": "authors of comments or suggestions", "chart": "charts and diagrams",
	"code": "code blocks as such", "color": "colours and highlights", "comment": "comments", "contents": "tables of contents",
	"drawing": "drawings, shapes and text boxes", "embedded": "objects of other programs",
	"field": "computed fields (their last text stays)", "font": "fonts and sizes", "footnote": "footnotes", "form": "form controls",
	"formula": "formulas", "frontMatter": "settings in front of the text", "header": "headers and footers",
	"heading": "headings deeper than four levels", "history": "the history of who wrote what when", "image": "pictures", "imageFormat": "pictures in a format that is not shown",
	"indent": "indentation and spacing", "link": "addresses that are not allowed", "list": "list markers that do not exist here",
	"macro": "programs inside the document", "mark": "other ways to mark text, such as superscript", "media": "sound and film",
	"merged": "merged table cells", "nested": "tables inside tables, lists or quotes", "page": "page size, margins, header and footer",
	"pageBreak": "page breaks", "rule": "horizontal rules", "section": "columns and sections",
	"suggestion": "suggestions and tracked changes", "table": "tables as such", "task": "check boxes of tasks",
	"underline": "underlining", "unknown": "blocks of a later version of Parvis, which became paragraphs",
}

// lossText is a code in words; one that is not known here is named as it is.
func lossText(code string) string {
	if words, ok := lossWords[code]; ok {
		return words
	}
	return code
}
