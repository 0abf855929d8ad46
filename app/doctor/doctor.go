// Package doctor judges how a node stands in its network: what works, what does
// not, why, and what to do about it. It only judges; the facts are brought by
// others.
package doctor

import (
	"net/netip"
	"strings"
	"time"

	"parvis/p2p"
)

// The results of a check.
const (
	OK   = "ok"
	Warn = "warn"
	Fail = "fail"
)

// Facts are what is known of a node and its network.
type Facts struct {
	Isolated bool

	WillIsolate bool // from the next start on

	Online    bool         // some interface besides loopback is up
	OwnAddrs  []netip.Addr // of the interfaces, loopback left out
	Listening []string     // multiaddresses
	Sightings []p2p.Sighting

	Punched, Unpunched int // attempts at hole punching that worked, and that did not

	Nowhere    bool       // the device is in no workspace: nobody is to be reached
	Peers      []p2p.Peer // connected devices of members, super-peers left out
	Missing    []Missing
	SuperPeers []SuperPeer

	Disk       Disk
	Protection string // of the keys: keyring, passphrase, recovery or none; empty while they are locked, new while a passphrase is to be chosen
	Recovery   Recovery
}

// Disk is the one that the data folder lies on.
type Disk struct {
	Full       bool
	Free       int64  // bytes; negative: unknown
	Encryption string // by the system: on, off or unknown
}

// Recovery is how a person is prepared for the loss of all devices.
type Recovery struct {
	Needed    bool // there is something to lose
	Unsaved   bool // the recovery key was not written down
	BackupAge time.Duration
	Backup    bool // one was made
}

// Missing is a device of a member that is not connected.
type Missing struct {
	Name  string // of the person
	Cause p2p.Cause
}

// SuperPeer is one super-peer and what came of trying its addresses.
type SuperPeer struct {
	p2p.SuperPeer
	Full   bool // it takes nothing more, or nothing more from this device
	Trials []Trial
}

// Trial is one address that was tried, with a whole handshake.
type Trial struct {
	Addr  string // multiaddress
	Cause p2p.Cause
}

func (t Trial) ok() bool     { return t.Cause == p2p.CauseNone }
func (t Trial) udp() bool    { return strings.Contains(t.Addr, "/udp/") }
func (t Trial) inside() bool { ip, ok := ipOf(t.Addr); return ok && !public(ip) }
func (t Trial) tcp443() bool { return strings.HasSuffix(t.Addr, "/tcp/443") }

// Check is one line of the diagnosis. Code names the case and Values fill its
// text, so that a page can say it in another language.
type Check struct {
	Name   string
	Result string // OK, Warn or Fail
	Code   string
	Values []string
	Detail string
	Remedy string // empty when nothing needs to be done
}

// Examine judges. The order of the checks is that in which a person should read
// them.
func Examine(f Facts) []Check {
	if !f.Online {
		return append([]Check{say("network", Fail, "network-none")}, f.machine()...)
	}
	if f.locked() {
		return append([]Check{f.reach()}, f.machine()...) // of the network it uses nothing
	}
	var all []Check
	if f.Nowhere {
		return append([]Check{f.reach(), say("workspace", Warn, "workspace-none")}, f.machine()...)
	}
	if f.Isolated {
		all = append(all, say("network", OK, "network-isolated"), f.addresses())
		for _, s := range f.SuperPeers {
			all = append(all, s.check(true))
		}
	} else {
		all = append(all, f.reach(), f.addresses(), f.nat(), f.udp(), f.tcp())
		all = append(all, f.superPeers()...)
		all = append(all, f.relay(), f.clock())
	}
	all = append(all, f.members())
	return append(all, f.machine()...)
}

// locked reports whether the node waits for a passphrase.
func (f Facts) locked() bool { return f.Protection == "" || f.Protection == "new" }

// reach says whether all of the Internet is reached.
func (f Facts) reach() Check {
	if f.WillIsolate {
		return say("network", Warn, "network-isolated-next")
	}
	return say("network", OK, "network-up")
}

// say makes a check from its text.
func say(name, result, code string, values ...string) Check {
	t := texts[code]
	fill := func(text string) string {
		for i, v := range values {
			text = strings.ReplaceAll(text, "{"+string(rune('0'+i))+"}", v)
		}
		return text
	}
	return Check{Name: name, Result: result, Code: code, Values: values, Detail: fill(t.detail), Remedy: fill(t.remedy)}
}

// Text is the diagnosis for a mail to whoever looks after the network.
func Text(checks []Check, version string, at time.Time) string {
	var b strings.Builder
	b.WriteString("Parvis " + version + ", network check of " + at.Format("2006-01-02 15:04:05 -07:00") + "\n\n")
	for _, c := range checks {
		b.WriteString(strings.ToUpper(c.Result) + "  " + c.Name + ": " + c.Detail + "\n")
		if c.Remedy != "" {
			b.WriteString("      What to do: " + c.Remedy + "\n")
		}
	}
	return b.String()
}
