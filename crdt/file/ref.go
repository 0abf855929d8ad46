package file

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"parvis/crdt/seal"
)

// Limits of a reference (rule F5). Sizes are in bytes.
const (
	MaxSize    = 64 << 30
	MaxName    = 255
	MaxMime    = 100
	MaxPreview = 32 << 10
)

const version = 1

// Ref names an encrypted file and lets whoever has it read the file. Mime is what
// the author says and proves nothing.
type Ref struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Name    string
	Mime    string
	Size    uint64
	Key     seal.ID // the file key: 32 secret bytes
	Index   []byte  // content id of the index block
	Preview *[]byte
}

// NewRef describes a file that [Write] has sealed.
func NewRef(w Written, name, mime string) Ref {
	return Ref{V: version, Name: name, Mime: mime, Size: w.Size, Key: w.Key, Index: CID(w.Root)}
}

// Check is rule F5: it says why a reference cannot be used, or nil.
func (r Ref) Check() error {
	switch {
	case r.V != version:
		return errors.New("a file reference of another version")
	case r.Name == "" || len(r.Name) > MaxName || strings.ContainsAny(r.Name, "/\\\x00"):
		return errors.New("a file name that cannot be used")
	case len(r.Mime) > MaxMime:
		return errors.New("a file type that is too long")
	case r.Size > MaxSize:
		return errors.New("a file that is too large")
	case r.Key.IsZero():
		return errors.New("a file without key")
	case len(r.Index) != cidLength:
		return errors.New("a file without index")
	case r.Preview != nil && len(*r.Preview) > MaxPreview:
		return errors.New("a preview that is too large")
	}
	return nil
}

// Root is the block that holds the file's index.
func (r Ref) Root() (seal.ID, error) { return ParseCID(r.Index) }

// String leaves the key out, so that no log line can show it.
func (r Ref) String() string { return fmt.Sprintf("file %x (%d bytes)", r.Index, r.Size) }

// GoString hides the key from %#v too.
func (r Ref) GoString() string { return r.String() }

// cidPrefix says: version 1, raw bytes, SHA-256, 32 bytes (rule F3).
const (
	cidPrefix = "\x01\x55\x12\x20"
	cidLength = len(cidPrefix) + len(seal.ID{})
)

// CID is the content id of a block: CIDv1, raw, SHA-256.
func CID(block seal.ID) []byte { return append([]byte(cidPrefix), block[:]...) }

// ParseCID reads what [CID] writes and nothing else.
func ParseCID(cid []byte) (seal.ID, error) {
	if len(cid) != cidLength || !bytes.HasPrefix(cid, []byte(cidPrefix)) {
		return seal.ID{}, errors.New("not the content id of a raw SHA-256 block")
	}
	return seal.ID(cid[len(cidPrefix):]), nil
}
