package workspace

import (
	"fmt"
	"sync"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// maxLive bounds an ephemeral hint.
const maxLive = 4 << 10

// liveHint is an ephemeral hint on the wire: never stored, sent only to connected
// devices that may read the space. The stream it comes on authenticates it.
type liveHint struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Space seal.SpaceID
	Kind  Kind
	Body  []byte
}

// hints are the listeners for ephemeral hints.
type hints struct {
	mu     sync.Mutex
	byKind map[Kind]func(space seal.SpaceID, device seal.ID, body []byte) // guarded by mu
}

// OnLive sets who hears the hints of a kind.
func (w *Workspace) OnLive(kind Kind, listener func(space seal.SpaceID, device seal.ID, body []byte)) {
	w.hints.mu.Lock()
	defer w.hints.mu.Unlock()
	if w.hints.byKind == nil {
		w.hints.byKind = map[Kind]func(seal.SpaceID, seal.ID, []byte){}
	}
	w.hints.byKind[kind] = listener
}

// SendLive sends an ephemeral hint to the connected devices of a space. It may
// get lost, and nobody who is away ever sees it.
func (w *Workspace) SendLive(space seal.SpaceID, kind Kind, body []byte) error {
	raw, err := seal.Encode(liveHint{V: 1, Space: space, Kind: kind, Body: body})
	if err != nil {
		return err
	}
	a, st := w.network.Load(), w.State()
	if a == nil || st == nil || len(raw) > maxLive {
		return nil
	}
	a.SendLive(raw, func(peer seal.ID) bool {
		device, ok := st.DeviceByPeer(peer)
		return ok && st.CanRead(space, device.ID)
	})
	return nil
}

// Live takes a hint from a connected device.
func (w *Workspace) Live(from seal.ID, raw []byte) {
	hint, err := seal.Decode[liveHint](raw)
	st := w.State()
	if err != nil || st == nil || hint.V != 1 || !st.CanWrite(hint.Space, from) {
		return
	}
	w.hints.mu.Lock()
	listener := w.hints.byKind[hint.Kind]
	w.hints.mu.Unlock()
	if listener != nil {
		listener(hint.Space, from, hint.Body)
	}
}

// Topic is the gossip topic of a space. Who lacks the log key cannot tell to
// which space or team a name belongs.
type Topic struct {
	Space seal.SpaceID
	Name  string
}

// Topics are those of the spaces that this device may read.
func (w *Workspace) Topics() []Topic {
	st := w.State()
	if st == nil {
		return nil
	}
	lk := w.keys.log()
	var topics []Topic
	for _, space := range st.Spaces() {
		if st.CanRead(space.ID, w.self.device) {
			name := seal.Hash("parvis1/topic", lk[:], space.ID[:])
			topics = append(topics, Topic{space.ID, fmt.Sprintf("parvis/%x", name[:16])})
		}
	}
	return topics
}

// CheckGossip looks at an envelope that came by gossip before it is handed on.
// [seal.Reject] means that nobody honest sent it; [seal.Pend] that this device
// may be behind.
func (w *Workspace) CheckGossip(space seal.SpaceID, raw []byte) seal.Outcome {
	env, err := feed.Parse(raw)
	if seal.OutcomeOf(err) == seal.Pend {
		return seal.Pend // of a later version
	}
	if err != nil {
		return seal.Reject
	}
	st := w.State()
	if st == nil || env.Header.WS != w.id || env.Header.Space != space || !st.CanWrite(space, env.Header.Dev) {
		return seal.Pend
	}
	if !env.Verify() {
		return seal.Reject
	}
	return seal.OK
}
