package p2p

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"
)

// Limits of gossip (hardening 3.1).
const (
	maxTopics      = 64
	maxForeign     = 4 * maxTopics // topics of others that are remembered
	maxTopicName   = 64            // bytes
	maxGossip      = 80 << 10      // bytes of one message
	maxGossipRPC   = 64 << 10      // bytes of one control message
	gossipSeen     = 10 * time.Minute
	gossipBuffer   = 1024 // messages not yet read; the next one is lost
	gossipThrottle = 256  // validations at once
	gossipQueue    = 512  // messages that wait to be checked, or for one peer; the next one is lost
)

// Verdict is what a check says of a gossip message.
type Verdict int

// The verdicts: a rejected message costs its sender score, an ignored one does not.
const (
	VerdictAccept Verdict = iota
	VerdictIgnore
	VerdictReject
)

// Gossip is one message of a topic. Via handed it over, Author signed it.
type Gossip struct {
	Author PeerID
	Via    PeerID
	Data   []byte
}

// gossip is the node's gossipsub router. It starts with the first topic, because
// its heartbeat costs something even when nothing is said.
type gossip struct {
	mu     sync.Mutex
	router *pubsub.PubSub // nil until the first topic; guarded by mu
	names  topicNames
}

// topicNames has its own lock: the router asks for names while it works, and
// must not wait for somebody who waits for the router.
type topicNames struct {
	mu      sync.Mutex
	joined  map[string]bool // guarded by mu
	foreign map[string]bool // others that members named; guarded by mu
}

// Topic is a joined gossip topic. Messages may be lost and repeated.
type Topic struct {
	node  *Node
	name  string
	topic *pubsub.Topic
	sub   *pubsub.Subscription
}

// JoinTopic joins a gossip topic. check sees every message of others before it
// is passed on; it runs inline and must return within a millisecond. A topic
// can be joined once at a time, and at most 64 topics.
func (n *Node) JoinTopic(name string, check func(Gossip) Verdict) (*Topic, error) {
	run := n.host.Load()
	if run == nil {
		return nil, ErrNotStarted
	}
	router, err := n.gossip.enter(n, run, name)
	if err != nil {
		return nil, fmt.Errorf("join topic: %w", err)
	}
	t := &Topic{node: n, name: name}
	validate := func(_ context.Context, via peer.ID, m *pubsub.Message) pubsub.ValidationResult {
		if via == n.id {
			return pubsub.ValidationAccept
		}
		switch check(Gossip{Author: textOf(m.GetFrom()), Via: textOf(via), Data: m.GetData()}) {
		case VerdictAccept:
			return pubsub.ValidationAccept
		case VerdictIgnore:
			return pubsub.ValidationIgnore
		}
		return pubsub.ValidationReject
	}
	if err = router.RegisterTopicValidator(name, validate, pubsub.WithValidatorInline(true)); err == nil {
		if t.topic, err = router.Join(name); err == nil {
			_ = t.topic.SetScoreParams(topicScore())
			t.sub, err = t.topic.Subscribe(pubsub.WithBufferSize(gossipBuffer))
		}
	}
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("join topic: %w", err)
	}
	return t, nil
}

// Publish sends to the topic. nil says nothing about anybody receiving it.
func (t *Topic) Publish(ctx context.Context, data []byte) error {
	if len(data) > maxGossip-1024 {
		return errors.New("publish: message too large")
	}
	if err := t.topic.Publish(ctx, data); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	return nil
}

// Next waits for a message of somebody else.
func (t *Topic) Next(ctx context.Context) (Gossip, error) {
	for {
		m, err := t.sub.Next(ctx)
		if err != nil {
			return Gossip{}, fmt.Errorf("next gossip: %w", err)
		}
		if m.GetFrom() == t.node.id {
			continue
		}
		return Gossip{Author: textOf(m.GetFrom()), Via: textOf(m.ReceivedFrom), Data: m.GetData()}, nil
	}
}

// Close leaves the topic.
func (t *Topic) Close() {
	if t.sub != nil {
		t.sub.Cancel()
	}
	if t.topic != nil {
		// The router ends the subscription in its own time; until then the
		// topic does not close.
		for range 100 {
			if t.topic.Close() == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	g := &t.node.gossip
	g.mu.Lock()
	router := g.router
	g.mu.Unlock()
	if router != nil {
		_ = router.UnregisterTopicValidator(t.name)
	}
	g.names.leave(t.name)
}

// enter books the topic and returns the router, made if it is the first.
func (g *gossip) enter(n *Node, run *hosted, name string) (*pubsub.PubSub, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.names.enter(name) {
		return nil, errors.New("joined already, or too many topics")
	}
	if g.router == nil {
		member := func(p peer.ID) bool { return n.allowed(textOf(p)) }
		router, err := pubsub.NewGossipSub(run.ctx, run.Host, gossipOptions(&g.names, member)...)
		if err != nil {
			g.names.leave(name)
			return nil, err
		}
		g.router = router
	}
	return g.router, nil
}

// forget drops the router of a closed host.
func (g *gossip) forget() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.router = nil
	g.names.mu.Lock()
	defer g.names.mu.Unlock()
	g.names.joined, g.names.foreign = nil, nil
}

// enter books a name; false when it is taken or there are too many.
func (n *topicNames) enter(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.joined[name] || len(n.joined) >= maxTopics {
		return false
	}
	if n.joined == nil {
		n.joined, n.foreign = make(map[string]bool), make(map[string]bool)
	}
	n.joined[name] = true
	return true
}

func (n *topicNames) leave(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.joined, name)
}

func gossipOptions(names *topicNames, member func(peer.ID) bool) []pubsub.Option {
	return []pubsub.Option{
		pubsub.WithMessageSignaturePolicy(pubsub.StrictSign),
		pubsub.WithPeerFilter(func(p peer.ID, _ string) bool { return member(p) }),
		pubsub.WithAppSpecificRpcInspector(func(p peer.ID, _ *pubsub.RPC) error {
			if !member(p) {
				return ErrRefused
			}
			return nil
		}),
		pubsub.WithSubscriptionFilter(topicFilter{names}),
		pubsub.WithMaxMessageSize(maxGossip),
		pubsub.WithMaxControlMessageSize(maxGossipRPC),
		pubsub.WithSeenMessagesTTL(gossipSeen),
		pubsub.WithValidateThrottle(gossipThrottle),
		pubsub.WithValidateQueueSize(gossipQueue),
		pubsub.WithPeerOutboundQueueSize(gossipQueue),
		pubsub.WithValidateWorkers(1),
		pubsub.WithFloodPublish(true),
		pubsub.WithPeerExchange(false),
		pubsub.WithPeerScore(
			&pubsub.PeerScoreParams{
				SkipAtomicValidation: true,
				Topics:               make(map[string]*pubsub.TopicScoreParams),
				AppSpecificScore:     func(peer.ID) float64 { return 0 },
				// P7: broken promises and grafting floods.
				BehaviourPenaltyWeight: -5, BehaviourPenaltyThreshold: 6, BehaviourPenaltyDecay: 0.9,
				DecayInterval: 10 * time.Second, DecayToZero: 0.01,
			},
			&pubsub.PeerScoreThresholds{
				SkipAtomicValidation: true,
				GossipThreshold:      -20, PublishThreshold: -40, GraylistThreshold: -80,
			}),
	}
}

// topicScore counts invalid messages (P4) and nothing else.
func topicScore() *pubsub.TopicScoreParams {
	return &pubsub.TopicScoreParams{
		SkipAtomicValidation:           true,
		TopicWeight:                    1,
		TimeInMeshQuantum:              time.Second, // the router divides by it, whatever its weight
		InvalidMessageDeliveriesWeight: -20,
		InvalidMessageDeliveriesDecay:  0.9,
	}
}

// topicFilter joins only topics that were asked for, but remembers what others
// subscribe to before we do: they say it once, and whoever forgets it does not
// reach them after joining too (G2).
type topicFilter struct{ names *topicNames }

func (f topicFilter) CanSubscribe(topic string) bool {
	f.names.mu.Lock()
	defer f.names.mu.Unlock()
	return f.names.joined[topic]
}

func (f topicFilter) FilterIncomingSubscriptions(_ peer.ID, subs []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	if len(subs) > 2*maxTopics {
		return nil, pubsub.ErrTooManySubscriptions
	}
	return pubsub.FilterSubscriptions(subs, f.mayName), nil
}

// mayName reports whether a member may subscribe to the topic: one of ours, or
// one of a bounded number that we may join later.
func (f topicFilter) mayName(topic string) bool {
	f.names.mu.Lock()
	defer f.names.mu.Unlock()
	n := f.names
	if n.joined[topic] || n.foreign[topic] {
		return true
	}
	if n.foreign == nil || len(topic) > maxTopicName || len(n.foreign) >= maxForeign {
		return false
	}
	n.foreign[topic] = true
	return true
}
