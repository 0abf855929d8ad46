package member

import (
	"fmt"
	"testing"

	"parvis/crdt/seal"
)

func TestWhatIsNotKeptHasItsReason(t *testing.T) {
	t.Run("M24 an admission is void by the removal of who admitted, and what rests on it names it", func(t *testing.T) {
		tm, owner, x, _, _ := pair(t)
		n := people()[4]
		admitted := tm.admit(x, n, RoleMember)
		made := tm.must(n, AckBody{})
		removal := tm.must(owner, PersonRemoveBody{Person: x.person})
		found := map[seal.ID]Unkept{}
		for _, u := range tm.log.Unkept() {
			found[u.Entry] = u
		}
		if len(found) != 3 { // the invitation too
			t.Errorf("%d entries are not kept", len(found))
		}
		for _, want := range []Unkept{{admitted.ID, removal.ID, admitted.ID}, {made.ID, removal.ID, admitted.ID}} {
			if got := found[want.Entry]; got.By != want.By || got.Entry != want.Entry {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		if hit := found[made.ID].Hit; hit == made.ID {
			t.Error("the act itself was hit, not what it rests on")
		}
		if p, idx, ok := tm.log.State().Author(owner.paper.Public()); !ok || p.ID != owner.person || idx != -1 {
			t.Errorf("the recovery key acts for %v as %d, %v", p.ID, idx, ok)
		}
	})
}

// unkept requires a reason for exactly the void entries: a revocation of higher rank
// that counts and that its victim does not follow.
func (s *script) unkept() error {
	st := s.log.State()
	all := s.log.Unkept()
	if len(all) != len(st.VoidedEntries()) {
		return fmt.Errorf("%d entries are void, %d have a reason", len(st.VoidedEntries()), len(all))
	}
	for _, u := range all {
		e, by, hit := s.log.records[u.Entry], s.log.records[u.By], s.log.records[u.Hit]
		switch {
		case !st.Voided(u.Entry), st.Voided(u.By):
			return fmt.Errorf("%s is not void, or its reason %s is", u.Entry.Short(), u.By.Short())
		case by.revoke == nil || !by.rank.outranks(e.rank) || !by.rank.outranks(hit.rank):
			return fmt.Errorf("%s does not revoke, or does not outrank %s", u.By.Short(), u.Entry.Short())
		case s.log.Contains([]seal.ID{u.By}, u.Hit) || s.log.Contains([]seal.ID{u.Hit}, u.By):
			return fmt.Errorf("%s and %s are not concurrent", u.By.Short(), u.Hit.Short())
		case u.Hit != u.Entry && !s.log.Contains([]seal.ID{u.Entry}, u.Hit):
			return fmt.Errorf("%s does not rest on %s", u.Entry.Short(), u.Hit.Short())
		}
	}
	return nil
}
