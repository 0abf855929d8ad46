package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	gosync "sync"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/discovery"
	"parvis/p2p/farewell"
	"parvis/p2p/gossip"
	"parvis/p2p/join"
	"parvis/p2p/key"
	"parvis/p2p/mailbox"
	"parvis/p2p/sync"
	"parvis/p2p/tunnel"
	"parvis/p2p/verify"
)

// network plugs the peer-to-peer packages and the workspaces together.
type network struct {
	node      *p2p.Node
	hub       *sync.Hub
	tunnels   *tunnel.Tunnels
	discovery *discovery.Discovery
	manager   *workspace.Manager
	gossip    bool
	isolated  bool
	log       *slog.Logger
	life      context.Context
	deaf      func() // hears nothing of super-peers any more

	places   places   // at relays
	silences silences // of members

	mu       gosync.Mutex
	attached []*sync.Syncer // guarded by mu
	meshes   []*gossip.Mesh // guarded by mu
}

func (n *network) syncers() []*sync.Syncer {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.attached)
}

// startNetwork starts the host and everything that listens on it, on the ports of
// the last run where they are free.
func startNetwork(ctx context.Context, config Config, manager *workspace.Manager) (*network, error) {
	listen := config.Listen
	if len(listen) == 0 {
		listen = p2p.DefaultListen()
	}
	fixed, changed := withPorts(listen, lastPorts(ctx, manager.Storage))
	n, err := startHost(ctx, config, fixed, manager)
	if changed && (err != nil || !listensOn(n.node.Addrs(), fixed)) {
		if err == nil {
			_ = n.node.Close() // some other program has one of the ports
		}
		n, err = startHost(ctx, config, listen, manager)
	}
	if err != nil {
		return nil, fmt.Errorf("start the network: %w", err)
	}
	if err := keepPorts(ctx, manager.Storage, n.node.Addrs()); err != nil {
		config.Log.Warn("keep the ports for the next start", "err", err) // a full disk: reading still works
	}
	if !config.NoMDNS {
		n.discovery.Names = n.names
	}
	n.discovery.Start(ctx)
	n.silences.start(ctx, n)
	return n, nil
}

// startHost starts the host with all protocols on it.
func startHost(ctx context.Context, config Config, listen []string, manager *workspace.Manager) (*network, error) {
	n := &network{manager: manager, gossip: !config.NoGossip, isolated: config.Isolated, log: config.Log, life: ctx}
	n.node = p2p.New(p2p.Config{
		Seed: manager.PeerSeed(), Listen: listen, MDNS: !config.NoMDNS, Gate: gate{manager}, SuperPeers: n.superPeerIDs, Via: n.via,
		Isolated: config.Isolated, Log: config.Log,
	})
	n.discovery = discovery.New(n.node, n)
	n.discovery.Found, n.discovery.Log = n.found, config.Log
	manager.Use(n)
	manager.UseSuperPeers(superPeers{n.node, manager.PeerSeed()})
	n.node.OnSuperPeers(n.watchSuperPeers)
	n.deaf = manager.Events.SuperPeers.Subscribe(func(workspace.SuperPeersChanged) { n.addrsChanged() })
	n.node.OnSuperPeers(n.reroute)
	n.node.OnPeer(n.peerChanged)
	n.node.OnAddrs(n.addrsChanged)
	n.hub = sync.NewHub(n.node, config.Log)
	n.tunnels = tunnel.New(n.node)
	join.Serve(n.node, n)
	join.ServeOn(n.node, join.LinkProtocol, linker{n})
	join.ServeOn(n.node, join.ReturnProtocol, returner{n})
	key.Serve(n.node, n.grant)
	farewell.Serve(n.node, n.farewell)
	verify.Serve(n.node, verifier{n})
	return n, n.node.Start(ctx)
}

// Close stops the search and the host, and waits.
func (n *network) Close() error {
	n.deaf()
	n.silences.close()
	n.discovery.Close()
	return n.node.Close()
}

// gate lets members in, and strangers only while an invitation is open.
type gate struct{ manager *workspace.Manager }

func (g gate) Member(peer p2p.PeerID) bool {
	key, err := peer.PublicKey()
	return err == nil && g.manager.Known(key)
}

func (g gate) Lobby() bool { return g.manager.Lobby() }

// LobbyFor implements [p2p.Doorkeeper].
func (g gate) LobbyFor(peer p2p.PeerID) bool {
	key, err := peer.PublicKey()
	return err == nil && g.manager.LobbyFor(key)
}

// Self is the key of this device's host.
func (n *network) Self() seal.ID {
	key, err := n.node.ID().PublicKey()
	if err != nil {
		panic(err) // the host made its id from an Ed25519 key
	}
	return key
}

// Addrs are the addresses of this device.
func (n *network) Addrs() []string { return n.node.Addrs() }

// AddrsOf are the addresses of a peer that is or was connected.
func (n *network) AddrsOf(peer seal.ID) []string {
	id, err := p2p.PeerIDOf(peer)
	if err != nil {
		return nil
	}
	return n.node.AddrsOf(id)
}

// Attach starts the replication of a workspace.
func (n *network) Attach(w *workspace.Workspace) (workspace.Replication, error) {
	r := replica{w}
	_, self := w.Self()
	config := sync.Config{
		Workspace: w.ID(), Self: self, Hub: n.hub, Replica: r, Device: r.member, Visible: r.visible,
		Addrs: func() []sync.PeerAddrs { return n.known(w) }, OnAddrs: n.learn, Log: n.log,
	}
	if n.gossip {
		mesh := gossip.New(gossip.Config{Node: n.node, Topics: r.topics, Check: r.check, Log: n.log})
		config.Gossip = mesh
		n.mu.Lock()
		n.meshes = append(n.meshes, mesh)
		n.mu.Unlock()
	}
	s := sync.New(config)
	if err := s.Start(n.life); err != nil {
		return nil, err
	}
	n.mu.Lock()
	n.attached = append(n.attached, s)
	n.mu.Unlock()
	return replication{s}, nil
}

// replication shows a syncer to its workspace.
type replication struct{ *sync.Syncer }

func (r replication) SendLive(body []byte, to func(peer seal.ID) bool) {
	r.Syncer.SendLive(body, func(peer p2p.PeerID) bool {
		key, err := peer.PublicKey()
		return err == nil && to(key)
	})
}

// Knock runs the join protocol with one peer.
func (n *network) Knock(ctx context.Context, peer seal.ID, addrs []string, knock workspace.Knock) error {
	id, err := p2p.PeerIDOf(peer)
	if err != nil {
		return err
	}
	if err := n.node.Connect(ctx, id, addrs); err != nil {
		return err
	}
	if n.node.Speaks(id, mailbox.DoorProtocol) && !n.node.Speaks(id, join.Protocol) {
		return workspace.ErrAtDoor
	}
	var converse func(ctx context.Context, talk join.Talk) error
	if knock.Converse != nil {
		converse = func(ctx context.Context, talk join.Talk) error { return knock.Converse(ctx, refusing{talk}) }
	}
	err = join.DialTalking(ctx, n.node, id, addrs, knock.Request, converse, func(w join.Welcome) ([]byte, error) {
		return knock.Accept(workspace.Welcome{Box: w.Box, Grant: w.Grant, Entries: w.Entries, Blobs: w.Blobs, Addrs: fromAddrs(w.Addrs)})
	})
	var refusal *join.Refusal
	if errors.As(err, &refusal) && !errors.Is(err, workspace.ErrCodes) {
		return &workspace.Refusal{Code: refusal.Code}
	}
	return err
}

// refusing is a talk whose end may be that the invitation is over.
type refusing struct{ join.Talk }

// Receive implements [workspace.Talk].
func (t refusing) Receive(ctx context.Context) ([]byte, error) {
	raw, err := t.Talk.Receive(ctx)
	if refusal, ok := errors.AsType[*join.Refusal](err); ok {
		if over := (&workspace.Refusal{Code: refusal.Code}); over.Over() {
			return nil, over
		}
	}
	return raw, err
}

// Request implements [join.Answerer].
func (n *network) Request(ctx context.Context, from p2p.PeerID, request []byte) (join.Welcome, error) {
	return n.Converse(ctx, from, request, nil)
}

// Converse implements [join.Converser].
func (n *network) Converse(ctx context.Context, from p2p.PeerID, request []byte, talk join.Talk) (join.Welcome, error) {
	key, err := from.PublicKey()
	if err != nil {
		return join.Welcome{}, err
	}
	w, err := n.manager.Answer(ctx, key, request, talk)
	if err != nil {
		return join.Welcome{}, refused(err)
	}
	return join.Welcome{Box: w.Box, Grant: w.Grant, Entries: w.Entries, Blobs: w.Blobs, Addrs: toAddrs(w.Addrs)}, nil
}

// Joined implements [join.Answerer].
func (n *network) Joined(ctx context.Context, from p2p.PeerID, entry []byte) error {
	key, err := from.PublicKey()
	if err != nil {
		return err
	}
	return refused(n.manager.Admit(ctx, key, entry))
}

func refused(err error) error {
	var refusal *workspace.Refusal
	if errors.As(err, &refusal) {
		return &join.Refusal{Code: refusal.Code}
	}
	if errors.Is(err, workspace.ErrBad) {
		return fmt.Errorf("%w: %w", join.ErrMalformed, err)
	}
	return err
}

// AskKey sends a KeyRequest.
func (n *network) AskKey(ctx context.Context, peer seal.ID, request []byte) ([]byte, error) {
	id, err := p2p.PeerIDOf(peer)
	if err != nil {
		return nil, err
	}
	return key.Ask(ctx, n.node, id, request)
}

func (n *network) grant(_ context.Context, from p2p.PeerID, request []byte) ([]byte, error) {
	asker, err := from.PublicKey()
	if err != nil {
		return nil, err
	}
	granted, err := n.manager.Grant(asker, request)
	if errors.Is(err, workspace.ErrBad) {
		err = fmt.Errorf("%w: %w", key.ErrMalformed, err)
	}
	return granted, err
}

// Recheck applies changed members, invitations and addresses.
func (n *network) Recheck() {
	n.node.Recheck()
	n.discovery.Wake()
	n.mu.Lock()
	meshes := slices.Clone(n.meshes)
	n.mu.Unlock()
	for _, mesh := range meshes {
		mesh.Update()
	}
}

// Known implements [discovery.Book].
func (n *network) Known() []discovery.Target {
	var targets []discovery.Target
	vital := n.superPeerIDs()
	for _, t := range n.manager.Targets(n.life) {
		if id, err := p2p.PeerIDOf(t.Peer); err == nil {
			targets = append(targets, discovery.Target{Peer: id, Addrs: t.Addrs, Vital: slices.Contains(vital, id)})
		}
	}
	return targets
}

// names are the mDNS service names of yesterday, today and tomorrow.
func (n *network) names() []string {
	today := time.Now().UTC().Unix() / int64((24 * time.Hour).Seconds())
	return n.manager.MDNSNames(today-1, today, today+1)
}

// known is what this device tells the members of a workspace about addresses.
func (n *network) known(w *workspace.Workspace) []sync.PeerAddrs {
	all := []sync.PeerAddrs{{Peer: n.node.ID(), Addrs: n.node.Addrs()}}
	for _, t := range n.manager.Neighbours(n.life, w) {
		if id, err := p2p.PeerIDOf(t.Peer); err == nil {
			all = append(all, sync.PeerAddrs{Peer: id, Addrs: t.Addrs})
		}
	}
	return all
}

func (n *network) learn(_ p2p.PeerID, addrs []sync.PeerAddrs) {
	var learned []workspace.PeerAddrs
	for _, a := range addrs {
		if key, err := a.Peer.PublicKey(); err == nil {
			learned = append(learned, workspace.PeerAddrs{Peer: key, Addrs: a.Addrs})
		}
	}
	n.manager.Learn(n.life, learned)
}

// found notes where a member was seen on the local network.
func (n *network) found(t discovery.Target) {
	n.learn(t.Peer, []sync.PeerAddrs{{Peer: t.Peer, Addrs: t.Addrs}})
}

// addrsChanged tells the connected members where this device is now.
func (n *network) addrsChanged() {
	for _, s := range n.syncers() {
		s.Announce()
	}
}

func (n *network) peerChanged(peer p2p.PeerID, connected bool) {
	key, err := peer.PublicKey()
	if err != nil {
		return
	}
	n.manager.PeerChanged(n.life, key, connected)
}

func toAddrs(addrs []workspace.PeerAddrs) []join.PeerAddrs {
	var all []join.PeerAddrs
	for _, a := range addrs {
		if id, err := p2p.PeerIDOf(a.Peer); err == nil {
			all = append(all, join.PeerAddrs{Peer: id, Addrs: a.Addrs})
		}
	}
	return all
}

func fromAddrs(addrs []join.PeerAddrs) []workspace.PeerAddrs {
	var all []workspace.PeerAddrs
	for _, a := range addrs {
		if key, err := a.Peer.PublicKey(); err == nil {
			all = append(all, workspace.PeerAddrs{Peer: key, Addrs: a.Addrs})
		}
	}
	return all
}
