package sync

import (
	"context"
	"testing"

	"parvis/p2p"
)

// greedy is a replica that adds blobs on top of what it was asked for.
type greedy struct {
	*memory
	asked []int
}

func (g *greedy) Missing(ctx context.Context, p p2p.PeerID, theirs Have, limit, bytes int) (Batch, Have, error) {
	g.asked = append(g.asked, limit)
	b, after, err := g.memory.Missing(ctx, p, theirs, limit, bytes)
	for range b.Entries {
		b.Blobs = append(b.Blobs, make([]byte, 20<<10))
	}
	return b, after, err
}

// Entries with large blobs go in smaller windows, so that they fit into frames.
func TestY3WindowsFitIntoFrames(t *testing.T) {
	a, b := pair(t)
	for n := range uint64(300) {
		a.log(n + 1)
	}
	g := &greedy{memory: a.memory}
	a.syncer.cfg.Replica = g
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
	if g.asked[0] != MaxWindow || g.asked[1] != MaxWindow/2 {
		t.Errorf("asked for %v objects", g.asked)
	}
}
