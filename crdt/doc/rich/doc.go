// Package rich is the text of a document as a tree: blocks that hold blocks and
// lines of text, with notes, comments and page settings beside it. The document
// itself is a flat stream of characters and markers (SPEC.md in this folder);
// FromSpans builds the tree from it and Spans writes it back. Importers and
// exporters of file formats know only the tree.
package rich
