package process

import (
	"context"
	"errors"
	"testing"
	"time"

	"parvis/crdt/seal"
	"parvis/p2p/mailbox"
	"parvis/p2p/p2ptest"
)

// team is a workspace of nodes without an app: they speak the protocols only.
type team struct {
	ws      [32]byte
	devices []*p2ptest.Node
	seed    [32]byte // of the admin who signs its lists
	counter uint64
}

// newTeam starts n devices and makes them members at a super-peer.
func newTeam(t *testing.T, s *superPeer, n int) *team {
	t.Helper()
	tm := &team{ws: [32]byte(seal.Random(32)), seed: [32]byte(seal.Random(32))}
	for range n {
		d := p2ptest.Start(t, "/ip4/127.0.0.1/tcp/0")
		d.Gate.Allow(s.setup.Peer)
		tm.devices = append(tm.devices, d)
	}
	if err := tm.publish(t, s, s.setup.Secret[:], tm.devices...); err != nil {
		t.Fatal(err)
	}
	return tm
}

// publish gives the super-peer a list of the devices.
func (tm *team) publish(t *testing.T, s *superPeer, setup []byte, devices ...*p2ptest.Node) error {
	t.Helper()
	tm.counter++
	admin := seal.NewSignKey(tm.seed).Public()
	list := mailbox.ACL{Workspace: tm.ws, Counter: tm.counter, Admins: [][32]byte{admin}, Peers: [][32]byte{admin}}
	for _, d := range devices {
		key, err := d.ID().PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		list.Peers = append(list.Peers, key)
	}
	raw, err := mailbox.SignACL(tm.seed, list)
	if err != nil {
		t.Fatal(err)
	}
	return mailbox.Publish(t.Context(), tm.devices[0].Node, s.setup.Peer, s.setup.Addrs, setup, raw)
}

// open connects a device, also when its connection is one to a process that was
// killed.
func (tm *team) open(ctx context.Context, s *superPeer, device int) (*mailbox.Client, error) {
	d := tm.devices[device]
	if err := d.Connect(ctx, s.setup.Peer, s.setup.Addrs); err != nil {
		return nil, err
	}
	c, err := mailbox.Open(ctx, d.Node, s.setup.Peer, tm.ws)
	if err != nil {
		d.Disconnect(s.setup.Peer)
	}
	return c, err
}

// put brings objects in batches, however often the super-peer goes away, and
// tells of each batch that was acknowledged.
func (tm *team) put(ctx context.Context, s *superPeer, device int, tag mailbox.Tag, objects []mailbox.Object, acked func([]mailbox.Object)) error {
	var c *mailbox.Client
	for len(objects) > 0 {
		var err error
		if c == nil {
			c, err = tm.open(ctx, s, device)
		}
		batch := objects[:min(17, len(objects))]
		if err == nil {
			err = c.Put(ctx, tag, batch, false)
		}
		var rate *mailbox.RateError
		switch {
		case err == nil:
			acked(batch)
			objects = objects[len(batch):]
			continue
		case ctx.Err() != nil:
			return err
		case errors.As(err, &rate):
		case c != nil:
			_ = c.Close()
			c = nil
			tm.devices[device].Disconnect(s.setup.Peer)
		}
		select {
		case <-time.After(50 * time.Millisecond): // between two tries with another process
		case <-ctx.Done():
		}
	}
	return c.Close()
}
