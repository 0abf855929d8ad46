package workspace_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"parvis/app/event"
	"parvis/app/store"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// board is a view that keeps the bodies in order.
type board struct {
	mu    sync.Mutex
	lines []string              // guarded by mu while couriers work by themselves
	fail  bool                  // guarded by mu; panic instead
	told  event.Topic[struct{}] // there are more lines
}

func (b *board) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.lines)
}

func (b *board) spoil(fail bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = fail
}

func (b *board) Apply(_ context.Context, batch []workspace.Opened) (workspace.Result, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail {
		panic("a view with a bug")
	}
	bad := map[seal.ID]string{}
	var good []string
	for _, o := range batch {
		if string(o.Body) == "bad" {
			bad[o.ID] = "a bad body"
			continue
		}
		good = append(good, string(o.Body))
	}
	return workspace.Result{Bad: bad, After: func() {
		b.mu.Lock()
		b.lines = append(b.lines, good...)
		b.mu.Unlock()
		b.told.Publish(struct{}{})
	}}, nil
}

func (b *board) Reset() {}

// device is one manager with a real store and a network that is plain calls.
type device struct {
	*workspace.Manager
	t        *testing.T
	db       *store.DB
	mu       sync.Mutex
	peers    map[seal.ID]*device // guarded by mu; whom it reaches
	board    *board
	supers   *way                     // to the super-peers
	tick     func()                   // at every message of a link; may be nil
	lost     func() error             // what happens to an answer of a link; may be nil
	spoil    func(*workspace.Welcome) // what a lying device changes in one; may be nil
	drop     int                      // how many answers to a handed-in entry get lost
	together *sync.WaitGroup          // joiners hand in their entries together; may be nil
	log      warnings
}

func newDevice(t *testing.T, now *time.Time) *device {
	t.Helper()
	board := &board{}
	d := openDevice(t, now, t.TempDir(), seal.RandomKey(), board)
	d.board = board
	t.Cleanup(d.shut)
	return d
}

// openDevice opens a folder, perhaps a copy of another device's.
func openDevice(t *testing.T, now *time.Time, dir string, key seal.Key, view workspace.View) *device {
	t.Helper()
	db := store.New(dir)
	if err := db.Open(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, peers: map[seal.ID]*device{}, db: db}
	d.Manager = &workspace.Manager{
		Storage: db, Logger: slog.New(&d.log), Now: func() time.Time { return *now },
		Views: map[workspace.Kind]func(*workspace.Workspace) workspace.View{
			workspace.KindChat: func(*workspace.Workspace) workspace.View { return view },
		},
	}
	if err := d.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Use(d)
	d.supers = &way{device: d, byHand: true}
	d.UseSuperPeers(d.supers)
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// shut closes the device.
func (d *device) shut() {
	if err := errors.Join(d.Close(), d.db.Close()); err != nil {
		d.t.Error(err)
	}
}

// meet lets devices reach each other.
func meet(devices ...*device) {
	for _, a := range devices {
		for _, b := range devices {
			if a != b {
				a.knows(b)
			}
		}
	}
}

func (d *device) knows(other *device) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.peers[other.Self()] = other
}

func (d *device) forgets(other *device) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.peers, other.Self())
}

func (d *device) reach(peer seal.ID) (*device, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	other, ok := d.peers[peer]
	return other, ok
}

func (d *device) Self() seal.ID {
	return workspace.KeysOf(d.Manager)
}

func (d *device) Addrs() []string                                            { return []string{"/ip4/127.0.0.1/tcp/1"} }
func (d *device) AddrsOf(peer seal.ID) []string                              { return []string{"/ip4/127.0.0.1/tcp/1"} }
func (d *device) Recheck()                                                   {}
func (d *device) Attach(*workspace.Workspace) (workspace.Replication, error) { return silent{}, nil }

type silent struct{}

func (silent) Wake()                                    {}
func (silent) Resync()                                  {}
func (silent) SendLive([]byte, func(peer seal.ID) bool) {}
func (silent) Lacking() uint64                          { return 0 }
func (silent) Close() error                             { return nil }

func (d *device) Knock(ctx context.Context, peer seal.ID, _ []string, knock workspace.Knock) error {
	if _, err := d.supers.find(peer); err == nil {
		return workspace.ErrAtDoor
	}
	host, ok := d.reach(peer)
	if !ok {
		return errors.New("unreachable")
	}
	welcome, err := host.Answer(ctx, d.Self(), knock.Request, nil)
	if err != nil {
		return err
	}
	entry, err := knock.Accept(welcome)
	if err != nil {
		return err
	}
	if d.together != nil {
		d.together.Done()
		d.together.Wait()
	}
	if err := host.Admit(ctx, d.Self(), entry); err != nil {
		return err
	}
	if d.drop > 0 {
		d.drop--
		return errors.New("the answer got lost")
	}
	return nil
}

func (d *device) Link(ctx context.Context, peer seal.ID, _ []string, knock workspace.Knock) error {
	host, ok := d.reach(peer)
	if !ok {
		return errors.New("unreachable")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	here, there := pipe(d.tick)
	type answer struct {
		welcome workspace.Welcome
		err     error
	}
	answered := make(chan answer, 1)
	go func() {
		welcome, err := host.AnswerLink(ctx, d.Self(), knock.Request, there)
		answered <- answer{welcome, err}
		here.hangUp()
	}()
	if knock.Converse != nil {
		if err := knock.Converse(ctx, here); err != nil {
			cancel()
			a := <-answered
			var refusal *workspace.Refusal
			if errors.As(a.err, &refusal) && refusal.Code != workspace.RefusedRules || a.err != nil && !errors.Is(err, workspace.ErrCodes) {
				return a.err
			}
			return err
		}
	}
	a := <-answered
	if a.err != nil {
		return a.err
	}
	if d.lost != nil {
		if err := d.lost(); err != nil {
			return err
		}
	}
	if d.spoil != nil {
		d.spoil(&a.welcome)
	}
	_, err := knock.Accept(a.welcome)
	return err
}

// line is one end of a talk in memory.
type line struct {
	out, in chan []byte
	over    chan struct{}
	once    *sync.Once
	tick    func()
}

func pipe(tick func()) (a, b line) {
	x, y := make(chan []byte, 16), make(chan []byte, 16)
	over, once := make(chan struct{}), &sync.Once{}
	if tick == nil {
		tick = func() {}
	}
	return line{x, y, over, once, tick}, line{y, x, over, once, tick}
}

func (l line) hangUp() { l.once.Do(func() { close(l.over) }) }

func (l line) Send(_ context.Context, message []byte) error {
	l.tick()
	l.out <- message
	return nil
}

func (l line) Receive(ctx context.Context) ([]byte, error) {
	select {
	case message := <-l.in:
		return message, nil
	default:
	}
	select {
	case message := <-l.in:
		return message, nil
	case <-l.over:
		return nil, errors.New("the other side is gone")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *device) Compare(ctx context.Context, peer, ws seal.ID, converse func(context.Context, workspace.Talk) error) error {
	host, ok := d.reach(peer)
	if !ok {
		return errors.New("unreachable")
	}
	answer, err := host.AnswerVerify(ctx, d.Self(), ws)
	if err != nil {
		return err
	}
	here, there := pipe(d.tick)
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer here.hangUp()
		_ = answer(ctx, there)
	}()
	err = converse(ctx, here)
	here.hangUp()
	<-over
	return err
}

func (d *device) AskKey(_ context.Context, peer seal.ID, request []byte) ([]byte, error) {
	host, ok := d.reach(peer)
	if !ok {
		return nil, errors.New("unreachable")
	}
	return host.Grant(d.Self(), request)
}

func (d *device) found() *workspace.Workspace {
	d.t.Helper()
	w, err := d.Create(d.t.Context(), "Ana")
	if err != nil {
		d.t.Fatal(err)
	}
	return w
}

// invite makes a link that names the device itself.
func (d *device) invite(w *workspace.Workspace, uses uint) workspace.Invite {
	d.t.Helper()
	peers, err := d.LinkPeers(d.t.Context(), w, false)
	if err != nil {
		d.t.Fatal(err)
	}
	made, err := w.Invite(d.t.Context(), workspace.InviteSpec{Role: 3, Uses: uses, Expires: time.Hour, Peers: peers})
	if err != nil {
		d.t.Fatal(err)
	}
	return made
}

func (d *device) join(link string) *workspace.Workspace {
	d.t.Helper()
	w, err := d.Join(d.t.Context(), link, "Ben", 10*time.Second)
	if err != nil {
		d.t.Fatal(err)
	}
	if !w.Ready() {
		d.t.Fatal("the join did not end")
	}
	return w
}

func (d *device) say(w *workspace.Workspace, text string) workspace.Opened {
	d.t.Helper()
	return d.sayIn(w, w.MainSpace(), text)
}

func (d *device) sayIn(w *workspace.Workspace, space seal.SpaceID, text string) workspace.Opened {
	d.t.Helper()
	o, err := w.Append(d.t.Context(), space, workspace.KindChat, func(context.Context) (workspace.Draft, error) {
		return workspace.Draft{Body: []byte(text)}, nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return o
}

// give sends to what from has and to lacks, as sync does.
func give(t *testing.T, from, to *workspace.Workspace) {
	t.Helper()
	_, device := to.Self()
	theirs := to.Have()
	for {
		part, after, err := from.Missing(t.Context(), device, theirs, 64, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(part.Entries)+len(part.Blobs)+len(part.Envelopes) == 0 {
			break
		}
		if err := to.Receive(t.Context(), part); err != nil {
			t.Fatal(err)
		}
		theirs = after
	}
	_, receiver := to.Self()
	from.Held(receiver, to.Have())
}
