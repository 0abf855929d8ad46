package workspace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Host is this device on the network.
type Host interface {
	// Self is this device's peer key.
	Self() seal.ID
	// Addrs are the addresses that an invitation names for this device.
	Addrs() []string
	// AddrsOf are the addresses of a peer that is or was connected.
	AddrsOf(peer seal.ID) []string
	// Recheck says that the members, the invitations or the addresses changed.
	Recheck()
}

// Network is what the workspaces need from the peer-to-peer side.
type Network interface {
	Host
	// Attach starts the replication of a workspace.
	Attach(w *Workspace) (Replication, error)
	// Knock runs the join protocol with one peer; nil means that the peer has
	// stored what makes this device a member.
	Knock(ctx context.Context, peer seal.ID, addrs []string, knock Knock) error
	// Link runs the protocol that adds this device to the person of another one.
	Link(ctx context.Context, peer seal.ID, addrs []string, knock Knock) error
	// Compare asks a connected peer to compare codes in a workspace, and runs converse
	// once it is ready. Its refusals are [ErrComparing], [ErrResting] and [ErrNoVerify].
	Compare(ctx context.Context, peer, ws seal.ID, converse func(ctx context.Context, talk Talk) error) error
	// AskKey sends a KeyRequest to a connected peer and returns its KeyGrant.
	AskKey(ctx context.Context, peer seal.ID, request []byte) ([]byte, error)
}

// Manager holds the workspaces of one data folder. Set the exported fields, then
// Start; Close stops everything and waits.
type Manager struct {
	Storage Storage
	Logger  *slog.Logger
	Now     func() time.Time
	Events  Events
	// Views makes the views of a workspace, by kind.
	Views map[Kind]func(*Workspace) View
	// Joined is called once a workspace is ready for the first time, with the
	// name that the person chose.
	Joined func(ctx context.Context, w *Workspace, name string) error

	device member.DeviceKeys
	pairing
	ways
	background

	starting sync.Mutex // one join begins at a time
	meeting  sync.Mutex // presence changes one after the other

	mu        sync.Mutex
	all       map[seal.ID]*Workspace // guarded by mu
	connected map[seal.ID]bool       // guarded by mu; the peers
}

// ways lead to the others.
type ways struct {
	network    Network
	superPeers SuperPeers // nil: there is no way to any
	files      Files      // nil: none are put at super-peers
	rumours    rumours
}

// pairing is what goes on between two devices whose people look at both.
type pairing struct {
	codes codes
	links links
	// Compared keeps that the codes of somebody were right; may be nil. Set it before Start.
	Compared func(ctx context.Context, w *Workspace, c Compared) error
	returns
}

// background is the life of what runs beside the calls.
type background struct {
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	mends   mends
	hearing sync.Once // of the storage, whose life is longer
}

// secretDevice names the seed of the device keys; it belongs to no workspace.
const secretDevice = "device-seed"

// Open reads the device keys (making them on first use) and all workspaces. It may be
// called again after Close.
// Nothing touches the network before Start.
// ctx bounds the whole life of the workspaces.
func (m *Manager) Open(ctx context.Context) error {
	m.ctx, m.cancel = context.WithCancel(ctx)
	if err := m.openDevice(ctx); err != nil {
		return fmt.Errorf("open device keys: %w", err)
	}
	m.all, m.connected = map[seal.ID]*Workspace{}, map[seal.ID]bool{}
	m.hearing.Do(func() {
		m.Storage.OnRollback(m.rollback)
		m.Storage.OnDamage(m.damaged)
	})
	ids, err := m.Storage.Workspaces(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		w, err := m.openWorkspace(ctx, id)
		if err != nil { // one damaged workspace must not keep the others shut
			m.Logger.Error("open workspace", "workspace", id.Short(), "err", err)
			m.Events.Problem.Publish(Problem{Workspace: id, Text: fmt.Sprintf("Workspace %s could not be opened: its stored keys are damaged. Restore a backup, or join again.", id.Short())})
			continue
		}
		m.put(w)
	}
	return m.openLinks(ctx)
}

func (m *Manager) openDevice(ctx context.Context) error {
	seed, found, err := m.Storage.Secret(ctx, seal.ID{}, secretDevice)
	if err != nil {
		return err
	}
	if !found {
		seed = seal.Random(32)
		err = m.Storage.Write(ctx, func(ctx context.Context) error {
			return m.Storage.PutSecret(ctx, seal.ID{}, secretDevice, seed)
		})
		if err != nil {
			return err
		}
	}
	if len(seed) != 32 {
		return errors.New("the stored device seed is damaged")
	}
	m.device = member.NewDeviceKeys([32]byte(seed))
	return nil
}

// PeerSeed is the seed of the host key of this device.
func (m *Manager) PeerSeed() [32]byte { return m.device.PeerSeed }

// make builds a workspace object of a person without reading anything.
func (m *Manager) make(id, person seal.ID) *Workspace {
	w := m.bare(id)
	m.give(w, person)
	return w
}

// bare builds a workspace object before its person is known: it has no views yet.
func (m *Manager) bare(id seal.ID) *Workspace {
	w := &Workspace{id: id, views: map[Kind]View{}}
	w.surroundings = surroundings{storage: m.Storage, events: &m.Events, logger: m.Logger, now: m.Now, files: m.files}
	w.self = identity{device: m.device.Sign.Public(), sign: m.device.Sign, peer: m.device.PeerPublic()}
	w.presence.online, w.presence.seen = map[seal.ID]bool{}, map[seal.ID]int64{}
	w.keys, w.members, w.feeds, w.custody, w.fences = newKeyring(w), newMembership(w), newFeeds(w), newCustody(w), newFences(w)
	return w
}

// give gives a workspace its person and then its views, which know the person from the
// beginning.
func (m *Manager) give(w *Workspace, person seal.ID) {
	w.self.person = person
	for kind, view := range m.Views {
		w.views[kind] = view(w)
	}
}

func (m *Manager) openWorkspace(ctx context.Context, id seal.ID) (*Workspace, error) {
	genesis, found, err := m.Storage.Secret(ctx, id, secretSelf)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New("the stored identity is missing")
	}
	_, person, err := member.ParsePersonGenesis(genesis)
	if err != nil {
		return nil, err
	}
	w := m.make(id, person)
	if err := w.load(ctx); err != nil {
		return nil, err
	}
	if err := m.loadReturnDoor(ctx, w); err != nil {
		return nil, err
	}
	raw, found, err := m.Storage.Secret(ctx, id, secretJoin)
	if err != nil || !found {
		return w, err
	}
	stored, err := seal.Decode[storedJoin](raw)
	if err != nil {
		return nil, err
	}
	link, err := member.ParseLink(stored.Link)
	if err != nil {
		return nil, err
	}
	end, rests, err := m.Storage.Secret(ctx, id, secretStopped)
	if err != nil {
		return nil, err
	}
	if rests {
		w.joining.Store(m.rested(link, stored.Name, CodesEnd(end)))
		return w, nil
	}
	w.joining.Store(m.newJoining(link, stored.Name))
	return w, nil
}

// Use names the network, before it hears of anybody.
func (m *Manager) Use(network Network) { m.network = network }

// Start connects the workspaces and goes on with joins that are not finished.
func (m *Manager) Start(ctx context.Context) error {
	for _, w := range m.List() {
		if j := w.joining.Load(); j != nil {
			if j.stopped() == "" {
				m.goJoin(w, j)
			}
			continue
		}
		if err := m.attach(w); err != nil {
			return err
		}
		if err := m.introduce(ctx, w); err != nil {
			m.Logger.Warn("introduce", "workspace", w.id.Short(), "err", err)
		}
	}
	m.staff()
	m.startLinks()
	if err := m.startReturns(ctx); err != nil {
		return err
	}
	changed := make(chan struct{}, 1)
	cancel := m.Events.Members.Subscribe(func(MembersChanged) {
		select {
		case changed <- struct{}{}:
		default: // a look is due already
		}
	})
	m.wg.Go(func() { m.follow(m.ctx, changed) })
	m.wg.Go(func() {
		defer cancel()
		m.tend(m.ctx)
	})
	return nil
}

// follow applies changes of the membership to the network: who is let in, whom
// this device looks for, who of the connected is a member now.
func (m *Manager) follow(ctx context.Context, changed <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			m.staff()
			m.dropCastOut(ctx)
			m.endRemoved()
			m.network.Recheck()
			m.greet(ctx)
		}
	}
}

func (m *Manager) attach(w *Workspace) error {
	r, err := m.network.Attach(w)
	if err != nil {
		return fmt.Errorf("attach workspace %s: %w", w.id.Short(), err)
	}
	w.attach(r)
	m.network.Recheck()
	m.greet(m.ctx)
	return nil
}

// Close ends the background work and the replications, and waits.
func (m *Manager) Close() error {
	if m.cancel == nil {
		return nil
	}
	m.cancel()
	m.wg.Wait()
	var failed []error
	for _, w := range m.List() {
		w.noteContacts(context.Background()) // the host tells nobody's end when it is closed itself
		w.detach()
		failed = append(failed, w.custody.flush(context.Background()))
	}
	return errors.Join(failed...)
}

// Clear drops what a closed manager held, with its keys. Nobody may use it before it is opened
// again.
func (m *Manager) Clear() {
	m.mu.Lock()
	clear(m.all)
	m.mu.Unlock()
	m.device = member.DeviceKeys{}
}

// List returns the workspaces by id.
func (m *Manager) List() []*Workspace {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*Workspace, 0, len(m.all))
	for _, w := range m.all {
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b *Workspace) int { return a.id.Compare(b.id) })
	return list
}

// Get returns a workspace, or ErrNotFound.
func (m *Manager) Get(id seal.ID) (*Workspace, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w, ok := m.all[id]; ok {
		return w, nil
	}
	return nil, fmt.Errorf("workspace %s: %w", id.Short(), ErrNotFound)
}

func (m *Manager) put(w *Workspace) {
	m.mu.Lock()
	m.all[w.id] = w
	m.mu.Unlock()
}

func (m *Manager) remove(w *Workspace) {
	m.mu.Lock()
	delete(m.all, w.id)
	m.mu.Unlock()
}

func (m *Manager) rollback() {
	for _, w := range m.List() {
		w.rollback()
	}
}

// How often the background work looks around.
const (
	flushEvery    = time.Second
	maintainEvery = time.Minute
	askKeysEvery  = 5 * time.Second
	contactsEvery = 10 * time.Minute // what a crash may cost of the last contact
)

// tend stores acknowledgements, asks for missing keys and rotates old epochs.
func (m *Manager) tend(ctx context.Context) {
	flush, maintain, ask := time.NewTicker(flushEvery), time.NewTicker(maintainEvery), time.NewTicker(askKeysEvery)
	contacts := time.NewTicker(contactsEvery)
	defer contacts.Stop()
	defer flush.Stop()
	defer maintain.Stop()
	defer ask.Stop()
	for {
		var do func(*Workspace) error
		select {
		case <-ctx.Done():
			return
		case <-flush.C:
			do = func(w *Workspace) error { return w.custody.flush(ctx) }
		case <-maintain.C:
			do = func(w *Workspace) error { return w.maintain(ctx) }
		case <-ask.C:
			do = func(w *Workspace) error { return w.askKeys(ctx, m.network) }
		case <-contacts.C:
			do = func(w *Workspace) error { w.noteContacts(ctx); return nil }
		}
		for _, w := range m.List() {
			if err := do(w); err != nil && ctx.Err() == nil {
				m.Logger.Warn("tend workspace", "workspace", w.id.Short(), "err", err)
			}
		}
	}
}
