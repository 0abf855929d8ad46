package mailbox_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/mailbox"
	"parvis/p2p/mailbox/mailboxtest"
	"parvis/p2p/p2ptest"
)

// invitation is the key of an open invitation.
type invitation struct{ key ed25519.PrivateKey }

func newInvitation(n byte) invitation {
	return invitation{ed25519.NewKeyFromSeed(append([]byte{n}, make([]byte, 31)...))}
}

func (i invitation) public() [32]byte { return [32]byte(i.key.Public().(ed25519.PublicKey)) }

func (i invitation) sign(digest [32]byte) []byte {
	return ed25519.Sign(i.key, append([]byte(mailbox.KnockLabel+"\x00"), digest[:]...))
}

// doorway is a super-peer with a member's mailbox, and a stranger that holds a link.
func doorway(t *testing.T) (keeper *mailboxtest.Memory, server, stranger *p2ptest.Node, member *mailbox.Client, ctx context.Context) {
	t.Helper()
	keeper, server, device, ctx := superPeer(t)
	keeper.OnNewcomer = server.Gate.Allow
	mailbox.ServeDoors(server.Node, keeper)
	server.Gate.SetLobby(true)
	stranger = p2ptest.Start(t)
	stranger.Gate.Allow(server.ID())
	return keeper, server, stranger, open(t, ctx, device, server), ctx
}

func inAnHour() int64 { return time.Now().Add(time.Hour).UnixMilli() }

func TestX37WhoHoldsAnInvitationIsLetIn(t *testing.T) {
	keeper, server, stranger, member, ctx := doorway(t)
	link, other := newInvitation(1), newInvitation(2)
	door := mailbox.Door{Name: mailboxtest.DoorName(link.public()), Counter: 1, Expires: inAnHour(), Box: []byte("the box")}
	if err := member.Leave(ctx, door); err != nil {
		t.Fatal(err)
	}
	knock := func(with invitation, sign func([32]byte) []byte) ([]byte, error) {
		return mailbox.Knock(ctx, stranger.Node, server.ID(), server.Addrs(), workspace, with.public(), sign)
	}
	if _, err := knock(other, other.sign); !errors.Is(err, mailbox.ErrNoDoor) {
		t.Errorf("an unknown invitation: %v", err)
	}
	if _, err := mailbox.Open(ctx, stranger.Node, server.ID(), workspace); err == nil {
		t.Error("it opens the mailbox before")
	}
	box, err := knock(link, link.sign)
	if err != nil || string(box) != "the box" {
		t.Fatalf("%q, %v", box, err)
	}
	c := open(t, ctx, stranger, server)
	if err := c.Put(ctx, tag, mailboxtest.Objects(0, 1, 10), false); err != nil {
		t.Errorf("a newcomer puts: %v", err)
	}
	if err := c.Leave(ctx, mailbox.Door{Name: door.Name, Counter: 9, Expires: door.Expires}); err != nil {
		t.Errorf("a newcomer closes a door: %v; it is ignored", err)
	}
	if box, err := knock(link, link.sign); err != nil || string(box) != "the box" {
		t.Errorf("a second knock: %q, %v", box, err)
	}
	if err := member.Leave(ctx, mailbox.Door{Name: door.Name, Counter: 1, Expires: door.Expires}); err != nil {
		t.Fatal(err)
	}
	if _, err := knock(link, link.sign); !errors.Is(err, mailbox.ErrDoorEnded) {
		t.Errorf("at a closed door: %v", err)
	}
	keeper.Dismiss()
	if err := c.Put(ctx, tag, mailboxtest.Objects(1, 1, 10), false); !errors.Is(err, mailbox.ErrStranger) {
		t.Errorf("after its time: %v", err)
	}
}

func TestX39AForgedKnockIsABreach(t *testing.T) {
	_, server, stranger, member, ctx := doorway(t)
	link, other := newInvitation(1), newInvitation(2)
	if err := member.Leave(ctx, mailbox.Door{Name: mailboxtest.DoorName(link.public()), Counter: 1, Expires: inAnHour(), Box: []byte("the box")}); err != nil {
		t.Fatal(err)
	}
	var replayed []byte // as another stranger showed it
	friend := p2ptest.Start(t)
	friend.Gate.Allow(server.ID())
	_, err := mailbox.Knock(ctx, friend.Node, server.ID(), server.Addrs(), workspace, link.public(), func(digest [32]byte) []byte {
		replayed = link.sign(digest)
		return replayed
	})
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{}, 1)
	stranger.OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			gone <- struct{}{}
		}
	})
	for i := range 10 {
		sign := other.sign
		if i%2 == 0 {
			sign = func([32]byte) []byte { return replayed }
		}
		box, err := mailbox.Knock(ctx, stranger.Node, server.ID(), server.Addrs(), workspace, link.public(), sign)
		if err == nil || box != nil || errors.Is(err, mailbox.ErrDoorEnded) {
			t.Errorf("forged knock %d: %q, %v", i, box, err)
		}
	}
	<-gone // 100 points
	if err := stranger.Connect(ctx, server.ID(), server.Addrs()); err == nil {
		t.Error("it comes back")
	}
}
