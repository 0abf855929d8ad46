package member

import (
	"fmt"
	"slices"

	"parvis/crdt/seal"
)

// Limits of an entry (rule M11).
const (
	MaxEntry   = 64 << 10 // bytes of payload
	MaxParents = 16
	// MaxSealedEntry is the limit of an entry as it travels, sealed.
	MaxSealedEntry = MaxEntry + seal.SigSize + 16 + seal.Overhead
)

const labelEntry = "parvis1/entry"

// Type says what an entry does.
type Type uint

// The types of entries (protocol 2.5).
const (
	TypeGenesis Type = iota
	TypeAdmit
	TypeDeviceAdd
	TypeDeviceRemove
	TypeRoleSet
	TypePersonRemove
	TypeInvite
	TypeInviteRevoke
	TypeSpaceCreate
	TypeSpaceSet
	TypeEpoch
	TypeKemUpdate
	TypePolicy
	TypeDepose
	TypeLeave
	TypeTransfer
	TypeRelaySet
	TypeAck
	TypeJoin
	TypeConfirm
)

// Entry is one signed statement of a device in the membership log. ID is a hash
// of the payload. WS is the workspace, also in a genesis, whose payload has
// zeros there because the id is made from it.
type Entry struct {
	ID      seal.ID
	V       uint
	WS      seal.ID
	Type    Type
	Parents []seal.ID
	Dev     seal.ID
	Seq     uint64
	Prev    seal.ID
	HintMs  int64 // the author's clock: a label only
	Body    []byte
	Payload []byte
	Sig     []byte

	content content // the decoded body
}

// entryPayload is the signed form.
type entryPayload struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Type    Type
	Parents []seal.ID
	Dev     seal.ID
	Seq     uint64
	Prev    seal.ID
	HintMs  int64
	Body    []byte
}

// WorkspaceID is the id of the workspace that a genesis entry founds, and of
// the workspace of any other entry.
func WorkspaceID(e *Entry) seal.ID { return e.WS }

// LogKeyID is the commitment to a log key that stands in the genesis.
func LogKeyID(lk seal.Key) seal.ID { return seal.Hash("parvis1/lk", lk[:]) }

// ParseEntry reads an entry and makes all checks that need no log: size,
// canonical bytes, signature, fields, body. An unknown version or type has the
// outcome [seal.Pend]: this program must be updated, because ignoring the entry
// would split the team. Pure and safe for concurrent use, so that many entries
// are verified in parallel.
func ParseEntry(payload, sig []byte) (*Entry, error) {
	p, err := decode[entryPayload](payload, form{"entry", MaxEntry, seal.Reject, seal.Pend})
	if err != nil {
		if seal.OutcomeOf(err) == seal.Pend && !signedByNewer(payload, sig) {
			return nil, reject("entry: wrong signature")
		}
		return nil, err
	}
	if !seal.Verify(p.Dev, labelEntry, payload, sig) {
		return nil, reject("entry: wrong signature")
	}
	return newEntry(p, payload, sig)
}

// newEntry judges the fields and the body of a signed payload.
func newEntry(p entryPayload, payload, sig []byte) (*Entry, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	e := &Entry{
		ID: seal.Hash(labelEntry, payload), V: p.V, WS: p.WS, Type: p.Type, Parents: p.Parents, Dev: p.Dev,
		Seq: p.Seq, Prev: p.Prev, HintMs: p.HintMs, Payload: slices.Clone(payload), Sig: slices.Clone(sig), Body: p.Body,
	}
	if p.Type == TypeGenesis {
		e.WS = seal.Hash("parvis1/ws", payload)
	}
	var err error
	if e.content, err = decodeContent(p.Type, p.Body); err != nil {
		return nil, err
	}
	return e, nil
}

// signedByNewer checks the signature of an entry of a later version, in which the
// author keeps its place (rule M1): nothing unsigned may wait.
func signedByNewer(payload, sig []byte) bool {
	const author = 4
	elements, err := seal.Elements(payload)
	if err != nil || len(elements) <= author {
		return false
	}
	dev, err := seal.Decode[seal.ID](elements[author])
	return err == nil && seal.Verify(dev, labelEntry, payload, sig)
}

// check judges the fields by themselves (rule M12).
func (p entryPayload) check() error {
	if p.Type > TypeConfirm {
		return &seal.Fault{Outcome: seal.Pend, Reason: "entry: newer type"}
	}
	if p.Type == TypeGenesis {
		if !p.WS.IsZero() || len(p.Parents) != 0 || p.Seq != 1 || !p.Prev.IsZero() {
			return reject("entry: genesis that refers to something")
		}
		return nil
	}
	switch {
	case p.WS.IsZero():
		return reject("entry: no workspace")
	case len(p.Parents) == 0 || len(p.Parents) > MaxParents:
		return reject("entry: number of parents")
	case !ascending(p.Parents):
		return reject("entry: parents not sorted")
	case p.Seq == 0 || (p.Seq == 1) != p.Prev.IsZero():
		return reject("entry: place in the chain")
	case seal.CheckSignKey(p.Dev) != nil:
		return reject("entry: bad author key")
	}
	return nil
}

// ascending reports whether ids are sorted and different.
func ascending(ids []seal.ID) bool {
	for i := 1; i < len(ids); i++ {
		if ids[i-1].Compare(ids[i]) >= 0 {
			return false
		}
	}
	return true
}

// signEntry makes the entry of a payload.
func signEntry(key seal.SignKey, p entryPayload) (*Entry, error) {
	p.V = 1
	p.Dev = key.Public()
	payload, err := seal.Encode(p)
	if err != nil {
		return nil, fmt.Errorf("encode entry: %w", err)
	}
	if len(payload) > MaxEntry {
		return nil, fmt.Errorf("entry of %d bytes, at most %d", len(payload), MaxEntry)
	}
	return newEntry(p, payload, key.Sign(labelEntry, payload))
}

// NewGenesis founds a workspace: its id is [WorkspaceID] of the entry.
func NewGenesis(key seal.SignKey, body GenesisBody, hintMs int64) (*Entry, error) {
	raw, err := body.Encode()
	if err != nil {
		return nil, err
	}
	entry, err := signEntry(key, entryPayload{Type: TypeGenesis, Seq: 1, HintMs: hintMs, Body: raw})
	if err != nil {
		return nil, fmt.Errorf("make genesis: %w", err)
	}
	return entry, nil
}

func logAAD(ws seal.ID) []byte { return append([]byte("parvis1/log"), ws[:]...) }

// SealUnder encrypts the entry as it travels and lies at super-peers. Its author
// does it once; everybody forwards the same bytes.
func (e *Entry) SealUnder(lk seal.Key) ([]byte, error) {
	plain, err := seal.Encode(seal.Signed{Payload: e.Payload, Sig: e.Sig})
	if err != nil {
		return nil, fmt.Errorf("encode entry: %w", err)
	}
	return lk.Seal(plain, logAAD(e.WS)), nil
}

// OpenEntry decrypts and parses an entry of a workspace.
func OpenEntry(lk seal.Key, ws seal.ID, sealed []byte) (*Entry, error) {
	if len(sealed) > MaxSealedEntry {
		return nil, reject("entry: too long")
	}
	plain, err := lk.Open(sealed, logAAD(ws))
	if err != nil {
		return nil, reject("entry: does not open with the log key")
	}
	signed, err := seal.Decode[seal.Signed](plain)
	if err != nil {
		return nil, reject("entry: malformed")
	}
	e, err := ParseEntry(signed.Payload, signed.Sig)
	if err != nil {
		return nil, err
	}
	if e.WS != ws {
		return nil, reject("entry: another workspace")
	}
	return e, nil
}
