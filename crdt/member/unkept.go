package member

import "parvis/crdt/seal"

// Unkept is an entry that does not count (rule M24), and why: somebody of higher
// rank took authority away without having seen it.
type Unkept struct {
	Entry seal.ID
	By    seal.ID // the revocation
	Hit   seal.ID // the entry itself, or the one that its author's authority rests on
}

// Unkept lists the entries that do not count, as they were added. Of several
// revocations that void an entry it names one.
func (l *Log) Unkept() []Unkept {
	st := l.State()
	if len(st.VoidedEntries()) == 0 {
		return nil
	}
	records := make([]*record, 0, len(l.order))
	for _, id := range l.order[1:] { // nothing is concurrent with the genesis
		records = append(records, l.records[id])
	}
	f := newField(records, l.rules)
	var all []Unkept
	for i, r := range f.records {
		if !st.Voided(r.entry.ID) {
			continue
		}
		if by, at, struck := f.striker(i, 0); struck {
			all = append(all, Unkept{r.entry.ID, f.records[by].entry.ID, f.records[at].entry.ID})
		}
	}
	return all
}

// Author is the person that a device or a recovery key acts for, and its number in
// the person: -1 for a recovery key.
func (s *State) Author(dev seal.ID) (person Person, idx int, ok bool) {
	d, ok := s.devices.get(dev)
	if !ok {
		return Person{}, 0, false
	}
	person, ok = s.Person(d.person)
	return person, d.idx, ok
}
