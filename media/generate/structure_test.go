package generate

import (
	"bytes"
	"errors"
	"testing"
)

// interFrame is the beginning of a frame that is no key frame: nothing set, and so many
// partitions of coefficients.
func interFrame(log2 int, segments bool) []byte {
	var e boolEncoder
	e.reset()
	if segments {
		e.number(7, 3) // segmentation with a new map and new data
		e.number(1, 1) // absolute
		for range 4 {
			e.number(1, 1)
			e.number(33, 7+1)
		}
		e.number(0, 4)
		e.number(0b1_00000011, 9)
		e.number(0, 2)
	} else {
		e.number(0, 1)
	}
	e.number(0, 1+6+3)
	if segments {
		e.number(3, 2) // adjustments of the loop filter
		e.number(0, 7)
		e.number(0b1_000001_1, 8)
	} else {
		e.number(0, 1)
	}
	e.number(log2, 2)
	first := e.finish()
	tag := 1 | 1<<4 | len(first)<<5
	return append([]byte{byte(tag), byte(tag >> 8), byte(tag >> 16)}, first...)
}

func TestStructure(t *testing.T) {
	good := newLayer(1, 0).frame(newPicture("Ana"), 1)
	change := func(at int, to byte) []byte {
		frame := bytes.Clone(good)
		frame[at] = to
		return frame
	}
	sizes := []byte{4, 0, 0, 3, 0, 0, 2, 0, 0}
	for _, c := range []struct {
		what  string
		frame []byte
		want  error
	}{
		{"nothing", nil, errShort},
		{"a key frame", good, nil},
		{"a key frame cut in its header", good[:headerLength-1], errShort},
		{"a key frame cut in its first partition", good[:100], errPartitions},
		{"another start code", change(4, 2), errStart},
		{"another version", change(0, good[0]|7<<1), errVersion},
		{"no width", append(append(bytes.Clone(good[:6]), 0, 0), good[8:]...), errSize},
		{"a width of 16383", append(append(bytes.Clone(good[:6]), 255, 63), good[8:]...), errSize},
		{"an inter frame", interFrame(0, false), nil},
		{"an inter frame with segments", append(interFrame(0, true), 1, 2, 3), nil},
		{"four partitions", append(append(interFrame(2, true), sizes...), make([]byte, 9)...), nil},
		{"four partitions too long", append(append(interFrame(2, true), sizes...), make([]byte, 8)...), errPartitions},
		{"eight partitions without sizes", append(interFrame(3, false), make([]byte, 20)...), errPartitions},
		{"no first partition", []byte{1 | 1<<4, 0, 0, 1, 2, 3}, errPartitions},
		{"too much", make([]byte, maxFrame+1), errShort},
	} {
		if _, err := parseStructure(c.frame); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
}

func TestTrailerFindsEveryChange(t *testing.T) {
	frame := newLayer(1, 0).frame(newPicture("Ana"), 77)
	got, found, damaged := readTrailer(frame)
	if !found || damaged || got != (trailer{77, nameHash("Ana")}) {
		t.Fatalf("%+v %v %v", got, found, damaged)
	}
	for i := range frame {
		frame[i] ^= 16
		if _, found, damaged := readTrailer(frame); found && !damaged {
			t.Errorf("a change of byte %d of %d was not found", i, len(frame))
		}
		frame[i] ^= 16
	}
}
