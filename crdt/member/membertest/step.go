package membertest

import (
	"encoding/binary"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// step writes something that comes to an actor's mind, allowed or not.
func (tm *Team) step(a *Actor) {
	target := pick(tm.random, tm.Actors)
	switch tm.random.IntN(20) {
	case 0, 1:
		tm.Invite(a, member.Role(3+tm.random.IntN(2)), uint(tm.random.IntN(2)), uint(1+tm.random.IntN(2)), tm.grants()...)
	case 2, 3, 4:
		if len(tm.invites) > 0 {
			inv := pick(tm.random, tm.invites)
			tm.Admit(a, inv.keys, inv.body.Role, inv.body.Spaces...)
		}
	case 5:
		tm.join(a)
	case 6, 7:
		tm.Write(a, member.TypePersonRemove, member.PersonRemoveBody{Person: target.Person})
	case 8:
		tm.Write(a, member.TypeDeviceRemove, member.DeviceRemoveBody{Device: target.ID()})
	case 9:
		tm.addDevice(a)
	case 10, 11:
		role, rank := member.Role(1+tm.random.IntN(4)), int64(0)
		if role == member.RoleOwner {
			rank = int64(tm.random.IntN(5))
		}
		tm.Write(a, member.TypeRoleSet, member.RoleSetBody{Person: target.Person, Role: role, OwnerRank: rank})
	case 12:
		tm.makeSpace(a, target)
	case 13:
		tm.changeSpace(a, target)
	case 14, 15:
		tm.epoch(a)
	case 16:
		if twin := tm.Copy(a); tm.random.IntN(4) == 0 {
			tm.Write(twin, member.TypeAck, member.AckBody{})
		}
	default:
		tm.rare(a, target)
	}
}

func (tm *Team) grants() []member.SpaceGrant {
	if len(tm.spaces) == 0 || tm.random.IntN(2) == 0 {
		return nil
	}
	return []member.SpaceGrant{{Space: pick(tm.random, tm.spaces), Access: member.AccessWrite}}
}

func (tm *Team) join(host *Actor) {
	who := tm.newcomer()
	if who == nil || len(tm.invites) == 0 {
		return
	}
	b, err := member.NewJoinBody(pick(tm.random, tm.invites).keys, tm.All.WS(), who.Genesis, seal.ID{9}, host.Log.Heads()[0])
	if err != nil {
		tm.t.Fatal(err)
	}
	tm.Meet(who, host)
	if tm.Write(who, member.TypeJoin, b) != nil {
		tm.enter(who, host)
	}
}

func (tm *Team) addDevice(a *Actor) {
	_, spares := cast()
	if tm.spare >= len(spares) {
		return
	}
	next := *spares[tm.spare]
	_, raw, err := member.NewDeviceRecord(next.Keys, next.kem, tm.random.IntN(4), 2, a.Person)
	if err != nil {
		tm.t.Fatal(err)
	}
	key := a.Keys.Sign
	if tm.random.IntN(4) == 0 {
		key = a.Paper
	}
	if tm.WriteAs(a, key, member.TypeDeviceAdd, member.DeviceAddBody{Person: a.Person, Record: raw}) == nil {
		return
	}
	tm.spare++
	next.Person, next.Genesis, next.Paper, next.Log = a.Person, a.Genesis, a.Paper, member.NewLog()
	tm.Meet(&next, a)
	tm.Actors = append(tm.Actors, &next)
}

func (tm *Team) makeSpace(a, target *Actor) {
	members := []member.SpaceMember{{Person: a.Person, Access: member.AccessWrite}}
	if target.Person != a.Person {
		members = append(members, member.SpaceMember{Person: target.Person, Access: member.AccessWrite})
	}
	id, kind := member.PrivateSpaceID(tm.All.WS(), a.ID()), member.SpacePrivate
	binary.BigEndian.PutUint64(id[8:], tm.random.Uint64()) // the seed decides
	switch tm.random.IntN(4) {
	case 0:
		var persons []seal.ID
		for _, m := range sorted(members) {
			persons = append(persons, m.Person)
		}
		id, kind = member.GroupSpaceID(tm.All.WS(), persons), member.SpaceGroup
	case 1:
		id, kind, members = member.SelfSpaceID(tm.All.WS(), a.Person), member.SpaceSelf, members[:1]
	}
	b := member.SpaceCreateBody{Space: id, Kind: kind, Members: members, History: member.History(tm.random.IntN(2))}
	if tm.Write(a, member.TypeSpaceCreate, b) != nil {
		tm.spaces = append(tm.spaces, id)
	}
}

func (tm *Team) changeSpace(a, target *Actor) {
	if len(tm.spaces) == 0 {
		return
	}
	b := member.SpaceSetBody{Space: pick(tm.random, tm.spaces)}
	switch tm.random.IntN(4) {
	case 0:
		closed := tm.random.IntN(2) == 0
		b.Closed = &closed
	case 1:
		policy := member.History(tm.random.IntN(2))
		b.History = &policy
	case 2:
		b.NameBox = []byte{1}
	default:
		b.Members = []member.SpaceMember{{Person: target.Person, Access: member.Access(tm.random.IntN(4))}}
	}
	tm.Write(a, member.TypeSpaceSet, b)
}

// epoch makes an epoch without sealing anything: the log does not look into wraps.
func (tm *Team) epoch(a *Actor) {
	st := a.Log.State()
	space := st.MainSpace()
	if len(tm.spaces) > 0 && tm.random.IntN(2) == 0 {
		space = pick(tm.random, tm.spaces)
	}
	var parts [][]byte
	for _, d := range st.Recipients(space) {
		parts = append(parts, binary.BigEndian.AppendUint32(d.ID[:], d.KemGen))
	}
	n, prev := st.NextEpoch(space)
	b := member.EpochBody{Space: space, N: n, RecipsHash: seal.Hash("parvis1/recips", parts...), EpochID: seedOf("epoch", tm.random.IntN(1<<30))}
	for _, e := range prev {
		b.Prev = append(b.Prev, member.PrevBox{EpochID: e.ID})
	}
	tm.Write(a, member.TypeEpoch, b)
}

// rare are acts that few teams see.
func (tm *Team) rare(a, target *Actor) {
	ws := tm.All.WS()
	switch tm.random.IntN(9) {
	case 0:
		tm.Write(a, member.TypeConfirm, member.ConfirmBody{Person: target.Person})
	case 1, 2:
		trustees := []seal.ID{target.Person}
		if other := pick(tm.random, tm.Actors).Person; other != target.Person {
			trustees = append(trustees, other)
		}
		slices.SortFunc(trustees, seal.ID.Compare)
		tm.Write(a, member.TypePolicy, member.PolicyBody{Policy: member.Policy{Quorum: 1, Trustees: trustees, Instant: tm.random.IntN(2) == 0}})
	case 3:
		body := member.DeposeBody{Person: target.Person, Policy: a.Log.State().PolicyEntry()}
		if tm.random.IntN(2) == 0 {
			body.Successor = &pick(tm.random, tm.Actors).Person
		}
		body.Sigs = []member.TrusteeSig{body.Sign(a.Keys.Sign, ws)}
		tm.Write(a, member.TypeDepose, body)
	case 4:
		tm.Write(a, member.TypeKemUpdate, member.KemUpdateBody{KEMPK: target.kem, KEMGen: 1})
	case 5:
		tm.Write(a, member.TypeRelaySet, member.RelaySetBody{Add: []seal.ID{target.Keys.PeerPublic()}})
	case 6:
		tm.Write(a, member.TypeTransfer, member.TransferBody{Person: target.Person})
	case 7:
		tm.Write(a, member.TypeLeave, member.LeaveBody{})
	default:
		if len(tm.invites) > 0 {
			tm.Write(a, member.TypeInviteRevoke, member.InviteRevokeBody{InviteID: pick(tm.random, tm.invites).keys.ID})
		}
	}
}
