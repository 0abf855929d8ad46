package workspace

import (
	"context"
	"errors"
	"fmt"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// answer checks a JoinRequest and makes the welcome, in mode 0 after the codes
// were compared over talk and the Admit was posted.
func (m *Manager) answer(ctx context.Context, w *Workspace, from seal.ID, request member.JoinRequest, talk Talk) (Welcome, error) {
	st := w.State()
	invite, ok := st.Invite(request.InviteID)
	if !ok && w.members.isNotKept(request.InviteID) {
		return Welcome{}, &Refusal{RefusedRevoked}
	}
	if !ok {
		return Welcome{}, &Refusal{RefusedUnknown}
	}
	if err := request.Check(invite, m.network.Self(), from); err != nil {
		return Welcome{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	known := false
	if device, ok := st.DeviceByPeer(from); ok && device.Active {
		person, _ := st.Person(device.Person)
		known = person.Invite == invite.ID // it was let in before, but our answer got lost
	}
	if err := invite.Open(w.now().UnixMilli()); err != nil && !known {
		return Welcome{}, &Refusal{refusalCode(err)}
	}
	var welcome Welcome
	var err error
	if invite.Mode == member.ModeInstant {
		welcome.Box, err = w.storedBox(ctx, invite)
	} else {
		welcome.Grant, err = m.admitByCodes(ctx, w, from, request, invite, known, talk)
	}
	if err != nil {
		return Welcome{}, err
	}
	welcome.Entries, welcome.Addrs = w.members.all(), m.addressBook(ctx, w)
	wraps, err := w.newestWraps(ctx, invite)
	if err != nil {
		return Welcome{}, err
	}
	fences, err := w.fenceBlobs(ctx)
	welcome.Blobs = append(wraps, fences...)
	return welcome, err
}

func (w *Workspace) storedBox(ctx context.Context, invite member.Invite) ([]byte, error) {
	cover, found, err := w.box(ctx, member.BoxID(invite.PK))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, &Refusal{RefusedWait}
	}
	return cover.Box, nil
}

// admitByCodes compares codes, posts the Admit and seals the keys to the joiner's
// device. Only the inviter and admins may.
func (m *Manager) admitByCodes(ctx context.Context, w *Workspace, from seal.ID, request member.JoinRequest, invite member.Invite, known bool, talk Talk) ([]byte, error) {
	st := w.State()
	if talk == nil || invite.By != w.self.person && !mayInvite(st, w.self.device) {
		return nil, &Refusal{RefusedWait}
	}
	if !known {
		if err := m.converse(ctx, w, from, request, invite, talk); err != nil {
			return nil, errors.Join(&Refusal{RefusedRules}, err)
		}
		if err := w.postAdmit(ctx, m.network.Self(), from, request, invite); err != nil {
			return nil, err
		}
		if joiner, err := founderOf(request.PersonGenesis); err == nil {
			m.compared(w, joiner, ByJoining)
		}
	}
	genesis, _, err := member.ParsePersonGenesis(request.PersonGenesis)
	if err != nil {
		return nil, err
	}
	record, err := genesis.First()
	if err != nil {
		return nil, err
	}
	return member.SealInviteBox(record.KEMPK, w.id, invite.ID, w.boxContent(w.State(), invite))
}

func (w *Workspace) postAdmit(ctx context.Context, self, from seal.ID, request member.JoinRequest, invite member.Invite) error {
	return w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		body, err := member.AdmitBody{
			PersonGenesis: request.PersonGenesis, Role: invite.Role, InviteID: invite.ID, InvSig: request.InvSig,
			Nonce: request.Nonce, PeerA: self, PeerB: from, Spaces: invite.Spaces,
		}.Encode()
		if err != nil {
			return err
		}
		_, err = w.members.post(ctx, member.TypeAdmit, body, after)
		return err
	})
}

// newestWraps are the wraps of the newest epochs of an invitation's spaces.
func (w *Workspace) newestWraps(ctx context.Context, invite member.Invite) ([][]byte, error) {
	var blobs [][]byte
	for _, space := range invite.Spaces {
		epochs := w.State().Epochs(space.Space)
		if len(epochs) == 0 {
			continue
		}
		raw, found, err := w.storage.Blob(ctx, w.id, wrapsName(epochs[len(epochs)-1].WrapsHash))
		if err != nil {
			return nil, err
		}
		if found {
			blobs = append(blobs, append([]byte{blobWraps}, raw...))
		}
	}
	return blobs, nil
}

func refusalCode(err error) string {
	switch {
	case errors.Is(err, member.ErrInviteExpired):
		return RefusedExpired
	case errors.Is(err, member.ErrInviteRevoked):
		return RefusedRevoked
	case errors.Is(err, member.ErrInviteUsed):
		return RefusedUsed
	default:
		return RefusedRules
	}
}

// admit stores the Join entry of a device that was welcomed.
func (w *Workspace) admit(ctx context.Context, entry *member.Entry, sealed []byte) error {
	var outcome seal.Outcome
	var refused error
	err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		outcome, refused = w.members.add(ctx, entry, sealed, after)
		return nil // a refused entry has changed nothing
	})
	switch {
	case err != nil:
		return err
	case outcome == seal.OK || outcome == seal.Drop:
		return nil
	case outcome == seal.Pend: // we are behind; another member may not be
		return errors.Join(&Refusal{RefusedWait}, refused)
	default:
		return errors.Join(&Refusal{RefusedRules}, refused)
	}
}
