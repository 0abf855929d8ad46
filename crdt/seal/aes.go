package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
)

const (
	aesNonce = 12
	aesTag   = 16
	// AESOverhead is how many bytes [AESKey.Seal] adds: a nonce in front, a tag behind.
	AESOverhead = aesNonce + aesTag
	// AESCountedOverhead is how many [AESKey.SealAt] adds: its number in front, a tag behind.
	AESCountedOverhead = 8 + aesTag
)

// AESKey is a symmetric key for AES-256-GCM, which is what browsers have. A key is used
// with [AESKey.Seal] or with [AESKey.SealAt], never with both (rule S17).
type AESKey [32]byte

// String hides the key, so that no log line can show it.
func (k AESKey) String() string { return "aes-key(hidden)" }

// GoString hides the key from %#v too.
func (k AESKey) GoString() string { return k.String() }

func (k AESKey) aead() cipher.AEAD {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic("seal: aes key: " + err.Error()) // the length is fixed by its type
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic("seal: aes key: " + err.Error())
	}
	return aead
}

// Seal encrypts under a random nonce, which stands in front. It is for keys under which
// little is sealed: a nonce must not come twice.
func (k AESKey) Seal(plain, aad []byte) []byte {
	out := make([]byte, aesNonce, len(plain)+AESOverhead)
	rand.Read(out)
	return k.aead().Seal(out, out, plain, aad)
}

// Open returns what [AESKey.Seal] was given. Every failure is [ErrSealed].
func (k AESKey) Open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) < AESOverhead {
		return nil, ErrSealed
	}
	return k.open(sealed[:aesNonce], sealed[aesNonce:], aad)
}

// SealAt encrypts under the number n, which stands in front. No two may have the same.
func (k AESKey) SealAt(n uint64, plain, aad []byte) []byte {
	out := make([]byte, 8, len(plain)+AESCountedOverhead)
	binary.BigEndian.PutUint64(out, n)
	return k.aead().Seal(out, countedNonce(n), plain, aad)
}

// OpenAt returns what [AESKey.SealAt] was given. Every failure is [ErrSealed]. That n is
// new is for the caller to see.
func (k AESKey) OpenAt(sealed, aad []byte) (n uint64, plain []byte, err error) {
	if len(sealed) < AESCountedOverhead {
		return 0, nil, ErrSealed
	}
	n = binary.BigEndian.Uint64(sealed)
	plain, err = k.open(countedNonce(n), sealed[8:], aad)
	return n, plain, err
}

func countedNonce(n uint64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, aesNonce-8, aesNonce), n)
}

func (k AESKey) open(nonce, box, aad []byte) ([]byte, error) {
	plain, err := k.aead().Open(nil, nonce, box, aad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
