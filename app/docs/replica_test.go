package docs_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/app/docs"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// world is what the replicas of one test share.
type world struct {
	ws     seal.ID
	main   seal.SpaceID
	people []seal.ID
	nowMs  int64
}

func newWorld(people int) *world {
	w := &world{ws: seal.Sum([]byte("workspace")), main: seal.SpaceID{1}, nowMs: 1_800_000_000_000}
	for i := range people {
		w.people = append(w.people, seal.Sum([]byte{byte(i)}))
	}
	return w
}

// replica is one device: the real store and the real service, with a workspace
// that neither signs nor encrypts.
type replica struct {
	*world
	*viewtest.Host
	docs     *docs.Service
	config   docs.Config
	person   seal.ID
	seq      uint64
	holders  int
	all      bool
	standing docs.Standing
	readOnly bool

	mu        sync.Mutex
	changed   []docs.Document
	arrived   []docs.Changes
	cursors   []docs.Cursor
	mentioned []docs.Mentioned
	reloads   []docs.Reload
	trouble   []string
	knew      map[seal.ID]bool // envelopes whose authors knew of a removal
}

func (w *world) replica(t testing.TB, person int) *replica {
	t.Helper()
	return w.replicaIn(t, person, t.TempDir())
}

func (w *world) replicaIn(t testing.TB, i int, dir string) *replica {
	t.Helper()
	person := w.people[i]
	r := &replica{world: w, Host: viewtest.New(t, seal.Hash("device", person[:]), dir), person: person}
	r.open()
	return r
}

// open starts the service anew, as a restart does.
func (r *replica) open() {
	r.config.Store, r.config.People = r.DB.Docs(), names{}
	r.config.Now = func() time.Time { return time.UnixMilli(r.nowMs) }
	r.docs = docs.New(r.config)
	r.docs.DocumentChanged.Subscribe(func(d docs.Document) { r.note(func() { r.changed = append(r.changed, d) }) })
	r.docs.ChangesArrived.Subscribe(func(c docs.Changes) { r.note(func() { r.arrived = append(r.arrived, c) }) })
	r.docs.CursorMoved.Subscribe(func(c docs.Cursor) { r.note(func() { r.cursors = append(r.cursors, c) }) })
	r.docs.Mentioned.Subscribe(func(m docs.Mentioned) { r.note(func() { r.mentioned = append(r.mentioned, m) }) })
	r.docs.Reload.Subscribe(func(c docs.Reload) { r.note(func() { r.reloads = append(r.reloads, c) }) })
	r.docs.Trouble.Subscribe(func(c docs.Trouble) { r.note(func() { r.trouble = append(r.trouble, c.Text) }) })
	r.View = r.docs.Add(r)
}

func (r *replica) note(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}

type names struct{}

func (names) Name(_, person seal.ID) string { return person.Short() }

func (r *replica) ID() seal.ID                    { return r.ws }
func (r *replica) Self() (person, device seal.ID) { return r.person, r.Device }

// Append implements docs.Log.
func (r *replica) Append(ctx context.Context, space seal.SpaceID, _ workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error) {
	return r.Write(ctx, compose, func(d workspace.Draft) workspace.Opened {
		o := r.envelope(space, d.Body)
		o.Deps = d.Deps
		return o
	})
}

// envelope wraps a body as the next of this device's chain.
func (r *replica) envelope(space seal.SpaceID, body []byte) workspace.Opened {
	r.seq++
	r.nowMs++
	o := workspace.Opened{
		Workspace: r.ws, Space: space, Device: r.Device, Person: r.person, Seq: r.seq, Kind: workspace.KindDocument,
		HintMs: r.nowMs, Body: body, Own: true,
	}
	o.ID = seal.Hash("envelope", r.ws[:], r.Device[:], space[:], body, []byte{byte(r.seq), byte(r.seq >> 8), byte(r.seq >> 16)})
	return o
}

// forge appends an envelope with any body, past the service's own checks.
func (r *replica) forge(t testing.TB, b docs.Body, deps ...seal.ID) workspace.Opened {
	t.Helper()
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	o := r.envelope(r.main, data)
	o.Deps = deps
	r.Sent = append(r.Sent, o)
	return o
}

func (r *replica) Custody(seal.SpaceID, seal.ID, uint64) (int, bool)  { return r.holders, r.all }
func (r *replica) HeldBySuperPeer(seal.SpaceID, seal.ID, uint64) bool { return false }
func (r *replica) MainSpace() seal.SpaceID                            { return r.main }
func (r *replica) CanRead(space seal.SpaceID) bool                    { return space == r.main }
func (r *replica) CanWrite(space seal.SpaceID) bool                   { return space == r.main && !r.readOnly }
func (r *replica) Standing() docs.Standing                            { return r.standing }

func (r *replica) PersonOf(device seal.ID) (seal.ID, bool) {
	for _, person := range r.people {
		if seal.Hash("device", person[:]) == device {
			return person, true
		}
	}
	return seal.ID{}, false
}

// create makes a document in the main space.
func (r *replica) create(t testing.TB, title string) docs.Document {
	t.Helper()
	d, err := r.docs.Create(t.Context(), r.ws, seal.SpaceID{}, title, "")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// document reads one document from the list.
func (r *replica) document(t testing.TB, id doc.ID) docs.Document {
	t.Helper()
	all, err := r.docs.List(t.Context(), r.ws)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(d docs.Document) bool { return d.ID == id })
	if i < 0 {
		t.Fatalf("document %s is not listed", id)
	}
	return all[i]
}

// hashes are those of the complete changes, in their order.
func (r *replica) hashes(t testing.TB, id doc.ID) []seal.ID {
	t.Helper()
	history, err := r.docs.History(t.Context(), r.ws, id)
	if err != nil {
		t.Fatal(err)
	}
	var all []seal.ID
	for _, c := range history {
		all = append(all, c.Hash)
	}
	return all
}

// editor opens a document as a page does.
func (r *replica) editor(t testing.TB, id doc.ID) *editor {
	t.Helper()
	s, err := r.docs.Open(t.Context(), r.ws, id)
	if err != nil {
		t.Fatal(err)
	}
	e := &editor{replica: r, id: id, session: s, clock: newClock()}
	e.load(t)
	return e
}

// Hidden implements docs.Fences.
func (r *replica) Hidden(_ context.Context, space seal.SpaceID) (map[seal.ID]bool, error) {
	hidden := map[seal.ID]bool{}
	for id, o := range r.Stored() {
		if o.Hidden && o.Space == space {
			hidden[id] = true
		}
	}
	return hidden, nil
}

// Knew implements docs.Fences.
func (r *replica) Knew(_ context.Context, envelope, _ seal.ID) (bool, error) {
	return r.knew[envelope], nil
}
