package keyslots

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"parvis/crdt/seal"
)

// sample is a file with one slot of every type.
func sample(t testing.TB) []byte {
	t.Helper()
	key := seal.Key{5}
	f := file{V: version, Folder: make([]byte, 16), Count: 3}
	made, err := Options{stretch: quick}.passphraseSlot(f.Folder, key, "words")
	if err != nil {
		t.Fatal(err)
	}
	f.Slots = []slot{made}
	for _, kind := range []uint{typeKeyring, typeRecovery, typeUnprotected, 77} {
		f.Slots = append(f.Slots, sealSlot(f.Folder, slot{Type: kind}, seal.Key{}, key))
	}
	data, err := f.encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkDecode holds what must hold for any bytes: a typed error, or a file that
// passes every limit and encodes to the same bytes.
func checkDecode(t *testing.T, data []byte) {
	t.Helper()
	f, err := decode(data)
	if err != nil {
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
			t.Errorf("untyped error: %v", err)
		}
		return
	}
	if err := f.check(); err != nil {
		t.Errorf("decoded, but: %v", err)
	}
	again, err := f.encode()
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("encodes to other bytes, %v", err)
	}
}

// rehash puts the right hash on a changed body, so that the inner decoder is
// reached too.
func rehash(t testing.TB, body []byte) []byte {
	t.Helper()
	data, err := seal.Encode(sheet{V: version, Body: body, Sum: seal.Hash("parvis1/keyslots", body)})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func FuzzFile(f *testing.F) {
	data := sample(f)
	f.Add(data, false)
	outer, err := seal.Decode[sheet](data)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(outer.Body, true)
	f.Fuzz(func(t *testing.T, data []byte, inner bool) {
		if inner {
			data = rehash(t, data)
		}
		checkDecode(t, data)
	})
}

func TestTenThousandMutatedFiles(t *testing.T) {
	random := rand.New(rand.NewPCG(16, 2))
	data := sample(t)
	checkDecode(t, data)
	outer, err := seal.Decode[sheet](data)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 10_000 {
		if n%2 == 0 {
			checkDecode(t, mutate(random, data))
		} else {
			checkDecode(t, rehash(t, mutate(random, outer.Body)))
		}
		if t.Failed() {
			t.Fatalf("mutation %d", n)
		}
	}
}

// mutate flips, cuts, repeats and inserts.
func mutate(random *rand.Rand, data []byte) []byte {
	data = bytes.Clone(data)
	for range random.IntN(4) + 1 {
		at := random.IntN(len(data) + 1)
		switch random.IntN(5) {
		case 0:
			data = data[:at]
		case 1:
			data = append(data[:at:at], append([]byte{byte(random.IntN(256))}, data[at:]...)...)
		case 2:
			to := at + random.IntN(len(data)-at+1)
			data = append(data[:to:to], data[at:]...)
		default:
			if at < len(data) {
				data[at] ^= 1 << random.IntN(8)
			}
		}
	}
	return data
}
