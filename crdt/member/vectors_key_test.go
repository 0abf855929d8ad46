package member

import (
	"testing"
	"testing/cryptotest"

	"parvis/crdt/seal"
)

// sealedTeam is the fixed team with one epoch, whose secret, wraps and messages
// are the same in each run.
type sealedTeam struct {
	pieces
	body  EpochBody
	key   seal.Key
	wraps []byte
	epoch Epoch
}

func newSealedTeam(t *testing.T) sealedTeam {
	t.Helper()
	cryptotest.SetGlobalRandom(t, 7)
	s := sealedTeam{pieces: newPieces(t)}
	f := open(s.founder)
	space := PrivateSpaceID(s.log.WS(), s.founder.id())
	s.must(s.founder, SpaceCreateBody{Space: space, Kind: SpacePrivate, Members: []SpaceMember{
		{Person: s.founder.person, Access: AccessWrite}, {Person: s.x.person, Access: AccessWrite},
	}})
	s.body, s.wraps = s.rotate(f, space, false)
	s.key = f.secrets[s.body.EpochID]
	s.epoch, _ = s.log.State().Epoch(s.body.Space, s.body.EpochID)
	return s
}

func (s sealedTeam) vault(h *human) *vault { return open(h) }

func TestWrapsVectors(t *testing.T) {
	s := newSealedTeam(t)
	// The epoch is taken to name whatever bytes are judged, so that more than the
	// hash is looked at; vector "another hash" is judged as it is.
	judgeWraps := func(raw []byte) error {
		ep := s.epoch
		if len(raw) > 0 && raw[0] != 0 {
			ep.WrapsHash = WrapsHash(raw)
		}
		_, err := OpenWraps(raw, ep, s.log.WS(), s.x.id(), s.vault(s.x).kemOf)
		return err
	}
	checkVectors(t, "wraps", "M1 M32", judgeWraps, func(m *maker) {
		good, err := parseWraps(s.wraps)
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for i, w := range good.Wraps {
			if w.Dev == s.x.id() {
				at = i
			}
		}
		m.add("right", s.wraps)
		m.add("another hash", append([]byte{0}, s.wraps...))
		m.malform(s.wraps, same)
		change := func(name string, edit func(*wraps)) {
			w := good
			w.Wraps = append([]wrap(nil), good.Wraps...)
			edit(&w)
			m.add(name, encode(t, w))
		}
		change("of another workspace", func(w *wraps) { w.WS = seal.ID{1} })
		change("of another space", func(w *wraps) { w.Space = seal.SpaceID{1} })
		change("of another epoch", func(w *wraps) { w.EpochID = seal.ID{1} })
		change("own wrap missing", func(w *wraps) { w.Wraps = append(w.Wraps[:at:at], w.Wraps[at+1:]...) })
		change("own wrap changed", func(w *wraps) { w.Wraps[at].Sealed = append([]byte{1}, w.Wraps[at].Sealed[1:]...) })
		change("own wrap too short", func(w *wraps) { w.Wraps[at].Sealed = w.Wraps[at].Sealed[1:] })
		change("own wrap is another's", func(w *wraps) { w.Wraps[at].Sealed = w.Wraps[(at+1)%len(w.Wraps)].Sealed })
		change("for a key of later generation", func(w *wraps) { w.Wraps[at].KemGen = 1 })
		change("not sorted", func(w *wraps) { w.Wraps[0], w.Wraps[1] = w.Wraps[1], w.Wraps[0] })
		change("a device twice", func(w *wraps) { w.Wraps[0] = w.Wraps[1] })
		info := wrapInfo("parvis1/wrap", s.log.WS(), s.epoch.Space, s.epoch.ID, s.x.id(), 0, s.epoch.Author)
		wrong, err := seal.SealTo(s.x.kem.Public(), info, make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		change("a wrong secret", func(w *wraps) { w.Wraps[at].Sealed = wrong })
	})
	t.Run("M32 wraps longer than any", func(t *testing.T) {
		if _, err := parseWraps(make([]byte, MaxWraps+1)); seal.OutcomeOf(err) != seal.Drop {
			t.Error(err)
		}
	})
}

func TestInviteBoxVectors(t *testing.T) {
	ws := seal.ID{1}
	keys, err := InviteKeysOf(ws, [16]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	judgeBox := func(raw []byte) error {
		_, err := OpenInviteBox(keys, ws, raw)
		return err
	}
	checkVectors(t, "invite_box", "M1 M9", judgeBox, func(m *maker) {
		box := InviteBox{V: 1, LK: seal.Key{1}, Spaces: []BoxSpace{{Space: seal.SpaceID{2}, EpochID: seal.ID{3}, Secret: seal.Key{4}}}}
		to := func(info []byte) func([]byte) []byte {
			return func(plain []byte) []byte {
				sealed, err := seal.SealTo(keys.KEM.Public(), info, plain)
				if err != nil {
					t.Fatal(err)
				}
				return sealed
			}
		}
		sealed := to(boxInfo(ws, keys.ID))
		good := encode(t, box)
		m.add("right", sealed(good))
		m.malform(good, sealed)
		m.add("of another workspace", to(boxInfo(seal.ID{9}, keys.ID))(good))
		m.add("of another invitation", to(boxInfo(ws, seal.ID{9}))(good))
		m.add("not sealed", good)
		m.add("nothing", nil)
		changed := sealed(good)
		changed[len(changed)-1] ^= 1
		m.add("changed", changed)
		box.Spaces = make([]BoxSpace, MaxInviteSpaces+1)
		m.add("17 spaces", sealed(encode(t, box)))
		m.add("longer than any", make([]byte, MaxInviteBox+1))
	})
}

func TestJoinRequestVectors(t *testing.T) {
	ws, n, a := seal.ID{1}, people()[10], people()[0]
	keys, err := InviteKeysOf(ws, [16]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	invite := Invite{ID: keys.ID, PK: keys.Sign.Public()}
	peerA, peerB := a.keys.PeerPublic(), n.keys.PeerPublic()
	judgeRequest := func(raw []byte) error {
		request, err := ParseJoinRequest(raw)
		if err != nil {
			return err
		}
		return request.Check(invite, peerA, peerB)
	}
	checkVectors(t, "join_request", "M1 M10", judgeRequest, func(m *maker) {
		good, err := NewJoinRequest(keys, n.keys.Sign, ws, n.genesis, peerA, peerB, seal.ID{5})
		if err != nil {
			t.Fatal(err)
		}
		m.add("right", good)
		m.malform(good, same)
		change := func(name string, edit func(*JoinRequest)) {
			r, err := ParseJoinRequest(good)
			if err != nil {
				t.Fatal(err)
			}
			edit(&r)
			m.add(name, encode(t, r))
		}
		change("another workspace", func(r *JoinRequest) { r.WS = seal.ID{2} })
		change("another invitation", func(r *JoinRequest) { r.InviteID = seal.ID{2} })
		change("another nonce", func(r *JoinRequest) { r.Nonce = seal.ID{2} })
		change("another person", func(r *JoinRequest) { r.PersonGenesis = people()[11].genesis })
		change("person cut off", func(r *JoinRequest) { r.PersonGenesis = r.PersonGenesis[:9] })
		change("signatures swapped", func(r *JoinRequest) { r.InvSig, r.PersonSig = r.PersonSig, r.InvSig })
		change("signature of the invitation changed", func(r *JoinRequest) { r.InvSig[0] ^= 1 })
		change("signature of the person changed", func(r *JoinRequest) { r.PersonSig[0] ^= 1 })
		change("signature too short", func(r *JoinRequest) { r.PersonSig = r.PersonSig[1:] })
		elsewhere, err := NewJoinRequest(keys, n.keys.Sign, ws, n.genesis, people()[1].keys.PeerPublic(), peerB, seal.ID{5})
		if err != nil {
			t.Fatal(err)
		}
		m.add("made for another responder", elsewhere)
		m.add("longer than any", make([]byte, MaxJoinRequest+1))
	})
}

func TestKeyRequestVectors(t *testing.T) {
	s := newSealedTeam(t)
	judgeRequest := func(raw []byte) error {
		request, err := ParseKeyRequest(raw)
		if err != nil {
			return err
		}
		return request.Check(s.log.State())
	}
	checkVectors(t, "key_request", "M1 M36", judgeRequest, func(m *maker) {
		key := s.x.keys.Sign
		signed := func(payload []byte) []byte {
			return encode(t, seal.Signed{Payload: payload, Sig: key.Sign(labelKeyRequest, payload)})
		}
		good := KeyRequest{V: 1, WS: s.log.WS(), Space: s.epoch.Space, EpochID: s.epoch.ID, Dev: s.x.id(), Nonce: seal.ID{5}}
		payload := encode(t, good)
		m.add("right", signed(payload))
		m.malform(payload, signed)
		change := func(name string, edit func(*KeyRequest)) {
			r := good
			edit(&r)
			m.add(name, signed(encode(t, r)))
		}
		change("another workspace", func(r *KeyRequest) { r.WS = seal.ID{1} })
		change("an unknown space", func(r *KeyRequest) { r.Space = seal.SpaceID{1} })
		change("an unknown epoch", func(r *KeyRequest) { r.EpochID = seal.ID{1} })
		change("generation 1", func(r *KeyRequest) { r.KemGen = 1 })
		change("for another device", func(r *KeyRequest) { r.Dev = s.m.id() })
		m.add("signed for another purpose", encode(t, seal.Signed{Payload: payload, Sig: key.Sign(labelKeyGrant, payload)}))
		m.add("not signed", payload)
		key = people()[30].keys.Sign
		change("by a stranger", func(r *KeyRequest) { r.Dev = key.Public() })
		m.add("longer than any", make([]byte, maxKeyMessage+1))
	})
}

func TestKeyGrantVectors(t *testing.T) {
	s := newSealedTeam(t)
	ws := s.log.WS()
	judgeGrant := func(raw []byte) error {
		_, err := OpenKeyGrant(raw, s.log.State(), s.epoch, ws, s.x.id(), s.founder.id(), s.vault(s.x).kemOf)
		return err
	}
	checkVectors(t, "key_grant", "M1 M36", judgeGrant, func(m *maker) {
		device, _ := s.log.State().Device(s.x.id())
		right, err := NewKeyGrant(s.founder.keys.Sign, ws, s.epoch, s.key, device)
		if err != nil {
			t.Fatal(err)
		}
		good, err := ParseKeyGrant(right)
		if err != nil {
			t.Fatal(err)
		}
		key := s.founder.keys.Sign
		signed := func(payload []byte) []byte {
			return encode(t, seal.Signed{Payload: payload, Sig: key.Sign(labelKeyGrant, payload)})
		}
		payload := encode(t, good)
		m.add("right", right)
		m.malform(payload, signed)
		change := func(name string, edit func(*KeyGrant)) {
			g := good
			g.Sealed = append([]byte(nil), good.Sealed...)
			edit(&g)
			m.add(name, signed(encode(t, g)))
		}
		change("another workspace", func(g *KeyGrant) { g.WS = seal.ID{1} })
		change("another space", func(g *KeyGrant) { g.Space = seal.SpaceID{1} })
		change("another epoch", func(g *KeyGrant) { g.EpochID = seal.ID{1} })
		change("for another device", func(g *KeyGrant) { g.Dev = s.m.id() })
		change("generation 1", func(g *KeyGrant) { g.KemGen = 1 })
		change("sealed part changed", func(g *KeyGrant) { g.Sealed[0] ^= 1 })
		change("sealed part too short", func(g *KeyGrant) { g.Sealed = g.Sealed[1:] })
		wrong, err := NewKeyGrant(s.founder.keys.Sign, ws, s.epoch, seal.Key{1}, device)
		if err != nil {
			t.Fatal(err)
		}
		m.add("a wrong secret", wrong)
		other, err := NewKeyGrant(s.x.keys.Sign, ws, s.epoch, s.key, device)
		if err != nil {
			t.Fatal(err)
		}
		m.add("by another than was asked", other)
		m.add("signed by another", encode(t, seal.Signed{Payload: payload, Sig: s.m.keys.Sign.Sign(labelKeyGrant, payload)}))
		m.add("longer than any", make([]byte, maxKeyMessage+1))
	})
}
