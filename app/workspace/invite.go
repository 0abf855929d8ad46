package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// InviteSpec describes an invitation to make.
type InviteSpec struct {
	Role       member.Role
	Spaces     []seal.SpaceID // of a guest: the private spaces that it reads and writes in
	Uses       uint
	Expires    time.Duration
	CodesFirst bool // mode 0: keys only after the codes were compared
	Peers      []member.LinkPeer
}

// Invite is an invitation as this device knows it.
type Invite struct {
	member.Invite
	Link    string // only on the device that made it
	NotKept bool   // its maker lost the right to it at the same moment: it lets nobody in
}

// Why somebody is not invited so.
var (
	// ErrGuestNowhere reports an invitation of a guest to no space.
	ErrGuestNowhere = errors.New("a guest needs a private space")
	// ErrCodesOnly reports an instant invitation where the workspace's policy allows none.
	ErrCodesOnly = errors.New("this workspace lets nobody in before codes were compared")
	// ErrMemberSpaces reports spaces in the invitation of a member.
	ErrMemberSpaces = errors.New("only guests are invited to single spaces")
)

// Invite makes an invitation and its link: of a member to the main space, of a guest to
// private spaces of which this person is an admin.
func (w *Workspace) Invite(ctx context.Context, spec InviteSpec) (Invite, error) {
	if !w.Ready() {
		return Invite{}, ErrNotReady
	}
	var made Invite
	err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		var err error
		made, err = w.invite(ctx, spec, after)
		return err
	})
	if err != nil {
		return Invite{}, fmt.Errorf("invite: %w", err)
	}
	return made, nil
}

func (w *Workspace) invite(ctx context.Context, spec InviteSpec, after *afterCommit) (Invite, error) {
	if err := w.members.fresh(ctx); err != nil {
		return Invite{}, err
	}
	st := w.members.pending()
	if !mayInvite(st, w.self.device) {
		return Invite{}, ErrRefused
	}
	grants, err := w.inviteTo(st, spec)
	if err != nil {
		return Invite{}, err
	}
	seed := nonce16()
	keys, err := member.InviteKeysOf(w.id, seed)
	if err != nil {
		return Invite{}, err
	}
	mode := member.ModeInstant
	if spec.CodesFirst {
		mode = member.ModeCodes
	} else if !st.Policy().Instant {
		return Invite{}, untouched{ErrCodesOnly}
	}
	expires := w.now().Add(spec.Expires)
	body := member.InviteBody{
		InvPK: keys.Sign.Public(), Role: spec.Role, Mode: mode, Uses: spec.Uses, Expires: expires.UnixMilli(),
		Spaces: grants,
	}
	raw, err := body.Encode()
	if err != nil {
		return Invite{}, err
	}
	entry, err := w.members.post(ctx, member.TypeInvite, raw, after)
	if err != nil {
		return Invite{}, err
	}
	link := member.Link{
		V: 1, WS: w.id, Seed: seed, Expires: uint32(expires.Unix()/60) + 1, Mode: mode, LogHead: entry.ID, Peers: spec.Peers,
	}.String()
	st = w.members.pending()
	invite, ok := st.Invite(keys.ID)
	if !ok {
		return Invite{}, errors.Join(ErrRefused, errors.New("the invitation was not accepted"))
	}
	if mode == member.ModeInstant {
		if err := w.sealBox(ctx, st, invite, keys.KEM.Public(), 1); err != nil {
			return Invite{}, err
		}
	}
	if err := w.storage.PutSecret(ctx, w.id, secretInvite+keys.ID.String(), []byte(link)); err != nil {
		return Invite{}, err
	}
	return Invite{Invite: invite, Link: link}, nil
}

// inviteTo is what an invitation opens.
func (w *Workspace) inviteTo(st *member.State, spec InviteSpec) (grants []member.SpaceGrant, err error) {
	switch {
	case spec.Role != member.RoleGuest && len(spec.Spaces) > 0:
		return nil, untouched{ErrMemberSpaces}
	case spec.Role != member.RoleGuest:
		return []member.SpaceGrant{{Space: st.MainSpace(), Access: member.AccessWrite}}, nil
	case len(spec.Spaces) == 0:
		return nil, untouched{ErrGuestNowhere}
	}
	spaces := slices.Clone(spec.Spaces)
	slices.SortFunc(spaces, seal.SpaceID.Compare)
	for _, space := range slices.Compact(spaces) {
		if _, err := w.ownSpace(st, space); err != nil {
			return nil, untouched{err}
		}
		grants = append(grants, member.SpaceGrant{Space: space, Access: member.AccessWrite})
	}
	return grants, nil
}

// Invites lists the invitations, with the links that this device made. Of those that do not
// count the own ones are among them: who made them has perhaps sent them already.
func (w *Workspace) Invites(ctx context.Context) ([]Invite, error) {
	if !w.Ready() {
		return nil, ErrNotReady
	}
	links, err := w.storage.Secrets(ctx, w.id, secretInvite)
	if err != nil {
		return nil, err
	}
	var all []Invite
	for _, invite := range w.State().Invites() {
		all = append(all, Invite{Invite: invite, Link: string(links[secretInvite+invite.ID.String()])})
	}
	for _, invite := range w.members.notKept() {
		if invite.By == w.self.person {
			all = append(all, Invite{Invite: invite, NotKept: true})
		}
	}
	return all, nil
}

// Revoke ends an invitation. Its link stops working everywhere this arrives.
func (w *Workspace) Revoke(ctx context.Context, id seal.ID) error {
	err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := w.members.fresh(ctx); err != nil {
			return err
		}
		invite, ok := w.members.pending().Invite(id)
		if !ok {
			if w.members.isNotKept(id) {
				return ErrRevoked // it lets nobody in already
			}
			return ErrNotFound
		}
		if invite.Revoked {
			return ErrRevoked
		}
		if invite.Used >= invite.Uses {
			return ErrUsedUp
		}
		return w.postRevoke(ctx, invite, after)
	})
	if err != nil {
		return fmt.Errorf("revoke invitation: %w", err)
	}
	return nil
}

// postRevoke ends an invitation inside the running transaction.
func (w *Workspace) postRevoke(ctx context.Context, invite member.Invite, after *afterCommit) error {
	body, err := member.InviteRevokeBody{InviteID: invite.ID}.Encode()
	if err != nil {
		return err
	}
	if _, err := w.members.post(ctx, member.TypeInviteRevoke, body, after); err != nil {
		return err
	}
	return w.storage.DeleteBlob(ctx, w.id, member.BoxID(invite.PK))
}

// knockTolerance is how long after its end an invitation still opens the door: as
// long as a newcomer's program, whose clock may be a day wrong, comes with it.
const knockTolerance = 24 * time.Hour

// openInvites reports whether strangers may knock: there is an invitation whose
// time is not over. One that was used or revoked counts too: who comes with its
// link is told so instead of waiting at a closed door.
func (w *Workspace) openInvites() bool {
	st := w.State()
	if st == nil {
		return false
	}
	for _, invite := range st.Invites() {
		if w.now().UnixMilli() <= invite.Expires+knockTolerance.Milliseconds() {
			return true
		}
	}
	return false
}
