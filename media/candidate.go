package media

import (
	"net/netip"
	"strings"

	"github.com/pion/ice/v4"
)

const (
	maxCandidate  = 512
	maxCandidates = 64 // of one description
)

// checkCandidate lets a candidate through that names one UDP address in
// numbers; no name is ever resolved for a participant. It returns the line
// written anew and the user fragment of the description it belongs to.
func checkCandidate(line string, loopback bool) (clean, ufrag string, err error) {
	if len(line) > maxCandidate {
		return "", "", refuse("candidate of %d bytes", len(line))
	}
	for _, c := range []byte(line) {
		if c < ' ' || c > '~' {
			return "", "", refuse("bytes that are not text")
		}
	}
	fields := strings.Fields(strings.TrimPrefix(line, "candidate:"))
	if len(fields) < 8 || len(fields) > 24 || fields[1] != "1" || !strings.EqualFold(fields[2], "udp") {
		return "", "", refuse("candidate is not as agreed")
	}
	for i := 8; i+1 < len(fields); i += 2 {
		if fields[i] == "ufrag" {
			ufrag = fields[i+1]
		}
	}
	addr, err := netip.ParseAddr(fields[4])
	if err != nil || !usable(addr, loopback) || !iceToken(ufrag, 4) {
		return "", "", refuse("address or user of the candidate")
	}
	parsed, err := ice.UnmarshalCandidate(strings.Join(fields[:8], " ") + related(fields))
	if err != nil || parsed.Port() < 1 || parsed.Port() > 65535 {
		return "", "", refuse("candidate: %v", err)
	}
	return "candidate:" + parsed.Marshal(), ufrag, nil
}

// related keeps the related address that reflexive and relayed candidates must
// have, without telling what it was: nobody needs it.
func related(fields []string) string {
	if fields[7] == "host" {
		return ""
	}
	return " raddr 0.0.0.0 rport 0"
}

// usable tells whether packets may go to an address that a participant names.
func usable(addr netip.Addr, loopback bool) bool {
	addr = addr.Unmap()
	switch {
	case addr.IsUnspecified(), addr.IsMulticast(), addr.Zone() != "":
		return false
	case addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case addr.IsLoopback():
		return loopback
	}
	return true
}
