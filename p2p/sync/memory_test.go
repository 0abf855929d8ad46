package sync

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"parvis/p2p"
)

// memory is a replica in memory. Log entries are [id, parents…], envelopes
// [feed, seq, payload]; an object with a gap before it is dropped, as a full
// waiting room would do.
type memory struct {
	self [32]byte

	mu      sync.Mutex
	entries [][]byte
	past    map[[32]byte]map[[32]byte]bool // by id: itself and all before it
	heads   [][32]byte
	chains  map[Feed][][]byte
	count   int // envelopes stored
	dups    int // envelopes received that were there already
	gaps    int // objects received too early
	lives   int
	held    map[p2p.PeerID]map[Feed]uint64
	refuse  func(Feed) bool               // true: received envelopes of it are dropped
	private func(p2p.PeerID, Feed) bool   // true: not for this peer
	failing func(Batch) error             // instead of storing
	commit  func(n int)                   // stands for the time of a commit
	stored  func(self [32]byte, e []byte) // called for every new envelope, outside the lock
}

func newMemory(self byte) *memory {
	m := &memory{past: map[[32]byte]map[[32]byte]bool{}, chains: map[Feed][][]byte{}, held: map[p2p.PeerID]map[Feed]uint64{}}
	m.self = device(self)
	return m
}

func device(n byte) [32]byte { return [32]byte{0: n, 31: n} }

func feedOf(space, dev byte) Feed { return Feed{[16]byte{0: space}, device(dev)} }

const memoryHeader = 16 + 32 + 8

func envelope(f Feed, seq uint64, payload []byte) []byte {
	e := make([]byte, 0, memoryHeader+len(payload))
	e = append(append(e, f.Space[:]...), f.Device[:]...)
	return append(binary.BigEndian.AppendUint64(e, seq), payload...)
}

func splitEnvelope(e []byte) (f Feed, seq uint64) {
	copy(f.Space[:], e)
	copy(f.Device[:], e[16:])
	return f, binary.BigEndian.Uint64(e[48:])
}

func idOf(f Feed, seq uint64) (id [32]byte) {
	binary.BigEndian.PutUint64(id[:], seq)
	id[31] = f.Device[0]
	return id
}

// append writes an own envelope.
func (m *memory) append(space byte, payload []byte) {
	m.mu.Lock()
	f := Feed{[16]byte{0: space}, m.self}
	m.chains[f] = append(m.chains[f], envelope(f, uint64(len(m.chains[f])+1), payload))
	m.count++
	m.mu.Unlock()
}

// log writes an own log entry with the current heads as parents.
func (m *memory) log(n uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var e []byte
	id := [32]byte{0: m.self[0]}
	binary.BigEndian.PutUint64(id[8:], n)
	e = append(e, id[:]...)
	for _, h := range m.heads {
		e = append(e, h[:]...)
	}
	m.addEntry(e)
}

func (m *memory) addEntry(e []byte) bool {
	ids := split32(e)
	if m.past[ids[0]] != nil {
		return false
	}
	past := map[[32]byte]bool{ids[0]: true}
	for _, p := range ids[1:] {
		if m.past[p] == nil {
			m.gaps++
			return false
		}
		for id := range m.past[p] {
			past[id] = true
		}
	}
	m.past[ids[0]] = past
	m.entries = append(m.entries, e)
	m.heads = slices.DeleteFunc(m.heads, func(h [32]byte) bool { return slices.Contains(ids[1:], h) })
	m.heads = append(m.heads, ids[0])
	slices.SortFunc(m.heads, func(a, b [32]byte) int { return slices.Compare(a[:], b[:]) })
	return true
}

func split32(e []byte) (ids [][32]byte) {
	for ; len(e) >= 32; e = e[32:] {
		ids = append(ids, [32]byte(e[:32]))
	}
	return ids
}

func (m *memory) Have(context.Context) (Have, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := Have{Heads: slices.Clone(m.heads)}
	for f, c := range m.chains {
		if len(c) > 0 {
			h.Feeds = append(h.Feeds, Position{f, uint64(len(c)), idOf(f, uint64(len(c)))})
		}
	}
	return h, nil
}

func (m *memory) Missing(_ context.Context, peer p2p.PeerID, theirs Have, limit, limitBytes int) (b Batch, after Have, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	size, room := 0, func(n int) bool { return b.Len() == 0 || b.Len() < limit && n <= limitBytes }
	known := map[[32]byte]bool{}
	for _, h := range theirs.Heads {
		for id := range m.past[h] {
			known[id] = true
		}
	}
	sent := slices.Clone(theirs.Heads)
	for _, e := range m.entries {
		if id := [32]byte(e[:32]); !known[id] && room(size+len(e)) {
			b.Entries = append(b.Entries, e)
			sent = append(sent, id)
			size += len(e)
		}
	}
	if len(b.Entries) > 0 {
		after.Heads = sent
	}
	for f, c := range m.chains {
		from := seqOf(theirs.Feeds, f)
		if m.private != nil && m.private(peer, f) {
			continue
		}
		seq := from
		for seq < uint64(len(c)) && room(size+len(c[seq])) {
			b.Envelopes = append(b.Envelopes, c[seq])
			size += len(c[seq])
			seq++
		}
		if seq > from {
			after.Feeds = append(after.Feeds, Position{f, seq, idOf(f, seq)})
		}
	}
	return b, after, nil
}

func (m *memory) Receive(_ context.Context, _ p2p.PeerID, b Batch) error {
	if m.commit != nil {
		m.commit(b.Len())
	}
	if m.failing != nil {
		if err := m.failing(b); err != nil {
			return err
		}
	}
	var fresh [][]byte
	m.mu.Lock()
	stored := m.stored
	for _, e := range b.Entries {
		m.addEntry(e)
	}
	for _, e := range b.Envelopes {
		f, seq := splitEnvelope(e)
		have := uint64(len(m.chains[f]))
		switch {
		case m.refuse != nil && m.refuse(f):
		case seq <= have:
			m.dups++
		case seq > have+1:
			m.gaps++
		default:
			m.chains[f] = append(m.chains[f], e)
			m.count++
			fresh = append(fresh, e)
		}
	}
	m.mu.Unlock()
	if stored != nil {
		for _, e := range fresh {
			stored(m.self, e)
		}
	}
	return nil
}

func (m *memory) Held(_ context.Context, peer p2p.PeerID, have Have) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held[peer] == nil {
		m.held[peer] = map[Feed]uint64{}
	}
	for _, p := range have.Feeds {
		m.held[peer][p.Feed] = p.Seq
	}
}

func (m *memory) Live(context.Context, p2p.PeerID, []byte) {
	m.mu.Lock()
	m.lives++
	m.mu.Unlock()
}

// stats are the counters at one moment.
func (m *memory) stats() (count, dups, gaps int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count, m.dups, m.gaps
}

// digest says what is stored.
func (m *memory) digest() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []string
	for f, c := range m.chains {
		lines = append(lines, fmt.Sprintf("%d/%d:%d", f.Space[0], f.Device[0], len(c)))
	}
	for _, e := range m.entries {
		lines = append(lines, fmt.Sprintf("e%x", e[:16]))
	}
	slices.Sort(lines)
	return fmt.Sprint(lines)
}
