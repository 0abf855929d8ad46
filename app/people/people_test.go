package people_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/people"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/seal"
)

const nowMs = 1_800_000_000_000

// replica is one device: the real store and the real service, with a workspace
// that neither signs nor encrypts.
type replica struct {
	*viewtest.Host
	people  *people.Service
	others  *others   // the own person's other devices
	makers  []seal.ID // who let people into spaces
	person  seal.ID
	members []people.Membership
	home    seal.SpaceID
	online  map[seal.ID]bool
	seq     byte
	told    []people.Person
	renamed int
	trouble []string
	abroad  []people.Abroad
	before  func() // called once before the next envelope
}

var (
	ws   = seal.ID{0xaa}
	main = seal.SpaceID{1}
	ana  = seal.ID{1}
	ben  = seal.ID{2}
	cleo = seal.ID{3}
)

func newReplica(t *testing.T, person seal.ID) *replica {
	t.Helper()
	r := &replica{
		Host: viewtest.New(t, seal.ID{person[0], 0x10}, t.TempDir()), others: &others{}, makers: []seal.ID{ana}, person: person, home: main, online: map[seal.ID]bool{},
		members: []people.Membership{
			{Person: ana, Role: people.Owner, Here: true, Devices: []people.Device{{ID: seal.ID{0x11}}}},
			{Person: ben, Role: people.Member, Here: true, By: ana, Devices: []people.Device{{ID: seal.ID{0x12}}, {ID: seal.ID{0x22}, Later: true, AddedMs: nowMs - 1000}}},
			{Person: cleo, Role: people.Guest, By: ana},
		},
	}
	r.open()
	return r
}

// open starts the service anew.
func (r *replica) open() {
	r.people = people.New(people.Config{Store: r.DB.People(), Elsewhere: r.others, Now: func() time.Time { return time.UnixMilli(nowMs) }})
	r.people.PersonChanged.Subscribe(func(p people.Person) { r.told = append(r.told, p) })
	r.people.WorkspaceRenamed.Subscribe(func(seal.ID) { r.renamed++ })
	r.people.Trouble.Subscribe(func(x people.Trouble) { r.trouble = append(r.trouble, x.Text) })
	r.View = r.people.Open(r)
}

func (r *replica) restart(t *testing.T) {
	t.Helper()
	if err := r.DB.Close(); err != nil {
		t.Fatal(err)
	}
	r.OpenStore(t)
	r.open()
}

func (r *replica) ID() seal.ID                    { return ws }
func (r *replica) Self() (person, device seal.ID) { return r.person, r.Device }

func (r *replica) Append(ctx context.Context, space seal.SpaceID, _ workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error) {
	if before := r.before; before != nil {
		r.before = nil
		before()
	}
	return r.Write(ctx, compose, func(d workspace.Draft) workspace.Opened { return r.envelope(space, d.Body) })
}

func (r *replica) envelope(space seal.SpaceID, body []byte) workspace.Opened {
	r.seq++
	o := workspace.Opened{Workspace: ws, Space: space, Person: r.person, Seq: uint64(r.seq), Kind: workspace.KindProfile, Body: body}
	o.ID = seal.Hash("envelope", r.person[:], body, []byte{r.seq})
	return o
}

func (r *replica) Members() []people.Membership { return r.members }
func (r *replica) Abroad() []people.Abroad      { return r.abroad }
func (r *replica) OpenToAll(context.Context, seal.SpaceID, seal.ID) (bool, error) {
	return len(r.abroad) == 0, nil
}
func (r *replica) Member(person seal.ID) (people.Membership, bool) {
	i := slices.IndexFunc(r.members, func(m people.Membership) bool { return m.Person == person })
	if i < 0 {
		return people.Membership{}, false
	}
	return r.members[i], true
}
func (r *replica) Home() (seal.SpaceID, bool) { return r.home, !r.home.IsZero() }
func (r *replica) MainSpace() seal.SpaceID    { return main }
func (r *replica) LetsIn(_ seal.SpaceID, person seal.ID) bool {
	return slices.Contains(r.makers, person)
}
func (r *replica) Online(device seal.ID) bool    { return r.online[device] }
func (r *replica) LastSeen(device seal.ID) int64 { return int64(device[0]) }

func (r *replica) rename(t *testing.T, text string) {
	t.Helper()
	if err := r.people.Rename(t.Context(), ws, text); err != nil {
		t.Fatal(err)
	}
}

func TestEverybodyIsListedWithWhatIsKnown(t *testing.T) {
	r := newReplica(t, ana)
	r.rename(t, "  Ana\u202e Ruiz ")
	r.online[seal.ID{0x22}] = true
	got, err := r.people.List(t.Context(), ws)
	if err != nil {
		t.Fatal(err)
	}
	want := []people.Person{
		{Workspace: ws, ID: ben, Name: ben.Short(), Role: people.Member, State: people.NewDevice, Online: true, LastSeenMs: 0x22, Devices: 2, InvitedBy: ana},
		{Workspace: ws, ID: ana, Name: "Ana Ruiz", Role: people.Owner, State: people.Verified, LastSeenMs: 0x11, Devices: 1, Self: true},
		{Workspace: ws, ID: cleo, Name: cleo.Short(), Role: people.Guest, State: people.Removed, InvitedBy: ana},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	r.restart(t)
	if name := r.people.Name(ws, ana); name != "Ana Ruiz" {
		t.Errorf("after a restart the name is %q", name)
	}
}

func TestP6TheLastNameWinsInAnyOrder(t *testing.T) {
	a, b := newReplica(t, ana), newReplica(t, ana)
	a.rename(t, "one")
	a.rename(t, "two")
	a.rename(t, "two") // no change, no envelope
	b.rename(t, "elsewhere")
	if len(a.Sent) != 2 {
		t.Errorf("%d envelopes, want 2", len(a.Sent))
	}
	all := slices.Concat(a.Sent, b.Sent)
	for seed := range uint64(10) {
		r := newReplica(t, ben)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, o := range all {
			r.Deliver(t, o, o)
		}
		if got := r.people.Name(ws, ana); got != "two" {
			t.Errorf("seed %d: the name is %q, want two", seed, got)
		}
		if last := r.told[len(r.told)-1]; last.Name != "two" {
			t.Errorf("told %q last", last.Name)
		}
	}
}

func TestP14ANameThatIsSaidAbroadDoesNotComeAfterANewOne(t *testing.T) {
	r := newReplica(t, ana)
	r.rename(t, "Anna")
	r.abroad = []people.Abroad{{Space: seal.SpaceID{9}}}
	r.before = func() { r.rename(t, "Ana") } // while the old one is about to be said there
	if err := people.SayAbroad(r.people, t.Context(), ws); err != nil {
		t.Fatal(err)
	}
	b := newReplica(t, ben)
	b.Deliver(t, r.Sent...)
	for _, one := range []*replica{r, b} {
		if got := one.people.Name(ws, ana); got != "Ana" {
			t.Errorf("the name is %q, want Ana", got)
		}
	}
}

func TestP9AHiddenNameGivesWayToTheOneBefore(t *testing.T) {
	ben := newReplica(t, ben)
	ben.rename(t, "Ben")
	ben.rename(t, "Thief")
	ana := newReplica(t, ana)
	ana.Deliver(t, ben.Sent...)
	for _, c := range []struct {
		hidden bool
		batch  []workspace.Opened
		want   string
	}{
		{true, ben.Sent[1:], "Ben"},
		{true, ben.Sent[:1], ben.person.Short()},
		{false, ben.Sent[:1], "Ben"},
		{false, ben.Sent[1:], "Thief"},
	} {
		ana.Judge(t, c.hidden, c.batch...)
		if got := ana.people.Name(ws, ben.person); got != c.want {
			t.Errorf("the name is %q, want %q", got, c.want)
		}
		if last := ana.told[len(ana.told)-1]; last.Name != c.want {
			t.Errorf("told %q last, want %q", last.Name, c.want)
		}
		ana.restart(t)
		if got := ana.people.Name(ws, ben.person); got != c.want {
			t.Errorf("after a restart the name is %q, want %q", got, c.want)
		}
	}
	hidden := ben.Sent[1]
	hidden.ID[0]++
	hidden.Hidden = true
	ana.Judge(t, true, ben.Sent[1])
	ana.Deliver(t, hidden)
	if got := ana.people.Name(ws, ben.person); got != "Ben" {
		t.Errorf("a name that arrives hidden: %q", got)
	}
}

func TestP7WhoMayNameWhat(t *testing.T) {
	owner, member := newReplica(t, ana), newReplica(t, ben)
	ctx := t.Context()
	if err := owner.people.NameWorkspace(ctx, ws, "Atelier"); err != nil {
		t.Fatal(err)
	}
	if err := member.people.NameWorkspace(ctx, ws, "Mine"); !errors.Is(err, people.ErrRefused) {
		t.Errorf("a member names the workspace: %v", err)
	}
	body, err := people.Profile{What: people.WorkspaceName, Lamport: 9, Name: "Mine"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	forged := member.envelope(main, body)
	member.Deliver(t, owner.Sent[0], forged)
	if name, err := member.people.WorkspaceName(ctx, ws); name != "Atelier" || err != nil || member.renamed != 1 {
		t.Errorf("the workspace is called %q, %v, told %d times", name, err, member.renamed)
	}
	if member.Bad()[forged.ID] == "" {
		t.Error("the forged name is not bad")
	}
	private := seal.SpaceID{7}
	if err := member.people.NameSpace(ctx, ws, private, "Board"); err != nil {
		t.Fatal(err)
	}
	if got := member.Sent[len(member.Sent)-1].Space; got != private {
		t.Errorf("the space's name was written in %s", got)
	}
	if name, err := member.people.SpaceName(ctx, ws, private); name != "Board" || err != nil {
		t.Errorf("the space is called %q, %v", name, err)
	}
	for text, want := range map[string]error{"board": people.ErrTaken, " BOARD ": people.ErrTaken, "Boards": nil, "": people.ErrInvalid} {
		if err := member.people.FreeSpaceName(ctx, ws, []seal.SpaceID{{8}, private}, text); !errors.Is(err, want) {
			t.Errorf("another private space %q: %v, want %v", text, err, want)
		}
	}
	if err := member.people.FreeSpaceName(ctx, ws, []seal.SpaceID{{8}}, "Board"); err != nil {
		t.Errorf("P7: the name of a space that is not asked about: %v", err)
	}
	member.home = seal.SpaceID{}
	if err := member.people.Rename(ctx, ws, "Ben"); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("without a space to write in: %v", err)
	}
	for _, text := range []string{"", " \u200b", "\xff", strings.Repeat("x", 65)} {
		if err := owner.people.Rename(ctx, ws, text); !errors.Is(err, people.ErrInvalid) {
			t.Errorf("the name %q gives %v", text, err)
		}
	}
	if _, err := owner.people.List(ctx, seal.ID{9}); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("an unknown workspace gives %v", err)
	}
}

func TestProfileBodies(t *testing.T) {
	o := workspace.Opened{Person: ana, Space: main}
	good := people.Profile{What: people.PersonName, Target: ana[:], Lamport: 1, Name: "Ana"}
	encode := func(change func(p *people.Profile)) []byte {
		p := good
		change(&p)
		data, err := p.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	field := func(i int, v any) []byte {
		fields := []any{1, 0, ana[:], 1, "Ana"}
		fields[i] = v
		data, err := seal.Encode(fields)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for _, c := range []struct {
		what string
		data []byte
		bad  string
	}{
		{"P1 a person's name", encode(func(*people.Profile) {}), ""},
		{"P3 a workspace's name", encode(func(p *people.Profile) { p.What, p.Target = people.WorkspaceName, nil }), ""},
		{"P3 a space's name", encode(func(p *people.Profile) { p.What, p.Target = people.SpaceName, main[:] }), ""},
		{"P1 no bytes", nil, "decode"},
		{"P1 no array", []byte{1}, "decode"},
		{"P1 a field too few", []byte{0x84, 1, 0, 0x40, 1}, "decode"},
		{"P1 bytes after the end", append(encode(func(*people.Profile) {}), 0), "decode"},
		{"P1 version 0", field(0, 0), "version 0"},
		{"P1 version 2", field(0, 2), "newer version"},
		{"P1 version 2 of another length", []byte{0x82, 2, 0}, "newer version"},
		{"P1 a text as version", field(0, "x"), "decode"},
		{"P2 what 5", field(1, 5), "newer version"},
		{"P3 another person", encode(func(p *people.Profile) { p.Target = ben[:] }), "another person"},
		{"P3 no person", encode(func(p *people.Profile) { p.Target = nil }), "another person"},
		{"P3 a short id", encode(func(p *people.Profile) { p.Target = ana[:31] }), "another person"},
		{"P3 a workspace with a target", encode(func(p *people.Profile) { p.What = people.WorkspaceName }), "with a target"},
		{"P3 another space", encode(func(p *people.Profile) { p.What, p.Target = people.SpaceName, []byte{2} }), "another space"},
		{"P3 null for a target", field(2, nil), "deterministic"},
		{"P4 lamport 0", encode(func(p *people.Profile) { p.Lamport = 0 }), "lamport 0"},
		{"P4 an absurd lamport", encode(func(p *people.Profile) { p.Lamport = 1<<53 + 1 }), "lamport"},
		{"P4 a negative lamport", field(3, -1), "decode"},
		{"P5 no name", encode(func(p *people.Profile) { p.Name = "" }), "not clean"},
		{"P5 a name with a bidirectional control", encode(func(p *people.Profile) { p.Name = "A\u202ena" }), "not clean"},
		{"P5 a name that is not composed", encode(func(p *people.Profile) { p.Name = "Rene\u0301" }), "not clean"},
		{"P5 a long name", encode(func(p *people.Profile) { p.Name = strings.Repeat("x", 65) }), "not clean"},
		{"P5 a name with a line break", encode(func(p *people.Profile) { p.Name = "A\nB" }), "not clean"},
		{"P5 a name that is not UTF-8", field(4, []byte{0xff}), "decode"},
		{"P5 an absurdly long name", encode(func(p *people.Profile) { p.Name = strings.Repeat("x", 100_000) }), "not clean"},
	} {
		t.Run(c.what, func(t *testing.T) {
			o.Body = c.data
			_, err := people.Decode(o)
			if c.bad == "" && err != nil || c.bad != "" && (err == nil || !strings.Contains(err.Error(), c.bad)) {
				t.Errorf("got %v, want %q", err, c.bad)
			}
		})
	}
}

// checkProfile: no input panics, and what decodes encodes to the same bytes.
func checkProfile(t *testing.T, data []byte) {
	p, err := people.Decode(workspace.Opened{Person: ana, Space: main, Body: data})
	if err != nil {
		return
	}
	if again, err := p.Encode(); err != nil || !bytes.Equal(again, data) {
		t.Fatalf("%x decodes and encodes to %x (%v)", data, again, err)
	}
}

func FuzzProfile(f *testing.F) {
	data, err := people.Profile{Target: ana[:], Lamport: 1, Name: "Ana"}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	vouch, err := people.Profile{What: people.Vouch, Target: slices.Concat(ben[:], cleo[:]), Lamport: 1}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(vouch)
	f.Fuzz(checkProfile)
}

func TestProfileMutations(t *testing.T) {
	seed, err := people.Profile{Target: ana[:], Lamport: 300, Name: "Ana Ruiz"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 1))
	for range 10_000 {
		data := slices.Clone(seed)
		for range 1 + random.IntN(3) {
			i := random.IntN(len(data))
			switch random.IntN(3) {
			case 0:
				data[i] ^= 1 << random.IntN(8)
			case 1:
				data = slices.Insert(data, i, byte(random.UintN(256)))
			case 2:
				data = append(data[:i:i], data[min(i+1, len(data)-1):]...)
			}
		}
		checkProfile(t, data)
	}
}

func TestP8NamesLieSealedAndAreRestored(t *testing.T) {
	r := newReplica(t, ana)
	r.rename(t, "marker-name")
	if err := r.DB.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(r.Dir, entry.Name()))
		if err == nil && bytes.Contains(data, []byte("marker-name")) {
			t.Errorf("%s holds the name", entry.Name())
		}
	}
	r.Damage(t, `UPDATE name SET lamport = lamport + 1`)
	for range 2 { // it is repaired for good
		r.restart(t)
		if got := r.people.Name(ws, ana); got != "marker-name" {
			t.Errorf("the name is %q", got)
		}
		if len(r.trouble) != 1 || !strings.Contains(r.trouble[0], "marker-name") {
			t.Errorf("told %q", r.trouble)
		}
	}
}
