package nat

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/p2p"
)

// parvis is the real program on a computer, its node not started yet.
func (c *computer) parvis(t *testing.T, flags ...string) *clitest.Node {
	t.Helper()
	built, err := parvis()
	if err != nil {
		t.Fatal(err)
	}
	n := clitest.New(t, clitest.Script(t, fmt.Sprintf("exec ip netns exec %s %s \"$@\"", c.space, built)))
	n.Serve = append([]string{n.Program, "--data", n.Data}, flags...)
	return n
}

// serve is a node of a person, on the same ports at every start.
func (c *computer) serve(t *testing.T, flags ...string) *clitest.Node {
	return c.parvis(t, append([]string{"serve", "--unprotected", "--no-mdns",
		"--listen", "/ip4/0.0.0.0/udp/4001/quic-v1", "--listen", "/ip4/0.0.0.0/tcp/4001"}, flags...)...)
}

func status(t *testing.T, n *clitest.Node) api.Status {
	t.Helper()
	return clitest.Run[api.Status](t, n, "status")
}

// until looks again and again, because another process announces nothing to this one.
func until(t *testing.T, limit time.Duration, what string, n *clitest.Node, holds func(api.Status) bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for {
		at := status(t, n)
		if holds(at) {
			return time.Since(begin)
		}
		if time.Since(begin) > limit {
			t.Fatalf("not within %s: %s; status %+v\nnode:\n%s", limit, what, at, n.Log())
		}
		time.Sleep(100 * time.Millisecond) // between two questions to another process
	}
}

func reaches(peer, path string) func(api.Status) bool {
	return func(s api.Status) bool {
		return slices.ContainsFunc(s.Peers, func(p api.Peer) bool { return p.Peer == peer && p.Path == path })
	}
}

// office is a workspace of two people who met in one building, with a super-peer,
// and then went home behind routers of these kinds. None of the programs runs.
func office(t *testing.T, w *world, left, right kind) (super *computer, box, ana, ben *clitest.Node) {
	t.Helper()
	super = w.computer(server)
	home, away := w.router(fullCone, "11.0.1.1", "192.168.1.0/24"), w.router(fullCone, "11.0.2.1", "192.168.2.0/24")
	a, b := home.computer("192.168.1.2"), away.computer("192.168.2.2")
	w.connectAll(true)
	box = super.parvis(t, "superpeer", "--metrics", "")
	box.Start(t)
	ana, ben = a.serve(t), b.serve(t)
	ana.Start(t)
	ben.Start(t)
	clitest.Run[struct{}](t, ana, "workspace", "create", "Atelier", "--as", "Ana")
	clitest.Run[struct{}](t, ana, "superpeer", "add", box.Ready.Setup)
	clitest.Run[struct{}](t, ben, "join", ana.Invite(t), "--as", "Ben")
	for _, n := range []*clitest.Node{ana, ben} {
		until(t, patience, "let in by the super-peer, which has everything", n, func(s api.Status) bool {
			return s.Workspaces[0].SuperPeersUp == 1 && s.Workspaces[0].Queued == 0 && reaches(box.Ready.Peer, p2p.PathSuperPeer)(s)
		})
	}
	for _, n := range []*clitest.Node{ana, ben, box} {
		n.Stop(t)
	}
	w.connectAll(false)
	home.become(left)
	away.become(right)
	return super, box, ana, ben
}

// TestTwoPeopleThroughTheSuperPeer is the whole program: two people who reach only
// the super-peer talk, the super-peer is cut off and comes back.
func TestTwoPeopleThroughTheSuperPeer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	super, box, ana, ben := office(t, w, symmetric, symmetric)
	box.Start(t)
	ana.Start(t)
	ben.Start(t)
	took := until(t, 15*time.Second, "connected through the super-peer", ana, reaches(ben.Ready.Peer, p2p.PathRelayed))
	t.Logf("relayed after %s", took.Round(time.Millisecond))
	until(t, 15*time.Second, "the super-peer is named", ana, reaches(box.Ready.Peer, p2p.PathSuperPeer))
	say := func(n *clitest.Node, text string) {
		clitest.Run[struct{}](t, n, "chat", "send", "general", text)
	}
	say(ana, "to Ben")
	ben.Await(t, "general", "to Ben")
	say(ben, "to Ana")
	ana.Await(t, "general", "to Ana")

	w.pull(super.addr)
	took = until(t, 5*time.Second, "the status says that the super-peer is gone", ana, func(s api.Status) bool { return s.Workspaces[0].SuperPeersUp == 0 })
	t.Logf("the status says so after %s", took.Round(time.Millisecond))
	say(ana, "while it is away")
	took = until(t, 30*time.Second, "it waits", ana, func(s api.Status) bool { return s.Workspaces[0].Queued > 0 && len(s.Peers) == 0 })
	t.Logf("everybody is gone after %s", took.Round(time.Millisecond))
	found := diagnosis(t, ana)
	if !slices.ContainsFunc(found, func(c api.Check) bool { return c.Code == "super-peer-blocked" }) {
		expect(t, found, "super-peer", "fail", "super-peer-silent") // while its connection lasts
	}
	expect(t, found, "members", "warn", "members-no-meeting")

	w.plug(super.addr)
	took = until(t, 30*time.Second, "the queue drains", ana, func(s api.Status) bool { return s.Workspaces[0].Queued == 0 && s.Workspaces[0].SuperPeersUp == 1 })
	t.Logf("the queue is empty after %s", took.Round(time.Millisecond))
	begin := time.Now()
	ben.Await(t, "general", "while it is away")
	t.Logf("Ben has it after another %s", time.Since(begin).Round(time.Millisecond))
	took = until(t, 30*time.Second, "connected again", ana, reaches(ben.Ready.Peer, p2p.PathRelayed))
	t.Logf("relayed again after another %s", took.Round(time.Millisecond))
	found = diagnosis(t, ana)
	expect(t, found, "super-peer", "ok", "super-peer-up")
	expect(t, found, "relay", "ok", "relay-reserved")
	expect(t, found, "clock", "ok", "clock-right")
	expect(t, found, "udp", "ok", "udp-open")
	expect(t, found, "tcp-443", "ok", "tcp-443")
}

// diagnosis runs parvis doctor.
func diagnosis(t *testing.T, n *clitest.Node) []api.Check {
	t.Helper()
	begin := time.Now()
	found := clitest.Run[struct{ Checks []api.Check }](t, n, "doctor").Checks
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("the doctor took %s", took)
	}
	return found
}

func expect(t *testing.T, found []api.Check, name, result, code string) {
	t.Helper()
	for _, c := range found {
		if c.Name != name {
			continue
		}
		if c.Result != result || c.Code != code || c.Result != "ok" && c.Remedy == "" {
			t.Errorf("%s: got %s %s (%s → %s), want %s %s", name, c.Result, c.Code, c.Detail, c.Remedy, result, code)
		}
		return
	}
	t.Errorf("no check %s among %v", name, found)
}

// TestTheDoctorNamesWhatStandsInTheWay starts the real program in networks that
// hinder it.
func TestTheDoctorNamesWhatStandsInTheWay(t *testing.T) {
	for name, c := range map[string]struct {
		kind   kind
		change func(t *testing.T, box *clitest.Node)
		meet   bool // Ben is reached all the same
		want   [][3]string
	}{
		"UDP is blocked": {noUDP, nil, true, [][3]string{
			{"udp", "warn", "udp-blocked"}, {"tcp-443", "ok", "tcp-443"}, {"super-peer", "ok", "super-peer-up"}, {"relay", "ok", "relay-reserved"}, {"members", "ok", "members-all"}}},
		"only TCP 443 leaves": {only443, nil, true, [][3]string{
			{"udp", "warn", "udp-blocked"}, {"tcp-443", "ok", "tcp-443"}, {"super-peer", "ok", "super-peer-up"}, {"relay", "ok", "relay-reserved"}, {"members", "ok", "members-all"}}},
		"nothing leaves": {nothing, nil, false, [][3]string{
			{"udp", "fail", "udp-nothing"}, {"tcp-443", "fail", "tcp-nothing"}, {"super-peer", "fail", "super-peer-blocked"}, {"members", "warn", "members-no-meeting"}}},
		"the super-peer does not run": {symmetric, func(t *testing.T, box *clitest.Node) { box.Stop(t) }, false, [][3]string{
			{"super-peer", "fail", "super-peer-stopped"}, {"members", "warn", "members-no-meeting"}}},
		"everything as usual": {portRestricted, nil, true, [][3]string{
			{"network", "ok", "network-up"}, {"addresses", "ok", "addresses-local"}, {"udp", "ok", "udp-open"}, {"super-peer", "ok", "super-peer-up"}, {"members", "ok", "members-all"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, box, ana, ben := office(t, w, c.kind, portRestricted)
			box.Start(t)
			if c.change != nil {
				c.change(t, box)
			}
			begin := time.Now()
			ben.Start(t)
			ana.Start(t)
			if c.meet {
				until(t, 15*time.Second, "they meet", ana, func(s api.Status) bool {
					return slices.ContainsFunc(s.Peers, func(p api.Peer) bool { return p.Peer == ben.Ready.Peer })
				})
			}
			found := diagnosis(t, ana)
			t.Logf("known %s after the start", time.Since(begin).Round(time.Millisecond))
			for _, want := range c.want {
				expect(t, found, want[0], want[1], want[2])
			}
		})
	}
}

// TestTheDoctorWithoutASuperPeer is two people behind routers who have nobody to
// meet at.
func TestTheDoctorWithoutASuperPeer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	home, away := w.router(symmetric, "11.0.1.1", "192.168.1.0/24"), w.router(portRestricted, "11.0.2.1", "192.168.2.0/24")
	ana, ben := home.computer("192.168.1.2").serve(t), away.computer("192.168.2.2").serve(t)
	w.connectAll(true)
	ana.Start(t)
	ben.Start(t)
	clitest.Run[struct{}](t, ana, "workspace", "create", "Atelier", "--as", "Ana")
	clitest.Run[struct{}](t, ben, "join", ana.Invite(t), "--as", "Ben")
	ana.Stop(t)
	ben.Stop(t)
	w.connectAll(false)
	ana.Start(t)
	ben.Start(t)
	found := diagnosis(t, ana)
	expect(t, found, "super-peer", "warn", "super-peer-none")
	expect(t, found, "members", "warn", "members-no-super-peer")
	expect(t, found, "nat", "warn", "nat-unknown")
}

// TestTheIsolatedProgramSendsNothingOut is the whole program with everything that
// could tempt it: a default route, a super-peer and a member outside.
func TestTheIsolatedProgramSendsNothingOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, box, ana, ben := office(t, w, fullCone, fullCone)
	box.Start(t)
	ben.Start(t)
	until(t, 15*time.Second, "Ben is there", ben, reaches(box.Ready.Peer, p2p.PathSuperPeer))
	for _, isolated := range []bool{true, false} { // false shows that the sniffer would see it
		ears := sniff(w.at("192.168.1.2"), "192.168.1.0/24")
		if isolated {
			ana.Start(t, "--isolated")
		} else {
			ana.Start(t)
		}
		clitest.Run[struct{}](t, ana, "chat", "send", "general", "to everybody")
		found := diagnosis(t, ana)
		for begin := time.Now(); time.Since(begin) < 8*time.Second; time.Sleep(200 * time.Millisecond) { // the time for several attempts at everybody
			found = diagnosis(t, ana)
		}
		all, out := ears.seen()
		t.Logf("isolated %v: %d packets, outside: %v", isolated, all, out)
		switch {
		case isolated:
			expect(t, found, "network", "ok", "network-isolated")
			expect(t, found, "super-peer", "ok", "super-peer-isolated")
			expect(t, found, "members", "warn", "members-isolated")
			if len(out) > 0 {
				t.Errorf("left the network: %v", out)
			}
		case len(out) == 0:
			t.Error("without isolation nothing left either: the sniffer is deaf")
		}
		ana.Stop(t)
	}
}
