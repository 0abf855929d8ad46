// Package apptest runs several whole nodes in one test: real stores in temporary
// folders, real hosts on loopback, the api as the window calls it.
package apptest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/app"
	"parvis/app/api"
	"parvis/crdt/doc/doctest"
)

// Patience is how long a test waits for something that must happen.
const Patience = 30 * time.Second

// Node is one running program.
type Node struct {
	*app.App
	Dir    string
	Config app.Config
	t      testing.TB

	mu     sync.Mutex
	events chan struct{} // guarded by mu; closed and replaced at every event
}

// Option changes how a node starts.
type Option func(*app.Config)

// NoGossip leaves everything to the sync streams.
func NoGossip(c *app.Config) { c.NoGossip = true }

// New starts a node in a new folder. It is closed at the end of the test.
func New(t testing.TB, options ...Option) *Node {
	t.Helper()
	config := app.Config{Data: doctest.Compiled(t, t.TempDir()), Listen: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}, NoMDNS: true, Unprotected: true, Version: "test"}
	if os.Getenv("PARVIS_TEST_LOG") != "" {
		config.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	for _, option := range options {
		option(&config)
	}
	n := &Node{Dir: config.Data, Config: config, t: t}
	n.Start()
	t.Cleanup(n.Stop)
	return n
}

// Start opens the node's folder again.
func (n *Node) Start() {
	n.t.Helper()
	n.App = app.New(n.Config)
	n.mu.Lock()
	n.events = make(chan struct{})
	n.mu.Unlock()
	n.API().Subscribe(func(string, any) {
		n.mu.Lock()
		close(n.events)
		n.events = make(chan struct{})
		n.mu.Unlock()
	})
	if err := n.App.Start(context.Background()); err != nil {
		n.t.Fatalf("start node: %v", err)
	}
}

// Stop closes the node; stopping twice is allowed.
func (n *Node) Stop() {
	n.t.Helper()
	if n.App == nil {
		return
	}
	if err := n.Close(); err != nil {
		n.t.Errorf("close node: %v", err)
	}
	n.App = nil
}

// event is closed when the next event arrives.
func (n *Node) event() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.events
}

// Until waits until holds is true, looking after every event and, because some
// facts have none, every 50 ms. It fails the test after Patience.
func (n *Node) Until(what string, holds func() bool) {
	n.t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		event := n.event()
		if holds() {
			return
		}
		select {
		case <-event:
		case <-look.C:
		case <-deadline.C:
			n.t.Fatalf("gave up waiting: %s", what)
		}
	}
}

// Found creates a workspace, saves the recovery key as a person does before inviting
// anybody, and returns the workspace's id.
func (n *Node) Found(name, person string) string {
	n.t.Helper()
	w, err := n.API().Workspaces.Create(api.CreateWorkspace{Name: name, Person: person})
	if err != nil {
		n.t.Fatalf("create workspace: %v", err)
	}
	n.SavePaper()
	return w.ID
}

// SavePaper writes the recovery key down, if it is on this computer, and types back what
// is asked for. It returns the words; none: they were saved before.
func (n *Node) SavePaper() (words string) {
	n.t.Helper()
	key, err := n.API().Recoveries.Show("en")
	if known := (*api.Error)(nil); errors.As(err, &known) && known.Code == api.CodeNotFound {
		return ""
	}
	if err != nil {
		n.t.Fatalf("show the recovery key: %v", err)
	}
	var asked []string
	for _, place := range key.Ask {
		asked = append(asked, key.Words[place-1])
	}
	if err := n.API().Recoveries.Confirm(strings.Join(asked, " ")); err != nil {
		n.t.Fatalf("confirm the recovery key: %v", err)
	}
	return strings.Join(key.Words, " ")
}

// Invite makes a link for one person.
func (n *Node) Invite(ws string) string {
	n.t.Helper()
	invite, err := n.API().Workspaces.Invite(api.NewInvite{Workspace: ws, Role: "member", Uses: 1, ExpiresMs: time.Hour.Milliseconds()})
	if err != nil {
		n.t.Fatalf("invite: %v", err)
	}
	return invite.Link
}

// Join joins with a link and fails the test when it does not succeed in time.
func (n *Node) Join(link, person string) api.Workspace {
	n.t.Helper()
	w, err := n.API().Workspaces.Join(api.JoinWorkspace{Link: link, Person: person, WaitMs: Patience.Milliseconds()})
	if err != nil {
		n.t.Fatalf("join: %v", err)
	}
	if w.State != "ready" {
		n.t.Fatalf("join: still %s (%s)", w.State, w.Waiting)
	}
	return w
}

// General is the id of the channel that everybody has.
func (n *Node) General(ws string) string {
	n.t.Helper()
	channels, err := n.API().Chat.Channels(ws)
	if err != nil {
		n.t.Fatalf("channels: %v", err)
	}
	for _, c := range channels {
		if c.Name == "general" {
			return c.ID
		}
	}
	n.t.Fatal("no channel general")
	return ""
}

// Say posts a message to general and returns its id.
func (n *Node) Say(ws, text string) string {
	n.t.Helper()
	sent, err := n.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: n.General(ws), Text: text})
	if err != nil {
		n.t.Fatalf("send: %v", err)
	}
	return sent.ID
}

// Messages lists all messages of a channel, oldest first.
func (n *Node) Messages(ws, channel string) []api.Message {
	n.t.Helper()
	var all []api.Message
	before := ""
	for {
		page, err := n.API().Chat.Messages(api.MessageQuery{Workspace: ws, Channel: channel, Before: before, Limit: 500})
		if err != nil {
			n.t.Fatalf("messages: %v", err)
		}
		all = append(append([]api.Message{}, page.Messages...), all...)
		if !page.More || len(page.Messages) == 0 {
			return all
		}
		before = page.Messages[0].ID
	}
}

// Page reads the newest page of a channel.
func (n *Node) Page(ws, channel string) []api.Message {
	n.t.Helper()
	page, err := n.API().Chat.Messages(api.MessageQuery{Workspace: ws, Channel: channel, Limit: 50})
	if err != nil {
		n.t.Fatalf("messages: %v", err)
	}
	return page.Messages
}

// Texts lists the texts of general, oldest first.
func (n *Node) Texts(ws string) []string {
	n.t.Helper()
	var texts []string
	for _, m := range n.Messages(ws, n.General(ws)) {
		texts = append(texts, m.Text)
	}
	return texts
}
