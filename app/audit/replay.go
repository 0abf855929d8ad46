package audit

import (
	"fmt"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// story is a log as it is told: all that can be said without names.
type story struct {
	version int // of the words that tell it
	ws      seal.ID
	lines   []Line
	forks   []Fork
	people  []Person
	heads   []string
}

// replay is the reading of a log, entry by entry.
type replay struct {
	version int
	log     *member.Log
	lines   []Line
	places  map[seal.ID]int // of entries, from 1
}

func newReplay(version int) *replay {
	return &replay{version: version, log: member.NewLog(), places: map[seal.ID]int{}}
}

// add judges one entry and tells what it does.
func (r *replay) add(e *member.Entry) error {
	outcome, err := r.log.Add(e)
	if outcome != seal.OK && outcome != seal.Evidence {
		return err
	}
	before := &member.State{}
	if len(e.Parents) > 0 {
		if before, err = r.log.StateAt(e.Parents); err != nil {
			return err
		}
	}
	line := Line{N: len(r.lines) + 1, Entry: e.ID.String(), ClockMs: e.HintMs, Kept: true}
	if line.By, err = r.author(before, e); err != nil {
		return err
	}
	if line.Did, err = describe(before, e); err != nil {
		return err
	}
	if r.version < leavesToldApart && line.Did.What == RemovedPerson {
		line.Did.Kind = ""
	}
	r.places[e.ID] = line.N
	r.lines = append(r.lines, line)
	return nil
}

// author is who wrote an entry: as it was before, or, for who came by that entry
// itself, after.
func (r *replay) author(before *member.State, e *member.Entry) (Author, error) {
	var p member.Person
	var number int
	known := false
	if len(e.Parents) > 0 {
		p, number, known = before.Author(e.Dev)
	}
	if !known {
		after, err := r.log.StateAt([]seal.ID{e.ID})
		if err != nil {
			return Author{}, err
		}
		if p, number, known = after.Author(e.Dev); !known {
			return Author{}, fmt.Errorf("entry %s has no author", e.ID.Short())
		}
	}
	return Author{Person: p.ID.String(), Device: e.Dev.String(), Number: number, Role: p.Role.String()}, nil
}

// end tells what only the whole log can say.
func (r *replay) end() *story {
	s := &story{version: r.version, ws: r.log.WS(), lines: r.lines}
	for _, u := range r.log.Unkept() {
		line := &s.lines[r.places[u.Entry]-1]
		by := r.places[u.By]
		line.Kept = false
		line.Void = &Void{By: by, RestOn: r.places[u.Hit], Person: s.lines[by-1].By.Person}
	}
	for _, f := range r.log.Forks() {
		first, second := r.places[f.First], r.places[f.Second]
		s.lines[first-1].Fork, s.lines[second-1].Fork = f.Second.String(), f.First.String()
		s.forks = append(s.forks, Fork{s.lines[first-1].By.Person, f.Device.String(), first, second})
	}
	st := r.log.State()
	for _, head := range st.Heads() {
		s.heads = append(s.heads, head.String())
	}
	for _, p := range st.Persons() {
		one := personOf(st, p)
		if p.Quit && r.version >= leavesToldApart {
			one.Status = member.Left.String()
		}
		s.people = append(s.people, one)
	}
	return s
}

func personOf(st *member.State, p member.Person) Person {
	person := Person{ID: p.ID.String(), Role: p.Role.String(), Status: p.Status.String(), Verified: p.Verified, Devices: []Device{}}
	for _, id := range p.Devices {
		if d, ok := st.Device(id); ok {
			person.Devices = append(person.Devices, Device{ID: id.String(), Number: d.Idx, Active: d.Active})
		}
	}
	return person
}

// tell reads a log whose entries were judged before.
func tell(entries []*member.Entry) (*story, error) { return tellAs(formatVersion, entries) }

// tellAs tells a log in the words of a version.
func tellAs(version int, entries []*member.Entry) (*story, error) {
	r := newReplay(version)
	for _, e := range inOrder(entries) {
		if err := r.add(e); err != nil {
			return nil, fmt.Errorf("tell the log: %w", err)
		}
	}
	return r.end(), nil
}
