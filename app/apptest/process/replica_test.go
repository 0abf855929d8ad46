package process

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/cli/clitest/replicatest"
	"parvis/crdt/doc"
)

// writer writes words into a document of a node that may be killed at any moment.
type writer struct {
	*replicatest.Replica
	t      *testing.T
	random *rand.Rand
}

// openReplica opens a document that every node of the test knows by its title.
func openReplica(t *testing.T, engine doc.Engine, n *clitest.Node, title string, seed uint64) *writer {
	t.Helper()
	return &writer{replicatest.Open(t, engine, n, title), t, rand.New(rand.NewPCG(seed, 1))}
}

// write puts a word behind some other word.
func (w *writer) write(word string) {
	w.t.Helper()
	text := w.Text()
	at := 0
	if ends := strings.Count(text, ";"); ends > 0 {
		for range w.random.IntN(ends + 1) {
			at += strings.Index(text[at:], ";") + 1
		}
	}
	w.Type(at, word+";")
}

// writeAll writes words one by one while the node is killed at random and started
// again.
func (w *writer) writeAll(name string, count, kills int) {
	w.t.Helper()
	left := kills
	for i := range count {
		w.write(fmt.Sprintf("%s%d", name, i))
		if left > 0 && w.random.IntN(count/kills) == 0 {
			left--
			stopped := make(chan struct{})
			after := time.Duration(w.random.IntN(3000)) * time.Microsecond
			go func() {
				defer close(stopped)
				time.Sleep(after) // anywhere in the life of the call
				w.Node.Kill(w.t)
			}()
			w.Send()
			<-stopped
			w.Node.Start(w.t)
			w.Resume()
		}
		for w.Waiting() > 0 && !w.Send() {
			w.t.Fatal("the node went away by itself: " + w.Node.Log())
		}
	}
	w.t.Logf("%s: %d edits acknowledged, %d kills", name, w.Acked, kills-left)
}

// reading is what a node has of a document, by its own engine.
func reading(t *testing.T, n *clitest.Node, id string) api.DocText {
	t.Helper()
	return clitest.Run[api.DocText](t, n, "doc", "text", id)
}
