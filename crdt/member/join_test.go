package member

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"parvis/crdt/seal"
)

func sampleLink(addrs int) Link {
	l := Link{V: 1, WS: seal.ID{1}, Seed: [16]byte{2}, Expires: 100, Mode: ModeInstant, LogHead: seal.ID{3}}
	for i := range 3 {
		peer := LinkPeer{Peer: people()[i].keys.PeerPublic()}
		for range addrs {
			peer.Addrs = append(peer.Addrs, "/ip4/192.168.1.23/udp/4001/quic-v1")
		}
		l.Peers = append(l.Peers, peer)
	}
	return l
}

func TestLinks(t *testing.T) {
	t.Run("M8 both forms say the same", func(t *testing.T) {
		for _, addrs := range []int{0, 1, 2} {
			l := sampleLink(addrs)
			for _, text := range []string{l.String(), l.QR(), " " + l.String() + "\n", "Parvis://Join#" + l.String()[len(linkPrefix):]} {
				got, err := ParseLink(text)
				if err != nil || got.String() != l.String() || len(got.Peers) != 3 || len(got.Peers[0].Addrs) != addrs {
					t.Errorf("%s: %+v, %v", text, got, err)
				}
			}
			if strings.ToUpper(l.QR()) != l.QR() {
				t.Error("the QR form has small letters")
			}
		}
	})
	t.Run("M8 a link is found in what a mail program made of it", func(t *testing.T) {
		l := sampleLink(2)
		link := l.String()
		wrapped := link[:70] + "\n" + link[70:140] + "\r\n " + link[140:]
		for name, text := range map[string]string{
			"in angle brackets":     "<" + link + ">",
			"wrapped":               wrapped,
			"wrapped and bracketed": "Come in: <" + wrapped + ">.\nAna",
			"quoted":                "> Come in:\n> " + link[:70] + "\n> " + link[70:] + "\n> Ana",
			"text after it":         "Hello Ben,\n\n" + link + "\n\nSee you, Ana",
			"a full stop after it":  "Open " + link + ".",
			"unseen blanks":         link[:50] + "\u200b" + link[50:] + "\ufeff",
			"twice":                 "parvis://join#abc is broken, " + link + " is not",
			"the QR form, wrapped":  l.QR()[:60] + " " + l.QR()[60:] + " bye",
		} {
			if got, err := ParseLink(text); err != nil || got.String() != link {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("M8 what is too long loses addresses, then peers", func(t *testing.T) {
		l := sampleLink(6)
		got, err := ParseLink(l.String())
		if err != nil || len(l.String()) > MaxLink || len(got.Peers) != 3 || len(got.Peers[0].Addrs) == 0 {
			t.Errorf("%d characters, %+v, %v", len(l.String()), got, err)
		}
		l.Peers[0].Addrs = []string{strings.Repeat("a", MaxLinkAddr), strings.Repeat("a", MaxLinkAddr+1), ""}
		if got, err := ParseLink(l.String()); err != nil || len(got.Peers) != 3 {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("M8 a link expires a day after its time", func(t *testing.T) {
		l := Link{Expires: 100}
		if l.Expired(100*60_000) || l.Expired((100+24*60)*60_000) || !l.Expired((100+24*60)*60_000+1) {
			t.Error("not then")
		}
	})
	t.Run("M1 M8 broken and newer links are told apart", func(t *testing.T) {
		raw := sampleLink(1).bytes()
		newer := append([]byte{raw[0], 2}, raw[2:]...)
		if _, err := parseLink(newer); !errors.Is(err, ErrLinkNewer) {
			t.Errorf("version 2: %v", err)
		}
		for _, text := range []string{"", "parvis://join", "https://join#" + hex.EncodeToString(raw), linkPrefix, linkPrefix + "!!", linkPrefix + strings.Repeat("A", 2000), strings.Repeat("Ⱥ", 30) + linkPrefix} {
			if _, err := ParseLink(text); !errors.Is(err, ErrLinkBroken) {
				t.Errorf("%.40q: %v", text, err)
			}
		}
		// A capital with a longer small letter stands ahead of it.
		link := sampleLink(1)
		if got, err := ParseLink(strings.Repeat("Ⱥ", 30) + strings.ToUpper(linkPrefix) + strings.TrimPrefix(link.String(), linkPrefix)); err != nil || got.WS != link.WS {
			t.Errorf("behind other letters: %v", err)
		}
	})
}

func TestIdentities(t *testing.T) {
	t.Run("M2 a device's keys come from its seed", func(t *testing.T) {
		a, b := NewDeviceKeys([32]byte{1}), NewDeviceKeys([32]byte{1})
		if a.ID() != b.ID() || a.PeerPublic() != b.PeerPublic() || a.ID() == a.PeerPublic() || a.ID() == NewDeviceKeys([32]byte{2}).ID() {
			t.Error("they do not")
		}
	})
	t.Run("M3 M5 a record belongs to one person", func(t *testing.T) {
		h, g := people()[0], spares()[0]
		_, raw, err := NewDeviceRecord(g.keys, g.kem.Public(), 1, 0, h.person)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := ParseDeviceRecord(raw, h.person); err != nil || r.SignPK != g.id() {
			t.Error(err)
		}
		if _, err := ParseDeviceRecord(raw, people()[1].person); err == nil {
			t.Error("accepted for another person")
		}
		if genesis, id, err := ParsePersonGenesis(h.genesis); err != nil || id != h.person || *genesis.Recovery != h.paper.Public() {
			t.Error(err)
		}
	})
}

func TestJoining(t *testing.T) {
	p := people()
	t.Run("M9 the box opens with the link alone", func(t *testing.T) {
		ws := seal.ID{1}
		body, keys, seed, err := NewInvite(ws, RoleMember, nil, ModeInstant, 1, 5)
		if err != nil {
			t.Fatal(err)
		}
		again, err := InviteKeysOf(ws, seed)
		if err != nil || again.ID != keys.ID || again.ID != InviteID(body.InvPK) || again.BoxID != BoxID(body.InvPK) {
			t.Fatal(err)
		}
		box := InviteBox{LK: seal.Key{1}, Spaces: []BoxSpace{{Space: seal.SpaceID{2}, EpochID: seal.ID{3}, Secret: seal.Key{4}}}}
		sealed, err := SealInviteBox(keys.KEM.Public(), ws, keys.ID, box)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OpenInviteBox(again, ws, sealed); err != nil || got.LK != box.LK || len(got.Spaces) != 1 || got.Spaces[0].Secret != box.Spaces[0].Secret {
			t.Error(err)
		}
		if _, err := OpenInviteBox(again, seal.ID{2}, sealed); err == nil {
			t.Error("opened for another workspace")
		}
		other, _ := InviteKeysOf(ws, [16]byte{9})
		if _, err := OpenInviteBox(other, ws, sealed); err == nil {
			t.Error("opened with another link")
		}
		box.Spaces = make([]BoxSpace, MaxInviteSpaces+1)
		if _, err := SealInviteBox(keys.KEM.Public(), ws, keys.ID, box); err == nil {
			t.Error("sealed too many spaces")
		}
	})
	t.Run("M10 a request holds for one link, one joiner and one connection", func(t *testing.T) {
		tm, founder, x, _, _ := pair(t)
		keys, _ := tm.invite(founder, 700, RoleMember, ModeCodes, 1)
		invite, _ := tm.log.State().Invite(keys.ID)
		n := p[10]
		peerA, peerB := founder.keys.PeerPublic(), n.keys.PeerPublic()
		raw, err := NewJoinRequest(keys, n.keys.Sign, tm.log.WS(), n.genesis, peerA, peerB, seal.ID{5})
		if err != nil {
			t.Fatal(err)
		}
		request, err := ParseJoinRequest(raw)
		if err != nil || request.Check(invite, peerA, peerB) != nil {
			t.Fatal(err, request.Check(invite, peerA, peerB))
		}
		tm.must(founder, NewAdmitBody(request, invite, peerA, peerB))
		if tm.status(n) != Active {
			t.Error("not admitted")
		}
		if request.Check(invite, x.keys.PeerPublic(), peerB) == nil {
			t.Error("accepted by another responder")
		}
		if request.Check(invite, peerA, x.keys.PeerPublic()) == nil {
			t.Error("accepted from another peer")
		}
		other, _ := inviteBody(tm.log.WS(), 701, RoleMember, ModeCodes, 1)
		if request.Check(Invite{ID: keys.ID, PK: other.Sign.Public()}, peerA, peerB) == nil || request.Check(Invite{ID: other.ID}, peerA, peerB) == nil {
			t.Error("accepted for another invitation")
		}
		stolen, _ := NewJoinRequest(keys, x.keys.Sign, tm.log.WS(), n.genesis, peerA, peerB, seal.ID{5})
		if request, _ := ParseJoinRequest(stolen); request.Check(invite, peerA, peerB) == nil {
			t.Error("accepted with another's signature")
		}
	})
	t.Run("M18 an invitation says why it is over", func(t *testing.T) {
		open := Invite{Uses: 1, Expires: 10}
		if open.Open(10) != nil || open.Open(11) != ErrInviteExpired {
			t.Error("expiry")
		}
		open.Used = 1
		if open.Open(11) != ErrInviteUsed {
			t.Error("uses")
		}
		open.Revoked = true
		if open.Open(11) != ErrInviteRevoked {
			t.Error("revocation")
		}
	})
}
