package member

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/seal"
)

// MaxPrev bounds the back-links of an epoch.
const MaxPrev = 8

// boxSize is the length of a back-link's box in bytes.
const boxSize = len(seal.Key{}) + seal.Overhead

// PrevBox is a link from an epoch to the one before: its secret, sealed under
// the new one. An empty box says that the author did not have it (rule M30).
type PrevBox struct {
	_       struct{} `cbor:",toarray"`
	EpochID seal.ID
	Box     []byte
}

// EpochBody starts a new epoch of a space (protocol 2.7).
type EpochBody struct {
	_          struct{} `cbor:",toarray"`
	V          uint
	Space      seal.SpaceID
	N          uint64
	EpochID    seal.ID
	Prev       []PrevBox // sorted by epoch id; empty: nothing before, or cut off
	RecipsHash seal.ID
	WrapsHash  seal.ID
	Reason     uint // a code for the screen
}

// Epoch is a valid epoch of a space.
type Epoch struct {
	Space      seal.SpaceID
	N          uint64
	ID         seal.ID
	Prev       []PrevBox
	Recips     []seal.ID // devices, sorted; do not change
	RecipsHash seal.ID
	WrapsHash  seal.ID
	Author     seal.ID // device
	Entry      seal.ID
	Reason     uint
	Void       bool // decrypts, but nobody sends with it
}

// Encode writes the body.
func (b EpochBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeEpoch reads the body of an Epoch entry.
func DecodeEpoch(raw []byte) (EpochBody, error) { return decodeBody[EpochBody](raw) }

func (b EpochBody) shape() error {
	if b.N == 0 {
		return reject("epoch: bad number")
	}
	if len(b.Prev) > MaxPrev {
		return reject("epoch: too many back-links")
	}
	for i, p := range b.Prev {
		if i > 0 && b.Prev[i-1].EpochID.Compare(p.EpochID) >= 0 {
			return reject("epoch: back-links not sorted")
		}
		if len(p.Box) != 0 && len(p.Box) != boxSize {
			return reject("epoch: bad back-link")
		}
	}
	return nil
}

func (b EpochBody) check(c *check) error {
	space, ok := c.st.spaces.get(spaceKey(b.Space))
	if !ok {
		return reject("epoch: unknown space")
	}
	if !c.st.CanWrite(b.Space, c.device.id) {
		return reject("epoch: no write access")
	}
	if space.kind == SpaceMain && c.person.role < RoleGuest {
		c.needRole(RoleMember)
	}
	c.grant(space.grounds(c.person.id)...)
	if b.N != space.epochs.maxN+1 {
		return reject("epoch: wrong number")
	}
	if _, known := space.epochs.find(b.EpochID); known {
		return reject("epoch: known")
	}
	if err := b.checkPrev(c, space); err != nil {
		return err
	}
	recipients := c.st.Recipients(b.Space)
	if b.RecipsHash != recipsHash(recipients) {
		return reject("epoch: wrong recipients")
	}
	c.rec.added.epoch = &Epoch{
		Space: b.Space, N: b.N, ID: b.EpochID, Prev: b.Prev, Recips: c.log.recipients(b.RecipsHash, recipients),
		RecipsHash: b.RecipsHash, WrapsHash: b.WrapsHash, Author: c.device.id, Entry: c.e.ID, Reason: b.Reason,
	}
	return nil
}

// checkPrev requires back-links to exactly the current epochs. Leaving them all
// out cuts the history off; that is for spaces that have none, and for admins.
func (b EpochBody) checkPrev(c *check, space *spaceRec) error {
	current := space.epochs.currentIDs()
	if len(b.Prev) == 0 && len(current) > 0 {
		if space.history == HistoryFromJoin || c.st.access(b.Space, c.person) == AccessAdmin {
			return nil
		}
		return reject("epoch: cuts the history off")
	}
	if !slices.EqualFunc(b.Prev, current, func(p PrevBox, id seal.ID) bool { return p.EpochID == id }) {
		return reject("epoch: wrong back-links")
	}
	return nil
}

// recipients shares equal lists of recipients between epochs: a list with the
// same hash has the same devices.
func (l *Log) recipients(hash seal.ID, devices []Device) []seal.ID {
	if ids, ok := l.recips[hash]; ok {
		return ids
	}
	ids := make([]seal.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
	}
	l.recips[hash] = ids
	return ids
}

// recipsHash commits to the recipients and the generations of their keys.
func recipsHash(devices []Device) seal.ID {
	parts := make([][]byte, 0, len(devices))
	for _, d := range devices {
		parts = append(parts, binary.BigEndian.AppendUint32(d.ID[:], d.KemGen))
	}
	return seal.Hash("parvis1/recips", parts...)
}

// EpochID commits to an epoch's secret.
func EpochID(ws seal.ID, space seal.SpaceID, n uint64, secret seal.Key) seal.ID {
	return seal.Hash("parvis1/epoch", ws[:], space[:], binary.BigEndian.AppendUint64(nil, n), secret[:])
}

// CheckSecret reports whether a secret is that of an epoch.
func CheckSecret(ws seal.ID, ep Epoch, secret seal.Key) bool {
	return EpochID(ws, ep.Space, ep.N, secret) == ep.ID
}

func prevKey(secret seal.Key, prev seal.ID) seal.Key {
	return seal.KDF(secret[:], nil, "parvis1/prev"+string(prev[:]))
}

func prevAAD(ws seal.ID, space seal.SpaceID, epoch, prev seal.ID) []byte {
	return slices.Concat(ws[:], space[:], epoch[:], prev[:])
}

// NewEpoch makes a new epoch of a space for the state st: the body of its entry,
// its secret, and the wraps that carry the secret to every recipient. Secrets of
// current epochs that are not in prevSecrets (by epoch id), or that the history policy
// keeps from a recipient ([State.OpenToAll]), leave their link empty. cut leaves all links out, which needs an admin of the space unless its
// history begins with everybody's joining.
func NewEpoch(st *State, space seal.SpaceID, author seal.ID, prevSecrets map[seal.ID]seal.Key, cut bool, reason uint) (EpochBody, seal.Key, []byte, error) {
	fail := func(err error) (EpochBody, seal.Key, []byte, error) { return EpochBody{}, seal.Key{}, nil, err }
	if !st.CanWrite(space, author) {
		return fail(errors.New("new epoch: the device may not write in the space"))
	}
	secret := seal.RandomKey()
	n, prev := st.NextEpoch(space)
	body := EpochBody{V: 1, Space: space, N: n, EpochID: EpochID(st.ws, space, n, secret), Reason: reason}
	if !cut {
		for _, e := range prev {
			link := PrevBox{EpochID: e.ID}
			if older, ok := prevSecrets[e.ID]; ok && st.OpenToAll(space, e.ID) {
				link.Box = prevKey(secret, e.ID).Seal(older[:], prevAAD(st.ws, space, body.EpochID, e.ID))
			}
			body.Prev = append(body.Prev, link)
		}
	}
	recipients := st.Recipients(space)
	body.RecipsHash = recipsHash(recipients)
	wraps, err := sealWraps(st.ws, body, author, secret, recipients)
	if err != nil {
		return fail(fmt.Errorf("new epoch: %w", err))
	}
	body.WrapsHash = WrapsHash(wraps)
	return body, secret, wraps, nil
}

// OpenPrev opens the links of an epoch. It returns the secrets by epoch id,
// together with an error when a link does not open; compare each with its epoch
// ([CheckSecret]).
func OpenPrev(ws seal.ID, ep Epoch, secret seal.Key) (map[seal.ID]seal.Key, error) {
	older := map[seal.ID]seal.Key{}
	var failed error
	for _, p := range ep.Prev {
		if len(p.Box) == 0 {
			continue
		}
		plain, err := prevKey(secret, p.EpochID).Open(p.Box, prevAAD(ws, ep.Space, ep.ID, p.EpochID))
		if err != nil || len(plain) != len(seal.Key{}) {
			failed = &seal.Fault{Outcome: seal.Evidence, Reason: "epoch: a back-link does not open"}
			continue
		}
		older[p.EpochID] = seal.Key(plain)
	}
	return older, failed
}
