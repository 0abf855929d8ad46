package member

import (
	"testing"

	"parvis/crdt/seal"
)

func TestSpaces(t *testing.T) {
	p := people()
	write := func(persons ...*human) (members []SpaceMember) {
		for _, h := range persons {
			members = append(members, SpaceMember{Person: h.person, Access: AccessWrite})
		}
		return members
	}
	ids := func(persons ...*human) []seal.ID {
		var list []seal.ID
		for _, h := range persons {
			list = append(list, h.person)
		}
		return sorted(list...)
	}
	t.Run("M35 two people who make a group space at once make the same", func(t *testing.T) {
		tm, _, x, y, m := pair(t)
		id := GroupSpaceID(tm.log.WS(), ids(x, y))
		tm.must(x, SpaceCreateBody{Space: id, Kind: SpaceGroup, Members: write(x, y)})
		tm.must(y, SpaceCreateBody{Space: id, Kind: SpaceGroup, Members: write(y, x)})
		st := tm.log.State()
		space, ok := st.Space(id)
		if !ok || len(space.Members) != 2 || !st.CanWrite(id, x.id()) || !st.CanWrite(id, y.id()) || st.CanRead(id, m.id()) {
			t.Errorf("got %+v", space)
		}
		tm.seeAll(x.id())
		tm.refused(x, SpaceSetBody{Space: id, Members: write(m)}, "cannot be changed")
		tm.refused(x, SpaceCreateBody{Space: id, Kind: SpaceGroup, Members: write(x, y)}, "known")
		tm.refused(x, SpaceCreateBody{Space: GroupSpaceID(tm.log.WS(), ids(y, m)), Kind: SpaceGroup, Members: write(y, m)}, "not in it")
		tm.refused(x, SpaceCreateBody{Space: id, Kind: SpaceGroup, Members: write(x, y, m)}, "known")
		tm.refused(x, SpaceCreateBody{Space: seal.SpaceID{1}, Kind: SpaceGroup, Members: write(x, m)}, "wrong id")
	})
	t.Run("M35 a private space belongs to the device that made it", func(t *testing.T) {
		tm, _, x, y, _ := pair(t)
		id := PrivateSpaceID(tm.log.WS(), x.id())
		tm.must(x, SpaceCreateBody{Space: id, Kind: SpacePrivate, Members: write(x)})
		// y has seen the id and makes it beside, to get in.
		tm.refused(y, SpaceCreateBody{Space: id, Kind: SpacePrivate, Members: write(y)}, "wrong id")
		if got := tm.log.State().Access(id, x.person); got != AccessAdmin {
			t.Errorf("the creator has %v", got)
		}
		self := SelfSpaceID(tm.log.WS(), y.person)
		tm.refused(x, SpaceCreateBody{Space: self, Kind: SpaceSelf, Members: write(x)}, "wrong id")
		tm.must(y, SpaceCreateBody{Space: self, Kind: SpaceSelf, Members: write(y)})
	})
	t.Run("who is out could read what it could, and nothing else", func(t *testing.T) {
		tm, _, x, y, m := pair(t)
		main, own := tm.log.State().MainSpace(), PrivateSpaceID(tm.log.WS(), x.id())
		tm.must(x, SpaceCreateBody{Space: own, Kind: SpacePrivate, Members: write(x, m)})
		tm.see(y.id(), x.id())
		tm.must(y, PersonRemoveBody{Person: m.person})
		st := tm.log.State()
		if st.CanRead(own, m.id()) || !st.CouldRead(own, m.id()) || !st.CouldRead(main, m.id()) {
			t.Error("a removed member")
		}
		if st.CouldRead(own, y.id()) || st.CouldRead(main, p[9].id()) {
			t.Error("who never could")
		}
	})
	t.Run("M34 M19 roles and lists decide who reads and writes", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		guest := p[10]
		tm.admit(founder, guest, RoleGuest, SpaceGrant{Space: tm.log.State().MainSpace(), Access: AccessAdmin})
		tm.seeAll(x.id(), y.id(), m.id())
		st := tm.log.State()
		main := st.MainSpace()
		for who, want := range map[*human]Access{founder: AccessAdmin, x: AccessAdmin, m: AccessWrite, guest: AccessWrite, p[30]: AccessNone} {
			if got := st.Access(main, who.person); got != want {
				t.Errorf("%s has %v in the main space, want %v", who.name, got, want)
			}
		}
		id := PrivateSpaceID(tm.log.WS(), m.id())
		tm.refused(guest, SpaceCreateBody{Space: PrivateSpaceID(tm.log.WS(), guest.id()), Kind: SpacePrivate, Members: write(guest)}, "higher role")
		tm.must(m, SpaceCreateBody{Space: id, Kind: SpacePrivate, Members: write(m, y)})
		tm.seeAll(founder.id(), y.id(), x.id())
		tm.refused(y, SpaceSetBody{Space: id, Members: write(founder)}, "not its admin")
		tm.refused(founder, SpaceSetBody{Space: id, Members: write(founder)}, "not its admin")
		tm.refused(founder, SpaceSetBody{Space: main, Members: write(x)}, "roles decide")
		shut := true
		tm.refused(founder, SpaceSetBody{Space: main, Closed: &shut}, "stays open")
		tm.must(founder, SpaceSetBody{Space: main, Members: []SpaceMember{{Person: guest.person}}})
		tm.must(m, SpaceSetBody{Space: id, Members: []SpaceMember{{Person: y.person, Access: AccessRead}}, NameBox: []byte("box")})
		tm.must(x, SpaceSetBody{Space: id, Closed: &shut}) // any admin may close it
		st = tm.log.State()
		if st.CanRead(main, guest.id()) {
			t.Error("the guest is still in the main space")
		}
		space, _ := st.Space(id)
		if !space.Closed || string(space.NameBox) != "box" || st.CanWrite(id, m.id()) || !st.CanRead(id, y.id()) || space.Creator != m.person {
			t.Errorf("got %+v", space)
		}
	})
	t.Run("M26 of concurrent changes the more restrictive holds", func(t *testing.T) {
		tm, _, x, y, m := pair(t)
		id := PrivateSpaceID(tm.log.WS(), x.id())
		tm.must(x, SpaceCreateBody{Space: id, Kind: SpacePrivate, Members: []SpaceMember{
			{Person: x.person, Access: AccessWrite}, {Person: y.person, Access: AccessAdmin}, {Person: m.person, Access: AccessWrite},
		}})
		tm.see(y.id(), x.id())
		open, shut, from := false, true, HistoryFromJoin
		tm.must(x, SpaceSetBody{Space: id, Members: []SpaceMember{{Person: m.person, Access: AccessAdmin}}, Closed: &open})
		tm.must(y, SpaceSetBody{Space: id, Members: []SpaceMember{{Person: m.person, Access: AccessNone}}, Closed: &shut, History: &from})
		space, _ := tm.log.State().Space(id)
		if _, in := space.Members[m.person]; in || !space.Closed || space.History != HistoryFromJoin {
			t.Errorf("got %+v", space)
		}
		tm.seeAll(x.id())
		tm.must(x, SpaceSetBody{Space: id, Closed: &open})
		if space, _ := tm.log.State().Space(id); space.Closed {
			t.Error("a later change does not hold")
		}
	})
}

func TestDevices(t *testing.T) {
	t.Run("M6 M4 the recovery key adds and removes devices and nothing else", func(t *testing.T) {
		tm, founder, _, _, m := pair(t)
		paper := m.as(&gadget{keys: DeviceKeys{Sign: m.paper}, name: "paper"})
		tm.seeAll(paper.id())
		tm.refused(paper, AckBody{}, "devices only")
		tm.must(paper, DeviceRemoveBody{Device: m.id()})
		spare := spares()[0]
		tm.addDevice(paper, spare, 3)
		st := tm.log.State()
		if d, ok := st.Device(spare.id()); !ok || !d.Active || d.Person != m.person || d.Idx != 3 {
			t.Errorf("got %+v", d)
		}
		if _, ok := st.Device(m.paper.Public()); ok {
			t.Error("the recovery key is listed as a device")
		}
		tm.must(m.as(spare), AckBody{})
		tm.see(m.id(), spare.id())
		tm.refused(m, AckBody{}, "device was removed")
		tm.seeAll(founder.id())
		tm.must(founder, PersonRemoveBody{Person: m.person})
		tm.seeAll(paper.id())
		tm.refused(paper, DeviceRemoveBody{Device: spare.id()}, "not active")
	})
	t.Run("M19 device numbers and owners", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		one, two := spares()[0], spares()[1]
		tm.addDevice(m, one, 1)
		_, taken, err := NewDeviceRecord(two.keys, two.kem.Public(), 1, 0, m.person)
		if err != nil {
			t.Fatal(err)
		}
		tm.see(m.id(), one.id())
		tm.refused(m, DeviceAddBody{Person: m.person, Record: taken}, "taken")
		_, low, err := NewDeviceRecord(two.keys, two.kem.Public(), 1, 0, m.person)
		if err != nil {
			t.Fatal(err)
		}
		tm.refused(m.as(one), DeviceAddBody{Person: m.person, Record: low}, "not above")
		tm.seeAll(x.id(), y.id(), founder.id())
		tm.refused(x, DeviceAddBody{Person: m.person, Record: low}, "another person")
		tm.refused(m, DeviceRemoveBody{Device: x.id()}, "does not outrank")
		tm.refused(x, DeviceRemoveBody{Device: y.id()}, "does not outrank")
		tm.must(x, DeviceRemoveBody{Device: m.id()})
		tm.refused(x, DeviceRemoveBody{Device: m.id()}, "removed already")
		tm.see(one.id(), x.id())
		tm.must(m.as(one), AckBody{})
	})
	t.Run("M24 an older device voids what a younger one does beside its removal, not the reverse", func(t *testing.T) {
		tm, _, _, _, m := pair(t)
		spare := spares()[0]
		tm.addDevice(m, spare, 1)
		gone := tm.must(m, DeviceRemoveBody{Device: spare.id()})
		back := tm.must(m.as(spare), DeviceRemoveBody{Device: m.id()})
		st := tm.log.State()
		if !st.Voided(back.ID) || st.Voided(gone.ID) {
			t.Error("the younger device won")
		}
		if d, _ := st.Device(m.id()); !d.Active {
			t.Error("the older device is out")
		}
	})
	t.Run("M19 M26 an encryption key is replaced by its device, one generation at a time", func(t *testing.T) {
		tm, _, _, _, m := pair(t)
		next := spares()[5].kem.Public()
		tm.refused(m, KemUpdateBody{KEMPK: next, KEMGen: 2}, "generation")
		tm.must(m, KemUpdateBody{KEMPK: next, KEMGen: 1})
		if d, _ := tm.log.State().Device(m.id()); d.KemGen != 1 || string(d.KemPK) != string(next) {
			t.Errorf("generation %d", d.KemGen)
		}
	})
	t.Run("M38 fences of several removals add up", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		tm.promote(founder, y, RoleOwner, 3)
		tm.seeAll(x.id())
		one, two := Fence{Space: seal.SpaceID{1}, Seq: 5, ID: seal.ID{5}}, Fence{Space: seal.SpaceID{1}, Seq: 7, ID: seal.ID{7}}
		blob := seal.ID{9}
		if _, out := tm.log.State().Cut(m.id()); out {
			t.Fatal("cut off before the removal")
		}
		tm.refused(x, PersonRemoveBody{Person: m.person, Fences: []DeviceFences{{Device: x.id(), Fences: []Fence{one}}}}, "not a device of the person")
		tm.must(x, PersonRemoveBody{Person: m.person, Fences: []DeviceFences{{Device: m.id(), Fences: []Fence{one}}}})
		tm.must(y, DeviceRemoveBody{Device: m.id(), Fences: []Fence{two}, Blob: &blob})
		cut, out := tm.log.State().Cut(m.id())
		if !out || len(cut.Fences) != 2 || len(cut.Entries) != 2 || len(cut.Blobs) != 1 {
			t.Errorf("got %+v", cut)
		}
		tm.seeAll(founder.id())
		tm.must(founder, RelaySetBody{Add: []seal.ID{m.keys.PeerPublic()}})
		if relays := tm.log.State().Relays(); len(relays) != 1 {
			t.Errorf("relays %v", relays)
		}
		tm.must(founder, RelaySetBody{Remove: []seal.ID{m.keys.PeerPublic()}})
		if relays := tm.log.State().Relays(); len(relays) != 0 {
			t.Errorf("relays %v", relays)
		}
	})
}
