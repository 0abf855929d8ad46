package process

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
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

// replica edits a document of a node the way a page does: it holds the document
// itself, writes changes as the actor it was lent, and sends each until the node
// has acknowledged it.
type replica struct {
	t       *testing.T
	node    *clitest.Node
	ref     api.DocRef
	engine  doc.Engine
	random  *rand.Rand
	client  *client.Client
	session api.DocSession

	document doc.Document
	waiting  []byte // a change that is not acknowledged
	acked    int
}

func newEngine(t *testing.T) doc.Engine {
	t.Helper()
	engine, err := wasm.New(doctest.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	return engine
}

// openReplica opens a document that every node of the test knows by its title.
func openReplica(t *testing.T, engine doc.Engine, n *clitest.Node, title string, seed uint64) *replica {
	t.Helper()
	r := &replica{t: t, node: n, engine: engine, random: rand.New(rand.NewPCG(seed, 1))}
	until(t, title+" is listed", func() bool {
		for _, d := range clitest.Run[struct{ Docs []api.Doc }](t, n, "doc", "list").Docs {
			if d.Title == title {
				r.ref = api.DocRef{Workspace: d.Workspace, ID: d.ID}
			}
		}
		return r.ref.ID != ""
	})
	r.connect()
	r.session = r.must("Docs.Open", client.Arg(r.ref))
	r.load()
	return r
}

func (r *replica) connect() {
	r.t.Helper()
	at, err := endpoint.Read(r.node.Data)
	if err != nil {
		r.t.Fatal(err)
	}
	if r.client, err = client.Dial(r.t.Context(), at.Host, at.Token, nil); err != nil {
		r.t.Fatal(err)
	}
}

func (r *replica) must(method string, arg []byte) api.DocSession {
	r.t.Helper()
	session, err := client.Call[api.DocSession](r.t.Context(), r.client, method, arg)
	if err != nil {
		r.t.Fatal(err)
	}
	return session
}

func (r *replica) load() {
	r.t.Helper()
	data, err := r.client.Get(r.t.Context(), "/content/doc/"+r.ref.Workspace+"/"+r.ref.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	actor, err := doc.ParseActor(r.session.Actor)
	if err != nil {
		r.t.Fatal(err)
	}
	if r.document, err = r.engine.Load(r.t.Context(), data, actor); err != nil {
		r.t.Fatal(err)
	}
}

// text is what the replica shows, with a line break for each marker.
func (r *replica) text() string {
	r.t.Helper()
	spans, err := r.document.Spans(r.t.Context(), "text")
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

// write puts a word behind some other word.
func (r *replica) write(word string) {
	r.t.Helper()
	text := r.text()
	at := 0
	if ends := strings.Count(text, ";"); ends > 0 {
		for range r.random.IntN(ends + 1) {
			at += strings.Index(text[at:], ";") + 1
		}
	}
	change, err := r.document.Change(r.t.Context(), time.Now(), func(e doc.Edit) error { return e.Splice("text", uint32(at), 0, word+";") })
	if err != nil {
		r.t.Fatal(err)
	}
	r.waiting = change
}

// send hands in what waits; it is false when the node went away meanwhile.
func (r *replica) send() bool {
	r.t.Helper()
	changes := api.DocChanges{Workspace: r.ref.Workspace, ID: r.ref.ID, Token: r.session.Token, Changes: []string{base64.StdEncoding.EncodeToString(r.waiting)}}
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	_, err := client.Call[client.Nothing](ctx, r.client, "Docs.Apply", client.Arg(changes))
	var refused *api.Error
	if errors.As(err, &refused) {
		r.t.Fatalf("apply: %v", refused)
	}
	if err == nil {
		r.waiting = nil
		r.acked++
	}
	return err == nil
}

// resume goes on after the node was started again.
func (r *replica) resume() {
	r.t.Helper()
	_ = r.client.Close()
	r.connect()
	r.session = r.must("Docs.Resume", client.Arg(api.DocResume{Workspace: r.ref.Workspace, ID: r.ref.ID, Token: r.session.Token, Session: r.session.Session}))
}

// writeAll writes words one by one while the node is killed at random and started
// again.
func (r *replica) writeAll(name string, count, kills int) {
	r.t.Helper()
	left := kills
	for i := range count {
		r.write(fmt.Sprintf("%s%d", name, i))
		if left > 0 && r.random.IntN(count/kills) == 0 {
			left--
			stopped := make(chan struct{})
			after := time.Duration(r.random.IntN(3000)) * time.Microsecond
			go func() {
				defer close(stopped)
				time.Sleep(after) // anywhere in the life of the call
				r.node.Kill(r.t)
			}()
			r.send()
			<-stopped
			r.node.Start(r.t)
			r.resume()
		}
		for r.waiting != nil && !r.send() {
			r.t.Fatal("the node went away by itself: " + r.node.Log())
		}
	}
	r.t.Logf("%s: %d edits acknowledged, %d kills", name, r.acked, kills-left)
}

// reading is what a node has of a document, by its own engine.
func reading(t *testing.T, n *clitest.Node, id string) api.DocText {
	t.Helper()
	return clitest.Run[api.DocText](t, n, "doc", "text", id)
}
