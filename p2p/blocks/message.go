package blocks

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"

	"github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	blockformat "github.com/ipfs/go-block-format"
	"google.golang.org/protobuf/encoding/protowire"

	"parvis/p2p/wire"
)

// Limits of one message (rule B3).
const (
	maxMessage   = 640 << 10 // bytes
	maxEntries   = 512       // wants and cancels
	maxPresences = 512
	maxPayloads  = 64
)

// want is one entry of a want list.
type want struct {
	id           ID
	priority     int32
	cancel       bool
	have         bool // asks whether, not for the block
	sendDontHave bool
}

// received is a message of bitswap 1.2 that keeps to the limits.
type received struct {
	full      bool
	wants     []want
	blocks    map[ID][]byte
	haves     []ID
	dontHaves []ID
	pending   int32
}

// bitswap is the message as bitswap takes it.
func (r received) bitswap() message.BitSwapMessage {
	m := message.New(r.full)
	for _, w := range r.wants {
		kind := pb.Message_Wantlist_Block
		if w.have {
			kind = pb.Message_Wantlist_Have
		}
		if w.cancel {
			m.Cancel(cidOf(w.id))
		} else {
			m.AddEntry(cidOf(w.id), w.priority, kind, w.sendDontHave)
		}
	}
	for id, data := range r.blocks {
		if b, err := blockformat.NewBlockWithCid(data, cidOf(id)); err == nil {
			m.AddBlock(b)
		}
	}
	for _, id := range r.haves {
		m.AddHave(cidOf(id))
	}
	for _, id := range r.dontHaves {
		m.AddDontHave(cidOf(id))
	}
	m.SetPendingBytes(r.pending)
	return m
}

// encode writes a message of ours.
func encode(m message.BitSwapMessage) ([]byte, error) {
	var out bytes.Buffer
	if err := m.ToNetV1(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil // the length stands in front, as in every frame (W20)
}

func malformed(what string) error { return fmt.Errorf("%w: %s", wire.ErrMalformed, what) }

// decode reads a message and counts before it takes memory. Blocks get the name
// that their bytes give them; nothing that a peer says names them.
func decode(frame []byte) (received, error) {
	if len(frame) > maxMessage {
		return received{}, fmt.Errorf("%w: block message", wire.ErrTooLarge)
	}
	r := received{blocks: map[ID][]byte{}}
	payloads := 0
	err := fields(frame, func(number protowire.Number, value uint64, data []byte) error {
		switch number {
		case 1:
			return r.wantList(data)
		case 2:
			return malformed("a block without prefix")
		case 3:
			if payloads++; payloads > maxPayloads {
				return malformed("too many blocks")
			}
			return r.payload(data)
		case 4:
			return r.presence(data)
		case 5:
			r.pending = int32(min(value, math.MaxInt32))
		}
		return nil
	})
	return r, err
}

func (r *received) wantList(data []byte) error {
	return fields(data, func(number protowire.Number, value uint64, data []byte) error {
		switch number {
		case 1:
			if len(r.wants) == maxEntries {
				return malformed("too many wants")
			}
			w, err := decodeWant(data)
			r.wants = append(r.wants, w)
			return err
		case 2:
			r.full = value != 0
		}
		return nil
	})
}

func decodeWant(data []byte) (want, error) {
	w, named := want{}, false
	err := fields(data, func(number protowire.Number, value uint64, data []byte) error {
		switch number {
		case 1:
			w.id, named = parseCID(data)
		case 2:
			w.priority = int32(min(value, math.MaxInt32))
		case 3:
			w.cancel = value != 0
		case 4:
			w.have = value != 0
		case 5:
			w.sendDontHave = value != 0
		}
		return nil
	})
	if err == nil && !named {
		err = malformed("a want of no block")
	}
	return w, err
}

func (r *received) payload(data []byte) error {
	var content []byte
	prefixed := false
	err := fields(data, func(number protowire.Number, _ uint64, data []byte) error {
		switch number {
		case 1:
			prefixed = string(data) == cidPrefix
		case 2:
			content = data
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !prefixed:
		return malformed("a block of another kind")
	case len(content) > MaxBlock:
		return fmt.Errorf("%w: block", wire.ErrTooLarge)
	}
	r.blocks[sha256.Sum256(content)] = content
	return nil
}

func (r *received) presence(data []byte) error {
	var id ID
	named, dont := false, false
	err := fields(data, func(number protowire.Number, value uint64, data []byte) error {
		switch number {
		case 1:
			id, named = parseCID(data)
		case 2:
			dont = value != 0
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case !named:
		return malformed("news of no block")
	case len(r.haves)+len(r.dontHaves) == maxPresences:
		return malformed("too much news")
	case dont:
		r.dontHaves = append(r.dontHaves, id)
	default:
		r.haves = append(r.haves, id)
	}
	return nil
}

// fields calls visit for every field of a protobuf message: value for numbers,
// data, which shares memory with the message, for bytes. Fields of other types
// are passed over.
func fields(data []byte, visit func(number protowire.Number, value uint64, data []byte) error) error {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return malformed("field")
		}
		data = data[n:]
		var err error
		switch kind {
		case protowire.VarintType:
			var value uint64
			if value, n = protowire.ConsumeVarint(data); n >= 0 {
				err = visit(number, value, nil)
			}
		case protowire.BytesType:
			var value []byte
			if value, n = protowire.ConsumeBytes(data); n >= 0 {
				err = visit(number, 0, value)
			}
		default:
			n = protowire.ConsumeFieldValue(number, kind, data)
		}
		if n < 0 {
			return malformed("field")
		}
		if err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}
