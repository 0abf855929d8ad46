package seal

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// ID is a SHA-256 hash or an Ed25519 public key, 32 bytes (rule S1).
type ID [32]byte

// SpaceID names a space inside a workspace, 16 bytes (rule S1).
type SpaceID [16]byte

// String returns 64 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Short returns the first 8 hexadecimal digits, for logs and screens only.
func (id ID) Short() string { return hex.EncodeToString(id[:4]) }

// IsZero reports whether all bytes are zero, which stands for "none".
func (id ID) IsZero() bool { return id == ID{} }

// Compare orders ids by their bytes: -1, 0 or 1.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// String returns 32 lower-case hexadecimal digits.
func (id SpaceID) String() string { return hex.EncodeToString(id[:]) }

// Short returns the first 8 hexadecimal digits, for logs and screens only.
func (id SpaceID) Short() string { return hex.EncodeToString(id[:4]) }

// IsZero reports whether all bytes are zero, which stands for "none".
func (id SpaceID) IsZero() bool { return id == SpaceID{} }

// Compare orders ids by their bytes: -1, 0 or 1.
func (id SpaceID) Compare(other SpaceID) int { return bytes.Compare(id[:], other[:]) }

// ParseID reads what [ID.String] writes and nothing else: upper-case digits
// are an error, so that one id has one text.
func ParseID(text string) (ID, error) {
	var id ID
	if err := parseHex(id[:], text); err != nil {
		return ID{}, fmt.Errorf("parse id: %w", err)
	}
	return id, nil
}

// ParseSpaceID reads what [SpaceID.String] writes and nothing else.
func ParseSpaceID(text string) (SpaceID, error) {
	var id SpaceID
	if err := parseHex(id[:], text); err != nil {
		return SpaceID{}, fmt.Errorf("parse space id: %w", err)
	}
	return id, nil
}

func parseHex(into []byte, text string) error {
	if len(text) != hex.EncodedLen(len(into)) {
		return fmt.Errorf("%d characters, want %d", len(text), hex.EncodedLen(len(into)))
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fmt.Errorf("character %q is not a lower-case hexadecimal digit", c)
		}
	}
	_, err := hex.Decode(into, []byte(text))
	return err
}

// UnmarshalBinary takes exactly 32 bytes; the decoder uses it, because by
// itself it fills arrays from byte strings of any length.
func (id *ID) UnmarshalBinary(data []byte) error {
	if len(data) != len(id) {
		return fmt.Errorf("id has %d bytes, want %d", len(data), len(id))
	}
	copy(id[:], data)
	return nil
}

// MarshalBinary returns the 32 bytes.
func (id ID) MarshalBinary() ([]byte, error) { return id[:], nil }

// UnmarshalBinary takes exactly 16 bytes.
func (id *SpaceID) UnmarshalBinary(data []byte) error {
	if len(data) != len(id) {
		return fmt.Errorf("space id has %d bytes, want %d", len(data), len(id))
	}
	copy(id[:], data)
	return nil
}

// MarshalBinary returns the 16 bytes.
func (id SpaceID) MarshalBinary() ([]byte, error) { return id[:], nil }
