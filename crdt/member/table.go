package member

import "parvis/crdt/seal"

// table is a persistent map from ids to values: put returns a new table and
// leaves the old one as it was, sharing all but the path to the new value. So a
// state per entry of the log costs about a kilobyte. Visits are in id order.
type table[V any] struct{ root *node[V] }

// node is a leaf (kids nil) or a branch over one hexadecimal digit of the key.
type node[V any] struct {
	kids *[16]*node[V]
	key  seal.ID
	val  V
}

func digit(key seal.ID, depth int) byte {
	if depth%2 == 0 {
		return key[depth/2] >> 4
	}
	return key[depth/2] & 15
}

func (t table[V]) get(key seal.ID) (val V, ok bool) {
	n := t.root
	for depth := 0; n != nil; depth++ {
		if n.kids == nil {
			if n.key == key {
				return n.val, true
			}
			return val, false
		}
		n = n.kids[digit(key, depth)]
	}
	return val, false
}

func (t table[V]) put(key seal.ID, val V) table[V] {
	return table[V]{t.root.put(&node[V]{key: key, val: val}, 0)}
}

func (n *node[V]) put(leaf *node[V], depth int) *node[V] {
	if n == nil || n.kids == nil && n.key == leaf.key {
		return leaf
	}
	kids := new([16]*node[V])
	if n.kids != nil {
		*kids = *n.kids
	} else {
		kids[digit(n.key, depth)] = n
	}
	at := digit(leaf.key, depth)
	kids[at] = kids[at].put(leaf, depth+1)
	return &node[V]{kids: kids}
}

// each visits the values by ascending key.
func (t table[V]) each(visit func(key seal.ID, val V)) { t.root.each(visit) }

func (n *node[V]) each(visit func(key seal.ID, val V)) {
	switch {
	case n == nil:
	case n.kids == nil:
		visit(n.key, n.val)
	default:
		for _, kid := range n.kids {
			kid.each(visit)
		}
	}
}

// spaceKey is the key of a space in a table.
func spaceKey(space seal.SpaceID) (key seal.ID) {
	copy(key[:], space[:])
	return key
}
