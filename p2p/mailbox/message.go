package mailbox

import (
	"fmt"

	"parvis/p2p/wire"
)

// Limits of frames in bytes.
const (
	maxRequest = 32 << 10 // towards the super-peer
	maxAnswer  = 64 << 10 // towards the device
)

// kind says what a message is.
type kind uint

const (
	kindHello kind = 1 + iota
	kindPut
	kindObjects
	kindList
	kindFetch
	kindWatch
	kindWelcome
	kindDone
	kindRefs
	kindNews
	kindLeave
)

// The codes of done.
const (
	codeDone uint = iota
	codeStranger
	codeFull
	codeTooMuch
	codeRate
	codeFailed
)

// hello opens every stream.
type hello struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Kind      kind
	Workspace [32]byte
}

// put is followed by a frame with the bytes of the objects, one after the other.
type put struct {
	_           struct{} `cbor:",toarray"`
	V           uint
	Kind        kind
	Tag         Tag
	Refetchable bool
	IDs         []byte // 32 bytes each
	Sizes       []uint32
}

// objects answers fetch; it is followed by the bytes as put is. More says that a
// further one comes.
type objects struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Kind  kind
	IDs   []byte // 32 bytes each
	Sizes []uint32
	More  bool
}

type list struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Kind  kind
	Tag   Tag
	After uint64
	Max   uint
}

type fetch struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Kind kind
	Tag  Tag
	IDs  []byte // 32 bytes each
}

type watch struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Kind kind
	Tags []Tag
}

// welcome answers hello.
type welcome struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Kind  kind
	Store [16]byte
	Used  uint64 // bytes of this device
	Limit uint64
	Now   int64 // Unix milliseconds
}

// done ends what was asked for. Wait is for codeRate, in milliseconds.
type done struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Kind kind
	Code uint
	Wait uint
}

// refs names objects; the first elements of the three lists belong together.
type refs struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Kind    kind
	Numbers []uint64
	IDs     []byte // 32 bytes each
	Sizes   []uint32
	More    bool
}

// news tells of tags; without any it only says that the super-peer is there.
type news struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Kind kind
	Tags []wireNews
}

type wireNews struct {
	_    struct{} `cbor:",toarray"`
	Tag  Tag
	Last uint64
}

// head is how every message begins.
type head struct {
	V    uint
	Kind kind
}

func (m hello) head() head   { return head{m.V, m.Kind} }
func (m put) head() head     { return head{m.V, m.Kind} }
func (m objects) head() head { return head{m.V, m.Kind} }
func (m list) head() head    { return head{m.V, m.Kind} }
func (m fetch) head() head   { return head{m.V, m.Kind} }
func (m watch) head() head   { return head{m.V, m.Kind} }
func (m welcome) head() head { return head{m.V, m.Kind} }
func (m done) head() head    { return head{m.V, m.Kind} }
func (m refs) head() head    { return head{m.V, m.Kind} }
func (m news) head() head    { return head{m.V, m.Kind} }

func malformed(what string) error { return fmt.Errorf("%w: %s", wire.ErrMalformed, what) }

// kindOf reads the kind of a frame without decoding it: an array, version 1, a
// small number.
func kindOf(frame []byte) (kind, error) {
	if len(frame) < 3 || frame[0] < 0x83 || frame[0] > 0x97 || frame[1] != 1 || frame[2] < byte(kindHello) || frame[2] > byte(kindLeave) {
		return 0, malformed("version or kind")
	}
	return kind(frame[2]), nil
}

// decode reads a message of one kind and checks what the frame alone can show.
func decode[M interface {
	head() head
	check() error
}](frame []byte, want kind) (M, error) {
	var none M
	m, err := wire.Decode[M](frame)
	if err != nil {
		return none, err
	}
	if m.head() != (head{1, want}) {
		return none, malformed("version or kind")
	}
	if err := m.check(); err != nil {
		return none, err
	}
	return m, nil
}

func (m hello) check() error   { return nil }
func (m welcome) check() error { return nil }

func (m put) check() error {
	if len(m.Sizes) == 0 {
		return malformed("a put of nothing")
	}
	return checkObjects(m.IDs, m.Sizes)
}

// check wants every answer but the last to bring something.
func (m objects) check() error {
	if m.More && len(m.Sizes) == 0 {
		return malformed("number of objects")
	}
	return checkObjects(m.IDs, m.Sizes)
}

// checkObjects holds the limits of one frame of objects: only a single object
// may be larger than a window (X3).
func checkObjects(ids []byte, sizes []uint32) error {
	if ids == nil || sizes == nil || len(sizes) > MaxBatch || len(ids) != 32*len(sizes) {
		return malformed("number of objects")
	}
	for _, size := range sizes {
		if size > MaxObject {
			return malformed("object")
		}
	}
	if len(sizes) > 1 && sum(sizes) > MaxWindow {
		return malformed("more than a window")
	}
	return nil
}

func (m list) check() error {
	if m.Max == 0 || m.Max > MaxRefs {
		return malformed("length of a list")
	}
	return nil
}

func (m fetch) check() error {
	if len(m.IDs) == 0 || len(m.IDs)%32 != 0 || len(m.IDs) > 32*MaxBatch {
		return malformed("number of ids")
	}
	return nil
}

func (m watch) check() error {
	if len(m.Tags) == 0 || len(m.Tags) > MaxTags {
		return malformed("number of tags")
	}
	return nil
}

func (m done) check() error {
	if m.Code > codeFailed {
		return malformed("code")
	}
	return nil
}

// check wants growing numbers, so that whoever follows them gets ahead.
func (m refs) check() error {
	n := len(m.Numbers)
	if m.Numbers == nil || m.IDs == nil || m.Sizes == nil || n > MaxRefs || len(m.IDs) != 32*n || len(m.Sizes) != n || m.More && n == 0 {
		return malformed("number of references")
	}
	last := uint64(0)
	for i, number := range m.Numbers {
		if number <= last || m.Sizes[i] > MaxObject {
			return malformed("reference")
		}
		last = number
	}
	return nil
}

func (m news) check() error {
	if m.Tags == nil || len(m.Tags) > MaxTags {
		return malformed("number of tags")
	}
	return nil
}

func sum(sizes []uint32) int {
	total := 0
	for _, size := range sizes {
		total += int(size)
	}
	return total
}

// packObjects splits objects into what their message and what its frame of bytes
// need.
func packObjects(all []Object) (ids []byte, sizes []uint32, body []byte) {
	ids, sizes = make([]byte, 0, 32*len(all)), make([]uint32, len(all))
	for i, o := range all {
		ids = append(ids, o.ID[:]...)
		sizes[i] = uint32(len(o.Bytes))
	}
	body = make([]byte, 0, sum(sizes))
	for _, o := range all {
		body = append(body, o.Bytes...)
	}
	return ids, sizes, body
}

// unpackObjects shares memory with the body, whose length is the sum of the sizes.
func unpackObjects(ids []byte, sizes []uint32, body []byte) []Object {
	all := make([]Object, len(sizes))
	at := uint32(0)
	for i, size := range sizes {
		all[i] = Object{ID: [32]byte(ids[32*i:]), Bytes: body[at : at+size : at+size]}
		at += size
	}
	return all
}

func packIDs(ids [][32]byte) []byte {
	packed := make([]byte, 0, 32*len(ids))
	for i := range ids {
		packed = append(packed, ids[i][:]...)
	}
	return packed
}

func unpackIDs(packed []byte) [][32]byte {
	ids := make([][32]byte, len(packed)/32)
	for i := range ids {
		ids[i] = [32]byte(packed[32*i:])
	}
	return ids
}

func packRefs(all []Ref, more bool) refs {
	m := refs{V: 1, Kind: kindRefs, Numbers: make([]uint64, len(all)), IDs: make([]byte, 0, 32*len(all)), Sizes: make([]uint32, len(all)), More: more}
	for i, r := range all {
		m.Numbers[i], m.Sizes[i] = r.N, r.Size
		m.IDs = append(m.IDs, r.ID[:]...)
	}
	return m
}

func (m refs) unpack() []Ref {
	all := make([]Ref, len(m.Numbers))
	for i, n := range m.Numbers {
		all[i] = Ref{N: n, ID: [32]byte(m.IDs[32*i:]), Size: m.Sizes[i]}
	}
	return all
}

func packNews(all []News) news {
	m := news{V: 1, Kind: kindNews, Tags: make([]wireNews, len(all))}
	for i, one := range all {
		m.Tags[i] = wireNews{Tag: one.Tag, Last: one.Last}
	}
	return m
}
