package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parvis/app/api"
	"parvis/app/chat"
	"parvis/app/people"
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
	"parvis/p2p"
)

// settingOut lists the workspaces that this device is out of for good and that were deleted
// here; sealed, as all values are.
const settingOut = "out"

// teams tells the api about workspaces, invitations and spaces in its own words.
type teams struct {
	manager *workspace.Manager
	people  *people.Service
	chat    *chat.Service
	now     func() time.Time
	// unreached says why the last attempt to connect to a peer failed.
	unreached func(p2p.PeerID) p2p.Cause
	mayInvite func(context.Context, *workspace.Workspace) error
	// dropped tells the features that a workspace is not here any more.
	dropped    []func(ws seal.ID)
	values     api.ValueService // where it is kept from which workspaces this device is out for good
	naming     sync.Mutex       // two spaces that are made at once do not get one name
	forgetting sync.Mutex       // of workspaces that go at once none is missing in settingOut
}

// List returns the workspaces of this device.
func (t *teams) List(_ context.Context) ([]api.Workspace, error) {
	var list []api.Workspace
	for _, w := range t.manager.List() {
		list = append(list, t.describe(w))
	}
	return list, nil
}

func (t *teams) describe(w *workspace.Workspace) api.Workspace {
	self, device := w.Self()
	dto := api.Workspace{ID: w.ID().String(), Self: self.String(), State: "ready"}
	st := w.State()
	if !w.Ready() || st == nil {
		dto.State, dto.Waiting, dto.Stopped = "joining", w.WaitsFor(), string(w.Stopped())
		return dto
	}
	if how, by := w.Removal(); how != "" {
		dto.State, dto.Removal = "removed", &api.Removal{How: string(how), At: w.RemovedMs()}
		if !by.IsZero() {
			dto.Removal.By = by.String()
		}
	}
	dto.Name, _ = t.people.WorkspaceName(context.Background(), w.ID()) // unknown yet: no name
	dto.Main, dto.Queued, dto.Behind = st.MainSpace().String(), w.Queued(), w.Behind()
	if w.Out() {
		dto.Queued, dto.Behind = 0, 0 // nothing goes or comes any more
	}
	countSuperPeers(&dto, w)
	if person, ok := st.Person(self); ok {
		dto.Role = person.Role.String()
	}
	for _, person := range st.Persons() {
		if person.Status != member.Active || !t.people.Shows(w.ID(), person.ID) {
			continue
		}
		dto.People++
		for _, d := range person.Devices {
			if d == device || w.Online(d) {
				dto.Online++
				break
			}
		}
	}
	return dto
}

// Create founds a workspace.
func (t *teams) Create(ctx context.Context, name, person string) (api.Workspace, error) {
	w, err := t.manager.Create(ctx, person)
	if err != nil {
		return api.Workspace{}, err
	}
	if err := t.people.NameWorkspace(ctx, w.ID(), name); err != nil {
		return api.Workspace{}, err
	}
	return t.describe(w), nil
}

// Inspect says what a link is, without any traffic.
func (t *teams) Inspect(_ context.Context, text string) (api.LinkInfo, error) {
	link, err := member.ParseLink(text)
	if err != nil {
		return api.LinkInfo{}, misplaced(text, err)
	}
	if link.Expired(t.now().UnixMilli()) {
		return api.LinkInfo{}, workspace.ErrLinkExpired
	}
	info := api.LinkInfo{
		Workspace: link.WS.String(), Expires: int64(link.Expires) * time.Minute.Milliseconds(),
		Mode: modeName(link.Mode),
	}
	if w, err := t.manager.Get(link.WS); err == nil && w.Ready() {
		info.Out = w.Out()
		info.Joined = !info.Out
	}
	return info, nil
}

func modeName(mode uint) string {
	if mode == member.ModeInstant {
		return "instant"
	}
	return "codes"
}

// nameWait is how long a join waits for the workspace's name after the keys.
const nameWait = 3 * time.Second

// Join joins with a link.
func (t *teams) Join(ctx context.Context, link, person string, wait time.Duration) (api.Workspace, error) {
	if l, err := member.ParseLink(link); err == nil {
		out, err := t.values.Value(ctx, settingOut)
		if err != nil {
			return api.Workspace{}, err
		}
		if slices.Contains(strings.Fields(out), l.WS.String()) {
			return api.Workspace{}, workspace.ErrCastOut
		}
	}
	named := make(chan struct{}, 1)
	defer t.people.WorkspaceRenamed.Subscribe(func(seal.ID) {
		select {
		case named <- struct{}{}:
		default:
		}
	})()
	w, err := t.manager.Join(ctx, link, person, wait)
	if err != nil {
		return api.Workspace{}, misplaced(link, err)
	}
	timeout := time.NewTimer(nameWait)
	defer timeout.Stop()
	for w.Ready() {
		dto := t.describe(w)
		if dto.Name != "" {
			return dto, nil
		}
		select {
		case <-named:
		case <-timeout.C:
			return dto, nil
		case <-ctx.Done():
			return dto, nil
		}
	}
	return t.describe(w), nil
}

// CancelJoin ends a join that goes on.
func (t *teams) CancelJoin(ctx context.Context, ws string) error {
	id, err := seal.ParseID(ws)
	if err != nil {
		return fmt.Errorf("workspace %q: %w", ws, workspace.ErrNotFound)
	}
	return t.manager.CancelJoin(ctx, id)
}

// Forget deletes from this device a workspace that it is out of.
func (t *teams) Forget(ctx context.Context, ws string) error {
	id, err := seal.ParseID(ws)
	if err != nil {
		return fmt.Errorf("workspace %q: %w", ws, workspace.ErrNotFound)
	}
	w, err := t.manager.Get(id)
	if err != nil {
		return err
	}
	if w.Out() {
		if err := t.noteOut(ctx, id); err != nil { // before it is forgotten why nobody would answer this device
			return err
		}
	}
	if err := t.manager.Forget(ctx, id); err != nil {
		return err
	}
	for _, drop := range t.dropped {
		drop(id)
	}
	return nil
}

// noteOut remembers that this device is out of a workspace.
func (t *teams) noteOut(ctx context.Context, ws seal.ID) error {
	t.forgetting.Lock()
	defer t.forgetting.Unlock()
	out, err := t.values.Value(ctx, settingOut)
	if err != nil || slices.Contains(strings.Fields(out), ws.String()) {
		return err
	}
	return t.values.SetValue(ctx, settingOut, strings.TrimSpace(out+" "+ws.String()))
}

func (t *teams) get(text string) (*workspace.Workspace, error) {
	id, err := seal.ParseID(text)
	if err != nil {
		return nil, fmt.Errorf("workspace %q: %w", text, workspace.ErrNotFound)
	}
	return t.manager.Get(id)
}

// Invite makes an invitation.
func (t *teams) Invite(ctx context.Context, n api.NewInvite) (api.Invite, error) {
	w, err := t.get(n.Workspace)
	if err != nil {
		return api.Invite{}, err
	}
	if err := t.mayInvite(ctx, w); err != nil {
		return api.Invite{}, err
	}
	peers, err := t.manager.LinkPeers(ctx, w, n.CodesFirst)
	if err != nil {
		return api.Invite{}, err
	}
	role := member.RoleMember
	if n.Role == "guest" {
		role = member.RoleGuest
	}
	var spaces []seal.SpaceID
	for _, text := range n.Spaces {
		space, err := seal.ParseSpaceID(text)
		if err != nil {
			return api.Invite{}, fmt.Errorf("space %q: %w", text, workspace.ErrNotFound)
		}
		if !n.CodesFirst && t.people.DemandsVerified(ctx, w.ID(), space) {
			return api.Invite{}, &api.Error{
				Code:    api.CodeUnverified,
				Message: "This space lets in verified people only. Make the invitation with codes that are compared first.",
			}
		}
		spaces = append(spaces, space)
	}
	made, err := w.Invite(ctx, workspace.InviteSpec{
		Role: role, Spaces: spaces, Uses: uint(n.Uses), Expires: time.Duration(n.ExpiresMs) * time.Millisecond, CodesFirst: n.CodesFirst, Peers: peers,
	})
	if err != nil {
		return api.Invite{}, t.leadersOnly(ctx, w, "invite people", err)
	}
	return t.invite(made), nil
}

func (t *teams) invite(i workspace.Invite) api.Invite {
	dto := api.Invite{
		ID: i.ID.String(), Link: i.Link, Role: i.Role.String(), Uses: int(i.Uses), Used: int(i.Used),
		Expires: i.Expires, Mode: modeName(i.Mode), State: "open", By: i.By.String(),
	}
	err := i.Open(t.now().UnixMilli())
	switch {
	case i.NotKept:
		dto.State = "not-kept"
	case errors.Is(err, member.ErrInviteRevoked):
		dto.State = "revoked"
	case errors.Is(err, member.ErrInviteUsed):
		dto.State = "used"
	case err != nil:
		dto.State = "expired"
	}
	return dto
}

// Invites lists the invitations of a workspace.
func (t *teams) Invites(ctx context.Context, ws string) ([]api.Invite, error) {
	w, err := t.get(ws)
	if err != nil {
		return nil, err
	}
	found, err := w.Invites(ctx)
	if err != nil {
		return nil, err
	}
	var list []api.Invite
	for _, i := range found {
		list = append(list, t.invite(i))
	}
	return list, nil
}

// Revoke ends an invitation.
func (t *teams) Revoke(ctx context.Context, ws, id string) error {
	w, err := t.get(ws)
	if err != nil {
		return err
	}
	invite, err := seal.ParseID(id)
	if err != nil {
		return fmt.Errorf("invitation %q: %w", id, workspace.ErrNotFound)
	}
	return t.leadersOnly(ctx, w, "withdraw an invitation", w.Revoke(ctx, invite))
}
