package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"
)

// broken fails as a stream does that was closed: on every write, or when a deadline is set.
type broken struct {
	bytes.Buffer
	write, deadline error
	good            int // deadlines that can be set before
}

func (b *broken) Write(p []byte) (int, error) {
	if b.write != nil {
		return 0, b.write
	}
	return b.Buffer.Write(p)
}
func (b *broken) SetWriteDeadline(time.Time) error { return b.deadline }
func (b *broken) SetReadDeadline(time.Time) error {
	if b.good--; b.good >= 0 {
		return nil
	}
	return b.deadline
}

func TestW20WhatCannotBeWrittenIsSaid(t *testing.T) {
	gone := errors.New("the stream is closed")
	large := bytes.Repeat([]byte{1}, 128<<10) // more than waits for a flush
	for name, b := range map[string]*broken{"a write": {write: gone}, "a deadline": {deadline: gone}} {
		t.Run("W20 "+name, func(t *testing.T) {
			if err := Send(NewWriter(b, time.Second), sample{V: 1}); !errors.Is(err, gone) {
				t.Errorf("send: %v", err)
			}
			if err := Send(NewWriter(b, time.Second), sample{V: 1, Raw: large}); !errors.Is(err, gone) {
				t.Errorf("send of a large one: %v", err)
			}
			if err := Write(NewWriter(b, time.Second), sample{V: 1, Raw: large}); !errors.Is(err, gone) {
				t.Errorf("write: %v", err)
			}
			w := NewWriter(b, time.Second)
			for range 3 {
				_ = w.WriteFrame(large)
			}
			if err := w.WriteFrame([]byte("x")); !errors.Is(err, gone) { // once broken, broken
				t.Errorf("write a frame: %v", err)
			}
			if err := w.Flush(); !errors.Is(err, gone) {
				t.Errorf("flush: %v", err)
			}
		})
	}
	t.Run("W21 a message that is longer than a frame is not sent", func(t *testing.T) {
		w := NewWriter(io.Discard, 0)
		if err := Send(w, sample{V: 1, Raw: make([]byte, MaxFrame)}); !errors.Is(err, ErrTooLarge) {
			t.Error(err)
		}
	})
	t.Run("W24 a reader whose deadline cannot be set fails", func(t *testing.T) {
		for good, frame := range [][]byte{{0}, {1, 0x80}} { // before its length, and before its bytes
			b := &broken{deadline: gone, good: good}
			b.Buffer.Write(frame)
			if _, err := NewReader(b, time.Second).ReadFrame(10); !errors.Is(err, gone) {
				t.Errorf("after %d: %v", good, err)
			}
		}
	})
}
