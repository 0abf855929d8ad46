package doctor

import (
	"fmt"
	"maps"
	"slices"
)

// text is what a case says; {0}, {1} … are its values.
type text struct{ detail, remedy string }

// texts are the cases by their codes. The page has the same codes in its languages.
var texts = map[string]text{
	"network-none":          {"This computer has no network.", "Connect to a network: plug in a cable or switch on Wi-Fi. Everything you write is kept and sent later."},
	"network-up":            {"This computer has a network.", ""},
	"network-isolated-next": {"Isolated mode is chosen but not on yet: packets still leave the local network.", "Stop Parvis and start it again: isolated mode takes effect then."},
	"network-isolated":      {"Isolated mode is on: only computers on the same local network are reached, on purpose.", ""},

	"addresses-none":     {"Parvis listens nowhere, so nobody can reach this device.", "Start Parvis again. If that does not help, start it without --listen, or allow Parvis in this computer's firewall."},
	"addresses-public":   {"This computer has a public address: {0}. Unless a firewall stands in between, others reach it directly.", ""},
	"addresses-here":     {"Parvis listens on this computer only ({0}): no other computer connects to this device.", "Start Parvis without --listen, or with an address of this computer's network, such as --listen /ip4/0.0.0.0/udp/0/quic-v1."},
	"addresses-isolated": {"On the local network this device is reached at {0}. From outside it is not reached: isolated mode is on.", ""},
	"addresses-alone":    {"On the local network this device is reached at {0}. From outside it is reached only where the routers let direct connections through: there is no super-peer.", ""},
	"addresses-local":    {"On the local network this device is reached at {0}. From outside it is reached through holes in the router or through a super-peer.", ""},

	"nat-none":      {"There is no address translation: {0} is this computer's own address.", ""},
	"nat-easy":      {"The router translates addresses in a way that direct connections pass.", ""},
	"nat-punched":   {"The router translates addresses, and direct connections through it have worked.", ""},
	"nat-some":      {"The router translates addresses. Whether direct connections pass shows when a second computer outside is connected.", ""},
	"nat-hard":      {"The router uses another port for every destination (symmetric NAT). Direct connections work only to computers with an open address; the rest goes through the super-peer, end to end encrypted.", "Nothing is lost. For direct connections ask whoever looks after the network for endpoint-independent NAT or for IPv6."},
	"nat-unpunched": {"Attempts to connect directly through the routers have failed, here or on the other side. What cannot go directly goes through the super-peer, end to end encrypted.", "Nothing is lost. For direct connections ask whoever looks after the network to allow outgoing UDP, with endpoint-independent NAT."},
	"nat-unknown":   {"It is not known how this network looks from outside: nobody outside is connected directly.", "Attach a super-peer to the workspace; it also tells each device how it is seen from outside."},

	"nat-some-super-peer": {"The router translates addresses. Whether direct connections pass shows when a second computer outside is connected. What cannot go directly goes through the super-peer {0}, end to end encrypted.", ""},
	"nat-super-peer":      {"What cannot go directly goes through the super-peer {0}, end to end encrypted. Whether direct connections pass the router shows when a computer outside is connected.", ""},
	"nat-inside":          {"Not tested: nobody is connected from outside, and the super-peer {0} stands in this network too. That is no fault.", "Nothing needs to be done while all members are in this network. Otherwise see the line about the super-peer."},
	"nat-no-super-peer":   {"It is not known how this network looks from outside: the super-peer, which would tell, is not connected.", "See the line about the super-peer."},

	"udp-open":    {"UDP leaves this network.", ""},
	"udp-blocked": {"This network blocks UDP. Parvis uses TCP instead; direct connections are hardly possible.", "Nothing is lost. To be faster, ask whoever looks after the network to allow outgoing UDP, at least to port 443."},
	"udp-nothing": {"UDP reached no super-peer.", "See the lines about the super-peer and TCP."},
	"udp-untried": {"UDP could not be tested: no super-peer is known.", "Attach a super-peer to the workspace."},

	"udp-inside":     {"UDP reaches the super-peer inside this network. Whether it leaves this network could not be tested.", ""},
	"udp-no-address": {"Not tested: no UDP address of the super-peer is known. That is no fault of this network.", "Ask the super-peer's operator whether it listens on UDP too; connections are faster then."},

	"tcp-443":        {"TCP on port 443 reaches the super-peer.", ""},
	"tcp-other":      {"TCP reaches the super-peer on port {0}. It does not listen on port 443, the last one that strict networks leave open.", ""},
	"tcp-443-closed": {"TCP reaches the super-peer on port {0}, but not on port 443.", "Ask the super-peer's operator whether its port 443 is open."},
	"tcp-closed":     {"TCP does not reach the super-peer, UDP does.", "Nothing is lost here. Ask the super-peer's operator to open TCP port 443, for those in networks without UDP."},
	"tcp-nothing":    {"TCP reached no super-peer.", "See the line about the super-peer."},
	"tcp-no-address": {"Not tested: no TCP address of the super-peer is known. That is no fault of this network.", "Ask the super-peer's operator to let it listen on TCP port 443 too, for those in networks without UDP."},
	"tcp-untried":    {"TCP on port 443 could not be tested: no super-peer is known.", "Attach a super-peer to the workspace."},

	"workspace-none":      {"This device is in no workspace: how others reach it was not tested.", "Create a workspace, or join one with an invitation."},
	"super-peer-none":     {"This workspace has no super-peer. People reach each other only while they are online at the same time, and not through every router.", "Run “parvis superpeer” on a computer that is always on, and add its code in the workspace's settings (or with “parvis superpeer add CODE”)."},
	"super-peer-up":       {"The super-peer {0} is connected and answers.", ""},
	"super-peer-full":     {"The super-peer {0} is connected and answers, but takes nothing new: it is full, or this device has used up its share.", "Ask its operator to give it more room, or add another super-peer."},
	"super-peer-inside":   {"The super-peer {0} is connected and answers, but its addresses are private ({1}): members outside this network cannot reach it.", "If all members are always in this network, nothing needs to be done. Otherwise give it an address that can be reached from the Internet: a computer with a public address, or a port that the router forwards to it, named with --announce when it starts. Then let an owner add it again with the code that --show-code shows."},
	"super-peer-here":     {"The super-peer {0} listens on its own computer only ({1}): no other computer can reach it.", "Ask its operator to start it without --listen, or with an address of its network, such as --listen /ip4/0.0.0.0/tcp/443. Then let an owner add it again with the code that --show-code shows."},
	"super-peer-silent":   {"The super-peer {0} is connected but has stopped answering: the line is cut, or its computer hangs.", "Wait a moment: Parvis connects again by itself. If it lasts, look at the super-peer's computer and its network."},
	"super-peer-coming":   {"The super-peer {0} can be reached and is about to be connected.", "Wait a moment and test again."},
	"super-peer-nowhere":  {"No address of the super-peer {0} is known on this device.", "Let an owner add it again with a fresh code from its operator, or meet another member once, whose Parvis tells the address."},
	"super-peer-other":    {"Somebody else answers at the address of the super-peer {0} ({1}).", "If it was set up anew, an owner adds its new code. Otherwise a proxy intercepts the connection: ask whoever looks after the network to exempt this address."},
	"super-peer-stopped":  {"The computer of the super-peer {0} answers, but Parvis does not run there ({1}).", "Ask its operator to start “parvis superpeer” and to check its port."},
	"super-peer-gate":     {"The super-peer {0} does not let this device in: it is not on its access list.", "Wait until an admin of the workspace is online; the list is then brought up to date."},
	"super-peer-isolated": {"The super-peer {0} is not on this local network, so isolated mode does not reach it.", ""},
	"super-peer-off":      {"The super-peer {0} does not answer, while others outside do: it is off or cut off ({1}).", "Ask its operator to look at it. Everything is kept and sent when it is back."},
	"super-peer-blocked":  {"The super-peer {0} does not answer on any of its addresses ({1}). Either this network lets nothing of Parvis out, or the super-peer is off.", "Try another network, for example a phone's. If it works there, ask whoever looks after this network to allow TCP port 443 and UDP to these addresses; if not, ask the super-peer's operator."},
	"super-peer-name":     {"The name of the super-peer {0} could not be looked up ({1}).", "Check that other names can be looked up on this computer (DNS), or ask the operator for an address without a name."},
	"super-peer-no-way":   {"This computer has no way to the super-peer {0} ({1}): there is no Internet behind this network, or its firewall forbids it.", "Connect to a network with Internet, or allow Parvis in this computer's firewall."},
	"super-peer-unknown":  {"The super-peer {0} could not be reached ({1}).", "Test again in a minute. If it stays so, send this report to its operator."},

	"relay-reserved":  {"Members who cannot connect directly reach this device through the super-peer {0}.", ""},
	"relay-inside":    {"Members in this network who cannot connect directly reach this device through the super-peer {0}. From outside it cannot be reached: see its line.", ""},
	"relay-here":      {"Nobody reaches this device through the super-peer {0}: no other computer can reach it.", "See the line about the super-peer."},
	"relay-stranger":  {"The super-peer gives this device no place at its relay: it is not on its access list.", "Wait until an admin of the workspace is online; the list is then brought up to date."},
	"relay-full":      {"The super-peer's relay has no place left.", "Ask its operator; a second super-peer helps too."},
	"relay-no-relay":  {"The super-peer is no relay.", "Ask its operator to run a current version of “parvis superpeer”."},
	"relay-clock":     {"The super-peer's relay cannot be used: its clock and this one are more than an hour apart.", "Set the time to automatic on both computers."},
	"relay-no-answer": {"The super-peer's relay did not answer.", "It is tried again. If it stays so, send this report to its operator."},
	"relay-none":      {"No super-peer is there through which others could reach this device.", "See the line about the super-peer."},

	"clock-right":  {"The clock is right (difference {0}).", ""},
	"clock-behind": {"This computer's clock is {0} behind.", "Set the time to automatic in the system's settings. Invitations expire by the clock, and times look wrong to others."},
	"clock-ahead":  {"This computer's clock is {0} ahead.", "Set the time to automatic in the system's settings. Invitations expire by the clock, and times look wrong to others."},
	"clock-hours":  {"This computer's clock and the super-peer's are more than an hour apart.", "Set the time to automatic in the system's settings, and let the super-peer's operator do the same there."},
	"clock-untold": {"Not tested: no super-peer is connected, and the clock is compared with its clock. That is no fault.", "Nothing needs to be done if this computer shows the right time."},

	"members-alone":         {"There are no devices of other people yet.", ""},
	"members-all":           {"Other devices connected: {0} of {0}.", ""},
	"members-off":           {"Other devices connected: {0} of {1}. Off, or offline: {2}.", ""},
	"members-inside":        {"Other devices connected: {0} of {1}. Off, offline, or outside this network, from where the super-peer is not reached: {2}.", ""},
	"members-gate":          {"Other devices connected: {0} of {1}. One that is missing does not know this device: {2}.", "Wait until both have been connected to a third member; the news about members then reaches it."},
	"members-other":         {"Other devices connected: {0} of {1}. At the address of one that is missing somebody else answers: {2}.", "It has moved. It is found again when it connects itself, on the local network, or through a super-peer."},
	"members-isolated":      {"Other devices connected: {0} of {1}. Off, or not on this local network: {2}.", "Isolated mode reaches computers on the same local network only. Switch it off to reach the others."},
	"members-no-meeting":    {"Other devices connected: {0} of {1}. Not answering directly, and no super-peer is there to meet at: {2}.", "Bring the super-peer back; see its line."},
	"members-no-super-peer": {"Other devices connected: {0} of {1}. Not answering: {2}. Either off, or routers on both sides stand between, and there is no super-peer to meet at.", "Attach a super-peer to the workspace, or be on the same local network once. What you write is kept and sent then."},

	"disk-free":    {"{0} free on the disk.", ""},
	"disk-low":     {"Only {0} free on the disk.", "Free some space: when the disk is full, nothing new can be saved."},
	"disk-full":    {"The disk is full: nothing new can be saved.", "Free some space. What was saved stays saved, and Parvis goes on by itself."},
	"disk-unknown": {"The free space of the disk could not be read. That is no fault.", "Look now and then whether the disk has room: when it is full, nothing new can be saved."},

	"keys-keyring":    {"The keys are protected by the system's keyring.", ""},
	"keys-passphrase": {"The keys are protected by a passphrase.", ""},
	"keys-none":       {"The keys lie unprotected on the disk: whoever can read the data folder can read everything.", "Choose a passphrase or the keyring: Settings, Protection, or “parvis protection”."},
	"keys-recovery":   {"The system's keyring has lost the key: only the recovery key opens Parvis now.", "Choose a passphrase or the keyring anew: Settings, Protection, or “parvis protection”."},
	"keys-locked":     {"The keys are locked.", "Enter the passphrase."},
	"keys-new":        {"No passphrase was chosen yet: there is no keyring here that keeps the keys.", "Choose one on the page of Parvis, or with: parvis unlock"},

	"encryption-on":      {"The system encrypts this computer's disk.", ""},
	"encryption-off":     {"The system does not encrypt this computer's disk. What Parvis keeps is encrypted; whoever takes the disk still sees sizes, times and your other files.", "Switch on the system's disk encryption: BitLocker, FileVault or LUKS."},
	"encryption-unknown": {"Whether the system encrypts this computer's disk could not be read. That is no fault.", "Look it up in the system's settings: BitLocker, FileVault or LUKS should be on."},

	"recovery-saved":   {"The recovery key was saved.", ""},
	"recovery-unsaved": {"The recovery key is not saved: when all devices are lost, nobody can bring you back.", "Write it down: Settings, Recovery, or “parvis recovery show”."},
	"backup-new":       {"The last backup was written and read back within two days.", ""},
	"backup-made":      {"The last backup was written and read back {0} days ago.", ""},
	"backup-old":       {"The last backup is {0} days old.", "Make another one: Settings, Recovery, or “parvis backup FILE”."},
	"backup-never":     {"There is no backup.", "Make one on another disk: Settings, Recovery, or “parvis backup FILE”."},
}

// Codes lists the codes of all cases, for who translates them.
func Codes() []string { return slices.Sorted(maps.Keys(texts)) }

// size is a number of bytes for people.
func size(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30))
	case bytes >= 0:
		return fmt.Sprintf("%d MB", bytes>>20)
	}
	return "?"
}
