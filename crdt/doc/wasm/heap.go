package wasm

import "errors"

// Handles of the values that every instance knows. A handle stands for a JavaScript
// value in WebAssembly, as an externref; the null reference is JavaScript's null.
const (
	handleNull = iota
	handleUndefined
	handleTrue
	handleFalse
	firstHandle
)

// heap holds the values that an instance has handles of. WebAssembly does not tell
// which it has dropped, so they are kept until [heap.sweep] is told what is left.
type heap struct {
	values []value
	free   []uint32
	limit  int // values beyond which a sweep is worth it
}

// Limits of what one call may make outside the engine's own memory.
const (
	maxValues = 8 << 20
	maxCopied = 1 << 30 // bytes
)

// errTooMuch ends a call, as a trap does.
var errTooMuch = errors.New("the document engine makes too many values")

// sweepFrom is the smallest number of values that is worth a sweep.
const sweepFrom = 4096

func newHeap() *heap {
	return &heap{values: []value{nil, undefined{}, true, false}, limit: sweepFrom}
}

// add makes a handle for v.
func (h *heap) add(v value) uint64 {
	switch v := v.(type) {
	case nil:
		return handleNull
	case undefined:
		return handleUndefined
	case bool:
		if v {
			return handleTrue
		}
		return handleFalse
	}
	if n := len(h.free); n > 0 {
		at := h.free[n-1]
		h.free = h.free[:n-1]
		h.values[at] = v
		return uint64(at)
	}
	if len(h.values) >= maxValues {
		panic(errTooMuch)
	}
	h.values = append(h.values, v)
	return uint64(len(h.values) - 1)
}

// get is the value of a handle. WebAssembly cannot make handles up: one that is
// unknown is a fault of this package, and ends the call as a trap does.
func (h *heap) get(handle uint64) value { return h.values[handle] }

// full tells whether a sweep is due.
func (h *heap) full() bool { return len(h.values)-len(h.free) > h.limit }

// sweep forgets every value but those with the given handles.
func (h *heap) sweep(live []uint64) {
	kept := make(map[uint64]bool, len(live))
	for _, handle := range live {
		kept[handle] = true
	}
	h.free = h.free[:0]
	for i := len(h.values) - 1; i >= firstHandle; i-- {
		if !kept[uint64(i)] {
			h.values[i] = nil
			h.free = append(h.free, uint32(i))
		}
	}
	h.limit = max(sweepFrom, 2*len(kept))
}
