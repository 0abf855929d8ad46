package blocks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	"github.com/ipfs/boxo/bitswap/network"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"

	"parvis/p2p"
)

const (
	breach      = 10 // points for a message that breaks the format (W24)
	badBlock    = 20 // points for a block that we did not ask for (protocol 2.18)
	idle        = 60 * time.Second
	attempts    = 3
	attemptGap  = 100 * time.Millisecond
	sendTimeout = 30 * time.Second
	lookEvery   = time.Second
)

// net is bitswap's network on our node: members only, no dialling, no tags.
type net struct {
	node    *p2p.Node
	allowed func(p2p.PeerID, ID) bool
	log     *slog.Logger
	streams streams
	asked   asked
	waits   waits

	turn     sync.Mutex                // held while bitswap is told who is there
	gone     map[p2p.PeerID]time.Time  // guarded by turn: since when
	returned chan struct{}             // guarded by turn; closed and replaced when somebody comes back
	running  atomic.Pointer[receivers] // nil unless running
	sent     atomic.Uint64
	received atomic.Uint64
}

// receivers are bitswap's two halves.
type receivers struct {
	client, server network.Receiver
	// watch makes sure that somebody looks for peers that do not deliver.
	watch chan<- struct{}
}

var _ network.BitSwapNetwork = (*net)(nil)

var errNoDial = errors.New("blocks come from connected members only")

func newNet(config Config) *net {
	n := &net{node: config.Node, allowed: config.May, log: config.Log, gone: map[p2p.PeerID]time.Time{}, returned: make(chan struct{})}
	n.streams.open = func(ctx context.Context, to p2p.PeerID) (p2p.Stream, error) { return n.node.Open(ctx, to, Protocol) }
	n.node.Handle(Protocol, n.serve)
	n.node.OnPeer(n.peerChanged)
	return n
}

// begin lets messages in and out. Bitswap's own Start is not used: it knows no
// difference between its halves.
func (n *net) begin(r *receivers) {
	n.running.Store(r)
	for _, p := range n.node.Peers() {
		n.peerChanged(p.ID, true)
	}
}

// Start implements network.BitSwapNetwork.
func (n *net) Start(...network.Receiver) {}

// Stop implements network.BitSwapNetwork.
func (n *net) Stop() {
	n.running.Store(nil)
	n.streams.closeAll()
}

func (n *net) peerChanged(p p2p.PeerID, connected bool) {
	id, err := peer.Decode(string(p))
	if err != nil {
		return
	}
	n.turn.Lock()
	defer n.turn.Unlock()
	_, back := n.gone[p]
	if connected {
		delete(n.gone, p)
	} else {
		n.gone[p] = time.Now()
		n.asked.leave(p)
		n.streams.drop(p)
	}
	r := n.running.Load()
	switch {
	case r == nil:
	case connected:
		r.client.PeerConnected(id)
		r.server.PeerConnected(id)
		if back {
			close(n.returned)
			n.returned = make(chan struct{})
		}
	default:
		// The server forgets wants with the peer, and new ones may have come over
		// a new connection before this call: it is told later, by forget.
		r.client.PeerDisconnected(id)
	}
}

// returns is closed when a peer comes back whose connection broke.
func (n *net) returns() <-chan struct{} {
	n.turn.Lock()
	defer n.turn.Unlock()
	return n.returned
}

// forget tells the server of peers that have been gone for a while.
func (n *net) forget(now time.Time) {
	n.turn.Lock()
	defer n.turn.Unlock()
	r := n.running.Load()
	for p, left := range n.gone {
		if n.node.Connected(p) {
			delete(n.gone, p)
			continue
		}
		if now.Sub(left) < standstill {
			continue
		}
		delete(n.gone, p)
		n.asked.forget(p)
		if id, err := peer.Decode(string(p)); err == nil && r != nil {
			r.server.PeerDisconnected(id)
		}
	}
}

// may is the question of every want and every block (rule B5).
func (n *net) may(p peer.ID, c cid.Cid) bool {
	id, ok := idOf(c)
	return ok && n.allowed(p2p.PeerID(p.String()), id)
}

// SendMessage implements network.BitSwapNetwork: the server's answers.
func (n *net) SendMessage(ctx context.Context, to peer.ID, m message.BitSwapMessage) error {
	return n.send(ctx, lane{to: p2p.PeerID(to.String())}, m)
}

// send sends what the peer may have. What it may not have is gone from the
// message: wants of blocks that it cannot read would tell it that they exist.
func (n *net) send(ctx context.Context, on lane, m message.BitSwapMessage) error {
	to := on.to
	out := message.New(m.Full())
	var refused []cid.Cid
	owes := false
	for _, entry := range m.Wantlist() {
		id, ok := idOf(entry.Cid)
		switch {
		case !ok || !n.allowed(to, id):
			if entry.SendDontHave && !entry.Cancel {
				refused = append(refused, entry.Cid)
			}
		case entry.Cancel:
			n.asked.settle(to, id)
			out.Cancel(entry.Cid)
		default:
			if entry.WantType == pb.Message_Wantlist_Block {
				n.asked.add(to, id)
				owes = true
			}
			out.AddEntry(entry.Cid, entry.Priority, entry.WantType, entry.SendDontHave)
		}
	}
	var further []message.BitSwapMessage // bitswap's messages have no limit of their own
	for _, b := range m.Blocks() {
		if id, ok := idOf(b.Cid()); ok && n.allowed(to, id) {
			one := message.New(false)
			one.AddBlock(b)
			further = append(further, one)
		}
	}
	for _, presence := range m.BlockPresences() {
		id, ok := idOf(presence.Cid)
		kind := presence.Type
		if !ok || !n.allowed(to, id) {
			kind = pb.Message_DontHave
		}
		out.AddBlockPresence(presence.Cid, kind)
	}
	out.SetPendingBytes(m.PendingBytes())
	n.answerFor(ctx, to, refused)
	if owes {
		n.look()
	}
	if !out.Empty() || out.Full() {
		further = append(further, out)
	}
	for _, m := range further {
		frame, err := encode(m)
		if err != nil {
			return err
		}
		if err := n.sendFrame(ctx, on, frame); err != nil {
			return err
		}
	}
	return nil
}

// answerFor tells bitswap that a peer lacks what it was not asked for.
func (n *net) answerFor(ctx context.Context, p p2p.PeerID, refused []cid.Cid) {
	id, err := peer.Decode(string(p))
	r := n.running.Load()
	if err != nil || r == nil || len(refused) == 0 {
		return
	}
	m := message.New(false)
	for _, c := range refused {
		m.AddDontHave(c)
	}
	go r.client.ReceiveMessage(ctx, id, m) // not inside bitswap's own call
}

func (n *net) sendFrame(ctx context.Context, on lane, frame []byte) error {
	var err error
	for i := range attempts {
		if i > 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(attemptGap):
			}
		}
		if err = n.streams.send(ctx, on, frame); err == nil {
			n.sent.Add(1)
			return nil
		}
		if !n.node.Connected(on.to) {
			break
		}
	}
	n.log.Debug("send blocks", "peer", on.to.Short(), "err", err)
	return err
}

// sender sends our wants to one peer.
type sender struct {
	net *net
	to  p2p.PeerID
}

func (s sender) SendMsg(ctx context.Context, m message.BitSwapMessage) error {
	return s.net.send(ctx, lane{to: s.to, wants: true}, m)
}
func (s sender) Reset() error       { return nil }
func (s sender) SupportsHave() bool { return true }

// NewMessageSender implements network.BitSwapNetwork.
func (n *net) NewMessageSender(_ context.Context, to peer.ID, _ *network.MessageSenderOpts) (network.MessageSender, error) {
	return sender{net: n, to: p2p.PeerID(to.String())}, nil
}

// Connect implements network.BitSwapNetwork. It never dials.
func (n *net) Connect(ctx context.Context, info peer.AddrInfo) error {
	if n.IsConnectedToPeer(ctx, info.ID) {
		return nil
	}
	return errNoDial
}

// DisconnectFrom implements network.BitSwapNetwork: other protocols may need the
// connection, so it stays.
func (n *net) DisconnectFrom(context.Context, peer.ID) error { return nil }

// IsConnectedToPeer implements network.BitSwapNetwork.
func (n *net) IsConnectedToPeer(_ context.Context, p peer.ID) bool {
	return n.node.Connected(p2p.PeerID(p.String()))
}

// Ping implements network.Pinger.
func (n *net) Ping(ctx context.Context, p peer.ID) ping.Result {
	rtt, err := n.node.Ping(ctx, p2p.PeerID(p.String()))
	return ping.Result{RTT: rtt, Error: err}
}

// Latency implements network.Pinger.
func (n *net) Latency(p peer.ID) time.Duration {
	for _, known := range n.node.Peers() {
		if known.ID == p2p.PeerID(p.String()) {
			return known.RTT
		}
	}
	return 0
}

// Self implements network.BitSwapNetwork.
func (n *net) Self() peer.ID {
	id, err := peer.Decode(string(n.node.ID()))
	if err != nil {
		panic("blocks: own peer id: " + err.Error()) // the node made it
	}
	return id
}

// Host implements network.BitSwapNetwork. Only broadcast control, which is off,
// would ask for it.
func (n *net) Host() host.Host { return nil }

// Stats implements network.BitSwapNetwork.
func (n *net) Stats() network.Stats {
	return network.Stats{MessagesSent: n.sent.Load(), MessagesRecvd: n.received.Load()}
}

// The connection manager keeps members' connections anyway.

// TagPeer implements network.PeerTagger.
func (n *net) TagPeer(peer.ID, string, int) {}

// UntagPeer implements network.PeerTagger.
func (n *net) UntagPeer(peer.ID, string) {}

// Protect implements network.PeerTagger.
func (n *net) Protect(peer.ID, string) {}

// Unprotect implements network.PeerTagger.
func (n *net) Unprotect(peer.ID, string) bool { return false }
