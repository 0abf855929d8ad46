package wasm

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"parvis/crdt/seal"
)

// moduleHash is the SHA-256 of dist/automerge.wasm of @automerge/automerge 3.3.2 from
// npm. Later versions use legacy exception opcodes that wazero refuses.
const moduleHash = "dc81d5a59b41e796ecbb9aeb0f81be2caf1edd886a5637f3a36bfa071b6cf9a9"

// module is filled by "make frontend"; a fresh clone has only .gitkeep in it.
//
//go:embed all:module
var module embed.FS

// readModule returns the engine's bytes when they are the expected ones.
func readModule(files fs.FS) ([]byte, error) {
	code, err := fs.ReadFile(files, "module/automerge.wasm")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("this program was built without the document engine crdt/doc/wasm/module/automerge.wasm: run make frontend, then build again")
	}
	if err != nil {
		return nil, fmt.Errorf("read document engine: %w", err)
	}
	if sum := seal.Sum(code).String(); sum != moduleHash {
		return nil, fmt.Errorf("the document engine crdt/doc/wasm/module/automerge.wasm has SHA-256 %s, want %s", sum, moduleHash)
	}
	return code, nil
}

// tableModule is a WebAssembly module with the functions get(i32) externref,
// set(i32, externref), grow(i32) i32 and size() i32 on the table that it imports as
// "engine" "__wbindgen_externrefs": wazero gives Go no other way to a table.
func tableModule() []byte {
	return []byte("\x00asm\x01\x00\x00\x00" +
		// types: (i32)→externref, (i32, externref)→, (i32)→i32, ()→i32
		"\x01\x14\x04\x60\x01\x7f\x01\x6f\x60\x02\x7f\x6f\x00\x60\x01\x7f\x01\x7f\x60\x00\x01\x7f" +
		// import of the table: externref, at least 0
		"\x02\x22\x01\x06engine\x15__wbindgen_externrefs\x01\x6f\x00\x00" +
		// four functions, one of each type, and their names
		"\x03\x05\x04\x00\x01\x02\x03" +
		"\x07\x1b\x04\x03get\x00\x00\x03set\x00\x01\x04grow\x00\x02\x04size\x00\x03" +
		"\x0a\x21\x04" +
		"\x06\x00\x20\x00\x25\x00\x0b" + // table.get
		"\x08\x00\x20\x00\x20\x01\x26\x00\x0b" + // table.set
		"\x09\x00\xd0\x6f\x20\x00\xfc\x0f\x00\x0b" + // ref.null extern, table.grow
		"\x05\x00\xfc\x10\x00\x0b") // table.size
}
