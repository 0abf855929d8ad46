package media

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
)

// Bounds and times of a participant.
const (
	maxWaiting   = 128 // signals not yet looked at
	maxUsed      = 64  // fingerprints remembered
	offerBurst   = 10  // offers taken at once; one more each second
	tickEvery    = 200 * time.Millisecond
	statTicks    = 5                       // ticks between statistics
	answerLimit  = 3 * time.Second         // an offer without an answer is repeated
	connectLimit = 15 * time.Second        // from the answer to the first packet
	patience     = 2500 * time.Millisecond // with a silent connection, after iceSilent
	retryFirst   = 500 * time.Millisecond
	retryMost    = 30 * time.Second
)

// peer is one participant. Its goroutine owns the connection: everything that
// happens to it is a function in the mailbox.
type peer struct {
	who
	room    *Room
	log     *slog.Logger
	mailbox mailbox
	conn    atomic.Pointer[conn]   // stored by the goroutine
	stat    atomic.Pointer[Stat]   // likewise
	chosen  atomic.Pointer[choice] // what its line carries, whether it is made or not
	count   counters
	link    link // the goroutine's own
	door    door
	origin  *origin
	handing sync.Mutex         // held while a frame is handed out: a new connection may begin while the old one ends
	newest  [Screen + 1]uint64 // time of the last frame handed out; guarded by handing
	quit    chan struct{}
	done    chan struct{}
}

// who is at the other end of a connection.
type who struct {
	id      ID
	carrier bool     // takes no part in the call: it only carries (rule C40)
	guest   bool     // a browser: it knows neither pieces nor marks (rule C43)
	servers []string // STUN, of the connection to a guest
}

// door is what descriptions must pass before they are posted.
type door struct {
	mu     sync.Mutex
	offers bool       // we offer; guarded by mu
	used   [][32]byte // fingerprints that came from there; guarded by mu
	budget float64    // offers that may come now; guarded by mu
	filled time.Time  // of budget; guarded by mu
}

// link is what the goroutine of a peer knows about its connection.
type link struct {
	state    State
	since    time.Time
	attempts int
	retry    time.Time // offering side: when to offer again; zero: not
	gone     string    // user fragment of the other side's connection that was lost last
	early    []earlyCandidate
	ladder   ladder
	window   window
	ticks    int
	ticked   time.Time // last tick
	stalled  time.Time // last time this program itself stood still
}

type earlyCandidate struct{ line, ufrag string }

func newPeer(room *Room, other who, offers bool) *peer {
	id := other.id
	p := &peer{
		who: other, room: room, log: room.cfg.Log.With("participant", id.String()), door: door{offers: offers, budget: offerBurst},
		mailbox: mailbox{wake: make(chan struct{}, 1)}, quit: make(chan struct{}), done: make(chan struct{}),
	}
	p.stat.Store(&Stat{ID: id})
	p.origin = &origin{tag: room.tag(id), count: &p.count, hand: func(f Frame) { room.receive(p, f) }}
	if frames := room.cfg.Frames; frames != nil {
		p.origin.open = func(lane uint8, sealed, meta []byte) ([]byte, error) { return frames.Open(id, lane, sealed, meta) }
	}
	return p
}

// run is the goroutine of the participant. It starts when the one before it,
// of the same participant, has said bye.
func (p *peer) run(before <-chan struct{}) {
	defer close(p.done)
	if before != nil {
		<-before
	}
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	p.begin()
	for {
		select {
		case <-p.quit:
			p.sayBye()
			return
		case <-p.mailbox.wake:
			for _, f := range p.mailbox.take() {
				f()
			}
		case <-ticker.C:
			p.tick(time.Now())
		}
	}
}

// sayBye ends the connection, and tells the other side if it knows of it.
func (p *peer) sayBye() {
	c := p.conn.Load()
	p.drop()
	if c != nil {
		p.room.cfg.Send(p.id, Signal{Kind: Bye, SDP: c.ufrag})
	}
}

func (p *peer) offering() bool {
	p.door.mu.Lock()
	defer p.door.mu.Unlock()
	return p.door.offers
}

// begin waits for an offer or makes one.
func (p *peer) begin() {
	p.drop()
	p.link.attempts, p.link.retry = 0, time.Time{}
	p.enter(Waiting)
	if p.offering() {
		p.connect()
	}
}

// connect makes a new connection and offers it.
func (p *peer) connect() {
	p.link.retry = time.Time{}
	c, err := p.open()
	if err != nil {
		p.log.Warn("open a connection", "err", err)
		p.lost()
		return
	}
	s, err := c.offer()
	if err != nil {
		p.log.Warn("offer", "err", err)
		p.lost()
		return
	}
	p.room.cfg.Send(p.id, s)
}

// open replaces the connection.
func (p *peer) open() (*conn, error) {
	p.drop()
	var c *conn
	c, err := newConn(p.room, p.who, &p.count, events{
		state:     func(s webrtc.PeerConnectionState) { p.mailbox.post(func() { p.changed(c, s) }) },
		candidate: func(line string) { p.mailbox.post(func() { p.sendCandidate(c, line) }) },
		frame:     p.plain,
		needKey:   p.room.needKey,
		ready:     func() { p.mailbox.post(func() { p.up(c) }) },
		piece:     func(one piece, now time.Time) { p.room.piece(p, c, one, now) },
		said:      func(m control) { p.room.heard(p, c, m, time.Now()) },
	})
	if err != nil {
		return nil, err
	}
	p.conn.Store(c)
	p.link.ladder = ladder{}
	p.enter(Connecting)
	if p.room.cfg.Tunnel != nil && !p.guest {
		c.spawn(func() { p.tunnel(c) })
	}
	return c, nil
}

// plain takes a frame that was not in pieces: who only carries has none of its own.
func (p *peer) plain(f Frame) {
	if p.carrier {
		p.count.refused.Add(1)
		return
	}
	p.room.receive(p, f)
}

// tunnel keeps a tunnel open as long as the connection.
func (p *peer) tunnel(c *conn) {
	at, end, err := p.room.cfg.Tunnel(p.id)
	if err != nil {
		p.log.Debug("no tunnel", "err", err)
		return
	}
	if end != nil {
		defer end()
	}
	p.mailbox.post(func() {
		if c.tunnel = at; c == p.conn.Load() && c.remote.ufrag != "" {
			p.warn("tunnel", c.addTunnel(at))
		}
	})
	<-c.quit
}

// drop closes the connection in the background.
func (p *peer) drop() {
	if c := p.conn.Swap(nil); c != nil {
		c.stop()
		p.room.wg.Go(func() { p.warn("close", c.close()) })
	}
}

// lost gives the connection up; the offering side will make another.
func (p *peer) lost() {
	if c := p.conn.Load(); c != nil {
		p.link.gone = c.remote.ufrag
	}
	p.drop()
	p.enter(Interrupted)
	if !p.offering() {
		return
	}
	p.link.retry = time.Now().Add(min(retryFirst<<min(p.link.attempts, 10), retryMost))
	p.link.attempts++
}

func (p *peer) enter(s State) {
	p.link.since = time.Now()
	if p.link.state != s {
		p.link.state = s
		p.publish()
		p.room.stir()
	}
}

func (p *peer) warn(what string, err error) {
	if err != nil {
		p.log.Debug(what, "err", err)
	}
}

// changed is told by the library, possibly about a connection of before.
func (p *peer) changed(c *conn, s webrtc.PeerConnectionState) {
	if c != p.conn.Load() {
		return
	}
	switch s {
	case webrtc.PeerConnectionStateConnected:
		p.up(c)
	case webrtc.PeerConnectionStateDisconnected:
		p.enter(Interrupted)
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		p.lost()
	}
}

// up lets media flow if the connection is up, can send, and is with whom it
// should be.
func (p *peer) up(c *conn) {
	if c != p.conn.Load() {
		return
	}
	flows, err := c.verify()
	if err != nil {
		p.log.Warn("another certificate than signed", "err", err)
		p.lost()
		return
	}
	if flows {
		p.link.attempts = 0
		_, _, _ = c.path()
		p.choose(time.Now())
		p.enter(Connected)
	}
}

// tick watches over times, chooses what is sent, and counts.
func (p *peer) tick(now time.Time) {
	c, waited := p.conn.Load(), now.Sub(p.link.since)
	switch {
	case c == nil:
		if !p.link.retry.IsZero() && now.After(p.link.retry) {
			p.connect()
		}
	case p.link.state == Connecting && c.remote.ufrag == "" && waited > min(answerLimit<<min(p.link.attempts, 5), connectLimit),
		p.link.state == Connecting && waited > connectLimit,
		p.link.state == Interrupted && waited > patience && p.offering():
		p.lost()
	}
	if p.link.ticks > 0 && now.Sub(p.link.ticked) > 2*tickEvery {
		p.link.stalled = now
	}
	p.link.ticked = now
	p.link.window.add(p.count.sample(now))
	p.listen(now)
	if p.link.state == Connected {
		p.choose(now)
	}
	if p.link.ticks++; p.link.ticks%statTicks == 0 {
		p.publish()
	}
}

func (p *peer) choose(now time.Time) {
	c := p.conn.Load()
	if c == nil {
		return
	}
	bits, queue, over := c.sent.look(now)
	_, steady := p.link.window.loss()
	in := line{Estimate: bits, Queue: queue, Over: over, Loss: p.link.window.lately(), Steady: steady, Backlog: c.out.backlog()}
	in.Sight = c.sight(now)
	in.Offered, in.Senders, in.Both, in.Sealed = p.room.offered(p, in.Sight, now)
	if now.Sub(p.link.stalled) < time.Second {
		in.Over, in.Queue = false, 0 // packets waited here, not in the line
	}
	chosen, urgent := p.link.ladder.step(in, now)
	sent := chosen
	if !in.Sealed {
		sent.Video = in.Sight.takes(p.room.forward.cut.tag, chosen.Video)
	}
	if sent.Video == Video && in.Offered[Video] == 0 && in.Offered[Small] > 0 {
		sent.Video = Small // the large layer is not made, or not yet
	}
	c.out.choose(sent, urgent, in, p.link.ladder.pace(in, now), now)
	if before := p.chosen.Swap(&chosen); before == nil || *before != chosen {
		p.room.stir() // what is wanted of the encoders may have changed
	}
}

// publish renews what Stats says.
func (p *peer) publish() {
	s := Stat{
		ID: p.id, State: p.link.state, Frames: p.count.frames.Load(), Bad: p.count.bad.Load(),
		AudioPackets: p.count.audio.Load(), AudioLost: p.count.audioLost.Load(),
	}
	s.KbpsIn, s.KbpsOut = p.link.window.kbps()
	s.Wire = p.link.window.wire()
	if c := p.conn.Load(); c != nil && p.link.state == Connected {
		rtt, remote, ok := c.path()
		if ok {
			s.Path, s.RTTMs = pathOf(remote, c.tunnel, p.room.cfg.Local), int(rtt.Milliseconds())
		}
		bits, _, _ := c.sent.look(time.Now())
		s.Estimate, s.LayerOut, s.Short = bits/1000, c.out.layer(p.room.forward.cut.tag), p.link.ladder.short && p.link.ladder.lacks
		if s.KbpsIn > 0 {
			s.LayerIn = Stream(p.count.layerIn.Load())
		}
	}
	p.stat.Store(&s)
}

// admit tells whether a fingerprint is new, and remembers it: a certificate is
// made for one connection only, so one that comes again is a replay.
func (d *door) admit(print [32]byte, offer bool, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Contains(d.used, print) {
		return ErrFingerprint
	}
	if offer {
		d.budget = min(d.budget+now.Sub(d.filled).Seconds(), offerBurst)
		d.filled = now
		if d.budget < 1 {
			return refuse("too many offers")
		}
		d.budget--
	}
	if d.used = append(d.used, print); len(d.used) > maxUsed {
		d.used = d.used[1:]
	}
	return nil
}
