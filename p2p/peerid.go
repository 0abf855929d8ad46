package p2p

import (
	"errors"
	"fmt"
	"sync"

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
	return textOf(id), nil
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

// Short returns the last 8 characters, the one short form of a peer for people and in
// logs: the beginnings are all alike.
func (p PeerID) Short() string {
	return string(p[max(0, len(p)-8):])
}

func (p PeerID) decode() (peer.ID, error) {
	if len(p) > maxPeerIDText {
		return "", errors.New("peer id: too long")
	}
	if id, ok := spellings.id(p); ok {
		return id, nil
	}
	id, err := peer.Decode(string(p))
	if err != nil {
		return "", fmt.Errorf("peer id: %w", err)
	}
	if id.String() != string(p) {
		return "", errors.New("peer id: not in its usual spelling")
	}
	spellings.note(id, p)
	return id, nil
}

func textOf(id peer.ID) PeerID {
	if text, ok := spellings.text(id); ok {
		return text
	}
	text := PeerID(id.String())
	spellings.note(id, text)
	return text
}

// spelling remembers the texts of ids: base 58 takes microseconds, and the same few
// ids are asked for with every frame.
type spelling struct {
	mu    sync.RWMutex
	texts map[peer.ID]PeerID // guarded by mu
	ids   map[PeerID]peer.ID // guarded by mu
}

// maxSpellings bounds what is remembered; strangers' ids count too.
const maxSpellings = 4096

var spellings = &spelling{texts: map[peer.ID]PeerID{}, ids: map[PeerID]peer.ID{}}

func (s *spelling) text(id peer.ID) (PeerID, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	text, ok := s.texts[id]
	return text, ok
}

func (s *spelling) id(text PeerID) (peer.ID, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.ids[text]
	return id, ok
}

func (s *spelling) note(id peer.ID, text PeerID) {
	if len(text) > maxPeerIDText {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.texts) >= maxSpellings {
		s.texts, s.ids = map[peer.ID]PeerID{}, map[PeerID]peer.ID{}
	}
	s.texts[id], s.ids[text] = text, id
}
