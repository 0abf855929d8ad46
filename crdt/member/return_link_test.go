package member

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"parvis/crdt/seal"
)

func returnLink() ReturnLink {
	return ReturnLink{V: 1, WS: seal.ID{1}, Expires: 30_000_000, Peers: []LinkPeer{{
		Peer: seal.NewSignKey([32]byte{2}).Public(), Addrs: []string{"/ip4/192.168.1.5/udp/4001/quic-v1", "/ip4/192.168.1.5/tcp/4001"},
	}}}
}

func TestALinkForComingBackIsReadInEveryForm(t *testing.T) {
	t.Run("M46 the link", func(t *testing.T) {
		link := returnLink()
		for name, text := range map[string]string{
			"link": link.String(), "QR": link.QR(), "in a mail": "Here:\n> " + link.String()[:50] + "\n> " + link.String()[50:] + "\nBen",
		} {
			got, err := ParseReturnLink(text)
			if err != nil || got.String() != link.String() {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		for name, text := range map[string]string{"nothing": "", "cut": link.String()[:40], "another link": "parvis://device#" + strings.TrimPrefix(link.String(), returnLinkPrefix)} {
			if _, err := ParseReturnLink(text); !errors.Is(err, ErrReturnLinkBroken) {
				t.Errorf("%s: %v", name, err)
			}
		}
		newer, err := seal.Encode(struct {
			_ struct{} `cbor:",toarray"`
			V uint
			X string
		}{V: 2, X: "later"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseReturnLink(newer); !errors.Is(err, ErrLinkNewer) {
			t.Errorf("a later version: %v", err)
		}
		if !link.Expired(30_000_000*60_000+25*3_600_000) || link.Expired(30_000_000*60_000) {
			t.Error("expires at the wrong time")
		}
		long := returnLink()
		for range 20 {
			long.Peers[0].Addrs = append(long.Peers[0].Addrs, "/dns4/"+strings.Repeat("a", 110)+"/tcp/1")
		}
		if text := long.String(); len(text) > MaxLink {
			t.Errorf("a link of %d characters", len(text))
		}
	})
}

func TestAReturnRequestIsForOneConnection(t *testing.T) {
	t.Run("M46 the request", func(t *testing.T) {
		key, device := seal.NewSignKey([32]byte{1}), seal.NewSignKey([32]byte{2}).Public()
		a, b := seal.NewSignKey([32]byte{3}).Public(), seal.NewSignKey([32]byte{4}).Public()
		kem, err := seal.NewKEMKey([32]byte{5})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := NewReturnRequest(key, seal.ID{9}, device, kem.Public(), a, b)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseReturnRequest(raw)
		if err != nil || r.Recovery != key.Public() || r.Device != device {
			t.Fatalf("%+v, %v", r, err)
		}
		if r.Check(a, b) != nil || r.Check(b, a) == nil || r.Check(a, device) == nil {
			t.Error("it is not bound to its connection")
		}
		for at := range raw {
			bad := bytes.Clone(raw)
			bad[at] ^= 1
			if _, err := ParseReturnRequest(bad); err == nil {
				t.Fatalf("byte %d was changed, and nobody saw it", at)
			}
		}
		if _, err := ParseReturnRequest(append(raw, make([]byte, MaxReturnRequest)...)); err == nil {
			t.Error("too long, and taken")
		}
	})
}

func FuzzReturnLink(f *testing.F) {
	f.Add(returnLink().String())
	f.Add(returnLink().QR())
	f.Fuzz(func(t *testing.T, text string) {
		link, err := ParseReturnLink(text)
		if err != nil {
			return
		}
		if again, err := ParseReturnLink(link.String()); err != nil || again.String() != link.String() {
			t.Errorf("%q is read as %+v, which is written otherwise: %v", text, link, err)
		}
	})
}

func FuzzReturnRequest(f *testing.F) {
	kem, err := seal.NewKEMKey([32]byte{5})
	if err != nil {
		f.Fatal(err)
	}
	raw, err := NewReturnRequest(seal.NewSignKey([32]byte{1}), seal.ID{9}, seal.NewSignKey([32]byte{2}).Public(), kem.Public(), seal.ID{}, seal.ID{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = ParseReturnRequest(raw) })
}
