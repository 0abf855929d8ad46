package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parvis/crdt/seal"
)

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestKeysForBrowsers(t *testing.T) {
	key, plain, aad := seal.AESKey{1}, []byte("plain"), []byte("aad")
	t.Run("S17 a known answer: NIST GCM test case 15 and 16", func(t *testing.T) {
		key := seal.AESKey(unhex(t, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"))
		sealed := unhex(t, "cafebabefacedbaddecaf888"+
			"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"+
			"76fc6ece0f4e1768cddf8853bb2d551b")
		plain := unhex(t, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
		got, err := key.Open(sealed, unhex(t, "feedfacedeadbeeffeedfacedeadbeefabaddad2"))
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%x, %v", got, err)
		}
	})
	t.Run("S17 what was sealed opens, and nothing else does", func(t *testing.T) {
		sealed, counted := key.Seal(plain, aad), key.SealAt(7, plain, aad)
		if len(sealed) != len(plain)+seal.AESOverhead || len(counted) != len(plain)+seal.AESCountedOverhead {
			t.Errorf("%d and %d bytes", len(sealed), len(counted))
		}
		if got, err := key.Open(sealed, aad); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%q, %v", got, err)
		}
		if n, got, err := key.OpenAt(counted, aad); err != nil || n != 7 || !bytes.Equal(got, plain) {
			t.Errorf("%d %q, %v", n, got, err)
		}
		if bytes.Equal(sealed, key.Seal(plain, aad)) {
			t.Error("the same nonce twice")
		}
		for at := range sealed {
			changed := bytes.Clone(sealed)
			changed[at] ^= 1
			if _, err := key.Open(changed, aad); !errors.Is(err, seal.ErrSealed) {
				t.Fatalf("byte %d: %v", at, err)
			}
		}
		for at := range counted {
			changed := bytes.Clone(counted)
			changed[at] ^= 1
			if _, _, err := key.OpenAt(changed, aad); !errors.Is(err, seal.ErrSealed) {
				t.Fatalf("counted, byte %d: %v", at, err)
			}
		}
		for n := range seal.AESOverhead {
			_, first := key.Open(make([]byte, n), nil)
			_, _, second := key.OpenAt(make([]byte, min(n, seal.AESCountedOverhead-1)), nil)
			if first == nil || second == nil {
				t.Fatalf("%d bytes open", n)
			}
		}
		if _, err := (seal.AESKey{2}).Open(sealed, aad); err == nil {
			t.Error("opens with another key")
		}
		if _, err := key.Open(sealed, nil); err == nil {
			t.Error("opens with other data")
		}
	})
	t.Run("S18 both ends agree", func(t *testing.T) {
		ana, ben := seal.NewExchangeKey(), seal.NewExchangeKey()
		first, err := ana.Shared(ben.Public())
		second, other := ben.Shared(ana.Public())
		if err != nil || other != nil || first != second || first == [32]byte{} {
			t.Errorf("%x %x, %v %v", first, second, err, other)
		}
	})
	t.Run("S18 a known answer: RFC 5903 8.1", func(t *testing.T) {
		own, err := seal.ExchangeKeyOf([32]byte(unhex(t, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433")))
		if err != nil {
			t.Fatal(err)
		}
		other := [65]byte(unhex(t, "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"))
		got, err := own.Shared(other)
		if want := unhex(t, "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"); err != nil || !bytes.Equal(got[:], want) {
			t.Errorf("%x, %v", got, err)
		}
	})
	t.Run("S18 what is no point is refused", func(t *testing.T) {
		own := seal.NewExchangeKey()
		off := own.Public()
		off[64] ^= 1
		compressed := own.Public()
		compressed[0] = 2
		for _, bad := range [][65]byte{{}, {4}, off, compressed} {
			if _, err := own.Shared(bad); !errors.Is(err, seal.ErrExchange) {
				t.Errorf("%x: %v", bad, err)
			}
		}
		if _, err := (seal.ExchangeKey{}).Shared(own.Public()); !errors.Is(err, seal.ErrExchange) {
			t.Errorf("no own key: %v", err)
		}
		if (seal.ExchangeKey{}).Public() != [65]byte{} {
			t.Error("no key has a public one")
		}
		if _, err := seal.ExchangeKeyOf([32]byte{}); !errors.Is(err, seal.ErrExchange) {
			t.Errorf("zero: %v", err)
		}
	})
	t.Run("S13 they do not print", func(t *testing.T) {
		for _, format := range []string{"%v", "%#v", "%s", "%+v"} {
			if text := fmt.Sprintf(format, key) + fmt.Sprintf(format, seal.NewExchangeKey()); strings.Count(text, "hidden") != 2 {
				t.Errorf("%s: %s", format, text)
			}
		}
	})
}
