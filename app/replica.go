package app

import (
	"context"
	"errors"

	"parvis/app/workspace"
	"parvis/crdt/feed"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/gossip"
	"parvis/p2p/sync"
)

// badPoints is what an invalid object costs the peer that sent it (protocol 2.1).
const badPoints = 10

// replica shows a workspace to p2p/sync, whose words are plain bytes.
type replica struct {
	w *workspace.Workspace
}

func (r replica) Have(ctx context.Context) (sync.Have, error) { return toHave(r.w.Claim(ctx)), nil }

func toHave(h workspace.Holdings) sync.Have {
	have := sync.Have{Feeds: make([]sync.Position, 0, len(h.Feeds))}
	for _, id := range h.Heads {
		have.Heads = append(have.Heads, id)
	}
	for id, tail := range h.Feeds {
		have.Feeds = append(have.Feeds, sync.Position{Feed: sync.Feed{Space: id.Space, Device: id.Device}, Seq: tail.Seq, ID: tail.ID})
	}
	return have
}

func fromHave(have sync.Have) workspace.Holdings {
	h := workspace.Holdings{Feeds: make(feed.Vector, len(have.Feeds))}
	for _, id := range have.Heads {
		h.Heads = append(h.Heads, id)
	}
	for _, p := range have.Feeds {
		h.Feeds[feed.FeedID{Space: p.Feed.Space, Device: p.Feed.Device}] = feed.Tail{Seq: p.Seq, ID: p.ID}
	}
	return h
}

// device is the member device behind a peer.
func (r replica) device(peer p2p.PeerID) (seal.ID, bool) {
	key, err := peer.PublicKey()
	st := r.w.State()
	if err != nil || st == nil {
		return seal.ID{}, false
	}
	device, ok := st.DeviceByPeer(key)
	return device.ID, ok && device.Active
}

func (r replica) Missing(ctx context.Context, peer p2p.PeerID, theirs sync.Have, max, maxBytes int) (sync.Batch, sync.Have, error) {
	device, ok := r.device(peer)
	if !ok {
		return sync.Batch{}, sync.Have{}, nil
	}
	part, after, err := r.w.Missing(ctx, device, fromHave(theirs), max, maxBytes)
	if err != nil {
		return sync.Batch{}, sync.Have{}, err
	}
	return sync.Batch(part), toHave(after), nil
}

func (r replica) Receive(ctx context.Context, from p2p.PeerID, b sync.Batch) error {
	if _, ok := r.device(from); !ok {
		return &sync.Fault{Points: badPoints, Err: workspace.ErrRefused}
	}
	err := r.w.Receive(ctx, workspace.Received(b))
	if errors.Is(err, workspace.ErrBad) {
		return &sync.Fault{Points: badPoints, Err: err}
	}
	return err
}

func (r replica) Held(_ context.Context, peer p2p.PeerID, have sync.Have) {
	if device, ok := r.device(peer); ok {
		r.w.Held(device, fromHave(have))
	}
}

func (r replica) Live(_ context.Context, from p2p.PeerID, body []byte) {
	if device, ok := r.device(from); ok {
		r.w.Live(device, body)
	}
}

// member says which device of the workspace a peer is.
func (r replica) member(peer p2p.PeerID) ([32]byte, bool) {
	device, ok := r.device(peer)
	return device, ok
}

// visible says whether a peer may know of the chains of a space.
func (r replica) visible(peer p2p.PeerID, space [16]byte) bool {
	device, ok := r.device(peer)
	return ok && r.w.State().CanRead(space, device)
}

// topics are those of the spaces that this device may read.
func (r replica) topics() []gossip.Topic {
	var topics []gossip.Topic
	for _, t := range r.w.Topics() {
		topics = append(topics, gossip.Topic{Name: t.Name, Space: t.Space})
	}
	return topics
}

// check looks at an envelope before gossip hands it on. Lag is not punished.
func (r replica) check(space [16]byte, envelope []byte) p2p.Verdict {
	switch r.w.CheckGossip(space, envelope) {
	case seal.OK:
		return p2p.VerdictAccept
	case seal.Reject:
		return p2p.VerdictReject
	default:
		return p2p.VerdictIgnore
	}
}
