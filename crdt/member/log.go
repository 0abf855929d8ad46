package member

import (
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/seal"
)

// Log is the membership log of one workspace in memory: a graph of signed
// entries, each of which names the entries its author knew. It accepts an entry
// by what stands in that entry's own past, so a verdict never changes. It is
// not safe for concurrent use.
type Log struct {
	ws      seal.ID
	records map[seal.ID]*record
	order   []seal.ID
	heads   map[seal.ID]*record
	seqs    map[chainPlace][]seal.ID
	forks   []Fork
	recips  map[seal.ID][]seal.ID // by recips_hash: equal lists are shared
	states  cache
	walk    uint64 // number of the last walk, see record.mark
	rules   rules
}

// chainPlace is where an entry stands in its device's chain.
type chainPlace struct {
	dev seal.ID
	seq uint64
}

// Fork is proof that a device wrote two entries for one place of its chain: it
// was copied, restored from a backup, or taken over.
type Fork struct {
	Device seal.ID
	Seq    uint64
	First  seal.ID
	Second seal.ID
}

// NewLog returns an empty log. Its first entry must be a genesis.
func NewLog() *Log {
	return &Log{
		records: map[seal.ID]*record{}, heads: map[seal.ID]*record{}, seqs: map[chainPlace][]seal.ID{},
		recips: map[seal.ID][]seal.ID{}, states: newCache(maxStates),
	}
}

// WS is the workspace, zero while the log is empty.
func (l *Log) WS() seal.ID { return l.ws }

// Len is the number of entries.
func (l *Log) Len() int { return len(l.order) }

// Has reports whether an entry is in the log.
func (l *Log) Has(id seal.ID) bool { return l.records[id] != nil }

// Entry returns an entry, or nil.
func (l *Log) Entry(id seal.ID) *Entry {
	if r := l.records[id]; r != nil {
		return r.entry
	}
	return nil
}

// Order lists the entries as they were added, parents before children.
func (l *Log) Order() []seal.ID { return slices.Clone(l.order) }

// Heads lists the entries that no other follows, sorted.
func (l *Log) Heads() []seal.ID {
	heads := make([]seal.ID, 0, len(l.heads))
	for id := range l.heads {
		heads = append(heads, id)
	}
	slices.SortFunc(heads, seal.ID.Compare)
	return heads
}

// Forks lists the proofs of forked chains, in the order they were found.
func (l *Log) Forks() []Fork { return slices.Clone(l.forks) }

// Add checks an entry in the state of its own past and keeps it. The outcome is
// [seal.OK]; [seal.Evidence], kept too, when its device has another entry for
// the same place; [seal.Drop] when it is here already; [seal.Pend] with a
// [MissingError]; or [seal.Reject], not kept. Only OK has no error.
func (l *Log) Add(e *Entry) (seal.Outcome, error) {
	if l.records[e.ID] != nil {
		return seal.Drop, &seal.Fault{Outcome: seal.Drop, Reason: "entry: known"}
	}
	rec, err := l.judge(e)
	if err != nil {
		return outcome(err), fmt.Errorf("entry %s: %w", e.ID.Short(), err)
	}
	l.keep(rec)
	place := chainPlace{e.Dev, e.Seq}
	others := l.seqs[place]
	l.seqs[place] = append(others, e.ID)
	if len(others) == 0 {
		return seal.OK, nil
	}
	l.forks = append(l.forks, Fork{Device: e.Dev, Seq: e.Seq, First: others[0], Second: e.ID})
	return seal.Evidence, &seal.Fault{Outcome: seal.Evidence, Reason: "entry: fork of a chain"}
}

// judge makes the static checks of rules M14 to M19.
func (l *Log) judge(e *Entry) (*record, error) {
	rec := &record{entry: e}
	st := &State{memo: &memo{}}
	if e.Type == TypeGenesis {
		if len(l.order) > 0 {
			return nil, reject("entry: another workspace")
		}
	} else {
		if len(l.order) > 0 && e.WS != l.ws {
			return nil, reject("entry: another workspace")
		}
		var err error
		if rec.parents, err = l.find(e.Parents); err != nil {
			return nil, err
		}
		if l.related(rec.parents) {
			return nil, reject("entry: a parent follows another")
		}
		st = l.stateOf(rec.parents)
	}
	for _, parent := range rec.parents {
		rec.depth = max(rec.depth, parent.depth+1)
	}
	c := &check{log: l, st: st, e: e, rec: rec}
	if err := c.run(); err != nil {
		return nil, err
	}
	rec.index = len(l.order)
	l.setAfter(rec, apply(st, rec))
	return rec, nil
}

func (l *Log) keep(rec *record) {
	e := rec.entry
	if e.Type == TypeGenesis {
		l.ws = e.WS
	}
	l.records[e.ID] = rec
	l.order = append(l.order, e.ID)
	for _, parent := range rec.parents {
		delete(l.heads, parent.entry.ID)
	}
	l.heads[e.ID] = rec
}

// find returns the records of ids, or a [MissingError].
func (l *Log) find(ids []seal.ID) ([]*record, error) {
	records := make([]*record, 0, len(ids))
	var missing []seal.ID
	for _, id := range ids {
		if r := l.records[id]; r != nil {
			records = append(records, r)
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		return nil, &MissingError{IDs: missing}
	}
	return records, nil
}

// State is the state after all entries. It is empty for an empty log.
func (l *Log) State() *State {
	records := make([]*record, 0, len(l.heads))
	for _, r := range l.heads {
		records = append(records, r)
	}
	return l.stateOf(records)
}

// StateAt is the state after the given entries and all they follow. The error
// is a [MissingError] when one is unknown.
func (l *Log) StateAt(heads []seal.ID) (*State, error) {
	if len(heads) == 0 {
		return nil, errors.New("state at no entry")
	}
	records, err := l.find(heads)
	if err != nil {
		return nil, err
	}
	return l.stateOf(records), nil
}
