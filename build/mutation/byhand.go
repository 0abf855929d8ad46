package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// mutant is a change of the rules that is no single check. The properties must notice it,
// or a worked case: they know nothing of how the rules are written.
type mutant struct {
	name     string
	file     string // of crdt/member
	old, new string
}

var mutants = []mutant{
	{"a revocation strikes although it is void itself", "void.go", "f.strikes(by, at, e) && !f.judge(by, depth+1)", "f.strikes(by, at, e)"},
	{"a revocation strikes what follows or precedes it too", "void.go", "&& f.concurrent(by, at)", ""},
	{"a revocation need not outrank the entry, only the one it hits", "void.go", "f.outranks(r, c) && f.outranks(r, e)", "f.outranks(r, c)"},
	{"a revocation need not outrank the one it hits, only the entry", "void.go", "f.outranks(r, c) && f.outranks(r, e)", "f.outranks(r, e)"},
	{"what a void entry writes counts", "field.go", "if f.voided(i) {", "if false {"},
	{"a join does not rest on who invited", "record.go", "return c.sponsor != nil && r.hits(", "return false && r.hits("},
	{"the least restrictive value wins", "field.go", "case a.write.restrict > b.write.restrict:", "case a.write.restrict < b.write.restrict:"},
	{"of equal values that which came first wins", "field.go", "return f.records[a.place].entry.ID.Compare(f.records[b.place].entry.ID)", "return a.place - b.place"},
	{"an earlier value stays beside a later one", "field.go", "return slices.DeleteFunc(list, func(c contender) bool { return f.follows(j, c.place) })", "return list"},
	{"the device number decides before the role", "rank.go", "func (r rank) outranks(other rank) bool {", "func (r rank) outranks(other rank) bool {\n\tif r.person == other.person && r.idx != other.idx {\n\t\treturn r.idx < other.idx\n\t}"},
	{"a removal from a role is no revocation", "role_entry.go", "if before.compare(after) < 0 {", "if false {"},
	{"a removed device takes nothing away", "remove.go", "c.rec.revoke = &revocation{device: b.Device}", ""},
	{"who invited rests on nothing", "admit.go", "c.grant(invite.entry)", ""},
	{"access to a space rests on nothing", "space_entry.go", "c.grant(space.grounds(c.person.id)...)", ""},
	{"the state is weighed from one entry too late", "resolve.go", "slices.Reverse(window)", "slices.Reverse(window)\n\tif len(window) > 2 {\n\t\twindow = window[1:]\n\t}"},
}

var (
	logsUntil  = regexp.MustCompile(`seed (\d+): ([^:]*)`)
	failedTest = regexp.MustCompile(`--- FAIL: (Test\w+)`)
)

// byHand runs the properties of crdt/member over each mutant.
func (r *run) byHand() error {
	lived := 0
	properties := target{folder: "crdt/member"}
	looked := 0
	for _, m := range mutants {
		if !r.match.MatchString(m.name) {
			continue
		}
		looked++
		path := "crdt/member/" + m.file
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Count(source, []byte(m.old)) == 0 {
			return fmt.Errorf("%s does not hold what %q changes", path, m.name)
		}
		program, err := r.compile(properties.folder, map[string][]byte{path: bytes.ReplaceAll(source, []byte(m.old), []byte(m.new))})
		if err != nil {
			return err
		}
		out, passed := r.properties(program, 200)
		if passed { // some take many
			out, passed = r.properties(program, 3000)
		}
		if passed {
			lived++
			fmt.Printf("survived  %s\n", m.name)
			continue
		}
		fmt.Printf("killed    %-64s %s\n", m.name, noticed(out))
	}
	fmt.Printf("%d mutants by hand, %d survived\n", looked, lived)
	if lived > 0 {
		return errSurvivors
	}
	return nil
}

// noticed says after how many logs which property noticed: the smallest seed that failed.
func noticed(out string) string {
	first, by := -1, ""
	for _, found := range logsUntil.FindAllStringSubmatch(out, -1) {
		if seed, err := strconv.Atoi(found[1]); err == nil && (first < 0 || seed < first) {
			first, by = seed, found[2]
		}
	}
	if first < 0 {
		if found := failedTest.FindStringSubmatch(out); found != nil {
			return "by " + found[1]
		}
		return "by a panic or a timeout"
	}
	return fmt.Sprintf("after %d logs by %s", first+1, by)
}
