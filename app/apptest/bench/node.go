package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"parvis/app"
	"parvis/app/api"
)

// patience is how long something that must happen may take.
const patience = 2 * time.Minute

// node is a whole node in this process.
type node struct {
	*app.App
	dir         string
	ws, channel string
	stopHearing func()

	mu    sync.Mutex
	heard map[string]time.Time // when the first event about a message came, by its text; guarded by mu
	news  chan struct{}        // closed and replaced at each; guarded by mu
}

// newNode starts a node on a fresh folder, listening on the addresses.
func newNode(ctx context.Context, listen ...string) (*node, error) {
	dir, err := os.MkdirTemp("", "parvis-bench")
	if err != nil {
		return nil, err
	}
	n := &node{dir: dir, heard: map[string]time.Time{}, news: make(chan struct{})}
	n.App = app.New(app.Config{Data: dir, Listen: listen, NoMDNS: true, Unprotected: true, Version: "bench"})
	if err := n.Start(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	n.stopHearing = n.API().Subscribe(n.hear)
	return n, nil
}

func (n *node) close() error {
	n.stopHearing()
	return errors.Join(n.App.Close(), os.RemoveAll(n.dir))
}

func (n *node) hear(name string, data any) {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if m, ok := data.(api.Message); ok && name == api.EventMessage {
		if _, again := n.heard[m.Text]; !again {
			n.heard[m.Text] = now
		}
	}
	close(n.news)
	n.news = make(chan struct{})
}

// when is the time of a message's event; it waits for it.
func (n *node) when(text string) (time.Time, error) {
	var at time.Time
	err := n.until(func() bool {
		at = n.heard[text]
		return !at.IsZero()
	})
	return at, err
}

// total waits until so many messages were heard.
func (n *node) total(count int) error {
	return n.until(func() bool { return len(n.heard) >= count })
}

// until waits for a condition that is looked at after each event, under mu.
func (n *node) until(holds func() bool) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		n.mu.Lock()
		done, news, count := holds(), n.news, len(n.heard)
		n.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-news:
		case <-deadline.C:
			return fmt.Errorf("gave up after %s; %d messages were heard", patience, count)
		}
	}
}

// forget empties what was heard.
func (n *node) forget() {
	n.mu.Lock()
	n.heard = map[string]time.Time{}
	n.mu.Unlock()
}

func (n *node) send(text string) error {
	_, err := n.API().Chat.Send(api.NewMessage{Workspace: n.ws, Channel: n.channel, Text: text})
	return err
}

// team starts nodes of one workspace, each connected with each.
func team(ctx context.Context, size int, listen ...string) (nodes []*node, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll(nodes))
		}
	}()
	for i := range size {
		n, err := newNode(ctx, listen...)
		if err != nil {
			return nodes, err
		}
		nodes = append(nodes, n)
		if i == 0 {
			w, err := n.API().Workspaces.Create(api.CreateWorkspace{Name: "Bench", Person: "P0"})
			if err != nil {
				return nodes, err
			}
			n.ws = w.ID
		} else if err := n.join(nodes[0], fmt.Sprintf("P%d", i)); err != nil {
			return nodes, err
		}
		channels, err := n.API().Chat.Channels(n.ws)
		if err != nil {
			return nodes, err
		}
		n.channel = channels[0].ID
	}
	for _, n := range nodes {
		if err := n.until(func() bool { return n.online() == size }); err != nil {
			return nodes, fmt.Errorf("connect everybody: %w", err)
		}
	}
	return nodes, nil
}

func (n *node) join(inviter *node, name string) error {
	link, err := inviter.invite()
	if err != nil {
		return err
	}
	return n.enter(link, name)
}

func (n *node) invite() (string, error) {
	invite, err := n.API().Workspaces.Invite(api.NewInvite{Workspace: n.ws, Role: "member", Uses: 1, ExpiresMs: time.Hour.Milliseconds()})
	return invite.Link, err
}

func (n *node) enter(link, name string) error {
	w, err := n.API().Workspaces.Join(api.JoinWorkspace{Link: link, Person: name, WaitMs: patience.Milliseconds()})
	if err == nil && w.State != "ready" {
		err = fmt.Errorf("the join is still %s", w.State)
	}
	n.ws = w.ID
	return err
}

// online counts the people who are connected, oneself included.
func (n *node) online() int {
	list, err := n.API().Workspaces.List()
	if err != nil || len(list) == 0 {
		return 0
	}
	return list[0].Online
}

func closeAll(nodes []*node) (err error) {
	for _, n := range nodes {
		err = errors.Join(err, n.close())
	}
	return err
}
