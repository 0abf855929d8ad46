package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// request is one call of a client: {id, method, args}.
type request struct {
	ID     int64             `json:"id"`
	Method string            `json:"method"`
	Args   []json.RawMessage `json:"args"`
}

// serveSocket speaks until the client goes or ctx, the server's life, ends; the
// request's own context does not outlast the upgrade.
func (s *Server) serveSocket(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	select {
	case s.open.conns <- struct{}{}:
		defer func() { <-s.open.conns }()
	default:
		http.Error(w, "503 too many open pages", http.StatusServiceUnavailable)
		return
	}
	ws, err := websocket.Accept(w, r, nil) // checks Origin once more
	if err != nil {
		s.Log.Debug("websocket refused", "error", err)
		return
	}
	ws.SetReadLimit(maxMessage)
	c := &conn{ws: ws, backend: s.Backend, out: newOutbox(maxEvents, maxWaiting), log: s.Log}
	c.serve(ctx)
}

// conn is one WebSocket. Calls run concurrently; one goroutine writes.
type conn struct {
	ws      *websocket.Conn
	backend Backend
	out     *outbox
	log     *slog.Logger
}

func (c *conn) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() { _ = c.ws.CloseNow() }() // it has ended by then, one way or the other
	unsubscribe := c.backend.Subscribe(func(name string, data json.RawMessage) {
		c.out.event(eventMessage(name, data))
	})
	defer unsubscribe()
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(func() {
		defer cancel()
		c.write(ctx)
	})
	c.read(ctx)
	cancel()
}

// read takes calls until the client goes. When too many run, it reads no further:
// the client waits in its own socket. A call still running when the client has
// gone is not waited for: the node's own life bounds it.
func (c *conn) read(ctx context.Context) {
	free := make(chan struct{}, maxInFlight)
	for {
		kind, data, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		var req request
		if kind != websocket.MessageText || json.Unmarshal(data, &req) != nil || req.Method == "" {
			_ = c.ws.Close(websocket.StatusPolicyViolation, "not a call")
			return
		}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		go func() {
			defer func() { <-free }()
			c.out.reply(c.answer(req))
		}()
	}
}

// answer runs one call. Whatever goes wrong in it, the client gets an answer.
func (c *conn) answer(req request) (message []byte) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("panic in a call", "method", req.Method, "panic", fmt.Sprint(p))
			message = errorMessage(req.ID, json.RawMessage(`{"code":"internal","message":"Something went wrong in the program. Please try again."}`))
		}
	}()
	result, failure := c.backend.Call(req.Method, req.Args)
	if failure != nil {
		return errorMessage(req.ID, failure)
	}
	if result == nil {
		result = json.RawMessage("null")
	}
	return resultMessage(req.ID, result)
}

func (c *conn) write(ctx context.Context) {
	for {
		message, ok := c.out.next(ctx)
		if !ok {
			return
		}
		timed, cancel := context.WithTimeout(ctx, writeTimeout)
		err := c.ws.Write(timed, websocket.MessageText, message)
		cancel()
		if err != nil {
			return
		}
	}
}
