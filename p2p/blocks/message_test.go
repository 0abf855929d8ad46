package blocks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	blockformat "github.com/ipfs/go-block-format"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

// body is a message without the length in front.
func body(t testing.TB, m message.BitSwapMessage) []byte {
	t.Helper()
	data, err := encode(m)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := wire.NewReader(bytes.NewReader(data), 0).ReadFrame(wire.MaxFrame)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func sample(t testing.TB) message.BitSwapMessage {
	t.Helper()
	m := message.New(true)
	m.AddEntry(cidOf(ID{1}), 7, pb.Message_Wantlist_Block, true)
	m.AddEntry(cidOf(ID{2}), 6, pb.Message_Wantlist_Have, false)
	m.Cancel(cidOf(ID{3}))
	m.AddHave(cidOf(ID{4}))
	m.AddDontHave(cidOf(ID{5}))
	m.SetPendingBytes(9)
	b, err := blockformat.NewBlockWithCid([]byte("data"), cidOf(sha256.Sum256([]byte("data"))))
	if err != nil {
		t.Fatal(err)
	}
	m.AddBlock(b)
	return m
}

func TestB1OurMessagesAreBitswaps(t *testing.T) {
	want := sample(t)
	got, err := decode(body(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if again := body(t, got.bitswap()); len(again) != len(body(t, want)) {
		t.Errorf("written again: %d bytes, want %d", len(again), len(body(t, want)))
	}
	if len(got.wants) != 3 || !got.full || got.pending != 9 || !slices.Equal(got.haves, []ID{{4}}) || !slices.Equal(got.dontHaves, []ID{{5}}) ||
		string(got.blocks[sha256.Sum256([]byte("data"))]) != "data" {
		t.Errorf("got %+v", got)
	}
	for _, w := range got.wants {
		switch w.id {
		case ID{1}:
			if w.have || w.cancel || !w.sendDontHave || w.priority != 7 {
				t.Errorf("got %+v", w)
			}
		case ID{2}:
			if !w.have || w.sendDontHave {
				t.Errorf("got %+v", w)
			}
		case ID{3}:
			if !w.cancel {
				t.Errorf("got %+v", w)
			}
		}
	}
	ask := message.New(false)
	ask.AddEntry(cidOf(ID{0xab}), 1, pb.Message_Wantlist_Block, true)
	const golden = "0a2c0a2a0a2401551220" + "ab00000000000000000000000000000000000000000000000000000000000000" + "10012801"
	if text := hex.EncodeToString(body(t, ask)); text != golden {
		t.Errorf("the message of the page is %s", text)
	}
}

func TestB2BlocksAreNamedByTheirBytes(t *testing.T) {
	largest := bytes.Repeat([]byte{1}, MaxBlock)
	raw, err := proto.Marshal(&pb.Message{Payload: []*pb.Message_Block{{Prefix: []byte(cidPrefix), Data: largest}}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := decode(raw)
	if err != nil || len(m.blocks[sha256.Sum256(largest)]) != MaxBlock {
		t.Errorf("the largest block: %d, %v", len(m.blocks), err)
	}
	raw, err = proto.Marshal(&pb.Message{Payload: []*pb.Message_Block{{Prefix: []byte(cidPrefix), Data: append(largest, 1)}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(raw); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("a larger block: %v", err)
	}
}

func many[T any](n int, one T) []T { return slices.Repeat([]T{one}, n) }

func TestB3Breaches(t *testing.T) {
	good := cidOf(ID{1}).Bytes()
	entry := &pb.Message_Wantlist_Entry{Block: good}
	presence := &pb.Message_BlockPresence{Cid: good}
	block := &pb.Message_Block{Prefix: []byte(cidPrefix), Data: []byte("x")}
	for what, m := range map[string]*pb.Message{
		"513 wants":              {Wantlist: &pb.Message_Wantlist{Entries: many(maxEntries+1, entry)}},
		"513 haves":              {BlockPresences: many(maxPresences+1, presence)},
		"65 blocks":              {Payload: many(maxPayloads+1, block)},
		"an old block":           {Blocks: [][]byte{[]byte("x")}},
		"a want of nothing":      {Wantlist: &pb.Message_Wantlist{Entries: []*pb.Message_Wantlist_Entry{{}}}},
		"a want of another kind": {Wantlist: &pb.Message_Wantlist{Entries: []*pb.Message_Wantlist_Entry{{Block: append([]byte{1, 0x70}, good[2:]...)}}}},
		"a want of a long name":  {Wantlist: &pb.Message_Wantlist{Entries: []*pb.Message_Wantlist_Entry{{Block: append(slices.Clone(good), 1)}}}},
		"news of nothing":        {BlockPresences: []*pb.Message_BlockPresence{{}}},
		"another hash":           {Payload: []*pb.Message_Block{{Prefix: []byte("\x01\x55\x1e\x20"), Data: []byte("x")}}},
		"the identity hash":      {Payload: []*pb.Message_Block{{Prefix: []byte("\x01\x55\x00\x20"), Data: make([]byte, 32)}}},
		"a block without prefix": {Payload: []*pb.Message_Block{{Data: []byte("x")}}},
	} {
		raw, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(raw); !wire.IsFault(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, m := range map[string]*pb.Message{
		"512 wants": {Wantlist: &pb.Message_Wantlist{Entries: many(maxEntries, entry)}},
		"512 haves": {BlockPresences: many(maxPresences, presence)},
		"64 blocks": {Payload: many(maxPayloads, block)},
		"nothing":   {},
	} {
		raw, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(raw); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, raw := range map[string][]byte{
		"more bytes than allowed": make([]byte, maxMessage+1),
		"a cut field":             {0x0a, 0x05, 0x01},
		"a field of no type":      {0x0f},
		"field number zero":       {0x02, 0x00},
		"a cut want":              nested(1, nested(1, append(nested(1, good), cut...))),
		"a cut list of wants":     nested(1, append(nested(1, nested(1, good)), cut...)),
		"a cut block":             nested(3, append(append(nested(1, []byte(cidPrefix)), nested(2, []byte("x"))...), cut...)),
		"cut news":                nested(4, append(nested(1, good), cut...)),
	} {
		if _, err := decode(raw); !wire.IsFault(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := decode(nested(99, make([]byte, maxMessage))); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("too much of what nobody knows: %v", err)
	}
	if _, err := decode(nested(99, make([]byte, maxMessage-8))); err != nil {
		t.Errorf("as much as may be: %v", err)
	}
}

// cut is the beginning of a field; nested is one of bytes.
var cut = []byte{0x2a, 0x05, 0x01}

func nested(number protowire.Number, data []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), data)
}

func TestB3OurMessagesStayBelowTheLimits(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	d := exchangeOn(t, nodes[0])
	other := rawOn(t, nodes[1], nil) // refuses what is over a limit
	p2ptest.Connect(t, nodes[0], nodes[1])
	large := message.New(false) // bitswap's server makes such ones
	for _, id := range fill(9, d) {
		data, _ := d.shelf.Block(t.Context(), id)
		b, err := blockformat.NewBlockWithCid(data, cidOf(id))
		if err != nil {
			t.Fatal(err)
		}
		large.AddBlock(b)
	}
	large.AddHave(cidOf(ID{1}))
	if err := d.net.SendMessage(t.Context(), d.peerOf(nodes[1]), large); err != nil {
		t.Fatal(err)
	}
	blocks, haves := 0, 0
	other.expect("nine blocks and a have", func(m received) bool {
		blocks += len(m.blocks)
		haves += len(m.haves)
		return blocks == 9 && haves == 1
	})
}

func TestB3BreachesCostTheConnection(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	d := exchangeOn(t, nodes[0])
	bad := rawOn(t, nodes[1], nil)
	p2ptest.Connect(t, nodes[0], nodes[1])
	for range 10 {
		bad.sendBytes(d.ID(), []byte{0x03, 0x0a, 0x05, 0x01})
	}
	d.gone(t, "ten breaches end the connection", nodes[1].ID())
}

func TestB4AFloodOfWantsIsBounded(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	d := exchangeOn(t, nodes[0])
	greedy := rawOn(t, nodes[1], nil)
	p2ptest.Connect(t, nodes[0], nodes[1])
	sent := 0
	for part := range 8 {
		m := message.New(false)
		for n := range maxEntries {
			m.AddEntry(cidOf(ID{byte(part), byte(n), byte(n >> 8), 1}), int32(n+1), pb.Message_Wantlist_Block, false)
			sent++
		}
		greedy.send(d.ID(), m)
	}
	until(t, "all messages are read", func() bool { return d.net.received.Load() == 8 })
	until(t, "wants are remembered", func() bool { return len(d.server.WantlistForPeer(d.peerOf(nodes[1]))) > 0 })
	if n := len(d.server.WantlistForPeer(d.peerOf(nodes[1]))); n > maxWants {
		t.Errorf("%d of %d wants are remembered", n, sent)
	}
	d.net.waits.mu.Lock()
	if n := len(d.net.waits.order); n > maxWaits {
		t.Errorf("%d waits", n)
	}
	d.net.waits.mu.Unlock()

	// Who asks whether a block is here does not get the block.
	id := fill(1, d)[0]
	small := []byte("small")
	tiny := ID(sha256.Sum256(small))
	d.shelf.put(tiny, small)
	m := message.New(false)
	m.AddEntry(cidOf(id), 1<<20, pb.Message_Wantlist_Have, true) // more urgent than the flood
	m.AddEntry(cidOf(tiny), 1<<20, pb.Message_Wantlist_Have, true)
	greedy.send(d.ID(), m)
	haves := 0
	greedy.expect("two haves", func(m received) bool {
		if len(m.blocks) > 0 {
			t.Error("a block for a have")
		}
		haves += len(m.haves)
		return haves == 2
	})
}

// checkFrame: what is accepted keeps the limits and is accepted again.
func checkFrame(t testing.TB, raw []byte) {
	m, err := decode(raw)
	if err != nil {
		if !wire.IsFault(err) {
			t.Fatalf("%x: %v is nobody's fault", raw, err)
		}
		return
	}
	if len(m.wants) > maxEntries || len(m.blocks) > maxPayloads || len(m.haves)+len(m.dontHaves) > maxPresences {
		t.Fatalf("%x is over the limits", raw)
	}
	for id, data := range m.blocks {
		if sha256.Sum256(data) != [32]byte(id) || len(data) > MaxBlock {
			t.Fatalf("%x: a block with a wrong name or size", raw)
		}
	}
	again, err := decode(body(t, m.bitswap()))
	if err != nil || len(again.blocks) != len(m.blocks) {
		t.Fatalf("%x is not accepted again: %v", raw, err)
	}
}

func TestB3TenThousandMutatedMessages(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 11))
	start := body(t, sample(t))
	began := time.Now()
	for range 10_000 {
		raw := slices.Clone(start)
		for range 1 + random.IntN(6) {
			at := random.IntN(len(raw))
			switch random.IntN(4) {
			case 0:
				raw[at] ^= 1 << random.IntN(8)
			case 1:
				raw[at] = byte(random.IntN(256))
			case 2:
				raw = slices.Delete(raw, at, min(len(raw), at+1+random.IntN(9)))
			default:
				raw = slices.Insert(raw, at, start[:random.IntN(len(start))]...)
			}
			if len(raw) == 0 {
				raw = []byte{0}
			}
		}
		checkFrame(t, raw)
	}
	t.Logf("10,000 in %v", time.Since(began))
}

func FuzzMessage(f *testing.F) {
	f.Add(body(f, sample(f)))
	f.Fuzz(func(t *testing.T, raw []byte) { checkFrame(t, raw) })
}
