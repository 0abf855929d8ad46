package p2p

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
)

var (
	// ErrRefused reports that the other side, or our own gate, let nobody in.
	ErrRefused = errors.New("connection refused by the gate")
	// ErrNotStarted reports a call before Start or after Close.
	ErrNotStarted = errors.New("node is not running")
	// ErrNoAddress reports that no usable address of the peer is known.
	ErrNoAddress = errors.New("no usable address")
)

// Gate decides who may be connected. Both methods are called often and from
// several goroutines: they must be quick and must not call the Node.
type Gate interface {
	// Member reports whether this is a device of a member, a super-peer, or a
	// peer through which we are joining.
	Member(PeerID) bool
	// Lobby reports whether strangers may come in to use an open invitation.
	Lobby() bool
}

// Doorkeeper is a Gate whose lobby is not for every stranger: who was removed is
// known, and has nothing to look for in it (W6).
type Doorkeeper interface {
	LobbyFor(PeerID) bool
}

// Registrar is a Gate that knows who was a member and is none any more: these may
// come in to hear why (W80). It must be as quick as the others.
type Registrar interface {
	Former(PeerID) bool
}

// Config is what a Node is made of.
type Config struct {
	// Seed is the Ed25519 seed of the host key (protocol 2.2, peer_sk).
	Seed [32]byte
	// Listen are multiaddrs; none means every interface, QUIC and TCP, any port.
	Listen []string
	// MDNS allows announcements on the local network.
	MDNS bool
	// Gate decides who may be connected.
	Gate Gate
	// SuperPeer raises the limits to those of an always-on peer.
	SuperPeer bool
	// Relay lets members meet through this node (W15); a super-peer's gate may be
	// an [Introducer].
	Relay bool
	// SuperPeers are those of our workspaces. The node has a place at the relay of
	// each that is connected. It is asked at Start, by Recheck and when somebody
	// connects; nil means none.
	SuperPeers func() []PeerID
	// Via are the super-peers that a peer shares with us, through which Connect
	// also tries to reach it; nil means none.
	Via func(PeerID) []PeerID
	// Isolated keeps every packet in the own private subnets (W66).
	Isolated bool
	// Log receives what only an operator wants to know; nil means slog.Default.
	Log *slog.Logger
}

// Handler serves one stream. ctx ends when the node closes. The stream is
// closed when the handler returns, and reset if it panics.
type Handler = func(ctx context.Context, s Stream)

// Node is this device on the network. New opens nothing; between Start and
// Close all methods are safe for concurrent use.
type Node struct {
	cfg        Config
	log        *slog.Logger
	id         peer.ID
	key        crypto.PrivKey
	penalties  penalties
	presence   presence
	attendants attendants
	gossip     gossip
	routes
	rooms

	host atomic.Pointer[hosted] // nil unless running
	wg   sync.WaitGroup         // streams and background work

	mu       sync.Mutex
	handlers map[protocol.ID]handling // guarded by mu
	onAddrs  []func()                 // guarded by mu
}

type handling struct {
	serve Handler
	lobby bool // strangers too

	parting bool // former members too
}

// hosted is what exists only while the node runs.
type hosted struct {
	host.Host
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	relay  *relayService // nil unless this node is a relay

	punching *holepunch.Service // nil in isolated mode
}

// New prepares a node. Nothing is opened before Start.
func New(cfg Config) *Node {
	n := &Node{cfg: cfg, log: cfg.Log, handlers: make(map[protocol.ID]handling)}
	if n.log == nil {
		n.log = slog.Default()
	}
	sk := ed25519.NewKeyFromSeed(cfg.Seed[:])
	key, err := crypto.UnmarshalEd25519PrivateKey(sk)
	if err != nil {
		panic("p2p: a fresh Ed25519 key does not parse: " + err.Error())
	}
	n.key = key
	if n.id, err = peer.IDFromPrivateKey(key); err != nil {
		panic("p2p: an Ed25519 key has no peer id: " + err.Error())
	}
	n.lobby.init(n)
	n.parting.initParting(n)
	n.punches.node = n
	n.presence.init(n)
	n.attendants.init(n)
	return n
}

// Start listens and serves until Close; ctx bounds that whole life too.
func (n *Node) Start(ctx context.Context) error {
	h, err := n.newHost()
	if err != nil {
		return fmt.Errorf("start node: %w", err)
	}
	run := &hosted{Host: h}
	run.ctx, run.cancel = context.WithCancel(ctx)
	if !n.host.CompareAndSwap(nil, run) {
		run.cancel()
		_ = h.Close()
		return errors.New("start node: already running")
	}
	// Nothing comes in before everything is ready to receive it.
	if err := n.presence.start(run); err != nil {
		_ = n.Close()
		return fmt.Errorf("start node: %w", err)
	}
	n.mu.Lock()
	for id, handling := range n.handlers {
		n.serve(run, id, handling)
	}
	n.mu.Unlock()
	if err := errors.Join(n.startRelay(run), n.startPunching(run)); err != nil {
		_ = n.Close()
		return fmt.Errorf("start node: %w", err)
	}
	if err := n.listen(h); err != nil {
		_ = n.Close()
		return fmt.Errorf("start node: %w", err)
	}
	n.attendants.start(run)
	if n.cfg.Isolated {
		n.wg.Go(func() { n.followSubnets(run) })
	}
	context.AfterFunc(run.ctx, func() { _ = run.Host.Close() })
	return nil
}

// Close ends all connections and waits for the handlers.
func (n *Node) Close() error {
	n.mu.Lock()
	run := n.host.Swap(nil)
	n.mu.Unlock()
	if run == nil {
		return nil
	}
	run.cancel()
	err := run.Host.Close()
	n.wg.Wait()
	n.gossip.forget()
	n.lobby.forget()
	n.parting.forget()
	n.attendants.forget()
	if err != nil {
		return fmt.Errorf("close node: %w", err)
	}
	return nil
}

// ID is the device's own id.
func (n *Node) ID() PeerID { return textOf(n.id) }

// Addrs are the addresses others may dial, the most useful first, without
// /p2p/…; none while the node does not run.
func (n *Node) Addrs() []string {
	run := n.host.Load()
	if run == nil {
		return nil
	}
	return sortAddrs(ownAddrs(run.Host))
}

// Log is where the protocols of this node write.
func (n *Node) Log() *slog.Logger { return n.log }

// Handle serves a protocol for members only.
func (n *Node) Handle(id string, h Handler) { n.handle(id, handling{serve: h}) }

// HandleLobby serves a protocol for members and, while the gate's lobby is
// open, for strangers within the lobby's limits (W6).
func (n *Node) HandleLobby(id string, h Handler) { n.handle(id, handling{serve: h, lobby: true}) }

// HandleParting serves a protocol for members and for former members, within the
// limits of W80.
func (n *Node) HandleParting(id string, h Handler) {
	n.handle(id, handling{serve: h, parting: true})
}

func (n *Node) handle(id string, h handling) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handlers[protocol.ID(id)] = h
	if run := n.host.Load(); run != nil {
		n.serve(run, protocol.ID(id), h)
	}
}

// Open starts a stream to a connected peer. It never dials. That it succeeds
// does not mean that the other side accepted: the first read tells.
func (n *Node) Open(ctx context.Context, to PeerID, id string) (Stream, error) {
	run := n.host.Load()
	if run == nil {
		return nil, ErrNotStarted
	}
	pid, err := to.decode()
	if err != nil {
		return nil, err
	}
	if !n.allowed(to) {
		return nil, fmt.Errorf("open %s to %s: %w", id, to.Short(), ErrRefused)
	}
	ctx = network.WithNoDial(network.WithAllowLimitedConn(ctx, id), id)
	s, err := run.NewStream(ctx, pid, protocol.ID(id))
	if err != nil {
		return nil, fmt.Errorf("open %s to %s: %w", id, to.Short(), err)
	}
	return &stream{Stream: s, peer: to}, nil
}

// Connect dials a peer at these addresses, at those known already and through
// the super-peers that it shares with us. It returns nil once the peer has
// answered over the connection, so nil does mean that its gate let us in (W4).
func (n *Node) Connect(ctx context.Context, to PeerID, addrs []string) error {
	err := n.connect(ctx, to, addrs)
	n.misses.note(to, err)
	return err
}

func (n *Node) connect(ctx context.Context, to PeerID, addrs []string) error {
	run := n.host.Load()
	if run == nil {
		return ErrNotStarted
	}
	pid, err := to.decode()
	if err != nil {
		return err
	}
	if pid == n.id {
		return errors.New("connect: this is our own id")
	}
	if !n.allowed(to) {
		return fmt.Errorf("connect to %s: %w", to.Short(), ErrRefused)
	}
	direct := parseAddrs(addrs)
	info := peer.AddrInfo{ID: pid, Addrs: slices.Concat(direct, n.circuits(to))}
	if len(info.Addrs) == 0 && len(run.Peerstore().Addrs(pid)) == 0 {
		return fmt.Errorf("connect to %s: %w", to.Short(), ErrNoAddress)
	}
	n.clearBackOff(run, pid)
	if err := run.Connect(ctx, info); err != nil {
		return fmt.Errorf("connect to %s: %w", to.Short(), err)
	}
	// A refusing gate closes the connection right after the handshake, which
	// the dialler sees as success: wait until the peer has told who it is.
	if err := n.presence.await(ctx, run, to); err != nil {
		// Who gave up waiting says nothing about the connections, and the peer may be
		// opening a good one at this moment.
		if !errors.Is(err, context.Canceled) && !n.presence.has(to) {
			_ = run.Network().ClosePeer(pid)
		}
		return fmt.Errorf("connect to %s: %w", to.Short(), err)
	}
	run.Peerstore().AddAddrs(pid, direct, peerstore.ConnectedAddrTTL)
	return nil
}

// Connected reports whether the peer has answered over an open connection.
func (n *Node) Connected(p PeerID) bool { return n.presence.has(p) }

// Disconnect closes all connections to the peer; its streams are reset.
func (n *Node) Disconnect(p PeerID) {
	run := n.host.Load()
	pid, err := p.decode()
	if run == nil || err != nil {
		return
	}
	_ = run.Network().ClosePeer(pid)
}

// Penalise gives a peer points for a breach of a protocol. 100 points within
// 10 minutes end its connections for 15 minutes, then 30, up to 6 hours (W8).
func (n *Node) Penalise(p PeerID, points int, reason string) {
	n.log.Debug("peer broke a rule", "peer", p.Short(), "points", points, "reason", reason)
	if n.penalties.add(p, points) {
		n.log.Warn("peer shut out for a while", "peer", p.Short(), "reason", reason)
		n.Disconnect(p)
	}
}

// Recheck asks the gate again about every connected peer: it disconnects those
// that may no longer be here and reports strangers that became members. To be
// called after every change of the gate's answers.
func (n *Node) Recheck() {
	run := n.host.Load()
	if run == nil {
		return
	}
	for _, pid := range run.Network().Peers() {
		id := textOf(pid)
		if n.allowed(id) || n.lobby.holds(pid) && n.lobbyOpen(id) || n.parting.holds(pid) && n.former(id) {
			continue
		}
		_ = run.Network().ClosePeer(pid)
	}
	n.presence.recheck()
	n.attendants.follow()
}

// OnAddrs registers a function that is called when the device's own addresses
// change, as they do when a network comes back.
func (n *Node) OnAddrs(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.onAddrs = append(n.onAddrs, f)
}

// allowed reports whether the gate knows the peer and it is not shut out.
func (n *Node) allowed(p PeerID) bool {
	return n.cfg.Gate != nil && n.cfg.Gate.Member(p) && !n.penalties.blocked(p)
}
