package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

var errNotMedia = errors.New("not a media message")

// Line is a loopback server with nothing but the media line: the window's page comes
// over the webview's own scheme, which carries no WebSocket (hardening 3.3).
type Line struct {
	Media   Media
	Origins []string // what the webview calls its page, such as "wails://wails"
	Log     *slog.Logger

	token    string
	listener net.Listener
	http     *http.Server
	stop     context.CancelFunc
	lines    lines
	wg       sync.WaitGroup
}

// Start listens on a free port of this computer and serves until Close.
func (l *Line) Start(ctx context.Context) error {
	var err error
	if l.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("listen for the window's sound and pictures: %w", err)
	}
	if l.Log == nil {
		l.Log = slog.New(slog.DiscardHandler)
	}
	l.token = secret()
	ctx, l.stop = context.WithCancel(ctx)
	l.lines = newLines(l.Media, l.Log)
	hosts := make([]string, len(l.Origins))
	for i, origin := range l.Origins {
		_, hosts[i], _ = strings.Cut(origin, "://")
	}
	l.http = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !l.allowed(r) {
				http.NotFound(w, r)
				return
			}
			l.lines.serve(ctx, w, r, &websocket.AcceptOptions{OriginPatterns: hosts})
		}),
		ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(l.Log.Handler(), slog.LevelDebug),
	}
	l.wg.Go(func() {
		if err := l.http.Serve(l.listener); !errors.Is(err, http.ErrServerClosed) {
			l.Log.Error("media line ended", "error", err)
		}
	})
	return nil
}

// allowed wants exactly our host, the webview's page, and the token as the path: a
// page cannot put a header on a WebSocket.
func (l *Line) allowed(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	return r.Method == http.MethodGet && r.Host == l.listener.Addr().String() &&
		len(origins) == 1 && slices.Contains(l.Origins, origins[0]) && same(strings.TrimPrefix(r.URL.Path, "/media/"), l.token)
}

// URL is what the page opens. It carries the key: hand it to the page alone.
func (l *Line) URL() string { return "ws://" + l.listener.Addr().String() + "/media/" + l.token }

// Source is what the page's content policy must let it connect to.
func (l *Line) Source() string { return "ws://" + l.listener.Addr().String() }

// Close ends every line and waits for it.
func (l *Line) Close() error {
	if l.http == nil {
		return nil
	}
	l.stop()
	err := l.http.Close()
	l.lines.wait()
	l.wg.Wait()
	l.http = nil
	return err
}
