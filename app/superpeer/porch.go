package superpeer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"parvis/media/turn"
	"parvis/p2p"
	"parvis/p2p/guest"
	"parvis/p2p/mailbox"
)

// Guests is how a super-peer lets guests come to calls with a browser (SPEC.md Q1 to Q9).
type Guests struct {
	// URL is where browsers reach it: https, or http on this machine alone, because
	// elsewhere browsers give no microphone to a page without https. Empty: no guests.
	URL string
	// Listen is host:port of the page.
	Listen string
	// Cert and Key are files in PEM. Without them the page is served without TLS, for
	// behind a reverse proxy.
	Cert, Key string
	// TURN is host:port of the relay for guests; empty: none. TURNAddr is the address
	// under which it is reached; invalid: that of the host in URL.
	TURN     string
	TURNAddr netip.Addr
	// Page is the built page, index.html at its top.
	Page fs.FS
}

// relayPorts are those of the addresses that are relayed for guests.
const (
	firstRelayPort = 50000
	lastRelayPort  = 50999
)

// maxWebConns is how many TCP connections to the page there may be.
const maxWebConns = 1024

// Check says what is wrong with what an operator wants.
func (g Guests) Check() error {
	if g.URL == "" {
		if g.Listen != "" || g.Cert != "" || g.Key != "" || g.TURN != "" || g.TURNAddr.IsValid() {
			return errors.New("guests need an address: say with --guests where browsers reach this super-peer, such as https://meet.example.org")
		}
		return nil
	}
	u, err := url.Parse(g.URL)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%q is not the address of a web site: write it like https://meet.example.org or https://meet.example.org:8443, with nothing behind it", g.URL)
	}
	if u.Scheme == "http" && !isLocalHost(u.Hostname()) {
		return fmt.Errorf("%s must begin with https: over http browsers give no page a microphone or a camera, except on the same machine", g.URL)
	}
	if _, _, err := net.SplitHostPort(g.Listen); err != nil {
		return errors.New("guests need a port: say with --guest-listen where their page is served, such as :443, or 127.0.0.1:8080 behind a reverse proxy")
	}
	if (g.Cert == "") != (g.Key == "") {
		return errors.New("a certificate needs its key and a key its certificate: give both --guest-cert and --guest-key, or neither behind a reverse proxy")
	}
	if g.TURN != "" {
		if _, _, err := net.SplitHostPort(g.TURN); err != nil {
			return fmt.Errorf("%q is not where a relay can listen: write --guest-turn like :3478", g.TURN)
		}
	}
	return nil
}

// port is that of the page; 0: none.
func (g Guests) port() int {
	_, text, _ := net.SplitHostPort(g.Listen)
	port, _ := strconv.Atoi(text)
	return port
}

// clash says that devices and guests cannot come to the same port.
func (g Guests) clash(listen []string) error {
	port := g.port()
	if port != 0 && slices.ContainsFunc(listen, func(addr string) bool { return strings.HasSuffix(addr, fmt.Sprintf("/tcp/%d", port)) }) {
		return fmt.Errorf("devices come to port %d, so the page for guests needs another one: name it with --guest-listen, and in --guests if browsers are to use it", port)
	}
	return nil
}

func isLocalHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// porch is where guests come to: a page, its lines to members, and a relay. It reads
// nothing of what is said.
type porch struct {
	config Guests
	local  bool // nobody else than this machine is listened to
	log    *slog.Logger

	host     *guest.Host
	relay    *turn.Server // nil: none
	web      webSite
	lines    lines
	stop     context.CancelFunc
	serving  sync.WaitGroup
	listener net.Listener
	server   *http.Server
}

// openPorch listens for guests and offers members to let them in.
func openPorch(ctx context.Context, c Guests, node *p2p.Node, lists *lists, local bool, log *slog.Logger) (*porch, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	p := &porch{config: c, local: local, log: log, lines: newLines()}
	offer := guest.Offer{URL: c.URL}
	if c.TURN != "" {
		if err := p.startRelay(ctx); err != nil {
			return nil, err
		}
		offer.STUN = []string{"stun:" + p.relay.Public().String()}
	}
	p.host = guest.NewHost(guest.Config{
		May:   func(peer p2p.PeerID, ws [32]byte) bool { return lists.listed(mailbox.Visit{Peer: peer, Workspace: ws}) },
		Offer: offer, Admitted: p.admitted, Forgotten: p.forgotten,
	})
	if err := p.listen(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.host.Serve(node)
	log.Info("guests can come", "url", c.URL, "listen", p.listener.Addr().String(), "relay", c.TURN != "")
	return p, nil
}

func (p *porch) startRelay(ctx context.Context) error {
	public := p.config.TURNAddr
	if host, _, _ := net.SplitHostPort(p.config.TURN); !public.IsValid() && unspecified(host) {
		var err error
		if public, err = addressOf(ctx, p.config.URL); err != nil {
			return err
		}
	}
	relay, err := turn.Start(turn.Config{Listen: p.config.TURN, Public: public, MinPort: firstRelayPort, MaxPort: lastRelayPort, Loopback: p.local})
	if err != nil {
		return err
	}
	p.relay = relay
	return nil
}

func unspecified(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

// addressOf looks up the host of an address; IPv4 first, because every guest has it.
func addressOf(ctx context.Context, address string) (netip.Addr, error) {
	u, err := url.Parse(address)
	if err != nil {
		return netip.Addr{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, network := range []string{"ip4", "ip6"} {
		if all, err := net.DefaultResolver.LookupNetIP(ctx, network, u.Hostname()); err == nil && len(all) > 0 {
			return all[0].Unmap(), nil
		}
	}
	return netip.Addr{}, fmt.Errorf("the address of %s cannot be looked up: say with --guest-turn-address under which address guests reach the relay", u.Hostname())
}

// listen serves the page.
func (p *porch) listen(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", p.config.Listen)
	if err != nil {
		return fmt.Errorf("listen for guests: %w", err)
	}
	p.listener = netutil.LimitListener(listener, maxWebConns)
	if p.config.Cert != "" {
		if p.listener, err = withTLS(p.listener, p.config.Cert, p.config.Key); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	ctx, p.stop = context.WithCancel(ctx)
	p.web = newWebSite(p.config)
	p.server = &http.Server{
		Handler: p.web.routes(func(w http.ResponseWriter, r *http.Request) { p.line(ctx, w, r) }), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // it names addresses of guests
	}
	p.serving.Go(func() {
		if err := p.server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			p.log.Error("serve guests", "err", err)
		}
	})
	return nil
}

// recheck throws out who is in no access list any more.
func (p *porch) recheck() {
	if p != nil {
		p.host.Recheck()
	}
}

// counts are how many rooms members have opened, how many guests there are, and how many
// addresses are relayed for them.
func (p *porch) counts() (rooms, guests, relayed int) {
	if p == nil {
		return 0, 0, 0
	}
	rooms, guests = p.host.Count()
	if p.relay != nil {
		relayed = p.relay.Relayed()
	}
	return rooms, guests, relayed
}

// addr is where the page is served, or empty.
func (p *porch) addr() string {
	if p == nil {
		return ""
	}
	return p.listener.Addr().String()
}

// close ends everything and waits.
func (p *porch) close() error {
	if p == nil {
		return nil
	}
	var failed []error
	if p.host != nil {
		p.host.Close()
	}
	if p.stop != nil {
		p.stop()
	}
	if p.server != nil {
		failed = append(failed, p.server.Close())
	}
	p.serving.Wait()
	p.lines.wait()
	if p.relay != nil {
		failed = append(failed, p.relay.Close())
	}
	return errors.Join(failed...)
}
