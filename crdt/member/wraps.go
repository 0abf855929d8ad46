package member

import (
	"encoding/binary"
	"fmt"
	"slices"

	"parvis/crdt/seal"
)

// Limits of wraps (rule M32).
const (
	MaxRecipients = 600
	MaxWraps      = 740 << 10 // bytes
	wrapSize      = len(seal.Key{}) + seal.KEMOverhead
)

// wraps carries an epoch's secret to its recipients. It lies beside the log,
// named by its hash.
type wraps struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Space   seal.SpaceID
	EpochID seal.ID
	Wraps   []wrap // by device
}

type wrap struct {
	_      struct{} `cbor:",toarray"`
	Dev    seal.ID
	KemGen uint32
	Sealed []byte
}

// WrapsHash names the wraps of an epoch.
func WrapsHash(raw []byte) seal.ID { return seal.Sum(raw) }

func wrapInfo(label string, ws seal.ID, space seal.SpaceID, epoch, dev seal.ID, gen uint32, author seal.ID) []byte {
	return slices.Concat([]byte(label), ws[:], space[:], epoch[:], dev[:], binary.BigEndian.AppendUint32(nil, gen), author[:])
}

func sealWraps(ws seal.ID, body EpochBody, author seal.ID, secret seal.Key, recipients []Device) ([]byte, error) {
	if len(recipients) > MaxRecipients {
		return nil, fmt.Errorf("%d recipients, at most %d", len(recipients), MaxRecipients)
	}
	all := wraps{V: 1, WS: ws, Space: body.Space, EpochID: body.EpochID}
	for _, d := range recipients {
		info := wrapInfo("parvis1/wrap", ws, body.Space, body.EpochID, d.ID, d.KemGen, author)
		sealed, err := seal.SealTo(d.KemPK, info, secret[:])
		if err != nil {
			return nil, fmt.Errorf("wrap for device %s: %w", d.ID.Short(), err)
		}
		all.Wraps = append(all.Wraps, wrap{Dev: d.ID, KemGen: d.KemGen, Sealed: sealed})
	}
	raw, err := seal.Encode(all)
	if err != nil {
		return nil, fmt.Errorf("encode wraps: %w", err)
	}
	return raw, nil
}

func parseWraps(raw []byte) (wraps, error) {
	all, err := decode[wraps](raw, form{"wraps", MaxWraps, seal.Drop, seal.Pend})
	if err != nil {
		return wraps{}, err
	}
	drop := func(reason string) (wraps, error) {
		return wraps{}, &seal.Fault{Outcome: seal.Drop, Reason: reason}
	}
	if len(all.Wraps) > MaxRecipients {
		return drop("wraps: too many")
	}
	for i, w := range all.Wraps {
		if len(w.Sealed) != wrapSize {
			return drop("wraps: bad size")
		}
		if i > 0 && all.Wraps[i-1].Dev.Compare(w.Dev) >= 0 {
			return drop("wraps: not sorted")
		}
	}
	return all, nil
}

// OpenWraps takes an epoch's secret out of its wraps with a device's encryption
// key of the generation that it was sealed to. The outcome of an error is
// [seal.Reject] for wraps of another hash, [seal.Drop] for malformed ones or
// when this device is no recipient, [seal.Pend] when the key is not here, and
// [seal.Evidence] when the author sealed something wrong to this device.
func OpenWraps(raw []byte, ep Epoch, ws, dev seal.ID, kem func(gen uint32) (seal.KEMKey, bool)) (seal.Key, error) {
	fail := func(o seal.Outcome, reason string) (seal.Key, error) {
		return seal.Key{}, &seal.Fault{Outcome: o, Reason: reason}
	}
	if WrapsHash(raw) != ep.WrapsHash {
		return fail(seal.Reject, "wraps: another hash")
	}
	all, err := parseWraps(raw)
	if err != nil {
		return seal.Key{}, err
	}
	if all.WS != ws || all.Space != ep.Space || all.EpochID != ep.ID {
		return fail(seal.Evidence, "wraps: of another epoch")
	}
	at, found := slices.BinarySearchFunc(all.Wraps, dev, func(w wrap, dev seal.ID) int { return w.Dev.Compare(dev) })
	if !found {
		if _, recipient := slices.BinarySearchFunc(ep.Recips, dev, seal.ID.Compare); recipient {
			return fail(seal.Evidence, "wraps: own wrap is missing")
		}
		return fail(seal.Drop, "wraps: not a recipient")
	}
	own := all.Wraps[at]
	key, ok := kem(own.KemGen)
	if !ok {
		return fail(seal.Pend, "wraps: encryption key is not here")
	}
	plain, err := key.Open(wrapInfo("parvis1/wrap", ws, ep.Space, ep.ID, dev, own.KemGen, ep.Author), own.Sealed)
	if err != nil || len(plain) != len(seal.Key{}) {
		return fail(seal.Evidence, "wraps: own wrap does not open")
	}
	secret := seal.Key(plain)
	if !CheckSecret(ws, ep, secret) {
		return fail(seal.Evidence, "wraps: wrong secret")
	}
	return secret, nil
}
