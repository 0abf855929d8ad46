package member

import (
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/seal"
)

// Write makes and signs an entry of the device with the given key: it names the
// heads it follows, continues the device's chain, and is not added. hintMs is
// the author's clock. Whether the log takes it, [Log.Add] says.
func (l *Log) Write(key seal.SignKey, typ Type, body []byte, hintMs int64) (*Entry, error) {
	if len(l.order) == 0 {
		return nil, errors.New("write entry: the log is empty")
	}
	entry, err := l.writeAt(l.parentsFor(key.Public()), key, typ, body, hintMs)
	if err != nil {
		return nil, fmt.Errorf("write entry: %w", err)
	}
	return entry, nil
}

// writeAt makes an entry that follows the given ones.
func (l *Log) writeAt(parents []seal.ID, key seal.SignKey, typ Type, body []byte, hintMs int64) (*Entry, error) {
	st, err := l.StateAt(parents)
	if err != nil {
		return nil, err
	}
	p := entryPayload{WS: l.ws, Type: typ, Parents: parents, HintMs: hintMs, Body: body, Seq: 1}
	if end, ok := st.tails.get(key.Public()); ok {
		p.Seq, p.Prev = end.seq+1, end.ids[0]
	}
	return signEntry(key, p)
}

// parentsFor are the heads, at most MaxParents of them. When there are more,
// those that follow the device's own chain come first, because an entry must
// follow the one before it.
func (l *Log) parentsFor(dev seal.ID) []seal.ID {
	heads := l.Heads()
	if len(heads) <= MaxParents {
		return heads
	}
	var last *record
	for _, id := range slices.Backward(l.order) {
		if r := l.records[id]; r.entry.Dev == dev {
			last = r
			break
		}
	}
	if last != nil {
		for i, id := range heads {
			if l.reaches([]*record{l.records[id]}, last) {
				heads[0], heads[i] = heads[i], heads[0]
				break
			}
		}
	}
	parents := heads[:MaxParents]
	slices.SortFunc(parents, seal.ID.Compare)
	return parents
}
