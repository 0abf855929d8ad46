package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/binary"
	"math/bits"
	"sync/atomic"
)

// FrameOverhead is the most that [FrameKey.Seal] adds to a frame.
const FrameOverhead = 1 + 8 + 8 + 16

// frameSuite is AES_256_GCM_SHA512_128 (RFC 9605 4.5).
const frameSuite = 5

// FrameKey seals the media frames of one sender in one call: SFrame, RFC 9605. A
// forwarder that carries them can read the header alone. Safe for concurrent use.
type FrameKey struct {
	id   uint64
	aead cipher.AEAD
	salt [12]byte
	next atomic.Uint64
}

// NewFrameKey derives the key with a number from a base key (RFC 9605 4.4.2). The base
// key must be used by one sender in one run of its program only: counters start at 0.
func NewFrameKey(base []byte, id uint64) *FrameKey {
	secret, err := hkdf.Extract(sha512.New, base, nil)
	if err != nil {
		panic("seal: derive frame key: " + err.Error()) // a FIPS policy only
	}
	k := &FrameKey{id: id}
	info := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64(nil, id), frameSuite)
	block, err := aes.NewCipher(expand(secret, "SFrame 1.0 Secret key "+string(info), 32))
	if err != nil {
		panic("seal: frame key: " + err.Error()) // the length is fixed
	}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		panic("seal: frame key: " + err.Error())
	}
	copy(k.salt[:], expand(secret, "SFrame 1.0 Secret salt "+string(info), len(k.salt)))
	return k
}

func expand(secret []byte, info string, n int) []byte {
	out, err := hkdf.Expand(sha512.New, secret, info, n)
	if err != nil {
		panic("seal: derive frame key: " + err.Error())
	}
	return out
}

// Number is what the header of each of its frames says.
func (k *FrameKey) Number() uint64 { return k.id }

// FrameKeyNumber is the number of the key that a frame says it was sealed with; false:
// it is no frame.
func FrameKeyNumber(sealed []byte) (number uint64, ok bool) {
	number, _, n := parseFrameHeader(sealed)
	return number, n > 0
}

// String hides the key, so that no log line can show it.
func (k *FrameKey) String() string { return "frame-key(hidden)" }

// GoString hides the key from %#v too.
func (k *FrameKey) GoString() string { return k.String() }

// Seal encrypts a frame; meta is authenticated and travels elsewhere. No two frames
// have the same counter, whatever they hold.
func (k *FrameKey) Seal(plain, meta []byte) []byte { return k.seal(k.next.Add(1)-1, plain, meta) }

func (k *FrameKey) seal(counter uint64, plain, meta []byte) []byte {
	header := frameHeader(k.id, counter)
	out := make([]byte, len(header), len(header)+len(plain)+k.aead.Overhead())
	copy(out, header)
	nonce := k.nonce(counter)
	return k.aead.Seal(out, nonce[:], plain, append(header, meta...))
}

// Open returns the frame and its counter. Every failure is [ErrSealed].
func (k *FrameKey) Open(sealed, meta []byte) (plain []byte, counter uint64, err error) {
	id, counter, n := parseFrameHeader(sealed)
	if n == 0 || id != k.id {
		return nil, 0, ErrSealed
	}
	nonce := k.nonce(counter)
	plain, err = k.aead.Open(nil, nonce[:], sealed[n:], append(append([]byte(nil), sealed[:n]...), meta...))
	if err != nil {
		return nil, 0, ErrSealed
	}
	return plain, counter, nil
}

// nonce is the salt with the counter in its last eight bytes (RFC 9605 4.4.3).
func (k *FrameKey) nonce(counter uint64) [12]byte {
	nonce := k.salt
	binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^counter)
	return nonce
}

// frameHeader writes key number and counter, each in the nibble of the first byte when
// below 8, else with its length there and as few bytes as hold it (RFC 9605 4.3).
func frameHeader(id, counter uint64) []byte {
	header := []byte{0}
	put := func(v uint64, shift int) {
		if v < 8 {
			header[0] |= byte(v) << shift
			return
		}
		n := (bits.Len64(v) + 7) / 8
		header[0] |= byte(8|(n-1)) << shift
		for i := n - 1; i >= 0; i-- {
			header = append(header, byte(v>>(8*i)))
		}
	}
	put(id, 4)
	put(counter, 0)
	return header
}

// parseFrameHeader returns the length of the header, 0 when it is broken or not in its
// shortest form.
func parseFrameHeader(sealed []byte) (id, counter uint64, n int) {
	if len(sealed) == 0 {
		return 0, 0, 0
	}
	rest, whole := sealed[1:], true
	take := func(nibble byte) uint64 {
		if nibble < 8 {
			return uint64(nibble)
		}
		size := int(nibble&7) + 1
		if len(rest) < size {
			whole = false
			return 0
		}
		var v uint64
		for _, b := range rest[:size] {
			v = v<<8 | uint64(b)
		}
		whole = whole && v >= 8 && (size == 1 || rest[0] != 0)
		rest = rest[size:]
		return v
	}
	id, counter = take(sealed[0]>>4), take(sealed[0]&15)
	if !whole {
		return 0, 0, 0
	}
	return id, counter, len(sealed) - len(rest)
}
