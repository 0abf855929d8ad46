package change

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// reader takes values from the front of data. After its first error it gives
// zero values, so that callers check once.
type reader struct {
	data []byte
	err  error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrInvalid, what)
		r.data = nil
	}
}

func (r *reader) done() bool { return len(r.data) == 0 }

func (r *reader) byte() byte {
	if len(r.data) == 0 {
		r.fail("cut off")
		return 0
	}
	b := r.data[0]
	r.data = r.data[1:]
	return b
}

// bytes takes n bytes; they stay part of the input.
func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.fail("cut off")
		return nil
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

// uint takes an unsigned LEB128 number in its shortest form.
func (r *reader) uint() uint64 {
	var value uint64
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if r.err != nil {
			return 0
		}
		if shift == 63 && b > 1 {
			r.fail("a number of more than 64 bits")
			return 0
		}
		value |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			if b == 0 && shift > 0 {
				r.fail("a number that is not in its shortest form")
			}
			return value
		}
	}
}

// int takes a signed LEB128 number in its shortest form.
func (r *reader) int() int64 {
	var value int64
	var last byte
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if r.err != nil {
			return 0
		}
		if shift == 63 && b != 0 && b != 0x7f {
			r.fail("a number of more than 64 bits")
			return 0
		}
		value |= int64(b&0x7f) << shift
		if b&0x80 == 0 {
			if shift > 0 && (b == 0 && last&0x40 == 0 || b == 0x7f && last&0x40 != 0) {
				r.fail("a number that is not in its shortest form")
			}
			if b&0x40 != 0 && shift < 57 {
				value |= -1 << (shift + 7)
			}
			return value
		}
		last = b
	}
}

// upTo takes an unsigned number that may not exceed limit.
func (r *reader) upTo(limit uint64, what string) uint64 {
	value := r.uint()
	if value > limit {
		r.fail("too large: " + what)
		return 0
	}
	return value
}

// text takes UTF-8 with its length in front.
func (r *reader) text() []byte {
	text := r.bytes(r.upTo(math.MaxInt32, "a text"))
	if !utf8.Valid(text) {
		r.fail("a text that is not UTF-8")
		return nil
	}
	return text
}
