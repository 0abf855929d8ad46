// Package pdf writes documents as PDF: pages of the document's paper with running
// header and footer, page numbers, an outline, footnotes at the foot of their
// page, tables that go on over pages with their header row, pictures and links.
//
// The layout is our own and simple: blocks become lines and rows, which are put on
// pages one after the other; the PDF itself is written by fpdf. Fonts are
// Liberation (SIL Open Font License), which hold Latin, Greek and Cyrillic.
package pdf
