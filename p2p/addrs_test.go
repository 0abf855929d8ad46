package p2p

import (
	"crypto/ed25519"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

func TestW1PeerIDsNameEd25519Keys(t *testing.T) {
	n := New(Config{Seed: [32]byte{7}})
	pub := [32]byte(ed25519.NewKeyFromSeed(n.cfg.Seed[:]).Public().(ed25519.PublicKey))
	id, err := PeerIDOf(pub)
	if err != nil || id != n.ID() || !strings.HasPrefix(string(id), "12D3KooW") {
		t.Fatalf("id %s, %v", id, err)
	}
	if back, err := id.PublicKey(); err != nil || back != pub {
		t.Errorf("public key %x, %v", back, err)
	}
	_, rsaKey, err := crypto.GenerateRSAKeyPair(2048, randomBytes{})
	if err != nil {
		t.Fatal(err)
	}
	rsaID, err := peer.IDFromPublicKey(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	_, secp, err := crypto.GenerateSecp256k1Key(randomBytes{})
	if err != nil {
		t.Fatal(err)
	}
	secpID, err := peer.IDFromPublicKey(secp)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty": "", "not base58": "0OIl", "cut": string(id[:len(id)-3]), "long": strings.Repeat("1", 10_000),
		"RSA": rsaID.String(), "secp256k1": secpID.String(), "as CID": peer.ToCid(n.id).String(),
	} {
		t.Run("W1 "+name, func(t *testing.T) {
			if _, err := PeerID(bad).PublicKey(); err == nil {
				t.Errorf("%q was taken", bad)
			}
		})
	}
}

// randomBytes is a fixed stream of random bytes: the keys of this test do not matter.
type randomBytes struct{}

func (randomBytes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(rand.Uint32())
	}
	return len(p), nil
}

func TestW5OnlyPlainAddressesAreKept(t *testing.T) {
	good := []string{
		"/ip4/192.0.2.1/udp/4001/quic-v1", "/ip4/127.0.0.1/tcp/4001", "/ip6/2001:db8::1/tcp/443",
		"/dns/example.org/tcp/4001", "/dns4/example.org/udp/1/quic-v1", "/dns6/example.org/tcp/1",
	}
	for _, a := range good {
		if got := CleanAddrs([]string{a}); !slices.Equal(got, []string{a}) {
			t.Errorf("%s became %v", a, got)
		}
	}
	bad := []string{
		"", "x", "/", "/ip4", "/ip4/192.0.2.1", "/ip4/192.0.2.1/udp/4001", "/ip4/192.0.2.1/udp/4001/quic",
		"/ip4/192.0.2.1/tcp/4001/ws", "/ip4/192.0.2.1/tcp/4001/tls/ws", "/ip4/192.0.2.1/udp/1/quic-v1/webtransport",
		"/dnsaddr/example.org", "/dnsaddr/example.org/tcp/1", "/unix/tmp/socket", "/ip4/192.0.2.1/tcp/70000",
		"/ip4/192.0.2.1/tcp/4001/p2p/" + string(New(Config{}).ID()),
		"/ip4/192.0.2.1/tcp/1/p2p/" + string(New(Config{}).ID()) + "/p2p-circuit",
		"/dns/" + strings.Repeat("a", 120) + ".org/tcp/4001", "/ip6zone/eth0/ip6/fe80::1/tcp/1",
	}
	for _, a := range bad {
		if got := CleanAddrs([]string{a}); len(got) != 0 {
			t.Errorf("%s was kept as %v", a, got)
		}
	}
	t.Run("W5 at most six, no repeats", func(t *testing.T) {
		many := append(slices.Repeat(good[:1], 5), good...)
		many = append(many, "/ip4/192.0.2.9/tcp/9")
		if got := CleanAddrs(many); !slices.Equal(got, good) {
			t.Errorf("kept %v", got)
		}
	})
}

func TestW5OwnAddressesAreOrdered(t *testing.T) {
	want := []string{
		"/ip4/203.0.113.5/udp/1/quic-v1", "/ip4/10.0.0.1/udp/1/quic-v1", "/ip4/10.0.0.1/tcp/1",
		"/ip6/fd00::1/udp/1/quic-v1", "/ip4/127.0.0.1/tcp/1",
	}
	var mixed []ma.Multiaddr
	for _, a := range []string{want[4], want[2], want[3], "/ip6/fe80::1/tcp/1", "/ip4/0.0.0.0/tcp/1", want[1], want[0], want[0]} {
		mixed = append(mixed, ma.StringCast(a))
	}
	if got := sortAddrs(mixed); !slices.Equal(got, want) {
		t.Errorf("order %v", got)
	}
}

// checkAddr holds what must be true whatever text comes in.
func checkAddr(t *testing.T, text string) {
	kept := CleanAddrs([]string{text, text})
	if len(kept) > 1 {
		t.Fatalf("%q gave %v", text, kept)
	}
	if len(kept) == 1 && !slices.Equal(CleanAddrs(kept), kept) {
		t.Fatalf("%q gave %v, which is not clean", text, kept)
	}
	if pub, err := PeerID(text).PublicKey(); err == nil {
		if id, err := PeerIDOf(pub); err != nil || string(id) != text {
			t.Fatalf("peer id %q is not the spelling %q (%v)", text, id, err)
		}
	}
}

func seedsOfAddr() []string {
	return []string{"/ip4/192.0.2.1/udp/4001/quic-v1", "/dns6/example.org/tcp/1", "/ip6/2001:db8::1/tcp/443", string(New(Config{}).ID())}
}

func FuzzAddr(f *testing.F) {
	for _, s := range seedsOfAddr() {
		f.Add(s)
	}
	f.Fuzz(checkAddr)
}

func TestW5MutatedAddresses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	seeds := seedsOfAddr()
	for i := range 10_000 {
		b := []byte(seeds[i%len(seeds)])
		for range 1 + r.IntN(4) {
			switch k := r.IntN(len(b)); r.IntN(3) {
			case 0:
				b[k] = byte(r.UintN(256))
			case 1:
				b = slices.Insert(b, k, b[r.IntN(len(b))])
			case 2:
				if len(b) > 1 {
					b = slices.Delete(b, k, k+1)
				}
			}
		}
		checkAddr(t, string(b))
	}
}
