package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"testing"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"

	"pgregory.net/rapid"
)

// sample has every kind of field that the structures of the protocol use.
type sample struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	ID    seal.ID
	Space seal.SpaceID
	Raw   [4]byte
	Small uint32
	Time  int64
	Bytes []byte
	Text  string
	IDs   []seal.ID
	Maybe *seal.ID
	Inner []inner
	Flag  bool
}

type inner struct {
	_     struct{} `cbor:",toarray"`
	Space seal.SpaceID
	N     uint64
}

func fullSample() sample {
	return sample{
		V: 1, ID: seal.ID{1}, Space: seal.SpaceID{2}, Raw: [4]byte{3}, Small: math.MaxUint32, Time: math.MinInt64,
		Bytes: []byte{4, 5}, Text: "é", IDs: []seal.ID{{6}, {7}}, Maybe: &seal.ID{8},
		Inner: []inner{{Space: seal.SpaceID{9}, N: math.MaxUint64}}, Flag: true,
	}
}

func encode[T any](t testing.TB, v T) []byte {
	t.Helper()
	raw, err := seal.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestEncode(t *testing.T) {
	t.Run("S9 structures are arrays in the shortest encoding", func(t *testing.T) {
		for want, raw := range map[string][]byte{
			"82425c5d4101":     encode(t, seal.Signed{Payload: []byte{0x5c, 0x5d}, Sig: []byte{1}}),
			"824040":           encode(t, seal.Signed{}),
			"17":               encode(t, uint(23)),
			"1818":             encode(t, uint(24)),
			"1903e8":           encode(t, 1000),
			"20":               encode(t, -1),
			"80":               encode(t, []seal.ID(nil)),
			"f6":               encode(t, (*seal.ID)(nil)),
			"a201020304":       encode(t, map[int]int{3: 4, 1: 2}),
			"50" + zeros(16):   encode(t, seal.SpaceID{}),
			"5820" + zeros(32): encode(t, &seal.ID{}),
		} {
			if got := hex.EncodeToString(raw); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	})
	t.Run("S9 decoding gives back what was encoded", func(t *testing.T) {
		for _, want := range []sample{fullSample(), {IDs: []seal.ID{}, Bytes: []byte{}, Inner: []inner{}}} {
			got, err := seal.Decode[sample](encode(t, want))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		}
	})
	t.Run("S9 the result shares no memory with the input", func(t *testing.T) {
		raw := encode(t, fullSample())
		got, err := seal.Decode[sample](raw)
		if err != nil {
			t.Fatal(err)
		}
		clear(raw)
		if !reflect.DeepEqual(got, fullSample()) {
			t.Error("changing the input changed the result")
		}
	})
	t.Run("S9 any value survives", rapid.MakeCheck(func(t *rapid.T) {
		want := sample{
			V: rapid.Uint().Draw(t, "v"), Small: rapid.Uint32().Draw(t, "small"), Time: rapid.Int64().Draw(t, "time"),
			Bytes: rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"), Text: rapid.String().Draw(t, "text"),
			IDs: []seal.ID{}, Inner: []inner{},
		}
		for range rapid.IntRange(0, 40).Draw(t, "ids") {
			want.IDs = append(want.IDs, seal.ID(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "id")))
		}
		raw, err := seal.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := seal.Decode[sample](raw)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v", got, err)
		}
	}))
}

func zeros(n int) string { return hex.EncodeToString(make([]byte, n)) }

func TestDecodeLimits(t *testing.T) {
	ids := func(n int) []byte { return encode(t, make([]uint8ish, n)) }
	t.Run("S10 arrays end at 4096 elements", func(t *testing.T) {
		if _, err := seal.Decode[[]uint8ish](ids(seal.MaxElements)); err != nil {
			t.Error(err)
		}
		if _, err := seal.Decode[[]uint8ish](ids(seal.MaxElements + 1)); err == nil {
			t.Error("4097 elements were accepted")
		}
	})
	t.Run("S10 nesting ends at 8 levels", func(t *testing.T) {
		if _, err := seal.Elements(bytes.Repeat([]byte{0x81}, 8)); err == nil {
			t.Error("a truncated nest was accepted")
		}
		if _, err := seal.Elements(append(bytes.Repeat([]byte{0x81}, seal.MaxNested), 0)); err != nil {
			t.Error(err)
		}
		if _, err := seal.Elements(append(bytes.Repeat([]byte{0x81}, seal.MaxNested+1), 0)); err == nil {
			t.Error("9 levels were accepted")
		}
	})
	t.Run("S10 maps end at 64 pairs", func(t *testing.T) {
		pairs := map[int]int{}
		for i := range seal.MaxPairs {
			pairs[i] = i
		}
		if _, err := seal.Decode[map[int]int](encode(t, pairs)); err != nil {
			t.Error(err)
		}
		pairs[-1] = 0
		if _, err := seal.Decode[map[int]int](encode(t, pairs)); err == nil {
			t.Error("65 pairs were accepted")
		}
	})
	t.Run("S10 a promised length takes no memory", func(t *testing.T) {
		huge := [][]byte{
			{0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			{0x9a, 0xff, 0xff, 0xff, 0xff},
			{0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0},
			{0x5a, 0x7f, 0xff, 0xff, 0xff, 0},
			{0x82, 0x5a, 0x40, 0, 0, 0, 0},
		}
		allocated := sealtest.Allocated(func() {
			for _, raw := range huge {
				if _, err := seal.Decode[seal.Signed](raw); err == nil {
					t.Errorf("%x was accepted", raw)
				}
			}
		})
		if allocated > 1<<20 {
			t.Errorf("%d bytes allocated", allocated)
		}
	})
}

type uint8ish uint16 // an element that is not a byte, so that a slice is an array

// TestDecodeStrict holds the encodings that the library itself accepts, too.
func TestDecodeStrict(t *testing.T) {
	t.Run("S11 nothing but the one encoding is accepted", func(t *testing.T) {
		for _, bad := range sealtest.Malform(t, encode(t, fullSample())) {
			if v, err := seal.Decode[sample](bad.Raw); err == nil {
				t.Errorf("%s: accepted as %+v", bad.Name, v)
			}
		}
	})
	fixed := map[string]struct {
		raw    string
		decode func([]byte) error
	}{
		"integer not minimal":             {"1800", try[uint]},
		"integer in 8 bytes":              {"1b0000000000000001", try[uint]},
		"negative not minimal":            {"3800", try[int]},
		"byte string too short for array": {"420102", try[[4]byte]},
		"byte string too long for array":  {"450102030405", try[[4]byte]},
		"array of integers for bytes":     {"8401020304", try[[4]byte]},
		"byte string too short for id":    {"581f" + zeros(31), try[seal.ID]},
		"byte string too long for id":     {"5821" + zeros(33), try[seal.ID]},
		"text for id":                     {"7820" + zeros(32), try[seal.ID]},
		"array of integers for id":        {"9820" + zeros(32), try[seal.ID]},
		"null for id":                     {"f6", try[seal.ID]},
		"16 bytes for id":                 {"50" + zeros(16), try[seal.ID]},
		"32 bytes for space id":           {"5820" + zeros(32), try[seal.SpaceID]},
		"15 bytes for space id":           {"4f" + zeros(15), try[seal.SpaceID]},
		"short id in a list":              {"814100", try[[]seal.ID]},
		"short id behind a pointer":       {"4100", try[*seal.ID]},
		"null for uint":                   {"f6", try[uint]},
		"null for bytes":                  {"f6", try[[]byte]},
		"null for list":                   {"f6", try[[]seal.ID]},
		"null for text":                   {"f6", try[string]},
		"undefined for absent":            {"f7", try[*seal.ID]},
		"float for uint":                  {"f93c00", try[uint]},
		"bignum for uint":                 {"c24101", try[uint]},
		"negative for uint":               {"20", try[uint]},
		"too big for uint32":              {"1b0000000100000000", try[uint32]},
		"too big for int64":               {"1b8000000000000000", try[int64]},
		"too small for int64":             {"3b8000000000000000", try[int64]},
		"true for uint":                   {"f5", try[uint]},
		"zero for bool":                   {"00", try[bool]},
		"simple value in two bytes":       {"f820", try[bool]},
		"text not UTF-8":                  {"61ff", try[string]},
		"bytes for text":                  {"4161", try[string]},
		"text for bytes":                  {"6161", try[[]byte]},
		"chunked bytes":                   {"5f41004100ff", try[[]byte]},
		"map key twice":                   {"a201000100", try[map[int]int]},
		"map keys out of order":           {"a202000100", try[map[int]int]},
		"map for structure":               {"a2675061796c6f616440635369674040", try[seal.Signed]},
		"reserved length":                 {"1c", try[uint]},
		"break alone":                     {"ff", try[uint]},
	}
	for name, c := range fixed {
		t.Run("S11 "+name, func(t *testing.T) {
			raw, err := hex.DecodeString(c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if c.decode(raw) == nil {
				t.Errorf("%s was accepted", c.raw)
			}
		})
	}
	t.Run("S11 the error tells bytes that are only written otherwise", func(t *testing.T) {
		if err := try[uint]([]byte{0x18, 0}); !errors.Is(err, seal.ErrNotCanonical) {
			t.Errorf("error %v, want ErrNotCanonical", err)
		}
	})
}

func try[T any](raw []byte) error {
	_, err := seal.Decode[T](raw)
	return err
}

func TestElements(t *testing.T) {
	t.Run("S11 an array is split into its elements", func(t *testing.T) {
		elements, err := seal.Elements([]byte{0x83, 0x01, 0x41, 0x02, 0x80})
		want := [][]byte{{0x01}, {0x41, 0x02}, {0x80}}
		if err != nil || !reflect.DeepEqual(elements, want) {
			t.Errorf("got %x, %v", elements, err)
		}
		for _, bad := range [][]byte{nil, {0x01}, {0x81}, {0x80, 0}, {0xa0}, {0x9f, 0xff}} {
			if _, err := seal.Elements(bad); err == nil {
				t.Errorf("%x was accepted", bad)
			}
		}
	})
}

// checkDecode is what must hold for every input.
func checkDecode(t testing.TB, raw []byte) {
	if v, err := seal.Decode[sample](raw); err == nil && !bytes.Equal(encode(t, v), raw) {
		t.Errorf("%x is accepted but not what encoding writes", raw)
	}
	if v, err := seal.Decode[seal.Signed](raw); err == nil && !bytes.Equal(encode(t, v), raw) {
		t.Errorf("%x is accepted but not what encoding writes", raw)
	}
	seal.Elements(raw)
	seal.ParseID(string(raw))
	seal.ParseSpaceID(string(raw))
}

func corpus(t testing.TB) [][]byte {
	return [][]byte{encode(t, fullSample()), encode(t, sample{}), encode(t, seal.Signed{Payload: []byte{1, 2, 3}, Sig: make([]byte, 64)}), []byte(seal.ID{1}.String())}
}

func TestDecodeMutations(t *testing.T) {
	t.Run("S11 mutated input never panics and never has two encodings", func(t *testing.T) {
		for raw := range sealtest.Mutations(1, corpus(t), sealtest.Inputs) {
			checkDecode(t, raw)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, raw := range corpus(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) { checkDecode(t, raw) })
}
