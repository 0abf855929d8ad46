package calls

import (
	"context"
	"fmt"
	"sync"

	"parvis/crdt/seal"
	"parvis/media"
	"parvis/media/generate"
)

// maxUnchecked is how many frames may wait for the check of a test participant.
const maxUnchecked = 1024

// generator is a participant with a generated picture and tone, which checks what it
// receives.
type generator struct {
	name   string
	send   func(media.Frame)
	frames chan arrived
	cancel context.CancelFunc
	wg     sync.WaitGroup
	codec  *generate.Codec

	mu       sync.Mutex
	checkers map[seal.ID]*generate.Checker // guarded by mu
}

type arrived struct {
	from seal.ID
	media.Frame
}

// NewGenerator makes a [Generator] of a person's name. It begins to send soon: to make the tone takes a moment.
func NewGenerator(name string, send func(media.Frame)) (Generator, error) {
	codec, err := generate.NewCodec()
	if err != nil {
		return nil, fmt.Errorf("make a test participant: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background()) // it lives until Close
	g := &generator{
		name: name, send: send, frames: make(chan arrived, maxUnchecked), cancel: cancel, codec: codec, checkers: map[seal.ID]*generate.Checker{},
	}
	g.wg.Go(func() { g.run(ctx) })
	g.wg.Go(func() { g.check(ctx) })
	return g, nil
}

func (g *generator) run(ctx context.Context) {
	source, err := generate.NewSource(g.codec, generate.Config{Name: g.name})
	if err != nil {
		return // the codec is broken, or closed meanwhile: nothing is sent
	}
	source.Run(ctx, func(stream uint8, key bool, at uint64, data []byte) {
		g.send(media.Frame{Stream: media.Stream(stream), Key: key, At: at, Data: data})
	})
}

func (g *generator) check(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-g.frames:
			if c := g.checker(f.from); f.Stream == media.Audio {
				c.Audio(f.At, f.Data)
			} else {
				c.Video(uint8(f.Stream), f.Key, f.Data)
			}
		}
	}
}

func (g *generator) checker(from seal.ID) *generate.Checker {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.checkers[from]
	if c == nil {
		c = generate.NewChecker(g.codec, "")
		g.checkers[from] = c
	}
	return c
}

// Frame implements [Device].
func (g *generator) Frame(from seal.ID, f media.Frame) {
	select {
	case g.frames <- arrived{from, f}:
	default: // this machine is too slow to check all: what is not checked is not counted
	}
}

// NeedKey implements [Device]: all generated pictures are key frames.
func (g *generator) NeedKey(media.Stream) {}

// Wants implements [Device]: both layers are made at any time.
func (g *generator) Wants(media.Wants) {}

// Taken implements [Device]: what it sends goes nowhere from now on.
func (g *generator) Taken() {}

// Count implements [Generator].
func (g *generator) Count(from seal.ID) (frames, bad uint64) {
	r := g.checker(from).Report()
	return r.Frames, r.Bad + r.Foreign
}

// Close implements [Generator].
func (g *generator) Close() error {
	g.cancel()
	g.wg.Wait()
	return g.codec.Close()
}
