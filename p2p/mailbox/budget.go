package mailbox

import (
	"context"
	"sync"

	"parvis/p2p"
)

const (
	budgetAll  = 24 << 20 // bytes of objects in memory at once
	budgetPeer = 8 << 20  // of them for one device
)

// budget is the memory that objects on their way may take, so that many devices
// at once slow each other down and do not make the super-peer grow. Who cannot
// have his share yet waits.
type budget struct {
	mu    sync.Mutex
	used  int                // guarded by mu
	peers map[p2p.PeerID]int // guarded by mu
	freed chan struct{}      // closed and replaced when something is given back; guarded by mu
}

func newBudget() *budget {
	return &budget{peers: make(map[p2p.PeerID]int), freed: make(chan struct{})}
}

// take waits for size bytes, at most those of one object. The result gives them back.
func (b *budget) take(ctx context.Context, peer p2p.PeerID, size int) (giveBack func(), err error) {
	for {
		b.mu.Lock()
		if b.used+size <= budgetAll && b.peers[peer]+size <= budgetPeer {
			b.used += size
			b.peers[peer] += size
			b.mu.Unlock()
			return func() { b.giveBack(peer, size) }, nil
		}
		freed := b.freed
		b.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *budget) giveBack(peer p2p.PeerID, size int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= size
	if b.peers[peer] -= size; b.peers[peer] <= 0 {
		delete(b.peers, peer)
	}
	close(b.freed)
	b.freed = make(chan struct{})
}
