package app

import (
	"path/filepath"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/doc/format/docx"
	"parvis/crdt/doc/format/html"
	"parvis/crdt/doc/format/markdown"
	"parvis/crdt/doc/format/odt"
	"parvis/crdt/doc/format/pdf"
	"parvis/crdt/doc/format/text"
	"parvis/crdt/doc/wasm"
)

// formats are the file formats of documents, by the endings of their files.
func formats() map[string]docs.Format {
	return map[string]docs.Format{
		"md":   {Mime: "text/markdown; charset=utf-8", Export: markdown.Export, Import: markdown.Import},
		"html": {Mime: "text/html; charset=utf-8", Export: html.Export, Import: html.Import},
		"txt":  {Mime: "text/plain; charset=utf-8", Export: text.Export, Import: text.Import},
		"docx": {Mime: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Export: docx.Export, Import: docx.Import},
		"odt":  {Mime: "application/vnd.oasis.opendocument.text", Export: odt.Export, Import: odt.Import},
		"pdf":  {Mime: "application/pdf", Export: pdf.Export},
	}
}

// engines starts document engines, whose compiled code is kept beside the data.
func engines(data string) func() (doc.Engine, error) {
	return func() (doc.Engine, error) { return wasm.New(filepath.Join(data, "engine")) }
}
