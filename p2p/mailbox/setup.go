package mailbox

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Limits of a set-up code (X40).
const (
	SetupSecret   = 16 // bytes
	maxSetupAddrs = 6
	maxSetupAddr  = 128 // bytes
	maxSetup      = 1 << 10
	maxSetupText  = 8 << 10 // bytes of text in which a code is looked for
	setupPrefix   = "parvis://superpeer#"
)

var (
	// ErrSetupBroken reports a text that is no set-up code.
	ErrSetupBroken = errors.New("this is not a set-up code, or a part of it is missing")
	// ErrSetupNewer reports a code of a newer program.
	ErrSetupNewer = errors.New("this set-up code was made by a newer version of Parvis")
)

// Setup is what the operator of a super-peer hands to the owner of a workspace.
// Who has it may take over the access list of every workspace there.
type Setup struct {
	Peer   p2p.PeerID
	Secret [SetupSecret]byte
	Addrs  []string
}

type wireSetup struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Peer   [32]byte
	Secret [SetupSecret]byte
	Addrs  [][]byte
}

// String is the code as text. Addresses that are too long or too many are left
// out; an id that names no peer gives an empty text.
func (s Setup) String() string {
	key, err := s.Peer.PublicKey()
	if err != nil {
		return ""
	}
	w := wireSetup{V: 1, Peer: key, Secret: s.Secret, Addrs: [][]byte{}}
	for _, addr := range s.Addrs {
		if len(addr) > 0 && len(addr) <= maxSetupAddr && len(w.Addrs) < maxSetupAddrs {
			w.Addrs = append(w.Addrs, []byte(addr))
		}
	}
	raw, err := wire.Encode(w)
	if err != nil {
		return ""
	}
	return setupPrefix + base64.RawURLEncoding.EncodeToString(raw)
}

// ParseSetup reads a set-up code, also with blanks and line breaks in it, as
// mail programs make them, and in quotes, as in the first line of a super-peer.
// Addresses that may not be dialled are left out.
func ParseSetup(text string) (Setup, error) {
	if len(text) > maxSetupText {
		return Setup{}, ErrSetupBroken
	}
	code, ok := findSetup(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text))
	if !ok || base64.RawURLEncoding.DecodedLen(len(code)) > maxSetup {
		return Setup{}, ErrSetupBroken
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(code)
	if err != nil {
		return Setup{}, ErrSetupBroken
	}
	return decodeSetup(raw)
}

// findSetup finds what follows the prefix of a set-up code: up to the end, or where
// a quotation mark stands ahead of it, up to the next one.
func findSetup(text string) (code string, ok bool) {
	for at := range max(len(text)-len(setupPrefix), 0) {
		// Both have as many bytes, so what folds into the prefix is ASCII.
		if !strings.EqualFold(text[at:at+len(setupPrefix)], setupPrefix) {
			continue
		}
		code = text[at+len(setupPrefix):]
		if at > 0 && (text[at-1] == '"' || text[at-1] == '\'') {
			code, _, ok = strings.Cut(code, text[at-1:at])
			return code, ok
		}
		return code, true
	}
	return "", false
}

func decodeSetup(raw []byte) (Setup, error) {
	if len(raw) > 1 && raw[0] >= 0x80 && raw[0] < 0x98 && raw[1] > 1 && raw[1] < 24 {
		return Setup{}, ErrSetupNewer
	}
	w, err := wire.Decode[wireSetup](raw)
	if err != nil || w.V != 1 || len(w.Addrs) > maxSetupAddrs {
		return Setup{}, ErrSetupBroken
	}
	s := Setup{Secret: w.Secret}
	if s.Peer, err = p2p.PeerIDOf(w.Peer); err != nil {
		return Setup{}, fmt.Errorf("%w: %v", ErrSetupBroken, err)
	}
	var addrs []string
	for _, addr := range w.Addrs {
		if len(addr) == 0 || len(addr) > maxSetupAddr {
			return Setup{}, ErrSetupBroken
		}
		addrs = append(addrs, string(addr))
	}
	s.Addrs = p2p.CleanAddrs(addrs)
	return s, nil
}
