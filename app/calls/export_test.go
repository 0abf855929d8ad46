package calls

import (
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// Tick does what is due, as the clock of a running service does.
func (s *Service) Tick() bool { return s.tick() }

// Reconcile makes the room what the hints say, now.
func (s *Service) Reconcile() {
	if x := s.session.Load(); x != nil {
		x.reconcile()
	}
}

// Hint is a hint on the wire.
type Hint struct {
	V      uint
	Call   call.ID
	Flags  uint
	Uplink uint
	Since  uint64
}

// Encode writes a hint.
func (h Hint) Encode() ([]byte, error) {
	return seal.Encode(hint{V: h.V, Call: h.Call, Flags: h.Flags, Uplink: h.Uplink, Since: h.Since})
}

// DecodeHint reads a hint.
func DecodeHint(data []byte) (Hint, error) {
	h, err := decodeHint(data)
	return Hint{h.V, h.Call, h.Flags, h.Uplink, h.Since}, err
}

// WayMisses reads a hint about the ways of a call: how many are missed.
func WayMisses(data []byte) (int, error) {
	w, err := decodeWay(data)
	return len(w.Misses), err
}

// Recheck looks who may still take part, as a change of the members makes it.
func (s *Service) Recheck(ws seal.ID) { s.recheck(ws) }

// DecodeMessage reads a message of a page and writes it again.
func DecodeMessage(raw []byte) ([]byte, error) {
	m, err := decodeMessage(raw)
	return m.encode(), err
}

// GoesOver is the call that a device goes over to from the first of several: by their ids
// and how many are in them; false: it stays.
func GoesOver(ids []call.ID, there []int, entered time.Duration) (call.ID, bool) {
	var all []rival
	for i, id := range ids {
		all = append(all, rival{id, there[i]})
	}
	return goesOver(all, entered)
}
