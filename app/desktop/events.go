//go:build desktop || bindings

package desktop

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"parvis/app/api"
)

// maxEvents is how many events may wait for the page before it must reload.
const maxEvents = 4096

// fact is one event for the page.
type fact struct {
	name string
	data json.RawMessage
}

// forward carries the events of the api into the page until ctx ends.
func (w *Window) forward(ctx context.Context) {
	queue := make(chan fact, maxEvents)
	var lost atomic.Bool
	cancel := w.Node.API().Wire().Subscribe(func(name string, data json.RawMessage) {
		select {
		case queue <- fact{name, data}:
		default:
			lost.Store(true)
		}
	})
	go func() {
		defer cancel()
		for {
			select {
			case f := <-queue:
				if lost.Swap(false) {
					drain(queue)
					f = fact{api.EventReload, json.RawMessage(`{"workspace":""}`)}
				}
				runtime.EventsEmit(ctx, f.name, f.data)
			case <-ctx.Done():
				return
			}
		}
	}()
}

func drain(queue <-chan fact) {
	for range len(queue) {
		<-queue
	}
}
