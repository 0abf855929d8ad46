package member

import (
	"fmt"

	"parvis/crdt/seal"
)

const (
	labelKeyRequest = "parvis1/keyrequest"
	labelKeyGrant   = "parvis1/keygrant"
	maxKeyMessage   = 2 << 10
)

// KeyRequest asks a member for the secret of an epoch.
type KeyRequest struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Space   seal.SpaceID
	EpochID seal.ID
	Dev     seal.ID // who asks
	KemGen  uint32
	Nonce   seal.ID
}

// KeyGrant carries the secret of an epoch to one device. It is checked against
// the epoch's commitment, not believed.
type KeyGrant struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Space   seal.SpaceID
	EpochID seal.ID
	Dev     seal.ID
	KemGen  uint32
	Granter seal.ID
	Sealed  []byte
}

// sign writes a message as [payload, sig].
func sign[T any](key seal.SignKey, label string, message T) ([]byte, error) {
	payload, err := seal.Encode(message)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	raw, err := seal.Encode(seal.Signed{Payload: payload, Sig: key.Sign(label, payload)})
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return raw, nil
}

// unsign reads what sign wrote; the signer is known from the message.
func unsign[T any](raw []byte, label, name string, signer func(T) seal.ID) (T, error) {
	var zero T
	if len(raw) > maxKeyMessage {
		return zero, reject(name + ": too long")
	}
	signed, err := seal.Decode[seal.Signed](raw)
	if err != nil {
		return zero, reject(name + ": malformed")
	}
	message, err := decode[T](signed.Payload, form{name, maxKeyMessage, seal.Reject, seal.Drop})
	if err != nil {
		return zero, err
	}
	if !seal.Verify(signer(message), label, signed.Payload, signed.Sig) {
		return zero, reject(name + ": wrong signature")
	}
	return message, nil
}

// NewKeyRequest asks for an epoch's secret, sealed to the device's encryption
// key of generation kemGen.
func NewKeyRequest(key seal.SignKey, ws seal.ID, space seal.SpaceID, epochID seal.ID, kemGen uint32) ([]byte, error) {
	raw, err := sign(key, labelKeyRequest, KeyRequest{
		V: 1, WS: ws, Space: space, EpochID: epochID, Dev: key.Public(), KemGen: kemGen, Nonce: seal.ID(seal.Random(32)),
	})
	if err != nil {
		return nil, fmt.Errorf("new key request: %w", err)
	}
	return raw, nil
}

// ParseKeyRequest reads a request and checks its signature. A newer version has
// the outcome [seal.Drop].
func ParseKeyRequest(raw []byte) (KeyRequest, error) {
	return unsign(raw, labelKeyRequest, "key request", func(r KeyRequest) seal.ID { return r.Dev })
}

// Check reports whether the request may be answered now: the device has access
// and the epoch lies within the space's history policy (rule M36). An unknown
// epoch has the outcome [seal.Pend].
func (r KeyRequest) Check(st *State) error {
	device, ok := st.Device(r.Dev)
	switch {
	case r.WS != st.ws:
		return reject("key request: another workspace")
	case !ok || !st.CanRead(r.Space, r.Dev):
		return reject("key request: no access")
	case device.KemGen != r.KemGen:
		return reject("key request: old encryption key")
	}
	if _, ok := st.Epoch(r.Space, r.EpochID); !ok {
		return &seal.Fault{Outcome: seal.Pend, Reason: "key request: unknown epoch"}
	}
	if !st.OpenTo(device.Person, r.Space, r.EpochID) {
		return reject("key request: from before joining")
	}
	return nil
}

// NewKeyGrant gives an epoch's secret to a device that may have it.
func NewKeyGrant(key seal.SignKey, ws seal.ID, ep Epoch, secret seal.Key, to Device) ([]byte, error) {
	granter := key.Public()
	sealed, err := seal.SealTo(to.KemPK, wrapInfo("parvis1/grant", ws, ep.Space, ep.ID, to.ID, to.KemGen, granter), secret[:])
	if err != nil {
		return nil, fmt.Errorf("new key grant: %w", err)
	}
	raw, err := sign(key, labelKeyGrant, KeyGrant{
		V: 1, WS: ws, Space: ep.Space, EpochID: ep.ID, Dev: to.ID, KemGen: to.KemGen, Granter: granter, Sealed: sealed,
	})
	if err != nil {
		return nil, fmt.Errorf("new key grant: %w", err)
	}
	return raw, nil
}

// ParseKeyGrant reads a grant and checks its signature. A newer version has the
// outcome [seal.Drop].
func ParseKeyGrant(raw []byte) (KeyGrant, error) {
	grant, err := unsign(raw, labelKeyGrant, "key grant", func(g KeyGrant) seal.ID { return g.Granter })
	if err != nil {
		return KeyGrant{}, err
	}
	if len(grant.Sealed) != wrapSize {
		return KeyGrant{}, reject("key grant: malformed")
	}
	return grant, nil
}

// OpenKeyGrant takes the secret of ep for the device dev out of a grant by the
// device granter. It accepts only what the granter may know and what the
// epoch's id commits to.
func OpenKeyGrant(raw []byte, st *State, ep Epoch, ws, dev, granter seal.ID, kem func(gen uint32) (seal.KEMKey, bool)) (seal.Key, error) {
	grant, err := ParseKeyGrant(raw)
	if err != nil {
		return seal.Key{}, err
	}
	switch {
	case grant.WS != ws || grant.Space != ep.Space || grant.EpochID != ep.ID || grant.Dev != dev:
		return seal.Key{}, reject("key grant: of something else")
	case grant.Granter != granter || !st.CanRead(ep.Space, granter):
		return seal.Key{}, reject("key grant: by somebody without access")
	}
	if known, ok := st.Epoch(ep.Space, ep.ID); !ok || known.N != ep.N {
		return seal.Key{}, reject("key grant: unknown epoch")
	}
	key, ok := kem(grant.KemGen)
	if !ok {
		return seal.Key{}, reject("key grant: unknown encryption key")
	}
	plain, err := key.Open(wrapInfo("parvis1/grant", ws, ep.Space, ep.ID, dev, grant.KemGen, granter), grant.Sealed)
	if err != nil || len(plain) != len(seal.Key{}) {
		return seal.Key{}, reject("key grant: does not open")
	}
	if secret := seal.Key(plain); CheckSecret(ws, ep, secret) {
		return secret, nil
	}
	return seal.Key{}, reject("key grant: wrong secret")
}
