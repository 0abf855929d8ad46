package web_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parvis/app/web"
)

// echo is a media end that sends every message back twice: once as what may be lost,
// once as what is kept.
type echo struct {
	open atomic.Int32
	lost atomic.Int32
	full bool // nobody may attach
}

func (e *echo) Attach(send func([]byte, bool) bool) (func([]byte) error, func(), error) {
	if e.full {
		return nil, nil, errors.New("no call")
	}
	e.open.Add(1)
	receive := func(message []byte) error {
		if string(message) == "bad" {
			return errors.New("not a frame")
		}
		for _, keep := range []bool{false, true} {
			if !send(bytes.Clone(message), keep) {
				e.lost.Add(1)
			}
		}
		return nil
	}
	return receive, func() { e.open.Add(-1) }, nil
}

func talk(t *testing.T, ws *websocket.Conn, message string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := ws.Write(ctx, websocket.MessageBinary, []byte(message)); err != nil {
		t.Fatal(err)
	}
	for _, got := range unbundle(t, ctx, ws, 2) {
		if string(got) != message {
			t.Fatalf("got %q", got)
		}
	}
}

// unbundle reads at least so many messages.
func unbundle(t *testing.T, ctx context.Context, ws *websocket.Conn, count int) (messages [][]byte) {
	t.Helper()
	for len(messages) < count {
		_, bundle, err := ws.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for len(bundle) > 0 {
			if len(bundle) < 4 || int(binary.BigEndian.Uint32(bundle)) > len(bundle)-4 {
				t.Fatalf("%d bytes are no messages", len(bundle))
			}
			end := 4 + int(binary.BigEndian.Uint32(bundle))
			messages = append(messages, bundle[4:end])
			bundle = bundle[end:]
		}
	}
	return messages
}

func TestMediaMessagesKeepTheirOrderAndBoundsInBundles(t *testing.T) {
	numbered := &numbered{}
	l := &web.Line{Media: numbered, Origins: []string{"wails://wails"}}
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ws, _, err := websocket.Dial(t.Context(), l.URL(), &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"wails://wails"}}})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(1 << 21)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := ws.Write(ctx, websocket.MessageBinary, []byte("go")); err != nil {
		t.Fatal(err)
	}
	for i, message := range unbundle(t, ctx, ws, len(numberedSizes)) {
		if want := numberedMessage(i); !bytes.Equal(message, want) {
			t.Fatalf("message %d has %d bytes instead of %d, or others", i, len(message), len(want))
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// numbered sends messages of many sizes, all at once.
type numbered struct{}

var numberedSizes = []int{0, 1, 100, 1100, 1 << 10, 1<<18 - 4, 1 << 18, 1 << 20, 5, 0, 1 << 17, 1 << 17, 1 << 17, 3}

func numberedMessage(i int) []byte {
	return bytes.Repeat([]byte{byte(i + 1)}, numberedSizes[i])
}

func (numbered) Attach(send func([]byte, bool) bool) (func([]byte) error, func(), error) {
	receive := func([]byte) error {
		for i := range numberedSizes {
			send(numberedMessage(i), true)
		}
		return nil
	}
	return receive, func() {}, nil
}

func TestMediaOfTheBrowser(t *testing.T) {
	e := &echo{}
	s := &web.Server{Backend: newBackend(), Media: e, Data: t.TempDir()}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	dial := func(token string) (*websocket.Conn, error) {
		ws, _, err := websocket.Dial(t.Context(), "ws://"+s.Host()+"/media", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + token}}})
		return ws, err
	}
	if _, err := dial("wrong"); err == nil {
		t.Error("a wrong token opened the line")
	}
	ws, err := dial(s.Token())
	if err != nil {
		t.Fatal(err)
	}
	talk(t, ws, "a frame")
	for name, kind := range map[string]websocket.MessageType{"bad": websocket.MessageBinary, "text": websocket.MessageText} {
		other, err := dial(s.Token())
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Write(t.Context(), kind, []byte(name)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := other.Read(t.Context()); err == nil {
			t.Errorf("%s did not end the line", name)
		}
	}
	talk(t, ws, "still there")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := e.open.Load(); n != 0 {
		t.Errorf("%d lines are open after Close", n)
	}
}

func TestMediaOfTheWindow(t *testing.T) {
	e := &echo{}
	l := &web.Line{Media: e, Origins: []string{"wails://wails"}}
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	dial := func(url, origin, host string) (*websocket.Conn, error) {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, _, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{HTTPHeader: header, Host: host})
		return ws, err
	}
	for name, bad := range map[string][3]string{
		"no origin":      {l.URL(), "", ""},
		"foreign origin": {l.URL(), "https://example.org", ""},
		"wrong token":    {l.Source() + "/media/" + strings.Repeat("A", 52), "wails://wails", ""},
		"no token":       {l.Source() + "/media/", "wails://wails", ""},
		"another host":   {l.URL(), "wails://wails", "example.org"},
	} {
		if _, err := dial(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("%s: let in", name)
		}
	}
	ws, err := dial(l.URL(), "wails://wails", "")
	if err != nil {
		t.Fatal(err)
	}
	talk(t, ws, "a frame")
	e.full = true
	if late, err := dial(l.URL(), "wails://wails", ""); err == nil {
		if _, _, err := late.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusTryAgainLater {
			t.Errorf("without a call: %v", err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if n := e.open.Load(); n != 0 {
		t.Errorf("%d lines are open after Close", n)
	}
}

func TestASlowPageLosesPicturesBeforeSound(t *testing.T) {
	flood := &flood{result: make(chan [2]int, 1)}
	l := &web.Line{Media: flood, Origins: []string{"wails://wails"}}
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ws, _, err := websocket.Dial(t.Context(), l.URL(), &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"wails://wails"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := ws.Write(t.Context(), websocket.MessageBinary, []byte("go")); err != nil {
		t.Fatal(err)
	}
	if got := <-flood.result; got[0] == 0 || got[1] == 0 || got[0] > 1<<10 || got[1] > 1<<10 {
		t.Errorf("a page that reads nothing took %d pictures, then %d of sound", got[0], got[1])
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// flood sends pictures until one is lost, then sound until that is.
type flood struct{ result chan [2]int }

func (f *flood) Attach(send func([]byte, bool) bool) (func([]byte) error, func(), error) {
	receive := func([]byte) error {
		var taken [2]int
		for i, keep := range []bool{false, true} {
			for send(make([]byte, 1<<18), keep) {
				taken[i]++
			}
		}
		f.result <- taken
		return nil
	}
	return receive, func() {}, nil
}
