// Package turn is a relay for those who reach nobody directly: STUN for whoever asks, TURN
// (RFC 8656) for who was given a name and a password. A super-peer runs it for guests of
// calls; what it relays is DTLS and SRTP between a guest and a member.
package turn

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"parvis/crdt/seal"
)

const (
	realm = "parvis"
	// MaxAllocations is how many relayed addresses one guest may have: a browser takes two
	// for each participant that it connects to.
	MaxAllocations = 32
	// Rate is how many bytes a second are relayed for one guest, each way.
	Rate = 2 << 20
	// Burst is how many at once.
	Burst = 2 << 20
)

// Config is what a Server is told.
type Config struct {
	Listen string     // host:port, UDP and TCP
	Public netip.Addr // under which it is reached; invalid: the address of Listen
	// MinPort and MaxPort bound the ports of relayed addresses.
	MinPort, MaxPort uint16
	// Loopback lets it relay to this machine: for tests.
	Loopback bool
}

// Server is a running relay.
type Server struct {
	config Config
	public netip.AddrPort
	server *turn.Server

	mu    sync.Mutex
	users map[string]*user // guarded by mu
	ports map[int]bool     // of relayed addresses; guarded by mu
}

// Credentials are what a guest is given.
type Credentials struct{ Username, Password string }

// user is one who was given credentials.
type user struct {
	key     []byte
	out, in meter
	relayed map[*relayed]bool // guarded by Server.mu
}

// Start listens.
func Start(c Config) (*Server, error) {
	udp, tcp, err := listen(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for relaying: %w", err)
	}
	own := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	if !c.Public.IsValid() {
		c.Public = own.Addr()
	}
	c.Public = c.Public.Unmap()
	if c.Public.IsUnspecified() {
		return nil, errors.Join(errors.New("listen for relaying: the address under which it is reached is not known"), udp.Close(), tcp.Close())
	}
	s := &Server{config: c, public: netip.AddrPortFrom(c.Public, own.Port()), users: map[string]*user{}, ports: map[int]bool{}}
	s.server, err = turn.NewServer(turn.ServerConfig{
		Realm: realm, AuthHandler: s.authorise, QuotaHandler: s.mayAllocate, LoggerFactory: quiet{},
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: udp, RelayAddressGenerator: generator{s}, PermissionHandler: s.mayReach}},
		ListenerConfigs:   []turn.ListenerConfig{{Listener: newCallers(tcp), RelayAddressGenerator: generator{s}, PermissionHandler: s.mayReach}},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start relaying: %w", err), udp.Close(), tcp.Close())
	}
	return s, nil
}

// listen takes the same port for both. One that the system chooses for one of them may be
// taken for the other.
func listen(at string) (udp net.PacketConn, tcp net.Listener, err error) {
	for range portTries {
		if udp, err = net.ListenPacket("udp", at); err != nil {
			return nil, nil, err
		}
		if tcp, err = net.Listen("tcp", udp.LocalAddr().String()); err == nil {
			return udp, tcp, nil
		}
		_ = udp.Close()
	}
	return nil, nil, err
}

// Public is the address under which it is reached, by UDP and TCP.
func (s *Server) Public() netip.AddrPort { return s.public }

// Relayed is how many addresses are relayed for guests.
func (s *Server) Relayed() (count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		count += len(u.relayed)
	}
	return count
}

// Admit makes the credentials of a guest.
func (s *Server) Admit(name [16]byte) Credentials {
	username, password := hex.EncodeToString(name[:]), hex.EncodeToString(seal.Random(16))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[username] = &user{key: turn.GenerateAuthKey(username, realm, password), relayed: map[*relayed]bool{}}
	return Credentials{username, password}
}

// Forget takes them back. What is relayed for the guest ends at once.
func (s *Server) Forget(name [16]byte) {
	username := hex.EncodeToString(name[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[username]
	if u == nil {
		return
	}
	delete(s.users, username)
	for r := range u.relayed {
		_ = r.PacketConn.Close() // the server notices, and forgets it
	}
}

// Close ends all relaying.
func (s *Server) Close() error {
	if err := s.server.Close(); err != nil {
		return fmt.Errorf("stop relaying: %w", err)
	}
	return nil
}

func (s *Server) authorise(ra *turn.RequestAttributes) (userID string, key []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[ra.Username]
	if u == nil {
		return "", nil, false
	}
	return ra.Username, u.key, true
}

func (s *Server) mayAllocate(username, _ string, _ net.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[username]
	return u != nil && len(u.relayed) < MaxAllocations
}

// mayReach says to whom packets may be relayed: never to this machine, whose services may
// trust it, but for what it relays to other guests ([relayed.WriteTo]), nor into its own
// networks, unless it is reached there itself.
func (s *Server) mayReach(_ net.Addr, to net.IP) bool {
	addr, ok := netip.AddrFromSlice(to)
	addr = addr.Unmap()
	switch {
	case !ok, addr.IsUnspecified(), addr.IsMulticast(), addr.IsLinkLocalUnicast(), addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case s.config.Loopback:
		return true
	case addr == s.public.Addr():
		return true
	case addr.IsLoopback(), isOwn(addr):
		return false
	case addr.IsPrivate(), shared.Contains(addr):
		return s.public.Addr().IsPrivate()
	}
	return true
}

// shared is the addresses between a provider and its customers (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// isOwn reports whether an address is of this machine.
func isOwn(addr netip.Addr) bool {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	for _, one := range all {
		if prefix, err := netip.ParsePrefix(one.String()); err == nil && prefix.Addr().Unmap() == addr {
			return true
		}
	}
	return false
}

// quiet logs nothing: who is connected with whom is more than an operator needs.
type quiet struct{}

func (quiet) NewLogger(string) logging.LeveledLogger {
	return logging.NewDefaultLeveledLoggerForScope("", logging.LogLevelDisabled, nil)
}
