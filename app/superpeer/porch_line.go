package superpeer

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"parvis/p2p/guest"
)

// Limits of the lines of guests (Q4).
const (
	maxLines     = 8   // of one IPv4 address or IPv6 /64
	maxAllLines  = 512 // of all
	linesBurst   = 32  // opened by one address, at once
	lineEvery    = 2 * time.Second
	pingEvery    = 15 * time.Second
	pingTime     = 10 * time.Second
	lineHead     = 1 + len(guest.Member{}) // kind and member in front of what is said
	maxAddresses = 4096                    // that are remembered
)

// Why a line ends. The page tells its guest; any other end is tried again.
const (
	endFull    websocket.StatusCode = 4001
	endWaited  websocket.StatusCode = 4002
	endFlood   websocket.StatusCode = 4003
	endDropped websocket.StatusCode = 4004
)

// line is one guest's WebSocket, from its coming to its end.
func (p *porch) line(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	var room guest.Room
	if raw, err := hex.DecodeString(r.URL.Query().Get("room")); err != nil || len(raw) != len(room) {
		http.Error(w, "400 no room is named", http.StatusBadRequest)
		return
	} else {
		copy(room[:], raw)
	}
	leave, ok := p.lines.enter(r, time.Now())
	if !ok {
		http.Error(w, "429 too many lines from this address", http.StatusTooManyRequests)
		return
	}
	defer leave()
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: []string{hostOf(p.config.URL)}})
	if err != nil {
		return
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(int64(lineHead + guest.MaxData))
	visitor, err := p.host.Enter(room)
	if err != nil {
		_ = ws.Close(endFull, "full")
		return
	}
	defer visitor.Leave()
	l := &guestLine{ws: ws, visitor: visitor}
	l.serve(ctx)
}

// guestLine is a WebSocket whose guest is in a room.
type guestLine struct {
	ws      *websocket.Conn
	visitor *guest.Visitor
}

func (l *guestLine) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var others sync.WaitGroup
	defer others.Wait()
	defer cancel()
	others.Go(func() {
		defer cancel()
		l.write(ctx)
	})
	others.Go(func() {
		defer cancel()
		l.watch(ctx)
	})
	l.read(ctx)
}

// read takes what the guest says: a byte 1, the member it is for, and what only that
// member opens.
func (l *guestLine) read(ctx context.Context) {
	for {
		kind, data, err := l.ws.Read(ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageBinary || len(data) <= lineHead || data[0] != byte(guest.NoticeSaid) {
			_ = l.ws.Close(endFlood, "not a message")
			return
		}
		err = l.visitor.Say(guest.Member(data[1:lineHead]), data[lineHead:])
		if errors.Is(err, guest.ErrFlood) {
			_ = l.ws.Close(endFlood, "too much")
			return
		}
	}
}

// write gives the guest what it is told: the kind, the member, the data.
func (l *guestLine) write(ctx context.Context) {
	for {
		n, err := l.visitor.Next(ctx)
		if err != nil {
			return
		}
		message := append(append([]byte{byte(n.Kind)}, n.Member[:]...), n.Data...)
		timed, cancel := context.WithTimeout(ctx, pingTime)
		err = l.ws.Write(timed, websocket.MessageBinary, message)
		cancel()
		if err != nil {
			return
		}
		if n.Kind == guest.NoticeDropped {
			_ = l.ws.Close(endDropped, "dropped")
			return
		}
	}
}

// watch ends the line of a guest that is not there any more, or has waited for too long.
func (l *guestLine) watch(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !l.visitor.Waits() {
			_ = l.ws.Close(endWaited, "nobody came")
			return
		}
		timed, cancel := context.WithTimeout(ctx, pingTime)
		err := l.ws.Ping(timed)
		cancel()
		if err != nil {
			return
		}
	}
}

// iceServer is what RTCPeerConnection takes.
type iceServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// admitted is what a guest is given that was let in: JSON, {"iceServers": […]}.
func (p *porch) admitted(s guest.Seat) []byte {
	servers := []iceServer{}
	if p.relay != nil {
		at, c := p.relay.Public().String(), p.relay.Admit(s)
		servers = append(servers, iceServer{URLs: []string{"stun:" + at}},
			iceServer{URLs: []string{"turn:" + at + "?transport=udp", "turn:" + at + "?transport=tcp"}, Username: c.Username, Credential: c.Password})
	}
	data, err := json.Marshal(map[string][]iceServer{"iceServers": servers})
	if err != nil {
		panic("superpeer: " + err.Error()) // texts only
	}
	return data
}

func (p *porch) forgotten(s guest.Seat) {
	if p.relay != nil {
		p.relay.Forget(s)
	}
}

// lines counts who comes from where.
type lines struct {
	mu   *sync.Mutex
	open map[netip.Prefix]*addressLines // guarded by mu
	sum  *sync.WaitGroup
	all  *int // guarded by mu
}

// addressLines are those of one address.
type addressLines struct {
	open  int
	spent float64 // of linesBurst, as of then
	then  time.Time
}

func newLines() lines {
	return lines{new(sync.Mutex), map[netip.Prefix]*addressLines{}, new(sync.WaitGroup), new(int)}
}

// enter counts one line more, or says that there are too many.
func (l lines) enter(r *http.Request, now time.Time) (leave func(), ok bool) {
	from := origin(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tidy(now)
	a := l.open[from]
	if a == nil {
		if len(l.open) >= maxAddresses {
			return nil, false
		}
		a = &addressLines{then: now}
		l.open[from] = a
	}
	a.fade(now)
	if a.open >= maxLines || *l.all >= maxAllLines || a.spent+1 > linesBurst {
		return nil, false
	}
	a.open, a.spent = a.open+1, a.spent+1
	*l.all++
	l.sum.Add(1)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		a.open--
		*l.all--
		l.sum.Done()
	}, true
}

func (a *addressLines) fade(now time.Time) {
	a.spent = max(0, a.spent-max(0, now.Sub(a.then).Seconds())/lineEvery.Seconds())
	a.then = now
}

// tidy forgets addresses of which nothing is to be counted. It is called with mu held.
func (l lines) tidy(now time.Time) {
	if len(l.open) < maxAddresses/2 {
		return
	}
	for from, a := range l.open {
		if a.fade(now); a.open == 0 && a.spent == 0 {
			delete(l.open, from)
		}
	}
}

// wait returns when the last line has ended. None may come any more.
func (l lines) wait() { l.sum.Wait() }

// origin is where a request comes from, as far as it can be told. A proxy on this machine
// is believed; somebody elsewhere is not, because anybody can write the header.
func origin(r *http.Request) netip.Prefix {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	addr, err := netip.ParseAddr(host)
	if err == nil && addr.Unmap().IsLoopback() {
		all := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if named, err := netip.ParseAddr(strings.TrimSpace(all[len(all)-1])); err == nil {
			addr = named
		}
	}
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, _ := addr.Prefix(bits)
	return prefix
}
