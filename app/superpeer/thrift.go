package superpeer

import (
	"runtime/debug"
	"sync/atomic"

	"parvis/p2p"
)

// What the heap may take before the collector works harder: with 50 devices the
// process stays below 128 MB, the program itself and SQLite's pages included. A device in
// a call needs more: what was sent to it last is kept, to be repeated.
const (
	heapBase      = 40 << 20
	heapPerPeer   = 400 << 10
	heapPerCaller = 4 << 20
)

// thrift moves the limit with the number of devices, because one that is below
// what lives would make the collector run all the time.
type thrift struct {
	on             bool
	peers, devices atomic.Int64 // connected; in calls
}

func (t *thrift) follow(n *p2p.Node) {
	t.set()
	n.OnPeer(func(_ p2p.PeerID, connected bool) { // one call at a time
		if connected {
			t.peers.Add(1)
		} else {
			t.peers.Add(-1)
		}
		t.set()
	})
}

func (t *thrift) set() {
	if t.on {
		debug.SetMemoryLimit(heapBase + t.peers.Load()*heapPerPeer + t.devices.Load()*heapPerCaller)
	}
}
