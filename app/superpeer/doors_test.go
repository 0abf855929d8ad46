package superpeer

import (
	"errors"
	"testing"
	"time"

	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/mailbox"
	"parvis/p2p/mailbox/mailboxtest"
)

// house is a super-peer with one workspace of Anne's, and a door into it.
type house struct {
	*SuperPeer
	t     *testing.T
	now   *clock
	anne  admin
	door  mailbox.Door
	lists uint64 // published
}

// newHouse starts one; its door is that of the key's invitation.
func newHouse(t *testing.T, key seal.SignKey) *house {
	t.Helper()
	h := &house{t: t, now: &clock{now: time.Now()}, anne: newAdmin(1)}
	h.SuperPeer = start(t, Config{Data: t.TempDir(), Now: h.now.Now})
	h.list()
	h.door = mailbox.Door{
		Name: mailboxtest.DoorName(key.Public()), Counter: 1, Box: []byte("the box"), Expires: h.now.Now().Add(30 * 24 * time.Hour).UnixMilli(),
	}
	h.leave(h.door)
	return h
}

// list publishes the next access list: Anne and others.
func (h *house) list(others ...[32]byte) {
	h.t.Helper()
	h.lists++
	raw := h.anne.list(h.t, h.lists, [][32]byte{h.anne.key}, others...)
	if code, _ := h.SuperPeer.lists.Publish(h.t.Context(), h.node.ID(), h.identity.secret[:], raw); code != mailbox.CodeStored {
		h.t.Fatalf("code %d", code)
	}
}

func (h *house) leave(d mailbox.Door) {
	h.t.Helper()
	id, err := p2p.PeerIDOf(h.anne.key)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.keeper.Leave(h.t.Context(), mailbox.Visit{Peer: id, Workspace: workspace}, d); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) knock(peer p2p.PeerID) error {
	_, err := h.keeper.Knock(h.t.Context(), mailbox.Visit{Peer: peer, Workspace: workspace}, h.door.Name)
	return err
}

// in reports whether the gate and the mailbox take a peer for a device.
func (h *house) in(peer p2p.PeerID) bool {
	h.t.Helper()
	_, err := h.keeper.Admit(h.t.Context(), mailbox.Visit{Peer: peer, Workspace: workspace})
	if err != nil && !errors.Is(err, mailbox.ErrStranger) {
		h.t.Fatal(err)
	}
	if member := h.SuperPeer.lists.Member(peer); member != (err == nil) {
		h.t.Errorf("the gate says %v, the mailbox %v", member, err)
	}
	return err == nil
}

func keyOf(t *testing.T, peer p2p.PeerID) [32]byte {
	t.Helper()
	key, err := peer.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestWhoHoldsALinkComesInOverTheNetwork(t *testing.T) {
	invitation := seal.NewSignKey(seal.RandomKey())
	h := newHouse(t, invitation)
	ctx := within(t)
	setup := setupOf(t, h.SuperPeer)
	ben := newDevice(t, h.SuperPeer)
	box, err := mailbox.Knock(ctx, ben.Node, setup.Peer, setup.Addrs, workspace, invitation.Public(), func(digest [32]byte) []byte {
		return invitation.Sign(mailbox.KnockLabel, digest[:])
	})
	if err != nil || string(box) != "the box" {
		t.Fatalf("%q, %v", box, err)
	}
	if !h.in(ben.ID()) {
		t.Error("it is not let in")
	}
	c, err := mailbox.Open(ctx, ben.Node, setup.Peer, workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if used, limit, err := c.Quota(ctx, time.Minute); used != 0 || limit != newcomerBytes || err != nil {
		t.Errorf("quota %d of %d, %v", used, limit, err)
	}
	for i := range 9 {
		if err := c.Put(ctx, tag, mailboxtest.Objects(i, 1, 1<<20), false); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Put(ctx, tag, mailboxtest.Objects(9, 1, 1<<20), false); !errors.Is(err, mailbox.ErrTooMuch) {
		t.Errorf("more than 10 MiB: %v", err)
	}
	if used, _ := h.quota(t, ctx, ben); used < 9<<20 {
		t.Errorf("it has brought %d bytes", used)
	}
	h.list(ben.key)
	if err := c.Put(ctx, tag, mailboxtest.Objects(9, 1, 1<<20), false); err != nil {
		t.Errorf("once it is listed: %v", err)
	}
}

func TestHowLongANewcomerStays(t *testing.T) {
	ben, cleo := mailboxtest.Peer(11), mailboxtest.Peer(12)
	enter := func(t *testing.T, peers ...p2p.PeerID) *house {
		h := newHouse(t, seal.NewSignKey(seal.RandomKey()))
		for _, peer := range peers {
			if err := h.knock(peer); err != nil || !h.in(peer) {
				t.Fatalf("at the door: %v", err)
			}
		}
		return h
	}
	t.Run("seven days", func(t *testing.T) {
		h := enter(t, ben)
		h.now.pass(newcomerTime - time.Second)
		if !h.in(ben) {
			t.Error("shut out early")
		}
		h.now.pass(time.Second)
		if h.in(ben) {
			t.Error("still in")
		}
		if changed := h.SuperPeer.lists.newcomers.sweep(h.now.Now()); len(changed) != 1 || changed[0] != workspace {
			t.Errorf("swept %x", changed)
		}
		if err := h.knock(ben); err != nil || !h.in(ben) {
			t.Errorf("a second knock: %v", err)
		}
	})
	t.Run("an hour after a list without it", func(t *testing.T) {
		h := enter(t, ben, cleo)
		h.list(keyOf(t, cleo))
		h.now.pass(newcomerGrace - time.Second)
		if !h.in(ben) {
			t.Error("shut out early")
		}
		h.now.pass(time.Second)
		if h.in(ben) || !h.in(cleo) {
			t.Error("after an hour the listed one is in, and nobody else")
		}
		h.list()
		if h.in(cleo) {
			t.Error("who was listed and is so no more is in")
		}
	})
	t.Run("closing the door ends nobody's time", func(t *testing.T) {
		h := enter(t, ben)
		closed := h.door
		closed.Box = nil
		h.leave(closed)
		if err := h.knock(cleo); !errors.Is(err, mailbox.ErrDoorEnded) || h.in(cleo) {
			t.Errorf("at a closed door: %v", err)
		}
		if !h.in(ben) {
			t.Error("it is shut out")
		}
	})
	t.Run("across a start", func(t *testing.T) {
		h := enter(t, ben)
		h.list(keyOf(t, cleo))
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		h.SuperPeer = start(t, Config{Data: h.config.Data, Now: h.now.Now})
		if !h.in(ben) || !h.in(cleo) {
			t.Error("somebody is shut out")
		}
		h.now.pass(newcomerGrace)
		if h.in(ben) {
			t.Error("it stays longer than before the start")
		}
		if err := h.knock(ben); err != nil {
			t.Errorf("the door is gone: %v", err)
		}
	})
	t.Run("a door that has expired lets nobody in", func(t *testing.T) {
		h := enter(t)
		h.now.pass(31 * 24 * time.Hour)
		if err := h.knock(ben); !errors.Is(err, mailbox.ErrDoorEnded) || h.in(ben) {
			t.Errorf("%v", err)
		}
	})
}

func TestADoorIsCrowdedAt32(t *testing.T) {
	h := newHouse(t, seal.NewSignKey(seal.RandomKey()))
	for i := range byte(maxNewcomers) {
		if err := h.knock(mailboxtest.Peer(20 + i)); err != nil {
			t.Fatal(err)
		}
	}
	late := mailboxtest.Peer(99)
	if err := h.knock(late); !errors.Is(err, mailbox.ErrDoorCrowded) || h.in(late) {
		t.Errorf("number 33: %v", err)
	}
	if err := h.knock(mailboxtest.Peer(20)); err != nil {
		t.Errorf("one of them again: %v", err)
	}
	h.list(keyOf(t, mailboxtest.Peer(20)))
	if err := h.knock(late); err != nil || !h.in(late) {
		t.Errorf("once one of them is listed: %v", err)
	}
}

func TestNewcomersMeetThroughTheRelay(t *testing.T) {
	h := newHouse(t, seal.NewSignKey(seal.RandomKey()))
	ben := mailboxtest.Peer(11)
	anne, err := p2p.PeerIDOf(h.anne.key)
	if err != nil {
		t.Fatal(err)
	}
	if h.SuperPeer.lists.Together(anne, ben) {
		t.Error("a stranger meets a member")
	}
	if err := h.knock(ben); err != nil {
		t.Fatal(err)
	}
	if !h.SuperPeer.lists.Together(anne, ben) || !h.SuperPeer.lists.Together(ben, anne) {
		t.Error("a newcomer does not meet the members")
	}
}
