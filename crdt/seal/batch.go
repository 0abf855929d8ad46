package seal

import (
	"crypto/rand"
	"crypto/sha512"

	"filippo.io/edwards25519"
)

// Claim says that Sig is a signature by Pub over label and payload.
type Claim struct {
	Pub     ID
	Label   string
	Payload []byte
	Sig     []byte
}

// Verify is [Verify].
func (c Claim) Verify() bool { return Verify(c.Pub, c.Label, c.Payload, c.Sig) }

// minCombined is how many claims are worth being combined.
const minCombined = 8

// VerifyAll says of every claim what [Verify] says of it. Of many good ones each
// costs about a fifth, on one core: callers split long lists over their cores,
// into parts of some hundred.
func VerifyAll(claims []Claim) []bool {
	good := make([]bool, len(claims))
	b := batch{claims: claims, good: good, keys: map[ID]*edwards25519.Point{}}
	open := make([]equation, 0, len(claims))
	for i, c := range claims {
		if len(claims) < minCombined {
			good[i] = c.Verify()
		} else if e, ok := b.equation(i); ok {
			open = append(open, e)
		}
	}
	b.settle(open)
	return good
}

// batch is one run of VerifyAll.
type batch struct {
	claims []Claim
	good   []bool
	keys   map[ID]*edwards25519.Point // nil for bytes that are no key
}

// equation is S·B = R + k·A, times 8 on both sides, for the claim at a place of
// the list (rule S3).
type equation struct {
	at   int
	r    *edwards25519.Point
	s, k *edwards25519.Scalar
}

// equation reads a claim. It fails for a claim that cannot be good.
func (b *batch) equation(at int) (equation, bool) {
	c := b.claims[at]
	if _, seen := b.keys[c.Pub]; !seen {
		point, err := new(edwards25519.Point).SetBytes(c.Pub[:])
		if err != nil {
			point = nil
		}
		b.keys[c.Pub] = point
	}
	if b.keys[c.Pub] == nil || len(c.Sig) != SigSize || !canonicalPoint(c.Sig[:32]) {
		return equation{}, false
	}
	r, err := new(edwards25519.Point).SetBytes(c.Sig[:32])
	if err != nil {
		return equation{}, false
	}
	s, err := edwards25519.NewScalar().SetCanonicalBytes(c.Sig[32:])
	if err != nil {
		return equation{}, false
	}
	message := make([]byte, 0, 64+len(c.Label)+1+len(c.Payload))
	message = append(append(message, c.Sig[:32]...), c.Pub[:]...)
	message = append(append(message, c.Label...), 0)
	digest := sha512.Sum512(append(message, c.Payload...))
	k, err := edwards25519.NewScalar().SetUniformBytes(digest[:])
	return equation{at, r, s, k}, err == nil
}

// settle decides about equations: all at once when they hold together, else in
// halves, so that few bad ones do not make the good ones expensive.
func (b *batch) settle(open []equation) {
	switch {
	case len(open) < minCombined:
		for _, e := range open {
			b.good[e.at] = b.claims[e.at].Verify()
		}
	case b.hold(open):
		for _, e := range open {
			b.good[e.at] = true
		}
	default:
		b.settle(open[:len(open)/2])
		b.settle(open[len(open)/2:])
	}
}

// hold adds the equations up, each times a random number of 128 bits that nobody
// could know beforehand: a sum that holds although one of them does not would be
// a guess with chance 2^-128. Keys that occur often are added once.
func (b *batch) hold(open []equation) bool {
	random := make([]byte, 16*len(open))
	rand.Read(random)
	scalars := make([]*edwards25519.Scalar, 0, len(open)+len(b.keys)+1)
	points := make([]*edwards25519.Point, 0, cap(scalars))
	base := edwards25519.NewScalar()
	byKey := map[ID]*edwards25519.Scalar{}
	for i, e := range open {
		var z32 [32]byte
		copy(z32[:], random[16*i:16*i+16])
		z, err := edwards25519.NewScalar().SetCanonicalBytes(z32[:])
		if err != nil {
			return false // half as long as the order: never
		}
		scalars, points = append(scalars, z), append(points, e.r)
		base.MultiplyAdd(z, e.s, base)
		pub := b.claims[e.at].Pub
		if byKey[pub] == nil {
			byKey[pub] = edwards25519.NewScalar()
		}
		byKey[pub].MultiplyAdd(z, e.k, byKey[pub])
	}
	for pub, sum := range byKey {
		scalars, points = append(scalars, sum), append(points, b.keys[pub])
	}
	scalars, points = append(scalars, base.Negate(base)), append(points, edwards25519.NewGeneratorPoint())
	return isZero8(new(edwards25519.Point).VarTimeMultiScalarMult(scalars, points))
}

// verifyCofactored is the equation of rule S3 for one claim. Only a signature
// that was made against the rules needs it: crypto/ed25519, which leaves the 8
// out, accepts all others.
func (c Claim) verifyCofactored() bool {
	b := batch{claims: []Claim{c}, keys: map[ID]*edwards25519.Point{}}
	e, ok := b.equation(0)
	if !ok {
		return false
	}
	minus := new(edwards25519.Point).Negate(b.keys[c.Pub])
	sum := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(e.k, minus, e.s)
	return isZero8(sum.Subtract(sum, e.r))
}

func isZero8(p *edwards25519.Point) bool {
	return new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 1
}

// canonicalPoint reports whether 32 bytes are the one encoding of a point, if
// they are one of a point at all: y is below 2^255 - 19, and x = 0 has no sign.
func canonicalPoint(b []byte) bool {
	y := [32]byte(b)
	sign := y[31] >> 7
	y[31] &= 0x7f
	middle := true // bytes 1 to 30 are ff and byte 31 is 7f: y is 2^255 - 256 or more
	for _, x := range y[1:31] {
		middle = middle && x == 0xff
	}
	middle = middle && y[31] == 0x7f
	if middle && y[0] >= 0xed {
		return false
	}
	one := [32]byte{1}
	minusOne := middle && y[0] == 0xec
	return sign == 0 || y != one && !minusOne
}
