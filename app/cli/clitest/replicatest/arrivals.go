package replicatest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/web/client"
	"parvis/crdt/doc"
	"parvis/crdt/doc/change"
	"parvis/crdt/doc/doctest"
)

// hashOf names a change.
func hashOf(t testing.TB, data []byte) string {
	t.Helper()
	h, err := change.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return h.Hash.String()
}

// Arrivals hears which changes of a document come to a node, and when.
type Arrivals struct {
	t      testing.TB
	ref    api.DocRef
	client *client.Client
	token  string // of the lease: a node tells of documents that are open

	mu   sync.Mutex
	at   map[string]time.Time // by hash; guarded by mu
	lost bool                 // events were left out; guarded by mu
	news chan struct{}        // holds one when something came
}

// Listen opens a document of a node, known by its title, and hears of it until Close.
func Listen(t testing.TB, node *clitest.Node, title string) *Arrivals {
	t.Helper()
	a := &Arrivals{t: t, ref: Find(t, node, title), at: map[string]time.Time{}, news: make(chan struct{}, 1)}
	a.client = Dial(t, node, a.hear)
	a.token = a.open().Token
	return a
}

// Close gives the lease back.
func (a *Arrivals) Close() {
	a.t.Helper()
	a.release(a.token)
	_ = a.client.Close()
}

func (a *Arrivals) open() api.DocSession {
	a.t.Helper()
	session, err := client.Call[api.DocSession](a.t.Context(), a.client, "Docs.Open", client.Arg(a.ref))
	if err != nil {
		a.t.Fatal(err)
	}
	return session
}

func (a *Arrivals) release(token string) {
	a.t.Helper()
	lease := api.DocLease{Workspace: a.ref.Workspace, ID: a.ref.ID, Token: token}
	if _, err := client.Call[client.Nothing](a.t.Context(), a.client, "Docs.Close", client.Arg(lease)); err != nil {
		a.t.Error(err)
	}
}

func (a *Arrivals) hear(e client.Event) {
	now := time.Now()
	var came api.DocArrival
	if e.Event == api.EventChanges && json.Unmarshal(e.Data, &came) != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost = a.lost || e.Event == api.EventReload || came.Reload
	for _, text := range came.Changes {
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		if h, err := change.Parse(data); err == nil {
			a.at[h.Hash.String()] = now
		}
	}
	select {
	case a.news <- struct{}{}:
	default:
	}
}

func (a *Arrivals) when(hash string) (at time.Time, lost bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at[hash], a.lost
}

// Await waits until a change is on the node and returns when it came.
// Where a page would be told to load again, the node is asked.
func (a *Arrivals) Await(hash string, limit time.Duration) time.Time {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), limit)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for {
		at, lost := a.when(hash)
		switch {
		case !at.IsZero():
			return at
		case lost && slices.Contains(a.heads(), hash):
			return time.Now()
		}
		select {
		case <-a.news:
		case <-look.C:
		case <-ctx.Done():
			a.t.Fatalf("change %s did not come within %s", hash, limit)
		}
	}
}

// heads asks the node for the heads of the document.
func (a *Arrivals) heads() []string {
	a.t.Helper()
	session := a.open()
	a.release(session.Token)
	return session.Heads
}

// Trace is the recorded writing of a paper, 259,778 edits, and what they lead to.
func Trace(t testing.TB) (edits []doctest.Splice, end string) {
	t.Helper()
	all, text, err := doctest.Trace()
	if err != nil {
		t.Fatal(err)
	}
	return all, text
}

// Play writes edits of a trace as one change and returns its hash.
func (r *Replica) Play(edits []doctest.Splice) string {
	r.t.Helper()
	return r.Write(doctest.Play(edits))
}

// Type inserts text at a position as one change and returns its hash.
func (r *Replica) Type(at int, text string) string {
	r.t.Helper()
	return r.Write(func(e doc.Edit) error { return e.Splice("text", uint32(at), 0, text) })
}
