package blocks

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	blockformat "github.com/ipfs/go-block-format"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
)

func TestB7TwentyMebibytesFromTwoPeers(t *testing.T) {
	all := devices(t, 3)
	reader, first, second := all[0], all[1], all[2]
	connect(t, reader, first)
	connect(t, reader, second)
	// Each has a part that the other lacks, and both have the rest.
	ids := append(append(fill(20, first), fill(20, second)...), fill(40, first, second)...)
	began := time.Now()
	if err := reader.get(within(t, 60*time.Second), ids); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	if reader.shelf.len() != len(ids) {
		t.Errorf("%d blocks arrived, want %d", reader.shelf.len(), len(ids))
	}
	a, b := first.shelf.reads.Load(), second.shelf.reads.Load()
	if a < 20 || b < 20 {
		t.Errorf("the peers gave %d and %d blocks", a, b)
	}
	t.Logf("20 MiB in %v: %.0f MiB/s, %d and %d blocks read", took, 20/took.Seconds(), a, b)
}

func TestB7WhoConnectsLaterCounts(t *testing.T) {
	all := devices(t, 2)
	reader, holder := all[0], all[1]
	ids := fill(12, holder)
	done := make(chan error, 1)
	began := make(chan struct{})
	go func() {
		close(began)
		done <- reader.get(within(t, 60*time.Second), ids)
	}()
	<-began
	connect(t, reader, holder)
	if err := <-done; err != nil {
		t.Fatalf("with a member that connected later: %v", err)
	}
}

func TestB7AConnectionThatBreaksAndComesBack(t *testing.T) {
	all := devices(t, 2)
	reader, holder := all[0], all[1]
	connect(t, reader, holder)
	ids := fill(200, holder)
	var taken atomic.Int64
	cut := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- reader.Get(within(t, 90*time.Second), ids, func(id ID, data []byte) error {
			reader.shelf.put(id, data)
			if taken.Add(1) == 50 {
				close(cut)
			}
			return nil
		})
	}()
	<-cut
	holder.Disconnect(reader.ID())
	reader.gone(t, "the connection is gone", holder.ID())
	connect(t, reader, holder)
	if err := <-done; err != nil {
		t.Fatalf("after the cut: %v, %d of 200", err, taken.Load())
	}
	if reader.shelf.len() != 200 {
		t.Errorf("%d blocks", reader.shelf.len())
	}
}

func TestB7ABlockThatComesToAMemberLater(t *testing.T) {
	all := devices(t, 2)
	reader, holder := all[0], all[1]
	connect(t, reader, holder)
	late := devices(t, 1)[0] // only a shelf to make the block on
	ids := fill(1, late)
	done := make(chan error, 1)
	go func() { done <- reader.get(within(t, 60*time.Second), ids) }()
	until(t, "the holder was asked", func() bool {
		holder.net.waits.mu.Lock()
		defer holder.net.waits.mu.Unlock()
		return holder.net.waits.known[ids[0]]
	})
	data, _ := late.shelf.Block(t.Context(), ids[0])
	holder.shelf.put(ids[0], data)
	holder.Stored(t.Context(), ids)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestB7EndedCallsTakeTheirWantsBack(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	reader := exchangeOn(t, nodes[0])
	other := rawOn(t, nodes[1], nil)
	p2ptest.Connect(t, nodes[0], nodes[1])
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	ids := fill(3)
	go func() { done <- reader.get(ctx, ids) }()
	other.expect("the wants", func(m received) bool { return len(m.wants) == 3 && !m.wants[0].cancel })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the call ends with %v", err)
	}
	other.expect("the cancels", func(m received) bool { return len(m.wants) == 3 && m.wants[0].cancel })
	until(t, "no wants are left", func() bool { return len(reader.client.GetWantlist()) == 0 })
}

func TestB7TheFirstErrorOfTheCallerEndsTheCall(t *testing.T) {
	all := devices(t, 2)
	connect(t, all[0], all[1])
	full := errors.New("disk full")
	err := all[0].Get(within(t, 30*time.Second), fill(40, all[1]), func(ID, []byte) error { return full })
	if !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
	if err := all[0].get(within(t, 30*time.Second), fill(40, all[1])); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

func TestB7NothingRunsAfterClose(t *testing.T) {
	all := devices(t, 2)
	connect(t, all[0], all[1])
	done := make(chan error, 1)
	began := make(chan struct{})
	ids := fill(3)
	go func() {
		close(began)
		done <- all[0].get(within(t, 30*time.Second), ids)
	}()
	<-began
	all[0].Exchange.Close()
	if err := <-done; !errors.Is(err, ErrClosed) && !errors.Is(err, context.Canceled) {
		t.Errorf("a call that was open: %v", err)
	}
	if err := all[0].get(t.Context(), ids); !errors.Is(err, ErrClosed) {
		t.Errorf("a later call: %v", err)
	}
	all[0].Stored(t.Context(), ids)
	all[0].Exchange.Close()
}

func TestB5WhoMayNotHaveABlockLearnsNothing(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	holder := exchangeOn(t, nodes[0])
	nosy := rawOn(t, nodes[1], nil)
	holder.bar(nodes[1].ID())
	p2ptest.Connect(t, nodes[0], nodes[1])
	ids := append(fill(1, holder), fill(1)...) // one is there, one is not

	ask := message.New(true)
	ask.AddEntry(cidOf(ids[0]), 1, pb.Message_Wantlist_Block, true)
	ask.AddEntry(cidOf(ids[1]), 1, pb.Message_Wantlist_Block, true)
	nosy.send(holder.ID(), ask)
	var refused []ID // in one message or in two
	nosy.expect("the same answer for both", func(m received) bool {
		if len(m.blocks)+len(m.haves) > 0 {
			t.Errorf("got %d blocks and %d haves", len(m.blocks), len(m.haves))
		}
		refused = append(refused, m.dontHaves...)
		return len(refused) == 2
	})
	whether := message.New(false)
	whether.AddEntry(cidOf(ids[0]), 1, pb.Message_Wantlist_Have, true)
	nosy.send(holder.ID(), whether)
	nosy.expect("a dont-have", func(m received) bool { return len(m.dontHaves) == 1 && len(m.haves) == 0 })

	// What is fetched later does not reach it either, nor does what we want.
	data := []byte("later")
	late := ID(sha256.Sum256(data))
	holder.net.waits.add(late)
	holder.shelf.put(late, data)
	holder.Stored(t.Context(), []ID{late})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := holder.get(ctx, fill(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a block that nobody has: %v", err)
	}
	// An answer that comes after all that shows that nothing came before it.
	nosy.send(holder.ID(), whether)
	nosy.expect("only the answer", func(m received) bool {
		if len(m.wants)+len(m.blocks)+len(m.haves) > 0 {
			t.Errorf("the nosy one learned %+v", m)
		}
		return len(m.dontHaves) == 1
	})
	if holder.shelf.reads.Load() > 1 { // one by Stored
		t.Errorf("%d blocks were read for it", holder.shelf.reads.Load())
	}
}

func TestB5ARightThatWasLostCountsAtOnce(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	holder := exchangeOn(t, nodes[0])
	other := rawOn(t, nodes[1], nil)
	p2ptest.Connect(t, nodes[0], nodes[1])
	late := devices(t, 1)[0]
	id := fill(1, late)[0]
	ask := message.New(true)
	ask.AddEntry(cidOf(id), 1, pb.Message_Wantlist_Block, true)
	other.send(holder.ID(), ask)
	other.expect("a dont-have", func(m received) bool { return len(m.dontHaves) == 1 })
	holder.bar(nodes[1].ID())
	data, _ := late.shelf.Block(t.Context(), id)
	holder.shelf.put(id, data)
	holder.Stored(t.Context(), []ID{id})
	ask = message.New(false)
	ask.AddEntry(cidOf(ID{1}), 1, pb.Message_Wantlist_Block, true)
	other.send(holder.ID(), ask)
	other.expect("the answer to the other question", func(m received) bool {
		if len(m.blocks)+len(m.haves) > 0 {
			t.Error("the block was given")
		}
		return len(m.dontHaves) > 0 && m.dontHaves[0] == ID{1}
	})
}

// garbage answers every want with a block of random bytes.
func garbage(m received) message.BitSwapMessage {
	out := message.New(false)
	for _, w := range m.wants {
		switch {
		case w.cancel:
		case w.have:
			out.AddHave(cidOf(w.id))
		default:
			data := append([]byte("garbage"), w.id[:]...)
			b, err := blockformat.NewBlockWithCid(data, cidOf(sha256.Sum256(data)))
			if err != nil {
				panic(err)
			}
			out.AddBlock(b)
		}
	}
	return out
}

func TestB6APeerThatServesGarbageIsDroppedAndAnotherOneUsed(t *testing.T) {
	nodes := p2ptest.Members(t, 3)
	reader, good := exchangeOn(t, nodes[0]), exchangeOn(t, nodes[1])
	rawOn(t, nodes[2], garbage)
	ids := fill(80, good)
	p2ptest.Connect(t, nodes[0], nodes[2]) // the bad one is there first
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- reader.get(within(t, 60*time.Second), ids) }()
	reader.gone(t, "the bad one is shut out", nodes[2].ID())
	connect(t, reader, good)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("20 MiB beside garbage in %v", time.Since(began))
	if err := nodes[2].Connect(within(t, 10*time.Second), nodes[0].ID(), nodes[0].Addrs()); !errors.Is(err, p2p.ErrRefused) {
		t.Errorf("the bad one comes back: %v", err)
	}
}

func TestB6ASingleWrongBlockIsAskedOfAnotherPeerAtOnce(t *testing.T) {
	nodes := p2ptest.Members(t, 3)
	reader, good := exchangeOn(t, nodes[0]), exchangeOn(t, nodes[1])
	rawOn(t, nodes[2], garbage)
	p2ptest.Connect(t, nodes[0], nodes[2])
	p2ptest.Connect(t, nodes[0], nodes[1])
	ids := fill(2, good)
	if err := reader.get(within(t, 4*time.Second), ids); err != nil { // silence would be noticed after 4 s, bitswap's own patience is longer
		t.Fatal(err)
	}
}

func TestB9APeerThatPromisesAndIsSilentIsPassedOver(t *testing.T) {
	nodes := p2ptest.Members(t, 3)
	reader, good := exchangeOn(t, nodes[0]), exchangeOn(t, nodes[1])
	rawOn(t, nodes[2], func(m received) message.BitSwapMessage {
		out := message.New(false)
		for _, w := range m.wants {
			if !w.cancel {
				out.AddHave(cidOf(w.id))
			}
		}
		return out
	})
	p2ptest.Connect(t, nodes[0], nodes[2])
	p2ptest.Connect(t, nodes[0], nodes[1])
	began := time.Now()
	if err := reader.get(within(t, 60*time.Second), fill(16, good)); err != nil {
		t.Fatal(err)
	}
	t.Logf("beside a silent peer: %v", time.Since(began))
}

func TestB9TheOnlyPeerIsAskedAgainAfterItWasSilent(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the end of a pause: not with -short")
	}
	nodes := p2ptest.Members(t, 2)
	reader := exchangeOn(t, nodes[0])
	holder := &shelf{blocks: map[ID][]byte{}}
	awake := time.Now().Add(silence + 2*lookEvery)
	rawOn(t, nodes[1], func(m received) message.BitSwapMessage {
		out := message.New(false)
		for _, w := range m.wants {
			data, err := holder.Block(t.Context(), w.id)
			switch {
			case w.cancel || err != nil:
			case w.have:
				out.AddHave(cidOf(w.id))
			case time.Now().After(awake):
				if b, err := blockformat.NewBlockWithCid(data, cidOf(w.id)); err == nil {
					out.AddBlock(b)
				}
			}
		}
		return out
	})
	p2ptest.Connect(t, nodes[0], nodes[1])
	ids := fill(1, &device{shelf: holder})
	if err := reader.get(within(t, 60*time.Second), ids); err != nil {
		t.Fatal(err)
	}
}

func TestB9StreamsAreKeptAndGivenBack(t *testing.T) {
	all := devices(t, 2)
	connect(t, all[0], all[1])
	if err := all[0].get(within(t, 30*time.Second), fill(64, all[1])); err != nil {
		t.Fatal(err)
	}
	count := func(d *device) int {
		d.net.streams.mu.Lock()
		defer d.net.streams.mu.Unlock()
		n := 0
		for _, list := range d.net.streams.idle {
			n += len(list)
		}
		return n
	}
	until(t, "streams are kept", func() bool { return count(all[1]) > 0 })
	if n := count(all[1]); n > maxIdle {
		t.Errorf("%d streams are kept", n)
	}
	all[1].net.streams.sweep(time.Now().Add(streamIdle))
	if n := count(all[1]); n != 0 {
		t.Errorf("%d streams are left", n)
	}
	if err := all[0].get(within(t, 30*time.Second), fill(8, all[1])); err != nil {
		t.Fatalf("with new streams: %v", err)
	}
	all[0].Disconnect(all[1].ID())
	until(t, "the streams to a peer that is gone are forgotten", func() bool { return count(all[1]) == 0 && count(all[0]) == 0 })
}

func TestB8StrangersHaveNoSuchProtocol(t *testing.T) {
	holder := exchangeOn(t, p2ptest.Start(t))
	stranger := p2ptest.Start(t)
	stranger.Gate.Allow(holder.ID())
	asking := rawOn(t, stranger, nil)
	if err := stranger.Connect(within(t, 10*time.Second), holder.ID(), holder.Addrs()); !errors.Is(err, p2p.ErrRefused) {
		t.Fatalf("a stranger without invitation: %v", err)
	}
	holder.Gate.SetLobby(true)
	if err := stranger.Connect(within(t, 10*time.Second), holder.ID(), holder.Addrs()); err != nil {
		t.Fatal(err)
	}
	id := fill(1, holder)[0]
	ask := message.New(true)
	ask.AddEntry(cidOf(id), 1, pb.Message_Wantlist_Block, true)
	data, err := encode(ask)
	if err != nil {
		t.Fatal(err)
	}
	s, err := stranger.Open(within(t, 10*time.Second), holder.ID(), Protocol)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.Write(data); err == nil {
		_, err = s.Read(make([]byte, 1))
	}
	if err == nil {
		t.Error("the stranger's stream is served")
	}
	select {
	case m := <-asking.messages:
		t.Errorf("the stranger got %+v", m)
	default:
	}
	if holder.shelf.reads.Load() != 0 {
		t.Error("a block was read for a stranger")
	}
}

func BenchmarkGet(b *testing.B) {
	for _, peers := range []int{1, 2} {
		b.Run(map[int]string{1: "from one", 2: "from two"}[peers], func(b *testing.B) {
			all := devices(b, peers+1)
			for _, d := range all[1:] {
				connect(b, all[0], d)
			}
			ids := fill(400, all[1:]...)
			b.SetBytes(int64(len(ids)) * MaxBlock)
			for b.Loop() {
				if err := all[0].Get(b.Context(), ids, func(ID, []byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
