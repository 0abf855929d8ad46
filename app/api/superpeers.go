package api

import (
	"context"

	"parvis/app/workspace"
)

// SuperPeer is one super-peer of a workspace as this device sees it.
type SuperPeer struct {
	Workspace   string   `json:"workspace"`
	ID          string   `json:"id"` // peer id
	Addrs       []string `json:"addrs"`
	State       string   `json:"state"`       // connected, connecting, refused or full
	Used        int64    `json:"used"`        // bytes that this device has stored there
	Limit       int64    `json:"limit"`       // bytes that it may store there
	Queued      int      `json:"queued"`      // own envelopes that are not there yet
	Alone       int      `json:"alone"`       // items that wait for others and, as far as is known, lie only there
	LastContact int64    `json:"lastContact"` // 0: not since the start
	Problem     string   `json:"problem"`     // a sentence with a remedy, or empty
	ProblemCode string   `json:"problemCode"` // which problem it is: one of the codes below, one of the network check for a super-peer that is away, or empty
}

// The problems of a super-peer. The page has words of its own for each.
const (
	SuperPeerDamaged    = "damaged"     // gives objects that nobody can use
	SuperPeerForgetful  = "forgetful"   // lost what it kept several times in a day and is left alone for some hours
	SuperPeerStranger   = "stranger"    // has not known this device for some minutes
	SuperPeerFull       = "full"        // has no room left for anybody
	SuperPeerQuota      = "quota"       // this device has used up its share of it
	SuperPeerQuotaToday = "quota-today" // used up for today: what others wrote is not uploaded for them
	SuperPeerNearlyFull = "nearly-full" // this device has used at least 90 % of its share
)

// NewSuperPeer attaches the super-peer of a set-up code.
type NewSuperPeer struct {
	Workspace string `json:"workspace"`
	Code      string `json:"code"`
}

// SuperPeerService attaches super-peers to workspaces.
type SuperPeerService interface {
	SuperPeers(ctx context.Context, workspace string) ([]SuperPeer, error)
	AddSuperPeer(ctx context.Context, n NewSuperPeer) (SuperPeer, error)
	RemoveSuperPeer(ctx context.Context, workspace, id string) error
}

// SuperPeers is the bound struct for the always-on peers of a workspace.
type SuperPeers struct {
	edge       *edge
	superPeers SuperPeerService
}

// List returns the super-peers of a workspace and how each stands.
func (s *SuperPeers) List(workspace string) ([]SuperPeer, error) {
	return run(s.edge, "SuperPeers.List", func(ctx context.Context) ([]SuperPeer, error) {
		return list(s.superPeers.SuperPeers(ctx, workspace))
	})
}

// Add attaches a super-peer. One that is attached already gets the list of members
// again.
func (s *SuperPeers) Add(n NewSuperPeer) (SuperPeer, error) {
	return run(s.edge, "SuperPeers.Add", func(ctx context.Context) (SuperPeer, error) {
		return s.superPeers.AddSuperPeer(ctx, n)
	})
}

// Remove takes a super-peer from a workspace.
func (s *SuperPeers) Remove(workspace, id string) error {
	return act(s.edge, "SuperPeers.Remove", func(ctx context.Context) error {
		return s.superPeers.RemoveSuperPeer(ctx, workspace, id)
	})
}

// superPeerMeanings are the errors of super-peers.
func superPeerMeanings() []Meaning {
	return []Meaning{
		{workspace.ErrSetupBroken, CodeInvalid, "This is not a complete set-up code. Copy the whole text that the super-peer showed, from parvis:// to its end."},
		{workspace.ErrSetupNewer, CodeInvalid, "This set-up code was made by a newer version of Parvis. Update Parvis and try again."},
		{workspace.ErrSetupWrong, CodeRefused, "This set-up code is not valid any more. Ask whoever runs the super-peer for the current one."},
		{workspace.ErrUnreachable, CodeOffline, "The super-peer cannot be reached. Check that it runs and that its ports are open, then try again."},
		{workspace.ErrSuperPeerFull, CodeRefused, "The super-peer is full. Ask whoever runs it to give it more room, then try again."},
		{workspace.ErrSuperPeerQuota, CodeRefused, "This device has used up its share of the super-peer. Ask whoever runs it to give it more room."},
		{workspace.ErrStranger, CodeRefused, "The super-peer does not know this device. Ask an owner to add the super-peer again with its set-up code."},
		{workspace.ErrNotAdmin, CodeRefused, "The super-peer has members of whom this device knows nothing. Add it again with its set-up code."},
		{workspace.ErrTooManySuperPeers, CodeInvalid, "This workspace has as many super-peers as it can have. Remove one first."},
	}
}
