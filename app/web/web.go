// Package web serves the api on loopback: the page's files over HTTP and the
// calls and events over one WebSocket. A browser and the command line use it.
package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"parvis/app/web/endpoint"
)

// Limits of the server (hardening 3.3).
const (
	maxMessage   = 2 << 20          // bytes of one WebSocket message from a client: a change of 1 MiB in base64
	maxContent   = 12               // requests for bytes that run at once
	maxInFlight  = 64               // calls of one connection that run at once; more wait unread
	maxEvents    = 4096             // events waiting for one slow connection before it must reload
	maxWaiting   = 16 << 20         // and their bytes
	maxConns     = 32               // open WebSockets
	maxHeader    = 16 << 10         // bytes of HTTP header
	getsPerSec   = 50               // files
	getsBurst    = 100              // one page load asks for some dozens at once
	writeTimeout = 20 * time.Second // a client that reads nothing for this long is dropped
)

// Backend is the api in JSON, as api.Wire serves it.
type Backend interface {
	// Call runs one method by its name ("Chat.Send"). A failure is the JSON
	// object {"code","message"}.
	Call(method string, args []json.RawMessage) (result, failure json.RawMessage)
	// Subscribe hears every event until cancel. hear must not block.
	Subscribe(hear func(event string, data json.RawMessage)) (cancel func())
}

// Server is one loopback server. It lives as long as the process.
type Server struct {
	Listen  string // loopback address with port, 127.0.0.1:0 when empty
	Backend Backend
	Content http.Handler // bytes below /content/; nil: none
	Media   Media        // sound and pictures of calls at /media; nil: none
	Assets  fs.FS        // the built page; nil or without index.html: a sentence instead
	Data    string       // folder for the endpoint file; empty: none is written
	Log     *slog.Logger

	token, session string // what the first URL carries, what the cookie carries
	listener       net.Listener
	http           *http.Server
	gets           *rate.Limiter
	open           open
	stop           context.CancelFunc
	wg             sync.WaitGroup
}

// Start listens and serves until Close.
func (s *Server) Start(ctx context.Context) error {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	address, err := loopback(s.Listen)
	if err != nil {
		return err
	}
	s.token, s.session = secret(), secret()
	s.listener, err = s.listen(address)
	if err != nil {
		return fmt.Errorf("listen for the browser on %s: %w", address, err)
	}
	s.keepAddress()
	s.gets = rate.NewLimiter(getsPerSec, getsBurst)
	s.open = open{make(chan struct{}, maxConns), newLines(s.Media, s.Log)}
	ctx, s.stop = context.WithCancel(ctx)
	server := &http.Server{
		Handler:           s.guard(s.routes(ctx)),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	if s.Data != "" {
		if err := endpoint.Write(s.Data, s.endpoint()); err != nil {
			s.stop()
			return errors.Join(err, s.listener.Close())
		}
	}
	s.http = server
	s.wg.Go(func() {
		if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.Log.Error("browser server ended", "error", err)
		}
	})
	return nil
}

// open is the sockets of a server.
type open struct {
	conns chan struct{} // holds one token for each
	lines lines
}

// wait returns when no socket is open, and lets nobody in any more.
func (o open) wait() {
	for range maxConns {
		o.conns <- struct{}{}
	}
	o.lines.wait()
}

// secretLength is how long a secret is, in characters of 5 bits.
const secretLength = 52

func secret() string { return rand.Text() + rand.Text() }

// Close ends every connection and waits for it: whoever holds all places knows
// that no socket is left.
func (s *Server) Close() error {
	if s.http == nil {
		return nil
	}
	var err error
	if s.Data != "" {
		err = endpoint.Remove(s.Data, s.endpoint())
	}
	s.stop()
	err = errors.Join(err, s.http.Close())
	s.open.wait()
	s.wg.Wait()
	s.http = nil
	return err
}

// Host is the address it listens on, host:port.
func (s *Server) Host() string { return s.listener.Addr().String() }

func (s *Server) endpoint() endpoint.File {
	return endpoint.File{Host: s.Host(), Token: s.token, PID: os.Getpid()}
}

// Token is what programs of the same user send as "Authorization: Bearer".
func (s *Server) Token() string { return s.token }

// URL opens the page: its token is exchanged for a cookie at the first visit.
func (s *Server) URL() string {
	return "http://" + s.Host() + "/?" + url.Values{"token": {s.token}}.Encode()
}

// loopback checks that an address cannot be reached from another machine.
func loopback(address string) (string, error) {
	if address == "" {
		return "127.0.0.1:0", nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("address of the browser interface: %w", err)
	}
	if strings.EqualFold(host, "localhost") {
		host = "127.0.0.1"
	}
	ip := net.ParseIP(host)
	if !ip.Equal(net.IPv4(127, 0, 0, 1)) && !ip.Equal(net.IPv6loopback) {
		return "", fmt.Errorf("the browser interface listens on 127.0.0.1 or [::1] only, not on %q", address)
	}
	return net.JoinHostPort(host, port), nil
}
