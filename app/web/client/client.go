// Package client calls a running node over its loopback WebSocket, the way the
// page does.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"parvis/app/api"
)

// maxMessage bounds one answer of the node, in bytes.
const maxMessage = 64 << 20

// ErrClosed reports that the node went away.
var ErrClosed = errors.New("the node closed the connection")

// Event is one fact, its data still in JSON.
type Event struct {
	Event string
	Data  json.RawMessage
}

// Client is one connection to a node. Calls may run concurrently.
type Client struct {
	ws          *websocket.Conn
	host, token string
	hear        func(Event)
	done        chan struct{}
	stop        context.CancelFunc

	mu      sync.Mutex
	last    int64                // guarded by mu
	waiting map[int64]chan reply // guarded by mu
	err     error                // why it ended; guarded by mu
}

type reply struct {
	ID     int64           `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *api.Error      `json:"error"`
	Event  string          `json:"event"`
	Data   json.RawMessage `json:"data"`
}

// Dial connects to a node's loopback address, host:port. hear is called with
// every event, in order, and must return soon; nil ignores them.
func Dial(ctx context.Context, host, token string, hear func(Event)) (*Client, error) {
	header := http.Header{"Authorization": {"Bearer " + token}}
	ws, response, err := websocket.Dial(ctx, "ws://"+host+"/api", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		if response != nil {
			return nil, fmt.Errorf("connect to the node at %s: it answers %s", host, response.Status)
		}
		return nil, fmt.Errorf("connect to the node at %s: %w", host, err)
	}
	ws.SetReadLimit(maxMessage)
	life, stop := context.WithCancel(context.Background())
	c := &Client{ws: ws, host: host, token: token, hear: hear, done: make(chan struct{}), stop: stop, waiting: map[int64]chan reply{}}
	go c.read(life)
	return c, nil
}

// Close ends the connection; calls that wait fail with [ErrClosed].
func (c *Client) Close() error {
	c.stop()
	err := c.ws.CloseNow()
	<-c.done
	return err
}

// Done is closed when the connection has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

func (c *Client) read(ctx context.Context) {
	defer close(c.done)
	for {
		_, data, err := c.ws.Read(ctx)
		var message reply
		if err == nil {
			err = json.Unmarshal(data, &message)
		}
		if err != nil {
			c.end()
			return
		}
		if message.Event != "" {
			if c.hear != nil {
				c.hear(Event{Event: message.Event, Data: message.Data})
			}
			continue
		}
		c.mu.Lock()
		answer := c.waiting[message.ID]
		delete(c.waiting, message.ID)
		c.mu.Unlock()
		if answer != nil {
			answer <- message
		}
	}
}

// end fails all calls that still wait.
func (c *Client) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = ErrClosed
	for id, answer := range c.waiting {
		close(answer)
		delete(c.waiting, id)
	}
}

// Arg encodes one argument of a call.
func Arg[T any](v T) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil { // our own plain structs and strings always encode
		panic(err)
	}
	return data
}

// Nothing is the result of a method that returns only an error.
type Nothing struct{}

// Call runs one method of the node and decodes its result. An error of the method
// is an [*api.Error].
func Call[R any](ctx context.Context, c *Client, method string, args ...json.RawMessage) (R, error) {
	var result R
	data, err := c.call(ctx, method, args)
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(data, &result); err != nil {
		return result, fmt.Errorf("read the answer of %s: %w", method, err)
	}
	return result, nil
}

func (c *Client) call(ctx context.Context, method string, args []json.RawMessage) (json.RawMessage, error) {
	answer := make(chan reply, 1)
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return nil, c.err
	}
	c.last++
	id := c.last
	c.waiting[id] = answer
	c.mu.Unlock()
	if args == nil {
		args = []json.RawMessage{}
	}
	message := Arg(struct {
		ID     int64             `json:"id"`
		Method string            `json:"method"`
		Args   []json.RawMessage `json:"args"`
	}{id, method, args})
	if err := c.ws.Write(ctx, websocket.MessageText, message); err != nil {
		c.forget(id)
		return nil, fmt.Errorf("call %s: %w", method, err)
	}
	select {
	case got, ok := <-answer:
		if !ok {
			return nil, ErrClosed
		}
		if got.Error != nil {
			return nil, got.Error
		}
		return got.Result, nil
	case <-ctx.Done():
		c.forget(id)
		return nil, ctx.Err()
	}
}

func (c *Client) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}
