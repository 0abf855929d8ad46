// Package viewtest is the workspace around one view, for tests: it hands over, hides
// and opens again what a device holds as the workspace does, on a real store, and
// neither signs nor encrypts.
package viewtest

import (
	"context"
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"parvis/app/store"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Host is one device: its store, its view, and the envelopes that it holds.
type Host struct {
	DB     *store.DB
	Dir    string  // where the store lies
	Device seal.ID // whose envelopes count as written here
	View   workspace.View
	Sent   []workspace.Opened // what was written here, in the order of its chain
	Peers  []*Host            // who hears at once what is sent live
	Hear   func(space seal.SpaceID, device seal.ID, body []byte)

	mu     sync.Mutex
	stored map[seal.ID]workspace.Opened
	bad    map[seal.ID]string
}

// New opens a store in dir, which t closes. The view is for the caller to set.
func New(t testing.TB, device seal.ID, dir string) *Host {
	t.Helper()
	h := &Host{Dir: dir, Device: device, stored: map[seal.ID]workspace.Opened{}, bad: map[seal.ID]string{}}
	h.OpenStore(t)
	return h
}

// Beside is the same device in another workspace: on the same store, and holding nothing.
func (h *Host) Beside() *Host {
	return &Host{DB: h.DB, Dir: h.Dir, Device: h.Device, stored: map[seal.ID]workspace.Opened{}, bad: map[seal.ID]string{}}
}

// OpenStore opens the store once more, after it was closed.
func (h *Host) OpenStore(t testing.TB) {
	t.Helper()
	db := store.New(h.Dir)
	if err := db.Open(t.Context(), seal.Key(seal.Sum([]byte("key")))); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	h.DB = db
}

// Damage changes rows behind the store's back, with a statement that must change some,
// and opens the store anew.
func (h *Host) Damage(t testing.TB, statement string) {
	t.Helper()
	if err := h.DB.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", filepath.Join(h.Dir, "parvis.db"))
	if err != nil {
		t.Fatal(err)
	}
	result, err := raw.Exec(statement)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n == 0 {
		t.Fatalf("%s changed nothing", statement)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	h.OpenStore(t)
}

// Write appends an envelope: it is composed, wrapped and applied in one transaction,
// and told of once that is committed.
func (h *Host) Write(ctx context.Context, compose func(ctx context.Context) (workspace.Draft, error), wrap func(workspace.Draft) workspace.Opened) (workspace.Opened, error) {
	var o workspace.Opened
	var result workspace.Result
	err := h.DB.Write(ctx, func(ctx context.Context) error {
		draft, err := compose(ctx)
		if err != nil {
			return err // nothing was changed: no reset
		}
		o = wrap(draft)
		if result, err = h.View.Apply(ctx, []workspace.Opened{o}); err != nil {
			h.View.Reset()
		}
		return err
	})
	if err != nil {
		return workspace.Opened{}, err
	}
	h.mu.Lock()
	h.Sent = append(h.Sent, o)
	h.mu.Unlock()
	h.keep(result, o)
	return o, nil
}

// Deliver applies envelopes in one transaction, as receiving does.
func (h *Host) Deliver(t testing.TB, batch ...workspace.Opened) {
	t.Helper()
	batch = slices.Clone(batch)
	for i := range batch {
		batch[i].Own = batch[i].Device == h.Device
	}
	h.hand(t, h.View.Apply, batch)
}

// Judge hides stored envelopes or shows them again, as a removal that arrives does.
func (h *Host) Judge(t testing.TB, hidden bool, batch ...workspace.Opened) {
	t.Helper()
	h.hand(t, h.View.(workspace.Hider).Hide, marked(hidden, batch))
}

// Hidden is a batch as it arrives after a removal.
func Hidden(batch ...workspace.Opened) []workspace.Opened { return marked(true, batch) }

func marked(hidden bool, batch []workspace.Opened) []workspace.Opened {
	batch = slices.Clone(batch)
	for i := range batch {
		batch[i].Hidden = hidden
	}
	return batch
}

// hand gives a batch to a method of the view. It is stored before: the view may ask for it.
func (h *Host) hand(t testing.TB, view func(context.Context, []workspace.Opened) (workspace.Result, error), batch []workspace.Opened) {
	t.Helper()
	h.keep(workspace.Result{}, batch...)
	var result workspace.Result
	err := h.DB.Write(context.Background(), func(ctx context.Context) (err error) {
		result, err = view(ctx, batch)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.keep(result)
}

// keep stores envelopes and what the view said of them, and lets it tell.
func (h *Host) keep(result workspace.Result, batch ...workspace.Opened) {
	h.mu.Lock()
	for _, o := range batch {
		h.stored[o.ID] = o
	}
	maps.Copy(h.bad, result.Bad)
	h.mu.Unlock()
	if result.After != nil {
		result.After()
	}
}

// Stored is a copy of what the device holds.
func (h *Host) Stored() map[seal.ID]workspace.Opened {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.stored)
}

// Forget loses what the device holds; the rows of the view stay.
func (h *Host) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.stored)
}

// Bad is a copy of what the view could not use, each with the reason.
func (h *Host) Bad() map[seal.ID]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.bad)
}

// Reopen gives one envelope again, as [workspace.Workspace] does.
func (h *Host) Reopen(_ context.Context, id seal.ID) (workspace.Opened, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o, ok := h.stored[id]
	if !ok {
		return o, workspace.ErrNotFound
	}
	return o, nil
}

// EachOpened visits all that is stored and shown, as [workspace.Workspace] does.
func (h *Host) EachOpened(_ context.Context, _ workspace.Kind, _ func(seal.SpaceID, seal.ID) bool, visit func(workspace.Opened) error) error {
	for _, o := range h.Stored() {
		if o.Hidden {
			continue
		}
		if err := visit(o); err != nil {
			return err
		}
	}
	return nil
}

// SendLive lets the peers hear at once.
func (h *Host) SendLive(space seal.SpaceID, _ workspace.Kind, body []byte) error {
	for _, p := range h.Peers {
		p.Hear(space, h.Device, body)
	}
	return nil
}

// OnLive is told who hears what peers send.
func (h *Host) OnLive(_ workspace.Kind, hear func(space seal.SpaceID, device seal.ID, body []byte)) {
	h.Hear = hear
}
