package member

import (
	"testing"

	"parvis/crdt/seal"
)

// pieces is a small fixed team and what is needed to write into it.
type pieces struct {
	*team
	founder, x, m *human
}

func newPieces(t testing.TB) pieces {
	tm, founder, x, _, m := pair(t)
	return pieces{tm, founder, x, m}
}

// judgeEntry reads [payload, sig] and puts the entry into the team's log.
func judgeEntry(t testing.TB) func([]byte) error {
	base := newPieces(t)
	return func(raw []byte) error {
		signed, err := seal.Decode[seal.Signed](raw)
		if err != nil {
			return reject("entry: malformed")
		}
		e, err := ParseEntry(signed.Payload, signed.Sig)
		if err != nil {
			return err
		}
		log := NewLog()
		for _, id := range base.log.order {
			log.Add(base.log.Entry(id))
		}
		_, err = log.Add(e)
		return err
	}
}

func TestEntryVectors(t *testing.T) {
	checkVectors(t, "entry", "M1 M11 M12 M14 M15", judgeEntry(t), func(m *maker) {
		p := newPieces(t)
		ack := encode(t, AckBody{V: 1})
		end, _ := p.log.State().tails.get(p.x.id())
		good := entryPayload{
			V: 1, WS: p.log.WS(), Type: TypeAck, Parents: p.log.Heads(), Dev: p.x.id(), Seq: end.seq + 1, HintMs: 5, Body: ack,
		}
		if end.seq > 0 {
			good.Prev = end.ids[0]
		}
		key := p.x.keys.Sign
		signed := func(payload []byte) []byte {
			return encode(t, seal.Signed{Payload: payload, Sig: key.Sign(labelEntry, payload)})
		}
		payload := encode(t, good)
		m.add("right", signed(payload))
		m.malform(payload, signed)
		change := func(name string, edit func(*entryPayload)) {
			e := good
			edit(&e)
			m.add(name, signed(encode(t, e)))
		}
		change("a clock before 1970", func(e *entryPayload) { e.HintMs = -1 })
		change("another workspace", func(e *entryPayload) { e.WS = seal.ID{1} })
		change("no workspace", func(e *entryPayload) { e.WS = seal.ID{} })
		change("type 20", func(e *entryPayload) { e.Type = 20 })
		change("no parents", func(e *entryPayload) { e.Parents = nil })
		change("17 parents", func(e *entryPayload) {
			e.Parents = nil
			for i := range byte(17) {
				e.Parents = append(e.Parents, seal.ID{i})
			}
		})
		change("a parent twice", func(e *entryPayload) { e.Parents = []seal.ID{e.Parents[0], e.Parents[0]} })
		change("parents not sorted", func(e *entryPayload) { e.Parents = []seal.ID{{2}, {1}} })
		change("an unknown parent", func(e *entryPayload) { e.Parents = []seal.ID{{1}} })
		change("parents of which one follows the other", func(e *entryPayload) { e.Parents = sorted(e.Parents[0], p.log.order[0]) })
		change("seq 0", func(e *entryPayload) { e.Seq = 0 })
		change("seq too high", func(e *entryPayload) { e.Seq, e.Prev = e.Seq+1, seal.ID{1} })
		change("seq 1 with a prev", func(e *entryPayload) { e.Seq, e.Prev = 1, seal.ID{1} })
		change("a later seq without a prev", func(e *entryPayload) { e.Seq, e.Prev = 2, seal.ID{} })
		change("author named is another", func(e *entryPayload) { e.Dev = p.m.id() })
		change("author of small order", func(e *entryPayload) { e.Dev = seal.ID{1} })
		change("empty body", func(e *entryPayload) { e.Body = nil })
		change("body of another type", func(e *entryPayload) { e.Type = TypeTransfer })
		change("a genesis with parents", func(e *entryPayload) { e.Type = TypeGenesis })
		change("above its author's role", func(e *entryPayload) {
			e.Type, e.Body = TypeRelaySet, encode(t, RelaySetBody{V: 1, Add: []seal.ID{p.x.id()}})
		})
		m.add("signed by another", encode(t, seal.Signed{Payload: payload, Sig: p.m.keys.Sign.Sign(labelEntry, payload)}))
		m.add("signed for another purpose", encode(t, seal.Signed{Payload: payload, Sig: key.Sign("parvis1/env", payload)}))
		m.add("signature too short", encode(t, seal.Signed{Payload: payload, Sig: key.Sign(labelEntry, payload)[1:]}))
		m.add("version 2 with a wrong signature", encode(t, seal.Signed{Payload: append([]byte{payload[0], 2}, payload[2:]...), Sig: make([]byte, 64)}))
		key = people()[30].keys.Sign
		change("by a stranger", func(e *entryPayload) { e.Dev, e.Seq, e.Prev = key.Public(), 1, seal.ID{} })
		key = p.founder.keys.Sign
		second := genesisOf(p.founder, Policy{})
		m.add("a second genesis", encode(t, seal.Signed{Payload: second.Payload, Sig: second.Sig}))
		first := genesisOf(p.founder, DefaultPolicy())
		m.add("held already", encode(t, seal.Signed{Payload: first.Payload, Sig: first.Sig}))
	})
}

// bodies are right bodies of every type.
func bodies(t testing.TB) map[string]encoder {
	p := newPieces(t)
	ws, g, n := p.log.WS(), spares()[0], people()[10]
	keys, invite := inviteBody(ws, 900, RoleMember, ModeInstant, 2, SpaceGrant{Space: MainSpaceID(ws), Access: AccessWrite})
	join, err := NewJoinBody(keys, ws, n.genesis, seal.ID{1}, seal.ID{2})
	if err != nil {
		t.Fatal(err)
	}
	_, record, err := NewDeviceRecord(g.keys, g.kem.Public(), 1, 2, p.m.person)
	if err != nil {
		t.Fatal(err)
	}
	blob, shut, from := seal.ID{9}, true, HistoryFromJoin
	fence := Fence{Space: seal.SpaceID{1}, Seq: 4, ID: seal.ID{3}}
	box := make([]byte, boxSize)
	return map[string]encoder{
		"genesis":       GenesisBody{PersonGenesis: n.genesis, Nonce: [16]byte{1}, Suite: 1, LogKeyID: seal.ID{2}, Policy: DefaultPolicy()},
		"admit":         admitBody(ws, keys, p.founder, n, RoleMember, SpaceGrant{Space: seal.SpaceID{1}, Access: AccessRead}),
		"device_add":    DeviceAddBody{Person: p.m.person, Record: record},
		"device_remove": DeviceRemoveBody{Device: g.id(), Fences: []Fence{fence}, Blob: &blob},
		"role_set":      RoleSetBody{Person: n.person, Role: RoleOwner, OwnerRank: 3},
		"person_remove": PersonRemoveBody{Person: n.person, Fences: []DeviceFences{{Device: n.id(), Fences: []Fence{fence}}}, Reason: 1},
		"invite":        invite,
		"invite_revoke": InviteRevokeBody{InviteID: keys.ID},
		"space_create":  SpaceCreateBody{Space: seal.SpaceID{1}, Kind: SpacePrivate, Members: []SpaceMember{{Person: n.person, Access: AccessWrite}}, NameBox: box},
		"space_set":     SpaceSetBody{Space: seal.SpaceID{1}, Members: []SpaceMember{{Person: n.person}}, History: &from, Closed: &shut, NameBox: box},
		"epoch":         EpochBody{Space: seal.SpaceID{1}, N: 2, EpochID: seal.ID{1}, Prev: []PrevBox{{EpochID: seal.ID{1}, Box: box}, {EpochID: seal.ID{2}}}, RecipsHash: seal.ID{3}, WrapsHash: seal.ID{4}, Reason: 1},
		"kem_update":    KemUpdateBody{KEMPK: g.kem.Public(), KEMGen: 1},
		"policy":        PolicyBody{Policy: Policy{Quorum: 1, Trustees: sorted(n.person, p.x.person), MinVersion: 3, Instant: true}},
		"depose":        DeposeBody{Person: n.person, Successor: &n.person, Policy: seal.ID{1}, Sigs: []TrusteeSig{DeposeBody{Person: n.person, Policy: seal.ID{1}}.Sign(p.x.keys.Sign, ws)}},
		"leave":         LeaveBody{},
		"transfer":      TransferBody{Person: n.person},
		"relay_set":     RelaySetBody{Add: []seal.ID{n.keys.PeerPublic()}, Remove: []seal.ID{{1}, {2}}},
		"ack":           AckBody{},
		"join":          join,
		"confirm":       ConfirmBody{Person: n.person},
	}
}

func raw(t testing.TB, body encoder) []byte {
	t.Helper()
	b, err := body.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func judgeBody(typ Type) func([]byte) error {
	return func(raw []byte) error {
		_, err := decodeContent(typ, raw)
		return err
	}
}

// edited is a body with one thing changed, put into its encoding as it is.
func edited[T content](t testing.TB, m *maker, good encoder) func(name string, edit func(*T)) {
	return func(name string, edit func(*T)) {
		body, err := decodeBody[T](raw(t, good))
		if err != nil {
			t.Fatal(err)
		}
		edit(&body)
		m.add(name, encode(t, body))
	}
}

func TestBodyVectors(t *testing.T) {
	all := bodies(t)
	run := func(name, rules string, typ Type, more func(*maker)) {
		checkVectors(t, "body_"+name, rules, judgeBody(typ), func(m *maker) {
			good := raw(t, all[name])
			m.add("right", good)
			m.malform(good, same)
			if more != nil {
				more(m)
			}
		})
	}
	n, spare := people()[10], spares()[1]
	run("genesis", "M13 M19", TypeGenesis, func(m *maker) {
		change := edited[GenesisBody](t, m, all["genesis"])
		change("suite 2", func(b *GenesisBody) { b.Suite = 2 })
		change("trustees", func(b *GenesisBody) { b.Policy.Trustees, b.Policy.Quorum = []seal.ID{n.person}, 1 })
		change("quorum without trustees", func(b *GenesisBody) { b.Policy.Quorum = 1 })
		change("person cut off", func(b *GenesisBody) { b.PersonGenesis = b.PersonGenesis[:9] })
	})
	run("admit", "M13 M18", TypeAdmit, func(m *maker) {
		change := edited[AdmitBody](t, m, all["admit"])
		change("as an owner", func(b *AdmitBody) { b.Role = RoleOwner })
		change("as an admin", func(b *AdmitBody) { b.Role = RoleAdmin })
		change("another peer", func(b *AdmitBody) { b.PeerB = b.PeerA })
		change("signature too short", func(b *AdmitBody) { b.InvSig = b.InvSig[1:] })
		change("access none", func(b *AdmitBody) { b.Spaces[0].Access = AccessNone })
		change("access 4", func(b *AdmitBody) { b.Spaces[0].Access = 4 })
		change("a space twice", func(b *AdmitBody) { b.Spaces = append(b.Spaces, b.Spaces[0]) })
		change("17 spaces", func(b *AdmitBody) { b.Spaces = make([]SpaceGrant, 17) })
		change("person cut off", func(b *AdmitBody) { b.PersonGenesis = b.PersonGenesis[:9] })
	})
	run("device_add", "M13 M3 M4", TypeDeviceAdd, func(m *maker) {
		change := edited[DeviceAddBody](t, m, all["device_add"])
		change("of another person", func(b *DeviceAddBody) { b.Person = n.person })
		change("record cut off", func(b *DeviceAddBody) { b.Record = b.Record[:9] })
	})
	run("device_remove", "M13 M38", TypeDeviceRemove, func(m *maker) {
		change := edited[DeviceRemoveBody](t, m, all["device_remove"])
		change("a space twice", func(b *DeviceRemoveBody) { b.Fences = append(b.Fences, b.Fences[0]) })
		change("fence at seq 0", func(b *DeviceRemoveBody) { b.Fences[0].Seq = 0 })
		change("fence at no envelope", func(b *DeviceRemoveBody) { b.Fences[0].ID = seal.ID{} })
		change("no fences", func(b *DeviceRemoveBody) { b.Fences = nil })
	})
	run("role_set", "M13 M19", TypeRoleSet, func(m *maker) {
		change := edited[RoleSetBody](t, m, all["role_set"])
		change("role 0", func(b *RoleSetBody) { b.Role = 0 })
		change("role 5", func(b *RoleSetBody) { b.Role = 5 })
		change("owner rank for an admin", func(b *RoleSetBody) { b.Role = RoleAdmin })
		change("rank too high", func(b *RoleSetBody) { b.OwnerRank = maxOwnerRank + 1 })
		change("rank too low", func(b *RoleSetBody) { b.OwnerRank = -maxOwnerRank - 1 })
		change("negative rank", func(b *RoleSetBody) { b.OwnerRank = -5 })
	})
	run("person_remove", "M13 M38", TypePersonRemove, func(m *maker) {
		change := edited[PersonRemoveBody](t, m, all["person_remove"])
		change("a device twice", func(b *PersonRemoveBody) { b.Fences = append(b.Fences, b.Fences[0]) })
		change("a space twice", func(b *PersonRemoveBody) { b.Fences[0].Fences = append(b.Fences[0].Fences, b.Fences[0].Fences[0]) })
		change("too many fences", func(b *PersonRemoveBody) {
			b.Fences[0].Fences = nil
			for i := range 1001 {
				b.Fences[0].Fences = append(b.Fences[0].Fences, Fence{Space: seal.SpaceID{byte(i >> 8), byte(i)}, Seq: 1, ID: seal.ID{1}})
			}
		})
	})
	run("invite", "M13 M18", TypeInvite, func(m *maker) {
		change := edited[InviteBody](t, m, all["invite"])
		change("key of small order", func(b *InviteBody) { b.InvPK = seal.ID{1} })
		change("for an owner", func(b *InviteBody) { b.Role = RoleOwner })
		change("for an admin", func(b *InviteBody) { b.Role = RoleAdmin })
		change("mode 2", func(b *InviteBody) { b.Mode = 2 })
		change("no uses", func(b *InviteBody) { b.Uses = 0 })
		change("501 uses", func(b *InviteBody) { b.Uses = 501 })
		change("no expiry", func(b *InviteBody) { b.Expires = 0 })
		change("17 spaces", func(b *InviteBody) { b.Spaces = make([]SpaceGrant, 17) })
	})
	run("space_create", "M13 M35", TypeSpaceCreate, func(m *maker) {
		change := edited[SpaceCreateBody](t, m, all["space_create"])
		change("the main space", func(b *SpaceCreateBody) { b.Kind = SpaceMain })
		change("kind 4", func(b *SpaceCreateBody) { b.Kind = 4 })
		change("history 2", func(b *SpaceCreateBody) { b.History = 2 })
		change("no members", func(b *SpaceCreateBody) { b.Members = nil })
		change("a group with a reader", func(b *SpaceCreateBody) { b.Kind, b.Members[0].Access = SpaceGroup, AccessRead })
		change("a member with none", func(b *SpaceCreateBody) { b.Members[0].Access = AccessNone })
		change("a member twice", func(b *SpaceCreateBody) { b.Members = append(b.Members, b.Members[0]) })
		change("601 members", func(b *SpaceCreateBody) { b.Members = make([]SpaceMember, 601) })
		change("name too long", func(b *SpaceCreateBody) { b.NameBox = make([]byte, 513) })
	})
	run("space_set", "M13 M35", TypeSpaceSet, func(m *maker) {
		change := edited[SpaceSetBody](t, m, all["space_set"])
		change("nothing", func(b *SpaceSetBody) { *b = SpaceSetBody{V: 1, Space: b.Space} })
		change("history 2", func(b *SpaceSetBody) { h := History(2); b.History = &h })
		change("access 4", func(b *SpaceSetBody) { b.Members[0].Access = 4 })
		change("a member twice", func(b *SpaceSetBody) { b.Members = append(b.Members, b.Members[0]) })
		change("name too long", func(b *SpaceSetBody) { b.NameBox = make([]byte, 513) })
	})
	run("epoch", "M13 M30", TypeEpoch, func(m *maker) {
		change := edited[EpochBody](t, m, all["epoch"])
		change("number 0", func(b *EpochBody) { b.N = 0 })
		change("nine links", func(b *EpochBody) { b.Prev = make([]PrevBox, 9) })
		change("a link twice", func(b *EpochBody) { b.Prev[1] = b.Prev[0] })
		change("box too short", func(b *EpochBody) { b.Prev[0].Box = b.Prev[0].Box[1:] })
		change("no links", func(b *EpochBody) { b.Prev = nil })
	})
	run("kem_update", "M13", TypeKemUpdate, func(m *maker) {
		change := edited[KemUpdateBody](t, m, all["kem_update"])
		change("key too short", func(b *KemUpdateBody) { b.KEMPK = b.KEMPK[1:] })
		change("another key", func(b *KemUpdateBody) { b.KEMPK = spare.kem.Public() })
	})
	run("policy", "M13 M19", TypePolicy, func(m *maker) {
		change := edited[PolicyBody](t, m, all["policy"])
		change("quorum of all", func(b *PolicyBody) { b.Policy.Quorum = 2 })
		change("quorum of more", func(b *PolicyBody) { b.Policy.Quorum = 3 })
		change("quorum of none", func(b *PolicyBody) { b.Policy.Quorum = 0 })
		change("a trustee twice", func(b *PolicyBody) { b.Policy.Trustees[1] = b.Policy.Trustees[0] })
		change("17 trustees", func(b *PolicyBody) { b.Policy.Trustees = make([]seal.ID, 17) })
	})
	run("depose", "M13 M37", TypeDepose, func(m *maker) {
		change := edited[DeposeBody](t, m, all["depose"])
		change("no signatures", func(b *DeposeBody) { b.Sigs = nil })
		change("a device twice", func(b *DeposeBody) { b.Sigs = append(b.Sigs, b.Sigs[0]) })
		change("signature too short", func(b *DeposeBody) { b.Sigs[0].Sig = b.Sigs[0].Sig[1:] })
	})
	run("relay_set", "M13 M19", TypeRelaySet, func(m *maker) {
		change := edited[RelaySetBody](t, m, all["relay_set"])
		change("nothing", func(b *RelaySetBody) { b.Add, b.Remove = nil, nil })
		change("not sorted", func(b *RelaySetBody) { b.Remove[0], b.Remove[1] = b.Remove[1], b.Remove[0] })
		change("added and removed", func(b *RelaySetBody) { b.Remove = b.Add })
		change("key of small order", func(b *RelaySetBody) { b.Add[0] = seal.ID{1} })
		change("17 removed", func(b *RelaySetBody) { b.Remove = make([]seal.ID, 17) })
	})
	run("join", "M13 M18", TypeJoin, func(m *maker) {
		change := edited[JoinBody](t, m, all["join"])
		change("signature too short", func(b *JoinBody) { b.InvSig = b.InvSig[1:] })
		change("person cut off", func(b *JoinBody) { b.PersonGenesis = b.PersonGenesis[:9] })
	})
	run("invite_revoke", "M13", TypeInviteRevoke, nil)
	run("transfer", "M13", TypeTransfer, nil)
	run("confirm", "M13", TypeConfirm, nil)
	run("leave", "M13", TypeLeave, nil)
	run("ack", "M13", TypeAck, nil)
}
