package wire

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/fxamacker/cbor/v2"
)

// Errors that are the other side's fault; they are worth penalty points.
var (
	// ErrTooLarge reports a frame longer than its reader allows.
	ErrTooLarge = errors.New("message too large")
	// ErrMalformed reports bytes that are not the one encoding of a message.
	ErrMalformed = errors.New("malformed message")
)

// IsFault reports whether err means that the other side broke the format, as
// opposed to a connection that failed.
func IsFault(err error) bool {
	return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrMalformed)
}

// modes are the strict options of protocol 2.1.
var modes = sync.OnceValues(func() (cbor.EncMode, cbor.DecMode) {
	enc, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic("wire: encoder options: " + err.Error())
	}
	dec, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  8,
		MaxArrayElements: 4096,
		MaxMapPairs:      64,
		UTF8:             cbor.UTF8RejectInvalid,
	}.DecMode()
	if err != nil {
		panic("wire: decoder options: " + err.Error())
	}
	return enc, dec
})

// Encode returns the one encoding of v: CBOR, core deterministic.
func Encode[T any](v T) ([]byte, error) {
	enc, _ := modes()
	data, err := enc.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return data, nil
}

// Decode accepts exactly what Encode makes: it decodes, encodes again and
// compares, because the library takes integers in longer forms too (W22). The
// result shares no memory with data.
func Decode[T any](data []byte) (T, error) {
	var v, none T
	enc, dec := modes()
	if err := dec.Unmarshal(data, &v); err != nil {
		return none, fmt.Errorf("%w: %v", ErrMalformed, err)
	}
	again, err := enc.Marshal(v)
	if err != nil || !bytes.Equal(again, data) {
		return none, fmt.Errorf("%w: not the shortest form", ErrMalformed)
	}
	return v, nil
}
