package member

import (
	"testing"

	"parvis/crdt/seal"
)

// What the rules refuse, one entry per check: the reason is exact, so that another check
// cannot stand in for the one that is meant.
func TestEveryCheckRefusesByItself(t *testing.T) {
	p := people()
	tm, founder, x, y, m := pair(t)
	g, gone, n := p[4], p[5], p[6]
	tm.admit(founder, g, RoleGuest)
	tm.admit(founder, gone, RoleMember)
	tm.must(founder, PersonRemoveBody{Person: gone.person})
	tm.seeAll(founder.id(), x.id(), y.id(), m.id(), g.id())
	ws := tm.log.WS()
	codes, _ := tm.invite(founder, 801, RoleMember, ModeCodes, 3)
	instant, _ := tm.invite(founder, 802, RoleMember, ModeInstant, 3)
	tm.seeAll(founder.id(), x.id(), y.id(), m.id(), g.id())
	never, _ := inviteBody(ws, 803, RoleMember, ModeInstant, 3)

	admit := func(change func(*AdmitBody)) AdmitBody {
		b := admitBody(ws, codes, founder, n, RoleMember)
		if change != nil {
			change(&b)
		}
		return b
	}
	join := func(keys InviteKeys, who *human, head seal.ID) JoinBody {
		b, err := NewJoinBody(keys, ws, who.genesis, seal.ID{9}, head)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	head := tm.views[founder.id()][0]
	unknown := seal.ID{77}
	other := tm.freshKey(1)
	mains := tm.log.State().MainSpace()

	for _, row := range []struct {
		rules  string
		who    *human
		body   encoder
		reason string
	}{
		{"M17", founder, admit(func(b *AdmitBody) { b.InvSig[0] ^= 1 }), "admit: wrong signature of the invitation"},
		{"M17", founder, admit(func(b *AdmitBody) { b.Nonce[0] ^= 1 }), "admit: wrong signature of the invitation"},
		{"M17", founder, admit(func(b *AdmitBody) { b.PeerA = x.keys.PeerPublic() }), "admit: wrong signature of the invitation"},
		{"M17", founder, admit(func(b *AdmitBody) { b.InviteID = never.ID }), "invite: unknown"},
		{"M17", founder, admit(func(b *AdmitBody) { b.PeerA = gone.keys.PeerPublic() }), "admit: answered by an inactive device"},
		{"M17", founder, admit(func(b *AdmitBody) { b.PeerA = other }), "admit: answered by an unknown peer"},
		{"M15", m, admit(nil), "authority: needs a higher role"},
		{"M18", founder, admit(func(b *AdmitBody) { b.Role = RoleGuest }), "admit: another role than invited"},
		{"M18", founder, admit(func(b *AdmitBody) { b.Spaces = []SpaceGrant{{Space: seal.SpaceID{9}, Access: AccessRead}} }), "grants: unknown space"},
		{"M18", m, InviteBody{InvPK: other, Role: RoleMember, Uses: 1, Expires: 1}, "authority: needs a higher role"},
		{"M18", m, InviteRevokeBody{InviteID: codes.ID}, "authority: needs a higher role"},
		{"M18", founder, InviteRevokeBody{InviteID: never.ID}, "invite: unknown"},
		{"M15", x, RelaySetBody{Add: []seal.ID{other}}, "authority: needs a higher role"},
		{"M15", g, SpaceCreateBody{Space: PrivateSpaceID(ws, g.id()), Kind: SpacePrivate, Members: []SpaceMember{{Person: g.person, Access: AccessWrite}}}, "authority: needs a higher role"},
		{"M15", m, ConfirmBody{Person: x.person}, "authority: needs a higher role"},
		{"M15", x, RoleSetBody{Person: m.person, Role: RoleGuest}, "authority: needs a higher role"},
		{"M15", founder, RoleSetBody{Person: unknown, Role: RoleGuest}, "target: unknown person"},
		{"M15", founder, PersonRemoveBody{Person: unknown}, "target: unknown person"},
		{"M15", founder, TransferBody{Person: unknown}, "target: unknown person"},
		{"M15", founder, ConfirmBody{Person: unknown}, "target: unknown person"},
		{"M15", founder, RoleSetBody{Person: gone.person, Role: RoleMember}, "role: the person is out"},
		{"M15", founder, RoleSetBody{Person: founder.person, Role: RoleMember}, "authority: does not outrank"},
		{"M15", founder, PersonRemoveBody{Person: founder.person}, "authority: does not outrank"},
		{"M15", founder, PersonRemoveBody{Person: gone.person}, "person: removed already"},
		{"M19", m, PersonRemoveBody{Person: g.person}, "authority: needs a higher role"}, // though it outranks a guest
		{"M37", founder, TransferBody{Person: founder.person}, "transfer: to oneself"},
		{"M37", founder, TransferBody{Person: gone.person}, "transfer: the person is not active"},
		{"M37", x, TransferBody{Person: m.person}, "authority: not the top owner"},
		{"M37", x, PolicyBody{Policy: DefaultPolicy()}, "authority: not the top owner"},
		{"M37", founder, PolicyBody{Policy: Policy{Quorum: 1, Trustees: []seal.ID{gone.person}}}, "policy: a trustee is not an active person"},
		{"M37", founder, PolicyBody{Policy: Policy{Quorum: 1, Trustees: []seal.ID{unknown}}}, "policy: a trustee is not an active person"},
		{"M15", founder, DeviceRemoveBody{Device: unknown}, "device: unknown"},
		{"M15", founder, DeviceRemoveBody{Device: m.paper.Public()}, "device: unknown"},
		{"M15", m, DeviceRemoveBody{Device: founder.id()}, "authority: does not outrank"},
		{"M33", founder, ConfirmBody{Person: gone.person}, "confirm: not suspended"},
		{"M35", founder, SpaceCreateBody{Space: PrivateSpaceID(ws, founder.id()), Kind: SpacePrivate, Members: sortMembers([]SpaceMember{{Person: founder.person, Access: AccessWrite}, {Person: gone.person, Access: AccessRead}})}, "space: a member is not an active person"},
		{"M35", founder, SpaceCreateBody{Space: mains, Kind: SpacePrivate, Members: []SpaceMember{{Person: founder.person, Access: AccessWrite}}}, "space: known"},
		{"M34", founder, SpaceSetBody{Space: mains, Members: []SpaceMember{{Person: gone.person, Access: AccessRead}}}, "space: a member is not an active person"},
		{"M34", founder, SpaceSetBody{Space: mains, Members: []SpaceMember{{Person: unknown, Access: AccessNone}}}, "space: a member is not an active person"},
		{"M34", m, SpaceSetBody{Space: mains, Members: []SpaceMember{{Person: g.person, Access: AccessRead}}}, "space: not its admin"},
		{"M34", founder, SpaceSetBody{Space: seal.SpaceID{9}, Members: []SpaceMember{{Person: g.person, Access: AccessRead}}}, "space: cannot be changed"},
		{"M15", p[20], AckBody{}, "author: unknown device"},
	} {
		t.Run(row.rules+" "+row.reason, func(t *testing.T) {
			tm.views[row.who.id()] = tm.reduce(tm.log.Heads())
			tm.t = t
			tm.refused(row.who, row.body, row.reason)
		})
	}
	for _, row := range []struct {
		rules, reason string
		key           seal.SignKey
		body          JoinBody
	}{
		{"M17", "invite: unknown", n.keys.Sign, join(never, n, head)},
		{"M18", "join: the invitation wants the codes first", n.keys.Sign, join(codes, n, head)},
		{"M23", "join: not by the joining device", p[7].keys.Sign, join(instant, n, head)},
		{"M23", "join: its log lacks what it was given", n.keys.Sign, join(instant, n, unknown)},
		{"M17", "newcomer: known person", m.keys.Sign, join(instant, m, head)},
		{"M23", "join: wrong signature of the invitation", n.keys.Sign, func() JoinBody {
			b := join(instant, n, head)
			b.InvSig[0] ^= 1
			return b
		}()},
	} {
		t.Run(row.rules+" "+row.reason, func(t *testing.T) {
			_, o, err := tm.at(tm.reduce(tm.log.Heads()), row.key, row.body)
			if _, reason := judge(err); o != seal.Reject || reason != row.reason {
				t.Errorf("%v, %v", o, err)
			}
		})
	}
}

// No key of a newcomer may be known, for whatever it is used: the peer key of one device
// as the signing key of another would let bytes that strangers choose stand as signed.
func TestKeysAreFreshForEveryUse(t *testing.T) {
	tm, founder, x, _, _ := pair(t)
	keys, _ := tm.invite(founder, 810, RoleMember, ModeCodes, 9)
	n := people()[10]
	peerAsSign := DeviceKeys{Sign: seal.NewSignKey(x.keys.PeerSeed), PeerSeed: n.keys.PeerSeed}
	signAsPeer := DeviceKeys{Sign: n.keys.Sign, PeerSeed: seedOf("fresh", 3)}
	knownPeer := DeviceKeys{Sign: n.keys.Sign, PeerSeed: x.keys.PeerSeed}
	knownSign := DeviceKeys{Sign: x.keys.Sign, PeerSeed: n.keys.PeerSeed}
	fresh := seal.NewSignKey(seedOf("fresh", 4)).Public()
	xSign, xPeer, xPaper := x.id(), x.keys.PeerPublic(), x.paper.Public()
	for _, row := range []struct {
		name     string
		keys     DeviceKeys
		recovery *seal.ID
		refused  bool
	}{
		{"M17 a known peer key as signing key", peerAsSign, nil, true},
		{"M17 a known peer key", knownPeer, nil, true},
		{"M17 a known signing key", knownSign, nil, true},
		{"M17 a known signing key as recovery key", signAsPeer, &xSign, true},
		{"M17 a known peer key as recovery key", signAsPeer, &xPeer, true},
		{"M17 a known recovery key", signAsPeer, &xPaper, true},
		{"M17 nothing known", signAsPeer, &fresh, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, raw, err := NewPersonGenesis(row.keys, n.kem.Public(), 1, [16]byte{3}, row.recovery)
			if err != nil {
				t.Fatal(err)
			}
			who := &human{gadget: &gadget{keys: row.keys, kem: n.kem}, genesis: raw, person: PersonID(raw)}
			_, err = tm.try(founder.keys.Sign, admitBody(tm.log.WS(), keys, founder, who, RoleMember))
			if _, reason := judge(err); (reason == "newcomer: known key") != row.refused || (err == nil) == row.refused {
				t.Errorf("got %v", err)
			}
		})
	}
	for name, made := range map[string]DeviceKeys{
		"M17 a new device with a known peer key as signing key": peerAsSign, "M17 a new device with a known peer key": knownPeer,
		"M17 a new device with a known signing key": knownSign,
	} {
		t.Run(name, func(t *testing.T) {
			_, raw, err := NewDeviceRecord(made, n.kem.Public(), 5, 2, founder.person)
			if err != nil {
				t.Fatal(err)
			}
			_, err = tm.try(founder.keys.Sign, DeviceAddBody{Person: founder.person, Record: raw})
			if _, reason := judge(err); reason != "newcomer: known key" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDepositionsAreRefused(t *testing.T) {
	tm, founder, x, y, m := pair(t)
	tm.must(founder, PolicyBody{Policy: Policy{Quorum: 2, Trustees: sorted(x.person, y.person), Instant: true}})
	tm.seeAll(x.id(), y.id(), m.id())
	ws, at := tm.log.WS(), tm.log.State().PolicyEntry()
	depose := func(person seal.ID) DeposeBody { return DeposeBody{Person: person, Successor: &y.person, Policy: at} }
	by := func(body DeposeBody, all ...*human) DeposeBody {
		body.Sigs = nil
		for _, who := range all {
			body.Sigs = append(body.Sigs, body.Sign(who.keys.Sign, ws))
		}
		body.Sigs = sortedSigs(body.Sigs)
		return body
	}
	both := func(person seal.ID) DeposeBody { return by(depose(person), x, y) }
	bad, other, elsewhere := both(founder.person), both(founder.person), both(founder.person)
	bad.Sigs[0].Sig[3] ^= 1
	other.Sigs = both(y.person).Sigs
	elsewhere.Policy = seal.ID{7}
	spare := spares()[0]
	tm.addDevice(x, spare, 1)
	tm.seeAll(x.id(), y.id(), m.id())
	twice := by(depose(founder.person), x)
	twice.Sigs = sortedSigs(append(twice.Sigs, twice.Sign(spare.keys.Sign, ws)))
	for _, row := range []struct {
		reason string
		body   DeposeBody
	}{
		{"target: unknown person", both(seal.ID{7})},
		{"depose: holds no office", both(m.person)},
		{"depose: no such quorum", elsewhere},
		{"depose: wrong signature", bad},
		{"depose: wrong signature", other},
		{"depose: signed by no trustee", by(depose(founder.person), x, m)},
		{"depose: signed by no trustee", by(depose(founder.person), people()[20])},
		{"depose: too few trustees", twice},
	} {
		t.Run("M37 "+row.reason, func(t *testing.T) {
			tm.t = t
			tm.refused(m, row.body, row.reason)
		})
	}
	t.Run("M37 a guest posts no deposition", func(t *testing.T) {
		g := people()[4]
		tm.admit(founder, g, RoleGuest)
		tm.seeAll(g.id())
		tm.t = t
		tm.refused(g, both(founder.person), "authority: needs a higher role")
	})
}

func TestAGenesisIsByItsFounder(t *testing.T) {
	t.Run("M12 another device's genesis, and a second one, are refused", func(t *testing.T) {
		a, b := people()[0], people()[1]
		body := GenesisBody{PersonGenesis: a.genesis, Suite: suiteOne, LogKeyID: LogKeyID(seal.Key{1}), Policy: DefaultPolicy()}
		e, err := NewGenesis(b.keys.Sign, body, 1)
		if err != nil {
			t.Fatal(err)
		}
		_, err = NewLog().Add(e)
		if _, reason := judge(err); reason != "genesis: not by the founder's device" {
			t.Error(err)
		}
		tm := newTeam(t, a)
		body.Nonce = [16]byte{1}
		if e, err = NewGenesis(a.keys.Sign, body, 1); err != nil {
			t.Fatal(err)
		}
		_, err = tm.log.Add(e)
		if _, reason := judge(err); reason != "entry: another workspace" {
			t.Error(err)
		}
	})
}
