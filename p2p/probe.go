package p2p

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
)

// Cause is why an address or a peer could not be reached, for a diagnosis.
type Cause string

// The causes.
const (
	CauseNone        Cause = ""            // it was reached
	CauseSilent      Cause = "silent"      // no answer: off, or a firewall drops what is sent
	CauseRefused     Cause = "refused"     // the computer answers, the program does not
	CauseUnreachable Cause = "unreachable" // this computer has no way there
	CauseName        Cause = "name"        // its name could not be looked up
	CauseOther       Cause = "other-peer"  // somebody else answers there
	CauseGate        Cause = "gate"        // it does not let us in
	CauseAbsent      Cause = "absent"      // the super-peer says that it is not there
	CauseNoAddress   Cause = "no-address"  // nobody has told where it is
	CauseIsolated    Cause = "isolated"    // isolated mode does not go there
	CauseUnknown     Cause = "unknown"
)

// probeTime bounds the attempt at one address.
const probeTime = 5 * time.Second

// Probe tries one address of a peer, with a whole handshake, without keeping the
// connection. It answers within 5 s.
func (n *Node) Probe(ctx context.Context, p PeerID, addr string) (Cause, error) {
	run := n.host.Load()
	if run == nil {
		return CauseUnknown, ErrNotStarted
	}
	pid, err := p.decode()
	if err != nil {
		return CauseUnknown, err
	}
	m, ok := parseAddr(addr)
	if !ok {
		return CauseUnknown, fmt.Errorf("probe %q: not an address", addr)
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	resolved := []ma.Multiaddr{m}
	if addrOf(m).IsValid() {
		if !n.reachable(m) {
			return CauseIsolated, ErrIsolated
		}
	} else {
		if n.cfg.Isolated {
			return CauseIsolated, ErrIsolated
		}
		if resolved, err = lookUp(ctx, m); err != nil {
			return CauseName, err
		}
	}
	network, ok := run.Network().(interface {
		TransportForDialing(ma.Multiaddr) transport.Transport
	})
	if !ok {
		return CauseUnknown, errors.New("probe: no transports")
	}
	for _, m := range resolved {
		t := network.TransportForDialing(m)
		if t == nil {
			err = fmt.Errorf("probe %s: no transport", m)
			continue
		}
		var c transport.CapableConn
		if c, err = t.Dial(ctx, m, pid); err == nil {
			_ = c.Close()
			return CauseNone, nil
		}
	}
	if ctx.Err() != nil {
		return CauseSilent, err
	}
	return causeOf(err), err
}

// lookUp resolves a name in an address.
func lookUp(ctx context.Context, m ma.Multiaddr) ([]ma.Multiaddr, error) {
	kind := map[int]string{ma.P_DNS: "ip", ma.P_DNS4: "ip4", ma.P_DNS6: "ip6"}[m[0].Protocol().Code]
	ips, err := net.DefaultResolver.LookupIP(ctx, kind, m[0].Value())
	if err != nil {
		return nil, err
	}
	var all []ma.Multiaddr
	for _, ip := range ips {
		family := "ip6"
		if ip.To4() != nil {
			family = "ip4"
		}
		c, err := ma.NewComponent(family, ip.String())
		if err == nil {
			all = append(all, append(ma.Multiaddr{*c}, m[1:]...))
		}
	}
	return all, nil
}

// causeOf reads an error of a dial.
func causeOf(err error) Cause {
	var dns *net.DNSError
	var impostor sec.ErrPeerIDMismatch
	var dial *swarm.DialError
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return CauseNone
	case errors.As(err, &dial) && len(dial.DialErrors) > 0:
		return causeOfAll(dial.DialErrors)
	case errors.Is(err, ErrIsolated):
		return CauseIsolated
	case errors.Is(err, ErrRefused):
		return CauseGate
	case errors.Is(err, ErrNoAddress), errors.Is(err, swarm.ErrNoAddresses), errors.Is(err, swarm.ErrNoGoodAddresses):
		return CauseNoAddress
	case errors.As(err, &dns):
		return CauseName
	case errors.As(err, &impostor), strings.Contains(err.Error(), "peer id mismatch"):
		return CauseOther
	case errors.Is(err, syscall.ECONNREFUSED):
		return CauseRefused
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return CauseUnreachable
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return CauseSilent
	case strings.Contains(err.Error(), "NO_RESERVATION"), strings.Contains(err.Error(), "CONNECTION_FAILED"):
		return CauseAbsent
	}
	return CauseUnknown
}

// causeOfAll picks what says most about a peer that was tried at several
// addresses. What a super-peer says counts first: it has a connection to
// everybody who is there.
func causeOfAll(all []swarm.TransportError) Cause {
	seen := make(map[Cause]bool)
	for _, e := range all {
		seen[causeOf(e.Cause)] = true
	}
	for _, c := range []Cause{CauseAbsent, CauseOther, CauseRefused, CauseSilent, CauseName, CauseUnreachable} {
		if seen[c] {
			return c
		}
	}
	return CauseUnknown
}

// Unreached says why the last attempt to connect to a peer failed; CauseNone
// when it did not, or there was none.
func (n *Node) Unreached(p PeerID) Cause {
	n.misses.mu.Lock()
	defer n.misses.mu.Unlock()
	return n.misses.causes[p]
}

// maxMisses bounds how many peers' failures are remembered.
const maxMisses = 1024

// misses are the peers that could not be reached.
type misses struct {
	mu     sync.Mutex
	causes map[PeerID]Cause // guarded by mu
}

// note remembers how an attempt to connect ended.
func (m *misses) note(p PeerID, err error) {
	if errors.Is(err, context.Canceled) {
		return // it was given up, and says nothing
	}
	cause := causeOf(err)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case cause == CauseNone:
		delete(m.causes, p)
	case len(m.causes) < maxMisses || m.causes[p] != "":
		if m.causes == nil {
			m.causes = make(map[PeerID]Cause)
		}
		m.causes[p] = cause
	}
}

// Sighting is how a peer sees this device from outside.
type Sighting struct {
	By        PeerID
	Addr      string // where our packets seem to come from
	Transport string // "udp" or "tcp"
	Private   bool   // the peer is on the local network, or on this machine

	listens bool // what it sees is a port that this device listens on
}

// Sightings list how the directly connected peers see this device.
func (n *Node) Sightings() []Sighting { return n.presence.sightings() }

func (n *Node) sightingOf(c network.Conn, observed ma.Multiaddr) (Sighting, bool) {
	if observed == nil || isCircuit(c.RemoteMultiaddr()) || !addrOf(observed).IsValid() || len(observed) < 2 {
		return Sighting{}, false
	}
	s := Sighting{By: textOf(c.RemotePeer()), Addr: observed.String(), Transport: "udp"}
	if observed[1].Protocol().Code == ma.P_TCP {
		s.Transport = "tcp"
	}
	ip := addrOf(c.RemoteMultiaddr())
	s.Private = ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()
	if run := n.host.Load(); run != nil {
		s.listens = slices.ContainsFunc(run.Network().ListenAddresses(), func(m ma.Multiaddr) bool {
			return len(m) > 1 && len(c.LocalMultiaddr()) > 1 && m[1].Equal(&c.LocalMultiaddr()[1])
		})
	}
	return s, true
}

// HolePunches counts how often a hole was punched since the start, and how often
// that failed.
func (n *Node) HolePunches() (done, failed int) {
	n.punches.mu.Lock()
	defer n.punches.mu.Unlock()
	return n.punches.done, n.punches.failed
}
