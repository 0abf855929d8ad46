package member

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"parvis/crdt/seal"
)

// logs is how many random histories the properties are tested with: 2,000 in each
// run, 20,000 in the long ones (T4 of the reliability page), or what PARVIS_LOGS says.
var logs = func() uint64 {
	if count, err := strconv.ParseUint(os.Getenv("PARVIS_LOGS"), 10, 64); err == nil {
		return count
	}
	if os.Getenv("PARVIS_LONG") != "" {
		return 20_000 / underRace
	}
	return 2000 / underRace
}()

// inParallel runs test for all seeds, on as many cores as there are. The name of
// a failure holds the seed.
func inParallel(t *testing.T, count uint64, test func(t *testing.T, seed uint64)) {
	const groups = 8
	for group := range uint64(groups) {
		t.Run(fmt.Sprintf("group %d", group), func(t *testing.T) {
			t.Parallel()
			for seed := group; seed < count && !t.Failed(); seed += groups {
				test(t, seed)
			}
		})
	}
}

func TestProperties(t *testing.T) {
	people()
	spares()
	var entries, kept, voided, dated, rejected atomic.Int64
	t.Run("M40 M41 M42 M28", func(t *testing.T) {
		inParallel(t, logs, func(t *testing.T, seed uint64) {
			s := newScript(t, seed)
			s.populate()
			s.run(16)
			entries.Add(int64(len(s.every)))
			kept.Add(int64(s.log.Len()))
			voided.Add(int64(len(s.log.State().VoidedEntries())))
			if err := s.converges(rules{}); err != nil {
				t.Errorf("seed %d: P1: %v", seed, err)
			}
			if err := s.noEscalation(); err != nil {
				t.Errorf("seed %d: P3: %v", seed, err)
			}
			if err := s.unkept(); err != nil {
				t.Errorf("seed %d: what is not kept: %v", seed, err)
			}
			took, refused, err := s.noBackdating(rules{})
			if err != nil {
				t.Errorf("seed %d: P2: %v", seed, err)
			}
			dated.Add(int64(took))
			rejected.Add(int64(refused))
		})
	})
	t.Logf("%d logs, %d entries written, %d kept, %d void; %d dated back and kept, %d refused",
		logs, entries.Load(), kept.Load(), voided.Load(), dated.Load(), rejected.Load())
	if !t.Failed() && (dated.Load() < int64(logs) || voided.Load() < int64(logs)/4) {
		t.Error("the histories are too tame")
	}
}

// TestMutants breaks resolve on purpose and requires that the properties notice.
func TestMutants(t *testing.T) {
	for _, mutant := range []struct {
		name  string
		rules rules
	}{
		{"M41 without the void rule", rules{noVoid: true}},
		{"M41 M21 with the entry alone instead of its chain", rules{noChain: true}},
		{"M25 without the condition on ranks", rules{noRank: true}},
	} {
		t.Run(mutant.name, func(t *testing.T) {
			t.Parallel()
			for seed := range max(logs, 2000/underRace) { // the chain takes many

				mutated, looped := mutant.rules, false
				mutated.looped = &looped
				s := newScript(t, seed)
				s.log.rules = mutated
				s.populate()
				s.run(16)
				err := s.converges(mutated)
				if err == nil {
					_, _, err = s.noBackdating(mutated)
				}
				if looped {
					err = errors.New("asks in a circle")
				}
				if err != nil {
					t.Logf("noticed after %d logs: %.60s", seed+1, err)
					return
				}
			}
			t.Errorf("not noticed in %d logs", logs)
		})
	}
}

// converges is P1: the state depends on the set of entries only.
func (s *script) converges(rules rules) error {
	s.log.rules = rules
	want := picture(s.log.State())
	if got := picture(fromGenesis(s.log)); got != want {
		return fmt.Errorf("the shortcut changes the state:\n%s\nwithout it:\n%s", want, got)
	}
	again, err := s.again(s.random, rules)
	if err != nil {
		return err
	}
	if again.Len() != s.log.Len() {
		return fmt.Errorf("%d entries, then %d", s.log.Len(), again.Len())
	}
	if got := picture(again.State()); got != want {
		return fmt.Errorf("another order changes the state:\n%s\nthen:\n%s", want, got)
	}
	heads := s.someHeads(nil)
	a, errA := s.log.StateAt(heads)
	b, errB := again.StateAt(heads)
	if errA != nil || errB != nil || picture(a) != picture(b) {
		return fmt.Errorf("the states at %d heads differ (%v, %v)", len(heads), errA, errB)
	}
	return nil
}

// someHeads is a random earlier view: one to three entries, none of which
// follows the one to avoid.
func (s *script) someHeads(avoid *record) []seal.ID {
	var heads []seal.ID
	for range 1 + s.random.IntN(3) {
		id := pick(s.random, s.log.order)
		if avoid == nil || !s.log.Contains([]seal.ID{id}, avoid.entry.ID) {
			heads = append(heads, id)
		}
	}
	if len(heads) == 0 {
		heads = append(heads, s.log.order[0])
	}
	return s.reduce(heads)
}

// noEscalation is P3: what an entry changes about people is what the table gives
// its author, by an independent reading of it.
func (s *script) noEscalation() error {
	for _, id := range s.log.order[1:] {
		r := s.log.records[id]
		before := s.log.stateOf(r.parents)
		after := s.log.stateAfter(r)
		author, known := before.Person(r.person)
		for _, p := range after.Persons() {
			old, was := before.Person(p.ID)
			if was && old.Role == p.Role && old.Status == p.Status && old.OwnerRank == p.OwnerRank {
				continue
			}
			if !allowed(r, author, known, old, was, p) {
				return fmt.Errorf("%T by %v changed %+v to %+v", r.entry.content, author, old, p)
			}
		}
		if err := accessAllowed(r, before, after, author); err != nil {
			return err
		}
	}
	return nil
}

func allowed(r *record, author Person, known bool, old Person, was bool, now Person) bool {
	higher := func(role Role, rank int64) bool {
		return author.Role < role || author.Role == RoleOwner && role == RoleOwner && author.OwnerRank < rank
	}
	switch {
	case !was: // let in
		_, self := r.entry.content.(JoinBody)
		return now.Role >= RoleMember && (self || known && author.Role <= RoleAdmin)
	case r.rank.level == levelQuorum:
		deposed := r.entry.content.(DeposeBody)
		return now.ID == deposed.Person && now.Role == RoleMember || deposed.Successor != nil && now.ID == *deposed.Successor && now.Role == RoleOwner
	case !known || author.Status != Active:
		return false
	case r.entry.Type == TypeLeave:
		return old.ID == author.ID && now.Status == Left
	case r.entry.Type == TypeTransfer:
		return author.Role == RoleOwner && now.OwnerRank == author.OwnerRank-1
	case r.entry.Type == TypeConfirm:
		return author.Role <= RoleAdmin && old.Status == Suspended && now.Status == Active && old.Role == now.Role
	case now.Status == Removed:
		return higher(old.Role, old.OwnerRank) && old.Role == now.Role
	default:
		return author.Role == RoleOwner && higher(old.Role, old.OwnerRank) && higher(now.Role, now.OwnerRank)
	}
}

// accessAllowed: nobody gains access to a private space but by somebody who
// administers it.
func accessAllowed(r *record, before, after *State, author Person) error {
	for _, space := range before.Spaces() {
		if space.Kind == SpaceMain {
			continue
		}
		for _, p := range after.Persons() {
			if after.Access(space.ID, p.ID) <= before.Access(space.ID, p.ID) {
				continue
			}
			giver := author.ID
			if r.sponsor != nil {
				giver = r.sponsor.person
			}
			regained := r.entry.Type == TypeRoleSet || r.entry.Type == TypeTransfer || r.entry.Type == TypeConfirm || r.entry.Type == TypeDepose
			if before.Access(space.ID, giver) != AccessAdmin && !regained {
				return fmt.Errorf("%T by %v gave %s access to a space of others", r.entry.content, author, p.ID.Short())
			}
		}
	}
	return nil
}

// noBackdating is P2: whatever the devices of the removed, and those whom they
// let in, write on any view from before the removal, changes nobody's standing.
// Only acts that the removal outranks are meant (worked case 4).
func (s *script) noBackdating(rules rules) (took, refused int, err error) {
	st := s.log.State()
	for _, id := range slices.Clone(s.log.order) {
		r := s.log.records[id]
		person, device, removes := removed(r.entry)
		if !removes || st.Voided(id) {
			continue
		}
		a := &adversary{script: s.copy(rules), removal: r}
		for _, actor := range s.actors {
			if actor.id() == device || actor.person == person {
				a.crew = append(a.crew, actor)
			}
		}
		if len(a.crew) == 0 {
			continue
		}
		want := standing(a.log.State())
		for range 15 {
			e, ok := a.strike()
			if !ok {
				refused++
				continue
			}
			took++
			if got := standing(a.log.State()); got != want {
				return took, refused, fmt.Errorf("%T changed\n%sto\n%s", e.content, want, got)
			}
		}
	}
	return took, refused, nil
}

// removed is who goes by an entry: a person, or one device. It reads the entry and not
// what the rules noted of it.
func removed(e *Entry) (person, device seal.ID, ok bool) {
	switch b := e.content.(type) {
	case PersonRemoveBody:
		return b.Person, seal.ID{}, true
	case DeviceRemoveBody:
		return seal.ID{}, b.Device, true
	}
	return seal.ID{}, seal.ID{}, false
}

// copy is the script with a log of its own.
func (s *script) copy(rules rules) *script {
	next := *s
	tm := *s.team
	next.team = &tm
	next.log = NewLog()
	next.log.rules = rules
	for _, id := range s.log.order {
		next.log.Add(s.log.Entry(id))
	}
	next.views = map[seal.ID][]seal.ID{}
	next.actors = slices.Clone(s.actors)
	next.invs = slices.Clone(s.invs)
	next.spaces = slices.Clone(s.spaces)
	next.every = nil
	return &next
}

// adversary writes with the devices of the removed.
type adversary struct {
	*script
	removal *record
	crew    []*human
	written []seal.ID
}

// strike makes one entry on an earlier view. It reports whether the log took it
// and the removal outranks it; what is not outranked is taken back.
func (a *adversary) strike() (*Entry, bool) {
	actor := pick(a.random, a.crew)
	heads := a.someHeads(a.log.records[a.removal.entry.ID])
	if len(a.written) > 0 && a.random.IntN(2) == 0 {
		heads = a.reduce(append(heads, pick(a.random, a.written)))
	}
	known := len(a.actors)
	p := a.propose(actor, heads)
	if join, self := p.body.(JoinBody); self && !a.theirs(join.InviteID) || p.body == nil {
		return nil, false // whoever holds a link of others is another matter
	}
	if _, device, _ := removed(a.removal.entry); !device.IsZero() && p.key.Public() == actor.paper.Public() {
		return nil, false // the recovery key is not the removed device
	}
	raw, err := p.body.Encode()
	if err != nil {
		return nil, false
	}
	e, err := a.log.writeAt(heads, p.key, typeOf(p.body), raw, 5)
	if err != nil {
		return nil, false
	}
	rec, err := a.log.judge(e)
	if err != nil || !a.removal.rank.outranks(rec.rank) {
		return nil, false
	}
	if o, _ := a.log.Add(e); o != seal.OK && o != seal.Evidence {
		return nil, false
	}
	a.written = append(a.written, e.ID)
	if p.done != nil {
		p.done(e)
	}
	a.crew = append(a.crew, a.actors[known:]...)
	return e, true
}

// theirs reports whether an invitation was made by the crew.
func (a *adversary) theirs(id seal.ID) bool {
	for _, i := range a.invs {
		if i.keys.ID == id {
			return slices.ContainsFunc(a.crew, func(h *human) bool { return h.id() == i.by.id() })
		}
	}
	return false
}
