package member

import (
	"cmp"
	"slices"

	"parvis/crdt/seal"
)

// epochList is the epochs of one space. It is edited as a copy.
type epochList struct {
	byID    table[[]*Epoch] // several only if somebody copied another's id
	current []*Epoch        // which no later one follows
	maxN    uint64
}

// find returns the epoch with an id: the non-void one of the lowest entry first.
func (l *epochList) find(id seal.ID) (*Epoch, bool) {
	same, ok := l.byID.get(id)
	if !ok {
		return nil, false
	}
	return same[0], true
}

// currentIDs are the epochs that a new one must link to, sorted: of more than
// MaxPrev the newest.
func (l *epochList) currentIDs() []seal.ID {
	var ids []seal.ID
	for _, e := range l.newest() {
		ids = append(ids, e.ID)
	}
	slices.SortFunc(ids, seal.ID.Compare)
	return slices.Compact(ids)
}

func (l *epochList) newest() []*Epoch {
	sorted := slices.SortedFunc(slices.Values(l.current), func(a, b *Epoch) int {
		return cmp.Or(cmp.Compare(b.N, a.N), a.ID.Compare(b.ID), a.Entry.Compare(b.Entry))
	})
	sorted = slices.CompactFunc(sorted, func(a, b *Epoch) bool { return a.ID == b.ID })
	return sorted[:min(len(sorted), MaxPrev)]
}

func (s *State) addEpoch(e *Epoch, void bool) {
	if void {
		marked := *e
		marked.Void = true
		e = &marked
	}
	s.editSpace(e.Space, func(r *spaceRec) {
		same, _ := r.epochs.byID.get(e.ID)
		same = append(slices.Clone(same), e)
		slices.SortFunc(same, func(a, b *Epoch) int {
			if a.Void != b.Void {
				if b.Void {
					return -1
				}
				return 1
			}
			return a.Entry.Compare(b.Entry)
		})
		r.epochs.byID = r.epochs.byID.put(e.ID, same)
		r.epochs.maxN = max(r.epochs.maxN, e.N)
	})
}

// setCurrent says which epochs of a space no later one follows.
func (s *State) setCurrent(space seal.SpaceID, current []*Epoch) {
	s.editSpace(space, func(r *spaceRec) { r.epochs.current = current })
}

// Recipients lists the devices that a new epoch of a space must be sealed to:
// exactly the active ones with access, by id.
func (s *State) Recipients(space seal.SpaceID) []Device {
	s.memo.mu.Lock()
	defer s.memo.mu.Unlock()
	if known, ok := s.memo.recipients[space]; ok {
		return slices.Clone(known)
	}
	var all []Device
	s.devices.each(func(_ seal.ID, d *deviceRec) {
		if s.CanRead(space, d.id) {
			all = append(all, s.publicDevice(d))
		}
	})
	if s.memo.recipients == nil {
		s.memo.recipients = map[seal.SpaceID][]Device{}
	}
	s.memo.recipients[space] = all
	return slices.Clone(all)
}

// Epochs lists the valid epochs of a space, void ones included, by number and id.
func (s *State) Epochs(space seal.SpaceID) []Epoch { return slices.Clone(s.epochs(space)) }

// epochs is the same list, shared.
func (s *State) epochs(space seal.SpaceID) []Epoch {
	s.memo.mu.Lock()
	defer s.memo.mu.Unlock()
	if known, ok := s.memo.epochs[space]; ok {
		return known
	}
	r, ok := s.spaces.get(spaceKey(space))
	if !ok {
		return nil
	}
	var all []Epoch
	r.epochs.byID.each(func(_ seal.ID, same []*Epoch) { all = append(all, *same[0]) })
	slices.SortStableFunc(all, func(a, b Epoch) int { return cmp.Compare(a.N, b.N) })
	if s.memo.epochs == nil {
		s.memo.epochs = map[seal.SpaceID][]Epoch{}
	}
	s.memo.epochs[space] = all
	return all
}

// Epoch returns a valid epoch of a space.
func (s *State) Epoch(space seal.SpaceID, id seal.ID) (Epoch, bool) {
	r, ok := s.spaces.get(spaceKey(space))
	if !ok {
		return Epoch{}, false
	}
	e, ok := r.epochs.find(id)
	if !ok {
		return Epoch{}, false
	}
	return *e, true
}

// EpochUsable reports whether envelopes may be written with an epoch: it is
// valid and not void, and every one of its recipients may still read the space.
func (s *State) EpochUsable(space seal.SpaceID, id seal.ID) bool {
	s.memo.mu.Lock()
	defer s.memo.mu.Unlock()
	key := epochKey{space, id}
	if known, ok := s.memo.usable[key]; ok {
		return known
	}
	usable := false
	if e, ok := s.Epoch(space, id); ok && !e.Void {
		usable = !slices.ContainsFunc(e.Recips, func(dev seal.ID) bool { return !s.CanRead(space, dev) })
	}
	if s.memo.usable == nil {
		s.memo.usable = map[epochKey]bool{}
	}
	if len(s.memo.usable) < maxUsable {
		s.memo.usable[key] = usable
	}
	return usable
}

// maxUsable bounds what one state remembers about epochs.
const maxUsable = 1024

// SendEpoch is the epoch to write with: of the usable ones whose secret is here
// the greatest number, then the lowest id (rule M31).
func (s *State) SendEpoch(space seal.SpaceID, have func(epochID seal.ID) bool) (Epoch, bool) {
	epochs := s.epochs(space)
	for len(epochs) > 0 {
		n := epochs[len(epochs)-1].N
		first := len(epochs)
		for first > 0 && epochs[first-1].N == n {
			first--
		}
		for _, e := range epochs[first:] {
			if have(e.ID) && s.EpochUsable(space, e.ID) {
				return e, true
			}
		}
		epochs = epochs[:first]
	}
	return Epoch{}, false
}

// NextEpoch says what a new epoch of a space must state: its number and the
// current epochs to link back to.
func (s *State) NextEpoch(space seal.SpaceID) (n uint64, prev []Epoch) {
	r, ok := s.spaces.get(spaceKey(space))
	if !ok {
		return 1, nil
	}
	for _, e := range r.epochs.newest() {
		prev = append(prev, *e)
	}
	slices.SortFunc(prev, func(a, b Epoch) int { return a.ID.Compare(b.ID) })
	return r.epochs.maxN + 1, prev
}
