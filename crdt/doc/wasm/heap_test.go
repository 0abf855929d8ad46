package wasm

import (
	"errors"
	"testing"
	"time"

	"parvis/crdt/doc"
)

// TestSweep: values that the engine has dropped do not stay.
func TestSweep(t *testing.T) {
	d, err := newEngine(t).New(t.Context(), doc.Actor{1})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := d.Change(t.Context(), time.Unix(1, 0), func(e doc.Edit) error {
			for range 2000 {
				if err := e.Splice("text", 0, 0, "x"); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	h := d.(*document).in.heap
	if len(h.values) > 3*sweepFrom {
		t.Errorf("%d values after a few calls, %d of them free", len(h.values), len(h.free))
	}
}

func TestHeap(t *testing.T) {
	h := newHeap()
	for _, v := range []value{nil, undefined{}, true, false, "text", 1.5} {
		if handle := h.add(v); h.get(handle) != v {
			t.Errorf("%v comes back as %v", v, h.get(handle))
		}
	}
	kept := h.add("kept")
	lost := h.add("lost")
	h.sweep([]uint64{kept})
	if h.get(kept) != "kept" || h.get(lost) != nil {
		t.Errorf("after a sweep %v and %v", h.get(kept), h.get(lost))
	}
	if again := h.add("again"); again == kept || h.get(kept) != "kept" {
		t.Errorf("a handle in use was given again")
	}
}

// TestTooMuch: one call cannot fill Go's memory.
func TestTooMuch(t *testing.T) {
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, errTooMuch) {
			t.Errorf("ended with %v", err)
		}
	}()
	h := newHeap()
	h.values = make([]value, maxValues)
	h.add("one more")
}
