package media

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"
)

// Limits of signals. They hold before anything is parsed.
const (
	MaxDescription = 64 << 10
	maxLines       = 400
	maxLine        = 2 << 10
	maxFormats     = 16
	maxTokens      = 256 // of ICE: RFC 8839
)

// answersKey is our session attribute of an answer: the ICE user fragment of
// the offer it answers. So an answer to an earlier offer is told from one to
// this, and cannot be replayed.
const answersKey = "x-parvis-offer"

// Errors of Room.Signal. The caller may tell them apart; each means that the
// signal had no effect.
var (
	ErrNotJoined   = errors.New("not a participant of the call")
	ErrSignal      = errors.New("signal refused")
	ErrFingerprint = errors.New("fingerprint refused")
)

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrSignal, fmt.Sprintf(format, args...))
}

// description is an offer or answer that passed the rules.
type description struct {
	sdp     string // written anew from what was checked
	ufrag   string
	answers string // of an answer: user fragment of the offer
}

// The tracks of a connection, in the order of their lines.
const (
	audioTrack  = 0
	videoTrack  = 1
	screenTrack = 2
)

// trackOf is the track a stream is sent on.
func trackOf(s Stream) uint8 {
	switch s {
	case Audio:
		return audioTrack
	case Screen:
		return screenTrack
	}
	return videoTrack
}

// Attributes that reach the library. Candidates come as signals of their own,
// fingerprints are written anew; everything else is left out.
var (
	sessionKeys = map[string]bool{"group": true, "msid-semantic": true, "extmap-allow-mixed": true, "ice-options": true}
	mediaKeys   = map[string]bool{
		"setup": true, "mid": true, "ice-ufrag": true, "ice-pwd": true, "ice-options": true, "rtcp-mux": true, "rtcp-rsize": true,
		"rtpmap": true, "fmtp": true, "rtcp-fb": true, "extmap": true, "ssrc": true, "msid": true,
		"sendrecv": true, "sendonly": true, "recvonly": true, "inactive": true,
	}
)

// checkDescription lets an offer or answer through that keeps the rules and
// whose only fingerprint is the one the signal was signed with. A browser says it once for
// each track.
func checkDescription(kind SignalKind, text string, fingerprint [32]byte, browser bool) (description, error) {
	if err := checkSize(text); err != nil {
		return description{}, err
	}
	var parsed sdp.SessionDescription
	if err := parsed.UnmarshalString(text); err != nil {
		return description{}, refuse("%v", err)
	}
	if err := checkFingerprint(&parsed, fingerprint, browser); err != nil {
		return description{}, err
	}
	var d description
	d.answers, _ = parsed.Attribute(answersKey)
	if len(d.answers) > maxTokens {
		return description{}, refuse("attribute too long")
	}
	parsed.Attributes = only(parsed.Attributes, sessionKeys)
	parsed.Attributes = append(parsed.Attributes, sdp.Attribute{Key: "fingerprint", Value: "sha-256 " + formatFingerprint(fingerprint)})
	parsed.Bandwidth = nil
	if err := checkMedia(kind, &parsed, &d); err != nil {
		return description{}, err
	}
	clean, err := parsed.Marshal()
	if err != nil {
		return description{}, refuse("%v", err)
	}
	d.sdp = string(clean)
	return d, nil
}

func checkSize(text string) error {
	if len(text) > MaxDescription {
		return refuse("description of %d bytes", len(text))
	}
	lines := 0
	for line := range strings.Lines(text) {
		lines++
		if lines > maxLines || len(line) > maxLine {
			return refuse("too many or too long lines")
		}
		for _, c := range []byte(line) {
			if c < ' ' && c != '\r' && c != '\n' && c != '\t' || c > '~' {
				return refuse("bytes that are not text")
			}
		}
	}
	return nil
}

func checkFingerprint(parsed *sdp.SessionDescription, want [32]byte, browser bool) error {
	var found []string
	look := func(attributes []sdp.Attribute) {
		for _, a := range attributes {
			if strings.EqualFold(strings.TrimSpace(a.Key), "fingerprint") {
				found = append(found, a.Value)
			}
		}
	}
	look(parsed.Attributes)
	for _, m := range parsed.MediaDescriptions {
		look(m.Attributes)
	}
	if browser && len(found) == len(parsed.MediaDescriptions) {
		found = slices.Compact(found)
	}
	if len(found) != 1 {
		return fmt.Errorf("%w: %d of them", ErrFingerprint, len(found))
	}
	got, err := parseFingerprint(found[0])
	if err != nil {
		return err
	}
	if got != want || want == ([32]byte{}) {
		return fmt.Errorf("%w: not the signal's", ErrFingerprint)
	}
	return nil
}

func parseFingerprint(value string) (print [32]byte, err error) {
	text, ok := strings.CutPrefix(value, "sha-256 ")
	if !ok {
		return print, fmt.Errorf("%w: not sha-256", ErrFingerprint)
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(raw) != len(print) || !strings.EqualFold(formatFingerprint([32]byte(raw)), text) {
		return print, fmt.Errorf("%w: malformed", ErrFingerprint)
	}
	return [32]byte(raw), nil
}

func formatFingerprint(print [32]byte) string {
	pairs := make([]string, len(print))
	for i, b := range print {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

func only(attributes []sdp.Attribute, keys map[string]bool) []sdp.Attribute {
	var kept []sdp.Attribute
	for _, a := range attributes {
		if keys[a.Key] && (a.Key != "extmap" || ours(a.Value)) {
			kept = append(kept, a)
		}
	}
	return kept
}

// ours tells whether an extmap line is about an extension that we use.
func ours(extmap string) bool {
	fields := strings.Fields(extmap)
	return len(fields) == 2 && (fields[1] == markURI || fields[1] == pieceURI || fields[1] == sdp.TransportCCURI)
}

func checkMedia(kind SignalKind, parsed *sdp.SessionDescription, d *description) error {
	kinds := [...]string{audioTrack: "audio", videoTrack: "video", screenTrack: "video"}
	if len(parsed.MediaDescriptions) != len(kinds) {
		return refuse("%d tracks", len(parsed.MediaDescriptions))
	}
	for i, m := range parsed.MediaDescriptions {
		name := m.MediaName
		if name.Media != kinds[i] || strings.Join(name.Protos, "/") != "UDP/TLS/RTP/SAVPF" || len(name.Formats) > maxFormats || name.Port.Value == 0 {
			return refuse("track %d is not as agreed", i)
		}
		m.Bandwidth = nil
		m.Attributes = only(m.Attributes, mediaKeys)
		ufrag, _ := m.Attribute("ice-ufrag")
		password, _ := m.Attribute("ice-pwd")
		setup, _ := m.Attribute("setup")
		if !iceToken(ufrag, 4) || !iceToken(password, 22) || i > 0 && ufrag != d.ufrag {
			return refuse("ICE user or password")
		}
		if (kind == Offer) != (setup == "actpass") || kind == Answer && setup != "active" && setup != "passive" {
			return refuse("setup %q", setup)
		}
		d.ufrag = ufrag
	}
	return nil
}

// iceToken checks a user fragment or password.
func iceToken(token string, least int) bool {
	if len(token) < least || len(token) > maxTokens {
		return false
	}
	return strings.IndexFunc(token, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/')
	}) < 0
}
