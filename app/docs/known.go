package docs

import (
	"encoding/binary"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Bounds of what is kept in memory of one document.
const (
	maxKnown = 8 * 1024  // changes per generation of the cache
	maxOpen  = 16 * 1024 // changes that wait for others; more wait on disk
)

// node is what the graph needs of a change that does not wait.
type node struct {
	state    ChangeState
	end      uint64 // its last operation
	envelope seal.ID
}

// known is the changes of a document that were met lately, by hash.
type known struct {
	young, old map[seal.ID]node
	whole      bool // nothing was forgotten
}

func newKnown() known { return known{young: map[seal.ID]node{}, old: map[seal.ID]node{}, whole: true} }

func (k *known) find(hash seal.ID) (node, bool) {
	if n, ok := k.young[hash]; ok {
		return n, true
	}
	n, ok := k.old[hash]
	return n, ok
}

// remember keeps a node; trim forgets the older half of them when there are many.
func (k *known) remember(hash seal.ID, n node) { k.young[hash] = n }

func (k *known) trim() {
	if len(k.young) < maxKnown {
		return
	}
	if len(k.old) > 0 {
		k.whole = false
	}
	k.old, k.young = k.young, make(map[seal.ID]node, maxKnown)
}

// slotKey names a change by its number instead of its hash, for those that wait
// for it. It differs from every hash in practice.
func slotKey(actor doc.Actor, seq uint64) seal.ID {
	var key seal.ID
	copy(key[:], actor[:])
	binary.BigEndian.PutUint64(key[len(actor):], seq)
	return key
}
