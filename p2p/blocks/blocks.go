package blocks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/ipfs/boxo/bitswap/client"
	"github.com/ipfs/boxo/bitswap/server"
	blockformat "github.com/ipfs/go-block-format"

	"parvis/p2p"
)

// Protocol is the id of the protocol, with its major version.
const Protocol = "/parvis/blk/1"

// Limits (rules B2 to B5). Sizes are in bytes.
const (
	MaxBlock       = 256<<10 + 16 // a chunk and its tag
	maxWants       = 256          // of one peer that are remembered
	maxOutstanding = 1 << 20      // read for one peer and not yet sent
	maxCID         = 64
	batch          = 8  // blocks that one worker asks for at once
	batches        = 16 // of all callers together
	workers        = 8  // of one call
	servers        = 4  // goroutines that answer
	rebroadcast    = 15 * time.Second
)

var (
	// ErrNotHere is what a Store says of a block that it does not have.
	ErrNotHere = errors.New("the block is not here")
	// ErrClosed reports a call outside of Start and Close.
	ErrClosed = errors.New("the exchange is not running")
)

// ID names a block by the SHA-256 of its bytes.
type ID [32]byte

// Store is where blocks lie. Both methods are called from several goroutines.
type Store interface {
	// Size is the length of a block in bytes, or ErrNotHere.
	Size(ctx context.Context, id ID) (int, error)
	// Block reads a block, or says ErrNotHere. A damaged block is not here.
	Block(ctx context.Context, id ID) ([]byte, error)
}

// Config is what an Exchange stands on.
type Config struct {
	Node  *p2p.Node
	Store Store
	// May says whether a device may have a block, and may know that we want it. It
	// is asked for every want and every block, from several goroutines.
	May func(peer p2p.PeerID, id ID) bool
	Log *slog.Logger // the node's when nil
}

// Exchange fetches blocks from connected members and gives them ours.
type Exchange struct {
	config Config
	net    *net
	slots  chan struct{} // one token per batch that is asked for

	mu      sync.Mutex
	client  *client.Client     // guarded by mu; nil unless running
	server  *server.Server     // guarded by mu
	cancel  context.CancelFunc // guarded by mu
	watched chan struct{}      // guarded by mu; closed when the watch ended
}

// New makes the exchange of a node and registers its protocol. Call it before the
// node starts.
func New(config Config) *Exchange {
	if config.Log == nil {
		config.Log = config.Node.Log()
	}
	e := &Exchange{config: config, slots: make(chan struct{}, batches)}
	e.net = newNet(config)
	return e
}

// Start serves and fetches until Close; ctx bounds that whole life too.
func (e *Exchange) Start(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	store := storeAdapter{e.config.Store}
	e.cancel = cancel
	e.server = server.New(ctx, e.net, store,
		server.WithPeerBlockRequestFilter(e.net.may),
		server.MaxCidSize(maxCID),
		server.MaxQueuedWantlistEntriesPerPeer(maxWants),
		server.MaxOutstandingBytesPerPeer(maxOutstanding),
		server.WithWantHaveReplaceSize(0),
		server.EngineBlockstoreWorkerCount(servers),
		server.EngineTaskWorkerCount(servers),
		server.TaskWorkerCount(servers))
	e.client = client.New(ctx, e.net, nil, store,
		client.WithBlockReceivedNotifier(e.server),
		client.WithoutDuplicatedBlockStats(),
		client.WithDontHaveTimeoutConfig(patient()),
		client.RebroadcastDelay(rebroadcast))
	e.watched = make(chan struct{})
	wake := make(chan struct{}, 1)
	go e.net.watch(ctx, wake, e.watched)
	e.net.begin(&receivers{client: e.client, server: e.server, watch: wake})
}

// patient keeps bitswap from asking a second peer for what the first one is still
// sending: its own limit follows the fastest answers and would fetch every tenth
// block twice. Who sends nothing at all is found by us (rule B9).
func patient() *client.DontHaveTimeoutConfig {
	config := client.DefaultDontHaveTimeoutConfig()
	config.MinTimeout, config.DontHaveTimeout, config.MaxTimeout = 3*silence, 3*silence, standstill
	return config
}

// Close ends all exchange and waits.
func (e *Exchange) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client == nil {
		return
	}
	e.net.Stop()
	e.cancel()
	_ = e.client.Close() // neither fails
	e.server.Close()
	<-e.watched
	e.client, e.server = nil, nil
}

func (e *Exchange) running() (*client.Client, *server.Server, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.client == nil {
		return nil, nil, ErrClosed
	}
	return e.client, e.server, nil
}

// Stored says that blocks are in the store now: members that asked for them before
// are told.
func (e *Exchange) Stored(ctx context.Context, ids []ID) {
	_, server, err := e.running()
	if err != nil {
		return
	}
	for _, id := range ids {
		if !e.net.waits.take(id) { // nobody waits: it need not be read
			continue
		}
		data, err := e.config.Store.Block(ctx, id)
		if err != nil {
			continue
		}
		b, err := blockformat.NewBlockWithCid(data, cidOf(id))
		if err != nil {
			continue
		}
		_ = server.NotifyNewBlocks(ctx, b) // fails only when it closes
	}
}
