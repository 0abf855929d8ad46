package workspace_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"parvis/app/store"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// board is a view that keeps the bodies in order.
type board struct {
	lines []string
	fail  bool // panic instead
}

func (b *board) Apply(_ context.Context, batch []workspace.Opened) (workspace.Result, error) {
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
	return workspace.Result{Bad: bad, After: func() { b.lines = append(b.lines, good...) }}, nil
}

func (b *board) Reset() {}

// device is one manager with a real store and a network that is plain calls.
type device struct {
	*workspace.Manager
	t        *testing.T
	peers    map[seal.ID]*device // whom it reaches
	board    *board
	drop     int             // how many answers to a handed-in entry get lost
	together *sync.WaitGroup // joiners hand in their entries together; may be nil
}

func newDevice(t *testing.T, now *time.Time) *device {
	t.Helper()
	db := store.New(t.TempDir())
	if err := db.Open(t.Context(), seal.RandomKey()); err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, peers: map[seal.ID]*device{}, board: &board{}}
	d.Manager = &workspace.Manager{
		Storage: db, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return *now },
		Views: map[workspace.Kind]func(*workspace.Workspace) workspace.View{
			workspace.KindChat: func(*workspace.Workspace) workspace.View { return d.board },
		},
	}
	if err := d.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Use(d)
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// meet lets devices reach each other.
func meet(devices ...*device) {
	for _, a := range devices {
		for _, b := range devices {
			if a != b {
				a.peers[b.Self()] = b
			}
		}
	}
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
func (silent) Close() error                             { return nil }

func (d *device) Knock(ctx context.Context, peer seal.ID, _ []string, knock workspace.Knock) error {
	host, ok := d.peers[peer]
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

func (d *device) AskKey(_ context.Context, peer seal.ID, request []byte) ([]byte, error) {
	host, ok := d.peers[peer]
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
	o, err := w.Append(d.t.Context(), w.MainSpace(), workspace.KindChat, func(context.Context) (workspace.Draft, error) {
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
		part, after, err := from.Missing(t.Context(), device, theirs, 256, 1<<20)
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
