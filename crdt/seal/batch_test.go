package seal_test

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	"parvis/crdt/seal"

	"filippo.io/edwards25519"
	"pgregory.net/rapid"
)

// claims are n good ones by three keys.
func claims(n int) []seal.Claim {
	all := make([]seal.Claim, n)
	for i := range all {
		key := seal.NewSignKey([32]byte{byte(i % 3)})
		payload := binary.BigEndian.AppendUint64(nil, uint64(i))
		all[i] = seal.Claim{Pub: key.Public(), Label: "parvis1/test", Payload: payload, Sig: key.Sign("parvis1/test", payload)}
	}
	return all
}

// spoil makes a claim bad in one of several ways.
func spoil(c seal.Claim, way int) seal.Claim {
	c.Sig = bytes.Clone(c.Sig)
	switch way % 8 {
	case 0:
		c.Sig[63] ^= 0x10 // S not below the order
	case 1:
		c.Sig[32] ^= 1 // another S
	case 2:
		c.Sig[0] ^= 1 // another R, or none
	case 3:
		c.Payload = append(bytes.Clone(c.Payload), 0)
	case 4:
		c.Label = "parvis1/other"
	case 5:
		c.Pub = seal.NewSignKey([32]byte{99}).Public()
	case 6:
		c.Sig = c.Sig[:63]
	case 7:
		c.Pub = seal.ID{0: 2} // no point
	}
	return c
}

func TestVerifyAll(t *testing.T) {
	t.Run("S3 good ones are found beside bad ones, whatever their places", rapid.MakeCheck(func(t *rapid.T) {
		all := claims(rapid.IntRange(0, 60).Draw(t, "claims"))
		bad := map[int]bool{}
		for way := range rapid.IntRange(0, 4).Draw(t, "bad") {
			if at := rapid.IntRange(0, max(len(all)-1, 0)).Draw(t, "at"); at < len(all) && !bad[at] {
				all[at], bad[at] = spoil(all[at], way+rapid.IntRange(0, 7).Draw(t, "way")), true
			}
		}
		for i, good := range seal.VerifyAll(all) {
			if good == bad[i] || good != all[i].Verify() {
				t.Fatalf("claim %d of %d: good %v, spoiled %v, alone %v", i, len(all), good, bad[i], all[i].Verify())
			}
		}
	}))
	t.Run("S3 bad ones cannot make up for each other", func(t *testing.T) {
		all := claims(16)
		one, _ := edwards25519.NewScalar().SetCanonicalBytes(append([]byte{1}, make([]byte, 31)...))
		for i, add := range []*edwards25519.Scalar{one, edwards25519.NewScalar().Negate(one)} {
			s, err := edwards25519.NewScalar().SetCanonicalBytes(all[i].Sig[32:])
			if err != nil {
				t.Fatal(err)
			}
			all[i].Sig = append(all[i].Sig[:32:32], s.Add(s, add).Bytes()...)
		}
		for i, good := range seal.VerifyAll(all) {
			if good != (i > 1) {
				t.Errorf("claim %d: %v", i, good)
			}
		}
	})
}

// torsion are the encodings of the points of small order (see S6).
var torsion = []string{
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
}

// crooked makes a signature whose R has a part of small order, which a device can
// do on purpose.
func crooked(t *testing.T, low *edwards25519.Point, payload []byte) seal.Claim {
	t.Helper()
	scalar := func(data string, parts ...[]byte) *edwards25519.Scalar {
		digest := sha512.Sum512(append([]byte(data), bytes.Join(parts, nil)...))
		s, err := edwards25519.NewScalar().SetUniformBytes(digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, r := scalar("key"), scalar("nonce", payload)
	pub := new(edwards25519.Point).ScalarBaseMult(a).Bytes()
	point := new(edwards25519.Point).ScalarBaseMult(r)
	point.Add(point, low)
	k := scalar("", point.Bytes(), pub, []byte("parvis1/test\x00"), payload)
	s := edwards25519.NewScalar().MultiplyAdd(k, a, r)
	return seal.Claim{Pub: seal.ID(pub), Label: "parvis1/test", Payload: payload, Sig: append(point.Bytes(), s.Bytes()...)}
}

func TestOneVerdictForEverybody(t *testing.T) {
	for n, text := range torsion {
		t.Run(fmt.Sprintf("S3 a signature with a part of small order is judged the same alone and beside others, %d", n), func(t *testing.T) {
			raw, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			low, err := new(edwards25519.Point).SetBytes(raw)
			if err != nil {
				t.Fatal(err)
			}
			for run := range 16 { // with chance a wrong rule would pass some of them
				odd := crooked(t, low, []byte{byte(run)})
				if !odd.Verify() {
					t.Fatal("alone it is refused")
				}
				for i, good := range seal.VerifyAll(append(claims(15), odd)) {
					if !good {
						t.Fatalf("claim %d is refused", i)
					}
				}
				odd.Payload = []byte("another")
				if got := seal.VerifyAll(append(claims(15), odd)); odd.Verify() || got[15] || !got[0] {
					t.Fatal("for another text it is accepted")
				}
			}
		})
	}
	t.Run("S3 R has one encoding", func(t *testing.T) {
		// R = identity, S = k·a: right, and written with a sign that zero has not.
		digest := sha512.Sum512([]byte("key"))
		a, err := edwards25519.NewScalar().SetUniformBytes(digest[:])
		if err != nil {
			t.Fatal(err)
		}
		pub := new(edwards25519.Point).ScalarBaseMult(a).Bytes()
		for text, want := range map[string]bool{
			"0100000000000000000000000000000000000000000000000000000000000000": true,
			"0100000000000000000000000000000000000000000000000000000000000080": false,
			"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f": false,
		} {
			r, err := hex.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			digest := sha512.Sum512(bytes.Join([][]byte{r, pub, []byte("parvis1/test\x00")}, nil))
			k, err := edwards25519.NewScalar().SetUniformBytes(digest[:])
			if err != nil {
				t.Fatal(err)
			}
			odd := seal.Claim{Pub: seal.ID(pub), Label: "parvis1/test", Sig: append(r, k.Multiply(k, a).Bytes()...)}
			if got := seal.VerifyAll(append(claims(15), odd)); odd.Verify() != want || got[15] != want {
				t.Errorf("R = %s: alone %v, beside others %v, want %v", text, odd.Verify(), got[15], want)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for _, n := range []int{1, 16, 64, 128, 256, 512} {
		all := claims(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for i := 0; i < b.N; i += n {
				seal.VerifyAll(all)
			}
		})
	}
}
