package turn

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/turn/v5"
)

func start(t *testing.T, c Config) *Server {
	t.Helper()
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	s, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// client is a guest of the relay, over UDP or TCP.
func client(t *testing.T, s *Server, network string, c Credentials) *turn.Client {
	t.Helper()
	var conn net.PacketConn
	if network == "tcp" {
		tcp, err := net.Dial("tcp", s.Public().String())
		if err != nil {
			t.Fatal(err)
		}
		conn = turn.NewSTUNConn(tcp)
	} else {
		udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		conn = udp
	}
	made, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: s.Public().String(), TURNServerAddr: s.Public().String(), Conn: conn,
		Username: c.Username, Password: c.Password, Realm: realm, LoggerFactory: quiet{}, RTO: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Close(); _ = conn.Close() })
	if err := made.Listen(); err != nil {
		t.Fatal(err)
	}
	return made
}

// echo is somebody who sends back what comes.
func echo(t *testing.T) net.Addr {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		p := make([]byte, 2000)
		for {
			n, from, err := conn.ReadFrom(p)
			if err != nil {
				return
			}
			_, _ = conn.WriteTo(p[:n], from)
		}
	}()
	return conn.LocalAddr()
}

func TestWhoWasAdmittedIsRelayed(t *testing.T) {
	s := start(t, Config{Loopback: true, MinPort: 51000, MaxPort: 51999})
	name := [16]byte{1}
	credentials := s.Admit(name)
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			relay, err := client(t, s, network, credentials).Allocate()
			if err != nil {
				t.Fatal(err)
			}
			if port := relay.LocalAddr().(*net.UDPAddr).Port; port < 51000 || port > 51999 {
				t.Errorf("port %d", port)
			}
			if _, err := relay.WriteTo([]byte("hello"), echo(t)); err != nil {
				t.Fatal(err)
			}
			p := make([]byte, 100)
			if err := relay.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if n, _, err := relay.ReadFrom(p); err != nil || string(p[:n]) != "hello" {
				t.Errorf("%q, %v", p[:n], err)
			}
		})
	}
	if s.Relayed() == 0 {
		t.Error("nothing is relayed")
	}
	s.Forget(name)
	s.Forget(name)
	for deadline := time.Now().Add(10 * time.Second); s.server.AllocationCount() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("what is relayed for who was removed goes on")
		}
	}
	if _, err := client(t, s, "udp", credentials).Allocate(); err == nil {
		t.Error("credentials that were taken back are good")
	}
}

func TestNobodyElseIsRelayed(t *testing.T) {
	s := start(t, Config{Loopback: true})
	good := s.Admit([16]byte{1})
	for what, c := range map[string]Credentials{
		"a stranger": {"x", "y"}, "a wrong password": {good.Username, "x"}, "no name": {},
	} {
		if _, err := client(t, s, "udp", c).Allocate(); err == nil {
			t.Errorf("%s is relayed", what)
		}
	}
	if addr, err := client(t, s, "udp", Credentials{}).SendBindingRequest(); err != nil || addr == nil {
		t.Errorf("its own address is told to everybody: %v, %v", addr, err)
	}
}

func TestTwoGuestsMeetAtTheRelay(t *testing.T) {
	s := start(t, Config{}) // it is reached at an address of this machine, as on the Internet
	one, err := client(t, s, "udp", s.Admit([16]byte{1})).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	two, err := client(t, s, "tcp", s.Admit([16]byte{2})).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.WriteTo([]byte("permission"), one.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if _, err := one.WriteTo([]byte("hello"), two.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 100)
	_ = two.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, _, err := two.ReadFrom(p); err != nil || string(p[:n]) != "hello" {
		t.Errorf("%q, %v", p[:n], err)
	}
	if _, err := one.WriteTo([]byte("hello"), echo(t)); err != nil {
		t.Fatal(err)
	}
	_ = one.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	for {
		n, from, err := one.ReadFrom(p)
		if err != nil {
			break
		}
		if string(p[:n]) == "hello" {
			t.Errorf("a service of this machine answers from %v", from)
		}
	}
}

func TestAGuestHasSoManyAddresses(t *testing.T) {
	s := start(t, Config{Loopback: true})
	c := s.Admit([16]byte{1})
	for i := range MaxAllocations {
		if _, err := client(t, s, "udp", c).Allocate(); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if _, err := client(t, s, "udp", c).Allocate(); err == nil {
		t.Error("one more")
	}
	if _, err := client(t, s, "udp", s.Admit([16]byte{2})).Allocate(); err != nil {
		t.Errorf("another guest: %v", err)
	}
}

func TestNothingIsRelayedToThisMachineAndItsNetworks(t *testing.T) {
	s := start(t, Config{Public: netip.MustParseAddr("203.0.113.7")})
	inside := start(t, Config{Public: netip.MustParseAddr("192.168.7.7")})
	for _, c := range []struct {
		to              string
		public, private bool
	}{
		{"198.51.100.1", true, true}, {"2001:db8::1", true, true}, {"192.168.7.1", false, true}, {"10.1.2.3", false, true}, {"100.64.0.1", false, true}, {"fd00::1", false, true},
		{"127.0.0.1", false, false}, {"::1", false, false}, {"::ffff:127.0.0.1", false, false}, {"169.254.1.1", false, false}, {"fe80::1", false, false},
		{"224.0.0.1", false, false}, {"ff02::1", false, false}, {"0.0.0.0", false, false}, {"::", false, false}, {"255.255.255.255", false, false},
	} {
		if got := s.mayReach(nil, net.ParseIP(c.to)); got != c.public {
			t.Errorf("%s from a public address: %v", c.to, got)
		}
		if got := inside.mayReach(nil, net.ParseIP(c.to)); got != c.private {
			t.Errorf("%s from a private address: %v", c.to, got)
		}
	}
	own := func(port int) *net.UDPAddr { return &net.UDPAddr{IP: net.ParseIP("203.0.113.7"), Port: port} }
	s.ports[50001] = true
	if s.mayReach(nil, nil) || s.mayWrite(own(53)) || s.mayWrite(&net.TCPAddr{}) || !s.mayWrite(own(50001)) || !s.mayWrite(&net.UDPAddr{IP: net.ParseIP("198.51.100.1"), Port: 53}) {
		t.Error("it relays to itself, or not to others")
	}
}

func TestAMeterLetsSoMuchThrough(t *testing.T) {
	var m meter
	now, passed := time.Unix(1000, 0), 0
	for m.take(now, 1000) {
		passed += 1000
	}
	if passed > Burst || passed < Burst-1000 {
		t.Errorf("%d bytes at once", passed)
	}
	if !m.take(now.Add(time.Second), Rate-1000) || m.take(now.Add(time.Second), 2000) || m.take(now, 2000) {
		t.Error("a second brings something else")
	}
}

func TestCallersAreFewAndGoWhenSilent(t *testing.T) {
	s := start(t, Config{Loopback: true})
	var all []net.Conn
	for range maxOfOne + 5 {
		conn, err := net.Dial("tcp", s.Public().String())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, conn)
		t.Cleanup(func() { _ = conn.Close() })
	}
	closed := 0
	for _, conn := range all[maxOfOne:] {
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			closed++
		}
	}
	if closed != 5 {
		t.Errorf("%d of 5 too many were closed", closed)
	}
}
