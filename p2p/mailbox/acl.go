package mailbox

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"parvis/p2p/wire"
)

// Limits of an access list (X30).
const (
	MaxPeers  = 600
	MaxAdmins = 64
	MaxACL    = 32 << 10 // bytes, signature included
	// MaxCounter leaves room above any counter, so that no list is the last one.
	MaxCounter = 1 << 62
)

// aclLabel is what a signature and the hash of an access list begin with.
const aclLabel = "parvis1/relayacl"

// ACL is the access list of a workspace at a super-peer: the devices that may
// use it and, among them, the admins' devices, which may replace the list.
type ACL struct {
	Workspace [32]byte
	Counter   uint64
	Peers     [][32]byte // host keys, sorted
	Admins    [][32]byte // host keys, sorted, all among Peers
	Author    [32]byte   // host key of the device that signs
	Hash      [32]byte   // names the list; set by ParseACL
}

// wireACL is what is signed.
type wireACL struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Workspace [32]byte
	Counter   uint64
	Peers     [][32]byte
	Admins    [][32]byte
	Author    [32]byte
}

// signedACL is how it travels.
type signedACL struct {
	_       struct{} `cbor:",toarray"`
	Payload []byte
	Sig     []byte
}

// SignACL makes the bytes of a list. seed is that of the author's host key
// (protocol 2.2, peer_sk); the author is filled in, and both lists are sorted
// and freed of repetitions.
func SignACL(seed [32]byte, list ACL) ([]byte, error) {
	key := ed25519.NewKeyFromSeed(seed[:])
	list.Author = [32]byte(key.Public().(ed25519.PublicKey))
	list.Peers, list.Admins = sorted(list.Peers), sorted(list.Admins)
	if err := list.check(); err != nil {
		return nil, fmt.Errorf("sign access list: %w", err)
	}
	payload, err := wire.Encode(wireACL{
		V: 1, Workspace: list.Workspace, Counter: list.Counter, Peers: list.Peers, Admins: list.Admins, Author: list.Author,
	})
	if err != nil {
		return nil, fmt.Errorf("sign access list: %w", err)
	}
	return wire.Encode(signedACL{Payload: payload, Sig: ed25519.Sign(key, labelled(payload))})
}

// ParseACL reads a list and checks its form and its author's signature.
func ParseACL(raw []byte) (ACL, error) {
	if len(raw) > MaxACL {
		return ACL{}, fmt.Errorf("%w: access list", wire.ErrTooLarge)
	}
	signed, err := wire.Decode[signedACL](raw)
	if err != nil {
		return ACL{}, err
	}
	w, err := wire.Decode[wireACL](signed.Payload)
	if err != nil {
		return ACL{}, err
	}
	if w.V != 1 {
		return ACL{}, fmt.Errorf("%w: version of an access list", wire.ErrMalformed)
	}
	list := ACL{Workspace: w.Workspace, Counter: w.Counter, Peers: w.Peers, Admins: w.Admins, Author: w.Author, Hash: hashACL(signed.Payload)}
	if err := list.check(); err != nil {
		return ACL{}, fmt.Errorf("%w: %v", wire.ErrMalformed, err)
	}
	if len(signed.Sig) != ed25519.SignatureSize || !ed25519.Verify(list.Author[:], labelled(signed.Payload), signed.Sig) {
		return ACL{}, fmt.Errorf("%w: signature of an access list", wire.ErrMalformed)
	}
	return list, nil
}

// check is the form of a list (X30).
func (l ACL) check() error {
	switch {
	case len(l.Peers) == 0 || len(l.Peers) > MaxPeers:
		return fmt.Errorf("%d peers", len(l.Peers))
	case len(l.Admins) == 0 || len(l.Admins) > MaxAdmins:
		return fmt.Errorf("%d admins", len(l.Admins))
	case l.Counter > MaxCounter:
		return fmt.Errorf("counter %d", l.Counter)
	case !ascending(l.Peers) || !ascending(l.Admins):
		return errors.New("not sorted, or with repetitions")
	}
	for _, admin := range l.Admins {
		if !l.Has(admin) {
			return errors.New("an admin that is none of the peers")
		}
	}
	return nil
}

// Has reports whether a device may use the super-peer.
func (l ACL) Has(peer [32]byte) bool { return has(l.Peers, peer) }

// Admin reports whether a device may replace the list.
func (l ACL) Admin(peer [32]byte) bool { return has(l.Admins, peer) }

// Replaces says what becomes of a list that arrives where old is stored, nil for
// none. setup means that it came with the set-up secret, which needs no admin
// and no counter: it is how an operator takes a mailbox back (X32, X33).
func (l ACL) Replaces(old *ACL, setup bool) Code {
	switch {
	case old != nil && l.Hash == old.Hash:
		return CodeStored // it is the same one
	case setup:
		return CodeStored
	case old == nil || !old.Admin(l.Author):
		return CodeNotAdmin
	case l.Counter < old.Counter:
		return CodeOldCounter
	case l.Counter == old.Counter && bytes.Compare(l.Hash[:], old.Hash[:]) > 0:
		return CodeOldCounter
	}
	return CodeStored
}

func labelled(payload []byte) []byte {
	return append(append([]byte(aclLabel), 0), payload...)
}

// hashACL is H("parvis1/relayacl", payload).
func hashACL(payload []byte) [32]byte { return hashOf(aclLabel, payload) }

func compareKeys(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }

func has(keys [][32]byte, key [32]byte) bool {
	_, found := slices.BinarySearchFunc(keys, key, compareKeys)
	return found
}

func sorted(keys [][32]byte) [][32]byte {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, compareKeys)
	return slices.Compact(keys)
}

func ascending(keys [][32]byte) bool {
	for i := 1; i < len(keys); i++ {
		if compareKeys(keys[i-1], keys[i]) >= 0 {
			return false
		}
	}
	return true
}
