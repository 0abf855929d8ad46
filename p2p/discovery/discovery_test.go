package discovery

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parvis/p2p"
)

const (
	lower  = p2p.PeerID("A") // dials later than we do, we dial at once
	higher = p2p.PeerID("Z")
)

// start runs a discovery inside a bubble; nobody can be reached.
func start(t *testing.T, targets ...Target) (*Discovery, *network, *book) {
	t.Helper()
	return startWith(t, map[p2p.PeerID]bool{}, targets...)
}

// startWith runs a discovery where some peers can be reached.
func startWith(t *testing.T, up map[p2p.PeerID]bool, targets ...Target) (*Discovery, *network, *book) {
	t.Helper()
	n := &network{up: up, connected: make(map[p2p.PeerID]bool)}
	b := &book{targets: targets}
	d := newDiscovery(n, b)
	d.Start(t.Context())
	t.Cleanup(d.Close)
	return d, n, b
}

func TestW50KnownDevicesAreDialled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addrs := []string{"/ip4/127.0.0.1/tcp/1"}
		begin := time.Now()
		up := map[p2p.PeerID]bool{higher: true, lower: true}
		d, n, b := startWith(t, up, Target{Peer: higher, Addrs: addrs}, Target{Peer: lower, Addrs: addrs}, Target{Peer: "M", Addrs: addrs})
		time.Sleep(time.Second)
		got := n.take()
		if len(got) != 2 || got[0].peer != higher || !got[0].at.Equal(begin) || !slices.Equal(got[0].addrs, addrs) {
			t.Fatalf("dials %v", got)
		}
		if got[1].peer != lower || got[1].at.Sub(begin) != politeDelay {
			t.Errorf("the device with the lower id was dialled after %s", got[1].at.Sub(begin))
		}
		time.Sleep(time.Hour)
		if got := n.take(); len(got) != 0 {
			t.Errorf("dialled connected devices: %v", got)
		}
		n.set(higher, false)
		n.set(higher, true)
		d.redialer.signal()
		synctest.Wait()
		if got := n.take(); len(got) != 1 || got[0].peer != higher {
			t.Errorf("dials after the loss: %v", got)
		}
		n.set(lower, false)
		b.set()
		d.Wake()
		time.Sleep(time.Hour)
		if got := n.take(); len(got) != 0 {
			t.Errorf("dialled devices that are no longer known: %v", got)
		}
	})
}

func TestW51UnreachableDevicesAreDialledLessAndLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, n, _ := start(t, Target{Peer: higher, Addrs: nil})
		time.Sleep(time.Hour)
		got := n.take()
		want := firstBackOff
		for i := 1; i < len(got); i++ {
			gap := got[i].at.Sub(got[i-1].at)
			if gap < want*8/10 || gap > want*12/10+time.Millisecond {
				t.Errorf("dial %d after %s, want about %s", i, gap, want)
			}
			want = min(2*want, longestBackOff)
		}
		if len(got) < 15 || len(got) > 25 {
			t.Errorf("%d dials in an hour", len(got))
		}
		d.Reset()
		synctest.Wait()
		if got := n.take(); len(got) != 1 {
			t.Errorf("dials after a reset: %v", got)
		}
		time.Sleep(1500 * time.Millisecond)
		if got := n.take(); len(got) != 1 {
			t.Errorf("the back-off did not start again: %v", got)
		}
	})
}

func TestW51APeerThatComesAndGoesIsNotDialledInALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, n, _ := startWith(t, map[p2p.PeerID]bool{higher: true}, Target{Peer: higher, Addrs: nil})
		for range 600 {
			time.Sleep(100 * time.Millisecond)
			n.set(higher, false)
			n.set(higher, true)
			d.redialer.signal()
		}
		if got := n.take(); len(got) > 10 {
			t.Errorf("%d dials in a minute", len(got))
		}
	})
}

func TestW52NewAddressesEndTheBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := "/ip4/127.0.0.1/tcp/1"
		d, n, _ := start(t, Target{Peer: higher, Addrs: []string{known}})
		time.Sleep(time.Hour)
		for n.take(); len(n.take()) == 0; { // right after a dial: the next one is minutes away, not a moment
			time.Sleep(time.Second)
			synctest.Wait()
		}
		learned := "/ip4/127.0.0.1/tcp/2"
		d.Learn(Target{Peer: higher, Addrs: []string{learned, "/dnsaddr/example.org"}})
		synctest.Wait()
		if got := n.take(); len(got) != 1 || !slices.Equal(got[0].addrs, []string{learned, known}) {
			t.Errorf("dials %v", got)
		}
		time.Sleep(time.Hour)
		n.take()
		d.Learn(Target{Peer: higher, Addrs: []string{learned}})
		synctest.Wait()
		if got := n.take(); len(got) != 0 {
			t.Errorf("old news led to dials: %v", got)
		}
	})
}

func TestW54OthersAreDialledOncePerAnnouncement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, n, _ := start(t)
		for range 2 {
			d.Learn(Target{Peer: higher, Addrs: []string{"/ip4/127.0.0.1/tcp/2"}})
			time.Sleep(time.Hour)
			if got := n.take(); len(got) != 1 {
				t.Errorf("dials %v", got)
			}
		}
		d.Learn(Target{Peer: "M", Addrs: []string{"/ip4/127.0.0.1/tcp/2"}})
		d.Learn(Target{Peer: higher, Addrs: []string{"/dnsaddr/example.org"}})
		for i := range 2 * maxLearned {
			d.Learn(Target{Peer: p2p.PeerID(fmt.Sprintf("Z%d", i)), Addrs: []string{"/ip4/127.0.0.1/tcp/2"}})
		}
		d.redialer.mu.Lock()
		defer d.redialer.mu.Unlock()
		if got := len(d.redialer.retries); got > maxLearned {
			t.Errorf("%d peers remembered", got)
		}
	})
}

func TestW51ASuperPeerIsDialledAtShortIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, n, _ := start(t, Target{Peer: higher, Vital: true})
		time.Sleep(time.Hour)
		got := n.take()
		for i := 1; i < len(got); i++ {
			if gap := got[i].at.Sub(got[i-1].at); gap > vitalBackOff*12/10+time.Millisecond {
				t.Errorf("dial %d after %s", i, gap)
			}
		}
		if len(got) < 200 {
			t.Errorf("%d dials in an hour", len(got))
		}
	})
}

func TestW64DialsBeginAgainWhenARelayCanBeUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{up: map[p2p.PeerID]bool{higher: true}, connected: make(map[p2p.PeerID]bool), slow: 10 * time.Second}
		d := newDiscovery(n, &book{targets: []Target{{Peer: higher}}})
		d.Start(t.Context())
		defer d.Close()
		time.Sleep(5 * time.Second)
		n.mu.Lock()
		n.slow = 0
		n.mu.Unlock()
		d.Rerouted()
		synctest.Wait()
		if got := n.take(); len(got) != 2 || !n.Connected(higher) {
			t.Errorf("dials %v", got)
		}
	})
}

func TestW64ARelayedPeerIsTriedDirectlyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := "/ip4/127.0.0.1/tcp/1"
		d, n, _ := startWith(t, map[p2p.PeerID]bool{higher: true}, Target{Peer: higher, Addrs: []string{known}})
		n.mu.Lock()
		n.relayed = map[p2p.PeerID]bool{higher: true}
		n.mu.Unlock()
		take := func() int {
			n.mu.Lock()
			defer n.mu.Unlock()
			count := len(n.upgrades)
			n.upgrades = nil
			return count
		}
		time.Sleep(time.Hour)
		if got := take(); got < 10 || got > 18 {
			t.Errorf("%d attempts in an hour", got)
		}
		d.Learn(Target{Peer: higher, Addrs: []string{"/ip4/127.0.0.1/tcp/2"}})
		synctest.Wait()
		if got := take(); got != 1 {
			t.Errorf("%d attempts at new addresses", got)
		}
		d.Reset()
		synctest.Wait()
		if got := take(); got != 1 {
			t.Errorf("%d attempts after a reset", got)
		}
		n.mu.Lock()
		n.direct = true
		n.mu.Unlock()
		d.Reset()
		time.Sleep(time.Hour)
		if got := take(); got != 1 || n.Relayed(higher) {
			t.Errorf("%d attempts, relayed %v", got, n.Relayed(higher))
		}
		if got := n.take(); len(got) != 1 {
			t.Errorf("dials %v", got)
		}
	})
}

func TestW55EightDialsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var targets []Target
		for i := range 50 {
			targets = append(targets, Target{Peer: p2p.PeerID(fmt.Sprintf("Z%d", i))})
		}
		n := &network{up: make(map[p2p.PeerID]bool), connected: make(map[p2p.PeerID]bool), slow: time.Hour}
		for _, p := range targets {
			n.up[p.Peer] = true
		}
		d := newDiscovery(n, &book{targets: targets})
		d.Start(t.Context())
		time.Sleep(10 * time.Minute)
		d.Close()
		if n.most != maxDials {
			t.Errorf("%d dials at once", n.most)
		}
		if len(n.take()) < 50 {
			t.Error("not everybody was dialled")
		}
	})
}

func TestW53NamesChangeAtMidnightUTC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		day := func(d int) string { return "d" + time.Now().UTC().AddDate(0, 0, d).Format("20060102") }
		n := &network{up: make(map[p2p.PeerID]bool), connected: make(map[p2p.PeerID]bool)}
		d := newDiscovery(n, &book{})
		d.Names = func() []string { return []string{day(-1), day(0), day(1), "Not-A-Label", "", day(0)} }
		var heard []Target
		d.Found = func(t Target) { heard = append(heard, t) }
		d.Start(t.Context())
		defer d.Close()
		check := func(when string) {
			t.Helper()
			synctest.Wait()
			n.mu.Lock()
			defer n.mu.Unlock()
			got := slices.Sorted(slices.Values(n.running))
			want := []string{"_" + day(-1) + "._udp", "_" + day(0) + "._udp", "_" + day(1) + "._udp"}
			if !slices.Equal(got, want) {
				t.Errorf("%s: announced %v, want %v", when, got, want)
			}
		}
		check("at the start")
		time.Sleep(23*time.Hour + 59*time.Minute)
		check("before midnight")
		time.Sleep(2 * time.Minute)
		check("after midnight")
		time.Sleep(72 * time.Hour)
		check("days later")

		n.found(higher, []string{"/ip4/127.0.0.1/tcp/2"})
		synctest.Wait()
		if len(heard) != 1 || heard[0].Peer != higher || len(n.take()) != 1 {
			t.Errorf("heard %v", heard)
		}
		d.Reset()
		check("after the own addresses changed")
		d.Close()
		if len(n.running) != 0 {
			t.Errorf("still announced: %v", n.running)
		}
	})
}
