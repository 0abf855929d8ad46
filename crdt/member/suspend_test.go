package member

import (
	"testing"

	"parvis/crdt/seal"
)

func TestSuspension(t *testing.T) {
	p := people()
	t.Run("M33 two who used one link at once wait until the right one is confirmed", func(t *testing.T) {
		tm, founder, x, y, _ := pair(t)
		keys, _ := tm.invite(founder, 1, RoleMember, ModeInstant, 1)
		heads := tm.views[founder.id()]
		thief, guest := p[10], p[11]
		if _, err := tm.join(keys, thief, heads); err != nil {
			t.Fatal(err)
		}
		if _, err := tm.join(keys, guest, heads); err != nil {
			t.Fatal(err)
		}
		st := tm.log.State()
		for _, who := range []*human{thief, guest} {
			if tm.status(who) != Suspended || st.CanWrite(st.MainSpace(), who.id()) {
				t.Errorf("%s is %v", who.name, tm.status(who))
			}
		}
		for _, d := range st.Recipients(st.MainSpace()) {
			if d.ID == thief.id() || d.ID == guest.id() {
				t.Error("a suspended device is a recipient")
			}
		}
		if i, _ := st.Invite(keys.ID); i.Used != 2 || i.Open(0) != ErrInviteUsed {
			t.Errorf("used %d times, %v", i.Used, i.Open(0))
		}
		tm.seeAll(x.id(), y.id(), thief.id())
		tm.refused(thief, AckBody{}, "not active")
		tm.refused(x, ConfirmBody{Person: y.person}, "not suspended")
		tm.must(x, ConfirmBody{Person: guest.person})
		if tm.status(guest) != Active || tm.status(thief) != Suspended {
			t.Errorf("right one %v, other %v", tm.status(guest), tm.status(thief))
		}
		tm.must(x, PersonRemoveBody{Person: thief.person})
		if tm.status(thief) != Removed {
			t.Error("the other is not removed")
		}
	})
	t.Run("M33 only the uses that were too many or beside them are in doubt", func(t *testing.T) {
		tm, founder, _, _, _ := pair(t)
		keys, _ := tm.invite(founder, 2, RoleMember, ModeInstant, 2)
		first, second, third := p[10], p[11], p[12]
		if _, err := tm.join(keys, first, tm.views[founder.id()]); err != nil {
			t.Fatal(err)
		}
		heads := tm.log.Heads()
		tm.join(keys, second, heads)
		if tm.status(first) != Active || tm.status(second) != Active {
			t.Fatal("two uses of two")
		}
		tm.join(keys, third, heads)
		if tm.status(first) != Active || tm.status(second) != Suspended || tm.status(third) != Suspended {
			t.Errorf("got %v, %v, %v", tm.status(first), tm.status(second), tm.status(third))
		}
	})
	t.Run("M33 one person let in by two admins at once is one use", func(t *testing.T) {
		tm, founder, x, y, _ := pair(t)
		keys, _ := tm.invite(founder, 3, RoleMember, ModeCodes, 1)
		tm.seeAll(x.id(), y.id())
		n := p[10]
		tm.must(x, admitBody(tm.log.WS(), keys, x, n, RoleMember))
		tm.must(y, admitBody(tm.log.WS(), keys, y, n, RoleMember))
		if tm.status(n) != Active {
			t.Errorf("got %v", tm.status(n))
		}
		if n, _ := tm.log.State().Person(n.person); !n.Verified {
			t.Error("not shown as verified")
		}
	})
	t.Run("M33 a join beside the end of its invitation waits", func(t *testing.T) {
		tm, founder, x, _, _ := pair(t)
		keys, _ := tm.invite(founder, 4, RoleMember, ModeInstant, 5)
		heads := tm.views[founder.id()]
		tm.must(founder, InviteRevokeBody{InviteID: keys.ID})
		if _, err := tm.join(keys, p[10], heads); err != nil {
			t.Fatal(err)
		}
		if tm.status(p[10]) != Suspended {
			t.Errorf("got %v", tm.status(p[10]))
		}
		tm.seeAll(x.id())
		tm.must(x, ConfirmBody{Person: p[10].person})
		if tm.status(p[10]) != Active {
			t.Errorf("after the confirmation %v", tm.status(p[10]))
		}
	})
	t.Run("M33 M23 a void use suspends nobody", func(t *testing.T) {
		tm, founder, x, _, _ := pair(t)
		keys, _ := tm.invite(x, 5, RoleMember, ModeInstant, 1)
		tm.see(founder.id(), x.id())
		heads := tm.views[founder.id()]
		if _, err := tm.join(keys, p[10], heads); err != nil {
			t.Fatal(err)
		}
		tm.see(founder.id(), p[10].id())
		tm.must(founder, PersonRemoveBody{Person: x.person})
		if _, err := tm.join(keys, p[11], heads); err != nil { // the removed admin's other self
			t.Fatal(err)
		}
		if tm.status(p[10]) != Active {
			t.Errorf("who joined before is %v", tm.status(p[10]))
		}
		if _, in := tm.log.State().Person(p[11].person); in {
			t.Error("somebody came in by a removed admin's link")
		}
	})
	t.Run("M27 a confirmed person stays so when a third use turns up", func(t *testing.T) {
		tm, founder, _, _, _ := pair(t)
		keys, _ := tm.invite(founder, 6, RoleMember, ModeInstant, 1)
		heads := tm.views[founder.id()]
		tm.join(keys, p[10], heads)
		tm.join(keys, p[11], heads)
		tm.seeAll(founder.id())
		tm.must(founder, ConfirmBody{Person: p[10].person})
		tm.join(keys, p[12], heads)
		if tm.status(p[10]) != Active || tm.status(p[11]) != Suspended || tm.status(p[12]) != Suspended {
			t.Errorf("got %v, %v, %v", tm.status(p[10]), tm.status(p[11]), tm.status(p[12]))
		}
	})
}

func TestInvitations(t *testing.T) {
	p := people()
	t.Run("M18 an invitation serves while its maker may invite with that device", func(t *testing.T) {
		for _, end := range []struct {
			name string
			body func(x *human) encoder
		}{
			{"removed", func(x *human) encoder { return PersonRemoveBody{Person: x.person} }},
			{"demoted", func(x *human) encoder { return RoleSetBody{Person: x.person, Role: RoleMember} }},
			{"device removed", func(x *human) encoder { return DeviceRemoveBody{Device: x.id()} }},
		} {
			tm, founder, x, _, _ := pair(t)
			keys, _ := tm.invite(x, 7, RoleMember, ModeInstant, 5)
			tm.see(founder.id(), x.id())
			if i, _ := tm.log.State().Invite(keys.ID); i.Open(1) != nil || i.By != x.person {
				t.Fatalf("before: %v", i.Open(1))
			}
			tm.must(founder, end.body(x))
			if i, _ := tm.log.State().Invite(keys.ID); i.Open(1) != ErrInviteRevoked {
				t.Errorf("maker %s: %v", end.name, i.Open(1))
			}
			if _, err := tm.join(keys, p[10], tm.views[founder.id()]); err == nil {
				t.Errorf("maker %s: somebody joined", end.name)
			}
		}
	})
	t.Run("M18 used up, revoked, of another mode, switched off", func(t *testing.T) {
		tm, founder, _, _, _ := pair(t)
		ws := tm.log.WS()
		once, body := tm.invite(founder, 8, RoleMember, ModeInstant, 1)
		tm.refused(founder, body, "known")
		heads := tm.views[founder.id()]
		if _, err := tm.join(once, p[10], heads); err != nil {
			t.Fatal(err)
		}
		tm.see(founder.id(), p[10].id())
		tm.refused(founder, admitBody(ws, once, founder, p[11], RoleMember), "used up")
		codes, _ := tm.invite(founder, 9, RoleGuest, ModeCodes, 1)
		if _, err := tm.join(codes, p[11], tm.views[founder.id()]); err == nil {
			t.Error("joined without codes")
		}
		tm.refused(founder, admitBody(ws, codes, founder, p[11], RoleMember), "another role")
		tm.must(founder, InviteRevokeBody{InviteID: codes.ID})
		tm.refused(founder, InviteRevokeBody{InviteID: codes.ID}, "revoked already")
		tm.refused(founder, admitBody(ws, codes, founder, p[11], RoleGuest), "revoked")
		instant, _ := tm.invite(founder, 10, RoleMember, ModeInstant, 9)
		tm.must(founder, PolicyBody{})
		_, off := inviteBody(ws, 11, RoleMember, ModeInstant, 1)
		tm.refused(founder, off, "switched off")
		if _, err := tm.join(instant, p[11], tm.views[founder.id()]); err == nil {
			t.Error("joined by an instant invitation though they are switched off")
		}
	})
	t.Run("M18 who answers the request must be active", func(t *testing.T) {
		tm, founder, _, _, m := pair(t)
		keys, _ := tm.invite(founder, 12, RoleMember, ModeCodes, 1)
		tm.refused(founder, admitBody(tm.log.WS(), keys, p[20], p[10], RoleMember), "unknown peer")
		tm.must(founder, PersonRemoveBody{Person: m.person})
		tm.refused(founder, admitBody(tm.log.WS(), keys, m, p[10], RoleMember), "inactive device")
	})
	t.Run("M18 a join names an entry of its past", func(t *testing.T) {
		tm, founder, _, _, _ := pair(t)
		keys, _ := tm.invite(founder, 13, RoleMember, ModeInstant, 1)
		heads := tm.views[founder.id()]
		body, err := NewJoinBody(keys, tm.log.WS(), p[10].genesis, seal.ID{1}, seal.ID{2})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := tm.at(heads, p[10].keys.Sign, body); err == nil {
			t.Error("joined with a log that nobody gave")
		}
	})
	t.Run("M17 known people and keys do not come again", func(t *testing.T) {
		tm, founder, _, _, m := pair(t)
		keys, _ := tm.invite(founder, 14, RoleMember, ModeCodes, 9)
		tm.refused(founder, admitBody(tm.log.WS(), keys, founder, m, RoleMember), "known person")
		tm.must(founder, PersonRemoveBody{Person: m.person})
		tm.refused(founder, admitBody(tm.log.WS(), keys, founder, m, RoleMember), "known person")
		again := *m // another genesis with the same keys
		_, raw, err := NewPersonGenesis(m.keys, m.kem.Public(), 1, [16]byte{1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		again.genesis, again.person = raw, PersonID(raw)
		tm.refused(founder, admitBody(tm.log.WS(), keys, founder, &again, RoleMember), "known key")
		paper := m.paper.Public()
		_, raw, err = NewPersonGenesis(p[10].keys, p[10].kem.Public(), 1, [16]byte{1}, &paper)
		if err != nil {
			t.Fatal(err)
		}
		thief := *p[10]
		thief.genesis, thief.person = raw, PersonID(raw)
		tm.refused(founder, admitBody(tm.log.WS(), keys, founder, &thief, RoleMember), "known key")
	})
	t.Run("M19 M42 an admin of the workspace cannot open a private space of others", func(t *testing.T) {
		tm, founder, x, y, _ := pair(t)
		space := PrivateSpaceID(tm.log.WS(), x.id())
		tm.must(x, SpaceCreateBody{Space: space, Kind: SpacePrivate, Members: []SpaceMember{{Person: x.person, Access: AccessRead}}})
		tm.seeAll(founder.id(), y.id())
		grant := SpaceGrant{Space: space, Access: AccessRead}
		_, body := inviteBody(tm.log.WS(), 15, RoleGuest, ModeCodes, 1, grant)
		tm.refused(y, body, "not admin of the space")
		tm.refused(founder, body, "not admin of the space")
		keys, _ := tm.invite(x, 16, RoleGuest, ModeInstant, 9, grant)
		if _, err := tm.join(keys, p[10], tm.views[x.id()]); err != nil {
			t.Fatal(err)
		}
		st := tm.log.State()
		if !st.CanRead(space, p[10].id()) || st.CanWrite(space, p[10].id()) || st.CanRead(st.MainSpace(), p[10].id()) {
			t.Error("a guest's access is not what was given")
		}
	})
}
