package workspace

import (
	"context"
	"errors"
	"fmt"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Why somebody cannot do something to another person.
var (
	// ErrYourself reports that people do not do this to themselves.
	ErrYourself = errors.New("this is not done to oneself: leave instead")
	// ErrOutranked reports that the other person's role is not below one's own.
	ErrOutranked = errors.New("this person's role is not below yours")
	// ErrOwnersAppoint reports that the own person is no owner, and only owners change roles.
	ErrOwnersAppoint = errors.New("only an owner changes roles")
	// ErrSameRole reports that a person has the wanted role already.
	ErrSameRole = errors.New("this person has that role already")
	// ErrHandOver reports that the top owner cannot leave before somebody else is.
	ErrHandOver = errors.New("hand the workspace over to somebody first: it needs an owner")
	// ErrPersonGone reports a person who was removed before.
	ErrPersonGone = errors.New("this person is removed already")
	// ErrNotTop reports that only the owner whom no other outranks may do this.
	ErrNotTop = errors.New("only the first owner may do this")
	// ErrNotSuspended reports that a person waits for no confirmation.
	ErrNotSuspended = errors.New("this person waits for no confirmation")
)

// act runs one act of membership in a transaction: do gets the state that it builds on,
// what runs before it included. What an act needs to say of an error, it says.
func (w *Workspace) act(ctx context.Context, what string, do func(ctx context.Context, st *member.State, after *afterCommit) error) error {
	if !w.Ready() {
		return ErrNotReady
	}
	err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := w.members.fresh(ctx); err != nil {
			return err
		}
		return do(ctx, w.members.pending(), after)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// below is a person whom this one outranks, or why it is not so.
func (w *Workspace) below(st *member.State, person seal.ID) (member.Person, error) {
	p, ok := st.Person(person)
	switch {
	case !ok:
		return p, untouched{fmt.Errorf("person %s: %w", person.Short(), ErrNotFound)}
	case person == w.self.person:
		return p, untouched{ErrYourself}
	case p.Status == member.Removed:
		return p, untouched{ErrPersonGone}
	case !st.Outranks(w.self.person, person):
		return p, untouched{ErrOutranked}
	}
	return p, nil
}

// RemovePerson removes a person with all devices for good (rule K45): in one transaction
// the removal with the fences of what this device has, and new epochs for all spaces
// that one of the devices could read and this one may write in. reason is a code for the
// screen. It confirms that somebody left, too (protocol 2.5, worked case 6).
func (w *Workspace) RemovePerson(ctx context.Context, person seal.ID, reason uint) error {
	return w.act(ctx, "remove person "+person.Short(), func(ctx context.Context, st *member.State, after *afterCommit) error {
		p, err := w.below(st, person)
		if err != nil {
			return err
		}
		var all []member.DeviceFences
		for _, device := range p.Devices {
			if _, cut := st.Cut(device); cut {
				continue // its own removal has the fences that count
			}
			fences, err := w.fencesFor(ctx, st, device)
			if err != nil {
				return err
			}
			all = append(all, member.DeviceFences{Device: device, Fences: fences})
		}
		err = w.postRemoval(ctx, member.TypePersonRemove, all, func(inline []member.DeviceFences, blob *seal.ID) ([]byte, error) {
			return member.PersonRemoveBody{Person: person, Fences: inline, Blob: blob, Reason: reason}.Encode()
		}, after)
		if err != nil {
			return err
		}
		if err := w.revokeThatOf(ctx, st, p, after); err != nil {
			return err
		}
		return w.rotateAll(ctx, after)
	})
}

// revokeThatOf ends the invitation that a removed person came with, where it would let
// that person in once more, as somebody new.
func (w *Workspace) revokeThatOf(ctx context.Context, st *member.State, p member.Person, after *afterCommit) error {
	invite, ok := st.Invite(p.Invite)
	if !ok || p.Status == member.Left || invite.Open(w.now().UnixMilli()) != nil {
		return nil
	}
	return w.postRevoke(ctx, invite, after)
}

// appoints is the own person, if it may give somebody a role that this one does not have.
func (w *Workspace) appoints(st *member.State, person seal.ID, role member.Role) (own member.Person, err error) {
	own, _ = st.Person(w.self.person)
	p, err := w.below(st, person)
	switch {
	case err != nil && !errors.Is(err, ErrOutranked):
		return own, err
	case p.Status == member.Left:
		return own, untouched{ErrPersonGone}
	case p.Role == role:
		return own, untouched{ErrSameRole}
	case own.Role != member.RoleOwner:
		return own, untouched{ErrOwnersAppoint}
	}
	return own, err
}

// SetRole gives a person another role, below the own one before and after. A new owner
// stands below the one who made it. Who becomes a guest is out of the main space, and no
// recipient of what is written there from then on.
func (w *Workspace) SetRole(ctx context.Context, person seal.ID, role member.Role) error {
	return w.act(ctx, "set the role of "+person.Short(), func(ctx context.Context, st *member.State, after *afterCommit) error {
		own, err := w.appoints(st, person, role)
		if err != nil {
			return err
		}
		body := member.RoleSetBody{Person: person, Role: role}
		if role == member.RoleOwner {
			body.OwnerRank = own.OwnerRank + 1
		}
		raw, err := body.Encode()
		if err != nil {
			return err
		}
		if _, err := w.members.post(ctx, member.TypeRoleSet, raw, after); err != nil {
			return err
		}
		if role == member.RoleGuest { // whatever the invitation gave
			none := member.SpaceSetBody{Space: st.MainSpace(), Members: []member.SpaceMember{{Person: person, Access: member.AccessNone}}}
			if err := w.postBody(ctx, member.TypeSpaceSet, none.Encode, after); err != nil {
				return err
			}
		}
		return w.rotateAll(ctx, after)
	})
}

// Transfer makes another person the top owner, in the place of this one.
func (w *Workspace) Transfer(ctx context.Context, person seal.ID) error {
	return w.act(ctx, "hand over to "+person.Short(), func(ctx context.Context, st *member.State, after *afterCommit) error {
		switch p, ok := st.Person(person); {
		case !ok || p.Status != member.Active:
			return untouched{fmt.Errorf("person %s: %w", person.Short(), ErrNotFound)}
		case person == w.self.person:
			return untouched{ErrYourself}
		case !st.IsTop(w.self.person):
			return untouched{ErrNotTop}
		}
		return w.postBody(ctx, member.TypeTransfer, member.TransferBody{Person: person}.Encode, after)
	})
}

// Leave takes the own person out of the workspace. What it wrote stays. Who outranks it
// confirms that (see [Workspace.RemovePerson]), which changes the keys.
func (w *Workspace) Leave(ctx context.Context) error {
	return w.act(ctx, "leave", func(ctx context.Context, st *member.State, after *afterCommit) error {
		if st.IsTop(w.self.person) {
			return untouched{ErrHandOver}
		}
		return w.postBody(ctx, member.TypeLeave, member.LeaveBody{}.Encode, after)
	})
}

// Confirm ends the suspension of a person whose invitation was used too often: it was
// the right one (rule M33).
func (w *Workspace) Confirm(ctx context.Context, person seal.ID) error {
	return w.act(ctx, "confirm "+person.Short(), func(ctx context.Context, st *member.State, after *afterCommit) error {
		switch p, ok := st.Person(person); {
		case !ok:
			return untouched{fmt.Errorf("person %s: %w", person.Short(), ErrNotFound)}
		case p.Status != member.Suspended:
			return untouched{ErrNotSuspended}
		}
		return w.postBody(ctx, member.TypeConfirm, member.ConfirmBody{Person: person}.Encode, after)
	})
}

// SetPolicy changes what holds for the whole workspace.
func (w *Workspace) SetPolicy(ctx context.Context, policy member.Policy) error {
	return w.act(ctx, "set the policy", func(ctx context.Context, st *member.State, after *afterCommit) error {
		if !st.IsTop(w.self.person) {
			return untouched{ErrNotTop}
		}
		return w.postBody(ctx, member.TypePolicy, member.PolicyBody{Policy: policy}.Encode, after)
	})
}

// postBody posts what encode makes.
func (w *Workspace) postBody(ctx context.Context, typ member.Type, encode func() ([]byte, error), after *afterCommit) error {
	raw, err := encode()
	if err != nil {
		return err
	}
	_, err = w.members.post(ctx, typ, raw, after)
	return err
}
