package p2p

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	pb "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
)

// Limits of a relay (W15). Those of libp2p are for strangers: members that
// cannot reach each other otherwise work through it all day.
const (
	relayReservations = 512
	relayPerAddress   = 256 // reservations of one IP address
	relayCircuits     = 64  // of one peer
	relayTime         = 30 * time.Minute
	relayBytes        = 1 << 30 // in each direction
	relayBuffer       = 16 << 10
)

// Introducer is a Gate that also says who may meet through this node's relay. A
// gate that is none lets all members meet.
type Introducer interface {
	// Together reports whether both belong to one workspace.
	Together(a, b PeerID) bool
}

// RelayStats is what a relay has done since the start.
type RelayStats struct {
	Reservations int64 // now
	Circuits     int64 // now
	Refused      int64 // requests
	Bytes        int64 // through all circuits, in both directions
}

// relayService counts what the relay does and knows who may use it.
type relayService struct {
	node         *Node
	reservations atomic.Int64
	circuits     atomic.Int64
	refused      atomic.Int64
	bytes        atomic.Int64
}

var (
	_ relay.ACLFilter     = (*relayService)(nil)
	_ relay.MetricsTracer = (*relayService)(nil)
)

// startRelay lets members meet through this node until it closes. libp2p's own
// option would wait until somebody has found this node reachable from outside;
// its operator has decided that already.
func (n *Node) startRelay(run *hosted) error {
	if !n.cfg.Relay {
		return nil
	}
	service := &relayService{node: n}
	r, err := relay.New(run.Host,
		relay.WithResources(relay.Resources{
			Limit:           &relay.RelayLimit{Duration: relayTime, Data: relayBytes},
			ReservationTTL:  time.Hour,
			MaxReservations: relayReservations, MaxCircuits: relayCircuits, BufferSize: relayBuffer,
			MaxReservationsPerIP: relayPerAddress, MaxReservationsPerASN: relayReservations,
		}),
		relay.WithACL(service),
		// Members in the same building meet at its private address.
		relay.WithReservationAddressFilter(dialable),
		relay.WithMetricsTracer(service))
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	run.relay = service
	n.wg.Go(func() {
		<-run.ctx.Done()
		_ = r.Close()
	})
	return nil
}

// RelayStats says what this node's relay does; zeros where there is none.
func (n *Node) RelayStats() RelayStats {
	run := n.host.Load()
	if run == nil || run.relay == nil {
		return RelayStats{}
	}
	r := run.relay
	return RelayStats{Reservations: r.reservations.Load(), Circuits: r.circuits.Load(), Refused: r.refused.Load(), Bytes: r.bytes.Load()}
}

// AllowReserve implements relay.ACLFilter: members only.
func (r *relayService) AllowReserve(p peer.ID, _ ma.Multiaddr) bool {
	return r.node.allowed(textOf(p))
}

// AllowConnect implements relay.ACLFilter: members of one workspace.
func (r *relayService) AllowConnect(from peer.ID, _ ma.Multiaddr, to peer.ID) bool {
	a, b := textOf(from), textOf(to)
	if !r.node.allowed(a) || !r.node.allowed(b) {
		return false
	}
	gate, ok := r.node.cfg.Gate.(Introducer)
	return !ok || gate.Together(a, b)
}

// RelayStatus implements relay.MetricsTracer.
func (r *relayService) RelayStatus(bool) {}

// ConnectionOpened implements relay.MetricsTracer.
func (r *relayService) ConnectionOpened() { r.circuits.Add(1) }

// ConnectionClosed implements relay.MetricsTracer.
func (r *relayService) ConnectionClosed(time.Duration) { r.circuits.Add(-1) }

// ConnectionRequestHandled implements relay.MetricsTracer.
func (r *relayService) ConnectionRequestHandled(status pb.Status) { r.handled(status) }

// ReservationAllowed implements relay.MetricsTracer.
func (r *relayService) ReservationAllowed(isRenewal bool) {
	if !isRenewal {
		r.reservations.Add(1)
	}
}

// ReservationClosed implements relay.MetricsTracer.
func (r *relayService) ReservationClosed(count int) { r.reservations.Add(-int64(count)) }

// ReservationRequestHandled implements relay.MetricsTracer.
func (r *relayService) ReservationRequestHandled(status pb.Status) { r.handled(status) }

func (r *relayService) handled(status pb.Status) {
	if status != pb.Status_OK {
		r.refused.Add(1)
	}
}

// BytesTransferred implements relay.MetricsTracer.
func (r *relayService) BytesTransferred(count int) { r.bytes.Add(int64(count)) }
