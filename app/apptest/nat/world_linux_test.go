package nat

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mtu is the size of the largest packet, as on most real paths.
const mtu = 1500

// network carries packets to addresses.
type network interface {
	// carry takes over the packet.
	carry(p packet)
}

// world is the Internet of one test.
type world struct {
	t *testing.T

	mu      sync.Mutex
	routes  map[netip.Addr]network // guarded by mu
	private map[netip.Addr]network // computers behind routers; guarded by mu
	open    bool                   // they reach each other; guarded by mu
	cut     map[netip.Addr]bool    // guarded by mu
}

// computers counts those of all worlds, for their names.
var computers atomic.Int64

// newWorld makes an Internet, or skips the test where that is impossible.
func newWorld(t *testing.T) *world {
	t.Helper()
	if testing.Short() {
		t.Skip("plays networks: not with -short")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root for network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("needs iproute2 for network namespaces")
	}
	return &world{t: t, routes: map[netip.Addr]network{}, private: map[netip.Addr]network{}, cut: map[netip.Addr]bool{}}
}

// carry implements network.
func (w *world) carry(p packet) {
	w.mu.Lock()
	to := w.routes[p.dst()]
	if w.cut[p.dst()] || w.cut[p.from().Addr()] {
		to = nil
	}
	w.mu.Unlock()
	if to != nil {
		to.carry(p)
	}
}

func (w *world) route(a netip.Addr, to network) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.routes[a] = to
}

// connectAll lets computers behind all routers reach each other at their own
// addresses, as if they were in one building, or no longer.
func (w *world) connectAll(open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = open
}

// at is the computer behind a router with an address.
func (w *world) at(addr string) *computer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.private[netip.MustParseAddr(addr)].(*computer)
}

// inside is a computer behind a router, if it can be reached there.
func (w *world) inside(a netip.Addr) network {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.open {
		return nil
	}
	return w.private[a]
}

// pull cuts an address off, plug connects it again.
func (w *world) pull(a netip.Addr) { w.setCut(a, true) }
func (w *world) plug(a netip.Addr) { w.setCut(a, false) }

func (w *world) setCut(a netip.Addr, cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut[a] = cut
}

// computer puts a computer directly on the Internet.
func (w *world) computer(addr string) *computer {
	c := w.connect(netip.MustParsePrefix(addr+"/24"), w)
	w.route(c.addr, c)
	return c
}

// router is a NAT with a local network behind it.
type router struct {
	world  *world
	nat    atomic.Pointer[nat]
	up     network // where its outside is
	subnet netip.Prefix
	apart  bool // computers of this network do not reach each other

	mu     sync.Mutex
	inside map[netip.Addr]network // guarded by mu
}

// router puts a NAT on the Internet.
func (w *world) router(k kind, outside, subnet string) *router {
	r := &router{world: w, up: w, subnet: netip.MustParsePrefix(subnet), inside: map[netip.Addr]network{}}
	r.nat.Store(newNAT(k, netip.MustParseAddr(outside)))
	w.route(r.nat.Load().outside, arriving{r})
	return r
}

// router puts a NAT behind this one.
func (r *router) router(k kind, outside, subnet string) *router {
	inner := &router{world: r.world, up: r, subnet: netip.MustParsePrefix(subnet), inside: map[netip.Addr]network{}}
	inner.nat.Store(newNAT(k, netip.MustParseAddr(outside)))
	r.put(inner.nat.Load().outside, arriving{inner})
	return inner
}

// become makes the router one of another kind, which has forgotten everything.
func (r *router) become(k kind) { r.nat.Store(newNAT(k, r.nat.Load().outside)) }

func (r *router) put(a netip.Addr, n network) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inside[a] = n
}

// computer puts a computer on the local network.
func (r *router) computer(addr string) *computer {
	c := r.world.connect(netip.PrefixFrom(netip.MustParseAddr(addr), r.subnet.Bits()), r)
	r.put(c.addr, c)
	r.world.mu.Lock()
	defer r.world.mu.Unlock()
	r.world.private[c.addr] = c
	return c
}

// carry implements network for what comes from inside.
func (r *router) carry(p packet) {
	if r.subnet.Contains(p.dst()) {
		r.mu.Lock()
		to := r.inside[p.dst()]
		r.mu.Unlock()
		if to != nil && !r.apart {
			to.carry(p)
		}
		return
	}
	if to := r.world.inside(p.dst()); to != nil {
		to.carry(p)
		return
	}
	if n := r.nat.Load(); n.leave(p) && p.dst() != n.outside { // nobody sees himself from outside
		r.up.carry(p)
	}
}

// arriving is the outside of a router.
type arriving struct{ *router }

// carry implements network for what comes from outside.
func (r arriving) carry(p packet) {
	if !r.nat.Load().enter(p) {
		return
	}
	r.mu.Lock()
	to := r.inside[p.dst()]
	r.mu.Unlock()
	if to != nil {
		to.carry(p)
	}
}

// computer is a network namespace with one device.
type computer struct {
	addr  netip.Addr
	space string
	tun   *os.File
	up    network
	seen  atomic.Pointer[func(packet)] // hears of everything that leaves
}

// connect makes a computer.
func (w *world) connect(at netip.Prefix, up network) *computer {
	w.t.Helper()
	c := &computer{addr: at.Addr(), space: fmt.Sprintf("pvn%d-%d", os.Getpid(), computers.Add(1)), up: up}
	w.ip("netns add " + c.space)
	w.t.Cleanup(func() { w.ip("netns del " + c.space) })
	tun, err := tunIn(c.space)
	if err != nil {
		w.t.Skipf("needs TUN devices: %v", err)
	}
	c.tun = tun
	w.ip("-n " + c.space + " link set lo up")
	w.ip("-n " + c.space + " addr add " + at.String() + " dev net0")
	w.ip(fmt.Sprintf("-n %s link set net0 mtu %d txqueuelen 5000 up", c.space, mtu))
	w.ip("-n " + c.space + " route add default dev net0")
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.read()
	}()
	w.t.Cleanup(func() {
		_ = tun.Close()
		<-done
	})
	return c
}

func (w *world) ip(line string) {
	w.t.Helper()
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		w.t.Fatalf("ip %s: %v: %s", line, err, out)
	}
}

// read passes on what the computer sends.
func (c *computer) read() {
	buffer := make([]byte, 2*mtu)
	for {
		n, err := c.tun.Read(buffer)
		if err != nil {
			return
		}
		p := packet(buffer[:n])
		if seen := c.seen.Load(); seen != nil {
			(*seen)(p)
		}
		if p.valid() {
			c.up.carry(p)
		}
	}
}

// carry implements network: the packet arrives.
func (c *computer) carry(p packet) { _, _ = c.tun.Write(p) }

// command is a program that runs on the computer.
func (c *computer) command(program string, args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", c.space, program}, args...)...)
}

// tunIn makes the device net0 in a namespace. A device belongs to the namespace of
// the thread that makes it; its file works from everywhere.
func tunIn(space string) (tun *os.File, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
		tun, err = makeTun(space)
	}()
	<-done
	return tun, err
}

func makeTun(space string) (*os.File, error) {
	at, err := os.Open("/var/run/netns/" + space)
	if err != nil {
		return nil, err
	}
	defer func() { _ = at.Close() }()
	if err := unix.Setns(int(at.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("enter %s: %w", space, err)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	var request struct {
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(request.name[:], "net0")
	request.flags = unix.IFF_TUN | unix.IFF_NO_PI
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.TUNSETIFF, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return nil, errors.Join(fmt.Errorf("make a TUN device: %w", errno), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "tun"), nil
}
