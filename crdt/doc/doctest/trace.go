package doctest

import (
	"compress/gzip"
	_ "embed" // the trace
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"parvis/crdt/doc"
)

// trace is the recorded writing of a whole paper, see testdata/README.md.
//
//go:embed testdata/automerge-paper.json.gz
var trace string

// paper is the same as an Automerge file, 20 edits in a change; wasm/make_test.go makes it.
//
//go:embed testdata/automerge-paper.automerge
var paper string

// Paper is the document that [Trace] leads to, written as actor 01 with 20 edits in each
// change.
func Paper() []byte { return []byte(paper) }

// Splice is one edit of a trace. Positions count characters, and all characters of the
// trace take one position.
type Splice struct {
	Pos, Del uint32
	Text     string
}

// Trace returns the 259,778 edits that wrote the paper, and the text they lead to.
func Trace() (edits []Splice, end string, err error) {
	unpacked, err := gzip.NewReader(strings.NewReader(trace))
	if err != nil {
		return nil, "", fmt.Errorf("read trace: %w", err)
	}
	var file struct {
		EndContent string
		Txns       []struct{ Patches [][3]json.RawMessage }
	}
	if err := json.NewDecoder(unpacked).Decode(&file); err != nil {
		return nil, "", fmt.Errorf("read trace: %w", err)
	}
	for _, transaction := range file.Txns {
		for _, patch := range transaction.Patches {
			var s Splice
			err := errors.Join(json.Unmarshal(patch[0], &s.Pos), json.Unmarshal(patch[1], &s.Del), json.Unmarshal(patch[2], &s.Text))
			if err != nil {
				return nil, "", fmt.Errorf("read trace: %w", err)
			}
			edits = append(edits, s)
		}
	}
	return edits, file.EndContent, nil
}

// Play writes edits as one change.
func Play(edits []Splice) func(doc.Edit) error {
	return func(e doc.Edit) error {
		for _, s := range edits {
			if err := e.Splice("text", s.Pos, s.Del, s.Text); err != nil {
				return err
			}
		}
		return nil
	}
}
