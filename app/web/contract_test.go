package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/app"
	"parvis/app/api"
	"parvis/app/web"
	"parvis/app/web/client"
)

// carrier is what every way to the api must do.
type carrier interface {
	call(ctx context.Context, method string, args ...json.RawMessage) (json.RawMessage, error)
	events() <-chan client.Event
}

// socket is the carrier of the browser and the command line.
type socket struct {
	client *client.Client
	heard  chan client.Event
}

func (s *socket) call(ctx context.Context, method string, args ...json.RawMessage) (json.RawMessage, error) {
	return client.Call[json.RawMessage](ctx, s.client, method, args...)
}

func (s *socket) events() <-chan client.Event { return s.heard }

func newSocket(t *testing.T, bound *api.API) carrier {
	t.Helper()
	server := &web.Server{Backend: bound.Wire()}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	heard := make(chan client.Event, 1000)
	c, err := client.Dial(t.Context(), server.Host(), server.Token(), func(e client.Event) { heard <- e })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &socket{c, heard}
}

// bridge does what the window does: Wails calls the bound structs by reflection
// with JSON arguments, passes an error's text through its formatter, and the page
// parses that text.
type bridge struct {
	structs []any
	heard   chan client.Event
}

func newBridge(t *testing.T, bound *api.API) carrier {
	t.Helper()
	b := &bridge{structs: bound.Bound(), heard: make(chan client.Event, 1000)}
	t.Cleanup(bound.Subscribe(func(name string, data any) {
		encoded, err := json.Marshal(data)
		if err != nil {
			t.Errorf("event %s: %v", name, err)
		}
		b.heard <- client.Event{Event: name, Data: encoded}
	}))
	return b
}

func (b *bridge) events() <-chan client.Event { return b.heard }

func (b *bridge) call(_ context.Context, method string, args ...json.RawMessage) (json.RawMessage, error) {
	bound, err := b.find(method)
	if err != nil {
		return nil, err
	}
	in := make([]reflect.Value, bound.Type().NumIn())
	if len(args) != len(in) {
		return nil, &api.Error{Code: api.CodeInvalid, Message: "Wrong number of arguments."}
	}
	for i := range in {
		value := reflect.New(bound.Type().In(i))
		if json.Unmarshal(args[i], value.Interface()) != nil {
			return nil, &api.Error{Code: api.CodeInvalid, Message: "Wrong argument."}
		}
		in[i] = value.Elem()
	}
	out := bound.Call(in)
	if failure, failed := out[len(out)-1].Interface().(error); failed {
		var e api.Error // as wails.ts reads the text
		if err := json.Unmarshal([]byte(failure.Error()), &e); err != nil {
			return nil, fmt.Errorf("the text of an error is not JSON: %q", failure.Error())
		}
		return nil, &e
	}
	if len(out) == 1 {
		return json.RawMessage("null"), nil
	}
	return json.Marshal(out[0].Interface())
}

func (b *bridge) find(method string) (reflect.Value, error) {
	owner, name, _ := strings.Cut(method, ".")
	for _, s := range b.structs {
		if reflect.TypeOf(s).Elem().Name() == owner {
			if bound := reflect.ValueOf(s).MethodByName(name); bound.IsValid() {
				return bound, nil
			}
		}
	}
	return reflect.Value{}, &api.Error{Code: api.CodeNotFound, Message: "No such method."} // wails.ts checks before it calls
}

// TestBothCarriersKeepTheContract runs one conversation with a real node over the
// WebSocket and over the shape of the window's bridge.
func TestBothCarriersKeepTheContract(t *testing.T) {
	for name, open := range map[string]func(*testing.T, *api.API) carrier{"WebSocket": newSocket, "window": newBridge} {
		t.Run(name, func(t *testing.T) {
			node := app.New(app.Config{Data: t.TempDir(), Listen: []string{"/ip4/127.0.0.1/tcp/0"}, NoMDNS: true, Unprotected: true})
			c := open(t, node.API())
			t.Run("before the start, a call is refused with a code", func(t *testing.T) {
				wantCode(t, c, api.CodeTimeout, "Workspaces.List")
			})
			if err := node.Start(context.WithoutCancel(t.Context())); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := node.Close(); err != nil {
					t.Error(err)
				}
			}()
			contract(t, c)
		})
	}
}

func contract(t *testing.T, c carrier) {
	made := call[api.Workspace](t, c, "Workspaces.Create", client.Arg(api.CreateWorkspace{Name: "Atelier é漢", Person: "Ana"}))
	if made.Name != "Atelier é漢" || made.Role != "owner" {
		t.Fatalf("made %+v", made)
	}
	channels := call[[]api.Channel](t, c, "Chat.Channels", client.Arg(made.ID))
	if len(channels) == 0 || channels[0].Name != "general" {
		t.Fatalf("channels %+v", channels)
	}
	t.Run("an action comes back as an event", func(t *testing.T) {
		sent := call[api.SentMessage](t, c, "Chat.Send", client.Arg(api.NewMessage{Workspace: made.ID, Channel: channels[0].ID, Text: "bonjour"}))
		for {
			select {
			case e := <-c.events():
				var m api.Message
				if e.Event == api.EventMessage && json.Unmarshal(e.Data, &m) == nil && m.ID == sent.ID && m.Text == "bonjour" {
					return
				}
			case <-time.After(10 * time.Second):
				t.Fatal("no event chat.message with the message came")
			}
		}
	})
	t.Run("two arguments and no result", func(t *testing.T) {
		call[*client.Nothing](t, c, "People.Rename", client.Arg(made.ID), client.Arg("Ana Maria"))
	})
	t.Run("failures have a code", func(t *testing.T) {
		wantCode(t, c, api.CodeNotFound, "Chat.Dance")
		wantCode(t, c, api.CodeNotFound, "Dance.Chat", client.Arg("x"))
		wantCode(t, c, api.CodeInvalid, "Chat.Channels")
		wantCode(t, c, api.CodeInvalid, "Chat.Channels", client.Arg(7))
		wantCode(t, c, api.CodeLinkBroken, "Workspaces.Inspect", client.Arg("parvis://join#nonsense"))
	})
	t.Run("many calls at once", func(t *testing.T) {
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if _, err := c.call(t.Context(), "Chat.Channels", client.Arg(made.ID)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

func call[R any](t *testing.T, c carrier, method string, args ...json.RawMessage) R {
	t.Helper()
	var result R
	data, err := c.call(t.Context(), method, args...)
	if err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	if err := json.Unmarshal(data, &result); err != nil {
		t.Fatalf("%s answers %s: %v", method, data, err)
	}
	return result
}

func wantCode(t *testing.T, c carrier, code, method string, args ...json.RawMessage) {
	t.Helper()
	_, err := c.call(t.Context(), method, args...)
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Code != code || e.Message == "" {
		t.Errorf("%s: got %v, want the code %s and a sentence", method, err, code)
	}
}
