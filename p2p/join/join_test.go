package join_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/join"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

// answerer answers as the test says.
type answerer struct {
	request func(from p2p.PeerID, request []byte) (join.Welcome, error)
	joined  func(from p2p.PeerID, entry []byte) error
}

func (a answerer) Request(_ context.Context, from p2p.PeerID, request []byte) (join.Welcome, error) {
	return a.request(from, request)
}

func (a answerer) Joined(_ context.Context, from p2p.PeerID, entry []byte) error {
	return a.joined(from, entry)
}

// talker is an answerer that talks first.
type talker struct {
	answerer
	converse func(ctx context.Context, talk join.Talk) (join.Welcome, error)
}

func (t talker) Converse(ctx context.Context, _ p2p.PeerID, _ []byte, talk join.Talk) (join.Welcome, error) {
	return t.converse(ctx, talk)
}

// lobby starts a host with an open lobby and a stranger that trusts it.
func lobby(t *testing.T) (host, guest *p2ptest.Node, ctx context.Context) {
	t.Helper()
	host, guest = p2ptest.Start(t), p2ptest.Start(t)
	host.Gate.SetLobby(true)
	guest.Gate.Allow(host.ID())
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return host, guest, ctx
}

func noEntry(join.Welcome) ([]byte, error) { return nil, nil }

func aWelcome(parts, size int) join.Welcome {
	w := join.Welcome{Box: []byte("box"), Grant: []byte{}}
	for i := range parts {
		w.Entries = append(w.Entries, bytes.Repeat([]byte{byte(i)}, size))
		w.Blobs = append(w.Blobs, bytes.Repeat([]byte{byte(i + 1)}, size+1))
	}
	return w
}

func TestW30AStrangerJoins(t *testing.T) {
	host, guest, ctx := lobby(t)
	want := aWelcome(300, 700)
	want.Addrs = []join.PeerAddrs{
		{Peer: host.ID(), Addrs: host.Addrs()},
		{Peer: guest.ID(), Addrs: []string{"/ip4/192.0.2.1/tcp/1", "/dnsaddr/example.org", "/ip4/127.0.0.1/tcp/2"}},
	}
	order := make(chan string, 8)
	join.Serve(host.Node, answerer{
		request: func(from p2p.PeerID, request []byte) (join.Welcome, error) {
			order <- fmt.Sprintf("request %s %s", from.Short(), request)
			return want, nil
		},
		joined: func(from p2p.PeerID, entry []byte) error {
			order <- fmt.Sprintf("joined %s %s", from.Short(), entry)
			host.Gate.Allow(guest.ID())
			host.Gate.SetLobby(false)
			return nil
		},
	})
	member := make(chan struct{})
	host.OnPeer(func(p p2p.PeerID, connected bool) {
		if p == guest.ID() && connected {
			close(member)
		}
	})
	var got join.Welcome
	err := join.Dial(ctx, guest.Node, host.ID(), host.Addrs(), []byte("please"), func(w join.Welcome) ([]byte, error) {
		got = w
		return []byte("I am here"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"request %s please", "joined %s I am here"} {
		if got, want := <-order, fmt.Sprintf(want, guest.ID().Short()); got != want {
			t.Errorf("the answerer saw %q, want %q", got, want)
		}
	}
	if !bytes.Equal(got.Box, want.Box) || !equal(got.Entries, want.Entries) || !equal(got.Blobs, want.Blobs) || len(got.Grant) != 0 {
		t.Error("the welcome changed on its way")
	}
	t.Run("W38 only usable addresses are handed on", func(t *testing.T) {
		if fmt.Sprint(got.Addrs[0]) != fmt.Sprint(want.Addrs[0]) {
			t.Errorf("host: %v", got.Addrs[0])
		}
		if a := got.Addrs[1]; a.Peer != guest.ID() || len(a.Addrs) != 2 {
			t.Errorf("guest: %v", a)
		}
	})
	t.Run("W30 the new member keeps its connection", func(t *testing.T) { <-member })
}

func equal(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func TestW32RefusalsCarryACode(t *testing.T) {
	host, guest, ctx := lobby(t)
	var answer atomic.Pointer[error]
	join.Serve(host.Node, answerer{
		request: func(_ p2p.PeerID, request []byte) (join.Welcome, error) {
			if string(request) == "late" {
				return join.Welcome{}, nil
			}
			return join.Welcome{}, *answer.Load()
		},
		joined: func(p2p.PeerID, []byte) error { return *answer.Load() },
	})
	for _, c := range []struct {
		answer error
		want   string
	}{
		{&join.Refusal{Code: join.CodeExpired}, "expired"},
		{&join.Refusal{Code: join.CodeUsed}, "used"},
		{&join.Refusal{Code: join.CodeRevoked}, "revoked"},
		{&join.Refusal{Code: join.CodeUnknown}, "unknown"},
		{&join.Refusal{Code: join.CodeRefused}, "refused"},
		{&join.Refusal{Code: join.CodeVersion}, "version"},
		{fmt.Errorf("wrapped: %w", &join.Refusal{Code: join.CodeWait}), "wait"},
		{&join.Refusal{Code: "a code of our own"}, "refused"},
		{errors.New("disk full"), "wait"},
	} {
		for _, request := range []string{"early", "late"} {
			t.Run("W32 "+request+" "+c.want, func(t *testing.T) {
				answer.Store(&c.answer)
				err := join.Dial(ctx, guest.Node, host.ID(), host.Addrs(), []byte(request), func(join.Welcome) ([]byte, error) {
					if request == "early" {
						t.Error("refused, yet welcome")
					}
					return []byte("entry"), nil
				})
				var refusal *join.Refusal
				if !errors.As(err, &refusal) || refusal.Code != c.want {
					t.Errorf("got %v, want %s", err, c.want)
				}
			})
		}
	}
}

func TestW33CodesTravelBothWaysBeforeTheWelcome(t *testing.T) {
	host, guest, ctx := lobby(t)
	join.Serve(host.Node, talker{converse: func(ctx context.Context, talk join.Talk) (join.Welcome, error) {
		for i := range 3 {
			if err := talk.Send(ctx, []byte{byte(i)}); err != nil {
				return join.Welcome{}, err
			}
			back, err := talk.Receive(ctx)
			if err != nil {
				return join.Welcome{}, err
			}
			if len(back) != 4096 || back[0] != byte(i) {
				return join.Welcome{}, &join.Refusal{Code: join.CodeRefused}
			}
		}
		return aWelcome(2, 5), nil
	}})
	rounds := 0
	var got join.Welcome
	err := join.DialTalking(ctx, guest.Node, host.ID(), host.Addrs(), []byte("please"), func(ctx context.Context, talk join.Talk) error {
		for {
			m, err := talk.Receive(ctx)
			if errors.Is(err, join.ErrTalkOver) {
				return nil
			}
			if err != nil {
				return err
			}
			rounds++
			if err := talk.Send(ctx, bytes.Repeat(m, 4096)); err != nil {
				return err
			}
		}
	}, func(w join.Welcome) ([]byte, error) { got = w; return nil, nil })
	if err != nil || rounds != 3 || len(got.Entries) != 2 {
		t.Errorf("%d rounds, %d entries, %v", rounds, len(got.Entries), err)
	}
	t.Run("W33 a message over 4 KiB is not sent", func(t *testing.T) {
		err := join.DialTalking(ctx, guest.Node, host.ID(), host.Addrs(), []byte("please"), func(ctx context.Context, talk join.Talk) error {
			return talk.Send(ctx, make([]byte, 4097))
		}, noEntry)
		if err == nil || wire.IsFault(err) {
			t.Errorf("it was, or is the fault of the other: %v", err)
		}
	})
	t.Run("W33 a refusal ends the talk", func(t *testing.T) {
		err := join.DialTalking(ctx, guest.Node, host.ID(), host.Addrs(), []byte("please"), func(ctx context.Context, talk join.Talk) error {
			for {
				if _, err := talk.Receive(ctx); err != nil {
					return err
				}
				if err := talk.Send(ctx, []byte("wrong")); err != nil {
					return err
				}
			}
		}, noEntry)
		var refusal *join.Refusal
		if !errors.As(err, &refusal) || refusal.Code != join.CodeRefused {
			t.Errorf("got %v", err)
		}
	})
	t.Run("W33 a joiner that does not talk fails", func(t *testing.T) {
		if err := join.Dial(ctx, guest.Node, host.ID(), host.Addrs(), []byte("please"), noEntry); err == nil {
			t.Error("it was welcome")
		}
	})
	t.Run("W33 a receive that was given up loses nothing", func(t *testing.T) {
		said := make(chan struct{})
		heard := make(chan string, 1)
		join.Serve(host.Node, talker{converse: func(ctx context.Context, talk join.Talk) (join.Welcome, error) {
			short, cancel := context.WithCancel(ctx)
			cancel()
			if _, err := talk.Receive(short); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			close(said)
			message, err := talk.Receive(ctx)
			heard <- string(message)
			return aWelcome(1, 1), err
		}})
		err := join.DialTalking(ctx, guest.Node, host.ID(), host.Addrs(), []byte("please"), func(ctx context.Context, talk join.Talk) error {
			<-said
			return talk.Send(ctx, []byte("here"))
		}, noEntry)
		if err != nil || <-heard != "here" {
			t.Errorf("the message did not come: %v", err)
		}
	})
}

func TestW35AWelcomeThatIsTooLargeIsNotSent(t *testing.T) {
	host, guest, ctx := lobby(t)
	var welcome atomic.Pointer[join.Welcome]
	join.Serve(host.Node, answerer{
		request: func(p2p.PeerID, []byte) (join.Welcome, error) { return *welcome.Load(), nil },
	})
	megabyte := make([]byte, join.MaxPart)
	for name, w := range map[string]join.Welcome{
		"a part over 1 MiB":        {Box: make([]byte, join.MaxPart+1)},
		"more than 64 MiB":         {Entries: copies(megabyte, 65)},
		"a peer that is not one":   {Addrs: []join.PeerAddrs{{Peer: "x"}}},
		"more than 200,000 parts":  {Blobs: make([][]byte, 200_001)},
		"more than 600 peers":      {Addrs: make([]join.PeerAddrs, 601)},
		"more than 64 MiB, shared": {Entries: copies(megabyte, 40), Blobs: copies(megabyte, 40)},
	} {
		t.Run("W35 "+name, func(t *testing.T) {
			welcome.Store(&w)
			err := join.Dial(ctx, guest.Node, host.ID(), host.Addrs(), nil, noEntry)
			var refusal *join.Refusal
			if !errors.As(err, &refusal) || refusal.Code != join.CodeWait {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("W35 24 MiB arrive", func(t *testing.T) {
		welcome.Store(&join.Welcome{Box: []byte("box"), Blobs: copies(megabyte, 24)})
		var got int
		err := join.Dial(ctx, guest.Node, host.ID(), host.Addrs(), nil, func(w join.Welcome) ([]byte, error) {
			got = len(w.Blobs)
			return nil, nil
		})
		if err != nil || got != 24 {
			t.Errorf("%d blobs, %v", got, err)
		}
	})
}

func copies(part []byte, n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = part
	}
	return out
}

// send opens a raw stream to the host and writes bytes to it.
func send(ctx context.Context, t *testing.T, guest *p2ptest.Node, to *p2ptest.Node, data []byte) error {
	t.Helper()
	if err := guest.Connect(ctx, to.ID(), to.Addrs()); err != nil {
		return err
	}
	s, err := guest.Open(ctx, to.ID(), join.Protocol)
	if err != nil {
		return err
	}
	defer func() { _ = s.Reset() }()
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := s.Write(data); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	_, err = io.ReadAll(s)
	return err
}

func TestW37ABadRequestCostsTenPoints(t *testing.T) {
	host, guest, ctx := lobby(t)
	join.Serve(host.Node, answerer{request: func(p2p.PeerID, []byte) (join.Welcome, error) {
		return join.Welcome{}, fmt.Errorf("signature: %w", join.ErrMalformed)
	}})
	gone := make(chan struct{})
	var once sync.Once
	guest.OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			once.Do(func() { close(gone) })
		}
	})
	bad := [][]byte{
		{},                       // nothing at all is no breach
		{0x05, 0x83},             // truncated is none either
		{0xff, 0xff, 0xff, 0x7f}, // oversize
		{0x01, 0x00},
		{0x04, 0x83, 0x01, 0x02, 0x40}, // a talk instead of a request
		{0x04, 0x83, 0x02, 0x01, 0x40}, // version 2
		{0x04, 0x83, 0x01, 0x00, 0x40},
		{0x05, 0x83, 0x01, 0x18, 0x01, 0x40},
		{0x04, 0x83, 0x01, 0x01, 0xf6},
		{0x04, 0x83, 0x01, 0x0a, 0x40},
		{0x04, 0x83, 0x01, 0x03, 0x40},
		{0x04, 0x83, 0x01, 0x01, 0x40}, // well formed; the answerer finds it malformed
	}
	for i, data := range bad {
		if err := send(ctx, t, guest, host, data); err == nil {
			t.Errorf("request %x ended kindly", data)
		}
		if i == 10 && !guest.Connected(host.ID()) {
			t.Error("shut out after 90 points")
		}
	}
	<-gone
	if err := guest.Connect(ctx, host.ID(), host.Addrs()); err == nil {
		t.Error("a stranger with 100 points came back")
	}
}

func TestW39AJoinerWithoutAnEntryIsDone(t *testing.T) {
	host, guest, ctx := lobby(t)
	join.Serve(host.Node, answerer{
		request: func(p2p.PeerID, []byte) (join.Welcome, error) { return aWelcome(1, 1), nil },
		joined:  func(p2p.PeerID, []byte) error { return errors.New("must not be called") },
	})
	if err := join.Dial(ctx, guest.Node, host.ID(), host.Addrs(), []byte("please"), noEntry); err != nil {
		t.Error(err)
	}
	t.Run("W39 its own failure ends the stream and is returned", func(t *testing.T) {
		mine := errors.New("my disk is full")
		err := join.Dial(ctx, guest.Node, host.ID(), host.Addrs(), []byte("please"), func(join.Welcome) ([]byte, error) { return nil, mine })
		if !errors.Is(err, mine) {
			t.Errorf("got %v", err)
		}
	})
}

func TestW30WhoIsNotThereIsNotJoined(t *testing.T) {
	host, guest, ctx := lobby(t)
	if err := join.Dial(ctx, guest.Node, host.ID(), nil, nil, noEntry); !errors.Is(err, p2p.ErrNoAddress) {
		t.Errorf("nobody knows where: %v", err)
	}
	if err := join.Dial(ctx, guest.Node, host.ID(), host.Addrs(), nil, noEntry); err == nil {
		t.Error("joined at who does not speak the protocol")
	}
}
