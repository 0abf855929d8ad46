package seal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Limits of every structure, checked before anything is allocated (rule S10).
const (
	MaxNested   = 8
	MaxElements = 4096
	MaxPairs    = 64
)

// ErrNotCanonical reports bytes that decode but are not the one encoding of
// what they say (rule S11).
var ErrNotCanonical = errors.New("not the deterministic encoding")

// Signed is how signed things travel: the signature covers the payload's bytes
// as received, and ids are hashes of the payload alone, because a signer can
// make many signatures of one text.
type Signed struct {
	_       struct{} `cbor:",toarray"`
	Payload []byte
	Sig     []byte
}

var (
	encoder = must(encodeOptions().UserBufferEncMode())
	decoder = must(decodeOptions().DecMode())
)

func encodeOptions() cbor.EncOptions {
	options := cbor.CoreDetEncOptions()
	// null is reserved for absent pointers: a nil slice is an empty one.
	options.NilContainers = cbor.NilContainerAsEmpty
	options.TagsMd = cbor.TagsForbidden
	return options
}

func decodeOptions() cbor.DecOptions {
	return cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  MaxNested,
		MaxArrayElements: MaxElements,
		MaxMapPairs:      MaxPairs,
		UTF8:             cbor.UTF8RejectInvalid,
	}
}

func must[M any](mode M, err error) M {
	if err != nil {
		panic("seal: cbor options: " + err.Error())
	}
	return mode
}

// Encode writes v in core deterministic CBOR (rule S9). Structures carry
// `cbor:",toarray"` and their version as first element.
func Encode[T any](v T) ([]byte, error) {
	var buffer bytes.Buffer
	if err := encoder.MarshalToBuffer(v, &buffer); err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return buffer.Bytes(), nil
}

// Decode reads one T and nothing else from data. What it accepts is exactly
// what [Encode] writes: it encodes the result again and compares, because the
// library takes longer integers, and byte strings of another length into fixed
// arrays, without a word (rules S10, S11). The result shares no memory with data.
func Decode[T any](data []byte) (T, error) {
	var v, zero T
	if err := decoder.Unmarshal(data, &v); err != nil {
		return zero, fmt.Errorf("decode %T: %w", zero, err)
	}
	again := bytes.NewBuffer(make([]byte, 0, len(data)+16))
	if err := encoder.MarshalToBuffer(v, again); err != nil {
		return zero, fmt.Errorf("decode %T: %w", zero, err)
	}
	if !bytes.Equal(again.Bytes(), data) {
		return zero, fmt.Errorf("decode %T: %w", zero, ErrNotCanonical)
	}
	return v, nil
}

// Elements splits an array into the encodings of its elements, without judging
// those beyond the limits of rule S10. It serves to read the fields that all
// versions of a structure share from one of a later version.
func Elements(data []byte) ([][]byte, error) {
	var elements []cbor.RawMessage
	if err := decoder.Unmarshal(data, &elements); err != nil {
		return nil, fmt.Errorf("split array: %w", err)
	}
	split := make([][]byte, len(elements))
	for i, element := range elements {
		split[i] = element
	}
	return split, nil
}
