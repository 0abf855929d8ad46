// Package sealtest makes bad input for the decoders of the core: encodings
// that are wrong by construction, seeded mutations, and test vectors in files.
// Only tests import it.
package sealtest

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"parvis/crdt/seal"
)

// Hex is a byte string that test vectors write in hexadecimal.
type Hex []byte

// MarshalText returns the hexadecimal digits.
func (h Hex) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// UnmarshalText reads hexadecimal digits.
func (h *Hex) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

// Golden returns the vectors of a file. With update it writes make's result to
// the file first; the file is part of the project and reviewed like code.
func Golden[T any](t *testing.T, path string, update bool, make func() T) T {
	t.Helper()
	if update {
		text, err := json.MarshalIndent(make(), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var vectors T
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return vectors
}

// Malformed is an encoding that no decoder may accept.
type Malformed struct {
	Name string
	Raw  []byte
}

// Malform takes the canonical encoding of an array structure without maps and
// floats and returns encodings near it that are all wrong: not well-formed, not
// canonical, of another length, or with an element of a type it cannot have.
func Malform(t testing.TB, raw []byte) []Malformed {
	t.Helper()
	elements, err := seal.Elements(raw)
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.Join(elements, nil)
	n := len(elements)
	list := []Malformed{
		{"nothing at all", nil},
		{"last byte missing", raw[:len(raw)-1]},
		{"a byte too many", join(raw, []byte{0})},
		{"twice", join(raw, raw)},
		{"array of indefinite length", join([]byte{0x9f}, body, []byte{0xff})},
		{"array length not minimal", join([]byte{0x98, byte(n)}, body)},
		{"one element more", join(head(n+1), body, []byte{0})},
		{"one element less", join(head(n-1), bytes.Join(elements[:n-1], nil))},
		{"tagged", join([]byte{0xc1}, raw)},
		{"in an array", join([]byte{0x81}, raw)},
		{"in a byte string", byteString(raw)},
		{"a map", []byte{0xa0}},
		{"null", []byte{0xf6}},
	}
	for i, element := range elements {
		add := func(name string, replacement []byte) {
			changed := append([][]byte{head(n)}, elements...)
			changed[i+1] = replacement
			list = append(list, Malformed{fmt.Sprintf("element %d %s", i, name), bytes.Join(changed, nil)})
		}
		if longer := longerHead(element); longer != nil {
			add("with a head not minimal", longer)
		}
		add("a float", []byte{0xf9, 0x7e, 0x00})
		add("a map", []byte{0xa0})
		add("undefined", []byte{0xf7})
		if element[0]>>5 == 2 && len(element) > 2 && len(element) < 100 {
			add("a text", join([]byte{element[0] | 0x20}, element[1:]))
		}
	}
	return list
}

// longerHead writes the head of an item with one size more than needed.
func longerHead(item []byte) []byte {
	major, info := item[0]&0xe0, item[0]&0x1f
	switch {
	case major == 0xe0:
		return nil
	case info < 24:
		return join([]byte{major | 24, info}, item[1:])
	case info < 27:
		size := 1 << (info - 24)
		return join([]byte{major | (info + 1)}, make([]byte, size), item[1:])
	}
	return nil
}

func head(n int) []byte {
	if n < 24 {
		return []byte{0x80 | byte(n)}
	}
	return []byte{0x98, byte(n)}
}

func byteString(raw []byte) []byte {
	encoded, err := seal.Encode(raw)
	if err != nil {
		panic(err)
	}
	return encoded
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// Mutations yields n inputs made from the corpus by a few random changes each.
// The same seed gives the same inputs.
func Mutations(seed uint64, corpus [][]byte, n int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		random := rand.New(rand.NewPCG(seed, uint64(len(corpus))))
		for range n {
			input := bytes.Clone(corpus[random.IntN(len(corpus))])
			for range 1 + random.IntN(4) {
				input = mutate(random, input, corpus)
			}
			if !yield(input) {
				return
			}
		}
	}
}

// Allocated returns how many bytes run takes from the heap. What else the
// process takes meanwhile counts too: compare with a generous limit.
func Allocated(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// heads are bytes that mean most to a CBOR decoder: lengths at their limits,
// indefinite lengths, tags, null, floats.
var heads = []byte{0x00, 0x17, 0x18, 0x1b, 0x3b, 0x40, 0x58, 0x5b, 0x5f, 0x78, 0x80, 0x9a, 0x9b, 0x9f, 0xa0, 0xbb, 0xbf, 0xc1, 0xd8, 0xf6, 0xf7, 0xf9, 0xfb, 0xff}

func mutate(random *rand.Rand, input []byte, corpus [][]byte) []byte {
	if len(input) == 0 {
		return []byte{byte(random.Uint32())}
	}
	at := random.IntN(len(input))
	if random.IntN(2) == 0 {
		at = random.IntN(min(len(input), 48)) // the structure is mostly in front
	}
	switch random.IntN(8) {
	case 0:
		input[at] ^= 1 << random.IntN(8)
	case 1:
		input[at] = byte(random.Uint32())
	case 2:
		input[at] = heads[random.IntN(len(heads))]
	case 3:
		return input[:at]
	case 4:
		extra := make([]byte, 1+random.IntN(9))
		for i := range extra {
			extra[i] = byte(random.Uint32())
		}
		return join(input[:at], extra, input[at:])
	case 5:
		end := at + random.IntN(len(input)-at+1)
		return join(input[:at], input[end:])
	case 6:
		end := at + random.IntN(len(input)-at+1)
		return join(input[:end], input[at:])
	case 7:
		other := corpus[random.IntN(len(corpus))]
		return join(input[:at], other[min(at, len(other)):])
	}
	return input
}
