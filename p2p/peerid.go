package p2p

import (
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
)

// maxPeerIDText bounds the text of a peer id before it is decoded. The base58
// text of an Ed25519 id has 52 characters.
const maxPeerIDText = 64

// PeerID names a device on the network: the base58 text of the identity hash of
// its Ed25519 host key (protocol 2.2, peer_pk). Equal keys have equal texts.
type PeerID string

// PeerIDOf returns the id of the device with this Ed25519 host key.
func PeerIDOf(pub [32]byte) (PeerID, error) {
	k, err := crypto.UnmarshalEd25519PublicKey(pub[:])
	if err != nil {
		return "", fmt.Errorf("peer id: %w", err)
	}
	id, err := peer.IDFromPublicKey(k)
	if err != nil {
		return "", fmt.Errorf("peer id: %w", err)
	}
	return PeerID(id.String()), nil
}

// PublicKey returns the Ed25519 host key inside the id. An id of another kind
// of key, or in another spelling than PeerIDOf makes, is an error (W1).
func (p PeerID) PublicKey() ([32]byte, error) {
	var pub [32]byte
	id, err := p.decode()
	if err != nil {
		return pub, err
	}
	k, err := id.ExtractPublicKey()
	if err != nil {
		return pub, fmt.Errorf("peer id: %w", err)
	}
	raw, err := k.Raw()
	if err != nil {
		return pub, fmt.Errorf("peer id: %w", err)
	}
	if k.Type() != crypto.Ed25519 || len(raw) != len(pub) {
		return pub, errors.New("peer id: not an Ed25519 key")
	}
	return [32]byte(raw), nil
}

// Short returns the last 8 characters, enough for a log line.
func (p PeerID) Short() string {
	return string(p[max(0, len(p)-8):])
}

func (p PeerID) decode() (peer.ID, error) {
	if len(p) > maxPeerIDText {
		return "", errors.New("peer id: too long")
	}
	id, err := peer.Decode(string(p))
	if err != nil {
		return "", fmt.Errorf("peer id: %w", err)
	}
	if id.String() != string(p) {
		return "", errors.New("peer id: not in its usual spelling")
	}
	return id, nil
}

func textOf(id peer.ID) PeerID { return PeerID(id.String()) }
