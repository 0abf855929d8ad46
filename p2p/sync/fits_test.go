package sync

import (
	"context"
	"sync"
	"testing"

	"parvis/p2p"
)

// greedy is a replica that adds blobs on top of what it was asked for.
type greedy struct {
	*memory

	mu    sync.Mutex
	asked []int // guarded by mu
}

func (g *greedy) Missing(ctx context.Context, p p2p.PeerID, theirs Have, limit, bytes int) (Batch, Have, error) {
	g.mu.Lock()
	g.asked = append(g.asked, limit)
	g.mu.Unlock()
	b, after, err := g.memory.Missing(ctx, p, theirs, limit, bytes)
	for range b.Entries {
		b.Blobs = append(b.Blobs, make([]byte, 20<<10))
	}
	return b, after, err
}

// Entries with large blobs go in smaller windows, so that they fit into frames.
func TestY3WindowsFitIntoFrames(t *testing.T) {
	g := &greedy{}
	a, b := pairOf(t, func(c *Config) {
		if g.memory == nil { // only the first one
			g.memory = c.Replica.(*member).memory
			c.Replica = g
		}
	})
	for n := range uint64(300) {
		a.log(n + 1)
	}
	a.syncer.Wake()
	r := open(t, b, a)
	r.send(workspaceHello())
	for windows, got := uint64(0), 0; got < 300; {
		o := await[Objects](r)
		windows++
		got += len(o.Entries)
		if len(o.Blobs) != len(o.Entries) {
			t.Fatalf("%d blobs of %d entries", len(o.Blobs), len(o.Entries))
		}
		r.send(HaveDelta{Handled: windows})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.asked[0] != MaxWindow || g.asked[1] != MaxWindow/2 {
		t.Errorf("asked for %v objects", g.asked)
	}
}
