package seal_test

import (
	"bytes"
	"flag"
	"reflect"
	"testing"
	"testing/cryptotest"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

var update = flag.Bool("update", false, "write the test vectors again")

// vectors fix every primitive, so that another implementation, or a later
// library, can be held against them.
type vectors struct {
	Hash       []hashVector
	KDF        []kdfVector
	Sign       []signVector
	AEAD       []aeadVector
	KEM        []kemVector
	Passphrase []passphraseVector
	CBOR       []cborVector
}

type hashVector struct {
	Label string
	Parts []sealtest.Hex
	Hash  string
}

type kdfVector struct {
	Secret, Salt sealtest.Hex
	Info         string
	Derived      sealtest.Hex
}

type signVector struct {
	Seed         sealtest.Hex
	Public       string
	Label        string
	Payload, Sig sealtest.Hex
}

type aeadVector struct{ Key, Plain, AAD, Sealed sealtest.Hex }

type kemVector struct {
	Seed                sealtest.Hex
	PublicHash          string
	Info, Plain, Sealed sealtest.Hex
}

type passphraseVector struct {
	Passphrase string
	Salt       sealtest.Hex
	Passes     uint32
	MemoryKiB  uint32
	Lanes      uint8
	Key        sealtest.Hex
}

type cborVector struct {
	Name string
	Raw  sealtest.Hex
	OK   bool
}

func makeVectors(t *testing.T) vectors {
	cryptotest.SetGlobalRandom(t, 1)
	text, seed := []byte("parvis"), [32]byte{1}
	derived, unsalted := seal.KDF(text, []byte("salt"), "parvis1/test"), seal.KDF(text, nil, "parvis1/test")
	key, k := seal.NewSignKey(seed), seal.Key(derived)
	kem, err := seal.NewKEMKey(seed)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.SealTo(kem.Public(), []byte("info"), text)
	if err != nil {
		t.Fatal(err)
	}
	stretched := seal.PassphraseKey("parvis", []byte("0123456789abcdef"), 1, 64, 1)
	v := vectors{
		Hash: []hashVector{{"parvis1/test", []sealtest.Hex{text, {}}, seal.Hash("parvis1/test", text, nil).String()}},
		KDF: []kdfVector{
			{text, []byte("salt"), "parvis1/test", derived[:]},
			{text, nil, "parvis1/test", unsalted[:]},
		},
		Sign:       []signVector{{seed[:], key.Public().String(), "parvis1/test", text, key.Sign("parvis1/test", text)}},
		AEAD:       []aeadVector{{k[:], text, []byte("aad"), k.Seal(text, []byte("aad"))}},
		KEM:        []kemVector{{seed[:], seal.Sum(kem.Public()).String(), []byte("info"), text, sealed}},
		Passphrase: []passphraseVector{{"parvis", []byte("0123456789abcdef"), 1, 64, 1, stretched[:]}},
	}
	v.CBOR = append(v.CBOR, cborVector{"every kind of field", encode(t, fullSample()), true}, cborVector{"empty", encode(t, sample{}), true})
	for _, bad := range sealtest.Malform(t, encode(t, fullSample())) {
		v.CBOR = append(v.CBOR, cborVector{bad.Name, bad.Raw, false})
	}
	return v
}

func TestVectors(t *testing.T) {
	v := sealtest.Golden(t, "testdata/vectors.json", *update, func() vectors { return makeVectors(t) })
	t.Run("S2 S3 S4 S5 S7 S8 recorded values come out again", func(t *testing.T) {
		for _, c := range v.Hash {
			var parts [][]byte
			for _, part := range c.Parts {
				parts = append(parts, part)
			}
			if got := seal.Hash(c.Label, parts...).String(); got != c.Hash {
				t.Errorf("hash %s, want %s", got, c.Hash)
			}
		}
		for _, c := range v.KDF {
			if got := seal.KDF(c.Secret, c.Salt, c.Info); !bytes.Equal(got[:], c.Derived) {
				t.Errorf("derived %x, want %x", got, c.Derived)
			}
		}
		for _, c := range v.Sign {
			key := seal.NewSignKey([32]byte(c.Seed))
			if key.Public().String() != c.Public || !bytes.Equal(key.Sign(c.Label, c.Payload), c.Sig) {
				t.Errorf("signature by %s differs", c.Public)
			}
		}
		for _, c := range v.AEAD {
			if got, err := seal.Key(c.Key).Open(c.Sealed, c.AAD); err != nil || !bytes.Equal(got, c.Plain) {
				t.Errorf("opened %x, %v", got, err)
			}
		}
		for _, c := range v.KEM {
			key, err := seal.NewKEMKey([32]byte(c.Seed))
			if err != nil || seal.Sum(key.Public()).String() != c.PublicHash {
				t.Fatalf("public key differs, %v", err)
			}
			if got, err := key.Open(c.Info, c.Sealed); err != nil || !bytes.Equal(got, c.Plain) {
				t.Errorf("opened %x, %v", got, err)
			}
		}
		for _, c := range v.Passphrase {
			if got := seal.PassphraseKey(c.Passphrase, c.Salt, c.Passes, c.MemoryKiB, c.Lanes); !bytes.Equal(got[:], c.Key) {
				t.Errorf("stretched %x, want %x", got[:], c.Key)
			}
		}
	})
	t.Run("S9 S11 recorded encodings are accepted and refused as before", func(t *testing.T) {
		good := []sample{fullSample(), {IDs: []seal.ID{}, Bytes: []byte{}, Inner: []inner{}}}
		bad := 0
		for _, c := range v.CBOR {
			got, err := seal.Decode[sample](c.Raw)
			if (err == nil) != c.OK {
				t.Errorf("%s: error %v, want accepted %v", c.Name, err, c.OK)
			}
			if err == nil && (len(good) == 0 || !reflect.DeepEqual(got, good[0])) {
				t.Errorf("%s: got %+v", c.Name, got)
			} else if err == nil {
				good = good[1:]
			}
			if !c.OK {
				bad++
			}
		}
		if bad < 20 {
			t.Errorf("%d invalid encodings, want at least 20", bad)
		}
	})
}
