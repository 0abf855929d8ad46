// Package mediatest puts bad lines between the participants of a call in
// tests: UDP proxies on this machine that lose, delay and limit.
package mediatest

import (
	"fmt"
	"math/rand"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Shape is what a pipe does to packets.
type Shape struct {
	Loss  float64       // share that is lost
	Delay time.Duration // each packet comes this much later
	Kbps  int           // 0: no limit
	Queue time.Duration // packets that would wait longer are lost; 0: 300 ms
}

// Pipe is one direction of a line. Several lines may share it, as the
// connections of one participant share its uplink.
type Pipe struct {
	mu    sync.Mutex
	shape Shape     // guarded by mu
	cut   bool      // guarded by mu
	free  time.Time // when the limit allows the next packet; guarded by mu
	dice  *rand.Rand
	count Count // guarded by mu

	queue chan parcel
	quit  chan struct{}
	wg    sync.WaitGroup
}

// Count is what went into a pipe.
type Count struct {
	Packets, Bytes, Lost, Dropped int // dropped: the queue was full
}

type parcel struct {
	at   time.Time
	data []byte
	send func([]byte)
}

// NewPipe makes a pipe whose losses are the same in every run. Close ends it.
func NewPipe(shape Shape, seed int64) *Pipe {
	p := &Pipe{shape: shape, dice: rand.New(rand.NewSource(seed)), queue: make(chan parcel, 10_000), quit: make(chan struct{})}
	p.wg.Go(p.run)
	return p
}

// Reshape changes what the pipe does from now on.
func (p *Pipe) Reshape(shape Shape) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shape = shape
}

// Cut lets nothing through, or everything again.
func (p *Pipe) Cut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
}

// Count is what went into the pipe so far.
func (p *Pipe) Count() Count {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Close waits for the pipe's goroutine.
func (p *Pipe) Close() {
	close(p.quit)
	p.wg.Wait()
}

func (p *Pipe) put(data []byte, send func([]byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.count.Packets++
	p.count.Bytes += len(data)
	if p.cut || p.dice.Float64() < p.shape.Loss {
		p.count.Lost++
		return
	}
	if p.free.Before(now) {
		p.free = now
	}
	most := p.shape.Queue
	if most == 0 {
		most = 300 * time.Millisecond
	}
	if p.shape.Kbps > 0 {
		if p.free.Sub(now) > most {
			p.count.Dropped++
			return
		}
		const headers = 28 // of IP and UDP
		p.free = p.free.Add(time.Duration(len(data)+headers) * 8 * time.Second / time.Duration(p.shape.Kbps*1000))
	}
	select {
	case p.queue <- parcel{at: p.free.Add(p.shape.Delay), data: data, send: send}:
	default:
		p.count.Dropped++
	}
}

func (p *Pipe) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-p.quit:
			return
		case next := <-p.queue:
			if wait := time.Until(next.at); wait > 0 {
				timer.Reset(wait)
				select {
				case <-p.quit:
					return
				case <-timer.C:
				}
			}
			next.send(next.data)
		}
	}
}

// Line connects two ends, 0 and 1, through pipes. The ends are brought onto it
// by rewriting the candidates they send each other.
type Line struct {
	pipes [2]*Pipe // from end 0, from end 1

	mu     sync.Mutex
	closed bool                     // guarded by mu
	ports  map[netip.AddrPort]*port // by the real address of an end; guarded by mu
	conns  []*net.UDPConn           // guarded by mu
	wg     sync.WaitGroup
}

// port stands for one address of an end.
type port struct {
	line  *Line
	owner int
	real  netip.AddrPort
	conn  *net.UDPConn
	mu    sync.Mutex
	back  map[netip.AddrPort]*net.UDPConn // towards the owner, one for each source; guarded by mu
}

// NewLine makes a line; the pipes stay the caller's.
func NewLine(from0, from1 *Pipe) *Line {
	return &Line{pipes: [2]*Pipe{from0, from1}, ports: map[netip.AddrPort]*port{}}
}

// Candidate rewrites the line of a candidate that an end tells the other.
// Candidates outside of 127.0.0.1 are to be left out: they would lead past the
// line.
func (l *Line) Candidate(owner int, text string) (rewritten string, ok bool) {
	fields := strings.Fields(text)
	if len(fields) < 8 || fields[4] != "127.0.0.1" {
		return "", false
	}
	real, err := netip.ParseAddrPort(fields[4] + ":" + fields[5])
	if err != nil {
		return "", false
	}
	at, err := l.port(owner, real)
	if err != nil {
		return "", false
	}
	fields[5] = fmt.Sprint(at.Port())
	return strings.Join(fields, " "), true
}

// Close ends the line and waits.
func (l *Line) Close() {
	l.mu.Lock()
	l.closed = true
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.mu.Unlock()
	l.wg.Wait()
}

func (l *Line) listen() (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	if l.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	l.conns = append(l.conns, conn)
	return conn, nil
}

func (l *Line) port(owner int, real netip.AddrPort) (netip.AddrPort, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.ports[real]
	if p == nil {
		conn, err := l.listen()
		if err != nil {
			return netip.AddrPort{}, err
		}
		p = &port{line: l, owner: owner, real: real, conn: conn, back: map[netip.AddrPort]*net.UDPConn{}}
		l.ports[real] = p
		l.wg.Go(func() { p.read() })
	}
	return p.conn.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

// read takes packets for the owner and sends them on from an address of the
// line's, so that the owner's answers come back here.
func (p *port) read() {
	buffer := make([]byte, 2048)
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		conn := p.towards(from)
		if conn == nil {
			return
		}
		p.line.pipes[1-p.owner].put(append([]byte(nil), buffer[:n]...), func(data []byte) {
			_, _ = conn.WriteToUDPAddrPort(data, p.real)
		})
	}
}

func (p *port) towards(from netip.AddrPort) *net.UDPConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if conn := p.back[from]; conn != nil {
		return conn
	}
	p.line.mu.Lock()
	defer p.line.mu.Unlock()
	conn, err := p.line.listen()
	if err != nil {
		return nil
	}
	p.back[from] = conn
	p.line.wg.Go(func() { p.answer(conn, from) })
	return conn
}

func (p *port) answer(conn *net.UDPConn, to netip.AddrPort) {
	buffer := make([]byte, 2048)
	for {
		n, _, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		p.line.pipes[p.owner].put(append([]byte(nil), buffer[:n]...), func(data []byte) {
			_, _ = p.conn.WriteToUDPAddrPort(data, to)
		})
	}
}
