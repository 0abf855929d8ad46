package sync

import (
	"bytes"
	"fmt"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// The frames as CBOR arrays.
type (
	wirePosition struct {
		_      struct{} `cbor:",toarray"`
		Space  [16]byte
		Device [32]byte
		Seq    uint64
		ID     [32]byte
	}
	wireKnown struct {
		_          struct{} `cbor:",toarray"`
		Index, Seq uint64
		ID         [32]byte
	}
	wireHello struct {
		_         struct{} `cbor:",toarray"`
		Kind      kind
		V         uint
		Workspace [32]byte
		Heads     [][32]byte
		Feeds     []wirePosition
		Links     [][32]byte
	}
	wireHave struct {
		_       struct{} `cbor:",toarray"`
		Kind    kind
		Handled uint64
		Heads   [][32]byte
		Known   []wireKnown
		Fresh   []wirePosition
	}
	wireLinks struct {
		_       struct{} `cbor:",toarray"`
		Kind    kind
		Devices [][32]byte
	}
	wireObjects struct {
		_                         struct{} `cbor:",toarray"`
		Kind                      kind
		Entries, Blobs, Envelopes [][]byte
	}
	wirePeer struct {
		_     struct{} `cbor:",toarray"`
		Key   [32]byte
		Addrs []string
	}
	wireAddrs struct {
		_     struct{} `cbor:",toarray"`
		Kind  kind
		Peers []wirePeer
	}
	wireLive struct {
		_    struct{} `cbor:",toarray"`
		Kind kind
		Body []byte
	}
	wireBye struct {
		_    struct{} `cbor:",toarray"`
		Kind kind
		Code Code
	}
)

func toWire(feeds []Position) []wirePosition {
	out := make([]wirePosition, len(feeds))
	for i, p := range feeds {
		out[i] = wirePosition{Space: p.Feed.Space, Device: p.Feed.Device, Seq: p.Seq, ID: p.ID}
	}
	return out
}

func fromWire(feeds []wirePosition) []Position {
	out := make([]Position, len(feeds))
	for i, p := range feeds {
		out[i] = Position{Feed{p.Space, p.Device}, p.Seq, p.ID}
	}
	return out
}

// EncodeFrame gives the bytes of a frame, without its length. The limits of the
// protocol are the caller's to keep, but a frame is never larger than [MaxFrame].
func EncodeFrame(f Frame) ([]byte, error) {
	var data []byte
	var err error
	switch f := f.(type) {
	case Hello:
		data, err = wire.Encode(wireHello{Kind: f.kind(), V: Version, Workspace: f.Workspace,
			Heads: list(f.Heads), Feeds: toWire(f.Feeds), Links: list(f.Links)})
	case HaveDelta:
		known := make([]wireKnown, len(f.Known))
		for i, k := range f.Known {
			known[i] = wireKnown{Index: k.Index, Seq: k.Seq, ID: k.ID}
		}
		data, err = wire.Encode(wireHave{Kind: f.kind(), Handled: f.Handled, Heads: list(f.Heads),
			Known: known, Fresh: toWire(f.Fresh)})
	case Links:
		data, err = wire.Encode(wireLinks{Kind: f.kind(), Devices: list(f.Devices)})
	case Objects:
		data, err = wire.Encode(wireObjects{Kind: f.kind(), Entries: list(f.Entries), Blobs: list(f.Blobs),
			Envelopes: list(f.Envelopes)})
	case Addrs:
		data, err = encodeAddrs(f)
	case Live:
		data, err = wire.Encode(wireLive{Kind: f.kind(), Body: list(f.Body)})
	case Bye:
		data, err = wire.Encode(wireBye{Kind: f.kind(), Code: f.Code})
	}
	if err != nil {
		return nil, fmt.Errorf("encode frame: %w", err)
	}
	if len(data) > MaxFrame {
		return nil, fmt.Errorf("frame of %d bytes is larger than %d", len(data), MaxFrame)
	}
	return data, nil
}

func encodeAddrs(f Addrs) ([]byte, error) {
	peers := make([]wirePeer, 0, len(f.Peers))
	for _, p := range f.Peers {
		key, err := p.Peer.PublicKey()
		if err != nil {
			return nil, fmt.Errorf("peer %s: %w", p.Peer, err)
		}
		peers = append(peers, wirePeer{Key: key, Addrs: list(p.Addrs)})
	}
	return wire.Encode(wireAddrs{Kind: f.kind(), Peers: peers})
}

// list makes an empty list of nil, which would be encoded as null.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// DecodeFrame reads one frame that [EncodeFrame] could have made; everything
// else is an error (Y4). An unknown version of Hello is [ErrVersion].
func DecodeFrame(data []byte) (Frame, error) {
	f, err := decodeFrame(data)
	if err == nil {
		err = checkFrame(f)
	}
	if err == nil {
		err = checkNulls(f, data)
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

func decodeFrame(data []byte) (Frame, error) {
	// An array of fewer than 24 elements, then an unsigned number below 24.
	if len(data) < 2 || len(data) > MaxFrame || data[0]>>5 != 4 || data[1] >= 24 {
		return nil, fmt.Errorf("%w: no kind", ErrMalformed)
	}
	switch kind(data[1]) {
	case kindHello:
		return decodeHello(data)
	case kindHave:
		return decode(data, func(w wireHave) (Frame, error) {
			f := HaveDelta{Handled: w.Handled, Heads: w.Heads, Fresh: fromWire(w.Fresh), Known: make([]Known, len(w.Known))}
			for i, k := range w.Known {
				f.Known[i] = Known{Index: k.Index, Seq: k.Seq, ID: k.ID}
			}
			return f, nil
		})
	case kindLinks:
		return decode(data, func(w wireLinks) (Frame, error) { return Links{w.Devices}, nil })
	case kindObjects:
		return decode(data, func(w wireObjects) (Frame, error) {
			return Objects{Batch{w.Entries, w.Blobs, w.Envelopes}}, nil
		})
	case kindAddrs:
		return decode(data, func(w wireAddrs) (Frame, error) {
			f := Addrs{Peers: make([]PeerAddrs, 0, min(len(w.Peers), MaxAddrPeers))}
			for _, p := range w.Peers {
				id, err := p2p.PeerIDOf(p.Key)
				if err != nil {
					return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
				}
				f.Peers = append(f.Peers, PeerAddrs{id, p.Addrs})
			}
			return f, nil
		})
	case kindLive:
		return decode(data, func(w wireLive) (Frame, error) { return Live{w.Body}, nil })
	case kindBye:
		return decode(data, func(w wireBye) (Frame, error) { return Bye{w.Code}, nil })
	}
	return nil, fmt.Errorf("%w: kind %d", ErrMalformed, data[1])
}

// decodeHello looks at the version before the rest, because the rest may differ
// in other versions.
func decodeHello(data []byte) (Frame, error) {
	if len(data) > 2 && data[2] != Version {
		return nil, ErrVersion
	}
	return decode(data, func(w wireHello) (Frame, error) {
		return Hello{w.Workspace, w.Heads, fromWire(w.Feeds), w.Links}, nil
	})
}

func decode[W any](data []byte, frame func(W) (Frame, error)) (Frame, error) {
	w, err := wire.Decode[W](data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return frame(w)
}

// checkFrame holds the limits of Y3.
func checkFrame(f Frame) error {
	ok := true
	switch f := f.(type) {
	case Hello:
		ok = len(f.Heads) <= MaxHeads && len(f.Links) <= MaxLinks
	case HaveDelta:
		ok = len(f.Heads) <= MaxHeads && len(f.Known) <= MaxFeeds
	case Links:
		ok = len(f.Devices) <= MaxLinks
	case Objects:
		ok = f.Len() > 0 && f.Len() <= MaxObjects
	case Addrs:
		ok = len(f.Peers) <= MaxAddrPeers
		for _, p := range f.Peers {
			ok = ok && len(p.Addrs) <= MaxAddrs
			for _, a := range p.Addrs {
				ok = ok && len(a) <= MaxAddr
			}
		}
	case Live:
		ok = len(f.Body) <= MaxLive
	}
	if !ok {
		return fmt.Errorf("%w: beyond the limits of kind %d", ErrMalformed, f.kind())
	}
	return nil
}

// checkNulls refuses null where a list or bytes belong, which CBOR decodes to the
// same nothing as an empty list. Windows are large, so they are not encoded again.
func checkNulls(f Frame, data []byte) error {
	null := false
	if o, ok := f.(Objects); ok {
		for _, l := range [][][]byte{o.Entries, o.Blobs, o.Envelopes} {
			null = null || l == nil
			for _, b := range l {
				null = null || len(b) == 0
			}
		}
	} else {
		again, err := EncodeFrame(f)
		null = err != nil || !bytes.Equal(again, data)
	}
	if null {
		return fmt.Errorf("%w: null or empty", ErrMalformed)
	}
	return nil
}
