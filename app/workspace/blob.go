package workspace

import (
	"context"
	"fmt"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// The kinds of blobs that travel beside the log: one byte in front.
const (
	blobWraps  = 0 // the wraps of an epoch, named by its wraps_hash
	blobBox    = 1 // an InviteBox in its signed cover
	blobFences = 2 // the fences that do not fit into a removal, named by their hash
)

// boxCover carries an InviteBox (protocol 2.3). The box can be sealed again by
// whoever rotates an epoch, so its content has no fixed hash: the cover is
// signed by a device that may invite, and the higher counter wins.
type boxCover struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	WS       seal.ID
	InviteID seal.ID
	BoxID    seal.ID
	Counter  uint64
	KemPK    []byte
	Box      []byte
	Dev      seal.ID
	Sig      []byte
}

const boxLabel = "parvis1/boxcover"

func (b boxCover) signed() ([]byte, error) {
	b.Sig = nil
	return seal.Encode(b)
}

// receiveBlob keeps a blob that the log refers to.
func (w *Workspace) receiveBlob(ctx context.Context, raw []byte) error {
	if len(raw) < 2 {
		return &seal.Fault{Outcome: seal.Reject, Reason: "an empty blob"}
	}
	switch raw[0] {
	case blobWraps:
		return w.receiveWraps(ctx, raw[1:])
	case blobBox:
		return w.receiveBox(ctx, raw[1:])
	case blobFences:
		return w.receiveFences(ctx, raw[1:])
	default:
		return nil // a kind of a newer version
	}
}

func (w *Workspace) receiveWraps(ctx context.Context, raw []byte) error {
	hash := member.WrapsHash(raw)
	st := w.members.pending()
	for _, space := range st.Spaces() {
		for _, epoch := range st.Epochs(space.ID) {
			if epoch.WrapsHash == hash {
				return w.storage.PutBlob(ctx, w.id, wrapsName(hash), raw)
			}
		}
	}
	return nil // its epoch entry is not here (yet): it comes again with it
}

func (w *Workspace) receiveBox(ctx context.Context, raw []byte) error {
	cover, err := seal.Decode[boxCover](raw)
	if err != nil {
		return &seal.Fault{Outcome: seal.Reject, Reason: "an invitation box that cannot be decoded: " + err.Error()}
	}
	payload, err := cover.signed()
	if err != nil || cover.V != 1 || cover.WS != w.id || !seal.Verify(cover.Dev, boxLabel, payload, cover.Sig) {
		return &seal.Fault{Outcome: seal.Reject, Reason: "an invitation box with a wrong signature"}
	}
	st := w.members.pending()
	invite, ok := st.Invite(cover.InviteID)
	if !ok || !mayInvite(st, cover.Dev) || member.BoxID(invite.PK) != cover.BoxID {
		return nil
	}
	old, found, err := w.box(ctx, cover.BoxID)
	if err != nil {
		return err
	}
	if found && old.Counter >= cover.Counter {
		return nil
	}
	return w.storage.PutBlob(ctx, w.id, cover.BoxID, raw)
}

// mayInvite reports whether a device belongs to an active admin or owner.
func mayInvite(st *member.State, dev seal.ID) bool {
	device, ok := st.Device(dev)
	if !ok || !device.Active {
		return false
	}
	person, ok := st.Person(device.Person)
	return ok && person.Status == member.Active && person.Role <= member.RoleAdmin
}

// box reads the stored box of an invitation.
func (w *Workspace) box(ctx context.Context, boxID seal.ID) (boxCover, bool, error) {
	raw, found, err := w.storage.Blob(ctx, w.id, boxID)
	if err != nil || !found {
		return boxCover{}, false, err
	}
	cover, err := seal.Decode[boxCover](raw)
	return cover, err == nil, err
}

// boxContent is what an invitation gives: the log key and the newest secrets of
// its spaces.
func (w *Workspace) boxContent(st *member.State, invite member.Invite) member.InviteBox {
	content := member.InviteBox{LK: w.keys.log()}
	for _, grant := range invite.Spaces {
		epoch, ok := st.SendEpoch(grant.Space, w.keys.hasEpoch)
		if !ok {
			continue
		}
		secret, _ := w.keys.epoch(epoch.ID)
		content.Spaces = append(content.Spaces, member.BoxSpace{Space: grant.Space, EpochID: epoch.ID, Secret: secret})
	}
	return content
}

// sealBox seals what an invitation opens, under the newest secrets of its spaces.
func (w *Workspace) sealBox(ctx context.Context, st *member.State, invite member.Invite, kemPK []byte, counter uint64) error {
	box, err := member.SealInviteBox(kemPK, w.id, invite.ID, w.boxContent(st, invite))
	if err != nil {
		return fmt.Errorf("seal invitation box: %w", err)
	}
	cover := boxCover{V: 1, WS: w.id, InviteID: invite.ID, BoxID: member.BoxID(invite.PK), Counter: counter, KemPK: kemPK, Box: box, Dev: w.self.device}
	payload, err := cover.signed()
	if err != nil {
		return err
	}
	cover.Sig = w.self.sign.Sign(boxLabel, payload)
	raw, err := seal.Encode(cover)
	if err != nil {
		return err
	}
	return w.storage.PutBlob(ctx, w.id, cover.BoxID, raw)
}

// resealBoxes renews the boxes of all open invitations after a rotation. A device
// that may not invite leaves them: who joins then asks for the newer key.
func (w *Workspace) resealBoxes(ctx context.Context) error {
	st := w.members.pending()
	if !mayInvite(st, w.self.device) {
		return nil
	}
	for _, invite := range st.Invites() {
		cover, found, err := w.box(ctx, member.BoxID(invite.PK))
		if err != nil {
			return err
		}
		if !found || invite.Open(w.now().UnixMilli()) != nil {
			continue
		}
		if err := w.sealBox(ctx, st, invite, cover.KemPK, cover.Counter+1); err != nil {
			return err
		}
	}
	return nil
}

// blobsFor are the blobs that belong to log entries: wraps to an epoch, the box
// to an invitation, and with an epoch all boxes, since it may have renewed them.
func (w *Workspace) blobsFor(ctx context.Context, entries []seal.ID) ([][]byte, error) {
	var blobs [][]byte
	boxes := map[seal.ID]bool{}
	for _, id := range entries {
		entry := w.members.entry(id)
		if entry == nil {
			continue
		}
		switch entry.Type {
		case member.TypeEpoch:
			body, err := member.DecodeEpoch(entry.Body)
			if err != nil {
				continue
			}
			raw, found, err := w.storage.Blob(ctx, w.id, wrapsName(body.WrapsHash))
			if err != nil {
				return nil, err
			}
			if found {
				blobs = append(blobs, append([]byte{blobWraps}, raw...))
			}
			fallthrough
		case member.TypeInvite:
			for _, invite := range w.State().Invites() {
				if invite.Open(w.now().UnixMilli()) == nil {
					boxes[member.BoxID(invite.PK)] = true
				}
			}
		case member.TypeDeviceRemove, member.TypePersonRemove:
			raw, err := w.fencesBeside(ctx, entry)
			if err != nil {
				return nil, err
			}
			if raw != nil {
				blobs = append(blobs, raw)
			}
		default:
		}
	}
	for box := range boxes {
		raw, found, err := w.storage.Blob(ctx, w.id, box)
		if err != nil {
			return nil, err
		}
		if found {
			blobs = append(blobs, append([]byte{blobBox}, raw...))
		}
	}
	return blobs, nil
}
