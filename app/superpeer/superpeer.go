// Package superpeer is the peer that is always on: a blind mailbox for the
// devices of some workspaces, a relay between them, the forwarder of their calls, and the
// access lists that say who they are (protocol 2.14). It holds no key but its own and can
// read nothing of what it keeps or carries.
package superpeer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parvis/app/store"
	"parvis/crdt/seal"
	"parvis/media"
	"parvis/p2p"
	"parvis/p2p/mailbox"
)

// fullAt is the part of the room given by the operator, in percent, at which
// further objects are refused.
const fullAt = 95

// Config is all that a super-peer is told from outside.
type Config struct {
	// Data is its folder; one process at a time uses it.
	Data string
	// Listen are multiaddresses; none means every interface, QUIC and TCP, on port 443
	// where that can be had at the first start, else 4443, and later on the same port.
	Listen []string
	// Announce are addresses for the set-up code, ahead of those that the machine
	// knows of itself: a DNS name, or what a router forwards.
	Announce []string
	// NewCode replaces the set-up secret, so that the codes given out so far are good
	// for nothing. What is attached stays attached.
	NewCode bool
	// StoreLimit is how many bytes objects may take; 0 means as much as the disk has.
	StoreLimit int64
	// Limits are those of one device; the zero value means [DefaultLimits].
	Limits Limits
	// Metrics is the address for /healthz and /metrics; empty means none.
	Metrics string
	// NoCalls leaves the sound and pictures of calls to others.
	NoCalls bool
	// Guests lets guests come to calls with a browser; the zero value lets none.
	Guests Guests
	// Rooms opens the connections of a call; nil means media.NewRoom.
	Rooms func(media.Config) (Room, error)
	// Thrifty makes the garbage collector of the whole process keep the memory
	// small, as far as the number of connected devices allows.
	Thrifty bool
	Log     *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// SuperPeer is one always-on peer. New opens nothing; Start opens; Close stops and
// waits.
type SuperPeer struct {
	config   Config
	identity identity
	box      *store.Mailbox
	node     *p2p.Node
	lists    *lists
	keeper   *keeper
	web      *web
	carrying *carrying    // nil: it carries no calls
	porch    *porch       // nil: no guests come
	release  func() error // of the data folder's lock
	runs     bool         // Start came to its end

	stop     context.CancelFunc // of the sweeping
	sweeping sync.WaitGroup
}

// New makes a super-peer. It reads and opens nothing.
func New(config Config) *SuperPeer {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Rooms == nil {
		config.Rooms = func(c media.Config) (Room, error) {
			room, err := media.NewRoom(c)
			if err != nil {
				return nil, err // never a nil room in an interface
			}
			return room, nil
		}
	}
	if config.Limits == (Limits{}) {
		config.Limits = DefaultLimits()
	}
	return &SuperPeer{config: config}
}

// Start opens the data folder and listens; ctx bounds that whole life too. After
// an error Close is still to be called.
func (s *SuperPeer) Start(ctx context.Context) (err error) {
	if s.release, err = store.Lock(s.config.Data, store.SuperPeer); err != nil {
		return err
	}
	if s.identity, err = loadIdentity(s.config.Data); err != nil {
		return err
	}
	if s.config.NewCode {
		if s.identity, err = s.identity.renewed(s.config.Data); err != nil {
			return err
		}
	}
	s.box = store.NewMailbox(s.config.Data, store.MailboxLimits{
		Total: s.config.StoreLimit / 100 * fullAt, Device: s.config.Limits.Stored, Daily: s.config.Limits.Daily,
	})
	bell := &mailbox.Bell{}
	s.box.OnLoss(func(ws seal.ID) { bell.Alarm(ws) }) // whoever watches comes back and learns of the new store
	if err := s.box.Open(ctx); err != nil {
		return err
	}
	s.lists = newLists(s.box, bell, s.identity.secret, s.config.Now, s.config.Log)
	if err := s.lists.load(ctx); err != nil {
		return err
	}
	s.keeper = newKeeper(s.config, s.box, s.lists, bell)
	listen, err := s.config.addrs()
	if err != nil {
		return err
	}
	s.node = p2p.New(p2p.Config{Seed: s.identity.seed, Listen: listen, Gate: s.lists, SuperPeer: true, Relay: true, Log: s.config.Log})
	if s.config.Guests.URL != "" {
		if s.porch, err = openPorch(ctx, s.config.Guests, s.node, s.lists, onLoopback(listen), s.config.Log); err != nil {
			return err
		}
	}
	s.serve(onLoopback(listen))
	if err := s.node.Start(ctx); err != nil {
		return err
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.sweeping.Go(func() { s.sweep(ctx) })
	if s.config.Metrics != "" {
		s.web = &web{listen: s.config.Metrics, box: s.box, node: s.node, lists: s.lists, calls: s.carrying.calls, guests: s.porch.counts, counts: &s.keeper.counts, limit: s.config.StoreLimit, log: s.config.Log}
		if err := s.web.start(ctx); err != nil {
			return err
		}
	}
	if err := s.keepAddrs(); err != nil {
		s.config.Log.Warn("its code cannot be read while it runs", "err", err) // a full disk: what it holds is still given out
	}
	s.runs = true
	s.config.Log.Info("super-peer runs", "peer", string(s.node.ID()), "addrs", s.node.Addrs(), "workspaces", s.lists.count())
	return nil
}

// serve puts all protocols on the node. local means that nobody else than this machine is
// listened to.
func (s *SuperPeer) serve(local bool) {
	thrift := &thrift{on: s.config.Thrifty}
	thrift.follow(s.node)
	if !s.config.NoCalls {
		s.carrying = carry(s.node, s.lists, s.config.Rooms, local, s.carries(thrift))
	}
	s.lists.onChange = func() {
		s.carrying.recheck()
		s.porch.recheck()
	}
	mailbox.Serve(s.node, s.keeper)
	mailbox.ServeLists(s.node, s.lists)
	mailbox.ServeDoors(s.node, s.keeper)
}

// carries tells, and keeps memory for, the calls that go through here. It is called by one
// goroutine at a time.
func (s *SuperPeer) carries(t *thrift) func(calls, devices int) {
	before := 0
	return func(calls, devices int) {
		t.devices.Store(int64(devices))
		t.set()
		if calls != before {
			s.config.Log.Info("calls that are carried", "calls", calls, "devices", devices)
		}
		before = calls
	}
}

// Close ends all connections, finishes what is being stored, and waits.
func (s *SuperPeer) Close() error {
	var failed []error
	if s.stop != nil {
		s.stop()
		s.sweeping.Wait()
	}
	if s.web != nil {
		failed = append(failed, s.web.close())
	}
	s.carrying.close()
	failed = append(failed, s.porch.close())
	if s.node != nil {
		failed = append(failed, s.node.Close())
	}
	if s.box != nil {
		failed = append(failed, s.box.Close())
	}
	if s.release != nil {
		failed = append(failed, s.release())
		s.release = nil
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("close super-peer: %w", err)
	}
	if s.runs {
		s.runs = false
		s.config.Log.Info("super-peer stopped")
	}
	return nil
}

// Peer is its peer id.
func (s *SuperPeer) Peer() string { return string(s.node.ID()) }

// Addrs are the addresses where devices reach it, the announced ones first.
func (s *SuperPeer) Addrs() []string {
	var all []string
	seen := map[string]bool{}
	for _, addr := range append(s.config.Announce[:len(s.config.Announce):len(s.config.Announce)], s.node.Addrs()...) {
		if !seen[addr] {
			seen[addr] = true
			all = append(all, addr)
		}
	}
	return all
}

// Attached reports whether a workspace has attached it.
func (s *SuperPeer) Attached() bool { return s.lists.count() > 0 }

// Setup is the code that an owner attaches it to a workspace with.
func (s *SuperPeer) Setup() string {
	return mailbox.Setup{Peer: s.node.ID(), Secret: s.identity.secret, Addrs: s.Addrs()}.String()
}

// GuestPage is where the page of guests is served, host:port, or empty.
func (s *SuperPeer) GuestPage() string { return s.porch.addr() }

// Metrics is the address of /healthz and /metrics, or empty.
func (s *SuperPeer) Metrics() string {
	if s.web == nil {
		return ""
	}
	return s.web.addr()
}
