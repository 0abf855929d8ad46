package workspace_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// superPeer is a super-peer in memory. What a test changes makes it hostile.
type superPeer struct {
	key    seal.ID
	secret []byte

	mu      sync.Mutex
	store   [16]byte
	tags    map[seal.ID]map[workspace.Tag]*pile
	lists   map[seal.ID]workspace.AccessList
	doors   map[seal.ID]map[seal.ID]workspace.Door // by workspace and name
	arrived map[seal.ID]map[seal.ID]bool           // newcomers
	changed chan struct{}
	used    int64
	limit   int64
	asked   int // how often it was asked for them anew
	puts    int // calls
	listed  int // objects
	fetched int // objects

	down    bool
	full    error                                             // what a Put fails with
	deaf    error                                             // what a Put fails with after it has stored
	mangle  func(workspace.Object) (workspace.Object, bool)   // of every fetched object; false leaves it out
	listing func([]workspace.ObjectRef) []workspace.ObjectRef // of every listing
}

type pile struct {
	refs    []workspace.ObjectRef
	objects map[seal.ID]workspace.Object
}

func newSuperPeer() *superPeer {
	s := &superPeer{key: seal.NewSignKey(seal.RandomKey()).Public(), secret: seal.Random(16), changed: make(chan struct{})}
	s.reset()
	return s
}

// reset gives it a new, empty store.
func (s *superPeer) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store = [16]byte(seal.Random(16))
	s.tags = map[seal.ID]map[workspace.Tag]*pile{}
	s.doors, s.arrived = map[seal.ID]map[seal.ID]workspace.Door{}, map[seal.ID]map[seal.ID]bool{}
	if s.lists == nil {
		s.lists = map[seal.ID]workspace.AccessList{}
	}
}

func (s *superPeer) pile(ws seal.ID, tag workspace.Tag) *pile {
	if s.tags[ws] == nil {
		s.tags[ws] = map[workspace.Tag]*pile{}
	}
	if s.tags[ws][tag] == nil {
		s.tags[ws][tag] = &pile{objects: map[seal.ID]workspace.Object{}}
	}
	return s.tags[ws][tag]
}

// count is how many objects lie there.
func (s *superPeer) count() (objects int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, tags := range s.tags {
		for _, pile := range tags {
			objects += len(pile.refs)
		}
	}
	return objects
}

// set changes how it behaves.
func (s *superPeer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// stir wakes those who wait for something new here; s.mu is held.
func (s *superPeer) stir() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// soon waits until something holds that a call to the super-peer brings about.
func (s *superPeer) soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	patience := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-patience:
			t.Fatalf("gave up waiting: %s", what)
		}
	}
}

var errDown = errors.New("the super-peer is off")

// way is one device's way to some super-peers; it implements workspace.SuperPeers.
type way struct {
	device *device

	mu     sync.Mutex
	all    []*superPeer
	byHand bool // the couriers of the manager reach nobody: a test takes their steps
}

// live lets the couriers of the manager work by themselves.
func (w *way) live() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byHand = false
}

func (d *device) way(all ...*superPeer) *way { return &way{device: d, all: all} }

func (w *way) add(s *superPeer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, s)
}

func (w *way) find(peer seal.ID) (*superPeer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.all {
		s.mu.Lock()
		down := s.down
		s.mu.Unlock()
		if s.key == peer && !down {
			return s, nil
		}
	}
	return nil, errDown
}

func (w *way) ParseSetup(code string) (workspace.Setup, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.all {
		if code == s.key.String() {
			return workspace.Setup{Peer: s.key, Secret: s.secret, Addrs: []string{"/ip4/192.0.2.1/tcp/443"}}, nil
		}
	}
	return workspace.Setup{}, workspace.ErrSetupBroken
}

func (w *way) Publish(ctx context.Context, peer seal.ID, _ []string, ws seal.ID, secret []byte, list workspace.AccessList) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s, err := w.find(peer)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, exists := s.lists[ws]
	switch {
	case secret != nil && !slices.Equal(secret, s.secret):
		return workspace.ErrSetupWrong
	case secret != nil:
	case !exists || !slices.Contains(old.Admins, w.device.Self()):
		return workspace.ErrNotAdmin
	case list.Counter < old.Counter:
		return &workspace.NewerListError{Counter: old.Counter}
	}
	s.lists[ws] = list
	s.stir()
	return nil
}

func (w *way) Mailbox(_ context.Context, peer seal.ID, _ []string, ws seal.ID) (workspace.Mailbox, error) {
	w.mu.Lock()
	byHand := w.byHand
	w.mu.Unlock()
	s, err := w.find(peer)
	if err != nil || byHand {
		return nil, errors.Join(errDown, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lets(ws, w.device.Self()) {
		return nil, workspace.ErrStranger
	}
	return &box{s: s, ws: ws, device: w.device.Self()}, nil
}

// box is one device's mailbox there.
type box struct {
	s          *superPeer
	ws, device seal.ID
}

func (b *box) Store() [16]byte { return b.s.store }
func (b *box) Close() error    { return nil }

func (b *box) Quota(_ context.Context, age time.Duration) (used, limit int64, err error) {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if age == 0 {
		b.s.asked++
	}
	return b.s.used, b.s.limit, b.may()
}

// may fails where the device may not be there any more. The caller holds mu.
func (b *box) may() error {
	if b.s.down {
		return errDown
	}
	if !b.s.lets(b.ws, b.device) {
		return workspace.ErrStranger
	}
	return nil
}

// lets reports whether a device is listed or a newcomer. The caller holds mu.
func (s *superPeer) lets(ws, device seal.ID) bool {
	return slices.Contains(s.lists[ws].Peers, device) || s.arrived[ws][device]
}

func (b *box) Leave(_ context.Context, door workspace.Door) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if err := b.may(); err != nil || !slices.Contains(b.s.lists[b.ws].Peers, b.device) {
		return err
	}
	if b.s.doors[b.ws] == nil {
		b.s.doors[b.ws] = map[seal.ID]workspace.Door{}
	}
	old, there := b.s.doors[b.ws][door.Name]
	if !there || len(old.Box) > 0 && (len(door.Box) == 0 || door.Counter > old.Counter) {
		b.s.doors[b.ws][door.Name] = door
	}
	return nil
}

// door is the door of an invitation.
func (s *superPeer) door(ws seal.ID, invite member.Invite) (workspace.Door, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, there := s.doors[ws][member.BoxID(invite.PK)]
	return d, there
}

func (w *way) Knock(_ context.Context, peer seal.ID, _ []string, ws seal.ID, invitation seal.SignKey) ([]byte, error) {
	s, err := w.find(peer)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	door, there := s.doors[ws][member.BoxID(invitation.Public())]
	switch {
	case !there:
		return nil, workspace.RefusalOf(workspace.RefusedUnknown)
	case len(door.Box) == 0:
		return nil, workspace.RefusalOf(workspace.RefusedEnded)
	}
	if s.arrived[ws] == nil {
		s.arrived[ws] = map[seal.ID]bool{}
	}
	s.arrived[ws][w.device.Self()] = true
	return door.Box, nil
}

func (b *box) Put(_ context.Context, tag workspace.Tag, objects []workspace.Object) error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if err := errors.Join(b.may(), b.s.full); err != nil {
		return err
	}
	size := 0
	for _, o := range objects {
		size += len(o.Bytes)
	}
	if len(objects) == 0 || len(objects) > 256 || len(objects) > 1 && size > 1<<20 || size > 2<<20 {
		return errors.New("more than fits into one Put")
	}
	b.s.puts++
	p := b.s.pile(b.ws, tag)
	for _, o := range objects {
		if _, known := p.objects[o.ID]; !known {
			p.objects[o.ID] = o
			p.refs = append(p.refs, workspace.ObjectRef{N: uint64(len(p.refs) + 1), ID: o.ID, Size: uint32(len(o.Bytes))})
		}
	}
	b.s.stir()
	return b.s.deaf
}

func (b *box) PutBlocks(ctx context.Context, tag workspace.Tag, objects []workspace.Object) error {
	return b.Put(ctx, tag, objects)
}

func (b *box) List(_ context.Context, tag workspace.Tag, after uint64) ([]workspace.ObjectRef, bool, error) {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if err := b.may(); err != nil {
		return nil, false, err
	}
	all := b.s.pile(b.ws, tag).refs
	if b.s.listing != nil {
		all = b.s.listing(all)
	}
	var refs []workspace.ObjectRef
	for _, ref := range all {
		if ref.N > after {
			refs = append(refs, ref)
		}
	}
	const page = 16
	b.s.listed += min(len(refs), page)
	if len(refs) > page {
		return refs[:page], true, nil
	}
	return refs, false, nil
}

func (b *box) Fetch(_ context.Context, tag workspace.Tag, ids []seal.ID) ([]workspace.Object, error) {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if err := b.may(); err != nil {
		return nil, err
	}
	var objects []workspace.Object
	for _, id := range ids {
		o, ok := b.s.pile(b.ws, tag).objects[id]
		if ok && b.s.mangle != nil {
			o, ok = b.s.mangle(o)
		}
		if ok {
			objects = append(objects, o)
			b.s.fetched++
		}
	}
	return objects, nil
}

func (b *box) Watch(ctx context.Context, tags []workspace.Tag, news func(workspace.Tag, uint64)) error {
	told := map[workspace.Tag]int{}
	for {
		b.s.mu.Lock()
		changed, err := b.s.changed, b.may()
		last := map[workspace.Tag]int{}
		for _, tag := range tags {
			last[tag] = len(b.s.pile(b.ws, tag).refs)
		}
		b.s.mu.Unlock()
		if err != nil {
			return err
		}
		for tag, n := range last {
			if n > told[tag] {
				news(tag, uint64(n))
			}
			told[tag] = n
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}
