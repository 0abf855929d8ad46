package seal_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"parvis/crdt/seal"

	"pgregory.net/rapid"
)

func TestIDs(t *testing.T) {
	t.Run("S1 an id has exactly one text", func(t *testing.T) {
		id := seal.Hash("parvis1/test", []byte("x"))
		back, err := seal.ParseID(id.String())
		if err != nil || back != id {
			t.Fatalf("ParseID(%s) = %s, %v", id, back, err)
		}
		text := id.String()
		for _, bad := range []string{"", text[1:], text + "0", strings.ToUpper(text), "g" + text[1:], " " + text[1:], "é" + text[2:]} {
			if _, err := seal.ParseID(bad); err == nil {
				t.Errorf("ParseID(%q) was accepted", bad)
			}
		}
		space := seal.SpaceID(seal.Random(16))
		if back, err := seal.ParseSpaceID(space.String()); err != nil || back != space {
			t.Errorf("ParseSpaceID(%s) = %s, %v", space, back, err)
		}
		if _, err := seal.ParseSpaceID(text); err == nil {
			t.Error("a space id of 32 bytes was accepted")
		}
		if id.Short() != text[:8] || space.Short() != space.String()[:8] {
			t.Error("Short is not the beginning of the text")
		}
	})
	t.Run("S1 bytes of another length are no id", func(t *testing.T) {
		for n := range 40 {
			if err := new(seal.ID).UnmarshalBinary(make([]byte, n)); (err == nil) != (n == 32) {
				t.Errorf("%d bytes as an id: %v", n, err)
			}
			if err := new(seal.SpaceID).UnmarshalBinary(make([]byte, n)); (err == nil) != (n == 16) {
				t.Errorf("%d bytes as a space id: %v", n, err)
			}
		}
	})
	t.Run("S1 zero stands for none and ids are ordered by their bytes", func(t *testing.T) {
		if !(seal.ID{}).IsZero() || (seal.ID{31: 1}).IsZero() || !(seal.SpaceID{}).IsZero() || (seal.SpaceID{1}).IsZero() {
			t.Error("IsZero is wrong")
		}
		if (seal.ID{1}).Compare(seal.ID{2}) != -1 || (seal.ID{2}).Compare(seal.ID{2}) != 0 || (seal.SpaceID{3}).Compare(seal.SpaceID{2}) != 1 {
			t.Error("Compare is wrong")
		}
	})
}

func TestHash(t *testing.T) {
	t.Run("S2 labels and splits of the same bytes give different hashes", func(t *testing.T) {
		seen := map[seal.ID]string{}
		for name, id := range map[string]seal.ID{
			"ab":         seal.Hash("parvis1/a", []byte("ab")),
			"a b":        seal.Hash("parvis1/a", []byte("a"), []byte("b")),
			"ab empty":   seal.Hash("parvis1/a", []byte("ab"), nil),
			"none":       seal.Hash("parvis1/a"),
			"b":          seal.Hash("parvis1/b", []byte("ab")),
			"in label":   seal.Hash("parvis1/aab"),
			"plain":      seal.Sum([]byte("parvis1/a\x00ab")),
			"empty part": seal.Hash("parvis1/a", nil),
		} {
			if other, ok := seen[id]; ok {
				t.Errorf("%q and %q have one hash", name, other)
			}
			seen[id] = name
		}
		want := seal.Sum([]byte("L\x00\x00\x00\x00\x02ab\x00\x00\x00\x00"))
		if got := seal.Hash("L", []byte("ab"), nil); got != want {
			t.Errorf("Hash = %s, want %s", got, want)
		}
	})
}

func TestSign(t *testing.T) {
	key := seal.NewSignKey([32]byte{1})
	sig := key.Sign("parvis1/test", []byte("payload"))
	t.Run("S3 a signature fits its key, label and payload only", func(t *testing.T) {
		if len(sig) != seal.SigSize || !seal.Verify(key.Public(), "parvis1/test", []byte("payload"), sig) {
			t.Fatal("a good signature is refused")
		}
		other := seal.NewSignKey([32]byte{2}).Public()
		changed := bytes.Clone(sig)
		changed[63] ^= 1
		for name, ok := range map[string]bool{
			"other key":       seal.Verify(other, "parvis1/test", []byte("payload"), sig),
			"other label":     seal.Verify(key.Public(), "parvis1/other", []byte("payload"), sig),
			"other payload":   seal.Verify(key.Public(), "parvis1/test", []byte("payloae"), sig),
			"label moved":     seal.Verify(key.Public(), "parvis1/tes", []byte("tpayload"), sig),
			"changed":         seal.Verify(key.Public(), "parvis1/test", []byte("payload"), changed),
			"short":           seal.Verify(key.Public(), "parvis1/test", []byte("payload"), sig[:63]),
			"long":            seal.Verify(key.Public(), "parvis1/test", []byte("payload"), append(bytes.Clone(sig), 0)),
			"empty":           seal.Verify(key.Public(), "parvis1/test", []byte("payload"), nil),
			"zero key":        seal.Verify(seal.ID{}, "parvis1/test", []byte("payload"), sig),
			"key is no point": seal.Verify(seal.ID{0: 2}, "parvis1/test", []byte("payload"), sig),
		} {
			if ok {
				t.Errorf("%s: accepted", name)
			}
		}
	})
	t.Run("S4 derived keys differ by secret, salt and info", func(t *testing.T) {
		seen := map[[32]byte]bool{}
		for _, secret := range []string{"a", "b"} {
			for _, salt := range []string{"", "s"} {
				for _, info := range []string{"parvis1/x", "parvis1/y"} {
					seen[seal.KDF([]byte(secret), []byte(salt), info)] = true
				}
			}
		}
		if len(seen) != 8 {
			t.Errorf("%d different keys, want 8", len(seen))
		}
	})
}

func TestKey(t *testing.T) {
	key := seal.RandomKey()
	sealed := key.Seal([]byte("plain"), []byte("aad"))
	t.Run("S5 sealed bytes open with the same key and data only", func(t *testing.T) {
		plain, err := key.Open(sealed, []byte("aad"))
		if err != nil || string(plain) != "plain" {
			t.Fatalf("Open = %q, %v", plain, err)
		}
		if len(sealed) != len("plain")+seal.Overhead {
			t.Errorf("%d bytes sealed, want %d", len(sealed), len("plain")+seal.Overhead)
		}
		if _, err := key.Open(sealed, []byte("aae")); err == nil {
			t.Error("other associated data were accepted")
		}
		if _, err := seal.RandomKey().Open(sealed, []byte("aad")); err == nil {
			t.Error("another key was accepted")
		}
		for i := range sealed {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1
			if _, err := key.Open(changed, []byte("aad")); err != seal.ErrSealed {
				t.Fatalf("byte %d changed: error %v, want ErrSealed", i, err)
			}
			if _, err := key.Open(sealed[:i], []byte("aad")); err != seal.ErrSealed {
				t.Fatalf("%d bytes: error %v, want ErrSealed", i, err)
			}
		}
	})
	t.Run("S5 nonces are random", func(t *testing.T) {
		if again := key.Seal([]byte("plain"), []byte("aad")); bytes.Equal(again[:24], sealed[:24]) {
			t.Error("two nonces are equal")
		}
	})
	t.Run("S13 keys never appear in text", func(t *testing.T) {
		kem, err := seal.NewKEMKey([32]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		type holder struct {
			K seal.Key
			S seal.SignKey
			M seal.KEMKey
		}
		h := holder{seal.Key{0xab, 0xab, 0xab, 0xab}, seal.NewSignKey([32]byte{0xab, 0xab, 0xab, 0xab}), kem}
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			text := strings.ToLower(fmt.Sprintf(format, h))
			if strings.Contains(text, "171 171") || strings.Contains(text, "0xab, 0xab") || strings.Contains(text, "abab") {
				t.Errorf("%s shows a key: %s", format, text)
			}
			if text := fmt.Sprintf(format, h.K) + fmt.Sprintf(format, h.S) + fmt.Sprintf(format, h.M); strings.Count(text, "hidden") != 3 {
				t.Errorf("%s: %s", format, text)
			}
		}
	})
	t.Run("S14 bytes are compared whole", func(t *testing.T) {
		if !seal.EqualBytes([]byte("ab"), []byte("ab")) || seal.EqualBytes([]byte("ab"), []byte("ac")) || seal.EqualBytes([]byte("ab"), []byte("a")) {
			t.Error("EqualBytes is wrong")
		}
	})
}

func TestCheckSignKey(t *testing.T) {
	t.Run("S6 keys of small order and non-canonical keys are refused", func(t *testing.T) {
		if err := seal.CheckSignKey(seal.NewSignKey([32]byte{7}).Public()); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"identity":               "0100000000000000000000000000000000000000000000000000000000000000",
			"identity, sign bit":     "0100000000000000000000000000000000000000000000000000000000000080",
			"order 2":                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
			"order 4":                "0000000000000000000000000000000000000000000000000000000000000000",
			"order 4, sign bit":      "0000000000000000000000000000000000000000000000000000000000000080",
			"order 8":                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
			"order 8, other":         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
			"p, that is 0":           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
			"p+1, that is 1":         "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
			"not on the curve":       "0200000000000000000000000000000000000000000000000000000000000000",
			"p+3, large order there": "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		} {
			id, err := seal.ParseID(text)
			if err != nil {
				t.Fatal(err)
			}
			if seal.CheckSignKey(id) == nil {
				t.Errorf("%s: accepted", name)
			}
		}
	})
}

func TestKEM(t *testing.T) {
	key, err := seal.NewKEMKey([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seal.SealTo(key.Public(), []byte("info"), []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("S7 only the holder of the key who knows the info opens", func(t *testing.T) {
		plain, err := key.Open([]byte("info"), sealed)
		if err != nil || string(plain) != "secret" || len(sealed) != len(plain)+seal.KEMOverhead {
			t.Fatalf("Open = %q, %v (%d bytes)", plain, err, len(sealed))
		}
		other, err := seal.NewKEMKey([32]byte{2})
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Clone(sealed)
		changed[5] ^= 1
		for name, open := range map[string]func() ([]byte, error){
			"other info": func() ([]byte, error) { return key.Open([]byte("infp"), sealed) },
			"other key":  func() ([]byte, error) { return other.Open([]byte("info"), sealed) },
			"changed":    func() ([]byte, error) { return key.Open([]byte("info"), changed) },
			"cut":        func() ([]byte, error) { return key.Open([]byte("info"), sealed[:len(sealed)-1]) },
			"empty":      func() ([]byte, error) { return key.Open([]byte("info"), nil) },
			"zero key":   func() ([]byte, error) { return seal.KEMKey{}.Open([]byte("info"), sealed) },
		} {
			if _, err := open(); err != seal.ErrSealed {
				t.Errorf("%s: error %v, want ErrSealed", name, err)
			}
		}
	})
	t.Run("S6 malformed encryption keys are refused", func(t *testing.T) {
		good := key.Public()
		if err := seal.CheckKEMKey(good); err != nil {
			t.Fatal(err)
		}
		// The first 1152 bytes are 12-bit coefficients below 3329.
		tooBig := bytes.Clone(good)
		tooBig[0], tooBig[1] = 0xff, 0xff
		for name, bad := range map[string][]byte{"empty": nil, "short": good[1:], "long": append(bytes.Clone(good), 0), "coefficient too big": tooBig} {
			if seal.CheckKEMKey(bad) == nil {
				t.Errorf("%s: accepted", name)
			}
			if _, err := seal.SealTo(bad, nil, nil); err == nil {
				t.Errorf("%s: sealed to", name)
			}
		}
	})
}

func TestPassphraseKey(t *testing.T) {
	t.Run("S8 the key depends on passphrase, salt and cost", func(t *testing.T) {
		base := seal.PassphraseKey("correct horse", []byte("0123456789abcdef"), 1, 64, 1)
		if base != seal.PassphraseKey("correct horse", []byte("0123456789abcdef"), 1, 64, 1) {
			t.Error("the same input gives another key")
		}
		for name, other := range map[string]seal.Key{
			"passphrase": seal.PassphraseKey("correct horsf", []byte("0123456789abcdef"), 1, 64, 1),
			"salt":       seal.PassphraseKey("correct horse", []byte("0123456789abcdeg"), 1, 64, 1),
			"passes":     seal.PassphraseKey("correct horse", []byte("0123456789abcdef"), 2, 64, 1),
			"memory":     seal.PassphraseKey("correct horse", []byte("0123456789abcdef"), 1, 128, 1),
		} {
			if other == base {
				t.Errorf("another %s gives the same key", name)
			}
		}
	})
	t.Run("S8 parameters out of range are refused before memory is taken", func(t *testing.T) {
		if err := seal.CheckStretch(3, 256<<10, 4); err != nil {
			t.Error(err)
		}
		for _, bad := range [][3]uint32{{0, 64, 1}, {17, 64, 1}, {1, 7, 1}, {1, 64, 0}, {1, 64, 9}, {1, 1<<20 + 1, 1}, {1, 1 << 31, 4}} {
			if seal.CheckStretch(bad[0], bad[1], uint8(bad[2])) == nil {
				t.Errorf("%v was accepted", bad)
			}
		}
	})
}

func TestOutcome(t *testing.T) {
	t.Run("S12 every outcome has a name and travels in an error", func(t *testing.T) {
		names := map[seal.Outcome]string{seal.OK: "ok", seal.Drop: "drop", seal.Reject: "reject", seal.Pend: "pend",
			seal.Quarantine: "quarantine", seal.Evidence: "evidence", seal.Outcome(9): "outcome(9)"}
		for outcome, name := range names {
			if outcome.String() != name {
				t.Errorf("String = %s, want %s", outcome, name)
			}
		}
		fault := fmt.Errorf("receive: %w", &seal.Fault{Outcome: seal.Pend, Reason: "gap"})
		if fault.Error() != "receive: pend: gap" || seal.OutcomeOf(fault) != seal.Pend {
			t.Errorf("%v gives %v", fault, seal.OutcomeOf(fault))
		}
		if seal.OutcomeOf(nil) != seal.OK || seal.OutcomeOf(seal.ErrSealed) != seal.Reject {
			t.Error("OutcomeOf is wrong for plain errors")
		}
	})
}

func TestSealProperties(t *testing.T) {
	t.Run("S5 whatever is sealed opens again", rapid.MakeCheck(func(t *rapid.T) {
		key := seal.Key(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		got, err := key.Open(key.Seal(plain, aad), aad)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("Open = %x, %v", got, err)
		}
	}))
}
