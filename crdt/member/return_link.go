package member

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"parvis/crdt/seal"
)

const returnLinkPrefix = "parvis://return#"

// ErrReturnLinkBroken reports text that is no link for coming back, or a damaged one.
var ErrReturnLinkBroken = errors.New("this is not a complete link for coming back")

// ErrReturnLinkNewer reports a link for coming back of a later version of the program.
var ErrReturnLinkNewer = errors.New("this link for coming back was made by a newer version")

// ReturnLink says where members are whom a person with a paper key can come back
// through (rule M46). It holds no secret.
type ReturnLink struct {
	V       uint
	WS      seal.ID
	Expires uint32 // minutes since 1970; until when the members wait for a stranger
	Peers   []LinkPeer
}

type wireReturnLink struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Expires uint32
	Peers   []wirePeer
}

// String returns the link as people send it. Addresses, then peers, that do not fit
// are left out.
func (l ReturnLink) String() string {
	return returnLinkPrefix + base64.RawURLEncoding.EncodeToString(l.bytes())
}

// QR returns the link for a QR code, in the alphabet that needs fewer dots.
func (l ReturnLink) QR() string {
	return strings.ToUpper(returnLinkPrefix) + linkBase32().EncodeToString(l.bytes())
}

// Expired reports whether the link's time is over, with a day's tolerance for a wrong
// clock here. nowMs is Unix time in milliseconds.
func (l ReturnLink) Expired(nowMs int64) bool {
	return nowMs > int64(l.Expires)*minuteMs+linkToleranceMs
}

func (l ReturnLink) bytes() []byte {
	fits := wireLink{}
	for _, peer := range l.Peers[:min(len(l.Peers), MaxLinkPeers)] {
		fits.Peers = append(fits.Peers, wirePeerOf(peer))
	}
	for {
		raw, err := seal.Encode(wireReturnLink{V: 1, WS: l.WS, Expires: l.Expires, Peers: fits.Peers})
		if err != nil {
			panic("member: encode link for coming back: " + err.Error()) // plain fields always encode
		}
		if len(raw) <= maxLinkBytes || len(fits.Peers) == 0 {
			return raw
		}
		fits.shorten()
	}
}

// ParseReturnLink finds the link in what a person pasted, as [ParseLink] does. The
// error is [ErrReturnLinkBroken] or [ErrReturnLinkNewer]; an expired link parses.
func ParseReturnLink(text string) (ReturnLink, error) {
	link, err := findLink(text, returnLinkPrefix, parseReturnLink)
	switch {
	case errors.Is(err, ErrLinkNewer):
		err = ErrReturnLinkNewer
	case err != nil:
		err = ErrReturnLinkBroken
	}
	return link, err
}

func parseReturnLink(raw []byte) (ReturnLink, error) {
	wire, err := decode[wireReturnLink](raw, form{"link for coming back", maxLinkBytes, seal.Reject, seal.Pend})
	switch seal.OutcomeOf(err) {
	case seal.OK:
	case seal.Pend:
		return ReturnLink{}, ErrLinkNewer
	default:
		return ReturnLink{}, ErrLinkBroken
	}
	if len(wire.Peers) > MaxLinkPeers {
		return ReturnLink{}, ErrLinkBroken
	}
	link := ReturnLink{V: wire.V, WS: wire.WS, Expires: wire.Expires}
	for _, peer := range wire.Peers {
		one, err := peer.peer()
		if err != nil {
			return ReturnLink{}, err
		}
		link.Peers = append(link.Peers, one)
	}
	return link, nil
}

// MaxReturnRequest is the size limit of a return request in bytes.
const MaxReturnRequest = maxKeyMessage

const labelReturnRequest = "parvis1/return/request"

// ReturnRequest is how a new device shows that its person has the paper key (rule
// M46). It names both transport identities, so that nobody can pass it on, and the
// key that the answer is sealed to.
type ReturnRequest struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	WS       seal.ID
	Recovery seal.ID // the paper key
	Device   seal.ID // the signing key of the new device
	KEMPK    []byte
	PeerA    seal.ID // who answers
	PeerB    seal.ID // who asks
	Nonce    seal.ID
}

// NewReturnRequest makes a request of a device to the member with peer key peerA;
// peerB is its own.
func NewReturnRequest(recovery seal.SignKey, ws, device seal.ID, kemPK []byte, peerA, peerB seal.ID) ([]byte, error) {
	raw, err := sign(recovery, labelReturnRequest, ReturnRequest{
		V: 1, WS: ws, Recovery: recovery.Public(), Device: device, KEMPK: kemPK, PeerA: peerA, PeerB: peerB, Nonce: seal.ID(seal.Random(32)),
	})
	if err != nil {
		return nil, fmt.Errorf("new return request: %w", err)
	}
	return raw, nil
}

// ParseReturnRequest reads a request and checks the signature of the paper key. A
// newer version has the outcome [seal.Drop].
func ParseReturnRequest(raw []byte) (ReturnRequest, error) {
	if len(raw) > MaxReturnRequest {
		return ReturnRequest{}, reject("return request: too long")
	}
	r, err := unsign(raw, labelReturnRequest, "return request", func(r ReturnRequest) seal.ID { return r.Recovery })
	if err != nil {
		return ReturnRequest{}, err
	}
	if seal.CheckSignKey(r.Device) != nil || seal.CheckKEMKey(r.KEMPK) != nil {
		return ReturnRequest{}, reject("return request: bad key")
	}
	return r, nil
}

// Check reports whether the request was made for exactly this connection.
func (r ReturnRequest) Check(peerA, peerB seal.ID) error {
	if r.PeerA != peerA || r.PeerB != peerB {
		return reject("return request: for another connection")
	}
	return nil
}
