package superpeer

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
	"parvis/p2p"
	"parvis/p2p/forward"
	"parvis/p2p/tunnel"
)

var meeting = call.ID{1, 2, 3}

// caller is a device in a call, whose only connection is the one to the super-peer.
type caller struct {
	device
	room  *media.Room
	visit *forward.Visit
	heard chan media.Frame
	tag   [8]byte
}

// carrierID is what the super-peer is in a caller's room.
var carrierID = media.ID{0xee}

// mediaOf is what the device of a number is in the call.
func mediaOf(n byte) media.ID { return media.ID{n} }

// enter lets a device come into the call at the super-peer, beside the others that it knows of.
func (d device) enter(t *testing.T, s *SuperPeer, n byte, others ...byte) (*caller, error) {
	t.Helper()
	return d.enterBy(t, s, nil, n, others...)
}

// enterBy is enter for a device whose packets reach nobody but through a tunnel, if there is one.
func (d device) enterBy(t *testing.T, s *SuperPeer, by *tunnel.Tunnels, n byte, others ...byte) (*caller, error) {
	t.Helper()
	ctx := within(t)
	if err := d.Connect(ctx, s.node.ID(), s.node.Addrs()); err != nil {
		t.Fatal(err)
	}
	c := &caller{device: d, heard: make(chan media.Frame, 10_000), tag: call.Tag(meeting, seal.ID(mediaOf(n)))}
	frames := call.NewFrames(meeting, seal.ID(mediaOf(n)), 1)
	frames.Secrets([]seal.Key{{42}})
	var mu sync.Mutex
	var open func(media.ID) (netip.AddrPort, func(), error)
	if by != nil {
		open = func(media.ID) (netip.AddrPort, func(), error) { return by.Open(s.node.ID(), call.Room(meeting)) }
	}
	blocked := func(k media.SignalKind) bool { return by != nil && k == media.Candidate }
	room, err := media.NewRoom(media.Config{
		Tunnel: open, Self: mediaOf(n), Loopback: true, Frames: frames, Tag: func(id media.ID) [8]byte { return call.Tag(meeting, seal.ID(id)) },
		Send: func(to media.ID, s media.Signal) {
			mu.Lock()
			defer mu.Unlock()
			if to == carrierID && !blocked(s.Kind) {
				c.visit.Send(forward.Signal{Kind: forward.Kind(s.Kind), Text: s.SDP, Fingerprint: s.Fingerprint})
			}
		},
		Receive: func(_ media.ID, f media.Frame) { c.heard <- f },
	})
	if err != nil {
		t.Fatal(err)
	}
	c.room = room
	t.Cleanup(func() {
		if err := room.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, other := range others {
		frames.Joined(seal.ID(mediaOf(other)), 1)
		room.Join(mediaOf(other), false)
	}
	mu.Lock()
	defer mu.Unlock()
	c.visit, err = forward.Enter(ctx, d.Node.Node, s.node.ID(), forward.Ticket{Workspace: workspace, Room: call.Room(meeting), Tag: c.tag}, func(s forward.Signal) {
		if blocked(media.SignalKind(s.Kind)) {
			return
		}
		if err := room.Signal(carrierID, media.Signal{Kind: media.SignalKind(s.Kind), SDP: s.Text, Fingerprint: s.Fingerprint}); err != nil {
			t.Logf("signal of the super-peer: %v", err)
		}
	})
	if err != nil {
		return nil, err
	}
	t.Cleanup(c.visit.Close)
	room.JoinCarrier(carrierID)
	room.Route(carrierID, false)
	return c, nil
}

// says sends sound until another hears it.
func (c *caller) says(t *testing.T, what string, to *caller) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for {
		select {
		case f := <-to.heard:
			if string(f.Data) == what {
				return
			}
		case now := <-tick.C:
			c.room.Send(media.Frame{Stream: media.Audio, At: uint64(now.UnixMicro()), Data: []byte(what)})
		case <-limit:
			t.Fatalf("%q was not heard", what)
		}
	}
}

func TestItCarriesCallsOfItsMembersAndTellsNothing(t *testing.T) {
	log := &safeBuffer{news: make(chan struct{}, 1)}
	s := start(t, Config{Metrics: "127.0.0.1:0", Log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	ana, ben, cleo := newDevice(t, s), newDevice(t, s), newDevice(t, s)
	anne, lists := newAdmin(1), uint64(0)
	list := func(peers ...[32]byte) {
		t.Helper()
		lists++
		if code, _ := s.lists.Publish(t.Context(), s.node.ID(), s.identity.secret[:], anne.list(t, lists, [][32]byte{anne.key}, peers...)); code != 0 {
			t.Fatalf("code %d", code)
		}
	}
	list(ana.key, ben.key, cleo.key)
	a, err := ana.enter(t, s, 1, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ben.enter(t, s, 2, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	a.says(t, "hello", b)
	b.says(t, "hello yourself", a)
	figures := func() string {
		answer, err := http.Get("http://" + s.Metrics() + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := figures(); !strings.Contains(text, "parvis_superpeer_calls 1\n") || !strings.Contains(text, "parvis_superpeer_call_devices 2\n") {
		t.Error("the figures do not say that it carries a call of two")
	}

	// Another tag, and the tag of somebody else.
	if _, err := cleo.enter(t, s, 2, 1); !errors.Is(err, forward.ErrTaken) {
		t.Errorf("a tag that somebody has: %v", err)
	}
	c, err := cleo.enter(t, s, 3, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	c.says(t, "I am here too", a)

	// Ben is removed, though he is still in another workspace of this super-peer.
	elsewhere := [32]byte{8}
	if code, _ := s.lists.Publish(t.Context(), s.node.ID(), s.identity.secret[:], other(t, anne, elsewhere, ben.key)); code != 0 {
		t.Fatalf("code %d", code)
	}
	list(ana.key, cleo.key)
	select {
	case <-b.visit.Ended():
	case <-time.After(30 * time.Second):
		t.Fatal("who was removed is still in")
	}
	if !s.lists.Member(b.ID()) {
		t.Error("the test removed him from everywhere")
	}
	if _, err := ben.enter(t, s, 2, 1); !errors.Is(err, forward.ErrStranger) {
		t.Errorf("who was removed comes again: %v", err)
	}
	a.says(t, "we go on", c)

	c.visit.Close()
	a.visit.Close()
	for limit := time.After(30 * time.Second); !strings.Contains(log.String(), `"calls":0,"devices":0`); {
		select {
		case <-log.news:
		case <-limit:
			t.Fatal("the log does not tell that the call is over")
		}
	}
	told := log.String()
	if !strings.Contains(told, `"calls":1`) {
		t.Error("the log does not tell that there was a call")
	}
	room := call.Room(meeting)
	for _, secret := range [][]byte{meeting[:], room[:], a.tag[:4], b.tag[:4], c.tag[:4]} {
		if strings.Contains(told, hex.EncodeToString(secret)) || strings.Contains(told, fmt.Sprint(secret)) {
			t.Errorf("the log tells %x", secret)
		}
	}
}

// Where only the super-peer's own port can be reached, the packets go over the connection to it.
func TestItCarriesCallsThroughTunnels(t *testing.T) {
	s := start(t, Config{})
	ana, ben := newDevice(t, s), newDevice(t, s)
	anne := newAdmin(1)
	if code, _ := s.lists.Publish(t.Context(), s.node.ID(), s.identity.secret[:], anne.list(t, 1, [][32]byte{anne.key}, ana.key, ben.key)); code != 0 {
		t.Fatalf("code %d", code)
	}
	way := tunnel.New(ana.Node.Node)
	way.Serve(func(from p2p.PeerID, id tunnel.Call) bool { return from == s.node.ID() && id == call.Room(meeting) })
	b, err := ben.enter(t, s, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ana.enterBy(t, s, way, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	a.says(t, "through a tunnel", b)
	b.says(t, "and back", a)
	for _, stat := range a.room.Stats() {
		if stat.ID == carrierID && stat.Path != "tunnel" {
			t.Errorf("%+v", stat)
		}
	}
}

// other is a list of another workspace.
func other(t *testing.T, a admin, ws [32]byte, peers ...[32]byte) []byte {
	t.Helper()
	before := workspace
	workspace = ws
	defer func() { workspace = before }()
	return a.list(t, 1, [][32]byte{a.key}, peers...)
}

func TestItCarriesNoCallsWhenItIsNotTo(t *testing.T) {
	s := start(t, Config{NoCalls: true})
	d := newDevice(t, s)
	anne := newAdmin(1)
	if code, _ := s.lists.Publish(t.Context(), s.node.ID(), s.identity.secret[:], anne.list(t, 1, [][32]byte{anne.key}, d.key)); code != 0 {
		t.Fatalf("code %d", code)
	}
	ctx := within(t)
	if err := d.Connect(ctx, s.node.ID(), s.node.Addrs()); err != nil {
		t.Fatal(err)
	}
	if d.Speaks(s.node.ID(), forward.Protocol) {
		t.Error("it offers to")
	}
	if _, err := forward.Enter(ctx, d.Node.Node, s.node.ID(), forward.Ticket{Workspace: workspace, Room: forward.Room{1}, Tag: forward.Tag{1}}, func(forward.Signal) {}); err == nil {
		t.Error("it lets in")
	}
	offering := start(t, Config{})
	e := newDevice(t, offering)
	if code, _ := offering.lists.Publish(t.Context(), offering.node.ID(), offering.identity.secret[:], anne.list(t, 1, [][32]byte{anne.key}, e.key)); code != 0 {
		t.Fatalf("code %d", code)
	}
	if err := e.Connect(ctx, offering.node.ID(), offering.node.Addrs()); err != nil {
		t.Fatal(err)
	}
	if !e.Speaks(offering.node.ID(), forward.Protocol) {
		t.Error("the usual one does not offer to")
	}
}

// safeBuffer is a log that is read while it is written.
type safeBuffer struct {
	news chan struct{}

	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.news <- struct{}{}:
	default:
	}
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
