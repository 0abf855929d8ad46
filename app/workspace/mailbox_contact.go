package workspace

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// The states of a super-peer as this device sees it.
const (
	SuperPeerConnected  = "connected"
	SuperPeerConnecting = "connecting"
	SuperPeerRefused    = "refused" // its access list lacks this device
	SuperPeerFull       = "full"    // it is connected, and takes nothing more
)

// contact is what a courier can tell about its super-peer, and its alarm clocks.
type contact struct {
	stir    chan struct{} // something to upload may be there
	news    chan struct{} // something to read may be there
	regroup chan struct{} // other spaces may be readable now
	retry   chan struct{} // the super-peer is connected now
	weigh   chan struct{} // how full the share of this device is may be another number now

	weight atomic.Int64 // bytes that were brought since that number was asked for

	see   sync.Mutex
	view  contactView    // guarded by see
	last  map[Tag]uint64 // guarded by see; the newest number that was told of a tag
	anew  bool           // guarded by see; everything there is to be compared again
	moved chan struct{}  // guarded by see; closed and replaced when an upload ended
}

type contactView struct {
	state       string
	silent      bool // connected, but it has not answered for some seconds
	used, limit int64
	lastContact time.Time
	refused     time.Time // since when it does not know this device; zero: it does
	problem     SuperPeerProblem
}

func (c *contact) init() {
	for _, alarm := range []*chan struct{}{&c.stir, &c.news, &c.regroup, &c.retry, &c.weigh} {
		*alarm = make(chan struct{}, 1)
	}
	c.last, c.moved = map[Tag]uint64{}, make(chan struct{})
	c.view.state = SuperPeerConnecting
}

// ring sets an alarm that may be set already.
func ring(alarm chan struct{}) {
	select {
	case alarm <- struct{}{}:
	default:
	}
}

// told notes the number of the newest object of a tag.
func (c *contact) told(tag Tag, last uint64) {
	c.see.Lock()
	c.last[tag] = max(c.last[tag], last)
	c.see.Unlock()
	ring(c.news)
}

// lastOf is the number that was told of a tag.
func (c *contact) lastOf(tag Tag) uint64 {
	c.see.Lock()
	defer c.see.Unlock()
	return c.last[tag]
}

// satisfied forgets the number of a tag that was read, unless it has grown
// meanwhile: a super-peer may tell of more than it lists.
func (c *contact) satisfied(tag Tag, last uint64) {
	c.see.Lock()
	defer c.see.Unlock()
	if c.last[tag] == last {
		delete(c.last, tag)
	}
}

// compareAnew makes the courier look at everything again, also should the program
// end before it can.
func (c *courier) compareAnew(ctx context.Context) {
	c.see.Lock()
	c.anew = true
	c.see.Unlock()
	c.edit(func(r *courierRow) { r.Cursors, r.Skipped = nil, nil })
	if err := c.save(ctx); err != nil && ctx.Err() == nil {
		c.w.logger.Warn("super-peer", "err", err)
	}
	ring(c.news)
}

// comparesAnew reports whether everything is to be looked at again.
func (c *contact) comparesAnew() bool {
	c.see.Lock()
	defer c.see.Unlock()
	return c.anew
}

// takeAnew reports, once, that everything is to be looked at again.
func (c *contact) takeAnew() bool {
	c.see.Lock()
	defer c.see.Unlock()
	anew := c.anew
	c.anew = false
	return anew
}

// uploaded wakes those who wait for uploads.
func (c *contact) uploaded() {
	c.see.Lock()
	defer c.see.Unlock()
	close(c.moved)
	c.moved = make(chan struct{})
}

func (c *contact) nextUpload() <-chan struct{} {
	c.see.Lock()
	defer c.see.Unlock()
	return c.moved
}

// contacted notes that the super-peer answered just now.
func (c *courier) contacted() {
	c.see.Lock()
	defer c.see.Unlock()
	c.view.lastContact = time.Now()
}

func (c *courier) seen() contactView {
	c.see.Lock()
	defer c.see.Unlock()
	v := c.view
	if v.silent && (v.state == SuperPeerConnected || v.state == SuperPeerFull) {
		v.state = SuperPeerConnecting
	}
	return v
}

// show changes what is told about the super-peer, and tells it when that is news.
func (c *courier) show(change func(*contactView)) {
	c.see.Lock()
	before := c.view
	change(&c.view)
	news := c.view.state != before.state || c.view.problem != before.problem || c.view.silent != before.silent ||
		c.view.used != before.used || c.view.limit != before.limit
	problem := c.view.problem
	c.see.Unlock()
	if !news {
		return
	}
	if problem != "" && problem != before.problem {
		c.w.events.Problem.Publish(Problem{Workspace: c.w.id, SuperPeer: c.peer, Kind: problem})
	}
	c.w.events.SuperPeers.Publish(SuperPeersChanged{Workspace: c.w.id})
}

// damaged notes that a super-peer gave objects that no honest one gives.
func (c *courier) damaged(count int) {
	c.w.logger.Warn("a super-peer gives damaged objects", "super-peer", c.peer.Short(), "count", count)
	c.show(func(v *contactView) { v.problem = ProblemDamaged })
}
