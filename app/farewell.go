package app

import (
	"context"
	"errors"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/farewell"
)

// A member that is connected and takes no part in a workspace may know that this device
// was removed from it. It is asked once it was silent for two looks, and then ever again
// after a while.
const (
	silenceLook  = 400 * time.Millisecond
	silenceAgain = 15 * time.Second
	maxFarewells = 16 // answers in a row
)

// silence is one workspace with one connected peer that says nothing of it.
type silence struct {
	ws   seal.ID
	peer p2p.PeerID
}

// Former implements [p2p.Registrar].
func (g gate) Former(peer p2p.PeerID) bool {
	key, err := peer.PublicKey()
	return err == nil && g.manager.Former(key)
}

// farewell answers a device that was cut off.
func (n *network) farewell(from p2p.PeerID, q farewell.Question) [][]byte {
	key, err := from.PublicKey()
	if err != nil {
		return nil
	}
	heads := make([]seal.ID, len(q.Heads))
	for i, id := range q.Heads {
		heads[i] = id
	}
	return n.manager.Farewell(key, q.Workspace, heads, farewell.MaxEntries, farewell.MaxBytes)
}

// silences listens for members that are silent, in the background.
type silences struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func (s *silences) start(ctx context.Context, n *network) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		n.listenForSilence(ctx)
	}()
}

// close ends it and waits.
func (s *silences) close() {
	if s.cancel != nil {
		s.cancel()
		<-s.done
	}
}

// listenForSilence asks silent members, until ctx ends.
func (n *network) listenForSilence(ctx context.Context) {
	tick := time.NewTicker(silenceLook)
	defer tick.Stop()
	next := map[silence]time.Time{} // of those that were silent at the last look
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			silent := n.silent()
			for s := range next {
				if silent[s] == nil {
					delete(next, s)
				}
			}
			for s, w := range silent {
				at, known := next[s]
				if !known {
					next[s] = now
					continue
				}
				if now.Before(at) {
					continue
				}
				next[s] = now.Add(silenceAgain)
				if err := n.askWhy(ctx, w, s.peer); err != nil && ctx.Err() == nil {
					n.log.Debug("ask a silent member", "peer", s.peer.Short(), "err", err)
				}
			}
		}
	}
}

// silent are the workspaces that this device is in, for all it knows, with connected
// devices of them that open no stream for them.
func (n *network) silent() map[silence]*workspace.Workspace {
	found := map[silence]*workspace.Workspace{}
	for _, s := range n.syncers() {
		w, err := n.manager.Get(s.Workspace())
		if err != nil {
			continue
		}
		for _, peer := range s.Silent() {
			if key, err := peer.PublicKey(); err == nil && w.Asks(key) && n.node.Speaks(peer, farewell.Protocol) {
				found[silence{w.ID(), peer}] = w
			}
		}
	}
	return found
}

// askWhy asks one member, and takes what it gives until that says it all.
func (n *network) askWhy(ctx context.Context, w *workspace.Workspace, peer p2p.PeerID) error {
	for range maxFarewells {
		if w.Out() {
			return nil // another one told
		}
		q := farewell.Question{Workspace: w.ID()}
		for _, id := range w.Ends(farewell.MaxHeads) {
			q.Heads = append(q.Heads, id)
		}
		entries, err := farewell.Ask(ctx, n.node, peer, q)
		if err != nil || len(entries) == 0 {
			return err
		}
		out, err := w.Part(ctx, entries)
		if errors.Is(err, workspace.ErrBad) {
			n.node.Penalise(peer, badPoints, err.Error())
		}
		if out || err != nil {
			return err
		}
	}
	return nil
}
