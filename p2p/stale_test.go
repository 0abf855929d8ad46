package p2p_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
)

// udpProxy passes datagrams on to a target until it is cut.
func udpProxy(t *testing.T, target string) (addr string, cut func()) {
	t.Helper()
	front, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	back, err := net.Dial("udp4", target)
	if err != nil {
		t.Fatal(err)
	}
	var client sync.Map
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, from, err := front.ReadFrom(buf)
			if err != nil {
				return
			}
			client.Store(0, from)
			_, _ = back.Write(buf[:n])
		}
	})
	wg.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := back.Read(buf)
			if err != nil {
				return
			}
			if to, ok := client.Load(0); ok {
				_, _ = front.WriteTo(buf[:n], to.(net.Addr))
			}
		}
	})
	var once sync.Once
	cut = func() {
		once.Do(func() {
			_, _ = front.Close(), back.Close()
			wg.Wait()
		})
	}
	t.Cleanup(cut)
	return front.LocalAddr().String(), cut
}

func TestW13ADeviceThatCrashedAndCameBackIsReachedAtOnce(t *testing.T) {
	a := p2ptest.Start(t, "/ip4/127.0.0.1/udp/0/quic-v1")
	seed := [32]byte{1, 2, 3}
	incarnation := func(name string) *p2p.Node {
		gate := &p2ptest.Gate{}
		gate.Allow(a.ID())
		n := p2p.New(p2p.Config{Seed: seed, Gate: gate, Listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1"}})
		if err := n.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = n.Close() })
		n.Handle(echo, func(_ context.Context, s p2p.Stream) {
			_, _ = io.WriteString(s, name)
			_ = s.SetDeadline(time.Now().Add(20 * time.Second))
			_, _ = io.Copy(io.Discard, s)
		})
		return n
	}
	ask := func(ctx context.Context, id p2p.PeerID) (string, p2p.Stream) {
		s, err := a.Open(ctx, id, echo)
		if err != nil {
			return err.Error(), nil
		}
		_ = s.SetDeadline(time.Now().Add(time.Second))
		var name [5]byte
		if _, err := io.ReadFull(s, name[:]); err != nil {
			_ = s.Reset()
			return err.Error(), nil
		}
		return string(name[:]), s
	}
	ctx := testContext(t)

	port := strings.Split(a.Addrs()[0], "/")[4]
	proxy, cut := udpProxy(t, "127.0.0.1:"+port)
	_, proxyPort, err := net.SplitHostPort(proxy)
	if err != nil {
		t.Fatal(err)
	}
	first := incarnation("first")
	a.Gate.Allow(first.ID())
	up := make(chan struct{}, 4)
	a.OnPeer(func(_ p2p.PeerID, connected bool) {
		if connected {
			up <- struct{}{}
		}
	})
	if err := first.Connect(ctx, a.ID(), []string{"/ip4/127.0.0.1/udp/" + proxyPort + "/quic-v1"}); err != nil {
		t.Fatal(err)
	}
	<-up
	// Streams that stay open make this connection the preferred one.
	for range 3 {
		got, held := ask(ctx, first.ID())
		if got != "first" {
			t.Fatalf("first incarnation: %s", got)
		}
		defer func() { _ = held.Reset() }()
	}

	cut()
	second := incarnation("again")
	start := time.Now()
	if err := second.Connect(ctx, a.ID(), a.Addrs()); err != nil {
		t.Fatal(err)
	}
	for got := ""; got != "again"; got, _ = ask(ctx, second.ID()) {
		if time.Since(start) > 15*time.Second {
			t.Fatalf("after %s still: %s", time.Since(start), got)
		}
	}
	t.Logf("reached after %s", time.Since(start))
}

// Who stops waiting for an answer leaves the connections alone; silence ends them.
func TestW4GivingUpClosesNothing(t *testing.T) {
	mute := startSuperPeer(t)
	mute.RemoveStreamHandler(identify.ID)
	a := p2ptest.Start(t)
	a.Gate.Allow(mute.id())
	dialler, err := peer.Decode(string(a.ID()))
	if err != nil {
		t.Fatal(err)
	}
	connect := func(ctx context.Context, want error) (open bool) {
		if err := a.Connect(ctx, mute.id(), only(mute.addrs(), "/tcp/")); !errors.Is(err, want) {
			t.Fatalf("%v, want %v", err, want)
		}
		return len(mute.Network().ConnsToPeer(dialler)) > 0
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Second, cancel) // by then it waits
	if !connect(ctx, context.Canceled) {
		t.Error("the connection was closed")
	}
	closed := make(chan struct{}, 8)
	mute.Network().Notify(&network.NotifyBundle{DisconnectedF: func(network.Network, network.Conn) { closed <- struct{}{} }})
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	connect(ctx, context.DeadlineExceeded)
	select {
	case <-closed:
	case <-testContext(t).Done():
		t.Error("a silent peer kept its connection")
	}
}
