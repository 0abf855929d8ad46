package nat

import (
	"slices"
	"testing"
	"time"

	"parvis/p2p"
)

// server is the address of the super-peer in all tests.
const server = "11.0.0.1"

// meet starts the super-peer, then two nodes that know it and each other.
func meet(t *testing.T, super, a, b *computer, with settings) (first, second *node) {
	t.Helper()
	people := []known{a.as(false), b.as(false)}
	super.run(t, settings{SuperPeer: true, Known: people})
	all := append(people, super.as(true))
	with.Known, with.Blocks = all[1:], 400
	first = a.run(t, with)
	with.Known, with.Blocks = []known{all[0], all[2]}, 0
	return first, b.run(t, with)
}

// best waits until a path to a peer is there and then a moment for one that is
// wanted: a punched connection may be called direct at first.
func (n *node) best(peer p2p.PeerID, limit, moment time.Duration, wanted []string) (path string, took time.Duration) {
	begin := time.Now()
	is := func(l line) bool { return l.Event == "path" && l.Peer == peer }
	l, ok := n.within(limit, is)
	took = time.Since(begin)
	for ok {
		path = l.Path
		if path != p2p.PathRelayed && slices.Contains(wanted, path) {
			break
		}
		l, ok = n.within(moment, is)
	}
	return path, took
}

// TestPairs puts two people behind all sorts of NATs and firewalls.
func TestPairs(t *testing.T) {
	behind := func(a, b kind) func(w *world) (*computer, *computer) {
		return func(w *world) (*computer, *computer) {
			return w.router(a, "11.0.1.1", "192.168.1.0/24").computer("192.168.1.2"), w.router(b, "11.0.2.1", "192.168.2.0/24").computer("192.168.2.2")
		}
	}
	for name, c := range map[string]struct {
		build func(w *world) (*computer, *computer)
		want  []string
	}{
		"one local network": {func(w *world) (*computer, *computer) {
			home := w.router(symmetric, "11.0.1.1", "192.168.1.0/24")
			return home.computer("192.168.1.2"), home.computer("192.168.1.3")
		}, []string{p2p.PathLAN}},
		"public and NAT": {func(w *world) (*computer, *computer) {
			return w.computer("11.0.2.1"), w.router(symmetric, "11.0.1.1", "192.168.1.0/24").computer("192.168.1.2")
		}, []string{p2p.PathDirect}},
		"full cone and full cone":             {behind(fullCone, fullCone), []string{p2p.PathPunched, p2p.PathDirect}},
		"restricted cone and port-restricted": {behind(restricted, portRestricted), []string{p2p.PathPunched}},
		"port-restricted and port-restricted": {behind(portRestricted, portRestricted), []string{p2p.PathPunched}},
		"port-restricted and symmetric":       {behind(portRestricted, symmetric), []string{p2p.PathRelayed}},
		"symmetric and symmetric":             {behind(symmetric, symmetric), []string{p2p.PathRelayed}},
		"UDP blocked and port-restricted":     {behind(noUDP, portRestricted), []string{p2p.PathRelayed, p2p.PathPunched}},
		"only TCP 443 and symmetric":          {behind(only443, symmetric), []string{p2p.PathRelayed}},
		"only TCP 443 and UDP blocked":        {behind(only443, noUDP), []string{p2p.PathRelayed}},
		"two NATs in a row and port-restricted": {func(w *world) (*computer, *computer) {
			inner := w.router(portRestricted, "11.0.1.1", "10.0.0.0/24").router(portRestricted, "10.0.0.2", "192.168.1.0/24")
			return inner.computer("192.168.1.2"), w.router(portRestricted, "11.0.2.1", "192.168.2.0/24").computer("192.168.2.2")
		}, []string{p2p.PathPunched}},
		"one hotel network whose guests are kept apart": {func(w *world) (*computer, *computer) {
			hotel := w.router(portRestricted, "11.0.1.1", "192.168.1.0/24")
			hotel.apart = true
			return hotel.computer("192.168.1.2"), hotel.computer("192.168.1.3")
		}, []string{p2p.PathRelayed}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			super := w.computer(server)
			ca, cb := c.build(w)
			begin := time.Now()
			a, b := meet(t, super, ca, cb, settings{})
			patient := 5 * time.Second
			if c.want[0] == p2p.PathPunched {
				patient = 40 * time.Second
			}
			path, took := a.best(b.id, 15*time.Second, patient, c.want)
			t.Logf("%s after %s, from the start %s", path, took.Round(time.Millisecond), time.Since(begin).Round(time.Millisecond))
			if !slices.Contains(c.want, path) {
				t.Errorf("path %q, want one of %v", path, c.want)
			}
			// The way that was there before may be closed under the first word, which is then said again.
			got := a.ask(request{Do: "say", Peer: b.id, Text: "hello"})
			if got.Answer != "hello" {
				t.Logf("the first word: %+v", got)
				got = a.ask(request{Do: "say", Peer: b.id, Text: "hello"})
			}
			if got.Answer != "hello" {
				t.Errorf("the echo: %+v", got)
			}
		})
	}
}
