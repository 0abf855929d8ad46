package member

import (
	"bytes"
	"errors"
	"testing"

	"parvis/crdt/seal"
)

// The rows of protocol 2.18 for the structures of this package, column by column, with
// the exact outcome. The page crdt/BAD-INPUT.md names the test of every cell.

// cell is one column of a row: what arrives, and what becomes of it.
type cell struct {
	column string
	want   string // as judge says it
	err    error
}

func (c cell) check(t *testing.T) {
	t.Helper()
	t.Run(c.column, func(t *testing.T) {
		if got, reason := judge(c.err); got != c.want {
			t.Errorf("got %s (%s), want %s", got, reason, c.want)
		}
	})
}

func checkCells(t *testing.T, cells ...cell) {
	t.Helper()
	for _, c := range cells {
		c.check(t)
	}
}

// version gives an encoded structure another version, its first element.
func ofVersion(raw []byte, v byte) []byte { return append([]byte{raw[0], v}, raw[2:]...) }

func TestBadInputLink(t *testing.T) {
	link := Link{V: 1, WS: seal.ID{1}, Seed: [16]byte{2}, Expires: 1000, LogHead: seal.ID{3}}
	raw := link.bytes()
	parse := func(raw []byte) error { _, err := parseLink(raw); return err }
	text := func(text string) error { _, err := ParseLink(text); return err }
	checkCells(t,
		cell{"malformed: cut off", "broken", parse(raw[:len(raw)-1])},
		cell{"malformed: not canonical", "broken", parse(append(bytes.Clone(raw), 0))},
		cell{"malformed: no link at all", "broken", text("hello")},
		cell{"malformed: too long", "broken", text(linkPrefix + string(bytes.Repeat([]byte{'A'}, MaxLink)))},
		cell{"newer version", "newer", parse(ofVersion(raw, 2))},
		cell{"right", "ok", parse(raw)},
	)
	t.Run("not allowed: expired", func(t *testing.T) {
		at := int64(link.Expires) * minuteMs
		if link.Expired(at+linkToleranceMs) || !link.Expired(at+linkToleranceMs+1) {
			t.Error("expiry is not a day after its time")
		}
	})
}

func TestBadInputJoinRequest(t *testing.T) {
	ws, n, a := seal.ID{1}, people()[10], people()[0]
	keys, err := InviteKeysOf(ws, [16]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	invite := Invite{ID: keys.ID, PK: keys.Sign.Public(), Uses: 1, Expires: 10}
	peerA, peerB := a.keys.PeerPublic(), n.keys.PeerPublic()
	raw, err := NewJoinRequest(keys, n.keys.Sign, ws, n.genesis, peerA, peerB, seal.ID{5})
	if err != nil {
		t.Fatal(err)
	}
	judgeRequest := func(raw []byte, change func(*JoinRequest), invite Invite) error {
		r, err := ParseJoinRequest(raw)
		if err != nil {
			return err
		}
		if change != nil {
			change(&r)
		}
		return r.Check(invite, peerA, peerB)
	}
	used := invite
	used.Used = 1
	checkCells(t,
		cell{"right", "ok", judgeRequest(raw, nil, invite)},
		cell{"malformed: cut off", "reject", judgeRequest(raw[:len(raw)-1], nil, invite)},
		cell{"malformed: not canonical", "reject", judgeRequest(append(bytes.Clone(raw), 0), nil, invite)},
		cell{"newer version", "drop", judgeRequest(ofVersion(raw, 2), nil, invite)},
		cell{"missing reference: another invitation", "reject", judgeRequest(raw, func(r *JoinRequest) { r.InviteID = seal.ID{9} }, invite)},
		cell{"wrong signature of the invitation", "reject", judgeRequest(raw, func(r *JoinRequest) { r.InvSig[0] ^= 1 }, invite)},
		cell{"wrong signature of the person", "reject", judgeRequest(raw, func(r *JoinRequest) { r.PersonSig[0] ^= 1 }, invite)},
		cell{"wrong signature: made for another connection", "reject", judgeRequest(raw, func(r *JoinRequest) { r.Nonce[0] ^= 1 }, invite)},
	)
	for want, i := range map[error]Invite{
		ErrInviteUsed: used, ErrInviteRevoked: {Uses: 1, Expires: 10, Revoked: true}, ErrInviteExpired: {Uses: 1, Expires: 1}, nil: invite,
	} {
		if got := i.Open(5); !errors.Is(got, want) {
			t.Errorf("not allowed: got %v, want %v", got, want)
		}
	}
}

func TestBadInputLogEntry(t *testing.T) {
	tm, founder, x, _, m := pair(t)
	last := tm.log.Entry(tm.views[founder.id()][0])
	good, err := tm.log.Write(founder.keys.Sign, TypeAck, mustEncode(t, AckBody{}), 9)
	if err != nil {
		t.Fatal(err)
	}
	payload := func(change func(*entryPayload)) []byte {
		p, err := seal.Decode[entryPayload](good.Payload)
		if err != nil {
			t.Fatal(err)
		}
		change(&p)
		return encode(t, p)
	}
	parse := func(payload []byte) error {
		_, err := ParseEntry(payload, founder.keys.Sign.Sign(labelEntry, payload))
		return err
	}
	add := func(payload []byte) error {
		e, err := ParseEntry(payload, founder.keys.Sign.Sign(labelEntry, payload))
		if err != nil {
			return err
		}
		before := tm.log.Len()
		_, err = tm.log.Add(e)
		if err != nil && outcome(err) == seal.Reject && tm.log.Len() != before {
			t.Error("a rejected entry was kept")
		}
		return err
	}
	_, unsigned := ParseEntry(good.Payload, x.keys.Sign.Sign(labelEntry, good.Payload))
	_, newerUnsigned := ParseEntry(ofVersion(good.Payload, 2), x.keys.Sign.Sign(labelEntry, ofVersion(good.Payload, 2)))
	wrongBody := mustEncode(t, RoleSetBody{Person: founder.person, Role: RoleMember})
	checkCells(t,
		cell{"malformed: cut off", "reject", parse(good.Payload[:len(good.Payload)-1])},
		cell{"malformed: not canonical", "reject", parse(append(bytes.Clone(good.Payload), 0))},
		cell{"malformed: too long", "reject", parse(make([]byte, MaxEntry+1))},
		cell{"malformed: parents not sorted", "reject", parse(payload(func(p *entryPayload) { p.Parents = []seal.ID{{2}, {1}} }))},
		cell{"newer version", "pend", parse(ofVersion(good.Payload, 2))},
		cell{"newer type", "pend", parse(payload(func(p *entryPayload) { p.Type = TypeConfirm + 1 }))},
		cell{"newer version, not signed by its author", "reject", newerUnsigned},
		cell{"newer version, of an author that cannot be found", "reject", parse([]byte{0x81, 2})},
		cell{"missing reference", "pend", add(payload(func(p *entryPayload) { p.Parents = []seal.ID{{9}} }))},
		cell{"wrong signature", "reject", unsigned},
		cell{"not allowed: another workspace", "reject", add(payload(func(p *entryPayload) { p.WS = seal.ID{9} }))},
		cell{"not allowed: wrong seq", "reject", add(payload(func(p *entryPayload) { p.Seq++ }))},
		cell{"not allowed: wrong prev", "reject", add(payload(func(p *entryPayload) { p.Prev = seal.ID{9} }))},
		cell{"not allowed: its authority", "reject", add(payload(func(p *entryPayload) { p.Type, p.Body = TypeRoleSet, wrongBody }))},
		cell{"not allowed: a parent follows another", "reject", add(payload(func(p *entryPayload) { p.Parents = sorted(last.ID, tm.log.Order()[0]) }))},
		cell{"right", "ok", add(good.Payload)},
		cell{"duplicate", "drop", add(good.Payload)},
		cell{"duplicate: another entry for the same place", "evidence", add(payload(func(p *entryPayload) { p.HintMs++ }))},
	)
	if forks := tm.log.Forks(); len(forks) != 1 || forks[0].Device != founder.id() {
		t.Errorf("forks: %+v", forks)
	}
	_ = m
}

// Whoever wants signs for a key of small order: its entries must not even wait.
func TestAnAuthorsKeyIsChecked(t *testing.T) {
	t.Run("M12 a key of small order", func(t *testing.T) {
		small := seal.ID{1} // the neutral element: everything is signed by it
		payload := encode(t, entryPayload{V: 1, WS: seal.ID{1}, Type: TypeAck, Parents: []seal.ID{{1}}, Dev: small, Seq: 1, Body: mustEncode(t, AckBody{})})
		sig := append(small[:], make([]byte, 32)...)
		if !seal.Verify(small, labelEntry, payload, sig) {
			t.Fatal("the signature is not one")
		}
		_, err := ParseEntry(payload, sig)
		if o, reason := judge(err); o != "reject" || reason != "entry: bad author key" {
			t.Errorf("%s, %s", o, reason)
		}
	})
}

func TestBadInputSealedEntry(t *testing.T) {
	tm, _, _, _, _ := pair(t)
	lk := seal.Key(seedOf("lk", 0))
	ws := tm.log.WS()
	e := tm.log.Entry(tm.log.Order()[3])
	raw, err := e.SealUnder(lk)
	if err != nil {
		t.Fatal(err)
	}
	under := func(plain []byte) []byte { return lk.Seal(plain, logAAD(ws)) }
	forged := encode(t, seal.Signed{Payload: e.Payload, Sig: make([]byte, seal.SigSize)})
	other := genesisOf(people()[7], DefaultPolicy())
	foreign := under(encode(t, seal.Signed{Payload: other.Payload, Sig: other.Sig}))
	for _, cell := range []struct {
		column, want, reason string
		raw                  []byte
		ws                   seal.ID
	}{
		{"right", "ok", "", raw, ws},
		{"malformed: too long", "reject", "entry: too long", make([]byte, MaxSealedEntry+1), ws},
		{"malformed: cut off", "reject", "entry: does not open with the log key", raw[:len(raw)-1], ws},
		{"of another workspace", "reject", "entry: does not open with the log key", raw, seal.ID{9}},
		{"malformed: no entry inside", "reject", "entry: malformed", under([]byte("x")), ws},
		{"malformed: not canonical inside", "reject", "entry: malformed", under(append(forged, 0)), ws},
		{"wrong signature", "reject", "entry: wrong signature", under(forged), ws},
		{"not allowed: the genesis of another workspace", "reject", "entry: another workspace", foreign, ws},
	} {
		t.Run(cell.column, func(t *testing.T) {
			_, err := OpenEntry(lk, cell.ws, cell.raw)
			if got, reason := judge(err); got != cell.want || reason != cell.reason {
				t.Errorf("got %s (%s), want %s (%s)", got, reason, cell.want, cell.reason)
			}
		})
	}
}

func mustEncode(t *testing.T, b encoder) []byte {
	t.Helper()
	raw, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestBadInputWraps(t *testing.T) {
	s := newSealedTeam(t)
	kem := s.vault(s.x).kemOf
	none := func(uint32) (seal.KEMKey, bool) { return seal.KEMKey{}, false }
	at := func(raw []byte, dev seal.ID, kem func(uint32) (seal.KEMKey, bool)) error {
		ep := s.epoch
		ep.WrapsHash = WrapsHash(raw) // the epoch is taken to name it
		_, err := OpenWraps(raw, ep, s.log.WS(), dev, kem)
		return err
	}
	without, err := parseWraps(s.wraps)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range without.Wraps {
		if w.Dev == s.x.id() {
			without.Wraps = append(without.Wraps[:i:i], without.Wraps[i+1:]...)
			break
		}
	}
	_, hash := OpenWraps(append(bytes.Clone(s.wraps), 0), s.epoch, s.log.WS(), s.x.id(), kem)
	checkCells(t,
		cell{"right", "ok", at(s.wraps, s.x.id(), kem)},
		cell{"malformed: cut off", "drop", at(s.wraps[:len(s.wraps)-1], s.x.id(), kem)},
		cell{"malformed: not canonical", "drop", at(append(bytes.Clone(s.wraps), 0), s.x.id(), kem)},
		cell{"malformed: too long", "drop", at(make([]byte, MaxWraps+1), s.x.id(), kem)},
		cell{"newer version", "pend", at(ofVersion(s.wraps, 2), s.x.id(), kem)},
		cell{"missing reference: the encryption key is not here", "pend", at(s.wraps, s.x.id(), none)},
		cell{"wrong signature: another hash than the epoch names", "reject", hash},
		cell{"not allowed: own wrap missing", "evidence", at(encode(t, without), s.x.id(), kem)},
		cell{"not allowed: own wrap does not open", "evidence", at(s.wraps, s.x.id(), s.vault(s.m).kemOf)},
		cell{"not for this device", "drop", at(s.wraps, s.m.id(), kem)},
	)
}

func TestBadInputKeyRequest(t *testing.T) {
	s := newSealedTeam(t)
	key := s.x.keys.Sign
	good := KeyRequest{V: 1, WS: s.log.WS(), Space: s.epoch.Space, EpochID: s.epoch.ID, Dev: s.x.id(), Nonce: seal.ID{5}}
	signed := func(payload []byte) []byte {
		return encode(t, seal.Signed{Payload: payload, Sig: key.Sign(labelKeyRequest, payload)})
	}
	ask := func(raw []byte) error {
		r, err := ParseKeyRequest(raw)
		if err != nil {
			return err
		}
		return r.Check(s.log.State())
	}
	with := func(change func(*KeyRequest)) []byte {
		r := good
		change(&r)
		return signed(encode(t, r))
	}
	raw, payload := signed(encode(t, good)), encode(t, good)
	checkCells(t,
		cell{"right", "ok", ask(raw)},
		cell{"malformed: cut off", "reject", ask(raw[:len(raw)-1])},
		cell{"malformed: not canonical", "reject", ask(append(bytes.Clone(raw), 0))},
		cell{"newer version", "drop", ask(signed(ofVersion(payload, 2)))},
		cell{"missing reference: unknown epoch", "pend", ask(with(func(r *KeyRequest) { r.EpochID = seal.ID{9} }))},
		cell{"wrong signature", "reject", ask(encode(t, seal.Signed{Payload: payload, Sig: s.m.keys.Sign.Sign(labelKeyRequest, payload)}))},
		cell{"not allowed: another workspace", "reject", ask(with(func(r *KeyRequest) { r.WS = seal.ID{9} }))},
		cell{"not allowed: no access", "reject", ask(with(func(r *KeyRequest) { r.Space = seal.SpaceID{9} }))},
		cell{"not allowed: old encryption key", "reject", ask(with(func(r *KeyRequest) { r.KemGen = 1 }))},
	)
}

func TestBadInputKeyGrant(t *testing.T) {
	s := newSealedTeam(t)
	ws := s.log.WS()
	device, _ := s.log.State().Device(s.x.id())
	raw, err := NewKeyGrant(s.founder.keys.Sign, ws, s.epoch, s.key, device)
	if err != nil {
		t.Fatal(err)
	}
	good, err := ParseKeyGrant(raw)
	if err != nil {
		t.Fatal(err)
	}
	key := s.founder.keys.Sign
	signed := func(payload []byte) []byte {
		return encode(t, seal.Signed{Payload: payload, Sig: key.Sign(labelKeyGrant, payload)})
	}
	take := func(raw []byte) error {
		_, err := OpenKeyGrant(raw, s.log.State(), s.epoch, ws, s.x.id(), s.founder.id(), s.vault(s.x).kemOf)
		return err
	}
	with := func(change func(*KeyGrant)) []byte {
		g := good
		change(&g)
		return signed(encode(t, g))
	}
	wrong, err := NewKeyGrant(key, ws, s.epoch, seal.Key{1}, device)
	if err != nil {
		t.Fatal(err)
	}
	payload := encode(t, good)
	checkCells(t,
		cell{"right", "ok", take(raw)},
		cell{"malformed: cut off", "reject", take(raw[:len(raw)-1])},
		cell{"malformed: not canonical", "reject", take(append(bytes.Clone(raw), 0))},
		cell{"newer version", "drop", take(signed(ofVersion(payload, 2)))},
		cell{"missing reference: unknown epoch", "reject", take(with(func(g *KeyGrant) { g.EpochID = seal.ID{9} }))},
		cell{"wrong signature", "reject", take(encode(t, seal.Signed{Payload: payload, Sig: s.m.keys.Sign.Sign(labelKeyGrant, payload)}))},
		cell{"not allowed: by another than was asked", "reject", take(with(func(g *KeyGrant) { g.Granter = s.m.id() }))},
		cell{"not allowed: for another device", "reject", take(with(func(g *KeyGrant) { g.Dev = s.founder.id() }))},
		cell{"not allowed: a secret that the epoch does not commit to", "reject", take(wrong)},
	)
}
