package app

import (
	"log/slog"
	"time"

	"parvis/app/calls"
	"parvis/app/store/keyslots"
	"parvis/media"
)

// Config is all that a node is told from outside.
type Config struct {
	// Data is the folder of this node; one node at a time uses it.
	Data string
	// Listen are multiaddresses for peers; empty means all interfaces on free ports.
	Listen []string
	// UI is the loopback address of the browser interface; empty means none.
	UI string
	// SuperPeers are multiaddresses, each with /p2p/ and a peer id at its end, where
	// super-peers of the workspaces are found besides where they were last.
	SuperPeers []string
	// NoMDNS switches the search on the local network off.
	NoMDNS bool
	// Isolated keeps every packet in the own local networks: no relay, no name is
	// looked up, nobody elsewhere is reached.
	Isolated bool
	// NoGossip leaves everything to the sync streams.
	NoGossip bool
	// Passphrase is asked for when the keys are protected by one, or when no
	// keyring is there to protect new ones. It may be nil: then the node starts
	// locked and waits for Unlock.
	Passphrase func() (string, error)
	// PassphraseFrom is the file or the variable from which Passphrase takes it; empty:
	// somebody types it. Keys that lie in the clear are put under a passphrase from there.
	PassphraseFrom string
	// Unprotected lets the keys lie in the clear when nothing can protect them.
	Unprotected bool
	// Keyring keeps a key of the storage key; nil means that of the operating system.
	Keyring keyslots.Ring
	// Version is the program's version, for people.
	Version string
	Log     *slog.Logger
	// Now is the clock of the device; nil means time.Now.
	Now func() time.Time
	// Rooms opens the connections of calls; nil means media.NewRoom.
	Rooms func(media.Config) (calls.Room, error)
}
