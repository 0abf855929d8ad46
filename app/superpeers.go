package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parvis/app/api"
	"parvis/app/doctor"
	"parvis/app/people"
	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
)

// ShortPeer is how a super-peer, or another peer, prints for people, from its peer id:
// the same few characters wherever it is named.
func ShortPeer(id string) string { return p2p.PeerID(id).Short() }

// superPeerName is the short form of the peer id behind a key.
func superPeerName(key seal.ID) string {
	id, err := p2p.PeerIDOf(key)
	if err != nil {
		return key.Short() // no key of a peer: it has no other name
	}
	return id.Short()
}

// problemText says a problem of a workspace in a sentence.
func problemText(p workspace.Problem) string {
	if p.Text != "" {
		return p.Text
	}
	return p.Kind.Sentence(superPeerName(p.SuperPeer))
}

// SuperPeers lists the super-peers of a workspace.
func (t *teams) SuperPeers(ctx context.Context, ws string) ([]api.SuperPeer, error) {
	w, err := t.get(ws)
	if err != nil {
		return nil, err
	}
	found, err := w.SuperPeers(ctx)
	if err != nil {
		return nil, err
	}
	var list []api.SuperPeer
	for _, s := range found {
		dto := superPeerDTO(w, s)
		if dto.State == workspace.SuperPeerConnecting && dto.Problem == "" && t.unreached != nil {
			why := doctor.Unreached(p2p.PeerID(dto.ID), elsewhere(dto.Addrs), t.unreached(p2p.PeerID(dto.ID)))
			dto.Problem, dto.ProblemCode = strings.TrimSpace(why.Detail+" "+why.Remedy), why.Code
		}
		list = append(list, dto)
	}
	return list, nil
}

func superPeerDTO(w *workspace.Workspace, s workspace.SuperPeer) api.SuperPeer {
	dto := api.SuperPeer{
		Workspace: w.ID().String(), Addrs: s.Addrs, State: s.State, Used: s.Used, Limit: s.Limit, Queued: s.Queued,
		Alone: s.Alone, LastContact: s.LastContact, Problem: s.Problem.Sentence(superPeerName(s.Peer)), ProblemCode: string(s.Problem),
	}
	if dto.Addrs == nil {
		dto.Addrs = []string{}
	}
	if id, err := p2p.PeerIDOf(s.Peer); err == nil {
		dto.ID = string(id)
	}
	return dto
}

// AddSuperPeer attaches a super-peer to a workspace.
func (t *teams) AddSuperPeer(ctx context.Context, n api.NewSuperPeer) (api.SuperPeer, error) {
	w, err := t.get(n.Workspace)
	if err != nil {
		return api.SuperPeer{}, err
	}
	added, err := t.manager.AddSuperPeer(ctx, w, n.Code)
	if err != nil {
		return api.SuperPeer{}, t.ownersOnly(ctx, w, "attach a super-peer", err)
	}
	list, err := w.SuperPeers(ctx)
	for _, s := range list {
		if s.Peer == added {
			return superPeerDTO(w, s), nil
		}
	}
	return api.SuperPeer{}, err
}

// RemoveSuperPeer takes a super-peer from a workspace.
func (t *teams) RemoveSuperPeer(ctx context.Context, ws, id string) error {
	w, err := t.get(ws)
	if err != nil {
		return err
	}
	key, err := p2p.PeerID(id).PublicKey()
	if err != nil {
		return fmt.Errorf("super-peer %q: %w", id, workspace.ErrNotFound)
	}
	return t.ownersOnly(ctx, w, "remove a super-peer", t.manager.RemoveSuperPeer(ctx, w, key))
}

// maxOwners bounds the owners that a refusal names.
const maxOwners = 3

// ownersOnly names the owners to who may not do something that only they may.
func (t *teams) ownersOnly(ctx context.Context, w *workspace.Workspace, what string, err error) error {
	if !errors.Is(err, workspace.ErrOwnersOnly) {
		return err
	}
	ask := "one of them"
	if owners := t.owners(ctx, w); len(owners) > 0 {
		ask = strings.Join(owners, " or ")
	}
	return &api.Error{Code: api.CodeRefused, Message: fmt.Sprintf("Only owners of the workspace may %s. Ask %s to do it.", what, ask)}
}

// leadersOnly names owners and admins to who may not do something that only they may.
func (t *teams) leadersOnly(ctx context.Context, w *workspace.Workspace, what string, err error) error {
	if !errors.Is(err, workspace.ErrRefused) {
		return err
	}
	ask := "one of them"
	if leaders := t.holders(ctx, w, people.Owner, people.Admin); len(leaders) > 0 {
		ask = strings.Join(leaders, " or ")
	}
	return &api.Error{Code: api.CodeRefused, Message: fmt.Sprintf("Only owners and admins of the workspace may %s. Ask %s to do it.", what, ask)}
}

// owners are the names of some owners besides oneself.
func (t *teams) owners(ctx context.Context, w *workspace.Workspace) []string {
	return t.holders(ctx, w, people.Owner)
}

// holders are the names of some who have one of the roles, besides oneself.
func (t *teams) holders(ctx context.Context, w *workspace.Workspace, roles ...people.Role) (names []string) {
	all, err := t.people.List(ctx, w.ID())
	if err != nil {
		return nil // the refusal does without names
	}
	for _, p := range all {
		if slices.Contains(roles, p.Role) && !p.State.Out() && !p.Self && len(names) < maxOwners {
			names = append(names, p.Name)
		}
	}
	return names
}

// countSuperPeers adds to a workspace how its super-peers stand.
func countSuperPeers(dto *api.Workspace, w *workspace.Workspace) {
	dto.HeldBySuperPeer = w.AtSuperPeer()
	dto.SuperPeers, dto.SuperPeersUp = w.CountSuperPeers()
}

// watchQueues tells the user interfaces when what waits for others, or what others
// hold for this device, changed, until ctx ends. Every single one would be too much.
func (a *App) watchQueues(ctx context.Context) {
	told := map[seal.ID][3]int{}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, w := range a.manager.List() {
			now := [3]int{w.Queued(), w.AtSuperPeer(), w.Behind()}
			if told[w.ID()] != now {
				told[w.ID()] = now
				a.tell(w.ID())
			}
		}
	}
}

// drainTime is how long ending waits for a connected super-peer to take what was
// written here.
const drainTime = 2 * time.Second

// Drain lets a connected super-peer have what was written last, for a short while at
// most. It is for the moment before the node is closed.
func (a *App) Drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	a.manager.Drain(ctx)
}
