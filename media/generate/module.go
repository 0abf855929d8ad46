package generate

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"parvis/crdt/seal"
)

// moduleHash is the SHA-256 of wasm/opus.wasm of @evan/opus 1.0.3 from npm: libopus
// (BSD) compiled by Emscripten. The package's simd.wasm is the same with instructions
// for vectors.
const moduleHash = "d946657d3817d64e852462bcef490ad9fa3f54eb41fe7dd9048f185661f7c386"

// module is filled by "make frontend"; a fresh clone has only .gitkeep in it.
//
//go:embed all:module
var module embed.FS

// readModule returns the codec's bytes when they are the expected ones.
func readModule(files fs.FS) ([]byte, error) {
	code, err := fs.ReadFile(files, "module/opus.wasm")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("this program was built without the audio codec media/generate/module/opus.wasm: run make frontend, then build again")
	}
	if err != nil {
		return nil, fmt.Errorf("read audio codec: %w", err)
	}
	if sum := seal.Sum(code).String(); sum != moduleHash {
		return nil, fmt.Errorf("the audio codec media/generate/module/opus.wasm has SHA-256 %s, want %s", sum, moduleHash)
	}
	return code, nil
}
