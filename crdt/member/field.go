package member

import (
	"slices"

	"parvis/crdt/seal"
)

// field is a set of records in which there is concurrency, in an order in which
// parents stand before children. Records are named by their place.
type field struct {
	records     []*record
	rules       rules
	place       map[*record]int
	pasts       map[int]set // by place, computed when asked for
	futures     map[int]set
	revocations map[seal.ID][]int // by the person or device whose authority they take
	void        []verdict
	chains      map[int][]int
	seen        []int // by place: the last walk that came by
	walk        int
}

// verdict is what is known of the void rule for one record.
type verdict uint8

const (
	unjudged verdict = iota
	counts
	isVoid
)

// set is a set of places.
type set []uint64

func (s set) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }
func (s set) add(i int)      { s[i/64] |= 1 << (i % 64) }

func newField(records []*record, rules rules) *field {
	f := &field{
		records: records, rules: rules, place: make(map[*record]int, len(records)),
		pasts: map[int]set{}, futures: map[int]set{}, revocations: map[seal.ID][]int{},
		void: make([]verdict, len(records)), chains: map[int][]int{}, seen: make([]int, len(records)),
	}
	for i, r := range records {
		f.place[r] = i
		if r.revoke != nil {
			f.revocations[r.revoke.target()] = append(f.revocations[r.revoke.target()], i)
		}
	}
	return f
}

func (f *field) emptySet() set { return make(set, (len(f.records)+63)/64) }

// past is the set of records that j follows.
func (f *field) past(j int) set {
	if s, ok := f.pasts[j]; ok {
		return s
	}
	s := f.emptySet()
	stack := []int{j}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, parent := range f.records[at].parents {
			if i, in := f.place[parent]; in && !s.has(i) {
				s.add(i)
				stack = append(stack, i)
			}
		}
	}
	f.pasts[j] = s
	return s
}

// future is the set of records that follow i.
func (f *field) future(i int) set {
	if s, ok := f.futures[i]; ok {
		return s
	}
	s := f.emptySet()
	for j := i + 1; j < len(f.records); j++ {
		for _, parent := range f.records[j].parents {
			if at, in := f.place[parent]; in && (at == i || s.has(at)) {
				s.add(j)
				break
			}
		}
	}
	f.futures[i] = s
	return s
}

// concurrent reports whether neither of two records follows the other. It costs
// a walk per different first argument.
func (f *field) concurrent(i, j int) bool {
	return i != j && !f.past(i).has(j) && !f.future(i).has(j)
}

// contender is a write that no later one supersedes so far.
type contender struct {
	place int
	write write
}

// latest drops the contenders that the record at j follows.
func (f *field) latest(list []contender, j int) []contender {
	return slices.DeleteFunc(list, func(c contender) bool { return f.follows(j, c.place) })
}

// follows reports whether record j follows record i. It walks back no further
// than i, because most registers are written again soon after.
func (f *field) follows(j, i int) bool {
	f.walk++
	goal, stack := f.records[i], []int{j}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, parent := range f.records[at].parents {
			if parent == goal {
				return true
			}
			if place, in := f.place[parent]; in && place > i && f.seen[place] != f.walk {
				f.seen[place] = f.walk
				stack = append(stack, place)
			}
		}
	}
	return false
}

// winners are the writes that take effect, in the order in which to apply them:
// for every register the non-void ones that no later non-void one supersedes,
// of these the most restrictive, then that of the lowest entry id (rule M26).
func (f *field) winners() []write {
	open := map[register][]contender{}
	for i, r := range f.records {
		if f.voided(i) {
			continue
		}
		for _, w := range r.writes {
			open[w.reg] = append(f.latest(open[w.reg], i), contender{i, w})
		}
	}
	won := make([]write, 0, len(open))
	for _, list := range open {
		won = append(won, slices.MinFunc(list, f.prefer).write)
	}
	slices.SortFunc(won, func(a, b write) int { return a.reg.compare(b.reg) })
	return won
}

// prefer puts the winning contender first.
func (f *field) prefer(a, b contender) int {
	switch {
	case a.write.restrict > b.write.restrict:
		return -1
	case a.write.restrict < b.write.restrict:
		return 1
	}
	return f.records[a.place].entry.ID.Compare(f.records[b.place].entry.ID)
}

// currentEpochs are, for every space with a new epoch, those non-void epochs
// that no later one follows (rule M30).
func (f *field) currentEpochs() map[seal.SpaceID][]*Epoch {
	open := map[seal.SpaceID][]contender{}
	for i, r := range f.records {
		if e := r.added.epoch; e != nil && !f.voided(i) {
			open[e.Space] = append(f.latest(open[e.Space], i), contender{place: i})
		}
	}
	current := map[seal.SpaceID][]*Epoch{}
	for space, list := range open {
		for _, c := range list {
			current[space] = append(current[space], f.records[c.place].added.epoch)
		}
	}
	return current
}
