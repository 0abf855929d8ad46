package doctor

import (
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/p2p"
)

const (
	udp443  = "/ip4/11.0.0.1/udp/443/quic-v1"
	tcp443  = "/ip4/11.0.0.1/tcp/443"
	tcp4443 = "/ip4/11.0.0.1/tcp/4443"
	superID = p2p.PeerID("12D3KooWRYhXgVUYyEDHRgPQpeNkbvKwSBDGqfC4JCU2B2zMZmUc")
)

// good is a device at home with everything as it should be.
func good() Facts {
	return Facts{
		Online: true, OwnAddrs: []netip.Addr{netip.MustParseAddr("192.168.1.2")}, Listening: []string{"/ip4/192.168.1.2/udp/4001/quic-v1"},
		Sightings: []p2p.Sighting{
			{By: superID, Addr: "/ip4/11.0.1.1/udp/20000/quic-v1", Transport: "udp"},
			{By: "second", Addr: "/ip4/11.0.1.1/udp/20000/quic-v1", Transport: "udp"},
			{By: "neighbour", Addr: "/ip4/192.168.1.2/udp/4001/quic-v1", Transport: "udp", Private: true},
		},
		Peers: []p2p.Peer{{ID: "a", Path: p2p.PathLAN}},
		SuperPeers: []SuperPeer{{
			SuperPeer: p2p.SuperPeer{ID: superID, Connected: true, Relay: p2p.RelayReserved, ClockKnown: true},
			Trials:    []Trial{{udp443, ""}, {tcp443, ""}},
		}},
		Disk: Disk{Free: 50 << 30, Encryption: "on"}, Protection: "keyring",
	}
}

// away is the same device when no super-peer is connected and each of its
// addresses fails for a cause.
func away(causes ...p2p.Cause) func(*Facts) {
	return func(f *Facts) {
		f.Sightings = nil
		s := &f.SuperPeers[0]
		s.SuperPeer = p2p.SuperPeer{ID: superID}
		for i, c := range causes {
			s.Trials[i].Cause = c
		}
	}
}

// private is the same device when the super-peer has private addresses alone.
func private(f *Facts) {
	f.Sightings = f.Sightings[2:]
	f.SuperPeers[0].Trials = []Trial{{"/ip4/192.168.1.9/udp/443/quic-v1", ""}, {"/ip6/fd00::9/tcp/443", ""}, {"/ip4/100.64.3.4/tcp/443", ""}}
}

// here is the same device when the super-peer listens on its own computer alone.
func here(f *Facts) {
	private(f)
	f.SuperPeers[0].Trials = []Trial{{"/ip4/127.0.0.1/udp/443/quic-v1", ""}, {"/ip6/::1/tcp/443", ""}}
}

// Nothing says how it stands from outside when that is switched off or cannot be.
func TestNoWayIsPromisedThatIsNotThere(t *testing.T) {
	for name, change := range map[string]func(*Facts){
		"isolated":      func(f *Facts) { f.Isolated = true },
		"no super-peer": func(f *Facts) { f.SuperPeers = nil },
	} {
		t.Run(name, func(t *testing.T) {
			f := good()
			change(&f)
			if got := f.addresses().Detail; strings.Contains(got, "through a super-peer") {
				t.Errorf("promises a way: %s", got)
			}
		})
	}
}

// Who is in no workspace is not advised to look after one.
func TestNothingIsSaidOfAWorkspaceWhereThereIsNone(t *testing.T) {
	f := good()
	f.Nowhere, f.SuperPeers, f.Sightings, f.Peers = true, nil, nil, nil
	for _, check := range Examine(f) {
		if strings.Contains(check.Detail+check.Remedy, "uper-peer") {
			t.Errorf("%s: %s %s", check.Code, check.Detail, check.Remedy)
		}
	}
}

func TestALockedNodeIsOnlyToldToBeUnlocked(t *testing.T) {
	for _, protection := range []string{"", "new"} {
		f := good()
		f.Protection, f.Listening = protection, nil
		for _, check := range Examine(f) {
			if check.Result != OK && check.Name != "keys" {
				t.Errorf("%s: %s %s", check.Code, check.Detail, check.Remedy)
			}
		}
	}
}

func TestEachCaseIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(f *Facts)
		want   string // result and code of the check that matters
	}{
		"no network":              {func(f *Facts) { f.Online = false }, "fail network-none"},
		"isolated":                {func(f *Facts) { f.Isolated = true }, "ok network-isolated"},
		"listens nowhere":         {func(f *Facts) { f.Listening = nil }, "fail addresses-none"},
		"a public address":        {func(f *Facts) { f.Listening = append(f.Listening, "/ip4/11.9.9.9/tcp/1") }, "ok addresses-public"},
		"home":                    {func(*Facts) {}, "ok addresses-local"},
		"for documents":           {func(f *Facts) { f.Listening = []string{"/ip4/192.0.2.2/tcp/1", "/ip6/fd00::2/tcp/1"} }, "ok addresses-local"},
		"carrier's NAT is inside": {func(f *Facts) { f.Listening = []string{"/ip4/100.64.3.4/tcp/1"} }, "ok addresses-local"},

		"isolated, addresses": {func(f *Facts) { f.Isolated = true }, "ok addresses-isolated"},
		"isolated, public": {func(f *Facts) {
			f.Isolated, f.Listening = true, append(f.Listening, "/ip4/11.9.9.9/tcp/1")
		}, "ok addresses-isolated"},
		"in no workspace":         {func(f *Facts) { f.Nowhere, f.SuperPeers = true, nil }, "warn workspace-none"},
		"home without super-peer": {func(f *Facts) { f.SuperPeers = nil }, "ok addresses-alone"},
		"on this computer only": {func(f *Facts) {
			f.Listening = []string{"/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"}
		}, "warn addresses-here"},

		"no NAT":           {func(f *Facts) { f.OwnAddrs = append(f.OwnAddrs, netip.MustParseAddr("11.0.1.1")) }, "ok nat-none"},
		"will be isolated": {func(f *Facts) { f.WillIsolate = true }, "warn network-isolated-next"},

		"cone":        {func(*Facts) {}, "ok nat-easy"},
		"one witness": {func(f *Facts) { f.Sightings = f.Sightings[:1] }, "ok nat-some-super-peer"},
		"symmetric":   {func(f *Facts) { f.Sightings[1].Addr = "/ip4/11.0.1.1/udp/20007/quic-v1" }, "warn nat-hard"},
		"punched":     {func(f *Facts) { f.Sightings, f.Punched = f.Sightings[:1], 1 }, "ok nat-punched"},
		"not punched": {func(f *Facts) {
			f.Sightings, f.Unpunched = f.Sightings[:1], 3
			f.Peers[0].Path = p2p.PathRelayed
		}, "warn nat-unpunched"},
		"nobody outside":           {func(f *Facts) { f.Sightings, f.SuperPeers = f.Sightings[2:], nil }, "warn nat-unknown"},
		"one who is no super-peer": {func(f *Facts) { f.Sightings, f.SuperPeers = f.Sightings[1:], nil }, "ok nat-some"},
		"seen in a tunnel": {func(f *Facts) {
			private(f)
			f.OwnAddrs = append(f.OwnAddrs, netip.MustParseAddr("100.64.0.7"))
			f.Sightings = []p2p.Sighting{{By: "b", Addr: "/ip4/100.64.0.7/udp/4001/quic-v1", Transport: "udp"}}
		}, "warn nat-inside"},
		"not seen yet": {func(f *Facts) { f.Sightings = nil }, "ok nat-super-peer"},
		"not seen, by a name": {func(f *Facts) {
			private(f)
			f.SuperPeers[0].Trials[0].Addr = "/dns/parvis.example.org/udp/443/quic-v1"
		}, "ok nat-super-peer"},
		"super-peer in the office": {private, "warn nat-inside"},
		"super-peer on this machine": {func(f *Facts) {
			private(f)
			f.SuperPeers[0].Trials = []Trial{{"/ip4/127.0.0.1/tcp/443", ""}}
		}, "warn nat-inside"},
		"one inside, one outside": {func(f *Facts) {
			private(f)
			f.SuperPeers = append(f.SuperPeers, good().SuperPeers...)
		}, "ok nat-super-peer"},
		"super-peer away": {away(p2p.CauseSilent, p2p.CauseSilent), "warn nat-no-super-peer"},

		"UDP seen":     {func(*Facts) {}, "ok udp-open"},
		"UDP tried":    {func(f *Facts) { f.Sightings = nil }, "ok udp-open"},
		"UDP blocked":  {func(f *Facts) { f.Sightings = nil; f.SuperPeers[0].Trials[0].Cause = p2p.CauseSilent }, "warn udp-blocked"},
		"nothing out":  {away(p2p.CauseSilent, p2p.CauseSilent), "fail udp-nothing"},
		"UDP untested": {func(f *Facts) { f.Sightings, f.SuperPeers = nil, nil }, "warn udp-untried"},

		"UDP inside": {private, "ok udp-inside"},
		"no UDP address": {func(f *Facts) {
			f.Sightings = nil
			f.SuperPeers[0].Trials = f.SuperPeers[0].Trials[1:]
		}, "warn udp-no-address"},

		"443":          {func(*Facts) {}, "ok tcp-443"},
		"another port": {func(f *Facts) { f.SuperPeers[0].Trials[1].Addr = tcp4443 }, "ok tcp-other"},
		"443 closed":   {func(f *Facts) { f.SuperPeers[0].Trials = []Trial{{tcp443, p2p.CauseRefused}, {tcp4443, ""}} }, "warn tcp-443-closed"},
		"TCP closed":   {func(f *Facts) { f.SuperPeers[0].Trials[1].Cause = p2p.CauseSilent }, "warn tcp-closed"},
		"TCP not out":  {away(p2p.CauseSilent, p2p.CauseSilent), "fail tcp-nothing"},
		"no TCP address": {func(f *Facts) {
			f.Sightings = nil
			f.SuperPeers[0].Trials = f.SuperPeers[0].Trials[:1]
		}, "warn tcp-no-address"},
		"TCP untested": {func(f *Facts) { f.SuperPeers = nil }, "warn tcp-untried"},

		"no super-peer":     {func(f *Facts) { f.SuperPeers = nil }, "warn super-peer-none"},
		"super-peer up":     {func(*Facts) {}, "ok super-peer-up"},
		"super-peer full":   {func(f *Facts) { f.SuperPeers[0].Full = true }, "warn super-peer-full"},
		"super-peer inside": {private, "warn super-peer-inside"},
		"another is outside": {func(f *Facts) {
			private(f)
			f.SuperPeers = append(f.SuperPeers, good().SuperPeers...)
		}, "ok super-peer-up"},
		"inside, on purpose": {func(f *Facts) {
			private(f)
			f.Isolated = true
		}, "ok super-peer-up"},
		"the one outside is off": {func(f *Facts) {
			outside := good().SuperPeers[0]
			outside.SuperPeer = p2p.SuperPeer{ID: superID}
			outside.Trials[0].Cause, outside.Trials[1].Cause = p2p.CauseSilent, p2p.CauseSilent
			private(f)
			f.SuperPeers = append([]SuperPeer{outside}, f.SuperPeers...)
		}, "fail super-peer-blocked"},
		"super-peer on its own machine": {here, "warn super-peer-here"},
		"that one, isolated":            {func(f *Facts) { here(f); f.Isolated = true }, "warn super-peer-here"},
		"that one beside another": {func(f *Facts) {
			here(f)
			f.SuperPeers = append(f.SuperPeers, good().SuperPeers...)
		}, "warn super-peer-here"},
		"that one, seen from another machine": {func(f *Facts) {
			away(p2p.CauseRefused, p2p.CauseRefused)(f)
			f.SuperPeers[0].Trials = []Trial{{"/ip4/127.0.0.1/tcp/443", p2p.CauseRefused}}
		}, "fail super-peer-here"},
		"super-peer silent": {func(f *Facts) { f.SuperPeers[0].Silent = true }, "fail super-peer-silent"},
		"coming":            {away("", p2p.CauseSilent), "warn super-peer-coming"},
		"nowhere":           {func(f *Facts) { away()(f); f.SuperPeers[0].Trials = nil }, "fail super-peer-nowhere"},
		"a proxy":           {away(p2p.CauseSilent, p2p.CauseOther), "fail super-peer-other"},
		"stopped":           {away(p2p.CauseSilent, p2p.CauseRefused), "fail super-peer-stopped"},
		"not on the list":   {away(p2p.CauseGate, p2p.CauseGate), "fail super-peer-gate"},
		"blocked":           {away(p2p.CauseSilent, p2p.CauseSilent), "fail super-peer-blocked"},
		"off": {func(f *Facts) {
			away(p2p.CauseSilent, p2p.CauseSilent)(f)
			f.Peers[0].Path = p2p.PathDirect
		}, "fail super-peer-off"},
		"not on this network": {func(f *Facts) {
			f.Isolated = true
			away(p2p.CauseIsolated, p2p.CauseIsolated)(f)
		}, "ok super-peer-isolated"},
		"no name":      {away(p2p.CauseName, p2p.CauseName), "fail super-peer-name"},
		"no way":       {away(p2p.CauseUnreachable, p2p.CauseUnreachable), "fail super-peer-no-way"},
		"odd failures": {away(p2p.CauseUnknown, p2p.CauseUnknown), "fail super-peer-unknown"},

		"reserved":                {func(*Facts) {}, "ok relay-reserved"},
		"reserved inside":         {private, "ok relay-inside"},
		"reserved on one machine": {here, "warn relay-here"},
		"reserved outside too": {func(f *Facts) {
			private(f)
			f.SuperPeers = append(f.SuperPeers, good().SuperPeers...)
		}, "ok relay-reserved"},
		"stranger": {func(f *Facts) { f.SuperPeers[0].Relay, f.SuperPeers[0].Reason = p2p.RelayRefused, p2p.ReasonStranger }, "fail relay-stranger"},
		"full":     {func(f *Facts) { f.SuperPeers[0].Relay, f.SuperPeers[0].Reason = p2p.RelayRefused, p2p.ReasonFull }, "fail relay-full"},
		"no relay": {func(f *Facts) { f.SuperPeers[0].Relay, f.SuperPeers[0].Reason = p2p.RelayRefused, p2p.ReasonNoRelay }, "fail relay-no-relay"},
		"no place": {func(f *Facts) { f.SuperPeers[0].Relay, f.SuperPeers[0].Reason = p2p.RelayFailed, p2p.ReasonNoAnswer }, "fail relay-no-answer"},
		"late":     {func(f *Facts) { f.SuperPeers[0].Relay, f.SuperPeers[0].Reason = p2p.RelayFailed, p2p.ReasonClock }, "fail relay-clock"},
		"nobody":   {func(f *Facts) { f.SuperPeers = nil }, "warn relay-none"},

		"right":         {func(f *Facts) { f.SuperPeers[0].Ahead = -20 * time.Second }, "ok clock-right"},
		"slow clock":    {func(f *Facts) { f.SuperPeers[0].Ahead = 5 * time.Minute }, "warn clock-behind"},
		"fast clock":    {func(f *Facts) { f.SuperPeers[0].Ahead = -50 * time.Minute }, "fail clock-ahead"},
		"hours":         {func(f *Facts) { f.SuperPeers[0].ClockKnown, f.SuperPeers[0].Reason = false, p2p.ReasonClock }, "fail clock-hours"},
		"unknown clock": {away(p2p.CauseSilent, p2p.CauseSilent), "warn clock-untold"},

		"all here": {func(*Facts) {}, "ok members-all"},
		"alone":    {func(f *Facts) { f.Peers = nil }, "ok members-alone"},
		"some off": {func(f *Facts) { f.Missing = []Missing{{"Ben", p2p.CauseSilent}} }, "ok members-off"},
		"some off or outside": {func(f *Facts) {
			private(f)
			f.Missing = []Missing{{"Ben", p2p.CauseAbsent}}
		}, "ok members-inside"},
		"a stranger to one": {func(f *Facts) {
			f.Peers, f.Missing = nil, []Missing{{"Ben", p2p.CauseSilent}, {"Cora", p2p.CauseGate}}
		}, "warn members-gate"},
		"moved": {func(f *Facts) { f.Peers, f.Missing = nil, []Missing{{"Ben", p2p.CauseOther}} }, "warn members-other"},
		"isolated and away": {func(f *Facts) {
			f.Isolated, f.Peers, f.Missing = true, nil, []Missing{{"Ben", p2p.CauseIsolated}}
		}, "warn members-isolated"},
		"nowhere to meet": {func(f *Facts) {
			away(p2p.CauseSilent, p2p.CauseSilent)(f)
			f.Peers, f.Missing = nil, []Missing{{"Ben", p2p.CauseSilent}}
		}, "warn members-no-meeting"},
		"two routers and no super-peer": {func(f *Facts) {
			f.SuperPeers, f.Peers, f.Missing = nil, nil, []Missing{{"Ben", p2p.CauseSilent}}
		}, "warn members-no-super-peer"},

		"room":          {func(*Facts) {}, "ok disk-free"},
		"little room":   {func(f *Facts) { f.Disk.Free = 100 << 20 }, "warn disk-low"},
		"no room":       {func(f *Facts) { f.Disk.Full = true }, "fail disk-full"},
		"unknown room":  {func(f *Facts) { f.Disk.Free = -1 }, "warn disk-unknown"},
		"keyring":       {func(*Facts) {}, "ok keys-keyring"},
		"passphrase":    {func(f *Facts) { f.Protection = "passphrase" }, "ok keys-passphrase"},
		"keys in clear": {func(f *Facts) { f.Protection = "none" }, "warn keys-none"},
		"keys locked":   {func(f *Facts) { f.Protection = "" }, "warn keys-locked"},
		"no keys yet":   {func(f *Facts) { f.Protection = "new" }, "warn keys-new"},
		"keyring lost":  {func(f *Facts) { f.Protection = "recovery" }, "warn keys-recovery"},

		"disk encrypted":             {func(*Facts) {}, "ok encryption-on"},
		"disk in the clear":          {func(f *Facts) { f.Disk.Encryption = "off" }, "warn encryption-off"},
		"disk of which nothing says": {func(f *Facts) { f.Disk.Encryption = "unknown" }, "ok encryption-unknown"},

		"a key that was not saved": {func(f *Facts) { f.Recovery = Recovery{Needed: true, Unsaved: true} }, "warn recovery-unsaved"},
		"a key that was saved":     {func(f *Facts) { f.Recovery = Recovery{Needed: true} }, "ok recovery-saved"},
		"no backup":                {func(f *Facts) { f.Recovery = Recovery{Needed: true} }, "warn backup-never"},
		"an old backup":            {func(f *Facts) { f.Recovery = Recovery{Needed: true, Backup: true, BackupAge: 31 * 24 * time.Hour} }, "warn backup-old"},
		"a backup of today":        {func(f *Facts) { f.Recovery = Recovery{Needed: true, Backup: true, BackupAge: time.Hour} }, "ok backup-new"},
		"a backup of this month":   {func(f *Facts) { f.Recovery = Recovery{Needed: true, Backup: true, BackupAge: 29 * 24 * time.Hour} }, "ok backup-made"},
	} {
		t.Run(name, func(t *testing.T) {
			f := good()
			c.change(&f)
			var got []string
			for _, check := range Examine(f) {
				got = append(got, check.Result+" "+check.Code)
				complete(t, check)
			}
			if !slices.Contains(got, c.want) {
				t.Errorf("got %q, want %q among them", got, c.want)
			}
		})
	}
}

// What was not tested is not called well.
func TestOKIsWhatWasTested(t *testing.T) {
	for code, text := range texts {
		if strings.HasPrefix(text.detail, "Not tested") && text.remedy == "" {
			t.Errorf("%s is not tested and says nothing of what to do", code)
		}
		if strings.HasPrefix(text.detail, "It is not known") && text.remedy == "" {
			t.Errorf("%s says first what is not known", code)
		}
	}
}

func TestTheLastAttemptSaysWhyASuperPeerIsAway(t *testing.T) {
	for name, c := range map[string]struct {
		addrs []string
		cause p2p.Cause
		want  string
	}{
		"not tried yet":       {[]string{tcp443}, p2p.CauseNone, ""},
		"does not run":        {[]string{tcp443, udp443}, p2p.CauseRefused, "super-peer-stopped"},
		"no answer":           {[]string{tcp443}, p2p.CauseSilent, "super-peer-blocked"},
		"isolated":            {[]string{tcp443}, p2p.CauseIsolated, "super-peer-isolated"},
		"no address":          {nil, p2p.CauseNone, "super-peer-nowhere"},
		"on its machine only": {[]string{"/ip4/127.0.0.1/tcp/443"}, p2p.CauseRefused, "super-peer-here"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Unreached(superID, c.addrs, c.cause)
			if got.Code != c.want || (got.Detail == "") != (c.want == "") {
				t.Errorf("got %+v, want %q", got, c.want)
			}
		})
	}
}

// complete checks what every line must have.
func complete(t *testing.T, c Check) {
	t.Helper()
	if c.Detail == "" || c.Result != OK && c.Remedy == "" {
		t.Errorf("%s %s: detail %q, remedy %q", c.Result, c.Code, c.Detail, c.Remedy)
	}
	if strings.ContainsAny(c.Detail+c.Remedy, "{}") {
		t.Errorf("%s: %q %q: a value is missing", c.Code, c.Detail, c.Remedy)
	}
}

func TestEveryCodeCanComeUp(t *testing.T) {
	source := regexp.MustCompile(`"(?:ok|warn|fail) ([a-z0-9-]+)"`)
	tested := map[string]bool{}
	for _, m := range source.FindAllStringSubmatch(readSelf(t), -1) {
		tested[m[1]] = true
	}
	for _, code := range Codes() {
		if !tested[code] && code != "network-up" {
			t.Errorf("no case of the test leads to %s", code)
		}
	}
}

func TestTextIsForAMail(t *testing.T) {
	f := good()
	f.Protection = "none"
	text := Text(Examine(f), "1.2.3", time.Unix(1_700_000_000, 0).UTC())
	for _, want := range []string{"Parvis 1.2.3, network check of 2023-11-14 22:13:20 +00:00", "OK  nat: ", "WARN  keys: The keys lie unprotected", "      What to do: Choose a passphrase"} {
		if !strings.Contains(text, want) {
			t.Errorf("lacks %q:\n%s", want, text)
		}
	}
}

func readSelf(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("doctor_test.go")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
