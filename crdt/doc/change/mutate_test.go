package change

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"parvis/crdt/seal/sealtest"
)

// checkParse holds for every input: an error that says so, or a header within the
// limits. It must return.
func checkParse(t testing.TB, data []byte) (accepted bool) {
	t.Helper()
	h, err := Parse(data)
	if err != nil {
		if !errors.Is(err, ErrInvalid) {
			t.Fatalf("%v for %x", err, data)
		}
		if h.Hash != (Header{}).Hash || h.Deps != nil {
			t.Fatalf("an error and a header for %x", data)
		}
		return false
	}
	if h.NOps > MaxOps || len(h.Deps) > MaxDeps || h.Seq == 0 || h.StartOp == 0 || h.StartOp+h.NOps > maxCounter {
		t.Fatalf("%+v for %x", h, data)
	}
	return true
}

func checkSplit(t testing.TB, data []byte) {
	t.Helper()
	chunks, err := Split(data)
	if err != nil && !errors.Is(err, ErrInvalid) {
		t.Fatalf("%v for %x", err, data)
	}
	total := 0
	for _, chunk := range chunks {
		total += len(chunk.Data)
		if chunk.Type == TypeDocument {
			if _, err := ReadDocument(chunk); err != nil && !errors.Is(err, ErrInvalid) {
				t.Fatalf("%v for %x", err, data)
			}
		}
	}
	if err == nil && total != len(data) {
		t.Fatalf("%d of %d bytes in chunks of %x", total, len(data), data)
	}
}

// sealAgain gives a chunk the length and the checksum that its content has, so
// that a mutation gets past both.
func sealAgain(body []byte) []byte {
	p := parts{kind: TypeChange, body: body}
	hash := p.hash()
	chunk := slices.Concat(magic, hash[:4], []byte{byte(TypeChange)})
	return append(binary.AppendUvarint(chunk, uint64(len(body))), body...)
}

func bodies(t testing.TB) [][]byte {
	t.Helper()
	var all [][]byte
	for _, blob := range blobs(t) {
		p, _, err := cut(blob)
		if err != nil {
			t.Fatal(err)
		}
		if p.kind == TypeChange && len(p.body) < 4096 {
			all = append(all, p.body)
		}
	}
	return all
}

func TestParseMutations(t *testing.T) {
	seeds := blobs(t)
	seeds = seeds[:len(seeds)-4] // without the largest, for speed
	for data := range sealtest.Mutations(3, seeds, sealtest.Inputs) {
		checkParse(t, data)
		checkSplit(t, data)
	}
}

// mutate changes a few bytes of a change's content in ways that stay near a
// change: single bits, small numbers, pieces of another change.
func mutate(r *rand.Rand, body, other []byte) []byte {
	out := slices.Clone(body)
	for range 1 + r.IntN(3) {
		at := r.IntN(len(out))
		switch r.IntN(6) {
		case 0:
			out[at] ^= 1 << r.IntN(8)
		case 1:
			out[at] = byte(r.IntN(8))
		case 2:
			out[at] = []byte{0x7f, 0x80, 0xff, 0x40, 0xc0, 0x3f}[r.IntN(6)]
		case 3:
			out = slices.Insert(out, at, byte(r.IntN(256)))
		case 4:
			if len(out) > 1 {
				out = slices.Delete(out, at, at+1)
			}
		case 5:
			from := r.IntN(len(other))
			copy(out[at:], other[from:min(len(other), from+1+r.IntN(8))])
		}
	}
	return out
}

// TestParseMutationsWithTheRightChecksum: a mutation that knows the format. Some
// are changes again, of another text or time; what they may not be is a second
// encoding of the same change.
func TestParseMutationsWithTheRightChecksum(t *testing.T) {
	seeds := bodies(t)
	r := rand.New(rand.NewPCG(7, 7))
	accepted := 0
	for range sealtest.Inputs {
		body := mutate(r, seeds[r.IntN(len(seeds))], seeds[r.IntN(len(seeds))])
		if checkParse(t, sealAgain(body)) {
			accepted++
		}
	}
	if accepted == 0 || accepted > sealtest.Inputs/2 {
		t.Errorf("%d of %d mutations were accepted", accepted, sealtest.Inputs)
	}
}

// FuzzParse gives the decoders any bytes, as they are and with the right checksum.
func FuzzParse(f *testing.F) {
	for _, blob := range blobs(f)[:40] {
		f.Add(blob, false)
	}
	for _, body := range bodies(f)[:40] {
		f.Add(body, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, resealed bool) {
		if resealed {
			data = sealAgain(data)
		}
		checkParse(t, data)
		checkSplit(t, data)
	})
}
