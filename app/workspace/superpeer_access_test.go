package workspace_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
)

// warnings are what a device's log warns of.
type warnings struct {
	mu   sync.Mutex
	said []string // guarded by mu
}

func (*warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, r.Message)
	return nil
}

func (w *warnings) WithAttrs([]slog.Attr) slog.Handler { return w }
func (w *warnings) WithGroup(string) slog.Handler      { return w }

// says reports whether a warning was given.
func (w *warnings) says(message string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.said, message)
}

func TestOnlyALostAccessListIsWarnedOf(t *testing.T) {
	for name, down := range map[string]bool{"a node that ends": false, "a super-peer that is down": true} {
		t.Run(name, func(t *testing.T) {
			ana, _, wa, _, s := two(t)
			c := ana.courier(wa, s)
			now := time.Now()
			c.Publish(t.Context(), now) // sees the change, and waits for more of them
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if down {
				s.set(func() { s.down = true })
			} else {
				cancel()
			}
			c.Publish(ctx, now.Add(2*time.Second))
			if got := ana.log.says("publish the access list"); got != down {
				t.Errorf("warned: %v, want %v", got, down)
			}
		})
	}
}
