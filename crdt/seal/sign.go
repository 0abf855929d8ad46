package seal

import (
	"crypto/ed25519"
	"errors"

	"filippo.io/edwards25519"
)

// SigSize is the length of every signature in bytes.
const SigSize = ed25519.SignatureSize

// SignKey is an Ed25519 private key. Its zero value cannot sign.
type SignKey struct{ key ed25519.PrivateKey }

// NewSignKey makes the key of a seed; the same seed gives the same key.
func NewSignKey(seed [32]byte) SignKey {
	return SignKey{ed25519.NewKeyFromSeed(seed[:])}
}

// Public returns the public key. For a device's signing key it is the DeviceID.
func (k SignKey) Public() ID { return ID(k.key[ed25519.SeedSize:]) }

// Sign signs label, a zero byte and payload (rule S3). Two labels never give
// the same signed bytes, so a signature has one meaning.
func (k SignKey) Sign(label string, payload []byte) []byte {
	return ed25519.Sign(k.key, labelled(label, payload))
}

// String hides the key, so that no log line can show it.
func (k SignKey) String() string { return "sign-key(hidden)" }

// GoString hides the key from %#v too.
func (k SignKey) GoString() string { return k.String() }

// Verify reports whether sig is a signature by pub over label and payload, by the
// equation of rule S3. Wrong lengths and bytes that are no key give false.
func Verify(pub ID, label string, payload, sig []byte) bool {
	if len(sig) != SigSize {
		return false
	}
	return ed25519.Verify(pub[:], labelled(label, payload), sig) || Claim{pub, label, payload, sig}.verifyCofactored()
}

func labelled(label string, payload []byte) []byte {
	message := make([]byte, 0, len(label)+1+len(payload))
	message = append(message, label...)
	message = append(message, 0)
	return append(message, payload...)
}

// CheckSignKey refuses public keys that may not enter the log: bytes that are
// no point, non-canonical encodings (two ids for one key) and points of small
// order (signatures that fit every message). Rule S6.
func CheckSignKey(pub ID) error {
	point, err := new(edwards25519.Point).SetBytes(pub[:])
	if err != nil {
		return errors.New("signing key is not a point of the curve")
	}
	if [32]byte(point.Bytes()) != pub {
		return errors.New("signing key is not canonical")
	}
	if new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return errors.New("signing key has small order")
	}
	return nil
}
