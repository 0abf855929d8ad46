package member

import (
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/seal"
)

// Limits of invitations (rule M9).
const (
	MaxUses         = 500
	MaxInviteSpaces = 16
	// MaxInviteBox is the size limit of a sealed box in bytes.
	MaxInviteBox = 4 << 10
)

// Why an invitation cannot be used.
var (
	ErrInviteUsed    = errors.New("the invitation is used up")
	ErrInviteExpired = errors.New("the invitation has expired")
	ErrInviteRevoked = errors.New("the invitation was revoked")
)

// SpaceGrant gives access to a space.
type SpaceGrant struct {
	_      struct{} `cbor:",toarray"`
	Space  seal.SpaceID
	Access Access
}

// Invite is an invitation as the log shows it.
type Invite struct {
	ID      seal.ID
	PK      seal.ID
	Role    Role
	Spaces  []SpaceGrant
	Mode    uint
	Uses    uint  // how many persons may join
	Used    uint  // how many did
	Expires int64 // Unix milliseconds
	By      seal.ID
	Revoked bool // by an entry, or because its maker may not invite any more
}

// Open returns nil while the invitation may be used, else [ErrInviteRevoked],
// [ErrInviteUsed] or [ErrInviteExpired]. nowMs is Unix time in milliseconds.
func (i Invite) Open(nowMs int64) error {
	switch {
	case i.Revoked:
		return ErrInviteRevoked
	case i.Used >= i.Uses:
		return ErrInviteUsed
	case nowMs > i.Expires:
		return ErrInviteExpired
	}
	return nil
}

// InviteKeys are the keys that everybody who holds the link can derive.
type InviteKeys struct {
	Sign  seal.SignKey
	KEM   seal.KEMKey
	ID    seal.ID // names the invitation in the log
	BoxID seal.ID // names its InviteBox
}

// InviteKeysOf derives the keys of an invitation from the seed in its link.
func InviteKeysOf(ws seal.ID, seed [16]byte) (InviteKeys, error) {
	sign := seal.NewSignKey(seal.KDF(seed[:], ws[:], "parvis1/inv/sk"))
	kem, err := seal.NewKEMKey(seal.KDF(seed[:], ws[:], "parvis1/inv/kem"))
	if err != nil {
		return InviteKeys{}, fmt.Errorf("derive invitation keys: %w", err)
	}
	return InviteKeys{Sign: sign, KEM: kem, ID: InviteID(sign.Public()), BoxID: BoxID(sign.Public())}, nil
}

// InviteID is the id of the invitation with a public key.
func InviteID(pk seal.ID) seal.ID { return seal.Hash("parvis1/inv", pk[:]) }

// BoxID names the blob that carries the InviteBox of an invitation.
func BoxID(pk seal.ID) seal.ID { return seal.Hash("parvis1/invbox", pk[:]) }

// NewInvite makes an invitation with a random seed: the body of its log entry,
// its keys, and the seed, which belongs into the [Link].
func NewInvite(ws seal.ID, role Role, spaces []SpaceGrant, mode, uses uint, expires int64) (InviteBody, InviteKeys, [16]byte, error) {
	seed := [16]byte(seal.Random(16))
	keys, err := InviteKeysOf(ws, seed)
	if err != nil {
		return InviteBody{}, InviteKeys{}, seed, err
	}
	return InviteBody{
		V: 1, InvPK: keys.Sign.Public(), Role: role, Spaces: sortGrants(spaces), Mode: mode, Uses: uses, Expires: expires,
	}, keys, seed, nil
}

// InviteBox is what a mode 1 invitation opens: the log key, and the newest
// epoch secrets of its spaces.
type InviteBox struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	LK     seal.Key
	Spaces []BoxSpace
}

// BoxSpace is the newest epoch of one space.
type BoxSpace struct {
	_       struct{} `cbor:",toarray"`
	Space   seal.SpaceID
	EpochID seal.ID
	Secret  seal.Key
}

func boxInfo(ws, invite seal.ID) []byte {
	return slices.Concat([]byte("parvis1/invbox"), ws[:], invite[:])
}

// SealInviteBox encrypts a box to an invitation's encryption key.
func SealInviteBox(kemPK []byte, ws, invite seal.ID, box InviteBox) ([]byte, error) {
	if len(box.Spaces) > MaxInviteSpaces {
		return nil, fmt.Errorf("seal invitation box: %d spaces, at most %d", len(box.Spaces), MaxInviteSpaces)
	}
	box.V = 1
	plain, err := seal.Encode(box)
	if err != nil {
		return nil, fmt.Errorf("encode invitation box: %w", err)
	}
	sealed, err := seal.SealTo(kemPK, boxInfo(ws, invite), plain)
	if err != nil {
		return nil, fmt.Errorf("seal invitation box: %w", err)
	}
	return sealed, nil
}

// OpenInviteBox decrypts a box. Whoever knows the invitation's public
// encryption key can seal one, so the caller compares the log key with the
// genesis ([State.LogKeyID]) and every secret with its epoch ([CheckSecret]).
func OpenInviteBox(keys InviteKeys, ws seal.ID, sealed []byte) (InviteBox, error) {
	if len(sealed) > MaxInviteBox {
		return InviteBox{}, reject("invitation box: too long")
	}
	plain, err := keys.KEM.Open(boxInfo(ws, keys.ID), sealed)
	if err != nil {
		return InviteBox{}, reject("invitation box: does not open")
	}
	box, err := decode[InviteBox](plain, form{"invitation box", MaxInviteBox, seal.Reject, seal.Pend})
	if err != nil {
		return InviteBox{}, err
	}
	if len(box.Spaces) > MaxInviteSpaces {
		return InviteBox{}, reject("invitation box: too many spaces")
	}
	return box, nil
}
