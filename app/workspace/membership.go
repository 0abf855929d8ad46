package workspace

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// membership is the membership log: in memory for deciding, in the storage
// (sealed under the log key) for keeping.
type membership struct {
	w *Workspace

	mu        sync.Mutex
	log       *member.Log        // guarded by mu; may be ahead of the last commit
	sealed    map[seal.ID][]byte // guarded by mu; the entries as they travel
	committed int                // guarded by mu; entries of log.Order() that are durable
	now       *member.State      // guarded by mu; the state of the durable entries
	stale     bool               // guarded by mu; the log must be read again

	beside map[seal.ID]seal.ID // guarded by mu; blobs of fences → an entry that names each
}

func newMembership(w *Workspace) *membership {
	log := member.NewLog()
	return &membership{w: w, log: log, sealed: map[seal.ID][]byte{}, now: log.State()}
}

// state is the state after all durable entries.
func (m *membership) state() *member.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// pending is the state after all entries, those of the running transaction
// included. Only the writer may ask.
func (m *membership) pending() *member.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.State()
}

// at is the state at some heads.
func (m *membership) at(heads []seal.ID) (*member.State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.StateAt(heads)
}

// heads are the ids that a new envelope or entry refers to.
func (m *membership) heads() []seal.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.Heads()
}

// has reports whether an entry is known, be it durable or not.
func (m *membership) has(id seal.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.Has(id)
}

// stored says which of some entries are durable: those of a transaction that runs,
// or was undone, are not.
func (m *membership) stored(ids []seal.ID) map[seal.ID]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[seal.ID]bool{}
	for _, id := range ids {
		if m.log.Has(id) {
			found[id] = true
		}
	}
	if m.committed < m.log.Len() {
		for _, id := range m.log.Order()[m.committed:] {
			delete(found, id)
		}
	}
	return found
}

// load reads the log from the storage at the start.
func (m *membership) load(ctx context.Context) error {
	log, sealed, err := m.read(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log, m.sealed, m.committed, m.stale, m.now = log, sealed, log.Len(), false, log.State()
	m.nameBlobs()
	return nil
}

// read reads the log from the storage. Entries whose parents are damaged stay
// out: the heads then say what is missing and sync fetches it.
func (m *membership) read(ctx context.Context) (*member.Log, map[seal.ID][]byte, error) {
	log, sealed := member.NewLog(), map[seal.ID][]byte{}
	lk := m.w.keys.log()
	err := m.w.storage.Entries(ctx, m.w.id, func(id seal.ID, raw []byte) error {
		entry, err := member.OpenEntry(lk, m.w.id, raw)
		if err != nil {
			return fmt.Errorf("entry %s: %w", id.Short(), err)
		}
		outcome, err := log.Add(entry)
		switch outcome {
		case seal.OK, seal.Evidence:
			sealed[id] = raw
		case seal.Pend, seal.Drop:
			m.w.logger.Warn("stored entry left out", "entry", id.Short(), "why", err)
		default:
			return fmt.Errorf("entry %s: %w", id.Short(), err)
		}
		return nil
	})
	return log, sealed, err
}

// restore stores the durable entries again, inside a transaction: those that are
// there stay, lost ones take their old places.
func (m *membership) restore(ctx context.Context) error {
	m.mu.Lock()
	ids := m.log.Order()[:m.committed]
	raws := make([][]byte, len(ids))
	for i, id := range ids {
		raws[i] = m.sealed[id]
	}
	m.mu.Unlock()
	for i, id := range ids {
		if err := m.w.storage.AddEntry(ctx, m.w.id, id, raws[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *membership) forget() {
	m.mu.Lock()
	m.stale = true
	m.mu.Unlock()
}

// fresh reads keys and log again when something was undone. It runs inside a
// transaction, whose other entries are not durable yet: they stay uncommitted.
func (m *membership) fresh(ctx context.Context) error {
	if err := m.w.keys.fresh(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	stale := m.stale
	m.mu.Unlock()
	if !stale {
		return nil
	}
	log, sealed, err := m.read(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	durable := map[seal.ID]bool{}
	for _, id := range m.log.Order()[:m.committed] {
		durable[id] = true
	}
	m.committed = 0
	for _, id := range log.Order() {
		if !durable[id] {
			break
		}
		m.committed++
	}
	m.log, m.sealed, m.stale = log, sealed, false
	m.nameBlobs()
	return nil
}

// add checks and stores an entry inside a transaction. The outcome of a failure of
// the storage is [seal.Quarantine]: it says nothing about the entry.
func (m *membership) add(ctx context.Context, entry *member.Entry, raw []byte, after *afterCommit) (seal.Outcome, error) {
	if err := m.fresh(ctx); err != nil {
		return seal.Quarantine, err
	}
	m.mu.Lock()
	m.w.fences.note(m.log.State(), entry.Type)
	outcome, err := m.log.Add(entry)
	if outcome == seal.OK || outcome == seal.Evidence {
		m.sealed[entry.ID] = raw
		m.nameBlob(entry)
	}
	count := m.log.Len()
	m.mu.Unlock()
	if outcome != seal.OK && outcome != seal.Evidence {
		return outcome, err
	}
	if err := m.w.storage.AddEntry(ctx, m.w.id, entry.ID, raw); err != nil {
		m.forget()
		return seal.Quarantine, err
	}
	after.add(func() { m.committedTo(count) })
	return outcome, nil
}

// committedTo publishes the state of the first count entries.
func (m *membership) committedTo(count int) {
	m.mu.Lock()
	changed := count > m.committed
	if changed {
		m.committed = count
		if count == m.log.Len() {
			m.now = m.log.State()
		} else if st, err := m.log.StateAt(headsOf(m.log, m.log.Order()[:count])); err == nil {
			m.now = st
		}
	}
	m.mu.Unlock()
	if changed {
		m.w.events.Members.Publish(MembersChanged{Workspace: m.w.id})
	}
}

// headsOf are those of ids that no other of them has as parent.
func headsOf(log *member.Log, ids []seal.ID) []seal.ID {
	heads := map[seal.ID]bool{}
	for _, id := range ids {
		heads[id] = true
		for _, parent := range log.Entry(id).Parents {
			delete(heads, parent)
		}
	}
	return sortedIDs(heads)
}

// committedHeads are the heads of the durable entries.
func (m *membership) committedHeads() []seal.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now.Heads()
}

// missing lists, parents first, the durable entries that a replica with these
// heads lacks, and the sealed bytes of each.
func (m *membership) missing(theirs []seal.ID, max, maxBytes int) (ids []seal.ID, raws [][]byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if containsIDs(theirs, m.now.Heads()) {
		return nil, nil
	}
	durable := map[seal.ID]bool{}
	if m.committed < m.log.Len() {
		for _, id := range m.log.Order()[m.committed:] {
			durable[id] = false
		}
	}
	size := 0
	for _, id := range m.log.Missing(theirs) {
		if _, ahead := durable[id]; ahead {
			continue
		}
		raw := m.sealed[id]
		if len(ids) == max || (size > 0 && size+len(raw) > maxBytes) {
			break
		}
		ids, raws, size = append(ids, id), append(raws, raw), size+len(raw)
	}
	return ids, raws
}

// entry is a known entry, or nil.
func (m *membership) entry(id seal.ID) *member.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.Entry(id)
}

// all lists the durable entries as they travel, parents first.
func (m *membership) all() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	raws := make([][]byte, 0, m.committed)
	for _, id := range m.log.Order()[:m.committed] {
		raws = append(raws, m.sealed[id])
	}
	return raws
}

// post writes an entry of this device inside a transaction.
func (m *membership) post(ctx context.Context, typ member.Type, body []byte, after *afterCommit) (*member.Entry, error) {
	return m.postAs(ctx, m.w.self.sign, typ, body, after)
}

// postAs writes an entry with a key, which is the device's or the paper key of its person.
func (m *membership) postAs(ctx context.Context, key seal.SignKey, typ member.Type, body []byte, after *afterCommit) (*member.Entry, error) {
	if err := m.fresh(ctx); err != nil {
		return nil, err
	}
	m.mu.Lock()
	entry, err := m.log.Write(key, typ, body, m.w.now().UnixMilli())
	m.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("write entry: %w", err)
	}
	raw, err := entry.SealUnder(m.w.keys.log())
	if err != nil {
		return nil, fmt.Errorf("seal entry: %w", err)
	}
	outcome, err := m.add(ctx, entry, raw, after)
	if outcome != seal.OK {
		return nil, errors.Join(ErrRefused, err)
	}
	return entry, nil
}
