package audit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"parvis/crdt/member"
	"parvis/crdt/member/membertest"
	"parvis/crdt/seal"
)

// file is the export of a log by a member who knows some names.
func file(t testing.TB, entries []*member.Entry, names map[string]string) []byte {
	t.Helper()
	entries = inOrder(entries)
	story, err := tell(entries)
	if err != nil {
		t.Fatal(err)
	}
	if names == nil {
		names = map[string]string{}
	}
	data, err := write(story, Claims{ExportedMs: 1_750_000_000_000, By: story.people[0].ID, Workspace: "Atelier", Names: names}, entries)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// small is a team in which an owner removes an admin who admits somebody meanwhile.
func small(t testing.TB) (tm *membertest.Team, names map[string]string) {
	t.Helper()
	tm = membertest.New(t, 1)
	anne := tm.Actors[0]
	ben := tm.New(anne, member.RoleAdmin)
	keys, ok := tm.Invite(ben, member.RoleMember, member.ModeCodes, 1)
	carl := tm.Admit(ben, keys, member.RoleMember)
	if !ok || carl == nil {
		t.Fatal("Ben lets nobody in")
	}
	tm.Write(anne, member.TypePersonRemove, member.PersonRemoveBody{Person: ben.Person})
	tm.Write(tm.Copy(ben), member.TypeAck, member.AckBody{})
	twin := tm.Copy(anne)
	tm.Write(twin, member.TypeAck, member.AckBody{})
	tm.Write(anne, member.TypePolicy, member.PolicyBody{Policy: member.Policy{Instant: false}})
	return tm, map[string]string{anne.Person.String(): "Anne", ben.Person.String(): "Ben", carl.Person.String(): "Carl"}
}

func TestTheLogIsToldInSentences(t *testing.T) {
	tm, names := small(t)
	report, err := Verify(bytes.NewReader(file(t, tm.Entries(), names)))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range report.Lines {
		text := l.Sentence()
		if l.Fork != "" {
			text += " [fork]"
		}
		for id, name := range names { // ids depend on keys, which do not matter here
			text = strings.ReplaceAll(text, name+" "+id[:8], name)
		}
		got = append(got, hexDigits.ReplaceAllString(text, "…"))
	}
	want := []string{
		"Anne (owner, device 1) founded the workspace; invitations without codes are allowed",
		"Anne (owner, device 1) made invitation … for one person as member, with codes to compare first",
		"Anne (owner, device 1) admitted Ben as member after the codes were compared (invitation …)",
		"Anne (owner, device 1) made Ben, who was member, admin",
		"not kept: Ben (admin, device 1) made invitation … for one person as member, with codes to compare first, because Anne (owner, device 1) removed Ben, who was admin, without having seen this (line 7)",
	}
	if len(got) != len(tm.Entries()) {
		t.Fatalf("%d lines for %d entries", len(got), len(tm.Entries()))
	}
	for i, w := range want {
		if got[i] != w {
			t.Errorf("line %d:\n%s\nwant:\n%s", i+1, got[i], w)
		}
	}
	all := strings.Join(got, "\n")
	for _, part := range []string{
		"not kept: Ben (admin, device 1) admitted Carl as member after the codes were compared",
		"set the policy: nobody can depose an owner; every invitation needs codes",
		"[fork]",
	} {
		if !strings.Contains(all, part) {
			t.Errorf("no line says %q:\n%s", part, all)
		}
	}
	if len(report.Forks) != 1 || report.Forks[0].Person != tm.Actors[0].Person.String() {
		t.Errorf("forks: %+v", report.Forks)
	}
}

// edit changes a file through its JSON and writes it again as an exporter would.
func edit(t testing.TB, data []byte, change func(f *fields)) []byte {
	t.Helper()
	var f fields
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	change(&f)
	var out bytes.Buffer
	w := &writer{out: &out}
	out.WriteString("{\n")
	w.field("format", f.Format)
	w.field("version", f.Version)
	w.field("about", f.About)
	w.field("workspace", f.Workspace)
	w.field("claims", f.Claims)
	w.list("entries", each(f.Entries))
	w.list("lines", each(f.Lines))
	w.list("forks", each(f.Forks))
	w.list("people", each(f.People))
	w.list("heads", each(f.Heads))
	out.WriteString("\n}\n")
	return out.Bytes()
}

type fields struct {
	Format    string
	Version   int
	About     []string
	Workspace string
	Claims    Claims
	Entries   []entry
	Lines     []Line
	Forks     []Fork
	People    []Person
	Heads     []string
}

func TestTamperingIsFound(t *testing.T) {
	tm, names := small(t)
	data := file(t, tm.Entries(), names)
	other := membertest.New(t, 2)
	other.Run(8)
	foreign := other.Entries()
	last := len(tm.Entries())
	tests := []struct {
		name   string
		change func(f *fields)
		want   string // a %s stands for an id
	}{
		{"nothing", func(*fields) {}, ""},
		{"a line's words", func(f *fields) { f.Lines[2].Text = "Ben let himself in" }, "Line 3 was changed. Its entry says: "},
		{"a line's clock", func(f *fields) { f.Lines[2].ClockMs++ }, "Line 3 was changed. Its entry says: "},
		{"a void line that counts", func(f *fields) { f.Lines[4].Kept, f.Lines[4].Void = true, nil }, "Line 5 was changed. Its entry says: not kept: "},
		{"a role at that time", func(f *fields) { f.Lines[4].By.Role = "owner" }, "Line 5 was changed."},
		{"a line taken out", func(f *fields) { f.Lines = append(f.Lines[:3], f.Lines[4:]...) }, "Line 4 was changed."},
		{"the last line taken out", func(f *fields) { f.Lines = f.Lines[:last-1] }, fmt.Sprintf("Line %d is missing: there are %d lines for %d entries.", last, last-1, last)},
		{"a line more", func(f *fields) { f.Lines = append(f.Lines, Line{N: last + 1}) }, fmt.Sprintf("Line %d has no entry.", last+1)},
		{"an entry taken out in the middle", func(f *fields) { f.Entries = append(f.Entries[:3], f.Entries[4:]...) }, "An entry was taken out: entry 4 follows %s, which is not in the file."},
		{"the genesis taken out", func(f *fields) { f.Entries = f.Entries[1:] }, "The first entry does not found a workspace: the beginning is missing."},
		{"all entries taken out", func(f *fields) { f.Entries = nil }, "The file holds no entry, so it shows nothing."},
		{"the last entry taken out, its line left", func(f *fields) { f.Entries = f.Entries[:last-1] }, "Line "},
		{"two entries exchanged", func(f *fields) { f.Entries[2], f.Entries[3] = f.Entries[3], f.Entries[2] }, "The order was changed: entry 3 follows entry 4, which stands behind it."},
		{"two concurrent entries exchanged", func(f *fields) { f.Entries[last-1], f.Entries[last-2] = f.Entries[last-2], f.Entries[last-1] }, "The order was changed: entry "},
		{"an entry of a newer version", func(f *fields) {
			payload := bytes.Clone(f.Entries[3].Payload)
			payload[1] = 2
			f.Entries = append(f.Entries, entry{f.Entries[3].ID, payload, tm.Actors[0].Keys.Sign.Sign("parvis1/entry", payload)})
		}, fmt.Sprintf("Entry %d was written by a newer version of Parvis. Update Parvis and verify it again.", last+1)},
		{"an entry twice", func(f *fields) { f.Entries = append(f.Entries, f.Entries[2]) }, fmt.Sprintf("Entry %d stands in the file twice.", last+1)},
		{"a forged signature", func(f *fields) { f.Entries[3].Sig[10] ^= 1 }, "Entry 4 does not hold: entry: wrong signature."},
		{"the signature of another entry", func(f *fields) { f.Entries[3].Sig = f.Entries[2].Sig }, "Entry 4 does not hold: entry: wrong signature."},
		{"no signature", func(f *fields) { f.Entries[3].Sig = nil }, "Entry 4 does not hold: entry: wrong signature."},
		{"a changed payload", func(f *fields) { f.Entries[3].Payload[len(f.Entries[3].Payload)-1] ^= 1 }, "Entry 4 does not hold: entry: wrong signature."},
		{"a payload that is none", func(f *fields) { f.Entries[3].Payload = []byte("x") }, "Entry 4 does not hold: entry: malformed."},
		{"another id", func(f *fields) { f.Entries[3].ID = f.Entries[2].ID }, "Entry 4 is not the one that its id names."},
		{"the entries of another workspace", func(f *fields) { f.Entries = entriesOf(foreign) }, "The entries are of workspace %s; the file says \"%s\"."},
		{"an entry of another workspace", func(f *fields) { f.Entries = append(f.Entries, entriesOf(foreign)[1]) }, fmt.Sprintf("Entry %d belongs to another workspace.", last+1)},
		{"a second genesis", func(f *fields) { f.Entries = append(f.Entries, entriesOf(foreign)[0]) }, fmt.Sprintf("Entry %d belongs to another workspace.", last+1)},
		{"another workspace named", func(f *fields) { f.Workspace = strings.Repeat("0", 64) }, "The entries are of workspace %s; the file says \"%s\"."},
		{"a fork kept quiet", func(f *fields) { f.Forks = nil }, "The list of forks was changed, in its row 1: the entries prove 1 forks."},
		{"a fork made up", func(f *fields) { f.Forks = append(f.Forks, f.Forks[0]) }, "The list of forks was changed, in its row 2: the entries prove 1 forks."},
		{"a person's role", func(f *fields) { f.People[0].Role = "guest" }, "The list of people was changed, in its row 1: by the entries "},
		{"a person more", func(f *fields) { f.People = append(f.People, f.People[0]) }, "The list of people was changed, in its row 3: the entries know nobody more."},
		{"a device", func(f *fields) { f.People[1].Devices[0].Active = !f.People[1].Devices[0].Active }, "The list of people was changed, in its row 2: by the entries "},
		{"the heads", func(f *fields) { f.Heads = f.Heads[:1] }, "The list of heads was changed, in its row 2."},
		{"what the file says of itself", func(f *fields) { f.About[0] = "Believe this." }, "The file was changed at line 4 of its text, where no entry stands."},
		{"an older version", func(f *fields) { f.Version = 0 }, notThis},
		{"a newer version", func(f *fields) { f.Version = formatVersion + 1 }, "This audit log was made by a newer version of Parvis. Update Parvis and verify it again."},
		{"another format", func(f *fields) { f.Format = "csv" }, notThis},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := verify(edit(t, data, test.change))
			var p *Problem
			switch {
			case test.want == "" && err != nil:
				t.Fatal(err)
			case test.want != "" && !errors.As(err, &p):
				t.Fatalf("got %v", err)
			case test.want != "" && strings.Contains(p.Sentence, "Anne"):
				t.Errorf("it says of an entry what only the file claims: %s", p.Sentence)
			case test.want != "" && !strings.HasPrefix(hexIDs.ReplaceAllString(p.Sentence, "%s"), test.want):
				t.Errorf("got  %s\nwant %s", p.Sentence, test.want)
			}
		})
	}
}

func entriesOf(all []*member.Entry) []entry {
	var list []entry
	for _, e := range inOrder(all) {
		list = append(list, entry{e.ID.String(), e.Payload, e.Sig})
	}
	return list
}

// A name that is changed everywhere is not found: nothing proves names.
func TestNamesAreClaims(t *testing.T) {
	tm, names := small(t)
	names[tm.Actors[0].Person.String()] = "Somebody else"
	report, err := verify(file(t, tm.Entries(), names))
	if err != nil || !strings.HasPrefix(report.Lines[0].Text, "Somebody else ") {
		t.Errorf("%v %+v", err, report)
	}
}

// A log that ends earlier is a log too: whoever exports can leave out what nobody follows.
func TestAnEarlierEndVerifies(t *testing.T) {
	tm, names := small(t)
	whole, err := verify(file(t, tm.Entries(), names))
	if err != nil {
		t.Fatal(err)
	}
	short, err := verify(file(t, inOrder(tm.Entries())[:len(tm.Entries())-1], names))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(whole.Heads, "") == strings.Join(short.Heads, "") {
		t.Error("the heads do not show it either")
	}
}

func TestFilesThatAreNone(t *testing.T) {
	tm, names := small(t)
	data := file(t, tm.Entries(), names)
	tests := map[string][]byte{
		"empty":              nil,
		"text":               []byte("hello"),
		"another document":   []byte(`{"format":"x"}`),
		"a list":             []byte(`[1,2]`),
		"no text":            {0xff, 0xfe},
		"no text inside":     bytes.Replace(data, []byte(`"Anne"`), []byte("\"An\xffne\""), 1),
		"its first half":     data[:len(data)/2],
		"something behind":   append(bytes.Clone(data), '1'),
		"a field twice":      bytes.Replace(data, []byte(`"version": 2,`), []byte(`"version": 2, "version": 2,`), 1),
		"a field more":       bytes.Replace(data, []byte(`"sig":`), []byte(`"x":1,"sig":`), 1),
		"another case":       bytes.Replace(data, []byte(`"payload"`), []byte(`"Payload"`), 1),
		"blanks":             bytes.Replace(data, []byte(`"version": 2`), []byte(`"version":  2`), 1),
		"a name twice":       bytes.Replace(data, []byte(`"names":{`), []byte(`"names":{"a":"b","a":"b",`), 1),
		"a long name":        bytes.Replace(data, []byte(`"names":{`), []byte(`"names":{"a":"`+strings.Repeat("n", maxName+1)+`",`), 1),
		"a large element":    bytes.Replace(data, []byte(`"forks": [`), []byte(`"forks": [`+`"`+strings.Repeat("n", maxElement)+`",`), 1),
		"a deep element":     bytes.Replace(data, []byte(`"forks": [`), []byte(`"forks": [`+strings.Repeat("[", 20_000)), 1),
		"a signature, blank": bytes.Replace(data, []byte(`"sig":"`), []byte(`"sig":"\n`), 1),
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", "    "); err != nil {
		t.Fatal(err)
	}
	tests["indented"] = indented.Bytes()
	for name, data := range tests {
		want := "The file is damaged or was changed: from byte "
		switch name {
		case "empty", "text", "another document", "a list", "no text", "no text inside":
			want = notThis
		case "another case", "a signature, blank":
			want = "The file was changed at line "
		case "blanks", "indented":
			want = "The file says what its entries say, but another program has written it anew"
		}
		var p *Problem
		if _, err := verify(data); !errors.As(err, &p) || !strings.HasPrefix(p.Sentence, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Verify(strings.NewReader(strings.Repeat(" ", MaxFile+1))); err == nil || err.Error() != "The file is larger than 256 MiB, which no audit log is." {
		t.Errorf("a large file: %v", err)
	}
}

func TestAFileThatCannotBeReadIsNoProblemOfTheFile(t *testing.T) {
	gone := errors.New("the stick was pulled out")
	_, err := Verify(iotest.ErrReader(gone))
	var p *Problem
	if !errors.Is(err, gone) || errors.As(err, &p) {
		t.Errorf("got %v", err)
	}
}

// Every random log exports and verifies, in whatever order its entries came.
func TestEveryLogExportsAndVerifies(t *testing.T) {
	seeds := uint64(60)
	if long {
		seeds = 2000
	}
	void, forks, kinds := 0, 0, map[string]bool{}
	for seed := range seeds {
		tm := membertest.New(t, seed)
		tm.Run(40)
		entries := tm.Entries()
		data := file(t, entries, nil)
		report, err := verify(data)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if again := file(t, inOrder(entries), nil); !bytes.Equal(again, data) {
			t.Fatalf("seed %d: another order of arrival gives another file", seed)
		}
		forks += len(report.Forks)
		for _, l := range report.Lines {
			kinds[l.Did.What] = true
			if l.Void != nil {
				void++
			}
		}
		if st := tm.All.State(); len(st.VoidedEntries()) != len(voids(report)) {
			t.Fatalf("seed %d: %d entries are void, %d lines say so", seed, len(st.VoidedEntries()), len(voids(report)))
		}
	}
	t.Logf("%d logs, %d void lines, %d forks, %d kinds of acts", seeds, void, forks, len(kinds))
	if void < 20 || forks < 5 || len(kinds) < 18 {
		t.Error("the logs are too tame")
	}
}

func voids(r *Report) []Line {
	var all []Line
	for _, l := range r.Lines {
		if l.Void != nil {
			all = append(all, l)
		}
	}
	return all
}

// Any change of a single byte of a payload or a signature is found.
func TestEveryFlippedByteIsFound(t *testing.T) {
	tm, names := small(t)
	entries := inOrder(tm.Entries())
	flips := 0
	for n, e := range entries {
		step := 1
		if len(e.Payload) > 600 {
			step = 7 // the records of devices are long
		}
		for at := 0; at < len(e.Payload)+len(e.Sig); at += step {
			bad := entry{e.ID.String(), bytes.Clone(e.Payload), bytes.Clone(e.Sig)}
			if at < len(e.Payload) {
				bad.Payload[at] ^= byte(1 + at%255)
			} else {
				bad.Sig[at-len(e.Payload)] ^= byte(1 + at%255)
			}
			if _, err := bad.open(n + 1); err == nil {
				t.Fatalf("entry %d, byte %d: not found", n+1, at)
			}
			flips++
		}
	}
	data := file(t, tm.Entries(), names)
	for n := 0; n < len(data); n += 41 { // and of the text of the file
		bad := bytes.Clone(data)
		bad[n] ^= 1
		if _, err := verify(bad); err == nil && !claimed(data, n) {
			t.Fatalf("byte %d of the file (%q): not found", n, data[max(0, n-20):min(len(data), n+20)])
		}
		flips++
	}
	t.Logf("%d flips", flips)
}

// claimed tells whether a byte stands among the claims.
func claimed(data []byte, n int) bool {
	from := bytes.Index(data, []byte(`"claims"`))
	return n > from && n < from+bytes.IndexByte(data[from:], '\n')
}

func FuzzVerify(f *testing.F) {
	tm, names := small(f)
	f.Add(file(f, tm.Entries(), names))
	f.Add([]byte(`{"format": "parvis-audit","version": 2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := verify(data)
		if err != nil {
			var p *Problem
			if !errors.As(err, &p) {
				t.Fatal(err)
			}
			return
		}
		if id, err := seal.ParseID(report.Workspace); err != nil || id.IsZero() {
			t.Errorf("verified for workspace %q", report.Workspace)
		}
	})
}

func kindsOf(r *Report) map[string]bool {
	kinds := map[string]bool{}
	for _, l := range r.Lines {
		kinds[l.Did.What] = true
	}
	return kinds
}

func TestPayloadsAreBase64(t *testing.T) {
	tm, names := small(t)
	e := tm.Entries()[0]
	if !bytes.Contains(file(t, tm.Entries(), names), []byte(base64.StdEncoding.EncodeToString(e.Payload))) {
		t.Error("the payload is not in the file")
	}
}
