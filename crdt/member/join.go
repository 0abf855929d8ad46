package member

import (
	"fmt"

	"parvis/crdt/seal"
)

// MaxJoinRequest is the size limit of a join request in bytes.
const MaxJoinRequest = MaxPersonGenesis + 512

const labelJoin = "parvis1/join/inv"

// JoinRequest asks a member to be let in. It names the joiner's keys and, in
// its signatures, both transport identities (protocol 2.3).
type JoinRequest struct {
	_             struct{} `cbor:",toarray"`
	V             uint
	WS            seal.ID
	InviteID      seal.ID
	PersonGenesis []byte
	Nonce         seal.ID
	InvSig        []byte
	PersonSig     []byte
}

// joinProof is what the invitation's key signs in a request and, for an Admit,
// everybody checks again.
func joinProof(ws, invite seal.ID, genesis []byte, peerA, peerB, nonce seal.ID) []byte {
	h := seal.Hash("parvis1/join", ws[:], invite[:], genesis, peerA[:], peerB[:], nonce[:])
	return h[:]
}

// selfProof is what the invitation's key signs in a Join entry.
func selfProof(ws, invite seal.ID, genesis []byte, nonce, logHead seal.ID) []byte {
	h := seal.Hash("parvis1/join/self", ws[:], invite[:], genesis, nonce[:], logHead[:])
	return h[:]
}

// NewJoinRequest makes a request of the device with key sign to the member with
// peer key peerA; peerB is the joiner's own. nonce must be random.
func NewJoinRequest(keys InviteKeys, sign seal.SignKey, ws seal.ID, genesis []byte, peerA, peerB, nonce seal.ID) ([]byte, error) {
	proof := joinProof(ws, keys.ID, genesis, peerA, peerB, nonce)
	raw, err := seal.Encode(JoinRequest{
		V: 1, WS: ws, InviteID: keys.ID, PersonGenesis: genesis, Nonce: nonce,
		InvSig: keys.Sign.Sign(labelJoin, proof), PersonSig: sign.Sign(labelJoin, proof),
	})
	if err != nil {
		return nil, fmt.Errorf("encode join request: %w", err)
	}
	return raw, nil
}

// ParseJoinRequest reads a request and checks the person in it. Its signatures
// are checked by [JoinRequest.Check]. A newer version has the outcome [seal.Drop].
func ParseJoinRequest(raw []byte) (JoinRequest, error) {
	request, err := decode[JoinRequest](raw, form{"join request", MaxJoinRequest, seal.Reject, seal.Drop})
	if err != nil {
		return JoinRequest{}, err
	}
	if len(request.InvSig) != seal.SigSize || len(request.PersonSig) != seal.SigSize {
		return JoinRequest{}, reject("join request: malformed")
	}
	if _, _, err := ParsePersonGenesis(request.PersonGenesis); err != nil {
		return JoinRequest{}, err
	}
	return request, nil
}

// Check verifies that the request was made with the invitation's link, by the
// device it names, for exactly this connection: peerA is the responder's peer
// key and peerB the one that the transport authenticated. Whether the
// invitation is open is asked with [Invite.Open].
func (r JoinRequest) Check(invite Invite, peerA, peerB seal.ID) error {
	_, device, _, err := parsePersonGenesis(r.PersonGenesis)
	if err != nil {
		return err
	}
	proof := joinProof(r.WS, r.InviteID, r.PersonGenesis, peerA, peerB, r.Nonce)
	switch {
	case r.InviteID != invite.ID:
		return reject("join request: another invitation")
	case device.PeerPK != peerB:
		return reject("join request: from another peer")
	case !seal.Verify(invite.PK, labelJoin, proof, r.InvSig):
		return reject("join request: wrong signature of the invitation")
	case !seal.Verify(device.SignPK, labelJoin, proof, r.PersonSig):
		return reject("join request: wrong signature of the person")
	}
	return nil
}

// NewAdmitBody makes the body of the Admit entry that lets in who made a
// checked request.
func NewAdmitBody(r JoinRequest, invite Invite, peerA, peerB seal.ID) AdmitBody {
	return AdmitBody{
		V: 1, PersonGenesis: r.PersonGenesis, Role: invite.Role, InviteID: r.InviteID, InvSig: r.InvSig, Nonce: r.Nonce,
		PeerA: peerA, PeerB: peerB, Spaces: invite.Spaces,
	}
}

// NewJoinBody makes the body of the Join entry with which a device joins by a
// mode 1 invitation. logHead is an entry of the log it was given.
func NewJoinBody(keys InviteKeys, ws seal.ID, genesis []byte, nonce, logHead seal.ID) (JoinBody, error) {
	if _, _, err := ParsePersonGenesis(genesis); err != nil {
		return JoinBody{}, fmt.Errorf("make join: %w", err)
	}
	return JoinBody{
		V: 1, PersonGenesis: genesis, InviteID: keys.ID, Nonce: nonce, LogHead: logHead,
		InvSig: keys.Sign.Sign(labelJoin, selfProof(ws, keys.ID, genesis, nonce, logHead)),
	}, nil
}
