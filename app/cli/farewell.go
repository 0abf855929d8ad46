package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"parvis/app"
	"parvis/app/api"
)

// A node that was told to stop may give to a super-peer for as long as handOver; what it
// does after leaving is cut short.
const (
	handOver = 500 * time.Millisecond
	leaving  = 800 * time.Millisecond
)

// farewell says what waits for whom when a node is told to stop, after a connected
// super-peer had a moment to take it.
func (s *session) farewell(ctx context.Context, node *app.App) {
	ctx, cancel := context.WithTimeout(ctx, handOver)
	defer cancel()
	waiting, err := node.API().Settings.Waiting()
	if err != nil || len(waiting) == 0 {
		return // also of a node that is locked: what waits there is not known
	}
	node.Drain(ctx)
	if waiting, err = node.API().Settings.Waiting(); err == nil {
		s.sayWaiting(waiting)
	}
}

// undelivered is what the end of a node says on stderr with --json.
type undelivered struct {
	Event   string        `json:"event"`
	Waiting []api.Waiting `json:"waiting"`
}

// sayWaiting says on stderr what is on this computer alone, for whom, and when it goes on.
func (s *session) sayWaiting(waiting []api.Waiting) {
	if len(waiting) == 0 {
		return
	}
	if s.json {
		line, _ := json.Marshal(undelivered{"waiting", waiting})
		fmt.Fprintln(s.Stderr, string(line))
		return
	}
	var lines strings.Builder
	showWaiting(&lines, waiting)
	what := "them"
	if len(waiting) == 1 && waiting[0].Count == 1 {
		what = "it"
	}
	fmt.Fprintf(s.Stderr, "%sParvis sends %s when it runs here again and somebody can be reached.\n", lines.String(), what)
}
