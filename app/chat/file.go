package chat

import (
	"errors"
	"strings"

	"parvis/crdt/seal"
)

// Limits of a file reference (protocol 2.11, rule T6).
const (
	maxFileName = 255
	maxFileType = 100
	maxFileSize = 64 << 30
	maxPreview  = 32 * 1024
	cidLength   = 36 // CIDv1, raw, SHA-256
)

// FileRef names an encrypted file inside a message (protocol 2.11).
type FileRef struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Name    string
	Mime    string
	Size    uint64
	Key     seal.ID // the file key: 32 secret bytes
	Index   []byte  // CID of the index block
	Preview *[]byte
}

// check is rule T6.
func (f FileRef) check() error {
	switch {
	case f.V != version:
		return errors.New("a file reference of another version")
	case f.Name == "" || len(f.Name) > maxFileName || strings.ContainsAny(f.Name, "/\\\x00"):
		return errors.New("a file name that cannot be used")
	case len(f.Mime) > maxFileType:
		return errors.New("a file type that is too long")
	case f.Size > maxFileSize:
		return errors.New("a file that is too large")
	case f.Key.IsZero():
		return errors.New("a file without key")
	case len(f.Index) != cidLength:
		return errors.New("a file without index")
	case f.Preview != nil && len(*f.Preview) > maxPreview:
		return errors.New("a preview that is too large")
	}
	return nil
}
