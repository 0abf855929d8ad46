package superpeer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/app/store"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/mailbox"
	"parvis/p2p/mailbox/mailboxtest"
	"parvis/p2p/p2ptest"
)

var (
	workspace = [32]byte{7}
	tag       = mailbox.Tag{1}
)

// clock is a clock that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// start runs a super-peer on loopback until the end of the test.
func start(t *testing.T, config Config) *SuperPeer {
	t.Helper()
	if config.Data == "" {
		config.Data = t.TempDir()
	}
	config.Listen = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}
	s := New(config)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// device is a node whose host key the test knows.
type device struct {
	*p2ptest.Node
	key [32]byte
}

// newDevice starts a device that knows the super-peer.
func newDevice(t *testing.T, s *SuperPeer) device {
	t.Helper()
	n := p2ptest.Start(t)
	n.Gate.Allow(s.node.ID())
	key, err := n.ID().PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return device{n, key}
}

// admin signs lists with a key of its own.
type admin struct{ seed, key [32]byte }

func newAdmin(n byte) admin {
	a := admin{seed: [32]byte{n, 42}}
	a.key = seal.NewSignKey(a.seed).Public()
	return a
}

func (a admin) list(t *testing.T, counter uint64, admins [][32]byte, peers ...[32]byte) []byte {
	t.Helper()
	raw, err := mailbox.SignACL(a.seed, mailbox.ACL{Workspace: workspace, Counter: counter, Peers: append(peers, admins...), Admins: admins})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func setupOf(t *testing.T, s *SuperPeer) mailbox.Setup {
	t.Helper()
	setup, err := mailbox.ParseSetup(s.Setup())
	if err != nil {
		t.Fatal(err)
	}
	return setup
}

func TestTheKeeperKeepsTheContract(t *testing.T) {
	mailboxtest.Contract(t, func(t *testing.T) (mailbox.Keeper, func([32]byte, ...p2p.PeerID)) {
		s := start(t, Config{})
		counter := uint64(0)
		owner := newAdmin(1)
		return s.keeper, func(ws [32]byte, peers ...p2p.PeerID) {
			t.Helper()
			counter++
			list := mailbox.ACL{Workspace: ws, Counter: counter, Peers: [][32]byte{owner.key}, Admins: [][32]byte{owner.key}}
			for _, p := range peers {
				key, err := p.PublicKey()
				if err != nil {
					t.Fatal(err)
				}
				list.Peers = append(list.Peers, key)
			}
			raw, err := mailbox.SignACL(owner.seed, list)
			if err != nil {
				t.Fatal(err)
			}
			if code, _ := s.lists.Publish(t.Context(), s.node.ID(), s.identity.secret[:], raw); code != mailbox.CodeStored {
				t.Fatalf("code %d", code)
			}
		}
	})
}

func TestAWorkspaceMovesIn(t *testing.T) {
	s := start(t, Config{})
	ctx := within(t)
	setup := setupOf(t, s)
	if string(setup.Peer) != s.Peer() || len(setup.Addrs) == 0 {
		t.Fatalf("set-up code %+v", setup)
	}
	owner, member, stranger := newDevice(t, s), newDevice(t, s), newDevice(t, s)
	anne := newAdmin(1)
	first := anne.list(t, 1, [][32]byte{anne.key}, owner.key)

	wrong := bytes.Repeat([]byte{9}, mailbox.SetupSecret)
	for _, c := range []struct {
		setup, list []byte
		want        error
	}{
		{nil, first, mailbox.ErrNotAdmin},
		{wrong, first, mailbox.ErrBadSetup},
		{setup.Secret[:], []byte("no list"), mailbox.ErrMalformed},
		{setup.Secret[:], first, nil},
		{nil, first, nil}, // repeated
	} {
		if err := mailbox.Publish(ctx, owner.Node, setup.Peer, setup.Addrs, c.setup, c.list); !errors.Is(err, c.want) {
			t.Errorf("got %v, want %v", err, c.want)
		}
	}
	box, err := mailbox.Open(ctx, owner.Node, setup.Peer, workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	if err := box.Put(ctx, tag, mailboxtest.Objects(0, 10, 100), false); err != nil {
		t.Fatal(err)
	}
	if used, limit := s.quota(t, ctx, owner); used != 10*(100+store.MailboxOverhead) || limit != DefaultLimits().Stored {
		t.Errorf("quota %d of %d", used, limit)
	}

	t.Run("a stranger gets nothing", func(t *testing.T) {
		// The lobby lets it in, but there is no mailbox and no relay in the lobby.
		_ = stranger.Connect(ctx, setup.Peer, setup.Addrs)
		if _, err := mailbox.Open(ctx, stranger.Node, setup.Peer, workspace); err == nil {
			t.Error("a stranger opens the mailbox")
		}
		if s.node.Connected(stranger.ID()) {
			t.Error("it counts as connected")
		}
	})
	t.Run("a new list lets somebody in and another one out", func(t *testing.T) {
		if err := member.Connect(ctx, setup.Peer, setup.Addrs); err != nil {
			t.Fatal(err)
		}
		second := anne.list(t, 2, [][32]byte{anne.key}, member.key)
		if err := mailbox.Publish(ctx, owner.Node, setup.Peer, nil, nil, second); err != nil {
			t.Fatal(err)
		}
		theirs, err := mailbox.Open(ctx, member.Node, setup.Peer, workspace)
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		if got, err := theirs.Fetch(ctx, tag, mailboxtest.IDs(mailboxtest.Objects(0, 10, 0))); len(got) != 10 || err != nil {
			t.Errorf("%d objects, %v", len(got), err)
		}
		if err := box.Put(ctx, tag, mailboxtest.Objects(10, 1, 1), false); err == nil {
			t.Error("who was left out still puts objects there")
		}
	})
}

func (s *SuperPeer) quota(t *testing.T, ctx context.Context, d device) (used, limit int64) {
	t.Helper()
	c, err := mailbox.Open(ctx, d.Node, s.node.ID(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	used, limit, err = c.Quota(ctx, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return used, limit
}

func TestListsFollowTheRules(t *testing.T) {
	data := t.TempDir()
	s := New(Config{Data: data, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := within(t)
	anne, boris, cleo := newAdmin(1), newAdmin(2), newAdmin(3)
	both := [][32]byte{anne.key, boris.key}
	from := mailboxtest.Peer(1)
	expect := func(what string, setup, list []byte, want mailbox.Code, counter uint64) {
		t.Helper()
		if code, stored := s.lists.Publish(ctx, from, setup, list); code != want || stored != counter {
			t.Errorf("%s: code %d with counter %d, want %d with %d", what, code, stored, want, counter)
		}
	}
	secret := s.identity.secret[:]
	five := anne.list(t, 5, both)
	expect("without the secret", nil, five, mailbox.CodeNotAdmin, 0)
	expect("the first", secret, five, mailbox.CodeStored, 5)
	expect("an older one", nil, anne.list(t, 4, both), mailbox.CodeOldCounter, 5)
	expect("no admin", nil, cleo.list(t, 6, both, cleo.key), mailbox.CodeNotAdmin, 0)
	a, b := anne.list(t, 6, both, cleo.key), boris.list(t, 6, both)
	lower, higher := a, b
	if x, _ := mailbox.ParseACL(a); func() bool { y, _ := mailbox.ParseACL(b); return bytes.Compare(x.Hash[:], y.Hash[:]) > 0 }() {
		lower, higher = b, a
	}
	expect("two at once, the higher hash first", nil, higher, mailbox.CodeStored, 6)
	expect("then the lower one", nil, lower, mailbox.CodeStored, 6)
	expect("and the higher one again", nil, higher, mailbox.CodeOldCounter, 6)
	without := anne.list(t, 7, [][32]byte{anne.key})
	expect("boris is removed", nil, without, mailbox.CodeStored, 7)
	expect("he wants to come back", nil, boris.list(t, 8, both), mailbox.CodeNotAdmin, 0)
	expect("an old list replayed, with him in it", nil, five, mailbox.CodeOldCounter, 7)

	// Everything is there after a start.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = start(t, Config{Data: data})
	if !bytes.Equal(secret, s.identity.secret[:]) {
		t.Error("another set-up secret")
	}
	id, _ := p2p.PeerIDOf(boris.key)
	if s.lists.Member(id) {
		t.Error("boris is let in")
	}
	expect("after a start, the old one", nil, five, mailbox.CodeOldCounter, 7)
	expect("the set-up secret takes a mailbox back", secret, cleo.list(t, 1, [][32]byte{cleo.key}), mailbox.CodeStored, 1)
	expect("anne is out", nil, anne.list(t, 9, [][32]byte{anne.key}), mailbox.CodeNotAdmin, 0)
}

func TestOneSuperPeerOnOneFolder(t *testing.T) {
	s := start(t, Config{Metrics: "127.0.0.1:0"})
	second := New(Config{Data: s.config.Data})
	if err := second.Start(t.Context()); !errors.Is(err, store.ErrInUse) {
		t.Errorf("error %v", err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	third := New(Config{Data: t.TempDir(), Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Metrics: s.Metrics()})
	if err := third.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "metrics") {
		t.Errorf("on a port that is taken: %v", err)
	}
	if err := third.Close(); err != nil {
		t.Error(err)
	}
}

func TestAnnouncedAddressesComeFirst(t *testing.T) {
	s := start(t, Config{Announce: []string{"/dns/parvis.example.org/udp/443/quic-v1"}})
	if got := setupOf(t, s).Addrs; len(got) != 3 || got[0] != s.config.Announce[0] {
		t.Errorf("addresses %v", got)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

func TestMembersMeetThroughTheRelayOfTheirWorkspace(t *testing.T) {
	l := newLists(nil, &mailbox.Bell{}, [mailbox.SetupSecret]byte{}, time.Now, slog.New(slog.DiscardHandler))
	ana, ben, eve := mailboxtest.Peer(1), mailboxtest.Peer(2), mailboxtest.Peer(3)
	put := func(ws byte, peers ...p2p.PeerID) {
		list := mailbox.ACL{Workspace: [32]byte{ws}}
		for _, p := range peers {
			key, _ := p.PublicKey()
			list.Peers = append(list.Peers, key)
		}
		l.swap(list)
	}
	put(1, ana, ben)
	put(2, ben, eve)
	if !l.Together(ana, ben) || !l.Together(eve, ben) || l.Together(ana, eve) {
		t.Error("who meets whom")
	}
	put(2, eve)
	if l.Together(eve, ben) || !l.Member(ben) || !l.Member(eve) {
		t.Error("after a new list")
	}
	put(1, ana)
	if l.Member(ben) {
		t.Error("in no list, and still a member")
	}
}

func TestTheIdentityStays(t *testing.T) {
	dir := t.TempDir()
	made, err := loadIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := loadIdentity(dir); err != nil || again != made {
		t.Errorf("another one: %v", err)
	}
	path := filepath.Join(dir, identityFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, text := range []string{"", "something else\n", identityTitle + "00\n", identityTitle + strings.Repeat("zz", 48)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := loadIdentity(dir); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
