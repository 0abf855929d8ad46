package member

import (
	"testing"

	"parvis/crdt/seal"
)

// The four kinds of concurrency that the resolver of the local-first authentication
// library has to decide. The pages name them (a) to (d) and do not spell them out; this
// is how they are read here:
//
//	(a) somebody who is removed, or loses a role, acts beside it
//	(b) two people remove or demote each other, also in a circle
//	(c) a removed admin dates admissions and promotions back before the removal
//	(d) somebody is removed, or demoted, and promoted or admitted again beside it

func TestLFACaseA(t *testing.T) {
	t.Run("M24 (a) what a removed admin does to others beside the removal is void", func(t *testing.T) {
		tm, owner, x, _, m := pair(t)
		removal := tm.must(x, PersonRemoveBody{Person: m.person})
		admitted := tm.admit(x, people()[4], RoleMember)
		tm.must(owner, PersonRemoveBody{Person: x.person})
		st := tm.log.State()
		if !st.Voided(removal.ID) || !st.Voided(admitted.ID) || tm.status(m) != Active || tm.status(x) != Removed {
			t.Errorf("removal void %v, admission void %v, member %v, admin %v", st.Voided(removal.ID), st.Voided(admitted.ID), tm.status(m), tm.status(x))
		}
	})
	t.Run("M24 (a) what an admin does beside being demoted is void where only admins may", func(t *testing.T) {
		tm, owner, x, _, m := pair(t)
		removal := tm.must(x, PersonRemoveBody{Person: m.person})
		tm.must(owner, RoleSetBody{Person: x.person, Role: RoleMember})
		if !tm.log.State().Voided(removal.ID) || tm.status(m) != Active {
			t.Error("the demoted admin's removal counts")
		}
	})
	t.Run("M22 (a) a demoted admin's acts that a member may do stay", func(t *testing.T) {
		tm, owner, x, _, _ := pair(t)
		space := PrivateSpaceID(tm.log.WS(), x.id())
		made := tm.must(x, SpaceCreateBody{Space: space, Kind: SpacePrivate, Members: []SpaceMember{{Person: x.person, Access: AccessWrite}}})
		tm.must(owner, RoleSetBody{Person: x.person, Role: RoleMember})
		if tm.log.State().Voided(made.ID) {
			t.Error("making a space needs no admin, but it is void")
		}
	})
	t.Run("M22 M24 (a) what a removed device does beside its removal is void", func(t *testing.T) {
		tm, _, x, _, m := pair(t)
		spare := spares()[0]
		tm.addDevice(x, spare, 1)
		lost := x.as(spare)
		removal := tm.must(lost, PersonRemoveBody{Person: m.person})
		own := tm.must(x, AckBody{})
		tm.must(x, DeviceRemoveBody{Device: spare.id()}) // by the older device, which knows nothing of it
		st := tm.log.State()
		if !st.Voided(removal.ID) || st.Voided(own.ID) || tm.status(m) != Active || tm.status(x) != Active {
			t.Errorf("void %v, own void %v, member %v", st.Voided(removal.ID), st.Voided(own.ID), tm.status(m))
		}
	})
	t.Run("M24 (a) what the removed did before the remover looked stays", func(t *testing.T) {
		tm, owner, x, _, m := pair(t)
		removal := tm.must(x, PersonRemoveBody{Person: m.person})
		tm.see(owner.id(), x.id())
		tm.must(owner, PersonRemoveBody{Person: x.person})
		if tm.log.State().Voided(removal.ID) || tm.status(m) != Removed {
			t.Error("an act that the remover knew is void")
		}
	})
}

func TestLFACaseAWhatRestsOnIt(t *testing.T) {
	t.Run("M21 M23 (a) a join rests on who invited, and on whoever let that person in", func(t *testing.T) {
		tm, top, o2, x, _ := pair(t)
		n, j := people()[4], people()[5]
		tm.promote(top, o2, RoleOwner, 5)
		tm.seeAll(x.id(), o2.id())
		tm.admit(x, n, RoleMember)
		tm.see(o2.id(), n.id())
		tm.promote(o2, n, RoleAdmin, 0)
		tm.see(n.id(), o2.id())
		keys, _ := tm.invite(n, 830, RoleMember, ModeInstant, 1)
		joined, err := tm.join(keys, j, tm.views[n.id()])
		if err != nil {
			t.Fatal(err)
		}
		tm.must(top, PersonRemoveBody{Person: x.person}) // knows nothing of all this
		if !tm.log.State().Voided(joined.ID) {
			t.Error("the join counts")
		}
	})
	t.Run("M21 (a) who is let into a space rests on who made it", func(t *testing.T) {
		tm, top, x, y, m := pair(t)
		space := PrivateSpaceID(tm.log.WS(), x.id())
		tm.must(x, SpaceCreateBody{Space: space, Kind: SpacePrivate, Members: []SpaceMember{{Person: x.person, Access: AccessAdmin}, {Person: y.person, Access: AccessAdmin}}})
		tm.see(y.id(), x.id())
		set := tm.must(y, SpaceSetBody{Space: space, Members: []SpaceMember{{Person: m.person, Access: AccessWrite}}})
		tm.must(top, PersonRemoveBody{Person: x.person})
		if !tm.log.State().Voided(set.ID) {
			t.Error("it counts")
		}
	})
}

func TestLFACaseB(t *testing.T) {
	t.Run("M20 (b) of two owners the one who made the other wins", func(t *testing.T) {
		tm, a, b, _, _ := pair(t)
		before := tm.views[b.id()]
		tm.promote(a, b, RoleOwner, 1)
		down := tm.must(a, PersonRemoveBody{Person: b.person})
		// The made owner can remove the maker on no view at all.
		for _, heads := range [][]seal.ID{before, tm.views[b.id()]} {
			if _, o, _ := tm.at(heads, b.keys.Sign, PersonRemoveBody{Person: a.person}); o != seal.Reject {
				t.Errorf("the made owner's removal: %v", o)
			}
		}
		if tm.log.State().Voided(down.ID) || tm.status(a) != Active || tm.status(b) != Removed {
			t.Errorf("maker %v, made %v", tm.status(a), tm.status(b))
		}
	})
	t.Run("M20 (b) two admins cannot remove or demote each other", func(t *testing.T) {
		tm, _, x, y, _ := pair(t)
		for _, two := range [][2]*human{{x, y}, {y, x}} {
			tm.refused(two[0], PersonRemoveBody{Person: two[1].person}, "does not outrank")
			tm.refused(two[0], RoleSetBody{Person: two[1].person, Role: RoleMember}, "higher role")
		}
		if tm.status(x) != Active || tm.status(y) != Active {
			t.Error("one of them is out")
		}
	})
	t.Run("M24 M37 (b) old and new top owner remove each other: the new one stays", func(t *testing.T) {
		tm, a, b, _, _ := pair(t)
		before := tm.views[a.id()]
		tm.must(a, TransferBody{Person: b.person})
		tm.see(b.id(), a.id())
		tm.must(b, PersonRemoveBody{Person: a.person})
		up, o, err := tm.at(before, a.keys.Sign, PersonRemoveBody{Person: b.person})
		if o != seal.Evidence {
			t.Fatal(o, err)
		}
		if !tm.log.State().Voided(up.ID) || tm.status(a) != Removed || tm.status(b) != Active {
			t.Errorf("old %v, new %v", tm.status(a), tm.status(b))
		}
	})
	t.Run("M25 (b) a circle through roles that changed meanwhile ends", func(t *testing.T) {
		// a removes b, b removes c on a view in which b outranks c, c removes a on a view in
		// which c outranks a. Ranks stand in the entries' own pasts, so it is decided by them.
		tm, a, b, c, _ := pair(t)
		tm.promote(a, b, RoleOwner, 1)
		tm.promote(a, c, RoleOwner, 2)
		tm.seeAll(a.id(), b.id(), c.id())
		view := tm.views[c.id()]
		ab := tm.must(a, PersonRemoveBody{Person: b.person})
		bc, o, err := tm.at(view, b.keys.Sign, PersonRemoveBody{Person: c.person})
		if o != seal.OK {
			t.Fatal(o, err)
		}
		if _, o, _ := tm.at(view, c.keys.Sign, PersonRemoveBody{Person: a.person}); o != seal.Reject {
			t.Errorf("the lowest owner removes the highest: %v", o)
		}
		st := tm.log.State()
		if st.Voided(ab.ID) || !st.Voided(bc.ID) || tm.status(a) != Active || tm.status(b) != Removed || tm.status(c) != Active {
			t.Errorf("a %v, b %v, c %v", tm.status(a), tm.status(b), tm.status(c))
		}
	})
	t.Run("M24 (b) whom the removed admin let in before the removal was written stays", func(t *testing.T) {
		tm, owner, x, _, _ := pair(t)
		n, w := people()[4], people()[5]
		tm.admit(x, n, RoleMember)
		tm.see(owner.id(), n.id())
		tm.promote(owner, n, RoleAdmin, 0)
		tm.see(x.id(), owner.id())
		tm.admit(n, w, RoleMember)
		tm.must(owner, PersonRemoveBody{Person: x.person}) // after the admission of n: it stays
		if tm.status(n) != Active || tm.status(w) != Active || tm.status(x) != Removed {
			t.Errorf("n %v, w %v, x %v", tm.status(n), tm.status(w), tm.status(x))
		}
	})
}

func TestLFACaseC(t *testing.T) {
	t.Run("M41 (c) an admission that a removed admin dates back lets nobody in", func(t *testing.T) {
		tm, owner, x, _, _ := pair(t)
		n, w := people()[4], people()[5]
		keys, _ := tm.invite(x, 901, RoleMember, ModeCodes, 2)
		tm.see(owner.id(), x.id()) // the owner knows the invitation
		early := tm.views[x.id()]
		tm.must(owner, PersonRemoveBody{Person: x.person})
		tm.must(owner, AckBody{})
		want := standing(tm.log.State())
		late, o, err := tm.at(early, x.keys.Sign, admitBody(tm.log.WS(), keys, x, n, RoleMember))
		if o != seal.OK {
			t.Fatal(o, err)
		}
		// and the whole branch of the one who was let in
		tm.views[n.id()] = []seal.ID{late.ID}
		made := tm.must(n, SpaceCreateBody{
			Space: PrivateSpaceID(tm.log.WS(), n.id()), Kind: SpacePrivate, Members: []SpaceMember{{Person: n.person, Access: AccessWrite}},
		})
		again, o, err := tm.at([]seal.ID{late.ID}, x.keys.Sign, admitBody(tm.log.WS(), keys, x, w, RoleMember))
		if o != seal.OK {
			t.Fatal(o, err)
		}
		st := tm.log.State()
		for _, e := range []*Entry{late, made, again} {
			if !st.Voided(e.ID) {
				t.Errorf("%T counts", e.content)
			}
		}
		if got := standing(st); got != want {
			t.Errorf("it changed\n%sto\n%s", want, got)
		}
	})
	t.Run("M41 (c) a promotion that a removed owner dates back makes nobody an admin", func(t *testing.T) {
		tm, top, x, _, m := pair(t)
		tm.promote(top, x, RoleOwner, 3)
		tm.seeAll(top.id(), x.id(), m.id())
		early := tm.views[x.id()]
		tm.must(top, PersonRemoveBody{Person: x.person})
		want := standing(tm.log.State())
		late, o, err := tm.at(early, x.keys.Sign, RoleSetBody{Person: m.person, Role: RoleAdmin})
		if o != seal.OK {
			t.Fatal(o, err)
		}
		tm.views[m.id()] = tm.reduce([]seal.ID{late.ID}) // the promoted acts as an admin
		used := tm.must(m, InviteBody{InvPK: tm.freshKey(7), Role: RoleMember, Uses: 1, Expires: 1 << 40})
		st := tm.log.State()
		if !st.Voided(late.ID) || !st.Voided(used.ID) || standing(st) != want {
			t.Errorf("promotion void %v, what it allowed void %v", st.Voided(late.ID), st.Voided(used.ID))
		}
	})
	t.Run("M23 M41 (c) a link that a removed admin dates back lets nobody join", func(t *testing.T) {
		tm, owner, x, _, _ := pair(t)
		early := tm.views[x.id()]
		tm.must(owner, PersonRemoveBody{Person: x.person})
		keys, body := inviteBody(tm.log.WS(), 902, RoleMember, ModeInstant, 5)
		invited, o, err := tm.at(early, x.keys.Sign, body)
		if o != seal.OK {
			t.Fatal(o, err)
		}
		joined, err := tm.join(keys, people()[4], []seal.ID{invited.ID})
		if err != nil {
			t.Fatal(err)
		}
		if st := tm.log.State(); !st.Voided(invited.ID) || !st.Voided(joined.ID) {
			t.Error("the invitation or the join counts")
		}
	})
	t.Run("M14 (c) on a view with the removal the removed write nothing", func(t *testing.T) {
		tm, owner, x, _, m := pair(t)
		tm.must(owner, PersonRemoveBody{Person: x.person})
		tm.see(x.id(), owner.id())
		tm.refused(x, RoleSetBody{Person: m.person, Role: RoleAdmin}, "person is not active")
	})
}

func TestLFACaseD(t *testing.T) {
	for _, order := range []struct {
		name            string
		remover, raiser int // owner ranks
	}{{"the higher owner removes", 1, 5}, {"the lower owner removes", 5, 1}} {
		t.Run("M26 (d) removed beside being promoted is removed: "+order.name, func(t *testing.T) {
			tm, top, a, b, m := pair(t)
			tm.promote(top, a, RoleOwner, int64(order.remover))
			tm.promote(top, b, RoleOwner, int64(order.raiser))
			tm.seeAll(a.id(), b.id(), m.id())
			removal := tm.must(a, PersonRemoveBody{Person: m.person})
			promotion := tm.must(b, RoleSetBody{Person: m.person, Role: RoleAdmin})
			st := tm.log.State()
			if st.Voided(removal.ID) || st.Voided(promotion.ID) || tm.status(m) != Removed {
				t.Errorf("removal void %v, promotion void %v, %v", st.Voided(removal.ID), st.Voided(promotion.ID), tm.status(m))
			}
		})
	}
	t.Run("M26 (d) demoted beside being promoted has the lower role", func(t *testing.T) {
		tm, top, a, b, m := pair(t)
		tm.promote(top, a, RoleOwner, 1)
		tm.promote(top, b, RoleOwner, 5)
		tm.seeAll(a.id(), b.id())
		tm.must(a, RoleSetBody{Person: m.person, Role: RoleGuest})
		tm.must(b, RoleSetBody{Person: m.person, Role: RoleAdmin})
		if p, _ := tm.log.State().Person(m.person); p.Role != RoleGuest {
			t.Errorf("the role is %v", p.Role)
		}
	})
	t.Run("M17 M26 (d) a removed person comes back with new keys only", func(t *testing.T) {
		tm, top, x, _, m := pair(t)
		keys, _ := tm.invite(x, 903, RoleMember, ModeCodes, 2)
		tm.seeAll(top.id(), x.id())
		tm.must(top, PersonRemoveBody{Person: m.person})
		// Beside the removal the same keys cannot be let in again, and after it neither.
		tm.refused(x, admitBody(tm.log.WS(), keys, x, m, RoleMember), "known person")
		tm.see(x.id(), top.id())
		tm.refused(x, admitBody(tm.log.WS(), keys, x, m, RoleMember), "known person")
		next := people()[4]
		tm.must(x, admitBody(tm.log.WS(), keys, x, next, RoleMember))
		if tm.status(m) != Removed || tm.status(next) != Active {
			t.Errorf("old keys %v, new keys %v", tm.status(m), tm.status(next))
		}
	})
	t.Run("M27 (d) a device removed beside being given a new key is removed", func(t *testing.T) {
		tm, _, x, _, _ := pair(t)
		spare := spares()[0]
		tm.addDevice(x, spare, 1)
		tm.must(x, DeviceRemoveBody{Device: spare.id()})
		tm.must(x.as(spare), KemUpdateBody{KEMPK: people()[9].kem.Public(), KEMGen: 1})
		if d, _ := tm.log.State().Device(spare.id()); d.Active {
			t.Error("the device is active")
		}
	})
}

func TestAnAdmissionBesideTheEndOfItsInvitationStands(t *testing.T) {
	t.Run("M33 somebody who was let in by a person is not in doubt, who came by the link is", func(t *testing.T) {
		tm, founder, x, _, _ := pair(t)
		n, j := people()[4], people()[5]
		codes, _ := tm.invite(founder, 820, RoleMember, ModeCodes, 5)
		link, _ := tm.invite(founder, 821, RoleMember, ModeInstant, 5)
		tm.see(x.id(), founder.id())
		heads := tm.views[founder.id()]
		tm.must(founder, admitBody(tm.log.WS(), codes, founder, n, RoleMember))
		if _, err := tm.join(link, j, heads); err != nil {
			t.Fatal(err)
		}
		tm.must(x, InviteRevokeBody{InviteID: codes.ID}) // beside both
		tm.must(x, InviteRevokeBody{InviteID: link.ID})
		if tm.status(n) != Active || tm.status(j) != Suspended {
			t.Errorf("admitted %v, joined %v", tm.status(n), tm.status(j))
		}
	})
}

// freshKey is a public key that nobody uses.
func (tm *team) freshKey(n int) seal.ID { return seal.NewSignKey(seedOf("fresh", n)).Public() }
