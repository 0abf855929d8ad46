package gossip

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"parvis/p2p"
	psync "parvis/p2p/sync"
)

func samples(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, m := range map[string]Message{
		"envelope": {Envelope: []byte("envelope")},
		"position": {Position: psync.Position{Feed: psync.Feed{Space: [16]byte{1}, Device: [32]byte{2}}, Seq: 3, ID: [32]byte{4}}},
	} {
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		out[name] = data
	}
	return out
}

// The bytes of both messages.
func TestG4MessagesKeepTheirBytes(t *testing.T) {
	want := map[string]string{
		"envelope": "83010148656e76656c6f7065",
		"position": "8601025001000000000000000000000000000000" +
			"58200200000000000000000000000000000000000000000000000000000000000000" + "03" +
			"58200400000000000000000000000000000000000000000000000000000000000000",
	}
	for name, data := range samples(t) {
		if got := hex.EncodeToString(data); got != want[name] {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// What is not a message of this version is refused, or ignored if it is newer.
func TestG4BadMessages(t *testing.T) {
	check := func([16]byte, []byte) p2p.Verdict { return p2p.VerdictAccept }
	m := New(Config{Check: check})
	large, err := Message{Envelope: make([]byte, MaxEnvelope)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Message{Envelope: make([]byte, MaxEnvelope+1)}).Encode(); !errors.Is(err, ErrMalformed) {
		t.Errorf("an envelope above 64 KiB: %v", err)
	}
	s := samples(t)
	cases := []struct {
		name string
		data []byte
		want p2p.Verdict
	}{
		{"envelope", s["envelope"], p2p.VerdictAccept},
		{"largest envelope", large, p2p.VerdictAccept},
		{"position", s["position"], p2p.VerdictAccept},
		{"nothing", nil, p2p.VerdictReject},
		{"newer", []byte{0x83, 0x02, 0x01, 0x41, 0x01}, p2p.VerdictIgnore},
		{"kind 3", []byte{0x83, 0x01, 0x03, 0x41, 0x01}, p2p.VerdictReject},
		{"empty envelope", []byte{0x83, 0x01, 0x01, 0x40}, p2p.VerdictReject},
		{"null envelope", []byte{0x83, 0x01, 0x01, 0xf6}, p2p.VerdictReject},
		{"trailing byte", append(bytes.Clone(s["envelope"]), 0), p2p.VerdictReject},
		{"cut", s["position"][:40], p2p.VerdictReject},
		{"too long", append(bytes.Clone(large), make([]byte, 64)...), p2p.VerdictReject},
	}
	for _, c := range cases {
		if got := m.check([16]byte{1}, p2p.Gossip{Data: c.data}); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if got := m.check([16]byte{2}, p2p.Gossip{Data: s["position"]}); got != p2p.VerdictReject {
		t.Errorf("a position in the topic of another space: got %v", got)
	}
}

// The caller's check decides about envelopes; a panic in it is a rejection.
func TestG5CallerChecksEnvelopes(t *testing.T) {
	for _, want := range []p2p.Verdict{p2p.VerdictAccept, p2p.VerdictIgnore, p2p.VerdictReject} {
		m := New(Config{Check: func(space [16]byte, e []byte) p2p.Verdict {
			if space != [16]byte{1} || string(e) != "envelope" {
				panic("wrong arguments")
			}
			return want
		}})
		if got := m.check([16]byte{1}, p2p.Gossip{Data: samples(t)["envelope"]}); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		if got := m.check([16]byte{2}, p2p.Gossip{Data: samples(t)["envelope"]}); got != p2p.VerdictReject {
			t.Errorf("after a panic: got %v", got)
		}
	}
}

func checkDecode(t *testing.T, data []byte) {
	m, err := Decode(data)
	if err != nil {
		return
	}
	if again, err := m.Encode(); err != nil || !bytes.Equal(again, data) {
		t.Fatalf("accepted %x, which is %x (%v)", data, again, err)
	}
}

// 10,000 damaged messages neither panic nor pass as something else.
func TestG4DamagedMessages(t *testing.T) {
	var all [][]byte
	for _, data := range samples(t) {
		all = append(all, data)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 10_000 {
		data := bytes.Clone(all[r.IntN(len(all))])
		for range 1 + r.IntN(4) {
			i := r.IntN(len(data))
			switch r.IntN(3) {
			case 0:
				data[i] ^= 1 << r.IntN(8)
			case 1:
				data = append(data[:i:i], append([]byte{byte(r.Uint32())}, data[i:]...)...)
			case 2:
				data = data[:max(i, 1)]
			}
		}
		checkDecode(t, data)
	}
}

func FuzzDecode(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data)
	}
	f.Fuzz(checkDecode)
}
