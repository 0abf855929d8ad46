package p2ptest

import (
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Golden compares an encoded message with wire/testdata/<name>.golden, where it
// stands in hexadecimal, and returns the bytes of the file. It is for tests of
// the packages beside wire. With UPDATE_GOLDEN set in the environment it writes
// the file; SPEC.md quotes it and must then be changed too.
func Golden(t testing.TB, name string, encoded []byte) []byte {
	t.Helper()
	path := filepath.Join("..", "wire", "testdata", name+".golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(hex.EncodeToString(encoded)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("golden file: %v", err)
	}
	want, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatalf("golden file %s: %v", name, err)
	}
	if !slices.Equal(want, encoded) {
		t.Errorf("%s is encoded as\n%x, the golden file says\n%x", name, encoded, want)
	}
	return want
}

// Mutate calls check with n mutations of the seeds: bytes changed, inserted,
// repeated or cut. The sequence is always the same.
func Mutate(n int, seeds [][]byte, check func(data []byte)) {
	r := rand.New(rand.NewPCG(2026, 11))
	for i := range n {
		b := slices.Clone(seeds[i%len(seeds)])
		for range 1 + r.IntN(4) {
			b = mutateOnce(r, b)
		}
		check(b)
	}
}

func mutateOnce(r *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return []byte{byte(r.UintN(256))}
	}
	// Half of the changes hit the first bytes, where the structure is.
	k := r.IntN(len(b))
	if r.IntN(2) == 0 {
		k = r.IntN(min(len(b), 8))
	}
	switch r.IntN(6) {
	case 0:
		b[k] = byte(r.UintN(256))
	case 1:
		b[k] ^= 1 << r.UintN(8)
	case 2:
		b = slices.Insert(b, k, byte(r.UintN(256)))
	case 3:
		b = slices.Delete(b, k, k+1)
	case 4:
		b = b[:k]
	case 5:
		end := k + r.IntN(len(b)-k)
		b = append(b, b[k:end]...)
	}
	return b
}
