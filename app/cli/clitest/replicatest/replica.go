// Package replicatest edits documents of nodes that run as processes of their own,
// the way a page does: it holds the document itself, writes changes as the actor
// that the node lent it, and hands them in until the node has acknowledged them.
package replicatest

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/web/client"
	"parvis/app/web/endpoint"
	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
	"parvis/crdt/doc/wasm"
)

// patience is how long something that must happen may take.
const patience = 90 * time.Second

// atOnce is how many changes a page hands in with one call.
const atOnce = 64

// Engine is an engine of the test itself, closed at its end.
func Engine(t testing.TB) doc.Engine {
	t.Helper()
	engine, err := wasm.New(doctest.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

// Dial connects to a node's interface. hear is told every event; nil ignores them.
func Dial(t testing.TB, node *clitest.Node, hear func(client.Event)) *client.Client {
	t.Helper()
	at, err := endpoint.Read(node.Data)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.Dial(t.Context(), at.Host, at.Token, hear)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Find waits until a node lists a document of that title.
func Find(t testing.TB, node *clitest.Node, title string) api.DocRef {
	t.Helper()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-look.C {
		for _, d := range clitest.Run[struct{ Docs []api.Doc }](t, node, "doc", "list").Docs {
			if d.Title == title {
				return api.DocRef{Workspace: d.Workspace, ID: d.ID}
			}
		}
	}
	t.Fatalf("no document %q within %s", title, patience)
	return api.DocRef{}
}

// Replica is one open document. One goroutine may write while another one sends.
type Replica struct {
	Ref      api.DocRef
	Document doc.Document
	Acked    int // changes that the node has acknowledged
	Node     *clitest.Node
	Opening

	t       testing.TB
	client  *client.Client
	session api.DocSession

	mu      sync.Mutex
	waiting []string // changes that are not acknowledged, in base64; guarded by mu
}

// Opening is what it took to open a document: to fetch it from the node, and to load it
// into the engine.
type Opening struct {
	Fetch, Load time.Duration
	Bytes       int
}

// Open opens a document that the node knows by its title.
func Open(t testing.TB, engine doc.Engine, node *clitest.Node, title string) *Replica {
	t.Helper()
	r := &Replica{t: t, Node: node, Ref: Find(t, node, title), client: Dial(t, node, nil)}
	r.session = r.lease("Docs.Open", client.Arg(r.Ref))
	begin := time.Now()
	data, err := r.client.Get(t.Context(), "/content/doc/"+r.Ref.Workspace+"/"+r.Ref.ID)
	if err != nil {
		t.Fatal(err)
	}
	fetched := time.Now()
	actor, err := doc.ParseActor(r.session.Actor)
	if err != nil {
		t.Fatal(err)
	}
	if r.Document, err = engine.Load(t.Context(), data, actor); err != nil {
		t.Fatal(err)
	}
	r.Opening = Opening{fetched.Sub(begin), time.Since(fetched), len(data)}
	return r
}

func (r *Replica) lease(method string, arg []byte) api.DocSession {
	r.t.Helper()
	session, err := client.Call[api.DocSession](r.t.Context(), r.client, method, arg)
	if err != nil {
		r.t.Fatal(err)
	}
	return session
}

// Close gives the lease back and frees the document.
func (r *Replica) Close() {
	r.t.Helper()
	lease := api.DocLease{Workspace: r.Ref.Workspace, ID: r.Ref.ID, Token: r.session.Token}
	if _, err := client.Call[client.Nothing](r.t.Context(), r.client, "Docs.Close", client.Arg(lease)); err != nil {
		r.t.Error(err)
	}
	_ = r.client.Close()
	if err := r.Document.Close(); err != nil {
		r.t.Error(err)
	}
}

// Resume goes on after the node was started again.
func (r *Replica) Resume() {
	r.t.Helper()
	_ = r.client.Close()
	r.client = Dial(r.t, r.Node, nil)
	r.session = r.lease("Docs.Resume", client.Arg(api.DocResume{
		Workspace: r.Ref.Workspace, ID: r.Ref.ID, Token: r.session.Token, Session: r.session.Session,
	}))
}

// Text is what the document reads, with a line break for each marker.
func (r *Replica) Text() string {
	r.t.Helper()
	spans, err := r.Document.Spans(r.t.Context(), "text")
	if err != nil {
		r.t.Fatal(err)
	}
	var text strings.Builder
	for _, span := range spans {
		if span.Block != nil {
			text.WriteByte('\n')
		}
		text.WriteString(span.Text)
	}
	return text.String()
}

// Write makes a change, which then waits to be sent, and returns its hash; or
// nothing, when the edit did nothing.
func (r *Replica) Write(edit func(doc.Edit) error) string {
	r.t.Helper()
	change, err := r.Document.Change(r.t.Context(), time.Now(), edit)
	if err != nil {
		r.t.Fatal(err)
	}
	if change == nil {
		return ""
	}
	r.mu.Lock()
	r.waiting = append(r.waiting, base64.StdEncoding.EncodeToString(change))
	r.mu.Unlock()
	return hashOf(r.t, change)
}

// Waiting is how many changes are not acknowledged.
func (r *Replica) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.waiting)
}

// Send hands in the first of what waits, as much as a page does at once. It is
// false when the node went away meanwhile.
func (r *Replica) Send() bool {
	r.t.Helper()
	r.mu.Lock()
	batch := r.waiting[:min(len(r.waiting), atOnce)]
	r.mu.Unlock()
	if len(batch) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	changes := api.DocChanges{Workspace: r.Ref.Workspace, ID: r.Ref.ID, Token: r.session.Token, Changes: batch}
	_, err := client.Call[client.Nothing](ctx, r.client, "Docs.Apply", client.Arg(changes))
	if refused := (*api.Error)(nil); errors.As(err, &refused) {
		r.t.Fatalf("apply: %v\n%s", refused, r.Node.Log())
	}
	if err != nil {
		return false
	}
	r.mu.Lock()
	r.waiting = r.waiting[len(batch):]
	r.mu.Unlock()
	r.Acked += len(batch)
	return true
}
