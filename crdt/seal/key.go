package seal

import (
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"
)

// Overhead is how many bytes [Key.Seal] adds: a 24-byte nonce in front and a
// 16-byte tag behind.
const Overhead = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// ErrSealed reports bytes that do not open: another key, other associated
// data, or a changed byte. The three cannot be told apart.
var ErrSealed = errors.New("does not open with this key")

// Key is a symmetric key for XChaCha20-Poly1305.
type Key [32]byte

// RandomKey makes a key from the system's random source.
func RandomKey() Key {
	var k Key
	rand.Read(k[:])
	return k
}

// Random returns n bytes from the system's random source.
func Random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// String hides the key, so that no log line can show it.
func (k Key) String() string { return "key(hidden)" }

// GoString hides the key from %#v too.
func (k Key) GoString() string { return k.String() }

// Seal encrypts plain and authenticates it together with aad. The nonce is
// random and stands in front, because a restored backup would repeat a counter
// (rule S5).
func (k Key) Seal(plain, aad []byte) []byte {
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic("seal: " + err.Error()) // the key's length is fixed by its type
	}
	out := make([]byte, chacha20poly1305.NonceSizeX, len(plain)+Overhead)
	rand.Read(out)
	return aead.Seal(out, out, plain, aad)
}

// Open returns what [Key.Seal] was given. Every failure is [ErrSealed].
func (k Key) Open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) < Overhead {
		return nil, ErrSealed
	}
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic("seal: " + err.Error())
	}
	nonce, box := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	plain, err := aead.Open(nil, nonce, box, aad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// PassphraseKey stretches a passphrase with Argon2id (rule S8): t passes over
// memKiB KiB with the given number of lanes. It takes that much memory and, at
// the usual 3 passes over 256 MiB, most of a second.
func PassphraseKey(passphrase string, salt []byte, t, memKiB uint32, threads uint8) Key {
	return Key(argon2.IDKey([]byte(passphrase), salt, t, memKiB, threads, 32))
}

// CheckStretch refuses Argon2id parameters read from a file that would fail,
// protect nothing, or take more than 1 GiB of memory or 16 passes.
func CheckStretch(t, memKiB uint32, threads uint8) error {
	if t < 1 || t > 16 || memKiB < 8*uint32(threads) || memKiB > 1<<20 || threads < 1 {
		return fmt.Errorf("passphrase parameters t=%d, memory=%d KiB, lanes=%d are out of range", t, memKiB, threads)
	}
	return nil
}
