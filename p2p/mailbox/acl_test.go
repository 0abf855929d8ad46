package mailbox

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

// seeded is the host key of a seed that is all one byte.
func seeded(n byte) (seed, public [32]byte) {
	for i := range seed {
		seed[i] = n
	}
	return seed, [32]byte(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
}

func sign(t testing.TB, author byte, list ACL) []byte {
	t.Helper()
	seed, _ := seeded(author)
	raw, err := SignACL(seed, list)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parsed(t testing.TB, author byte, list ACL) ACL {
	t.Helper()
	got, err := ParseACL(sign(t, author, list))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func sampleACL(counter uint64, admins ...byte) ACL {
	list := ACL{Workspace: [32]byte{7}, Counter: counter}
	for n := range byte(4) {
		_, key := seeded(n + 1)
		list.Peers = append(list.Peers, key)
	}
	for _, n := range admins {
		_, key := seeded(n)
		list.Admins = append(list.Admins, key)
	}
	return list
}

func TestX30AnAccessListIsSignedAndSorted(t *testing.T) {
	list := sampleACL(5, 2, 1, 2)
	list.Peers = append(list.Peers, list.Peers[0])
	raw := p2ptest.Golden(t, "acl-list", sign(t, 1, list))
	got, err := ParseACL(raw)
	if err != nil {
		t.Fatal(err)
	}
	_, author := seeded(1)
	_, member := seeded(4)
	_, stranger := seeded(9)
	if got.Author != author || got.Counter != 5 || len(got.Peers) != 4 || len(got.Admins) != 2 {
		t.Errorf("%+v", got)
	}
	if !got.Has(member) || got.Admin(member) || !got.Admin(author) || got.Has(stranger) {
		t.Error("who may what")
	}
	for name, list := range map[string]ACL{
		"without peers":          {Admins: nil},
		"without admins":         {Peers: sampleACL(1).Peers},
		"an admin from outside":  {Peers: sampleACL(1).Peers[:1], Admins: sampleACL(1, 3).Admins},
		"601 peers":              {Peers: keys(601), Admins: keys(1)},
		"65 admins":              {Peers: keys(65), Admins: keys(65)},
		"nobody is in the list ": {},
		"no room above it":       {Counter: MaxCounter + 1, Peers: keys(1), Admins: keys(1)},
	} {
		t.Run("X30 "+name, func(t *testing.T) {
			seed, _ := seeded(1)
			if _, err := SignACL(seed, list); err == nil {
				t.Error("it is signed")
			}
			if _, err := ParseACL(unchecked(t, list)); !wire.IsFault(err) {
				t.Errorf("it is read: %v", err)
			}
		})
	}
	t.Run("X30 600 peers and 64 admins", func(t *testing.T) {
		raw := sign(t, 1, ACL{Peers: keys(600), Admins: keys(64)})
		if _, err := ParseACL(raw); err != nil || len(raw) > MaxACL {
			t.Errorf("%d bytes, %v", len(raw), err)
		}
	})
	t.Run("X30 not sorted", func(t *testing.T) {
		k := keys(3) // in what is written otherwise every admin is found as well
		for _, list := range []ACL{
			{Peers: [][32]byte{k[2], k[1], k[0]}, Admins: k[1:2]}, {Peers: [][32]byte{k[0], k[1], k[1]}, Admins: k[1:2]},
			{Peers: k, Admins: [][32]byte{k[1], k[0]}}, {Peers: k, Admins: [][32]byte{k[1], k[1]}},
		} {
			if got, err := ParseACL(unchecked(t, list)); !wire.IsFault(err) {
				t.Errorf("%+v, %v", got, err)
			}
		}
	})
}

// keys are n sorted keys that name peers.
func keys(n int) [][32]byte {
	all := make([][32]byte, n)
	for i := range all {
		all[i] = [32]byte{byte(i >> 8), byte(i)}
	}
	return all
}

// unchecked signs whatever it is given, as author 1.
func unchecked(t *testing.T, list ACL) []byte {
	t.Helper()
	seed, author := seeded(1)
	payload := encoded(t, wireACL{V: 1, Workspace: list.Workspace, Counter: list.Counter, Peers: list.Peers, Admins: list.Admins, Author: author})
	return encoded(t, signedACL{Payload: payload, Sig: ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), labelled(payload))})
}

func TestX31AChangedListIsNone(t *testing.T) {
	raw := sign(t, 1, sampleACL(5, 1))
	for i := range raw {
		b := bytes.Clone(raw)
		b[i] ^= 1
		if _, err := ParseACL(b); !wire.IsFault(err) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	seed, _ := seeded(2)
	signed, err := wire.Decode[signedACL](raw)
	if err != nil {
		t.Fatal(err)
	}
	signed.Sig = ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), labelled(signed.Payload))
	if _, err := ParseACL(encoded(t, signed)); !wire.IsFault(err) {
		t.Errorf("signed by another than the author: %v", err)
	}
}

func TestX32WhichListReplacesWhich(t *testing.T) {
	stored := parsed(t, 1, sampleACL(5, 1, 2))
	low, high := parsed(t, 1, sampleACL(5, 1, 2)), parsed(t, 2, sampleACL(5, 1, 2))
	if bytes.Compare(low.Hash[:], high.Hash[:]) > 0 {
		low, high = high, low
	}
	for name, c := range map[string]struct {
		old   *ACL
		list  ACL
		setup bool
		want  Code
	}{
		"the first one":                                {nil, parsed(t, 1, sampleACL(1, 1)), true, CodeStored},
		"the first one without the secret":             {nil, parsed(t, 1, sampleACL(1, 1)), false, CodeNotAdmin},
		"a higher counter":                             {&stored, parsed(t, 2, sampleACL(6, 2)), false, CodeStored},
		"an admin that leaves itself out":              {&stored, parsed(t, 1, sampleACL(6, 2)), false, CodeStored},
		"a lower counter":                              {&stored, parsed(t, 1, sampleACL(4, 1)), false, CodeOldCounter},
		"the same one":                                 {&stored, stored, false, CodeStored},
		"the same one by somebody":                     {&stored, stored, true, CodeStored},
		"a member that is no admin":                    {&stored, parsed(t, 3, sampleACL(6, 3)), false, CodeNotAdmin},
		"one that makes itself an admin":               {&stored, parsed(t, 3, sampleACL(6, 1, 3)), false, CodeNotAdmin},
		"a stranger":                                   {&stored, parsed(t, 9, sampleACL(6, 1)), false, CodeNotAdmin},
		"an equal counter, a lower hash":               {&high, low, false, CodeStored},
		"an equal counter, a higher hash":              {&low, high, false, CodeOldCounter},
		"the set-up secret takes any":                  {&stored, parsed(t, 9, sampleACL(1, 3)), true, CodeStored},
		"an old list replayed by somebody who hears":   {&high, parsed(t, 2, sampleACL(2, 1, 2)), false, CodeOldCounter},
		"an admin that the stored list does not name ": {ptr(parsed(t, 2, sampleACL(7, 2))), parsed(t, 1, sampleACL(8, 1)), false, CodeNotAdmin},
	} {
		t.Run("X32 "+name, func(t *testing.T) {
			list := c.list
			if got := list.Replaces(c.old, c.setup); got != c.want {
				t.Errorf("code %d, want %d", got, c.want)
			}
		})
	}
	t.Run("X32 whoever comes first, the same one stays", func(t *testing.T) {
		// Both are signed by an admin of the other one.
		a, b := parsed(t, 1, sampleACL(8, 1, 2)), parsed(t, 2, sampleACL(8, 1, 2))
		if (a.Replaces(&b, false) == CodeStored) == (b.Replaces(&a, false) == CodeStored) {
			t.Error("it depends on the order")
		}
	})
}

func ptr(list ACL) *ACL { return &list }

func checkACL(t *testing.T, data []byte) {
	list, err := ParseACL(data)
	if err != nil {
		if !wire.IsFault(err) {
			t.Fatalf("%x: %v is no fault", data, err)
		}
		return
	}
	if err := list.check(); err != nil {
		t.Fatalf("%x: %v", data, err)
	}
}

func TestX31MutatedLists(t *testing.T) {
	small := ACL{Peers: sampleACL(1).Peers[:1], Admins: sampleACL(1).Peers[:1]}
	p2ptest.Mutate(10_000, [][]byte{sign(t, 1, sampleACL(5, 1)), sign(t, 1, small)}, func(data []byte) { checkACL(t, data) })
}

func FuzzACL(f *testing.F) {
	f.Add(sign(f, 1, sampleACL(5, 1)))
	f.Fuzz(checkACL)
}

func sampleSetup(t testing.TB) Setup {
	t.Helper()
	_, key := seeded(1)
	id, err := p2p.PeerIDOf(key)
	if err != nil {
		t.Fatal(err)
	}
	return Setup{Peer: id, Secret: [SetupSecret]byte{4, 2}, Addrs: []string{"/ip4/192.0.2.1/udp/443/quic-v1", "/dns/parvis.example.org/tcp/443"}}
}

func TestX40ASetUpCodeIsText(t *testing.T) {
	want := sampleSetup(t)
	text := want.String()
	raw := p2ptest.Golden(t, "acl-setup", []byte(text))
	for name, text := range map[string]string{
		"as it is":         string(raw),
		"broken in lines":  text[:30] + "\r\n  " + text[30:70] + "\n" + text[70:],
		"with words ahead": "Here it is:\n\n" + text + "\n",
		"as a ready line":  readyLine(text),
		"in a command":     "parvis superpeer add '" + text + "'\n",
		"in capitals":      "ȺȺȺ PARVIS://SUPERPEER#" + text[len(setupPrefix):],
	} {
		t.Run("X40 "+name, func(t *testing.T) {
			got, err := ParseSetup(text)
			if err != nil || got.Peer != want.Peer || got.Secret != want.Secret || !slices.Equal(got.Addrs, want.Addrs) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	many := want
	many.Addrs = slices.Repeat([]string{string(bytes.Repeat([]byte{'x'}, 200)), "/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/tcp/2"}, 4)
	if got, err := ParseSetup(many.String()); err != nil || len(got.Addrs) != 2 {
		t.Errorf("with many addresses: %v, %v", got.Addrs, err)
	}
	for name, text := range map[string]string{
		"nothing":         "",
		"another link":    "parvis://join#" + text[len(setupPrefix):],
		"cut":             text[:len(text)-6],
		"a changed head":  setupPrefix + "AAAA",
		"not base64":      text + "!",
		"far from it":     strings.Repeat(" ", maxSetupText) + text,
		"much too long":   text + string(bytes.Repeat([]byte{'A'}, 10_000)),
		"words behind it": text + " thank you",
		"a prefix alone":  strings.Repeat("Ⱥ", 30) + setupPrefix,
		"an open quote":   `{"setup":"` + text,
		"a cut line":      readyLine(text[:len(text)-6]),
		"another line":    `{"event":"ready","peer":"12D3","addrs":[],"metrics":""}`,
	} {
		t.Run("X40 "+name, func(t *testing.T) {
			if got, err := ParseSetup(text); err != ErrSetupBroken {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	t.Run("X40 with a character that belongs to no code", func(t *testing.T) {
		for n := range 4 { // at every place of a group of four
			s := Setup{Peer: want.Peer, Addrs: []string{"/dns/" + strings.Repeat("a", n+1) + "/tcp/1"}}
			if got, err := ParseSetup(s.String() + "!"); err != ErrSetupBroken {
				t.Errorf("%+v, %v", got, err)
			}
		}
	})
	t.Run("X40 with an address of nothing, or of too much", func(t *testing.T) {
		_, peer := seeded(1)
		for _, length := range []int{0, maxSetupAddr + 1} {
			raw := encoded(t, wireSetup{V: 1, Peer: peer, Addrs: [][]byte{make([]byte, length)}})
			if got, err := decodeSetup(raw); err != ErrSetupBroken {
				t.Errorf("%d bytes: %+v, %v", length, got, err)
			}
		}
	})
	t.Run("X40 of a newer version", func(t *testing.T) {
		raw := encoded(t, wireSetup{V: 2, Addrs: [][]byte{}})
		if _, err := decodeSetup(raw); err != ErrSetupNewer {
			t.Errorf("error %v", err)
		}
	})
}

// readyLine is the first line of a super-peer.
func readyLine(setup string) string {
	return `{"event":"ready","setup":"` + setup + `","peer":"12D3KooW","addrs":["` + strings.Repeat("/ip4/192.0.2.1/udp/443/quic-v1", 80) + `"],"metrics":""}` + "\n"
}

func FuzzSetup(f *testing.F) {
	f.Add(sampleSetup(f).String())
	f.Add(readyLine(sampleSetup(f).String()))
	f.Fuzz(func(t *testing.T, text string) { checkSetup(t, text) })
}

func checkSetup(t *testing.T, text string) {
	s, err := ParseSetup(text)
	if err != nil {
		return
	}
	if back, err := ParseSetup(s.String()); err != nil || back.Peer != s.Peer || back.Secret != s.Secret {
		t.Fatalf("%q: %+v, %v", text, back, err)
	}
}

func TestX40MutatedSetUpCodes(t *testing.T) {
	p2ptest.Mutate(5_000, [][]byte{[]byte(sampleSetup(t).String()), []byte(readyLine(sampleSetup(t).String()))}, func(data []byte) { checkSetup(t, string(data)) })
}

func TestX30AnAccessListOfANewerVersionIsRefused(t *testing.T) {
	list := sampleACL(5, 1)
	list.Peers = sorted(list.Peers)
	seed, author := seeded(1)
	for _, version := range []uint{0, 2, 24} {
		payload := encoded(t, wireACL{V: version, Workspace: list.Workspace, Counter: list.Counter, Peers: list.Peers, Admins: list.Admins, Author: author})
		raw := encoded(t, signedACL{Payload: payload, Sig: ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), labelled(payload))})
		if _, err := ParseACL(raw); !wire.IsFault(err) {
			t.Errorf("version %d: %v", version, err)
		}
	}
}
