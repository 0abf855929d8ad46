package turn

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Bounds of who comes by TCP, before anybody has shown credentials.
const (
	maxCallers = 512
	maxOfOne   = 64 // of one IPv4 address or IPv6 /64
	callerIdle = 2 * time.Minute
)

// callers is a listener that lets so many in, and keeps nobody who is silent.
type callers struct {
	net.Listener

	mu  sync.Mutex
	all map[netip.Prefix]int // guarded by mu
	sum int                  // guarded by mu
}

func newCallers(l net.Listener) *callers {
	return &callers{Listener: l, all: map[netip.Prefix]int{}}
}

// Accept implements [net.Listener].
func (c *callers) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := prefixOf(conn.RemoteAddr())
		c.mu.Lock()
		room := c.sum < maxCallers && c.all[from] < maxOfOne
		if room {
			c.sum++
			c.all[from]++
		}
		c.mu.Unlock()
		if room {
			return &caller{Conn: conn, from: from, callers: c}, nil
		}
		_ = conn.Close()
	}
}

func prefixOf(addr net.Addr) netip.Prefix {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap()
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.WithZone("").Prefix(bits)
	return prefix
}

// caller is one connection.
type caller struct {
	net.Conn
	from    netip.Prefix
	callers *callers
	end     sync.Once
}

// Read implements [net.Conn].
func (c *caller) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(callerIdle)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write implements [net.Conn]. One that does not read has no use for what comes later.
func (c *caller) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Close implements [net.Conn].
func (c *caller) Close() error {
	c.end.Do(func() {
		c.callers.mu.Lock()
		defer c.callers.mu.Unlock()
		c.callers.sum--
		if c.callers.all[c.from]--; c.callers.all[c.from] == 0 {
			delete(c.callers.all, c.from)
		}
	})
	return c.Conn.Close()
}
