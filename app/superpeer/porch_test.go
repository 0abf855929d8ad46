package superpeer

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/coder/websocket"

	"parvis/app/superpeer/guesttest"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
	"parvis/media"
	p2pguest "parvis/p2p/guest"
	"parvis/p2p/mailbox"
)

// freePort is an address of this machine that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

var builtPage = fstest.MapFS{
	"index.html": {Data: []byte("<!doctype html><title>meet</title>")}, "assets/a-1.js": {Data: []byte("1")}, "assets/.hidden": {Data: []byte("x")}, "secret.txt": {Data: []byte("x")},
}

// withGuests runs a super-peer that lets guests come, and a member of a workspace.
func withGuests(t *testing.T, change ...func(*Config)) (*SuperPeer, device) {
	t.Helper()
	at := freePort(t)
	c := Config{Guests: Guests{URL: "http://" + at, Listen: at, Page: builtPage}}
	for _, one := range change {
		one(&c)
	}
	s := start(t, c)
	d := newDevice(t, s)
	owner := newAdmin(1)
	if code, _ := s.lists.Publish(t.Context(), s.node.ID(), s.identity.secret[:], owner.list(t, 1, [][32]byte{owner.key}, d.key)); code != mailbox.CodeStored {
		t.Fatalf("code %d", code)
	}
	if err := d.Connect(within(t), s.node.ID(), s.node.Addrs()); err != nil {
		t.Fatal(err)
	}
	return s, d
}

// host is a member who lets guests in.
type host struct {
	*p2pguest.Door
	key    seal.ExchangeKey
	link   guest.Link
	secret guest.Secret
	events chan p2pguest.Event
}

func (d device) receive(t *testing.T, s *SuperPeer) *host {
	t.Helper()
	h := &host{key: seal.NewExchangeKey(), secret: guest.NewSecret(), events: make(chan p2pguest.Event, 1000)}
	h.link = h.secret.Link()
	door, err := p2pguest.Open(within(t), d.Node.Node, s.node.ID(), p2pguest.Ticket{Workspace: workspace, Room: p2pguest.Room(h.link.Room)}, func(e p2pguest.Event) { h.events <- e })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(door.Close)
	h.Door = door
	return h
}

// next is the event that comes next.
func (h *host) next(t *testing.T, kind p2pguest.Kind) p2pguest.Event {
	t.Helper()
	select {
	case e := <-h.events:
		if e.Kind != kind {
			t.Fatalf("event %d instead of %d", e.Kind, kind)
		}
		return e
	case <-time.After(30 * time.Second):
		t.Fatalf("no event %d", kind)
	}
	return p2pguest.Event{}
}

// admit waits for a knock and lets who knocked in.
func (h *host) admit(t *testing.T) (p2pguest.Seat, guest.Knock, *guest.Session) {
	t.Helper()
	seat := h.next(t, p2pguest.Came).Seat
	k, err := h.link.OpenKnock(h.next(t, p2pguest.Said).Data)
	if err != nil {
		t.Fatal(err)
	}
	h.answer(t, seat, k, guest.Waiting)
	h.Admit(seat)
	h.answer(t, seat, k, guest.Admitted)
	session, err := h.link.Member(h.key, k.Public)
	if err != nil {
		t.Fatal(err)
	}
	return seat, k, session
}

func (h *host) answer(t *testing.T, seat p2pguest.Seat, k guest.Knock, state guest.State) {
	t.Helper()
	raw, err := h.link.SealAnswer(k.ID(), guest.Answer{State: state, Public: h.key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	h.Send(seat, raw)
}

func (h *host) say(t *testing.T, seat p2pguest.Seat, s *guest.Session, m guest.Message) {
	t.Helper()
	raw, err := s.Seal(m)
	if err != nil {
		t.Fatal(err)
	}
	h.Send(seat, raw)
}

func TestQ1WhatAnOperatorWantsIsChecked(t *testing.T) {
	for _, good := range []Guests{
		{}, {URL: "https://meet.example.org", Listen: ":443", Cert: "c", Key: "k"}, {URL: "https://meet.example.org:8443", Listen: "127.0.0.1:8080", TURN: ":3478"},
		{URL: "http://127.0.0.1:8080", Listen: "127.0.0.1:8080"}, {URL: "http://localhost:8080", Listen: ":8080"}, {URL: "http://[::1]:8080", Listen: ":8080"},
	} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []Guests{
		{Listen: ":443"}, {URL: "meet.example.org", Listen: ":443"}, {URL: "http://meet.example.org", Listen: ":80"}, {URL: "https://meet.example.org/", Listen: ":443"},
		{URL: "https://meet.example.org/x", Listen: ":443"}, {URL: "https://u@meet.example.org", Listen: ":443"}, {URL: "https://meet.example.org?x", Listen: ":443"},
		{URL: "https://meet.example.org"}, {URL: "https://meet.example.org", Listen: "443"}, {URL: "https://meet.example.org", Listen: ":443", Cert: "c"},
		{URL: "https://meet.example.org", Listen: ":443", Key: "k"}, {URL: "https://meet.example.org", Listen: ":443", TURN: "3478"}, {URL: "ftp://meet.example.org", Listen: ":443"},
	} {
		if err := bad.Check(); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestQ1DevicesAndGuestsHavePortsOfTheirOwn(t *testing.T) {
	g := Guests{URL: "https://meet.example.org", Listen: ":443"}
	if err := g.clash(everywhere(443)); err == nil || !strings.Contains(err.Error(), "--guest-listen") {
		t.Error(err)
	}
	if err := errors.Join(g.clash(everywhere(4443)), Guests{}.clash(everywhere(443)), g.clash([]string{"/ip4/0.0.0.0/tcp/4430", "/ip4/0.0.0.0/udp/443/quic-v1"})); err != nil {
		t.Error(err)
	}
}

func TestQ2ThePageAndNothingElseIsServed(t *testing.T) {
	s, _ := withGuests(t)
	get := func(path string) (*http.Response, string) {
		t.Helper()
		response, err := http.Get("http://" + s.porch.addr() + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response, string(body)
	}
	for path, want := range map[string]int{
		"/meet": 200, "/meet/assets/a-1.js": 200, "/": 404, "/meet/": 404, "/index.html": 404, "/meet/secret.txt": 404, "/meet/assets/.hidden": 404, "/meet/assets/..%2fsecret.txt": 404,
		"/meet/assets/%2e%2e/secret.txt": 404, "/metrics": 404, "/healthz": 404, "/meet/line": 400, "/meet/line?room=zz": 400,
	} {
		response, _ := get(path)
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, response.StatusCode, want)
		}
		policy := response.Header.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "connect-src 'self' ws://" + s.porch.addr() + ";"} {
			if !strings.Contains(policy, rule) {
				t.Errorf("%s: no %s in %s", path, rule, policy)
			}
		}
		if len(response.Cookies()) > 0 || response.Header.Get("Referrer-Policy") != "no-referrer" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, response.Header)
		}
	}
	if response, err := http.Post("http://"+s.porch.addr()+"/meet", "text/plain", nil); err != nil || response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("%+v, %v", response, err)
	}

	empty := httptest.NewServer(newWebSite(Guests{URL: "https://x"}).routes(http.NotFound)) // of a program that was built without it
	defer empty.Close()
	response, err := http.Get(empty.URL + "/meet")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != 503 || !strings.Contains(string(body), "make frontend") || response.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestQ3AGuestIsLetInAndHearsAndIsHeard(t *testing.T) { hearAndBeHeard(t, false) }

func TestQ6WhoReachesNobodyDirectlyIsHeardThroughTheRelay(t *testing.T) { hearAndBeHeard(t, true) }

func hearAndBeHeard(t *testing.T, relayed bool) {
	log := &bytes.Buffer{}
	s, d := withGuests(t, func(c *Config) {
		c.Guests.TURN = freePort(t)
		c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	h := d.receive(t, s)
	ctx := within(t)
	if h.Offer().URL != s.config.Guests.URL {
		t.Error(h.Offer())
	}
	g, err := guesttest.Visit(ctx, h.secret.URL(h.Offer().URL), "Marc")
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	room, frames, statements := d.roomFor(t, h, g.ID())
	call := &guesttest.Call{Guest: g, Loopback: true, Relayed: relayed}
	defer call.Hang()
	ended := make(chan error, 1)
	said := make(chan guesttest.Heard, 1000)
	call.Heard = func(one guesttest.Heard) { said <- one }
	go func() { ended <- call.Run(ctx) }()

	seat, k, session := h.admit(t)
	if k.Name != "Marc" || k.ID() != g.ID() {
		t.Errorf("%q", k.Name)
	}
	h.say(t, seat, session, guest.Message{Type: guest.Hello, Text: "Ana", Mark: d.key})
	statements(seat, session)
	room.Join(media.ID(g.ID()), true)
	deadline := time.After(40 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for at, heard := uint64(0), false; !heard || call.Sound.Load() == 0; {
		select {
		case <-frames:
			heard = true
		case <-tick.C:
			at += 20_000
			room.Send(media.Frame{Stream: media.Audio, At: at, Data: []byte{0xf8, 0xff, 0xfe}})
		case <-deadline:
			t.Fatalf("heard %v, the guest heard %d packets", heard, call.Sound.Load())
		}
	}
	if _, _, addresses := s.porch.counts(); addresses > 0 != relayed {
		t.Errorf("%d addresses are relayed", addresses)
	}
	h.say(t, seat, session, guest.Message{Type: guest.Removed})
	h.Drop(seat)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	var kinds []string
	for len(said) > 0 {
		one := <-said
		if one.Answer != nil {
			kinds = append(kinds, fmt.Sprint("answer ", one.Answer.State))
		}
		if one.Message != nil && one.Message.Type != guest.Ice {
			kinds = append(kinds, fmt.Sprint("message ", one.Message.Type))
		}
	}
	if got := strings.Join(kinds, ", "); got != "answer 1, answer 2, message 1, message 2, message 8" {
		t.Error(got)
	}
	for _, secret := range []string{"Marc", "Ana", h.secret.Fragment(), "127.0.0.1 ", hex.EncodeToString(h.link.Room[:])} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log tells %q", secret)
		}
	}
}

// roomFor is the media room of a member, whose signals go to the guest once its session is
// there.
func (d device) roomFor(t *testing.T, h *host, guestID seal.ID) (room *media.Room, frames chan media.Frame, begin func(p2pguest.Seat, *guest.Session)) {
	t.Helper()
	type out struct {
		seat    p2pguest.Seat
		session *guest.Session
	}
	ready := make(chan out, 1)
	frames = make(chan media.Frame, 10_000)
	signals := make(chan media.Signal, 1000)
	room, err := media.NewRoom(media.Config{
		Self: media.ID(d.key), Loopback: true, Send: func(_ media.ID, s media.Signal) { signals <- s }, Receive: func(_ media.ID, f media.Frame) { frames <- f },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(func() {
		stop()
		_ = room.Close()
	})
	types := map[media.SignalKind]guest.Type{media.Offer: guest.Offer, media.Candidate: guest.Ice, media.Bye: guest.Bye}
	kinds := map[guest.Type]media.SignalKind{guest.Reply: media.Answer, guest.Ice: media.Candidate, guest.Bye: media.Bye}
	go func() {
		var to out
		select {
		case to = <-ready:
		case <-ctx.Done():
			return
		}
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				if raw, err := to.session.Seal(guest.Message{Type: types[s.Kind], Text: s.SDP, Mark: s.Fingerprint}); err == nil {
					h.Send(to.seat, raw)
				}
			case e := <-h.events:
				if m, err := to.session.Open(e.Data); err == nil {
					_ = room.Signal(media.ID(guestID), media.Signal{Kind: kinds[m.Type], SDP: m.Text, Fingerprint: m.Mark})
				}
			}
		}
	}()
	return room, frames, func(seat p2pguest.Seat, session *guest.Session) { ready <- out{seat, session} }
}

func TestQ3WithoutTheSecretNothingOpens(t *testing.T) {
	s, d := withGuests(t)
	h := d.receive(t, s)
	ctx := within(t)
	// Somebody who saw the room's name, in a log of a proxy for instance, reaches the member but says nothing that opens.
	url := "ws://" + s.porch.addr() + "/meet/line?room=" + hex.EncodeToString(h.link.Room[:])
	ws, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	_, came, err := ws.Read(ctx)
	if err != nil || came[0] != byte(p2pguest.NoticeCame) {
		t.Fatal(came, err)
	}
	sealed, err := guest.NewSecret().Link().SealKnock(guest.Knock{Name: "Mallory", Public: seal.NewExchangeKey().Public()})
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.Write(ctx, websocket.MessageBinary, append(append([]byte{1}, came[1:]...), sealed...)); err != nil {
		t.Fatal(err)
	}
	h.next(t, p2pguest.Came)
	if _, err := h.link.OpenKnock(h.next(t, p2pguest.Said).Data); err == nil {
		t.Error("a knock without the secret opens")
	}
	// The origin of another page is refused.
	if _, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}}); err == nil {
		t.Error("another page may connect")
	}
}

func TestQ3TwoBrowsersWithOneLinkAreTwoGuests(t *testing.T) {
	s, d := withGuests(t)
	h := d.receive(t, s)
	ctx := within(t)
	link := h.secret.URL(h.Offer().URL)
	one, err := guesttest.Visit(ctx, link, "Marc")
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	if _, err := one.Next(ctx); err != nil {
		t.Fatal(err)
	}
	seat, k, session := h.admit(t)
	two, err := guesttest.Visit(ctx, link, "Marc")
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	if _, err := two.Next(ctx); err != nil {
		t.Fatal(err)
	}
	other := h.next(t, p2pguest.Came).Seat
	second, err := h.link.OpenKnock(h.next(t, p2pguest.Said).Data)
	if err != nil || second.ID() == k.ID() || other == seat {
		t.Errorf("they are one: %v", err)
	}
	// What is for one does not open at the other, even if the super-peer brings it there.
	h.answer(t, other, k, guest.Admitted)
	if _, err := two.Next(ctx); err == nil {
		t.Error("the answer to another guest opens")
	}
	h.say(t, seat, session, guest.Message{Type: guest.Hello, Text: "Ana", Mark: d.key})
	for {
		heard, err := one.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if heard.Message != nil {
			if heard.Message.Text != "Ana" {
				t.Errorf("%q", heard.Message.Text)
			}
			break
		}
	}
	// A line that broke goes on with the same session.
	one.Close()
	h.next(t, p2pguest.Gone)
	if err := one.Dial(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Next(ctx); err != nil {
		t.Fatal(err)
	}
	seat = h.next(t, p2pguest.Came).Seat
	if again, err := h.link.OpenKnock(h.next(t, p2pguest.Said).Data); err != nil || again.ID() != k.ID() {
		t.Errorf("it is another guest: %v", err)
	}
	h.answer(t, seat, k, guest.Admitted)
	h.say(t, seat, session, guest.Message{Type: guest.Ended})
	if heard, err := one.Next(ctx); err != nil || heard.Answer == nil {
		t.Errorf("%+v, %v", heard, err)
	}
	if heard, err := one.Next(ctx); err != nil || heard.Message == nil || heard.Message.Type != guest.Ended {
		t.Errorf("%+v, %v", heard, err)
	}
}

func TestQ4LinesAreLimited(t *testing.T) {
	s, _ := withGuests(t)
	ctx := within(t)
	url := "ws://" + s.porch.addr() + "/meet/line?room=" + strings.Repeat("ab", 16)
	var open []*websocket.Conn
	for range maxLines {
		ws, _, err := websocket.Dial(ctx, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, ws)
	}
	if _, response, err := websocket.Dial(ctx, url, nil); err == nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one line more: %v", err)
	}
	header := http.Header{"X-Forwarded-For": {"198.51.100.7, 203.0.113.9"}}
	other, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatalf("from another address, through a proxy: %v", err)
	}
	if err := other.Write(ctx, websocket.MessageText, []byte("text")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Read(ctx); websocket.CloseStatus(err) != endFlood {
		t.Errorf("what is no message: %v", err)
	}
	flood := open[0]
	for range 200 {
		if flood.Write(ctx, websocket.MessageBinary, make([]byte, 40)) != nil {
			break
		}
	}
	if _, _, err := flood.Read(ctx); websocket.CloseStatus(err) != endFlood {
		t.Errorf("a flood: %v", err)
	}
	for _, ws := range open {
		_ = ws.CloseNow()
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, guests, _ := s.porch.counts(); guests == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("guests that are gone are counted")
		}
	}
	l := newLines()
	now := time.Now()
	from := func(addr string) *http.Request { return &http.Request{RemoteAddr: addr, Header: http.Header{}} }
	for range linesBurst {
		leave, ok := l.enter(from("203.0.113.5:1"), now)
		if !ok {
			t.Fatal("too few")
		}
		leave()
	}
	if _, ok := l.enter(from("203.0.113.5:2"), now); ok {
		t.Error("coming too often")
	}
	if _, ok := l.enter(from("203.0.113.5:2"), now.Add(lineEvery)); !ok {
		t.Error("later it may come")
	}
	if origin(from("[2001:db8::1]:5")) != origin(from("[2001:db8::2:3:4:5]:6")) || origin(from("[2001:db8::1]:5")) == origin(from("[2001:db8:0:1::1]:5")) {
		t.Error("IPv6 counts by /64")
	}
	faked := from("203.0.113.5:1")
	faked.Header.Set("X-Forwarded-For", "198.51.100.1")
	if origin(faked) != origin(from("203.0.113.5:9")) {
		t.Error("a header of somebody elsewhere is believed")
	}
	for i := range 2 * maxAddresses {
		now = now.Add(time.Minute)
		if leave, ok := l.enter(from(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255)), now); ok {
			leave()
		}
	}
	if len(l.open) > maxAddresses {
		t.Errorf("%d addresses are remembered", len(l.open))
	}
}

func TestQ5ARoomIsFullAndAMemberThatIsRemovedIsOut(t *testing.T) {
	s, d := withGuests(t)
	h := d.receive(t, s)
	ctx := within(t)
	url := "ws://" + s.porch.addr() + "/meet/line?room=" + hex.EncodeToString(h.link.Room[:])
	come := func(i int) *websocket.Conn {
		t.Helper()
		ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: http.Header{"X-Forwarded-For": {fmt.Sprintf("198.51.100.%d", i)}}})
		if err != nil {
			t.Fatal(err)
		}
		return ws
	}
	for i := range p2pguest.MaxGuests {
		come(i)
		h.next(t, p2pguest.Came)
	}
	if _, _, err := come(100).Read(ctx); websocket.CloseStatus(err) != endFull {
		t.Error(err)
	}
	owner := newAdmin(1)
	if code, _ := s.lists.Publish(t.Context(), s.node.ID(), s.identity.secret[:], owner.list(t, 2, [][32]byte{owner.key})); code != mailbox.CodeStored {
		t.Fatalf("code %d", code)
	}
	select {
	case <-h.Ended():
	case <-ctx.Done():
		t.Fatal("who was removed is still in")
	}
	if _, err := p2pguest.Ask(ctx, d.Node.Node, s.node.ID(), workspace); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who was removed asks: %v", err)
	}
}

func TestQ6TheRelayIsForWhoWasLetIn(t *testing.T) {
	s, d := withGuests(t, func(c *Config) { c.Guests.TURN = freePort(t) })
	h := d.receive(t, s)
	ctx := within(t)
	if stun := h.Offer().STUN; len(stun) != 1 || stun[0] != "stun:"+s.config.Guests.TURN {
		t.Error(stun)
	}
	g, err := guesttest.Visit(ctx, h.secret.URL(h.Offer().URL), "Marc")
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if _, err := g.Next(ctx); err != nil {
		t.Fatal(err)
	}
	seat, _, _ := h.admit(t)
	var given struct {
		IceServers []iceServer `json:"iceServers"`
	}
	for given.IceServers == nil {
		heard, err := g.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if heard.Kind == p2pguest.NoticeAdmitted {
			if err := json.Unmarshal(heard.Data, &given); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(given.IceServers) != 2 || len(given.IceServers[1].URLs) != 2 || given.IceServers[1].Username == "" || given.IceServers[1].Credential == "" {
		t.Errorf("%+v", given)
	}
	relay, conn := allocate(t, given.IceServers[1])
	if relay == nil {
		t.Fatal("nothing is relayed")
	}
	defer conn.Close()
	if _, _, relayed := s.porch.counts(); relayed != 1 {
		t.Errorf("%d addresses are relayed", relayed)
	}
	h.Drop(seat)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, guests, relayed := s.porch.counts(); guests+relayed == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it goes on for who was dropped")
		}
	}
	if again, conn := allocate(t, given.IceServers[1]); again != nil {
		t.Error("what was given is good for ever")
		_ = conn.Close()
	}
}

func TestQ7ACertificateIsReadAgainWhenItWasRenewed(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if _, err := withTLS(nil, cert, key); err == nil {
		t.Error("no certificate is taken")
	}
	first := writeCertificate(t, cert, key)
	c := &certificate{cert: cert, key: key}
	serial := func() string {
		got, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return got.Leaf.SerialNumber.String()
	}
	if serial() != first {
		t.Error("another certificate")
	}
	second := writeCertificate(t, cert, key)
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(cert, later, later); err != nil {
		t.Fatal(err)
	}
	if serial() != first {
		t.Error("it looks each time")
	}
	c.looked = time.Time{}
	if serial() != second {
		t.Error("the new one is not used")
	}
	if err := os.WriteFile(cert, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.looked = time.Time{}
	if serial() != second {
		t.Error("a broken one is used")
	}
	at := freePort(t)
	writeCertificate(t, cert, key)
	s := start(t, Config{Guests: Guests{URL: "https://" + at, Listen: at, Cert: cert, Key: key, Page: builtPage}})
	response, err := trusting(t, cert).Get("https://" + at + "/meet")
	if err != nil || response.StatusCode != 200 || response.TLS == nil || response.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%+v, %v", response, err)
	}
	_ = s
}

func TestQ8MetricsSayHowManyGuestsThereAre(t *testing.T) {
	s, d := withGuests(t, func(c *Config) { c.Metrics = "127.0.0.1:0" })
	h := d.receive(t, s)
	g, err := guesttest.Visit(within(t), h.secret.URL(h.Offer().URL), "Marc")
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	h.next(t, p2pguest.Came)
	response, err := http.Get("http://" + s.Metrics() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	for _, line := range []string{"parvis_superpeer_guests 1\n", "parvis_superpeer_guest_rooms 1\n", "parvis_superpeer_guest_relayed 0\n"} {
		if !strings.Contains(string(text), line) {
			t.Errorf("no %q", line)
		}
	}
	without := start(t, Config{Metrics: "127.0.0.1:0"})
	if rooms, guests, relayed := without.porch.counts(); rooms+guests+relayed != 0 || without.porch.addr() != "" {
		t.Error("a super-peer without guests counts some")
	}
	if n := newDevice(t, without); n.Connect(within(t), without.node.ID(), without.node.Addrs()) == nil && n.Speaks(without.node.ID(), p2pguest.Protocol) {
		t.Error("it offers guests")
	}
}
