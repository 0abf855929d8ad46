package member

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parvis/crdt/seal"
)

const deviceLinkPrefix = "parvis://device#"

// ErrDeviceLinkBroken reports text that is no link for a device, or a damaged one.
var ErrDeviceLinkBroken = errors.New("this is not a complete link for adding a device")

// ErrDeviceLinkNewer reports a device link made by a later version of the program.
var ErrDeviceLinkNewer = errors.New("this link for adding a device was made by a newer version")

// DeviceLink is what a device shows when its person adds another one (rule M44).
// Whoever reads it may begin to compare codes once, and no more.
type DeviceLink struct {
	V       uint
	WS      seal.ID // the workspace that the codes are about
	Secret  [16]byte
	Expires uint32 // minutes since 1970
	Peer    LinkPeer
}

type wireDeviceLink struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Secret  [16]byte
	Expires uint32
	Peer    wirePeer
}

// String returns the link as a person copies it. Addresses that do not fit are left
// out.
func (l DeviceLink) String() string {
	return deviceLinkPrefix + base64.RawURLEncoding.EncodeToString(l.bytes())
}

// QR returns the link for a QR code, in the alphabet that needs fewer dots.
func (l DeviceLink) QR() string {
	return strings.ToUpper(deviceLinkPrefix) + linkBase32().EncodeToString(l.bytes())
}

// ID names the link without giving its secret away.
func (l DeviceLink) ID() seal.ID { return seal.Hash("parvis1/devicelink", l.WS[:], l.Secret[:]) }

// Expired reports whether the link's time is over, with a day's tolerance for a wrong
// clock here. nowMs is Unix time in milliseconds.
func (l DeviceLink) Expired(nowMs int64) bool {
	return nowMs > int64(l.Expires)*minuteMs+linkToleranceMs
}

func (l DeviceLink) bytes() []byte {
	wire := wireDeviceLink{V: 1, WS: l.WS, Secret: l.Secret, Expires: l.Expires, Peer: wirePeerOf(l.Peer)}
	for {
		raw, err := seal.Encode(wire)
		if err != nil {
			panic("member: encode device link: " + err.Error()) // plain fields always encode
		}
		if len(raw) <= maxLinkBytes || len(wire.Peer.Addrs) == 0 {
			return raw
		}
		wire.Peer.Addrs = wire.Peer.Addrs[:len(wire.Peer.Addrs)-1]
	}
}

// ParseDeviceLink finds the link in what a person pasted, as [ParseLink] does. The
// error is [ErrDeviceLinkBroken] or [ErrDeviceLinkNewer]; an expired link parses.
func ParseDeviceLink(text string) (DeviceLink, error) {
	link, err := findLink(text, deviceLinkPrefix, parseDeviceLink)
	switch {
	case errors.Is(err, ErrLinkNewer):
		err = ErrDeviceLinkNewer
	case err != nil:
		err = ErrDeviceLinkBroken
	}
	return link, err
}

func parseDeviceLink(raw []byte) (DeviceLink, error) {
	wire, err := decode[wireDeviceLink](raw, form{"device link", maxLinkBytes, seal.Reject, seal.Pend})
	switch seal.OutcomeOf(err) {
	case seal.OK:
	case seal.Pend:
		return DeviceLink{}, ErrLinkNewer
	default:
		return DeviceLink{}, ErrLinkBroken
	}
	peer, err := wire.Peer.peer()
	if err != nil {
		return DeviceLink{}, err
	}
	return DeviceLink{V: wire.V, WS: wire.WS, Secret: wire.Secret, Expires: wire.Expires, Peer: peer}, nil
}

// DeviceStep says what a [DeviceRequest] asks for.
type DeviceStep uint

// The steps of adding a device.
const (
	DevicePair DeviceStep = 1 // compare codes
	DeviceTake DeviceStep = 2 // one workspace
	DeviceDone DeviceStep = 3 // all of them are here
)

// MaxDeviceRequest is the size limit of a device request in bytes.
const MaxDeviceRequest = 512

const labelDeviceRequest = "parvis1/devicelink/request"

// DeviceRequest is how a new device shows that it holds a link. It names the device,
// and its proof both transport identities, so that nobody can pass it on.
type DeviceRequest struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Step   DeviceStep
	Link   seal.ID
	Device seal.ID // its signing key
	WS     seal.ID // for [DeviceTake]
	Nonce  seal.ID
	Proof  seal.ID
}

func (r DeviceRequest) proof(secret [16]byte, peerA, peerB seal.ID) seal.ID {
	salt := slices.Concat([]byte{byte(r.Step)}, r.Link[:], r.Device[:], r.WS[:], r.Nonce[:], peerA[:], peerB[:])
	return seal.ID(seal.KDF(secret[:], salt, "parvis1/devicelink/proof"))
}

// NewDeviceRequest makes a request of the device with that key to the device with
// peer key peerA; peerB is its own.
func NewDeviceRequest(link DeviceLink, key seal.SignKey, step DeviceStep, ws, peerA, peerB seal.ID) ([]byte, error) {
	r := DeviceRequest{V: 1, Step: step, Link: link.ID(), Device: key.Public(), WS: ws, Nonce: seal.ID(seal.Random(32))}
	r.Proof = r.proof(link.Secret, peerA, peerB)
	raw, err := sign(key, labelDeviceRequest, r)
	if err != nil {
		return nil, fmt.Errorf("new device request: %w", err)
	}
	return raw, nil
}

// ParseDeviceRequest reads a request and checks the device's signature. A newer
// version has the outcome [seal.Drop].
func ParseDeviceRequest(raw []byte) (DeviceRequest, error) {
	if len(raw) > MaxDeviceRequest {
		return DeviceRequest{}, reject("device request: too long")
	}
	r, err := unsign(raw, labelDeviceRequest, "device request", func(r DeviceRequest) seal.ID { return r.Device })
	if err != nil {
		return DeviceRequest{}, err
	}
	if r.Step < DevicePair || r.Step > DeviceDone {
		return DeviceRequest{}, reject("device request: unknown step")
	}
	return r, nil
}

// Check reports whether the request was made by somebody who holds the link, for
// exactly this connection.
func (r DeviceRequest) Check(link DeviceLink, peerA, peerB seal.ID) error {
	want := r.proof(link.Secret, peerA, peerB)
	if r.Link != link.ID() || !seal.EqualBytes(want[:], r.Proof[:]) {
		return reject("device request: not by this link")
	}
	return nil
}
