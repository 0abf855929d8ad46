// Package odt writes and reads the text documents of OpenDocument 1.3, the format
// of LibreOffice: headings, lists, tables, pictures, links, comments in threads,
// footnotes, tracked changes, page settings. What is not named here it reports.
//
// What OpenDocument has no element for stands in the names of styles, which
// LibreOffice keeps: "Source Code: go" for program text, "Quotations 2" for a
// quotation in a quotation, "Quotations Bullets" for a list in one, "Tasks Done"
// for a task that is done.
package odt
