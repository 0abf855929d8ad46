package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parvis/p2p/mailbox"
)

// TestASuperPeerOnAFullDisk: it says so, goes on giving what it has, takes lists,
// survives a kill, and goes on when there is room again.
func TestASuperPeerOnAFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole nodes: not with -short")
	}
	disk := smallDisk(t, 120)
	s := startSuperPeer(t, filepath.Join(disk, "data"))
	tm := newTeam(t, s, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	tag := mailbox.Tag{1}
	c, err := tm.open(ctx, s, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { c.Close() }()
	filler := fill(t, disk, 8<<20)
	acked := map[[32]byte]bool{}
	for err == nil && len(acked) < 500 {
		batch := sealedObjects(4, 200<<10)
		if err = c.Put(ctx, tag, batch, false); err == nil {
			for _, o := range batch {
				acked[o.ID] = true
			}
		}
	}
	if !errors.Is(err, mailbox.ErrFull) || len(acked) == 0 {
		t.Fatalf("after %d objects: %v", len(acked), err)
	}
	until(t, "its health says that it is full", func() bool { return strings.Contains(s.look(t, "/healthz"), `"full"`) })
	if err := tm.publish(t, s, nil, tm.devices[0]); err != nil {
		t.Errorf("a list on a full disk: %v", err)
	}
	all := func(when string) {
		t.Helper()
		have := inventory(t, ctx, c, tag)
		for id := range acked {
			if have[id] == nil {
				t.Fatalf("%s: object %x was acknowledged and is lost", when, id[:4])
			}
		}
	}
	all("on the full disk")
	s.Kill(t)
	s.again(t)
	tm.devices[0].Disconnect(s.setup.Peer)
	if c, err = tm.open(ctx, s, 0); err != nil {
		t.Fatal(err)
	}
	all("after a kill")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	until(t, "it takes objects again", func() bool {
		batch := sealedObjects(1, 200<<10)
		err := c.Put(ctx, tag, batch, false)
		if err == nil {
			acked[batch[0].ID] = true
		}
		return err == nil
	})
	all("with room again")
	until(t, "its health is well", func() bool { return strings.Contains(s.look(t, "/healthz"), `"ok"`) })
	s.Stop(t)
}
