package member

import (
	"encoding/base64"
	"errors"
	"flag"
	"strings"
	"testing"
	"testing/cryptotest"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

var update = flag.Bool("update", false, "write the test vectors again")

// leastInvalid is how many invalid vectors every structure has at least.
const leastInvalid = 20

// vector is one encoding with the verdict it must get.
type vector struct {
	Name    string
	Rules   string
	Raw     sealtest.Hex
	Outcome string
	Reason  string `json:",omitempty"`
}

// judge says what an error means in a vector.
func judge(err error) (outcomeText, reason string) {
	var fault *seal.Fault
	switch {
	case errors.Is(err, ErrLinkNewer):
		return "newer", ""
	case errors.Is(err, ErrLinkBroken):
		return "broken", ""
	case errors.As(err, &fault):
		return outcome(err).String(), fault.Reason
	case err != nil:
		return "error", err.Error()
	}
	return "ok", ""
}

// maker collects the vectors of one structure.
type maker struct {
	*testing.T
	rules string
	judge func([]byte) error
	list  []vector
}

// add notes an encoding with the verdict it gets now; the reviewed file is what
// later runs are compared with.
func (m *maker) add(name string, raw []byte) {
	o, reason := judge(m.judge(raw))
	m.list = append(m.list, vector{Name: name, Rules: m.rules, Raw: raw, Outcome: o, Reason: reason})
}

func encode[T any](t testing.TB, v T) []byte {
	t.Helper()
	raw, err := seal.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// malform adds the encodings near raw that no decoder takes, and versions 0 and
// 2; wrap puts each into its signature or seal.
func (m *maker) malform(raw []byte, wrap func([]byte) []byte) {
	for _, bad := range malformed(m, raw) {
		m.add(bad.Name, wrap(bad.Raw))
	}
}

func malformed(t testing.TB, raw []byte) []sealtest.Malformed {
	two := append([]byte{raw[0], 2}, raw[2:]...)
	list := []sealtest.Malformed{
		{Name: "version 0", Raw: append([]byte{raw[0], 0}, raw[2:]...)},
		{Name: "version 2", Raw: two},
		{Name: "version 24", Raw: append([]byte{raw[0], 0x18, 24}, raw[2:]...)},
		{Name: "version 256", Raw: append([]byte{raw[0], 0x19, 1, 0}, raw[2:]...)},
		{Name: "version 2 with an element more", Raw: append(append([]byte{raw[0] + 1}, two[1:]...), 0)},
		{Name: "version 2 cut off", Raw: two[:len(two)-1]},
	}
	for _, bad := range sealtest.Malform(t, raw) {
		// Of long structures fewer, to keep the files small.
		if strings.HasSuffix(bad.Name, "undefined") || strings.HasSuffix(bad.Name, "a map") || len(raw) > 1000 && strings.HasSuffix(bad.Name, "a float") {
			continue
		}
		list = append(list, bad)
	}
	return list
}

func same(raw []byte) []byte { return raw }

// checkVectors runs the vectors of a file.
func checkVectors(t *testing.T, name, rules string, judgeRaw func([]byte) error, fill func(*maker)) {
	t.Helper()
	list := sealtest.Golden(t, "testdata/"+name+".json", *update, func() []vector {
		cryptotest.SetGlobalRandom(t, 1)
		m := &maker{T: t, rules: rules, judge: judgeRaw}
		fill(m)
		return m.list
	})
	invalid := 0
	for _, v := range list {
		t.Run(v.Rules+" "+name+": "+v.Name, func(t *testing.T) {
			if o, reason := judge(judgeRaw(v.Raw)); o != v.Outcome || reason != v.Reason {
				t.Errorf("got %s %q, want %s %q", o, reason, v.Outcome, v.Reason)
			}
		})
		if v.Outcome != "ok" {
			invalid++
		}
	}
	if invalid < leastInvalid {
		t.Errorf("%s: %d invalid vectors, want at least %d", name, invalid, leastInvalid)
	}
}

func TestLinkVectors(t *testing.T) {
	judgeLink := func(raw []byte) error {
		_, err := ParseLink(string(raw))
		return err
	}
	checkVectors(t, "link", "M1 M8", judgeLink, func(m *maker) {
		text := func(raw []byte) []byte { return []byte(linkPrefix + base64.RawURLEncoding.EncodeToString(raw)) }
		good := sampleLink(1)
		m.add("right", []byte(good.String()))
		m.add("for a QR code", []byte(good.QR()))
		m.add("no peers", []byte(Link{WS: seal.ID{1}}.String()))
		m.malform(good.bytes(), text)
		wire := wireLink{V: 1, WS: seal.ID{1}, Peers: []wirePeer{{Peer: people()[0].keys.PeerPublic(), Addrs: [][]byte{[]byte("a")}}}}
		change := func(name string, edit func(*wireLink)) {
			w := wire
			w.Peers = append([]wirePeer(nil), wire.Peers...)
			edit(&w)
			m.add(name, text(encode(t, w)))
		}
		change("mode 2", func(w *wireLink) { w.Mode = 2 })
		change("four peers", func(w *wireLink) { w.Peers = append(w.Peers, w.Peers[0], w.Peers[0], w.Peers[0]) })
		change("seven addresses", func(w *wireLink) { w.Peers[0].Addrs = make([][]byte, 7) })
		change("an empty address", func(w *wireLink) { w.Peers[0].Addrs = [][]byte{{}} })
		change("an address of 129 bytes", func(w *wireLink) { w.Peers[0].Addrs = [][]byte{make([]byte, 129)} })
		change("a peer that is no key", func(w *wireLink) { w.Peers[0].Peer = seal.ID{2} })
		change("longer than any", func(w *wireLink) {
			w.Peers[0].Addrs = [][]byte{make([]byte, 128), make([]byte, 128), make([]byte, 128), make([]byte, 128)}
		})
		m.add("padded", append(text(good.bytes()), '='))
		m.add("another scheme", []byte("https://join#"+base64.RawURLEncoding.EncodeToString(good.bytes())))
		m.add("QR form in small letters", []byte(strings.ToLower(good.QR())))
		m.add("QR form with a letter more", []byte(good.QR()+"A"))
		m.add("prefix alone", []byte(linkPrefix))
	})
}

func TestDeviceRecordVectors(t *testing.T) {
	h, g := people()[0], spares()[0]
	judgeRecord := func(raw []byte) error {
		_, err := ParseDeviceRecord(raw, h.person)
		return err
	}
	good, raw, err := NewDeviceRecord(g.keys, g.kem.Public(), 1, 2, h.person)
	if err != nil {
		t.Fatal(err)
	}
	checkVectors(t, "device_record", "M1 M3 M4", judgeRecord, func(m *maker) {
		m.add("right", raw)
		m.malform(raw, same)
		// signed changes a field and proves the keys again.
		signed := func(name string, edit func(*DeviceRecord)) {
			r := good
			edit(&r)
			proven, err := r.proven(h.person[:])
			if err != nil {
				t.Fatal(err)
			}
			r.PopSign = g.keys.Sign.Sign(labelPossession, proven)
			r.PopPeer = seal.NewSignKey(g.keys.PeerSeed).Sign(labelPossession, proven)
			m.add(name, encode(t, r))
		}
		signed("one key for both", func(r *DeviceRecord) { r.PeerPK = r.SignPK })
		signed("signing key of small order", func(r *DeviceRecord) { r.SignPK = seal.ID{1} })
		signed("peer key that is no point", func(r *DeviceRecord) { r.PeerPK = seal.ID{2} })
		signed("another algorithm", func(r *DeviceRecord) { r.KEM = 0x20 })
		signed("encryption key too short", func(r *DeviceRecord) { r.KEMPK = r.KEMPK[1:] })
		signed("encryption key of ones", func(r *DeviceRecord) { r.KEMPK = []byte(strings.Repeat("\xff", seal.KEMPublicSize)) })
		signed("generation 1", func(r *DeviceRecord) { r.KEMGen = 1 })
		signed("number -1", func(r *DeviceRecord) { r.Idx = -1 })
		signed("number 1024", func(r *DeviceRecord) { r.Idx = 1024 })
		signed("number 1023", func(r *DeviceRecord) { r.Idx = 1023 })
		change := func(name string, edit func(*DeviceRecord)) {
			r := good
			edit(&r)
			m.add(name, encode(t, r))
		}
		change("proof of the signing key changed", func(r *DeviceRecord) { r.PopSign = append([]byte{1}, r.PopSign[1:]...) })
		change("proof of the peer key changed", func(r *DeviceRecord) { r.PopPeer = append([]byte{1}, r.PopPeer[1:]...) })
		change("proofs swapped", func(r *DeviceRecord) { r.PopSign, r.PopPeer = r.PopPeer, r.PopSign })
		change("platform changed", func(r *DeviceRecord) { r.Platform++ })
		_, foreign, _ := NewDeviceRecord(g.keys, g.kem.Public(), 1, 2, people()[1].person)
		m.add("made for another person", foreign)
		m.add("first device of a person", func() []byte {
			_, raw, _ := newDeviceRecord(g.keys, g.kem.Public(), 0, 2, make([]byte, 16))
			return raw
		}())
		m.add("longer than any", make([]byte, MaxDeviceRecord+1))
	})
}

func TestPersonGenesisVectors(t *testing.T) {
	h := people()[0]
	judgeGenesis := func(raw []byte) error {
		_, _, err := ParsePersonGenesis(raw)
		return err
	}
	good, _, err := ParsePersonGenesis(h.genesis)
	if err != nil {
		t.Fatal(err)
	}
	checkVectors(t, "person_genesis", "M1 M3 M5", judgeGenesis, func(m *maker) {
		m.add("right", h.genesis)
		m.malform(h.genesis, same)
		change := func(name string, edit func(*PersonGenesis)) {
			g := good
			edit(&g)
			m.add(name, encode(t, g))
		}
		change("no recovery key", func(g *PersonGenesis) { g.Recovery = nil })
		change("another nonce", func(g *PersonGenesis) { g.Nonce[0]++ })
		change("recovery key of small order", func(g *PersonGenesis) { g.Recovery = &seal.ID{1} })
		sign, peer := h.id(), h.keys.PeerPublic()
		change("recovery key is the device's", func(g *PersonGenesis) { g.Recovery = &sign })
		change("recovery key is the peer's", func(g *PersonGenesis) { g.Recovery = &peer })
		change("device record cut off", func(g *PersonGenesis) { g.Device0 = g.Device0[:len(g.Device0)-1] })
		_, second, err := newDeviceRecord(h.keys, h.kem.Public(), 1, 1, good.Nonce[:])
		if err != nil {
			t.Fatal(err)
		}
		change("first device is number 1", func(g *PersonGenesis) { g.Device0 = second })
		m.add("longer than any", make([]byte, MaxPersonGenesis+1))
	})
}
