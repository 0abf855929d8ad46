package wasm

import (
	"errors"
	"math"
	"slices"
	"strings"

	"parvis/crdt/doc"
)

// journal is what a document is made of again when its instance is lost.
type journal struct {
	base    []byte   // an Automerge file
	changes [][]byte // taken since, in this order
	size    int
}

// add enters changes. They are copied: the caller may use the slices again.
func (j *journal) add(changes [][]byte) {
	for _, change := range changes {
		j.changes = append(j.changes, slices.Clone(change))
		j.size += len(change)
	}
}

// long tells whether a saved document would take much less memory.
func (j *journal) long() bool { return j.size > max(1<<20, 2*len(j.base)) }

// decodeError gives what the engine says of bytes the error that callers know.
func decodeError(err error) error {
	if _, thrown := errors.AsType[*exception](err); !thrown {
		return err
	}
	if text := strings.ToLower(err.Error()); strings.Contains(text, "deps should already be") || strings.Contains(text, "missing dep") {
		return errors.Join(doc.ErrMissingDeps, err)
	}
	return errors.Join(doc.ErrUndecodable, err)
}

// float is a number as an argument of an f64 parameter.
func float(n float64) uint64 { return math.Float64bits(n) }

func isText(v value) bool { _, ok := v.(string); return ok }
