package media

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"
)

// party is one room of a test with what it received.
type party struct {
	t    *testing.T
	id   ID
	room *Room
	hall *hall

	inbox chan func() // signals on their way to it, in order
	stop  chan struct{}
	wg    sync.WaitGroup

	mu   sync.Mutex
	got  map[ID]*got    // guarded by mu
	keys map[Stream]int // wishes; guarded by mu
	errs []error        // of Signal; guarded by mu
}

// got is what one participant received of another.
type got struct {
	count     map[Stream]int
	last      map[Stream]uint64 // number of the last frame
	broken    int               // frames not as sent
	early     int               // frames out of order
	at        int               // frames whose time is wrong
	lastAudio time.Time
	silence   time.Duration // longest time between two audio frames
	lastKey   bool
	layer     Stream // of the last picture of the camera
	largest   int
}

// hall connects parties by their signals.
type hall struct {
	t      *testing.T
	mu     sync.Mutex
	all    map[ID]*party                        // guarded by mu
	tamper func(from, to ID, s Signal) []Signal // nil: as sent; guarded by mu
	news   *sync.Cond                           // of anything that changed
	config func(*Config)                        // nil: none
	sent   []sent                               // guarded by mu
}

// sent is a signal on its way.
type sent struct {
	from, to ID
	Signal
}

func newHall(t *testing.T) *hall {
	h := &hall{t: t, all: map[ID]*party{}}
	h.news = sync.NewCond(&sync.Mutex{})
	return h
}

func (h *hall) stir() {
	h.news.L.Lock()
	h.news.Broadcast()
	h.news.L.Unlock()
}

// long reports whether the runs were asked for that need a machine for themselves: they
// assert times.
func long() bool { return os.Getenv("PARVIS_LONG") != "" }

// wait blocks until a condition holds, looking at it when something changed. A machine
// that does other things beside it has a minute.
func (h *hall) wait(what string, limit time.Duration, holds func() bool) {
	h.t.Helper()
	if !long() {
		limit = max(limit, time.Minute)
	}
	late := time.Now().Add(limit)
	timer := time.AfterFunc(limit, h.stir)
	defer timer.Stop()
	h.news.L.Lock()
	defer h.news.L.Unlock()
	for !holds() {
		if time.Now().After(late) {
			h.t.Fatalf("after %v still not: %s", limit, what)
		}
		h.news.Wait()
	}
}

func testLog() *slog.Logger {
	if os.Getenv("MEDIA_LOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// add makes a party. Its number decides its id, and so who offers.
func (h *hall) add(number int) *party {
	h.t.Helper()
	p := &party{t: h.t, hall: h, inbox: make(chan func(), 10_000), stop: make(chan struct{}), got: map[ID]*got{}, keys: map[Stream]int{}}
	binary.BigEndian.PutUint32(p.id[:], uint32(number))
	here := func(netip.Addr) bool { return true } // all rooms are on this machine, whatever its addresses are
	cfg := Config{Self: p.id, Loopback: true, Local: here, Log: testLog(), Send: p.send, Receive: p.receive, NeedKey: p.needKey, Changed: h.stir}
	if h.config != nil {
		h.config(&cfg)
	}
	room, err := NewRoom(cfg)
	if err != nil {
		h.t.Fatal(err)
	}
	p.room = room
	h.mu.Lock()
	h.all[p.id] = p
	h.mu.Unlock()
	p.wg.Go(func() {
		for {
			select {
			case <-p.stop:
				return
			case f := <-p.inbox:
				f()
			}
		}
	})
	h.t.Cleanup(p.close)
	return p
}

func (p *party) close() {
	select {
	case <-p.stop:
		return
	default:
	}
	if err := p.room.Close(); err != nil {
		p.t.Error(err)
	}
	close(p.stop)
	p.wg.Wait()
}

func (p *party) send(to ID, s Signal) {
	h := p.hall
	h.mu.Lock()
	h.sent = append(h.sent, sent{p.id, to, s})
	target, signals := h.all[to], []Signal{s}
	if h.tamper != nil {
		signals = h.tamper(p.id, to, s)
	}
	h.mu.Unlock()
	if target == nil {
		return
	}
	for _, s := range signals {
		target.deliver(p.id, s)
	}
}

func (p *party) deliver(from ID, s Signal) {
	p.inbox <- func() {
		if err := p.room.Signal(from, s); err != nil {
			p.mu.Lock()
			p.errs = append(p.errs, err)
			p.mu.Unlock()
		}
		p.hall.stir()
	}
}

func (p *party) needKey(s Stream) {
	p.mu.Lock()
	p.keys[s]++
	p.mu.Unlock()
	p.hall.stir()
}

func (p *party) receive(from ID, f Frame) {
	now := time.Now()
	p.mu.Lock()
	g := p.got[from]
	if g == nil {
		g = &got{count: map[Stream]int{}, last: map[Stream]uint64{}}
		p.got[from] = g
	}
	g.take(f, now)
	p.mu.Unlock()
	p.hall.stir()
}

func (g *got) take(f Frame, now time.Time) {
	number, ok := readPayload(f)
	if !ok {
		g.broken++
		return
	}
	g.count[f.Stream]++
	if number <= g.last[f.Stream] && g.last[f.Stream] != 0 {
		g.early++
	}
	g.last[f.Stream], g.largest = number, max(g.largest, len(f.Data))
	if f.At != timeOf(f.Stream, number) {
		g.at++
	}
	if f.Stream == Video || f.Stream == Small {
		g.layer = f.Stream
	}
	if f.Stream == Audio {
		if !g.lastAudio.IsZero() {
			g.silence = max(g.silence, now.Sub(g.lastAudio))
		}
		g.lastAudio = now
	}
}

// from is a copy of what was received of a party.
func (p *party) from(other *party) got {
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.got[other.id]
	if g == nil {
		return got{count: map[Stream]int{}, last: map[Stream]uint64{}}
	}
	c := *g
	c.count, c.last = map[Stream]int{}, map[Stream]uint64{}
	for s := Audio; s <= Screen; s++ {
		c.count[s], c.last[s] = g.count[s], g.last[s]
	}
	return c
}

func (p *party) forget(other *party) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.got, other.id)
}

func (p *party) errors() []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.errs)
}

func (p *party) wishes(s Stream) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[s]
}

func (p *party) stat(other *party) Stat {
	for _, s := range p.room.Stats() {
		if s.ID == other.id {
			return s
		}
	}
	return Stat{}
}

// meet joins two parties; the larger id offers.
func meet(a, b *party) {
	larger := slices.Compare(a.id[:], b.id[:]) > 0
	a.room.Join(b.id, larger)
	b.room.Join(a.id, !larger)
}

func (h *hall) connected(limit time.Duration, parties ...*party) {
	h.t.Helper()
	h.wait("all connected", limit, func() bool {
		for _, a := range parties {
			for _, b := range parties {
				if a != b && a.stat(b).State != Connected {
					return false
				}
			}
		}
		return true
	})
}

// timeOf is the time of a test frame. Video's is no whole number of ticks.
func timeOf(s Stream, number uint64) uint64 {
	const start = 1_763_800_000_000_007
	if s == Audio {
		return start + number*20_000
	}
	return start + number*66_667
}

// payload makes the data of a frame: for video a first byte as VP8 has it, then
// number, length and a hash.
func payload(s Stream, number uint64, key bool, size int) []byte {
	data := make([]byte, max(size, 52))
	if s != Audio && !key {
		data[0] = 1
	}
	binary.BigEndian.PutUint64(data[1:], number)
	binary.BigEndian.PutUint32(data[9:], uint32(len(data)))
	for i := 45; i < len(data); i++ {
		data[i] = byte(uint64(i) * (number + 7))
	}
	sum := sha256.Sum256(data[45:])
	copy(data[13:], sum[:])
	return data
}

func readPayload(f Frame) (number uint64, ok bool) {
	if len(f.Data) < 52 || int(binary.BigEndian.Uint32(f.Data[9:])) != len(f.Data) {
		return 0, false
	}
	if f.Stream != Audio && f.Key != (f.Data[0]&1 == 0) {
		return 0, false
	}
	return binary.BigEndian.Uint64(f.Data[1:]), sha256.Sum256(f.Data[45:]) == [32]byte(f.Data[13:45])
}

// feed plays the encoders of a party: sound every 20 ms, pictures every 66 ms.
type feed struct {
	party *party
	sizes map[Stream]int // of a frame that is no key frame; missing: not sent
	obeys bool           // only what the room wants is made
	stop  chan struct{}
	wg    sync.WaitGroup
	stall time.Duration // longest time between two audio frames; read after end
}

// kbps is the size of the frames of a video stream.
func kbps(rate int) int { return rate * 1000 / 8 / 15 }

func (p *party) feed(sizes map[Stream]int) *feed { return p.begin(&feed{sizes: sizes}) }

func (p *party) begin(f *feed) *feed {
	f.party, f.stop = p, make(chan struct{})
	f.wg.Go(f.run)
	p.t.Cleanup(f.end)
	return f
}

func (f *feed) end() {
	select {
	case <-f.stop:
	default:
		close(f.stop)
	}
	f.wg.Wait()
}

func (f *feed) run() {
	sound := time.NewTicker(20 * time.Millisecond)
	defer sound.Stop()
	picture := time.NewTicker(66667 * time.Microsecond)
	defer picture.Stop()
	var number [Screen + 1]uint64
	seen := map[Stream]int{}
	last := time.Now()
	one := func(s Stream, key bool, size int) {
		number[s]++
		f.party.room.Send(Frame{Stream: s, Key: key, At: timeOf(s, number[s]), Data: payload(s, number[s], key, size)})
	}
	for {
		select {
		case <-f.stop:
			return
		case <-sound.C:
			f.stall = max(f.stall, time.Since(last))
			last = time.Now()
			if size := f.sizes[Audio]; size > 0 {
				one(Audio, false, size)
			}
		case <-picture.C:
			for _, s := range []Stream{Video, Small, Screen} {
				size := f.sizes[s]
				if size == 0 || f.obeys && !wanted(f.party.room.Wants(), s) {
					continue
				}
				key := number[s] == 0 || f.party.wishes(s) != seen[s]
				seen[s] = f.party.wishes(s)
				if key {
					size *= 4
				}
				one(s, key, size)
			}
		}
	}
}

func wanted(w Wants, s Stream) bool {
	return s == Video && w.Video || s == Small && w.Small || s == Screen && w.Screen
}

func (g got) check(t *testing.T, what string) {
	t.Helper()
	if g.broken != 0 || g.early != 0 || g.at != 0 {
		t.Errorf("%s: %d broken, %d out of order, %d with a wrong time; want none", what, g.broken, g.early, g.at)
	}
}

func (p *party) String() string { return fmt.Sprintf("party %x", p.id[:4]) }

func libraryTestLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
