package seal

import (
	"crypto/hpke"
	"errors"
	"fmt"
)

const (
	// KEMID is the algorithm number of ML-KEM-768 with X25519 in HPKE.
	KEMID = 0x647a
	// KEMPublicSize is the length of a public encryption key in bytes.
	KEMPublicSize = 1216
	// KEMOverhead is how many bytes [SealTo] adds.
	KEMOverhead = 1120 + 16
)

// KEMKey is a private encryption key, hybrid of ML-KEM-768 and X25519. Its
// zero value cannot open anything.
type KEMKey struct {
	key    hpke.PrivateKey
	public []byte
}

// NewKEMKey makes the key of a 32-byte seed; the same seed gives the same key.
func NewKEMKey(seed [32]byte) (KEMKey, error) {
	key, err := hpke.MLKEM768X25519().NewPrivateKey(seed[:])
	if err != nil {
		return KEMKey{}, fmt.Errorf("make encryption key: %w", err)
	}
	return KEMKey{key: key, public: key.PublicKey().Bytes()}, nil
}

// Public returns the public key, [KEMPublicSize] bytes, a copy.
func (k KEMKey) Public() []byte { return append([]byte(nil), k.public...) }

// String hides the key, so that no log line can show it.
func (k KEMKey) String() string { return "kem-key(hidden)" }

// GoString hides the key from %#v too.
func (k KEMKey) GoString() string { return k.String() }

// Open returns what [SealTo] was given. Every failure, another info included,
// is [ErrSealed].
func (k KEMKey) Open(info, sealed []byte) ([]byte, error) {
	if k.key == nil || len(sealed) < KEMOverhead {
		return nil, ErrSealed
	}
	plain, err := hpke.Open(k.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, sealed)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// CheckKEMKey refuses public keys that cannot be sealed to (rule S6).
func CheckKEMKey(pub []byte) error {
	_, err := parseKEM(pub)
	return err
}

// SealTo encrypts plain so that only the holder of kemPub's private key, who
// knows info, opens it (rule S7). The result is [KEMOverhead] bytes longer.
func SealTo(kemPub, info, plain []byte) ([]byte, error) {
	pub, err := parseKEM(kemPub)
	if err != nil {
		return nil, err
	}
	sealed, err := hpke.Seal(pub, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info, plain)
	if err != nil {
		return nil, fmt.Errorf("seal to encryption key: %w", err)
	}
	return sealed, nil
}

func parseKEM(pub []byte) (hpke.PublicKey, error) {
	if len(pub) != KEMPublicSize {
		return nil, fmt.Errorf("encryption key has %d bytes, want %d", len(pub), KEMPublicSize)
	}
	key, err := hpke.MLKEM768X25519().NewPublicKey(pub)
	if err != nil {
		return nil, errors.New("encryption key is malformed")
	}
	return key, nil
}
