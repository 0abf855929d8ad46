package mailbox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

const (
	breach   = 10              // points for a broken rule (protocol 2.18)
	callTime = 2 * time.Minute // of one call
	calls    = 4               // at once, each on a stream of its own
	keepIdle = 30 * time.Second
	// closeIdle is how long a super-peer waits for the next request: longer than
	// a device keeps a stream, so that none ends while a request is on its way.
	closeIdle = 4 * keepIdle
)

// errClosed reports a call after Close.
var errClosed = errors.New("the mailbox client is closed")

// ErrOtherStore reports that the super-peer has another store than when the client
// was opened (X20): nothing of what it acknowledged counts. Open it again.
var ErrOtherStore = errors.New("the super-peer has another store")

// Opener opens streams to connected peers; *p2p.Node is one.
type Opener interface {
	Open(ctx context.Context, to p2p.PeerID, protocol string) (p2p.Stream, error)
	Penalise(p p2p.PeerID, points int, reason string)
}

// Client is one device at one super-peer for one workspace. It is safe for
// concurrent use: calls run at the same time, up to 4 of them, each on a stream
// of its own; a Watch has one besides. Every call ends within 2 minutes, Watch
// excepted. An error that is none of this package's means that the connection
// failed; the same call may be tried again, since repeating a Put is harmless.
type Client struct {
	node    Opener
	to      p2p.PeerID
	ws      [32]byte
	welcome welcome // of the first stream
	greeted bool
	ahead   time.Duration
	slots   chan struct{} // holds one token for each running call

	mu     sync.Mutex
	idle   []*session        // guarded by mu
	open   map[*session]bool // guarded by mu; the idle ones too
	closed bool              // guarded by mu
	told   account           // guarded by mu; of the newest welcome
}

// account is how much a device has stored at a super-peer and may, as it was told.
type account struct {
	used, limit int64
	at          time.Time
}

// Open greets a connected super-peer and is greeted. It fails with ErrStranger
// when the access list lacks us.
func Open(ctx context.Context, node Opener, superPeer p2p.PeerID, ws [32]byte) (*Client, error) {
	c := &Client{node: node, to: superPeer, ws: ws, slots: make(chan struct{}, calls), open: make(map[*session]bool)}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	begin := time.Now()
	s, err := c.greet(ctx)
	if err != nil {
		return nil, fmt.Errorf("open mailbox: %w", err)
	}
	took := time.Since(begin)
	c.welcome, c.greeted = s.welcome, true
	c.ahead = time.UnixMilli(s.welcome.Now).Sub(begin.Add(took / 2))
	c.putBack(s)
	return c, nil
}

// Store names what the super-peer remembers: while it is the same, cursors of
// earlier connections are good and what was acknowledged is still there.
func (c *Client) Store() [16]byte { return c.welcome.Store }

// Quota is how many bytes this device has stored there and how many it may, this
// workspace and others together. What the super-peer said at most so long ago is
// good enough; else it is asked again, on a stream of its own.
func (c *Client) Quota(ctx context.Context, age time.Duration) (used, limit int64, err error) {
	a := c.account()
	if time.Since(a.at) > age {
		ctx, cancel := context.WithTimeout(ctx, callTime)
		defer cancel()
		release, err := c.slot(ctx)
		if err != nil {
			return 0, 0, fmt.Errorf("ask for the quota: %w", err)
		}
		defer release()
		s, err := c.greet(ctx)
		if err != nil {
			return 0, 0, fmt.Errorf("ask for the quota: %w", err)
		}
		c.putBack(s)
		a = c.account()
	}
	return a.used, a.limit, nil
}

func (c *Client) account() account {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told
}

// Clock is how much the super-peer's clock was ahead of ours at the Welcome, at
// most the round trip wrong.
func (c *Client) Clock() time.Duration { return c.ahead }

// Put stores objects and returns nil once they are durable there; either all of
// them are or none. At most MaxBatch objects, together at most MaxWindow bytes,
// or one of at most MaxObject. What is there already is not stored again.
// refetchable lets the super-peer drop them when it needs room: file blocks,
// which their author still has.
func (c *Client) Put(ctx context.Context, tag Tag, objects []Object, refetchable bool) error {
	if len(objects) == 0 {
		return nil
	}
	for _, o := range objects {
		if len(o.Bytes) > MaxObject {
			return fmt.Errorf("put at a super-peer: an object of %d bytes", len(o.Bytes))
		}
	}
	ids, sizes, body := packObjects(objects)
	m := put{V: 1, Kind: kindPut, Tag: tag, Refetchable: refetchable, IDs: ids, Sizes: sizes}
	if err := m.check(); err != nil {
		return fmt.Errorf("put at a super-peer: %d objects of %d bytes are too much", len(objects), len(body))
	}
	err := c.call(ctx, func(s *session) error {
		if err := wire.Write(s.w, m); err != nil {
			return err
		}
		if err := s.w.WriteFrame(body); err != nil {
			return err
		}
		_, err := answer[done](s, kindDone)
		return err
	})
	if err != nil {
		return fmt.Errorf("put at a super-peer: %w", err)
	}
	return nil
}

// List names at most max objects behind the cursor after, and whether there are
// more. A super-peer gives at most MaxRefs at once.
func (c *Client) List(ctx context.Context, tag Tag, after uint64, max int) ([]Ref, bool, error) {
	if max <= 0 {
		return nil, false, nil
	}
	var found refs
	err := c.call(ctx, func(s *session) error {
		m := list{V: 1, Kind: kindList, Tag: tag, After: after, Max: uint(min(max, MaxRefs))}
		if err := wire.Write(s.w, m); err != nil {
			return err
		}
		var err error
		if found, err = answer[refs](s, kindRefs); err != nil {
			return err
		}
		if len(found.Numbers) > int(m.Max) || len(found.Numbers) > 0 && found.Numbers[0] <= after {
			return malformed("references that were not asked for")
		}
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("list a super-peer: %w", err)
	}
	return found.unpack(), found.More, nil
}

// Fetch gets at most MaxBatch objects by name, in the order of the ids; what is
// not there, and what exceeds MaxFetch bytes together, is left out.
func (c *Client) Fetch(ctx context.Context, tag Tag, ids [][32]byte) ([]Object, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if len(ids) > MaxBatch {
		return nil, fmt.Errorf("fetch from a super-peer: %d ids", len(ids))
	}
	var all []Object
	err := c.call(ctx, func(s *session) error {
		all = nil
		if err := wire.Write(s.w, fetch{V: 1, Kind: kindFetch, Tag: tag, IDs: packIDs(ids)}); err != nil {
			return err
		}
		return s.fetched(ids, &all)
	})
	if err != nil {
		return nil, fmt.Errorf("fetch from a super-peer: %w", err)
	}
	return all, nil
}

// Close ends the streams of the client; calls that run fail.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	open := c.open
	c.open, c.idle = nil, nil
	c.mu.Unlock()
	for s := range open {
		s.end()
	}
	return nil
}

// call runs one exchange on a stream that is free, or a fresh one. An exchange
// that fails on a stream that had lain idle is tried once more: the connection
// may have gone in the meantime and come back.
func (c *Client) call(ctx context.Context, exchange func(*session) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	release, err := c.slot(ctx)
	if err != nil {
		return err
	}
	defer release()
	for {
		s, err := c.take()
		if err != nil {
			return err
		}
		used := s != nil
		if !used {
			if s, err = c.greet(ctx); err != nil {
				return err
			}
		}
		err = s.bounded(ctx, exchange)
		switch {
		case err == nil || isAnswer(err):
			c.putBack(s)
			return err
		case ctx.Err() != nil:
			c.drop(s)
			return ctx.Err()
		case wire.IsFault(err):
			c.drop(s)
			c.node.Penalise(c.to, breach, err.Error())
			return err
		}
		c.drop(s)
		if !used {
			return err
		}
	}
}

// slot waits until a further call may run; release ends it.
func (c *Client) slot(ctx context.Context) (release func(), err error) {
	select {
	case c.slots <- struct{}{}:
		return func() { <-c.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// take gives an idle stream, or nil when none is fresh enough.
func (c *Client) take() (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, errClosed
	}
	for len(c.idle) > 0 {
		s := c.idle[len(c.idle)-1]
		c.idle = c.idle[:len(c.idle)-1]
		if time.Since(s.since) < keepIdle {
			return s, nil
		}
		delete(c.open, s)
		go s.end()
	}
	return nil, nil
}

func (c *Client) putBack(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.idle) >= calls {
		delete(c.open, s)
		go s.end()
		return
	}
	s.since = time.Now()
	c.idle = append(c.idle, s)
}

func (c *Client) drop(s *session) {
	c.mu.Lock()
	delete(c.open, s)
	c.idle = slices.DeleteFunc(c.idle, func(other *session) bool { return other == s })
	c.mu.Unlock()
	_ = s.stream.Reset()
}

// greet opens a stream and exchanges hello and welcome on it.
func (c *Client) greet(ctx context.Context) (*session, error) {
	stream, err := c.node.Open(ctx, c.to, Protocol)
	if err != nil {
		return nil, err
	}
	s := newSession(stream)
	c.mu.Lock()
	closed := c.closed
	if !closed {
		c.open[s] = true
	}
	c.mu.Unlock()
	if closed {
		_ = stream.Reset()
		return nil, errClosed
	}
	err = s.bounded(ctx, func(s *session) error {
		if err := wire.Write(s.w, hello{V: 1, Kind: kindHello, Workspace: c.ws}); err != nil {
			return err
		}
		s.welcome, err = answer[welcome](s, kindWelcome)
		return err
	})
	if err != nil {
		c.drop(s)
		if wire.IsFault(err) {
			c.node.Penalise(c.to, breach, err.Error())
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	if c.greeted && s.welcome.Store != c.welcome.Store {
		_ = c.Close()
		return nil, ErrOtherStore
	}
	c.mu.Lock()
	c.told = account{bytesOf(s.welcome.Used), bytesOf(s.welcome.Limit), time.Now()}
	c.mu.Unlock()
	return s, nil
}

// bytesOf is a number of bytes that somebody told.
func bytesOf(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
