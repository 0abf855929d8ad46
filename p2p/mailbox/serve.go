package mailbox

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// requestTime is how long one request may keep a super-peer busy.
const requestTime = 2 * time.Minute

// Handler serves protocols; *p2p.Node is one.
type Handler interface {
	Handle(id string, h p2p.Handler)
	Penalise(p p2p.PeerID, points int, reason string)
	Log() *slog.Logger
}

// Serve answers devices that the node's gate lets in, as the keeper decides.
func Serve(node Handler, keeper Keeper) {
	b := newBudget()
	node.Handle(Protocol, func(ctx context.Context, s p2p.Stream) {
		c := &counter{
			keeper: keeper, budget: b, stream: s, visit: Visit{Peer: s.Peer()}, log: node.Log(),
			r: wire.NewReader(s, wire.FirstByte), w: wire.NewWriter(s, wire.Idle),
		}
		defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
		err := c.serve(ctx)
		switch {
		case err == nil || errors.Is(err, io.EOF):
		case wire.IsFault(err):
			_ = s.Reset()
			node.Penalise(s.Peer(), breach, err.Error())
		default:
			_ = s.Reset()
			node.Log().Debug("serve a mailbox", "peer", s.Peer().Short(), "err", err)
		}
	})
}

// counter is where one stream of one device is served.
type counter struct {
	keeper Keeper
	budget *budget
	stream p2p.Stream
	visit  Visit
	store  [16]byte // as the device was told
	r      *wire.Reader
	w      *wire.Writer
	log    *slog.Logger
}

// serve greets and then answers one request after the other.
func (c *counter) serve(ctx context.Context) error {
	frame, err := c.r.ReadFrame(maxRequest)
	if err != nil {
		return err
	}
	h, err := decode[hello](frame, kindHello)
	if err != nil {
		return err
	}
	c.visit.Workspace = h.Workspace
	account, err := c.keeper.Admit(ctx, c.visit)
	if err != nil {
		return c.say(err) // and close
	}
	c.store = account.Store
	err = wire.Send(c.w, welcome{
		V: 1, Kind: kindWelcome, Store: account.Store, Now: time.Now().UnixMilli(),
		Used: uint64(max(account.Used, 0)), Limit: uint64(max(account.Limit, 0)),
	})
	for err == nil {
		c.r.SetIdle(closeIdle)
		if frame, err = c.r.ReadFrame(maxRequest); err != nil {
			return err
		}
		c.r.SetIdle(wire.Idle)
		var k kind
		if k, err = kindOf(frame); err != nil {
			return err
		}
		if k == kindWatch {
			return c.watch(ctx, frame)
		}
		err = c.request(ctx, k, frame)
	}
	return err
}

// request answers one request. An error means that the stream is no good.
func (c *counter) request(ctx context.Context, k kind, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	// Who takes bytes slower than that must not keep the memory of others.
	defer context.AfterFunc(ctx, func() { _ = c.stream.Reset() })()
	switch k {
	case kindPut:
		return c.put(ctx, frame)
	case kindList:
		return c.list(ctx, frame)
	case kindFetch:
		return c.fetch(ctx, frame)
	case kindLeave:
		m, err := decode[leave](frame, kindLeave)
		if err != nil {
			return err
		}
		return c.say(c.keeper.Leave(ctx, c.visit, Door{Name: m.Name, Counter: m.Counter, Expires: m.Expires, Box: m.Box}))
	}
	return malformed("a kind that is no request")
}

func (c *counter) put(ctx context.Context, frame []byte) error {
	m, err := decode[put](frame, kindPut)
	if err != nil {
		return err
	}
	giveBack, err := c.budget.take(ctx, c.visit.Peer, sum(m.Sizes))
	if err != nil {
		return err
	}
	defer giveBack()
	body, err := readBody(c.r, m.Sizes)
	if err != nil {
		return err
	}
	return c.say(c.keeper.Put(ctx, c.visit, m.Tag, unpackObjects(m.IDs, m.Sizes, body), m.Refetchable))
}

func (c *counter) list(ctx context.Context, frame []byte) error {
	m, err := decode[list](frame, kindList)
	if err != nil {
		return err
	}
	found, more, err := c.keeper.List(ctx, c.visit, m.Tag, m.After, int(m.Max))
	if err != nil {
		return c.say(err)
	}
	return wire.Send(c.w, packRefs(found, more))
}

// fetch answers in windows; what a window holds leaves memory before the next
// one is read.
func (c *counter) fetch(ctx context.Context, frame []byte) error {
	m, err := decode[fetch](frame, kindFetch)
	if err != nil {
		return err
	}
	rest, room := unpackIDs(m.IDs), MaxFetch
	for more := true; more; {
		if rest, more, err = c.window(ctx, m.Tag, rest, &room); err != nil {
			return err
		}
	}
	return nil
}

// window sends one answer to a fetch.
func (c *counter) window(ctx context.Context, tag Tag, ids [][32]byte, room *int) (rest [][32]byte, more bool, err error) {
	giveBack, err := c.budget.take(ctx, c.visit.Peer, MaxObject)
	if err != nil {
		return nil, false, err
	}
	defer giveBack()
	found, rest, err := c.keeper.Fetch(ctx, c.visit, tag, ids)
	if err != nil {
		return nil, false, c.say(err)
	}
	packed, sizes, body := packObjects(found)
	if *room -= len(body); *room < 0 {
		packed, sizes, body, rest = []byte{}, []uint32{}, nil, nil
	}
	more = len(rest) > 0 && len(sizes) > 0
	if err := wire.Write(c.w, objects{V: 1, Kind: kindObjects, IDs: packed, Sizes: sizes, More: more}); err != nil {
		return nil, false, err
	}
	if err := c.w.WriteFrame(body); err != nil {
		return nil, false, err
	}
	return rest, more, c.w.Flush()
}

// watch tells news until the device closes the stream or loses its right.
func (c *counter) watch(ctx context.Context, frame []byte) error {
	m, err := decode[watch](frame, kindWatch)
	if err != nil {
		return err
	}
	w, err := c.keeper.Watch(ctx, c.visit, m.Tags)
	if err != nil {
		return c.say(err)
	}
	defer w.Leave()
	gone := make(chan error, 1)
	c.r.SetIdle(0)
	go func() { // ends with the stream, which is closed when the handler returns
		_, err := c.r.ReadFrame(0)
		if err == nil {
			err = malformed("a request while watching")
		}
		gone <- err
	}()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var latest []News
		select {
		case <-w.Wake():
			var alarmed bool
			if latest, alarmed = w.Take(); alarmed {
				account, err := c.keeper.Admit(ctx, c.visit)
				if err != nil {
					return c.say(err)
				}
				if account.Store != c.store {
					return nil // the device comes back and is told
				}
			}
			if len(latest) == 0 {
				continue
			}
		case <-beat.C:
		case err := <-gone:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := wire.Send(c.w, packNews(latest)); err != nil {
			return err
		}
		if !pause(ctx, coalesce) {
			return ctx.Err()
		}
	}
}

// pause lets further news gather.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// say tells the device how a request ended. What is the super-peer's own fault
// goes into its log.
func (c *counter) say(err error) error {
	m := doneOf(err)
	if m.Code == codeFailed {
		c.log.Warn("serve a mailbox", "peer", c.visit.Peer.Short(), "err", err)
	}
	return wire.Send(c.w, m)
}
