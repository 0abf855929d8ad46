package api

import (
	"context"
	"time"
)

// WorkspaceService founds, lists and joins workspaces.
type WorkspaceService interface {
	List(ctx context.Context) ([]Workspace, error)
	Create(ctx context.Context, name, person string) (Workspace, error)
	Inspect(ctx context.Context, link string) (LinkInfo, error)
	// Join returns when keys have arrived or wait is over, with the state then.
	Join(ctx context.Context, link, person string, wait time.Duration) (Workspace, error)
	PuttingAway
}

// PuttingAway takes workspaces off this device.
type PuttingAway interface {
	// CancelJoin ends a join that goes on.
	CancelJoin(ctx context.Context, workspace string) error
	// Forget deletes from this device a workspace that it is out of.
	Forget(ctx context.Context, workspace string) error
}

// InvitationService makes and ends invitations.
type InvitationService interface {
	Invite(ctx context.Context, invite NewInvite) (Invite, error)
	Invites(ctx context.Context, workspace string) ([]Invite, error)
	Revoke(ctx context.Context, workspace, id string) error
}

// SpaceService lists and makes spaces.
type SpaceService interface {
	Spaces(ctx context.Context, workspace string) ([]Space, error)
	CreateSpace(ctx context.Context, space NewSpace) (Space, error)
	AddToSpace(ctx context.Context, people NewSpacePeople) (Space, error)
	RemoveFromSpace(ctx context.Context, people SpacePeople) (Space, error)
	CloseSpace(ctx context.Context, closing SpaceClosing) (Space, error)
}

// CodeService compares short codes for invitations with codes first.
type CodeService interface {
	Comparisons(ctx context.Context) ([]Comparison, error)
	// EnterCode gives the code that the other person read out; an empty one gives up.
	EnterCode(ctx context.Context, id, code string) error
}

// maxWait bounds how long a call waits for the keys of a new workspace.
const maxWait = 10 * time.Minute

// Workspaces is the bound struct for workspaces, invitations and spaces.
type Workspaces struct {
	edge        *edge
	teams       WorkspaceService
	invitations InvitationService
	spaces      SpaceService
	codes       CodeService
}

// List returns the workspaces of this device, oldest first.
func (w *Workspaces) List() ([]Workspace, error) {
	return run(w.edge, "Workspaces.List", func(ctx context.Context) ([]Workspace, error) {
		return list(w.teams.List(ctx))
	})
}

// Create founds a workspace with this device's person as owner.
func (w *Workspaces) Create(c CreateWorkspace) (Workspace, error) {
	return run(w.edge, "Workspaces.Create", func(ctx context.Context) (Workspace, error) {
		names, err := cleanNames(c.Name, c.Person)
		if err != nil {
			return Workspace{}, err
		}
		return w.teams.Create(ctx, names[0], names[1])
	})
}

// Inspect says what a link is. Nothing is sent.
func (w *Workspaces) Inspect(link string) (LinkInfo, error) {
	return run(w.edge, "Workspaces.Inspect", func(ctx context.Context) (LinkInfo, error) {
		return w.teams.Inspect(ctx, link)
	})
}

// Join joins with a link. When nobody answers within WaitMs it goes on in the
// background and the workspace is returned with state "joining".
func (w *Workspaces) Join(j JoinWorkspace) (Workspace, error) {
	wait := min(time.Duration(max(j.WaitMs, 0))*time.Millisecond, maxWait)
	return runFor(w.edge, "Workspaces.Join", wait+callLimit, func(ctx context.Context) (Workspace, error) {
		names, err := cleanNames(j.Person)
		if err != nil {
			return Workspace{}, err
		}
		return w.teams.Join(ctx, j.Link, names[0], wait)
	})
}

// CancelJoin ends a join that goes on and forgets the workspace.
func (w *Workspaces) CancelJoin(workspace string) error {
	return act(w.edge, "Workspaces.CancelJoin", func(ctx context.Context) error {
		return w.teams.CancelJoin(ctx, workspace)
	})
}

// Forget deletes all that is on this device of a workspace that this device left or was
// removed from. What the others have stays with them.
func (w *Workspaces) Forget(workspace string) error {
	return act(w.edge, "Workspaces.Forget", func(ctx context.Context) error { return w.teams.Forget(ctx, workspace) })
}

// Invite makes an invitation and its link.
func (w *Workspaces) Invite(n NewInvite) (Invite, error) {
	return run(w.edge, "Workspaces.Invite", func(ctx context.Context) (Invite, error) {
		if err := checkInvite(n); err != nil {
			return Invite{}, err
		}
		return w.invitations.Invite(ctx, n)
	})
}

// Invites lists the invitations of a workspace, oldest first.
func (w *Workspaces) Invites(workspace string) ([]Invite, error) {
	return run(w.edge, "Workspaces.Invites", func(ctx context.Context) ([]Invite, error) {
		return list(w.invitations.Invites(ctx, workspace))
	})
}

// RevokeInvite ends an invitation.
func (w *Workspaces) RevokeInvite(workspace, id string) error {
	return act(w.edge, "Workspaces.RevokeInvite", func(ctx context.Context) error {
		return w.invitations.Revoke(ctx, workspace, id)
	})
}

// Spaces lists the spaces that this device can read, the main one first.
func (w *Workspaces) Spaces(workspace string) ([]Space, error) {
	return run(w.edge, "Workspaces.Spaces", func(ctx context.Context) ([]Space, error) {
		return list(w.spaces.Spaces(ctx, workspace))
	})
}

// CreateSpace makes a private space.
func (w *Workspaces) CreateSpace(n NewSpace) (Space, error) {
	return run(w.edge, "Workspaces.CreateSpace", func(ctx context.Context) (Space, error) {
		names, err := cleanNames(n.Name)
		if err != nil {
			return Space{}, err
		}
		n.Name = names[0]
		return w.spaces.CreateSpace(ctx, n)
	})
}

// AddToSpace lets more people into a private space that one made. With a full history
// they read what was written before, else what is written from now on.
func (w *Workspaces) AddToSpace(n NewSpacePeople) (Space, error) {
	return run(w.edge, "Workspaces.AddToSpace", func(ctx context.Context) (Space, error) {
		return w.spaces.AddToSpace(ctx, n)
	})
}

// RemoveFromSpace takes people out of a private space that one made: they read nothing
// that is written there from now on.
func (w *Workspaces) RemoveFromSpace(n SpacePeople) (Space, error) {
	return run(w.edge, "Workspaces.RemoveFromSpace", func(ctx context.Context) (Space, error) {
		return w.spaces.RemoveFromSpace(ctx, n)
	})
}

// CloseSpace closes a private space, or opens it again: a closed one can be read, not
// written. Owners and admins may close one that they are not in.
func (w *Workspaces) CloseSpace(c SpaceClosing) (Space, error) {
	return run(w.edge, "Workspaces.CloseSpace", func(ctx context.Context) (Space, error) { return w.spaces.CloseSpace(ctx, c) })
}

// Comparisons lists the comparisons of codes that go on.
func (w *Workspaces) Comparisons() ([]Comparison, error) {
	return run(w.edge, "Workspaces.Comparisons", func(ctx context.Context) ([]Comparison, error) {
		return list(w.codes.Comparisons(ctx))
	})
}

// EnterCode gives the code that the other person read out; an empty one gives up.
func (w *Workspaces) EnterCode(comparison, code string) error {
	return act(w.edge, "Workspaces.EnterCode", func(ctx context.Context) error {
		return w.codes.EnterCode(ctx, comparison, code)
	})
}
