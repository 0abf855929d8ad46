package member

import (
	"testing"

	"parvis/crdt/seal"
)

// pair is a founder, two admins that it made, and a member.
func pair(t testing.TB) (tm *team, founder, x, y, m *human) {
	t.Helper()
	p := people()
	founder, x, y, m = p[0], p[1], p[2], p[3]
	tm = newTeam(t, founder)
	tm.admit(founder, x, RoleMember)
	tm.admit(founder, y, RoleMember)
	tm.admit(founder, m, RoleMember)
	tm.promote(founder, x, RoleAdmin, 0)
	tm.promote(founder, y, RoleAdmin, 0)
	tm.seeAll(founder.id(), x.id(), y.id(), m.id())
	return tm, founder, x, y, m
}

// The worked cases of protocol 2.5.

func TestWorkedCase1(t *testing.T) {
	t.Run("M24 the maker's removal voids the made owner's", func(t *testing.T) {
		tm, a, b, _, _ := pair(t)
		tm.promote(a, b, RoleOwner, 1)
		tm.must(a, PersonRemoveBody{Person: b.person})
		tm.refused(b, PersonRemoveBody{Person: a.person}, "does not outrank")
		if tm.status(a) != Active || tm.status(b) != Removed {
			t.Errorf("founder %v, made owner %v", tm.status(a), tm.status(b))
		}
	})
	t.Run("M20 owners made with the same number cannot touch each other", func(t *testing.T) {
		tm, a, b, c, _ := pair(t)
		tm.promote(a, b, RoleOwner, 1)
		tm.promote(a, c, RoleOwner, 1)
		tm.seeAll(b.id(), c.id())
		tm.refused(b, PersonRemoveBody{Person: c.person}, "does not outrank")
		tm.refused(c, RoleSetBody{Person: b.person, Role: RoleMember}, "does not outrank")
	})
	t.Run("M24 M37 of two removals after a transfer the new top owner's holds", func(t *testing.T) {
		tm, a, b, _, _ := pair(t)
		before := tm.views[a.id()]
		tm.must(a, TransferBody{Person: b.person})
		tm.see(b.id(), a.id())
		down := tm.must(b, PersonRemoveBody{Person: a.person})
		// The founder, on a view in which b was an admin, removes b.
		up, o, err := tm.at(before, a.keys.Sign, PersonRemoveBody{Person: b.person})
		if o != seal.Evidence { // the transfer stands at the same place of the chain
			t.Fatal(o, err)
		}
		st := tm.log.State()
		if !st.Voided(up.ID) || st.Voided(down.ID) || tm.status(a) != Removed || tm.status(b) != Active {
			t.Errorf("old top %v, new top %v", tm.status(a), tm.status(b))
		}
	})
}

func TestWorkedCase2(t *testing.T) {
	t.Run("M21 M24 M38 whom a removed admin admitted meanwhile is out, with all it did", func(t *testing.T) {
		tm, owner, x, _, _ := pair(t)
		n := people()[4]
		admitted := tm.admit(x, n, RoleMember)
		space := PrivateSpaceID(tm.log.WS(), n.id())
		made := tm.must(n, SpaceCreateBody{Space: space, Kind: SpacePrivate, Members: []SpaceMember{{Person: n.person, Access: AccessWrite}}})
		if _, ok := tm.log.State().Space(space); !ok {
			t.Fatal("the space was not made")
		}
		tm.must(owner, PersonRemoveBody{Person: x.person})
		st := tm.log.State()
		if !st.Voided(admitted.ID) || !st.Voided(made.ID) {
			t.Error("the admission or what followed still counts")
		}
		if _, ok := st.Person(n.person); ok {
			t.Error("the person is still in")
		}
		if _, ok := st.Space(space); ok {
			t.Error("the space is still there")
		}
		if cut, out := st.Cut(n.id()); !out || len(cut.Fences) > 0 {
			t.Error("the device has no empty fence")
		}
		if _, out := st.Cut(owner.id()); out {
			t.Error("the owner's device is cut off")
		}
	})
}

func TestTheRevocationMustOutrankTheActToo(t *testing.T) {
	t.Run("M24 an act of higher rank stays, though the admission behind it is void", func(t *testing.T) {
		tm, top, o2, x, m := pair(t)
		n := people()[4]
		tm.promote(top, o2, RoleOwner, 5)
		tm.seeAll(x.id(), m.id(), o2.id())
		admitted := tm.admit(x, n, RoleMember)
		tm.see(top.id(), n.id())
		tm.promote(top, n, RoleOwner, 1)
		tm.see(n.id(), top.id())
		act := tm.must(n, RoleSetBody{Person: m.person, Role: RoleAdmin})
		tm.must(o2, PersonRemoveBody{Person: x.person}) // knows nothing of all this
		st := tm.log.State()
		if !st.Voided(admitted.ID) || st.Voided(act.ID) {
			t.Errorf("admission void %v, act of an owner above the remover void %v", st.Voided(admitted.ID), st.Voided(act.ID))
		}
		if p, _ := st.Person(m.person); p.Role != RoleAdmin {
			t.Errorf("the role is %v", p.Role)
		}
	})
}

func TestWorkedCase3(t *testing.T) {
	t.Run("M24 M41 what a removed admin dates back is void", func(t *testing.T) {
		tm, owner, x, _, m := pair(t)
		early := tm.views[x.id()]
		tm.must(owner, PersonRemoveBody{Person: x.person})
		tm.must(owner, AckBody{})
		want := standing(tm.log.State())
		late, o, err := tm.at(early, x.keys.Sign, PersonRemoveBody{Person: m.person})
		if o != seal.OK {
			t.Fatal(o, err)
		}
		if !tm.log.State().Voided(late.ID) || standing(tm.log.State()) != want {
			t.Error("it changed something")
		}
	})
}

func TestWorkedCase4(t *testing.T) {
	t.Run("M26 a removal beats a promotion by a higher owner", func(t *testing.T) {
		tm, o1, o2, _, x := pair(t)
		tm.promote(o1, o2, RoleOwner, 5)
		tm.see(x.id(), o2.id())
		removal := tm.must(o2, PersonRemoveBody{Person: x.person})
		promotion := tm.must(o1, RoleSetBody{Person: x.person, Role: RoleOwner, OwnerRank: 1})
		st := tm.log.State()
		if st.Voided(removal.ID) || st.Voided(promotion.ID) || tm.status(x) != Removed {
			t.Errorf("status %v", tm.status(x))
		}
	})
	t.Run("M24 what the promoted did as an owner stays, until the higher owner decides", func(t *testing.T) {
		tm, o1, o2, m, x := pair(t)
		tm.promote(o1, o2, RoleOwner, 5)
		tm.seeAll(x.id(), m.id())
		before := tm.views[o2.id()]
		tm.promote(o1, x, RoleOwner, 1)
		act := tm.must(x, RoleSetBody{Person: m.person, Role: RoleMember})
		if _, o, err := tm.at(before, o2.keys.Sign, PersonRemoveBody{Person: x.person}); o != seal.OK {
			t.Fatal(o, err)
		}
		if tm.log.State().Voided(act.ID) || tm.status(x) != Removed {
			t.Errorf("void %v, status %v", tm.log.State().Voided(act.ID), tm.status(x))
		}
		tm.seeAll(o1.id(), x.id())
		tm.refused(o1, RoleSetBody{Person: x.person, Role: RoleAdmin}, "the person is out") // only new keys come back
		tm.refused(x, AckBody{}, "person is not active")
	})
}

func TestWorkedCase5(t *testing.T) {
	t.Run("M37 a transfer puts the new top owner above the founder", func(t *testing.T) {
		tm, founder, x, _, _ := pair(t)
		tm.refused(x, TransferBody{Person: x.person}, "not the top owner")
		tm.must(founder, TransferBody{Person: x.person})
		tm.see(x.id(), founder.id())
		if p, _ := tm.log.State().Person(x.person); p.Role != RoleOwner || p.OwnerRank != -1 {
			t.Errorf("got %v with rank %d", p.Role, p.OwnerRank)
		}
		tm.must(x, RoleSetBody{Person: founder.person, Role: RoleMember})
		tm.refused(founder, RoleSetBody{Person: x.person, Role: RoleMember}, "does not outrank")
	})
	t.Run("M37 the quorum deposes the founder, who cannot void it", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		policy := Policy{Quorum: 2, Trustees: sorted(x.person, y.person, m.person), Instant: true}
		tm.must(founder, PolicyBody{Policy: policy})
		tm.seeAll(x.id(), y.id(), m.id())
		ws, at := tm.log.WS(), tm.log.State().PolicyEntry()
		body := DeposeBody{Person: founder.person, Policy: at}
		body.Sigs = []TrusteeSig{body.Sign(x.keys.Sign, ws)}
		tm.refused(m, body, "the last owner needs a successor")
		body.Successor = &m.person
		tm.refused(m, body, "wrong signature") // to another deposition
		body.Sigs = []TrusteeSig{body.Sign(x.keys.Sign, ws)}
		tm.refused(m, body, "too few trustees")
		body.Sigs = sortedSigs(append(body.Sigs, body.Sign(y.keys.Sign, ws)))
		tm.must(founder, PersonRemoveBody{Person: x.person}) // beside the deposition
		deposed := tm.must(m, body)
		st := tm.log.State()
		if p, _ := st.Person(founder.person); st.Voided(deposed.ID) || p.Role != RoleMember {
			t.Errorf("the founder is %v", p.Role)
		}
		if tm.status(x) != Active {
			t.Error("the deposed founder's removal of a trustee counts")
		}
		if p, _ := st.Person(m.person); p.Role != RoleOwner || !st.IsTop(m.person) {
			t.Errorf("the successor is %v with rank %d", p.Role, p.OwnerRank)
		}
	})
	t.Run("M37 who succeeds whom", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		tm.must(founder, RoleSetBody{Person: x.person, Role: RoleAdmin})
		tm.must(founder, PolicyBody{Policy: Policy{Quorum: 1, Trustees: sorted(y.person), Instant: true}})
		tm.seeAll(x.id(), y.id(), m.id())
		ws, at := tm.log.WS(), tm.log.State().PolicyEntry()
		signed := func(person seal.ID, successor *seal.ID) DeposeBody {
			body := DeposeBody{Person: person, Successor: successor, Policy: at}
			body.Sigs = []TrusteeSig{body.Sign(y.keys.Sign, ws)}
			return body
		}
		tm.refused(y, signed(x.person, &m.person), "only an owner has a successor")
		tm.refused(y, signed(founder.person, &founder.person), "the successor is not active")
		tm.refused(y, signed(founder.person, &seal.ID{9}), "unknown person")
		tm.must(founder, RoleSetBody{Person: m.person, Role: RoleOwner, OwnerRank: 1})
		tm.seeAll(x.id(), y.id(), m.id())
		tm.refused(y, signed(founder.person, &m.person), "an owner already")
		tm.must(y, signed(founder.person, nil)) // another owner is there
		tm.seeAll(x.id(), m.id())
		tm.must(y, signed(m.person, &y.person))
		if p, _ := tm.log.State().Person(y.person); p.Role != RoleOwner || p.OwnerRank != 1 {
			t.Errorf("the successor is %v with rank %d", p.Role, p.OwnerRank)
		}
	})
	t.Run("M37 without a quorum nobody deposes the founder", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		ws, at := tm.log.WS(), tm.log.State().PolicyEntry()
		body := DeposeBody{Person: founder.person, Successor: &m.person, Policy: at}
		body.Sigs = sortedSigs([]TrusteeSig{body.Sign(x.keys.Sign, ws), body.Sign(y.keys.Sign, ws)})
		tm.refused(m, body, "no such quorum")
		tm.refused(x, PersonRemoveBody{Person: founder.person}, "does not outrank")
		tm.refused(x, RoleSetBody{Person: founder.person, Role: RoleMember}, "higher role")
		tm.refused(x, PolicyBody{Policy: Policy{Quorum: 1, Trustees: []seal.ID{x.person}}}, "not the top owner")
	})
	t.Run("M37 consents do not outlive the policy that named the trustees", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		policy := Policy{Quorum: 2, Trustees: sorted(x.person, y.person), Instant: true}
		tm.must(founder, PolicyBody{Policy: policy})
		ws, at := tm.log.WS(), tm.log.State().PolicyEntry()
		body := DeposeBody{Person: founder.person, Successor: &m.person, Policy: at}
		body.Sigs = sortedSigs([]TrusteeSig{body.Sign(x.keys.Sign, ws), body.Sign(y.keys.Sign, ws)})
		tm.must(founder, PolicyBody{Policy: Policy{Quorum: 2, Trustees: sorted(y.person, m.person), Instant: true}})
		tm.seeAll(m.id())
		tm.refused(m, body, "no such quorum")
		body.Policy = tm.log.State().PolicyEntry()
		tm.refused(m, body, "signed by no trustee")
	})
}

func TestWorkedCase6(t *testing.T) {
	t.Run("M37 leaving voids nothing, keeps the rank, and is confirmed by a removal", func(t *testing.T) {
		tm, founder, x, y, _ := pair(t)
		n := people()[4]
		early := tm.views[x.id()]
		tm.admit(x, n, RoleMember)
		left, o, err := tm.at(early, x.keys.Sign, LeaveBody{}) // a thief leaves in the past
		if o != seal.Evidence {
			t.Fatal(o, err)
		}
		if tm.status(n) != Active || tm.status(x) != Left || tm.log.State().Voided(left.ID) {
			t.Errorf("admitted %v, leaver %v", tm.status(n), tm.status(x))
		}
		if p, _ := tm.log.State().Person(x.person); p.Role != RoleAdmin {
			t.Errorf("the former role is %v", p.Role)
		}
		tm.seeAll(founder.id(), y.id())
		tm.refused(y, PersonRemoveBody{Person: x.person}, "does not outrank")
		tm.must(founder, PersonRemoveBody{Person: x.person})
		if p, _ := tm.log.State().Person(x.person); p.Status != Removed || !p.Quit {
			t.Errorf("%v, quit: %v", p.Status, p.Quit)
		}
	})
	t.Run("M24 M37 the removal that confirms it closes what a thief dates back", func(t *testing.T) {
		tm, founder, x, _, m := pair(t)
		early := tm.views[x.id()]
		tm.must(x, LeaveBody{})
		tm.see(founder.id(), x.id())
		tm.must(founder, PersonRemoveBody{Person: x.person})
		want := standing(tm.log.State())
		late, o, err := tm.at(early, x.keys.Sign, PersonRemoveBody{Person: m.person})
		if o != seal.Evidence {
			t.Fatal(o, err)
		}
		if !tm.log.State().Voided(late.ID) || standing(tm.log.State()) != want {
			t.Error("it changed something")
		}
	})
	t.Run("M37 the top owner hands over before leaving", func(t *testing.T) {
		tm, founder, x, _, _ := pair(t)
		tm.refused(founder, LeaveBody{}, "must hand over")
		tm.must(founder, TransferBody{Person: x.person})
		tm.must(founder, LeaveBody{})
		if tm.status(founder) != Left {
			t.Error("still there")
		}
		tm.see(x.id(), founder.id())
		tm.must(x, PersonRemoveBody{Person: founder.person})
	})
}

func TestRankIsAStrictOrder(t *testing.T) {
	t.Run("M20 M25 promotion makes no circle through the devices of a person", func(t *testing.T) {
		// Compared by device number first, a > b > c > a would hold, and the void
		// rule would ask in a circle.
		tm, owner, q, _, p := pair(t)
		spare := spares()[0]
		tm.addDevice(p, spare, 1)
		tm.see(owner.id(), p.id())
		tm.see(q.id(), p.id())
		tm.promote(owner, p, RoleOwner, 9)
		tm.see(spare.id(), owner.id())
		old := tm.views[q.id()]
		a, o, err := tm.at(old, p.keys.Sign, DeviceRemoveBody{Device: spare.id()})
		if o != seal.OK {
			t.Fatal(o, err)
		}
		b := tm.must(p.as(spare), PersonRemoveBody{Person: q.person})
		c, o, err := tm.at(old, q.keys.Sign, PersonRemoveBody{Person: p.person})
		if o != seal.OK {
			t.Fatal(o, err)
		}
		st := tm.log.State()
		// b, an owner's act, outranks the two acts of people who were less.
		if !st.Voided(c.ID) || st.Voided(b.ID) || st.Voided(a.ID) {
			t.Errorf("void: a %v, b %v, c %v", st.Voided(a.ID), st.Voided(b.ID), st.Voided(c.ID))
		}
	})
	t.Run("M20 never both ways, and transitive", func(t *testing.T) {
		var ranks []rank
		for level := levelQuorum; level <= int(RoleGuest); level++ {
			for _, owner := range []int64{-1, 0, 5} {
				for idx := -1; idx < 2; idx++ {
					for person := range byte(2) {
						if level != int(RoleOwner) && owner != 0 {
							continue
						}
						ranks = append(ranks, rank{level, owner, idx, seal.ID{person}})
					}
				}
			}
		}
		for _, a := range ranks {
			for _, b := range ranks {
				if a.outranks(b) && b.outranks(a) {
					t.Fatalf("%+v and %+v outrank each other", a, b)
				}
				for _, c := range ranks {
					if a.outranks(b) && b.outranks(c) && !a.outranks(c) {
						t.Fatalf("%+v, %+v, %+v: not transitive", a, b, c)
					}
				}
			}
		}
	})
}
