package block_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"parvis/app/block"
	"parvis/app/store"
	"parvis/crdt/file"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/blocks"
	"parvis/p2p/p2ptest"
)

// node is a device on a real network.
type node struct {
	*device
	*p2ptest.Node
	key      seal.ID
	exchange *blocks.Exchange
}

func online(t testing.TB, d *device, n *p2ptest.Node) *node {
	t.Helper()
	key, err := n.ID().PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	w := &node{device: d, Node: n, key: key}
	keeper := d.Keeper // the exchange's last messages may ask when the device has let go of it
	w.exchange = blocks.New(blocks.Config{Node: n.Node, Store: shelf{d.disk}, May: func(p p2p.PeerID, id blocks.ID) bool {
		key, err := p.PublicKey()
		return err == nil && keeper.MayRead(context.Background(), key, seal.ID(id))
	}})
	w.exchange.Start(context.Background())
	n.OnPeer(func(_ p2p.PeerID, connected bool) {
		if connected {
			d.PeerChanged()
		}
	})
	d.Use(fetcher{w.exchange})
	t.Cleanup(func() {
		w.exchange.Close() // it asks the keeper
		d.close()
	})
	return w
}

// readersAre lets exactly these read the space, on this device's word.
func (n *node) readersAre(all ...*node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.readers = map[seal.SpaceID][]seal.ID{}
	for _, r := range all {
		n.readers[space] = append(n.readers[space], r.key)
	}
}

type shelf struct{ disk *store.Blocks }

func (s shelf) Size(ctx context.Context, id blocks.ID) (int, error) {
	size, err := s.disk.BlockSize(ctx, seal.ID(id))
	return size, notHere(err)
}

func (s shelf) Block(ctx context.Context, id blocks.ID) ([]byte, error) {
	data, err := s.disk.Block(ctx, seal.ID(id))
	return data, notHere(err)
}

func notHere(err error) error {
	if errors.Is(err, block.ErrNotHere) {
		return blocks.ErrNotHere
	}
	return err
}

type fetcher struct{ exchange *blocks.Exchange }

func ids(list []seal.ID) []blocks.ID {
	var all []blocks.ID
	for _, id := range list {
		all = append(all, blocks.ID(id))
	}
	return all
}

func (f fetcher) Get(ctx context.Context, want []seal.ID, take func(seal.ID, []byte) error) error {
	return f.exchange.Get(ctx, ids(want), func(id blocks.ID, data []byte) error { return take(seal.ID(id), data) })
}

func (f fetcher) Stored(list []seal.ID) { f.exchange.Stored(context.Background(), ids(list)) }

// team are nodes that all read the space; none is connected.
func team(t testing.TB, n int) []*node {
	t.Helper()
	var all []*node
	for _, host := range p2ptest.Members(t, n) {
		all = append(all, online(t, open(t, t.TempDir()), host))
	}
	for _, n := range all {
		n.readersAre(all...)
	}
	return all
}

func (n *node) learn(ref file.Ref) {
	n.t.Helper()
	if err := n.Learn(n.t.Context(), ws, space, ref); err != nil {
		n.t.Fatal(err)
	}
}

func TestK5ThreeNodesTwentyMebibytes(t *testing.T) {
	all := team(t, 3)
	reader, first, second := all[0], all[1], all[2]
	p2ptest.Connect(t, first.Node, second.Node)
	plain := content(20 * mib)
	ref := first.put(plain, space)
	second.learn(ref)
	second.await(ref, block.Whole)

	p2ptest.Connect(t, reader.Node, first.Node)
	p2ptest.Connect(t, reader.Node, second.Node)
	began := time.Now()
	reader.learn(ref)
	reader.await(ref, block.Whole)
	took := time.Since(began)
	first.Disconnect(reader.Node.ID())
	second.Disconnect(reader.Node.ID())
	reader.same(ref, plain)
	t.Logf("20 MiB from two peers onto the disk in %v: %.0f MiB/s", took, 20/took.Seconds())
}

func TestK5TheOneWhoHasItComesBack(t *testing.T) {
	all := team(t, 2)
	plain := content(3 * mib)
	ref := all[0].put(plain, space)
	all[1].learn(ref)
	p2ptest.Connect(t, all[1].Node, all[0].Node)
	all[1].await(ref, block.Whole)
	all[1].same(ref, plain)
}

func TestK2AMemberOfAnotherSpaceGetsNothing(t *testing.T) {
	all := team(t, 3)
	holder, friend, stranger := all[0], all[1], all[2]
	holder.readersAre(holder, friend)
	friend.readersAre(holder, friend)
	for _, n := range all[1:] {
		p2ptest.Connect(t, holder.Node, n.Node)
	}
	p2ptest.Connect(t, friend.Node, stranger.Node)
	plain := content(mib)
	ref := holder.put(plain, space)
	stranger.learn(ref) // knows all there is to know, and asks
	friend.learn(ref)
	friend.await(ref, block.Whole)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if r, err := stranger.Read(ctx, ws, space, ref); err == nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the stranger opens %v, %v", r, err)
	}
	if left := stranger.blockFiles(); len(left) > 0 {
		t.Errorf("the stranger has %d blocks", len(left))
	}
	// Once it may read the space, it gets what it waits for.
	holder.readersAre(all...)
	stranger.PeerChanged()
	stranger.await(ref, block.Whole)
	stranger.same(ref, plain)
}

func TestK3ABlockThatRotsAtOnePeerComesFromTheOther(t *testing.T) {
	all := team(t, 3)
	reader, first, second := all[0], all[1], all[2]
	p2ptest.Connect(t, first.Node, second.Node)
	plain := content(2 * mib)
	ref := first.put(plain, space)
	second.learn(ref)
	second.await(ref, block.Whole)
	for n, d := range []*node{first, second} {
		path := d.blockFiles()[n]
		if err := writeFile(path, bytes.Repeat([]byte{1}, 100)); err != nil {
			t.Fatal(err)
		}
	}
	p2ptest.Connect(t, reader.Node, first.Node)
	p2ptest.Connect(t, reader.Node, second.Node)
	reader.learn(ref)
	reader.await(ref, block.Whole)
	reader.same(ref, plain)
}

func BenchmarkThreeNodes(b *testing.B) {
	all := team(b, 3)
	reader, first, second := all[0], all[1], all[2]
	p2ptest.Connect(b, first.Node, second.Node)
	p2ptest.Connect(b, reader.Node, first.Node)
	p2ptest.Connect(b, reader.Node, second.Node)
	b.SetBytes(20 * mib)
	for b.Loop() {
		b.StopTimer()
		ref := first.put(content(20*mib), space)
		second.learn(ref)
		second.await(ref, block.Whole)
		b.StartTimer()
		reader.learn(ref)
		reader.await(ref, block.Whole)
	}
}
