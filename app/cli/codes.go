package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"parvis/app/api"
	"parvis/app/web/client"
)

// codes asks the person at the terminal to compare codes, once per comparison.
type codes struct {
	s     *session
	asked map[string]bool
	last  string      // the comparison that was answered last
	lines chan string // what the person types, a line each
}

func (s *session) newCodes() *codes { return &codes{s: s, asked: map[string]bool{}} }

// typed are the lines that the person types.
func (c *codes) typed() <-chan string {
	if c.lines == nil {
		c.lines = make(chan string)
		go func() { // ends with the program: reading a terminal cannot be interrupted
			typed := bufio.NewScanner(c.s.Stdin)
			for typed.Scan() {
				c.lines <- typed.Text()
			}
			close(c.lines)
		}()
	}
	return c.lines
}

// line is the next line that the person types, while the comparison goes on.
func (c *codes) line(ctx context.Context, node *client.Client, id string, news <-chan struct{}) (line string, ended bool, err error) {
	for {
		select {
		case line, ok := <-c.typed():
			if !ok {
				return "", false, &failure{code: api.CodeInvalid, message: "No code was typed. Run the command again at a terminal.", exit: ExitFailed}
			}
			return strings.TrimSpace(line), false, nil
		case <-news:
			all, err := client.Call[[]api.Comparison](ctx, node, "Workspaces.Comparisons")
			if err != nil {
				return "", false, err
			}
			if !slices.ContainsFunc(all, func(one api.Comparison) bool { return one.ID == id && one.State == "compare" }) {
				return "", true, nil
			}
		case <-ctx.Done():
			return "", false, ctx.Err()
		}
	}
}

// keepLooking answers the comparisons of a join at every event until ctx ends.
func (c *codes) keepLooking(ctx context.Context, node *client.Client, news <-chan struct{}) error {
	for {
		select {
		case <-news:
			if _, err := c.look(ctx, node, news, func(found api.Comparison) bool { return !found.Inviter && !found.Device && found.Person == "" }); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// look answers the comparisons that have a code and were not answered yet.
func (c *codes) look(ctx context.Context, node *client.Client, news <-chan struct{}, wanted func(api.Comparison) bool) (answered bool, err error) {
	all, err := client.Call[[]api.Comparison](ctx, node, "Workspaces.Comparisons")
	if err != nil {
		return false, err
	}
	for _, comparison := range all {
		if comparison.State != "compare" || c.asked[comparison.ID] || !wanted(comparison) {
			continue
		}
		c.asked[comparison.ID], c.last = true, comparison.ID
		switch {
		case comparison.Person != "":
			other, err := nameIn(ctx, node, comparison.Workspace, comparison.Person)
			if err != nil {
				return false, err
			}
			fmt.Fprintf(c.s.Stderr, "Call %s. Your code is %s: read it out.\nType the code you hear: ", printable(other.Name), comparison.Code)
		case comparison.Device:
			fmt.Fprintf(c.s.Stderr, "The code of this device is %s: type it on the other one.\nType the code of the other device: ", comparison.Code)
		default:
			fmt.Fprintf(c.s.Stderr, "Call the other person%s. Your code is %s: read it out.\nType the code you hear: ", about(comparison), comparison.Code)
		}
		line, ended, err := c.line(ctx, node, comparison.ID, news)
		if err != nil {
			return false, err
		}
		if ended && (comparison.Device || comparison.Person != "") {
			fmt.Fprintln(c.s.Stderr)
			return false, nil // what became of it says why
		}
		if ended {
			fmt.Fprintln(c.s.Stderr, "\nThe comparison ended: a code was wrong, somebody stopped, or the connection was lost. Nobody was let in.")
			return false, nil
		}
		_, err = client.Call[*client.Nothing](ctx, node, "Workspaces.EnterCode", client.Arg(comparison.ID), client.Arg(line))
		return err == nil, err
	}
	return false, nil
}

// about says which invitation a comparison is about, where this side invited.
func about(c api.Comparison) string {
	if !c.Inviter || c.Invite == "" {
		return ""
	}
	return fmt.Sprintf(" (invitation %s as %s, opened at %s)", short(c.Invite), c.Role, clock(c.Begun))
}

// ended remembers how comparisons of codes ended, of which only the event tells.
type ended struct {
	mu    sync.Mutex
	how   map[string]string // guarded by mu; by comparison: how it failed, or "verified"
	spent map[string]bool   // guarded by mu; by comparison: its invitation ended with it
}

func (e *ended) hear(event client.Event) {
	if event.Event != api.EventCodes {
		return
	}
	var c api.Comparison
	if err := json.Unmarshal(event.Data, &c); err != nil || c.End == "" && c.State != "verified" {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.how == nil {
		e.how, e.spent = map[string]string{}, map[string]bool{}
	}
	e.how[c.ID], e.spent[c.ID] = cmp.Or(c.End, c.State), c.Spent
}

// of says how a comparison ended, and whether its invitation did; empty: that was not heard yet.
func (e *ended) of(id string) (how string, spent bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.how[id], e.spent[id]
}

// sentence says how a comparison came to nothing.
func (e *ended) sentence(id string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch e.how[id] {
	case "stopped":
		return "You stopped the comparison."
	case "wrong":
		return "What you typed is not the code of the other side."
	case "refused":
		return "The other person stopped, or typed another code than yours."
	case "late":
		return "The codes were not compared in time: ten minutes are over."
	case "lost":
		return "The connection was lost, or the other person stopped."
	}
	return "The codes could not be compared: one was wrong, somebody stopped, or the connection was lost."
}

// await waits for news of the node; late says what has not come when ctx ends.
func await(ctx context.Context, node *client.Client, news <-chan struct{}, late string) error {
	select {
	case <-news:
		return nil
	case <-node.Done():
		return client.ErrClosed
	case <-ctx.Done():
		return &failure{code: api.CodeTimeout, message: late, exit: ExitTimeout}
	}
}

// withEvents runs a command against the node; news gets a signal at every event.
func (s *session) withEvents(ctx context.Context, do func(ctx context.Context, node *client.Client, news <-chan struct{}) error) error {
	news := make(chan struct{}, 1)
	node, err := s.dial(ctx, func(event client.Event) {
		s.codesEnded.hear(event)
		select {
		case news <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer node.Close()
	if err := s.check(ctx, node); err != nil {
		return err
	}
	return do(ctx, node, news)
}
