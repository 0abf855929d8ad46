package mailbox

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// pipeStream is a stream in memory.
type pipeStream struct{ net.Conn }

func (pipeStream) CloseWrite() error { return nil }
func (s pipeStream) Reset() error    { return s.Close() }
func (pipeStream) Peer() p2p.PeerID  { return "ana" }

// large gives one object as large as they may be.
type large struct{ Keeper }

func (large) Fetch(context.Context, Visit, Tag, [][32]byte) ([]Object, [][32]byte, error) {
	return []Object{{ID: [32]byte{1}, Bytes: make([]byte, MaxObject)}}, nil, nil
}

func TestX24ADeviceThatReadsSlowlyGivesTheMemoryBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		c := &counter{
			keeper: large{}, budget: newBudget(), stream: pipeStream{here}, visit: Visit{Peer: "ana"}, log: slog.New(slog.DiscardHandler),
			r: wire.NewReader(here, wire.Idle), w: wire.NewWriter(here, wire.Idle),
		}
		frame, err := wire.Encode(fetch{V: 1, Kind: kindFetch, IDs: packIDs([][32]byte{{1}})})
		if err != nil {
			t.Fatal(err)
		}
		var reading sync.WaitGroup
		reading.Go(func() { // never so slow that a single write fails
			piece := make([]byte, 64<<10)
			for {
				if _, err := io.ReadFull(there, piece); err != nil {
					return
				}
				time.Sleep(wire.Idle - time.Second)
			}
		})
		begin := time.Now()
		if err := c.request(t.Context(), kindFetch, frame); err == nil {
			t.Error("it was told to the end")
		}
		if took := time.Since(begin); took > requestTime {
			t.Errorf("it took %s", took)
		}
		if c.budget.used != 0 {
			t.Errorf("%d bytes are still taken", c.budget.used)
		}
		_ = there.Close()
		reading.Wait()
	})
}
