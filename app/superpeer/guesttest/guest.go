// Package guesttest is a guest of calls without a browser, for tests: it comes to a
// super-peer by its meeting link, knocks, and speaks with the members who let it in.
package guesttest

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"parvis/crdt/guest"
	"parvis/crdt/seal"
	p2pguest "parvis/p2p/guest"
)

// Member is one stream of a member, as a guest sees it.
type Member = p2pguest.Member

// Guest is a guest at the line of a super-peer.
type Guest struct {
	Name string

	link guest.Link
	key  seal.ExchangeKey
	url  string

	mu       sync.Mutex
	ws       *websocket.Conn                 // guarded by mu
	sessions map[guest.Public]*guest.Session // guarded by mu
	members  map[Member]guest.Public         // guarded by mu
}

// Heard is one thing that a guest is told. Answer or Message is set when a member said it.
type Heard struct {
	Kind    p2pguest.NoticeKind
	Member  Member
	Answer  *guest.Answer
	Message *guest.Message
	Data    []byte // of NoticeAdmitted
}

// Visit comes with a meeting link. It knocks at every member by itself, as the page does.
func Visit(ctx context.Context, link, name string) (*Guest, error) {
	base, fragment, found := strings.Cut(link, guest.Path+"#")
	if !found {
		return nil, fmt.Errorf("%q is no meeting link", link)
	}
	secret, err := guest.ParseFragment(fragment)
	if err != nil {
		return nil, err
	}
	g := &Guest{Name: name, link: secret.Link(), key: seal.NewExchangeKey(), url: base, sessions: map[guest.Public]*guest.Session{}, members: map[Member]guest.Public{}}
	return g, g.Dial(ctx)
}

// ID is what the guest is called in the call.
func (g *Guest) ID() seal.ID { return guest.IDOf(g.key.Public()) }

// Dial comes again after the line has ended, as the same guest.
func (g *Guest) Dial(ctx context.Context) error {
	url := "ws" + strings.TrimPrefix(g.url, "http") + guest.Path + "/line?room=" + hex.EncodeToString(g.link.Room[:])
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {g.url}}})
	if err != nil {
		return fmt.Errorf("come to a super-peer: %w", err)
	}
	ws.SetReadLimit(1 << 20)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ws, g.members = ws, map[Member]guest.Public{}
	return nil
}

// Next waits for what the guest is told. What does not open is an error.
func (g *Guest) Next(ctx context.Context) (Heard, error) {
	g.mu.Lock()
	ws := g.ws
	g.mu.Unlock()
	_, raw, err := ws.Read(ctx)
	if err != nil {
		return Heard{}, err
	}
	if len(raw) < 17 {
		return Heard{}, fmt.Errorf("a message of %d bytes", len(raw))
	}
	h := Heard{Kind: p2pguest.NoticeKind(raw[0]), Member: Member(raw[1:17]), Data: raw[17:]}
	switch h.Kind {
	case p2pguest.NoticeCame:
		err = g.knock(ctx, h.Member)
	case p2pguest.NoticeSaid:
		err = g.open(&h)
	}
	return h, err
}

func (g *Guest) knock(ctx context.Context, to Member) error {
	sealed, err := g.link.SealKnock(guest.Knock{Name: g.Name, Public: g.key.Public()})
	if err != nil {
		return err
	}
	return g.Say(ctx, to, sealed)
}

func (g *Guest) open(h *Heard) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if guest.IsKnock(h.Data) {
		a, err := g.link.OpenAnswer(g.ID(), h.Data)
		if err != nil {
			return err
		}
		h.Answer = &a
		g.members[h.Member] = a.Public
		if g.sessions[a.Public] == nil && a.State == guest.Admitted {
			if g.sessions[a.Public], err = g.link.Guest(g.key, a.Public); err != nil {
				return err
			}
		}
		return nil
	}
	session := g.sessions[g.members[h.Member]]
	if session == nil {
		return fmt.Errorf("a message of a member that has not let the guest in")
	}
	m, err := session.Open(h.Data)
	h.Message = &m
	return err
}

// Say sends bytes to a member as they are.
func (g *Guest) Say(ctx context.Context, to Member, data []byte) error {
	g.mu.Lock()
	ws := g.ws
	g.mu.Unlock()
	return ws.Write(ctx, websocket.MessageBinary, append(append([]byte{byte(p2pguest.NoticeSaid)}, to[:]...), data...))
}

// Send says something to a member that has let the guest in.
func (g *Guest) Send(ctx context.Context, to Member, m guest.Message) error {
	g.mu.Lock()
	session := g.sessions[g.members[to]]
	g.mu.Unlock()
	if session == nil {
		return fmt.Errorf("no session with this member")
	}
	sealed, err := session.Seal(m)
	if err != nil {
		return err
	}
	return g.Say(ctx, to, sealed)
}

// Close ends the line.
func (g *Guest) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	_ = g.ws.CloseNow()
}
