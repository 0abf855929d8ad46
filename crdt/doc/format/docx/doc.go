// Package docx writes and reads the documents of Microsoft Word (ECMA-376,
// Office Open XML): headings, lists, tables, pictures, links, comments in threads,
// footnotes, tracked changes, page settings. What is not named here it reports.
//
// What Word has no element for stands in the names of styles, which Word and
// LibreOffice keep: "Source Code: go" for program text, "Quote 2" for a quotation
// in a quotation, "List Continue 2" for a further paragraph of an item.
package docx
