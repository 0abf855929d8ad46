package seal

import (
	"crypto/ecdh"
	"crypto/rand"
	"errors"
	"fmt"
)

// ExchangePublicSize is the length of a public exchange key: an uncompressed point.
const ExchangePublicSize = 65

// ErrExchange reports bytes that are no public exchange key, or an own key without value.
var ErrExchange = errors.New("not an exchange key")

// ExchangeKey is a private key for agreeing on a secret with a program in a browser, which
// has P-256 everywhere (rule S18). Its zero value cannot agree on anything.
type ExchangeKey struct{ key *ecdh.PrivateKey }

// NewExchangeKey makes one that is used for one purpose and forgotten.
func NewExchangeKey() ExchangeKey {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic("seal: exchange key: " + err.Error()) // the system's random source does not fail
	}
	return ExchangeKey{key}
}

// ExchangeKeyOf is the key of a scalar; one that is zero or too great is refused.
func ExchangeKeyOf(scalar [32]byte) (ExchangeKey, error) {
	key, err := ecdh.P256().NewPrivateKey(scalar[:])
	if err != nil {
		return ExchangeKey{}, fmt.Errorf("%w: %v", ErrExchange, err)
	}
	return ExchangeKey{key}, nil
}

// String hides the key, so that no log line can show it.
func (k ExchangeKey) String() string { return "exchange-key(hidden)" }

// GoString hides the key from %#v too.
func (k ExchangeKey) GoString() string { return k.String() }

// Public returns the public key.
func (k ExchangeKey) Public() (public [ExchangePublicSize]byte) {
	if k.key != nil {
		copy(public[:], k.key.PublicKey().Bytes())
	}
	return public
}

// Shared is the secret that both ends compute. It is to be derived from, not used.
func (k ExchangeKey) Shared(other [ExchangePublicSize]byte) (secret [32]byte, err error) {
	if k.key == nil {
		return secret, ErrExchange
	}
	public, err := ecdh.P256().NewPublicKey(other[:])
	if err != nil {
		return secret, ErrExchange
	}
	shared, err := k.key.ECDH(public)
	if err != nil {
		return secret, ErrExchange
	}
	return [32]byte(shared), nil
}
