// Package sync replicates a workspace between its members: /parvis/sync/1.
// It knows positions in chains and opaque bytes, nothing of features.
//
// Between two connected members run two streams, one per direction. Whoever
// opens a stream is its sink: it says what it has ([Hello], then [HaveDelta]
// after every commit) and to whom it is connected. The other side is the source:
// it sends what the sink lacks, oldest first, and goes on pushing what is new
// for as long as the stream is open. The only state is "what I have", so a
// stream may break at any point. The rules Y1 to Y17 are in p2p/SPEC.md.
//
// [Source] and [Sink] decide everything and are step functions: inputs in,
// outputs out, the time is an argument. [Syncer] drives one pair per peer.
package sync

import (
	"context"
	"fmt"

	"parvis/p2p"
)

// Feed names the chain of one device in one space.
type Feed struct {
	Space  [16]byte
	Device [32]byte
}

// Position is the last object of the gapless part of a chain.
type Position struct {
	Feed Feed
	Seq  uint64
	ID   [32]byte
}

// Have is what a replica holds durably.
type Have struct {
	// Heads are log entries whose whole past is held: the current heads and,
	// optionally, some older entries as samples, so that a peer that does not
	// know the newest ones finds a common point. At most [MaxHeads].
	Heads [][32]byte
	// Feeds is the end of the gapless part of every chain that is not empty.
	Feeds []Position
}

// Batch is a number of objects as they travel. The bytes are opaque here.
type Batch struct {
	Entries   [][]byte // sealed log entries, parents first
	Blobs     [][]byte // blobs beside the log
	Envelopes [][]byte // oldest first within each chain
}

// Len is the number of objects.
func (b Batch) Len() int { return len(b.Entries) + len(b.Blobs) + len(b.Envelopes) }

// fits reports whether the objects may travel in one frame.
func (b Batch) fits() bool {
	size := 0
	for _, part := range [][][]byte{b.Entries, b.Blobs, b.Envelopes} {
		for _, object := range part {
			size += len(object) + 5 // at most 5 bytes of length
		}
	}
	return b.Len() <= MaxObjects && size <= MaxFrame-64
}

// Replica is one workspace as this device stores it. All methods may be called
// by several goroutines at once, Receive serially for each peer.
type Replica interface {
	// Have says what is committed. It must be cheap: it is called after every
	// commit, ours and received ones.
	Have(ctx context.Context) (Have, error)
	// Missing returns the next objects that a peer which holds theirs lacks and
	// may have: entries and blobs first, then envelopes, oldest first in each
	// chain, at most max objects and, unless the first one alone is larger,
	// maxBytes. theirs is sorted by space and device and must not be kept; a
	// position beyond our own means that nothing of the chain is to be sent;
	// unknown heads are ignored. after names the chains that b continues, each
	// with its new end; after.Heads, when b has entries, holds all heads that
	// theirs becomes. Gossip asks with our own peer id for what was written here.
	Missing(ctx context.Context, peer p2p.PeerID, theirs Have, max, maxBytes int) (b Batch, after Have, err error)
	// Receive checks and stores what a peer sent and returns after the commit.
	// A *[Fault] costs the peer points and the stream goes on; any other error
	// means that nothing was stored and ends the stream.
	Receive(ctx context.Context, from p2p.PeerID, b Batch) error
	// Held reports positions the peer holds durably: all of them when the peer
	// (re)starts a round, later only those that changed.
	Held(ctx context.Context, peer p2p.PeerID, have Have)
	// Live is an ephemeral hint of at most [MaxLive] bytes.
	Live(ctx context.Context, from p2p.PeerID, body []byte)
}

// Fault is returned by [Replica.Receive] when the peer sent something that an
// honest member does not send.
type Fault struct {
	Points int // penalty points for the peer that sent it
	Err    error
}

// Error says what was wrong.
func (f *Fault) Error() string { return fmt.Sprintf("%d points: %v", f.Points, f.Err) }

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// PeerAddrs are addresses under which a peer was seen.
type PeerAddrs struct {
	Peer  p2p.PeerID
	Addrs []string // multiaddresses without /p2p
}

// Limits of the protocol (Y3). A frame beyond them is malformed.
const (
	MaxFrame       = 2 << 20 // bytes of one frame
	MaxFeeds       = 4096    // positions of one peer
	MaxHeads       = 64      // heads and samples in one frame
	MaxLinks       = 512     // devices in one Links or Hello
	MaxAddrPeers   = 256     // peers in one Addrs frame
	MaxAddrs       = 8       // addresses of one peer
	MaxAddr        = 128     // bytes of one address
	MaxLive        = 4 << 10 // bytes of a hint
	MaxWindow      = 256     // objects of one window
	MaxWindowBytes = 1 << 20 // bytes of one window, unless one object is larger
	MaxObjects     = 512     // objects that a window may hold when blobs came on top
	MaxInFlight    = 4       // windows not yet acknowledged
)
