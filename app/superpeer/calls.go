package superpeer

import (
	"log/slog"
	"net/netip"
	"strings"
	"sync"

	"parvis/crdt/seal"
	"parvis/media"
	"parvis/p2p"
	"parvis/p2p/forward"
	"parvis/p2p/mailbox"
	"parvis/p2p/tunnel"
)

// Room is the connections of one call; it is [media.Room].
type Room interface {
	Join(id media.ID, offer bool)
	Leave(id media.ID)
	Signal(from media.ID, s media.Signal) error
	Route(via media.ID, serves bool)
	Close() error
}

// carrying is the calls that go through a super-peer. It has no key: what flows is sealed
// from device to device, and nothing of it is kept.
type carrying struct {
	host    *forward.Host
	tunnels *tunnel.Tunnels
	rooms   func(media.Config) (Room, error)
	local   bool // nobody else than this machine is listened to
}

// carry offers the members of the workspaces to carry their calls.
func carry(node *p2p.Node, lists *lists, rooms func(media.Config) (Room, error), local bool, changed func(calls, devices int)) *carrying {
	c := &carrying{tunnels: tunnel.New(node), rooms: rooms, local: local}
	c.host = forward.NewHost(forward.Config{
		May:  func(p p2p.PeerID, ws [32]byte) bool { return lists.listed(mailbox.Visit{Peer: p, Workspace: ws}) },
		Open: c.open, Changed: changed,
	})
	c.host.Serve(node)
	c.tunnels.Serve(func(from p2p.PeerID, id tunnel.Call) bool { return c.host.Has(from, forward.Room(id)) })
	return c
}

// onLoopback reports whether all addresses are of this machine alone.
func onLoopback(listen []string) bool {
	for _, addr := range listen {
		if !strings.HasPrefix(addr, "/ip4/127.") && !strings.HasPrefix(addr, "/ip6/::1/") {
			return false
		}
	}
	return true
}

// hall is the connections of one call.
type hall struct {
	Room
	guests *guests
}

// guests are who is in a call, by what they are in it.
type guests struct {
	mu  sync.Mutex
	all map[media.ID]forward.Guest // guarded by mu
}

func (g *guests) of(id media.ID) (forward.Guest, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one, in := g.all[id]
	return one, in
}

// idOf is what a participant is to the room: its tag, so that pieces of it are known by
// their own.
func idOf(t forward.Tag) (id media.ID) {
	copy(id[:], t[:])
	return id
}

// open makes the connections of a call. They log nothing: a log of who was connected with
// whom is more than an operator needs.
func (c *carrying) open(name forward.Room) (forward.Hall, error) {
	g := &guests{all: map[media.ID]forward.Guest{}}
	room, err := c.rooms(media.Config{
		Self: media.ID(seal.Random(len(media.ID{}))), Loopback: c.local, Log: slog.New(slog.DiscardHandler),
		Send: func(to media.ID, s media.Signal) {
			if one, in := g.of(to); in {
				one.Send(forward.Signal{Kind: forward.Kind(s.Kind), Text: s.SDP, Fingerprint: s.Fingerprint})
			}
		},
		Tunnel: func(to media.ID) (netip.AddrPort, func(), error) {
			one, in := g.of(to)
			if !in {
				return netip.AddrPort{}, nil, media.ErrNotJoined
			}
			return c.tunnels.Open(one.Peer, tunnel.Call(name))
		},
	})
	if err != nil {
		return nil, err
	}
	room.Route(media.ID{}, true) // it sends nothing itself and carries on what comes
	return hall{room, g}, nil
}

// Join implements [forward.Hall]. The member offers.
func (h hall) Join(g forward.Guest) {
	h.guests.mu.Lock()
	h.guests.all[idOf(g.Tag)] = g
	h.guests.mu.Unlock()
	h.Room.Join(idOf(g.Tag), false)
}

// Leave implements [forward.Hall].
func (h hall) Leave(t forward.Tag) {
	h.guests.mu.Lock()
	delete(h.guests.all, idOf(t))
	h.guests.mu.Unlock()
	h.Room.Leave(idOf(t))
}

// Signal implements [forward.Hall].
func (h hall) Signal(from forward.Tag, s forward.Signal) error {
	return h.Room.Signal(idOf(from), media.Signal{Kind: media.SignalKind(s.Kind), SDP: s.Text, Fingerprint: s.Fingerprint})
}

// calls is how many calls are carried, and for how many devices.
func (c *carrying) calls() (calls, devices int) {
	if c == nil {
		return 0, 0
	}
	return c.host.Count()
}

// recheck throws out who is in no access list any more.
func (c *carrying) recheck() {
	if c != nil {
		c.host.Recheck()
	}
}

// close ends all calls and waits.
func (c *carrying) close() {
	if c != nil {
		c.host.Close()
	}
}
