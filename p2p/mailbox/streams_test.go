package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/mailbox"
	"parvis/p2p/mailbox/mailboxtest"
	"parvis/p2p/p2ptest"
)

var (
	workspace = [32]byte{7}
	tag       = mailbox.Tag{1}
)

// superPeer is a connected pair: a node with a keeper in memory, and a device that may use it.
func superPeer(t *testing.T) (keeper *mailboxtest.Memory, server, device *p2ptest.Node, ctx context.Context) {
	t.Helper()
	nodes := p2ptest.Members(t, 2)
	server, device = nodes[0], nodes[1]
	keeper = &mailboxtest.Memory{Name: [16]byte{5}}
	mailbox.Serve(server.Node, keeper)
	keeper.Allow(workspace, device.ID())
	p2ptest.Connect(t, device, server)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return keeper, server, device, ctx
}

func open(t *testing.T, ctx context.Context, device, server *p2ptest.Node) *mailbox.Client {
	t.Helper()
	c, err := mailbox.Open(ctx, device.Node, server.ID(), workspace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestX16TheMemoryKeeperKeepsTheContract(t *testing.T) {
	mailboxtest.Contract(t, func(*testing.T) (mailbox.Keeper, func([32]byte, ...p2p.PeerID)) {
		m := &mailboxtest.Memory{}
		return m, m.Allow
	})
}

func TestX20ObjectsGoThereAndComeBack(t *testing.T) {
	keeper, server, device, ctx := superPeer(t)
	c := open(t, ctx, device, server)
	if c.Store() != keeper.Name {
		t.Error("another store")
	}
	if used, limit, err := c.Quota(ctx, time.Minute); used != 0 || limit != 1<<30 || err != nil {
		t.Errorf("quota %d of %d, %v", used, limit, err)
	}
	if ahead := c.Clock().Abs(); ahead > 5*time.Second {
		t.Errorf("clock %s ahead", ahead)
	}
	small, large := mailboxtest.Objects(0, 256, 4000), mailboxtest.Objects(256, 1, mailbox.MaxObject)
	for _, batch := range [][]mailbox.Object{small, large, nil} {
		if err := c.Put(ctx, tag, batch, false); err != nil {
			t.Fatal(err)
		}
	}
	refs, more, err := c.List(ctx, tag, 0, 256)
	if err != nil || !more || len(refs) != 256 {
		t.Fatalf("%d references, more: %v, %v", len(refs), more, err)
	}
	last, more, err := c.List(ctx, tag, refs[255].N, 1<<20)
	if err != nil || more || len(last) != 1 || last[0].Size != mailbox.MaxObject {
		t.Fatalf("%d further references, more: %v, %v", len(last), more, err)
	}
	ids := append([][32]byte{{99, 99, 99}, large[0].ID}, mailboxtest.IDs(small[:200])...)
	got, err := c.Fetch(ctx, tag, ids)
	if err != nil || !slices.Equal(mailboxtest.IDs(got), ids[1:]) {
		t.Fatalf("%d objects, %v", len(got), err)
	}
	if len(got[0].Bytes) != mailbox.MaxObject || len(got[7].Bytes) != 4000 || got[7].Bytes[0] != got[7].ID[0] {
		t.Error("other bytes came back")
	}
	t.Run("X20 calls at the same time", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				mine := mailbox.Tag{byte(100 + i)}
				if err := c.Put(ctx, mine, mailboxtest.Objects(1000*i, 100, 500), false); err != nil {
					t.Error(err)
				}
				got, err := c.Fetch(ctx, mine, mailboxtest.IDs(mailboxtest.Objects(1000*i, 100, 0)))
				if err != nil || len(got) != 100 {
					t.Errorf("%d of 100, %v", len(got), err)
				}
			})
		}
		wg.Wait()
	})
	t.Run("X3 what is over the limits is not sent", func(t *testing.T) {
		for name, all := range map[string][]mailbox.Object{
			"257":                mailboxtest.Objects(0, 257, 1),
			"more than a window": mailboxtest.Objects(0, 3, 400<<10),
			"one over 2 MiB":     mailboxtest.Objects(0, 1, mailbox.MaxObject+1),
		} {
			if err := c.Put(ctx, tag, all, false); err == nil {
				t.Errorf("%s: it is", name)
			}
		}
		if _, err := c.Fetch(ctx, tag, make([][32]byte, 257)); err == nil {
			t.Error("257 ids are asked for")
		}
	})
	t.Run("X21 a fetch ends at 16 MiB", func(t *testing.T) {
		heavy := mailbox.Tag{66}
		for i := range 9 {
			if err := c.Put(ctx, heavy, mailboxtest.Objects(i, 1, mailbox.MaxObject), false); err != nil {
				t.Fatal(err)
			}
		}
		got, err := c.Fetch(ctx, heavy, mailboxtest.IDs(mailboxtest.Objects(0, 9, 0)))
		if err != nil || len(got) != 8 {
			t.Errorf("%d objects, %v", len(got), err)
		}
	})
}

func TestX22AnswersAreTold(t *testing.T) {
	keeper, server, device, ctx := superPeer(t)
	c := open(t, ctx, device, server)
	for _, want := range []error{mailbox.ErrFull, mailbox.ErrTooMuch, &mailbox.RateError{Wait: 3 * time.Second}, errors.New("on fire"), nil} {
		keeper.Refuse(want)
		err := c.Put(ctx, tag, mailboxtest.Objects(0, 1, 10), false)
		if want != nil && want.Error() == "on fire" {
			want = mailbox.ErrFailed
		}
		var rate *mailbox.RateError
		if errors.As(want, &rate) {
			want = mailbox.ErrRate
			if !errors.As(err, &rate) || rate.Wait != 3*time.Second {
				t.Errorf("got %v", err)
			}
		}
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

func TestX10AStrangerIsToldSoAndNothingElse(t *testing.T) {
	keeper, server, device, ctx := superPeer(t)
	for name, ws := range map[string][32]byte{"of an unknown workspace": {8}, "of a known one": {9}} {
		t.Run("X10 "+name, func(t *testing.T) {
			keeper.Allow([32]byte{9})
			if _, err := mailbox.Open(ctx, device.Node, server.ID(), ws); !errors.Is(err, mailbox.ErrStranger) {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("X10 open streams end with the right", func(t *testing.T) {
		c := open(t, ctx, device, server)
		watching := make(chan error, 1)
		started := make(chan struct{}, 1)
		go func() {
			watching <- c.Watch(ctx, []mailbox.Tag{tag}, func(mailbox.Tag, uint64) { started <- struct{}{} })
		}()
		<-started
		keeper.Allow(workspace)
		if err := c.Put(ctx, tag, mailboxtest.Objects(0, 1, 1), false); !errors.Is(err, mailbox.ErrStranger) {
			t.Errorf("put: %v", err)
		}
		if _, _, err := c.List(ctx, tag, 0, 1); !errors.Is(err, mailbox.ErrStranger) {
			t.Errorf("list: %v", err)
		}
		if err := <-watching; !errors.Is(err, mailbox.ErrStranger) {
			t.Errorf("watch: %v", err)
		}
	})
	t.Run("X10 a peer outside every list has no such protocol", func(t *testing.T) {
		stranger := p2ptest.Start(t)
		stranger.Gate.Allow(server.ID())
		server.Gate.SetLobby(true)
		if err := stranger.Connect(ctx, server.ID(), server.Addrs()); err != nil {
			t.Fatal(err)
		}
		if _, err := mailbox.Open(ctx, stranger.Node, server.ID(), workspace); err == nil || errors.Is(err, mailbox.ErrStranger) {
			t.Errorf("error %v", err)
		}
	})
}

func TestX23NewsAreGathered(t *testing.T) {
	_, server, device, ctx := superPeer(t)
	c := open(t, ctx, device, server)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type heard struct {
		tag  mailbox.Tag
		last uint64
	}
	news := make(chan heard, 1000)
	done := make(chan error, 1)
	go func() {
		done <- c.Watch(ctx, []mailbox.Tag{tag, {2}}, func(tag mailbox.Tag, last uint64) { news <- heard{tag, last} })
	}()
	first := map[heard]bool{<-news: true, <-news: true}
	if !first[heard{tag, 0}] || !first[heard{mailbox.Tag{2}, 0}] {
		t.Errorf("heard %v first", first)
	}
	begin := time.Now()
	const count = 300
	for i := range count {
		if err := c.Put(ctx, tag, mailboxtest.Objects(i, 1, 10), false); err != nil {
			t.Fatal(err)
		}
	}
	took, pieces, last := time.Since(begin), 0, heard{}
	for last.last != count {
		last = <-news
		pieces++
	}
	if most := int(took/(20*time.Millisecond)) + 3; pieces > most {
		t.Errorf("%d pieces of news in %s, at most %d make sense", pieces, took, most)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	t.Run("X23 the end of the connection ends the watching", func(t *testing.T) {
		started := make(chan struct{}, 2)
		go func() {
			done <- c.Watch(t.Context(), []mailbox.Tag{tag}, func(mailbox.Tag, uint64) { started <- struct{}{} })
		}()
		<-started
		server.Disconnect(device.ID())
		if err := <-done; err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestX24AStreamThatIsGoneIsReplaced(t *testing.T) {
	_, server, device, ctx := superPeer(t)
	c := open(t, ctx, device, server)
	device.Disconnect(server.ID())
	for device.Connected(server.ID()) {
		if err := ctx.Err(); err != nil {
			t.Fatal(err)
		}
	}
	p2ptest.Connect(t, device, server)
	if err := c.Put(ctx, tag, mailboxtest.Objects(0, 1, 1), false); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Put(ctx, tag, mailboxtest.Objects(0, 1, 1), false); err == nil {
		t.Error("a closed client works")
	}
}

// lists answers publications as the test says.
type lists func(from p2p.PeerID, setup, acl []byte) (mailbox.Code, uint64)

func (l lists) Publish(_ context.Context, from p2p.PeerID, setup, acl []byte) (mailbox.Code, uint64) {
	return l(from, setup, acl)
}

func TestX33AStrangerMayPublish(t *testing.T) {
	server, device := p2ptest.Start(t), p2ptest.Start(t)
	device.Gate.Allow(server.ID())
	server.Gate.SetLobby(true)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var answer atomic.Pointer[mailbox.Code]
	secret := []byte("0123456789abcdef")
	mailbox.ServeLists(server.Node, lists(func(from p2p.PeerID, setup, acl []byte) (mailbox.Code, uint64) {
		if from != device.ID() || string(acl) != "a list" || string(setup) != string(secret) && setup != nil {
			t.Errorf("from %s: %q %q", from.Short(), setup, acl)
		}
		if *answer.Load() == mailbox.CodeStored {
			server.Gate.Allow(device.ID())
		}
		return *answer.Load(), 41
	}))
	for _, c := range []struct {
		code mailbox.Code
		want error
	}{
		{mailbox.CodeOldCounter, mailbox.ErrOldCounter},
		{mailbox.CodeNotAdmin, mailbox.ErrNotAdmin},
		{mailbox.CodeBadSetup, mailbox.ErrBadSetup},
		{mailbox.CodeMalformed, mailbox.ErrMalformed},
		{mailbox.CodeFull, mailbox.ErrFull},
		{mailbox.CodeStored, nil},
	} {
		t.Run(fmt.Sprintf("X33 code %d", c.code), func(t *testing.T) {
			answer.Store(&c.code)
			err := mailbox.Publish(ctx, device.Node, server.ID(), server.Addrs(), secret, []byte("a list"))
			var old *mailbox.OldCounterError
			if !errors.Is(err, c.want) || errors.As(err, &old) && old.Stored != 41 {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	t.Run("X33 who is in a list then stays connected", func(t *testing.T) {
		for !server.Connected(device.ID()) {
			if err := ctx.Err(); err != nil {
				t.Fatal(err)
			}
		}
		if err := mailbox.Publish(ctx, device.Node, server.ID(), nil, nil, []byte("a list")); err != nil {
			t.Error(err)
		}
	})
	t.Run("X33 lengths", func(t *testing.T) {
		if err := mailbox.Publish(ctx, device.Node, server.ID(), nil, []byte("short"), []byte("a list")); err == nil {
			t.Error("a secret of 5 bytes is sent")
		}
		if err := mailbox.Publish(ctx, device.Node, server.ID(), nil, nil, make([]byte, mailbox.MaxACL+1)); err == nil {
			t.Error("a list over the limit is sent")
		}
	})
}
