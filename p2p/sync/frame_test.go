package sync

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"parvis/p2p"
)

var update = flag.Bool("update", false, "write the golden file again")

// samples are one or more frames of every kind.
func samples(t testing.TB) map[string]Frame {
	key := func(n byte) (k [32]byte) { k[0], k[31] = n, n; return k }
	peer, err := p2p.PeerIDOf([32]byte{0: 0x58, 1: 0x66, 31: 0x66})
	if err != nil {
		t.Fatal(err)
	}
	position := Position{feedOf(1, 2), 300, key(3)}
	return map[string]Frame{
		"hello-empty": Hello{Workspace: key(9)},
		"hello":       Hello{Workspace: key(9), Heads: [][32]byte{key(1), key(2)}, Feeds: []Position{position}, Links: [][32]byte{key(4)}},
		"have":        HaveDelta{Handled: 7, Heads: [][32]byte{key(5)}, Known: []Known{{0, 301, key(6)}}, Fresh: []Position{position}},
		"have-ack":    HaveDelta{Handled: 1 << 40},
		"links":       Links{[][32]byte{key(4), key(5)}},
		"objects":     Objects{Batch{Entries: [][]byte{{1}}, Blobs: [][]byte{{2, 2}}, Envelopes: [][]byte{bytes.Repeat([]byte{3}, 30)}}},
		"addrs-empty": Addrs{},
		"addrs":       Addrs{[]PeerAddrs{{peer, []string{"/ip4/192.0.2.1/udp/4001/quic-v1"}}}},
		"live":        Live{[]byte("typing")},
		"bye":         Bye{CodeUnknown},
	}
}

// The bytes of every frame are those of the golden file.
func TestY3FramesKeepTheirBytes(t *testing.T) {
	const file = "testdata/frames.golden"
	var lines []string
	for name, f := range samples(t) {
		data, err := EncodeFrame(f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lines = append(lines, name+" "+hex.EncodeToString(data))
		back, err := DecodeFrame(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again, _ := EncodeFrame(back); !bytes.Equal(again, data) {
			t.Errorf("%s: got %x, want %x", name, again, data)
		}
	}
	if *update {
		slices.Sort(lines)
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if !strings.Contains(string(golden), l+"\n") {
			t.Errorf("not in %s: %s", file, l)
		}
	}
}

// What is beyond the limits or in another encoding is refused.
func TestY4BadFramesAreRefused(t *testing.T) {
	enc := func(f Frame) []byte {
		data, err := EncodeFrame(f)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	many := func(n int) [][32]byte { return make([][32]byte, n) }
	good := enc(Links{many(2)})
	cases := map[string][]byte{
		"nothing":            {},
		"one byte":           {0x81},
		"no array":           {0x01, 0x01},
		"kind 0":             {0x81, 0x00},
		"kind 9":             {0x82, 0x09, 0x80},
		"longer integer":     {0x82, 0x18, 0x07, 0x01},
		"trailing byte":      append(bytes.Clone(good), 0),
		"cut":                good[:len(good)-1],
		"element missing":    {0x82, byte(kindHave), 0x01},
		"null list":          {0x82, byte(kindLinks), 0xf6},
		"null body":          {0x82, byte(kindLive), 0xf6},
		"indefinite list":    {0x82, byte(kindLinks), 0x9f, 0xff},
		"short id":           {0x82, byte(kindLinks), 0x81, 0x41, 0x01},
		"empty window":       enc(Objects{}),
		"empty object":       enc(Objects{Batch{Envelopes: [][]byte{{}}}}),
		"513 objects":        enc(Objects{Batch{Envelopes: manyBytes(MaxObjects + 1)}}),
		"hint of 4097 bytes": enc(Live{make([]byte, MaxLive+1)}),
		"513 links":          enc(Links{many(MaxLinks + 1)}),
		"65 heads":           enc(Hello{Heads: many(MaxHeads + 1)}),
		"4097 feeds":         enc(Hello{Feeds: make([]Position, MaxFeeds+1)}),
		"other version":      {0x86, byte(kindHello), 0x02},
	}
	for name, data := range cases {
		f, err := DecodeFrame(data)
		want := ErrMalformed
		if name == "other version" {
			want = ErrVersion
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: got %v, %v; want %v", name, f, err, want)
		}
	}
	if _, err := EncodeFrame(Objects{Batch{Blobs: [][]byte{make([]byte, MaxFrame)}}}); err == nil {
		t.Error("a frame above 2 MiB was made")
	}
	if data, err := EncodeFrame(Addrs{[]PeerAddrs{{Peer: "nobody"}}}); err == nil || data != nil {
		t.Errorf("the address of nobody: %x, %v", data, err)
	}
}

func manyBytes(n int) (out [][]byte) {
	for range n {
		out = append(out, []byte{1})
	}
	return out
}

// checkDecode fails if bytes are accepted that no encoder makes.
func checkDecode(t *testing.T, data []byte) {
	f, err := DecodeFrame(data)
	if err != nil {
		return
	}
	again, err := EncodeFrame(f)
	if err != nil || !bytes.Equal(again, data) {
		t.Fatalf("accepted %x, which is %x (%v)", data, again, err)
	}
}

// 10,000 damaged frames neither panic nor pass as something else.
func TestY4DamagedFrames(t *testing.T) {
	var all [][]byte
	for _, f := range samples(t) {
		data, err := EncodeFrame(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("seed %d: %v", seed, p))
		}
	}()
	for range 10_000 {
		checkDecode(t, mutate(r, bytes.Clone(all[r.IntN(len(all))])))
	}
}

// mutate damages 1 to 4 places.
func mutate(r *rand.Rand, data []byte) []byte {
	for range 1 + r.IntN(4) {
		if len(data) == 0 {
			return []byte{byte(r.Uint32())}
		}
		i := r.IntN(len(data))
		switch r.IntN(5) {
		case 0:
			data[i] ^= 1 << r.IntN(8)
		case 1:
			data[i] = byte(r.Uint32())
		case 2:
			data = data[:i]
		case 3:
			data = append(data[:i:i], append([]byte{byte(r.Uint32())}, data[i:]...)...)
		case 4:
			copy(data[i:], data[r.IntN(len(data)):])
		}
	}
	return data
}

func FuzzDecodeFrame(f *testing.F) {
	for _, s := range samples(f) {
		data, err := EncodeFrame(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(checkDecode)
}
