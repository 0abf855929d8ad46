package member

import (
	"encoding/base32"
	"encoding/base64"
	"errors"
	"strings"
	"unicode"

	"parvis/crdt/seal"
)

// Limits of a link (rule M8).
const (
	MaxLink      = 700 // characters of the base64url form
	MaxLinkPeers = 3
	MaxLinkAddrs = 6        // per peer
	MaxLinkAddr  = 128      // bytes
	maxLinkBytes = 514      // what fits into MaxLink characters
	maxPasted    = 16 << 10 // bytes of text in which a link is looked for
	maxPieces    = 64       // into which a link may be broken
)

const (
	linkPrefix = "parvis://join#"
	minuteMs   = 60_000
	// linkToleranceMs is how wrong the own clock may be before a link counts
	// as expired.
	linkToleranceMs = 24 * 60 * minuteMs
)

var (
	// ErrLinkBroken reports text that is no invitation link, or a damaged one.
	ErrLinkBroken = errors.New("this is not a complete invitation link")
	// ErrLinkNewer reports a link made by a later version of the program.
	ErrLinkNewer = errors.New("this invitation link was made by a newer version")
)

// Link is what an invitation's link says. It contains the secret from which the
// keys of the invitation are derived: whoever reads it can use it.
type Link struct {
	V       uint
	WS      seal.ID
	Seed    [16]byte
	Expires uint32 // minutes since 1970
	Mode    uint
	LogHead seal.ID // the joiner must be given a log that contains it
	Peers   []LinkPeer
}

// LinkPeer is a device or super-peer that answers, and where it was reached.
type LinkPeer struct {
	Peer  seal.ID
	Addrs []string
}

type wireLink struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Seed    [16]byte
	Expires uint32
	Mode    uint
	LogHead seal.ID
	Peers   []wirePeer
}

type wirePeer struct {
	_     struct{} `cbor:",toarray"`
	Peer  seal.ID
	Addrs [][]byte
}

// String returns the link as people send it. When it would be longer than
// [MaxLink] it leaves out addresses, the last peer's last address first, then
// peers: the others still answer.
func (l Link) String() string {
	return linkPrefix + base64.RawURLEncoding.EncodeToString(l.bytes())
}

// QR returns the link for a QR code, in the alphabet that needs fewer dots.
func (l Link) QR() string {
	return strings.ToUpper(linkPrefix) + linkBase32().EncodeToString(l.bytes())
}

// Expired reports whether the link's time is over, with a day's tolerance for
// a wrong clock here. nowMs is Unix time in milliseconds.
func (l Link) Expired(nowMs int64) bool {
	return nowMs > int64(l.Expires)*minuteMs+linkToleranceMs
}

func linkBase32() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

func (l Link) bytes() []byte {
	wire := wireLink{V: 1, WS: l.WS, Seed: l.Seed, Expires: l.Expires, Mode: l.Mode, LogHead: l.LogHead}
	for _, peer := range l.Peers[:min(len(l.Peers), MaxLinkPeers)] {
		wire.Peers = append(wire.Peers, wirePeerOf(peer))
	}
	for {
		raw, err := seal.Encode(wire)
		if err != nil {
			panic("member: encode link: " + err.Error()) // plain fields always encode
		}
		if len(raw) <= maxLinkBytes || len(wire.Peers) == 0 {
			return raw
		}
		wire.shorten()
	}
}

// wirePeerOf leaves out addresses that a link cannot carry.
func wirePeerOf(peer LinkPeer) wirePeer {
	one := wirePeer{Peer: peer.Peer}
	for _, addr := range peer.Addrs {
		if len(addr) > 0 && len(addr) <= MaxLinkAddr && len(one.Addrs) < MaxLinkAddrs {
			one.Addrs = append(one.Addrs, []byte(addr))
		}
	}
	return one
}

// peer checks what a link says of a peer.
func (p wirePeer) peer() (LinkPeer, error) {
	if len(p.Addrs) > MaxLinkAddrs || seal.CheckSignKey(p.Peer) != nil {
		return LinkPeer{}, ErrLinkBroken
	}
	one := LinkPeer{Peer: p.Peer}
	for _, addr := range p.Addrs {
		if len(addr) == 0 || len(addr) > MaxLinkAddr {
			return LinkPeer{}, ErrLinkBroken
		}
		one.Addrs = append(one.Addrs, string(addr))
	}
	return one, nil
}

// shorten drops the last address of the peer that has most; without addresses
// it drops the last peer.
func (w *wireLink) shorten() {
	most := len(w.Peers) - 1
	for i := most; i >= 0; i-- {
		if len(w.Peers[i].Addrs) > len(w.Peers[most].Addrs) {
			most = i
		}
	}
	if n := len(w.Peers[most].Addrs); n > 0 {
		w.Peers[most].Addrs = w.Peers[most].Addrs[:n-1]
		return
	}
	w.Peers = w.Peers[:len(w.Peers)-1]
}

// ParseLink finds the link in what a person pasted: in either form, with text or
// signs around it, and broken into lines as mail programs do. The error is
// [ErrLinkBroken] or [ErrLinkNewer]; an expired link parses.
func ParseLink(text string) (Link, error) { return findLink(text, linkPrefix, parseLink) }

// findLink finds the first link with a prefix whose bytes parse reads.
func findLink[T any](text, prefix string, parse func(raw []byte) (T, error)) (T, error) {
	var none T
	failed := ErrLinkBroken
	for rest := text[:min(len(text), maxPasted)]; ; {
		at := indexFold(rest, prefix)
		if at < 0 {
			return none, failed
		}
		rest = rest[at+len(prefix):]
		link, err := parsePieces(rest, parse)
		if err == nil {
			return link, nil
		}
		if errors.Is(err, ErrLinkNewer) {
			failed = err
		}
	}
}

// indexFold is where an ASCII prefix stands in a text, in whatever case; -1: nowhere.
// Other letters may have more bytes in lower case, so no lowered text has its places.
func indexFold(text, prefix string) int {
	for at := range max(len(text)-len(prefix)+1, 0) {
		if strings.EqualFold(text[at:at+len(prefix)], prefix) {
			return at
		}
	}
	return -1
}

// parsePieces reads a link that goes on over blanks. Where it ends, its own encoding
// says: no beginning of a link is one.
func parsePieces[T any](text string, parse func(raw []byte) (T, error)) (T, error) {
	var none T
	failed := ErrLinkBroken
	code := ""
	for range maxPieces {
		n := 0
		for n < len(text) && inLink(text[n]) {
			n++
		}
		code += text[:n]
		if strings.HasPrefix(text[n:], "=") { // our form has no padding
			return none, failed
		}
		if n > 0 && len(code) <= linkBase32().EncodedLen(maxLinkBytes) {
			link, err := parseCode(code, parse)
			if err == nil {
				return link, nil
			}
			if errors.Is(err, ErrLinkNewer) {
				failed = err
			}
		}
		next := strings.TrimLeftFunc(text[n:], isBreak)
		if next == "" || len(next) == len(text[n:]) {
			return none, failed
		}
		text = strings.TrimLeft(next, "> ") // an answer quotes its lines
	}
	return none, failed
}

func inLink(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '-' || c == '_'
}

// isBreak reports what a program puts into a long line: blanks, seen or not.
func isBreak(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

func parseCode[T any](text string, parse func(raw []byte) (T, error)) (T, error) {
	if raw, err := base64.RawURLEncoding.Strict().DecodeString(text); err == nil {
		if link, err := parse(raw); !errors.Is(err, ErrLinkBroken) {
			return link, err
		}
	}
	// A QR reader gives the base32 form, whose letters are also base64url.
	raw, err := linkBase32().DecodeString(text)
	if err != nil || linkBase32().EncodeToString(raw) != text {
		var none T
		return none, ErrLinkBroken
	}
	return parse(raw)
}

func parseLink(raw []byte) (Link, error) {
	wire, err := decode[wireLink](raw, form{"link", maxLinkBytes, seal.Reject, seal.Pend})
	switch seal.OutcomeOf(err) {
	case seal.OK:
	case seal.Pend:
		return Link{}, ErrLinkNewer
	default:
		return Link{}, ErrLinkBroken
	}
	if wire.Mode > ModeInstant || len(wire.Peers) > MaxLinkPeers {
		return Link{}, ErrLinkBroken
	}
	link := Link{V: wire.V, WS: wire.WS, Seed: wire.Seed, Expires: wire.Expires, Mode: wire.Mode, LogHead: wire.LogHead}
	for _, peer := range wire.Peers {
		one, err := peer.peer()
		if err != nil {
			return Link{}, err
		}
		link.Peers = append(link.Peers, one)
	}
	return link, nil
}
