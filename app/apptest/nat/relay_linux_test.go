package nat

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"parvis/p2p"
)

// relayed is two people who reach nobody but the super-peer.
func relayed(t *testing.T) (w *world, super *computer, a, b *node) {
	t.Helper()
	w = newWorld(t)
	super = w.computer(server)
	left := w.router(symmetric, "11.0.1.1", "192.168.1.0/24").computer("192.168.1.2")
	right := w.router(symmetric, "11.0.2.1", "192.168.2.0/24").computer("192.168.2.2")
	a, b = meet(t, super, left, right, settings{})
	for _, n := range []*node{a, b} {
		n.until("relayed", func(l line) bool { return l.Event == "path" && l.Path == p2p.PathRelayed })
	}
	return w, super, a, b
}

func TestAHundredMebibytesThroughTheSuperPeer(t *testing.T) {
	_, _, a, b := relayed(t)
	got := b.ask(request{Do: "fetch", Count: 400})
	if got.Error != "" || got.Answer != strconv.Itoa(400*blockSize) {
		t.Fatalf("the blocks: %+v", got)
	}
	t.Logf("100 MiB in %s: %.1f MiB/s", got.Took.Round(time.Millisecond), 100/got.Took.Seconds())
	text := strings.Repeat("word ", 2000)
	if got := a.ask(request{Do: "say", Peer: b.id, Text: text}); got.Answer != text {
		t.Errorf("a message: %+v", got)
	}
}

func TestACutSuperPeerIsNoticedAndComesBackAlone(t *testing.T) {
	t.Parallel()
	w, super, a, b := relayed(t)
	for round := range 2 {
		w.pull(super.addr)
		begin := time.Now()
		for _, n := range []*node{a, b} {
			n.until("the super-peer is silent or gone", func(l line) bool {
				return l.Event == "supers" && (l.Supers[0].Silent || !l.Supers[0].Connected)
			})
			if took := time.Since(begin); took > 5*time.Second {
				t.Errorf("%s noticed the cut after %s", n.addr, took)
			} else {
				t.Logf("%s noticed the cut after %s", n.addr, took.Round(time.Millisecond))
			}
		}
		if round == 1 { // long enough for every connection to die
			for _, n := range []*node{a, b} {
				n.until("the other is gone", func(l line) bool { return l.Event == "gone" && l.Peer != super.as(true).ID })
			}
			t.Logf("the connections were given up after %s", time.Since(begin).Round(time.Millisecond))
		}
		w.plug(super.addr)
		begin = time.Now()
		for _, n := range []*node{a, b} {
			n.until("the super-peer is back", func(l line) bool {
				return l.Event == "supers" && l.Supers[0].Connected && !l.Supers[0].Silent && l.Supers[0].Relay == p2p.RelayReserved
			})
			t.Logf("%s has it back after %s", n.addr, time.Since(begin).Round(time.Millisecond))
		}
		if round == 1 {
			a.until("relayed again", func(l line) bool { return l.Event == "path" && l.Peer == b.id && l.Path == p2p.PathRelayed })
		}
		if got := a.ask(request{Do: "say", Peer: b.id, Text: "hello"}); got.Answer != "hello" {
			t.Errorf("the echo: %+v", got)
		}
	}
}

// TestARelayedPathBecomesDirectLater moves both people to kinder networks.
func TestARelayedPathBecomesDirectLater(t *testing.T) {
	if os.Getenv("PARVIS_LONG") == "" {
		t.Skip("takes two minutes: set PARVIS_LONG=1")
	}
	w := newWorld(t)
	super := w.computer(server)
	left, right := w.router(symmetric, "11.0.1.1", "192.168.1.0/24"), w.router(symmetric, "11.0.2.1", "192.168.2.0/24")
	a, b := meet(t, super, left.computer("192.168.1.2"), right.computer("192.168.2.2"), settings{})
	a.until("relayed", func(l line) bool { return l.Event == "path" && l.Peer == b.id && l.Path == p2p.PathRelayed })
	if _, ok := a.within(40*time.Second, func(l line) bool { return l.Event == "path" && l.Path == p2p.PathPunched }); ok {
		t.Fatal("punched through symmetric NATs")
	}
	left.become(portRestricted)
	right.become(portRestricted)
	begin := time.Now()
	if _, ok := a.within(3*time.Minute, func(l line) bool { return l.Event == "path" && l.Peer == b.id && l.Path == p2p.PathPunched }); !ok {
		t.Fatal("still relayed")
	}
	t.Logf("punched after %s", time.Since(begin).Round(time.Millisecond))
	if got := b.ask(request{Do: "say", Peer: a.id, Text: "hello"}); got.Answer != "hello" {
		t.Errorf("the echo: %+v", got)
	}
}
