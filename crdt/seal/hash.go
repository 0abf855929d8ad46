package seal

import (
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// Hash is H(label, parts…) of rule S2: SHA-256 over the label, a zero byte and
// every part with its length in front (4 bytes, big-endian). Different splits
// of the same bytes give different hashes.
func Hash(label string, parts ...[]byte) ID {
	h := sha256.New()
	var head [4]byte
	h.Write([]byte(label))
	h.Write(head[:1])
	for _, part := range parts {
		binary.BigEndian.PutUint32(head[:], uint32(len(part)))
		h.Write(head[:])
		h.Write(part)
	}
	var id ID
	h.Sum(id[:0])
	return id
}

// Sum is the plain SHA-256 of data, used for content-addressed blobs.
func Sum(data []byte) ID { return sha256.Sum256(data) }

// KDF derives 32 bytes from a secret with HKDF-SHA256 (rule S4). An empty salt
// means none; info starts with a label.
func KDF(secret, salt []byte, info string) [32]byte {
	derived, err := hkdf.Key(sha256.New, secret, salt, info, 32)
	if err != nil {
		// Only a length above 255 hashes or a FIPS policy can cause this.
		panic("seal: derive key: " + err.Error())
	}
	return [32]byte(derived)
}

// EqualBytes compares in a time that depends on the lengths only.
func EqualBytes(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }
