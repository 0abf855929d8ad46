package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Report is what a file proves, and what it only claims.
type Report struct {
	Workspace string   // id
	Claims    Claims   // not proven
	Lines     []Line   // recomputed
	Forks     []Fork   // recomputed
	People    []Person // recomputed
	Heads     []string // entries that no other one follows: compare them with another export
}

// Verify reads a file of at most [MaxFile] bytes and checks everything in it against
// its signed entries. What does not hold is a [*Problem].
func Verify(r io.Reader) (*Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	if len(data) > MaxFile {
		return nil, problem("The file is larger than %d MiB, which no audit log is.", MaxFile>>20)
	}
	return verify(data)
}

func verify(data []byte) (*Report, error) {
	file, err := parse(data)
	if err != nil {
		return nil, err
	}
	entries, story, err := file.replay()
	if err != nil {
		return nil, err
	}
	bare := story.word(naming{nil, story.version}) // names are claims, which no entry says
	lines := story.word(naming{file.claims.Names, story.version})
	if err := file.compare(story, lines, bare); err != nil {
		return nil, err
	}
	again, err := write(story, file.claims, entries)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) && sameJSON(again, data) {
		return nil, problem("The file says what its entries say, but another program has written it anew: it is not the file that was exported. Verify that one.")
	}
	if !bytes.Equal(again, data) {
		return nil, problem("The file was changed at line %d of its text, where no entry stands.", 1+bytes.Count(data[:firstDifference(again, data)], []byte("\n")))
	}
	return &Report{
		Workspace: file.workspace, Claims: file.claims, Lines: lines, Forks: story.forks, People: story.people, Heads: story.heads,
	}, nil
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// replay checks the entries themselves: signatures, rules, parents, order.
func (f *parsed) replay() ([]*member.Entry, *story, error) {
	if len(f.entries) == 0 {
		return nil, nil, problem("The file holds no entry, so it shows nothing.")
	}
	entries := make([]*member.Entry, len(f.entries))
	r := newReplay(f.version)
	for i, stated := range f.entries {
		e, err := stated.open(i + 1)
		if err != nil {
			return nil, nil, err
		}
		if i == 0 {
			if err := f.founds(e); err != nil {
				return nil, nil, err
			}
		}
		if err := r.add(e); err != nil {
			return nil, nil, f.refused(i+1, e, err)
		}
		entries[i] = e
	}
	for i, e := range inOrder(entries) {
		if e != entries[i] {
			return nil, nil, problem("The order was changed: entry %d stands where another belongs.", i+1)
		}
	}
	return entries, r.end(), nil
}

// open reads an entry and checks its signature.
func (stated entry) open(n int) (*member.Entry, error) {
	e, err := member.ParseEntry(stated.Payload, stated.Sig)
	switch {
	case seal.OutcomeOf(err) == seal.Pend:
		return nil, problem("Entry %d was written by a newer version of Parvis. Update Parvis and verify it again.", n)
	case err != nil:
		return nil, problem("Entry %d does not hold: %s.", n, reason(err))
	case e.ID.String() != stated.ID:
		return nil, problem("Entry %d is not the one that its id names.", n)
	}
	return e, nil
}

// reason is why the rules refuse something, without the outcome before it.
func reason(err error) string {
	if fault, ok := errors.AsType[*seal.Fault](err); ok {
		return fault.Reason
	}
	return err.Error()
}

// founds requires that the first entry founds the workspace that the file names.
func (f *parsed) founds(e *member.Entry) error {
	switch {
	case e.Type != member.TypeGenesis:
		return problem("The first entry does not found a workspace: the beginning is missing.")
	case e.WS.String() != f.workspace:
		return problem("The entries are of workspace %s; the file says %.64q.", e.WS, f.workspace)
	}
	return nil
}

// refused says why the log does not take entry n.
func (f *parsed) refused(n int, e *member.Entry, err error) error {
	if missing, ok := errors.AsType[*member.MissingError](err); ok {
		for _, id := range missing.IDs {
			if at := slices.IndexFunc(f.entries, func(o entry) bool { return o.ID == id.String() }); at >= 0 {
				return problem("The order was changed: entry %d follows entry %d, which stands behind it.", n, at+1)
			}
		}
		return problem("An entry was taken out: entry %d follows %s, which is not in the file.", n, missing.IDs[0])
	}
	switch {
	case seal.OutcomeOf(err) == seal.Drop:
		return problem("Entry %d stands in the file twice.", n)
	case e.WS.String() != f.workspace:
		return problem("Entry %d belongs to another workspace.", n)
	}
	return problem("Entry %d does not hold: %s.", n, reason(err))
}

// compare requires that everything else says what the entries say.
func (f *parsed) compare(s *story, lines, bare []Line) error {
	for i, line := range lines {
		if i >= len(f.lines) {
			return problem("Line %d is missing: there are %d lines for %d entries.", i+1, len(f.lines), len(lines))
		}
		if !same(f.lines[i], line) {
			return problem("Line %d was changed. Its entry says: %s", i+1, bare[i].Sentence())
		}
	}
	if len(f.lines) > len(lines) {
		return problem("Line %d has no entry.", len(lines)+1)
	}
	if at := differs(f.forks, s.forks); at > 0 {
		return problem("The list of forks was changed, in its row %d: the entries prove %d forks.", at, len(s.forks))
	}
	if at := differs(f.people, s.people); at > 0 {
		return problem("The list of people was changed, in its row %d: %s", at, personAt(s.people, at, naming{nil, s.version}))
	}
	if at := differs(f.heads, s.heads); at > 0 {
		return problem("The list of heads was changed, in its row %d.", at)
	}
	return nil
}

func same(raw json.RawMessage, want any) bool {
	text, err := encode(want)
	return err == nil && (bytes.Equal(text, raw) || sameJSON(text, raw))
}

// sameJSON reports whether two texts mean the same, however they are written: what was
// changed is to be told from what was only written anew.
func sameJSON(a, b []byte) bool {
	read := func(text []byte, value *any) bool {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		return d.Decode(value) == nil
	}
	var one, other any
	return read(a, &one) && read(b, &other) && reflect.DeepEqual(one, other)
}

// differs is the first row, from 1, in which two lists differ, or 0.
func differs[T any](raw []json.RawMessage, want []T) int {
	for i, w := range want {
		if i >= len(raw) || !same(raw[i], w) {
			return i + 1
		}
	}
	if len(raw) > len(want) {
		return len(want) + 1
	}
	return 0
}

func personAt(people []Person, at int, n naming) string {
	if at > len(people) {
		return "the entries know nobody more."
	}
	p := people[at-1]
	return fmt.Sprintf("by the entries %s is %s, %s, with %d devices.", n.person(p.ID), p.Role, p.Status, len(p.Devices))
}

// Sentence is the whole line in words: what was done, and why it does not count.
func (l Line) Sentence() string {
	if l.Void == nil {
		return l.Text
	}
	return "not kept: " + l.Text + ", because " + l.Void.Text
}
