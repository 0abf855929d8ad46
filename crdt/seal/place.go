package seal

import (
	"encoding/binary"

	"golang.org/x/crypto/chacha20poly1305"
)

// PlaceOverhead is how many bytes [Key.SealAt] adds: the tag.
const PlaceOverhead = chacha20poly1305.Overhead

// Place is where a piece lies in a whole that one key seals: its number and what
// kind of piece it is. Together they are the nonce.
type Place struct {
	Number uint64
	Kind   byte
}

func (p Place) nonce() []byte {
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	binary.BigEndian.PutUint64(nonce, p.Number)
	nonce[8] = p.Kind
	return nonce
}

// SealAt encrypts a piece with its place as nonce: u64be(number) ‖ kind ‖ 0^15.
// It is only for keys that are random and serve one writing of one whole, so that
// no place is ever used twice; everything else takes [Key.Seal] (rule F1).
func (k Key) SealAt(place Place, plain, aad []byte) []byte {
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic("seal: " + err.Error()) // the key's length is fixed by its type
	}
	return aead.Seal(make([]byte, 0, len(plain)+PlaceOverhead), place.nonce(), plain, aad)
}

// OpenAt returns what [Key.SealAt] was given at the same place. Every failure is
// [ErrSealed].
func (k Key) OpenAt(place Place, sealed, aad []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(k[:])
	if err != nil {
		panic("seal: " + err.Error())
	}
	plain, err := aead.Open(nil, place.nonce(), sealed, aad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
