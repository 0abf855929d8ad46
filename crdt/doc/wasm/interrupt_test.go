package wasm

import (
	"bytes"
	"context"
	"errors"
	goruntime "runtime"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"parvis/crdt/doc"
)

// endless is a module whose function "run" loops inside a loop for ever, and has the
// longest constants in it.
const endless = "\x00asm\x01\x00\x00\x00" +
	"\x01\x04\x01\x60\x00\x00" + // type ()→
	"\x03\x02\x01\x00" +
	"\x05\x03\x01\x00\x01" + // a memory
	"\x06\x06\x01\x7f\x01\x41\x00\x0b" + // a global of its own
	"\x07\x07\x01\x03run\x00\x00" +
	"\x0a\x23\x01\x21\x01\x01\x7e" + // one function with a local i64
	"\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f\x21\x00" + // the least i64
	"\x03\x40\x41\x01\x24\x00\x03\x40\x41\x01\x0d\x00\x0b\x0c\x00\x0b\x0b" +
	"\x00\x05\x04name" // a custom section

func TestInterrupt(t *testing.T) {
	ctx := t.Context()
	code, err := interruptible([]byte(endless))
	if err != nil {
		t.Fatal(err)
	}
	runtime := wazero.NewRuntime(ctx)
	defer func() { _ = runtime.Close(ctx) }()
	module, err := runtime.Instantiate(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	in := &instance{engine: module, inner: ctx, exports: map[string]api.Function{}, heap: newHeap(), stop: module.ExportedGlobal(stopGlobal).(api.MutableGlobal)}
	// The garbage collector stops all goroutines, and waits for compiled code to come back
	// to Go: the one that ends the call must run all the same.
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case <-ended:
				return
			default:
				goruntime.GC()
			}
		}
	}()
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := in.call(short, "run"); !errors.Is(err, doc.ErrEngine) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an endless call ends with %v", err)
	}
	if !in.broken {
		t.Errorf("the instance is used again")
	}
}

// TestInterruptDocument ends a call that takes long in the middle, and works on.
func TestInterruptDocument(t *testing.T) {
	d, err := newEngine(t).New(t.Context(), doc.Actor{1})
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithCancel(t.Context())
	_, err = d.Change(short, time.Unix(1, 0), func(e doc.Edit) error {
		time.AfterFunc(time.Millisecond, cancel)
		for {
			if err := e.Splice("text", 0, 0, "lost"); err != nil {
				return err
			}
		}
	})
	if !errors.Is(err, doc.ErrEngine) || !errors.Is(err, context.Canceled) {
		t.Errorf("change: %v", err)
	}
	usable(t, d)
	if text, err := d.Text(t.Context(), "text"); err != nil || text != "usable" {
		t.Errorf("text %q, %v", text, err)
	}
}

func TestInterruptibleTakesNothingElse(t *testing.T) {
	for cut := range len(endless) {
		code, err := interruptible([]byte(endless[:cut]))
		if err == nil && len(code) < 8 {
			t.Errorf("%d bytes of a module make %x", cut, code)
		}
	}
	unknown := []byte(endless)
	unknown[bytes.Index(unknown, []byte{0x03, 0x40})] = 0xfd // vectors
	if _, err := interruptible(unknown); err == nil {
		t.Errorf("an unknown instruction was taken")
	}
}
