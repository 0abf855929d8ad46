package people_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parvis/app/people"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// others is what the own person's other devices keep.
type others struct {
	list []people.Trust
	put  []people.Trust
}

func (o *others) Trusted(context.Context, seal.ID) ([]people.Trust, error) { return o.list, nil }
func (o *others) Trust(_ seal.ID, t people.Trust)                          { o.put = append(o.put, t) }

var later = seal.ID{0x32}

// compared says that codes with Ben were right.
func (r *replica) compared(t *testing.T, atMs int64) {
	t.Helper()
	c := workspace.Compared{Person: ben, Device: seal.ID{0x12}, Method: workspace.ByVerifying, AtMs: atMs}
	if err := people.ComparedIn(r.people, t.Context(), ws, c); err != nil {
		t.Fatal(err)
	}
}

func (r *replica) get(t *testing.T, person seal.ID) people.Person {
	t.Helper()
	all, err := r.people.List(t.Context(), ws)
	i := slices.IndexFunc(all, func(p people.Person) bool { return p.ID == person })
	if err != nil || i < 0 {
		t.Fatalf("%s is not in %+v, %v", person, all, err)
	}
	return all[i]
}

func (r *replica) wantsState(t *testing.T, when string, want people.State) {
	t.Helper()
	if got := r.get(t, ben).State; got != want {
		t.Errorf("%s Ben is %s, want %s", when, got, want)
	}
}

// setBen changes what the log says of Ben.
func (r *replica) setBen(change func(m *people.Membership)) { change(&r.members[1]) }

func TestP11TheStateSaysHowSureOneIs(t *testing.T) {
	r := newReplica(t, ana)
	r.wantsState(t, "with a device of this week", people.NewDevice)
	r.setBen(func(m *people.Membership) { m.Devices[1].AddedMs = nowMs - 8*24*3_600_000 })
	r.wantsState(t, "with an old device", people.Unverified)
	r.setBen(func(m *people.Membership) { m.Admitted = true })
	if p := r.get(t, ben); p.State != people.Unverified || p.AdmittedBy != ana || p.VerifiedMs != 0 {
		t.Errorf("admitted by somebody: %+v", p)
	}
	r.compared(t, 5)
	r.wantsState(t, "after the codes", people.Verified)
	if p := r.get(t, ben); p.VerifiedMs != 5 {
		t.Errorf("verified at %d, want 5", p.VerifiedMs)
	}
	if !slices.ContainsFunc(r.told, func(p people.Person) bool { return p.ID == ben && p.State == people.Verified }) {
		t.Errorf("told %+v", r.told)
	}
	r.restart(t)
	r.wantsState(t, "after a restart", people.Verified)
	r.setBen(func(m *people.Membership) { m.Devices = m.Devices[:1] })
	r.wantsState(t, "with a device less", people.Verified)
	r.setBen(func(m *people.Membership) { m.Devices = append(m.Devices, people.Device{ID: later, Later: true}) })
	r.wantsState(t, "with a device since", people.NewDevice)
	r.compared(t, 6)
	r.wantsState(t, "compared again", people.Verified)
	r.setBen(func(m *people.Membership) { m.Here = false })
	r.wantsState(t, "gone", people.Removed)
	r.setBen(func(m *people.Membership) { m.Left = true })
	r.wantsState(t, "gone by itself", people.Left)
	stranger := workspace.Compared{Person: ben, Device: seal.ID{99}, Method: workspace.ByJoining}
	if err := people.ComparedIn(r.people, t.Context(), ws, stranger); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("with a device that the log does not know: %v", err)
	}
}

func TestP10TheOwnOtherDevicesKnow(t *testing.T) {
	r := newReplica(t, ana)
	r.compared(t, 5)
	want := people.Trust{Person: ben, Devices: []seal.ID{{0x12}, {0x22}}, AtMs: 5, Method: workspace.ByVerifying}
	if len(r.others.put) != 1 || !equalTrust(r.others.put[0], want) {
		t.Errorf("shared %+v", r.others.put)
	}
	second := newReplica(t, ana)
	second.wantsState(t, "before the record came", people.NewDevice)
	second.others.list = r.others.put
	second.people.TrustChanged(ws)
	second.wantsState(t, "with the record of the other device", people.Verified)
	second.others.list = append(second.others.list, people.Trust{Person: ben, Devices: []seal.ID{{0x12}}, AtMs: 9, Method: workspace.ByVerifying})
	second.people.TrustChanged(ws)
	second.wantsState(t, "with a later record of fewer devices", people.NewDevice)
	second.others.list = nil // it lay beyond the fence of a removal
	second.people.TrustChanged(ws)
	second.wantsState(t, "without it again", people.NewDevice)
}

func equalTrust(a, b people.Trust) bool {
	return a.Person == b.Person && slices.Equal(a.Devices, b.Devices) && a.AtMs == b.AtMs && a.Method == b.Method
}

func TestP10RecordsLieSealedAndADamagedOneVerifiesNobody(t *testing.T) {
	r := newReplica(t, ana)
	r.compared(t, 5)
	if err := r.DB.Close(); err != nil {
		t.Fatal(err)
	}
	marker := slices.Concat(idOf(0x12), []byte{0x58, 0x20}) // a device in a record
	entries, err := os.ReadDir(r.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(r.Dir, entry.Name()))
		if err == nil && bytes.Contains(data, marker) {
			t.Errorf("%s holds a record", entry.Name())
		}
	}
	r.Damage(t, `UPDATE trust SET person = x'`+strings.Repeat("03", 32)+`'`) // moved to somebody else
	r.restart(t)
	r.wantsState(t, "with a damaged record", people.NewDevice)
	if len(r.trouble) != 1 || !strings.Contains(r.trouble[0], "Compare codes again") {
		t.Errorf("told %q", r.trouble)
	}
	r.restart(t)
	r.wantsState(t, "later", people.NewDevice)
	if len(r.trouble) != 1 {
		t.Errorf("told again: %q", r.trouble)
	}
}

func TestP10RecordsHaveOneForm(t *testing.T) {
	good := people.Trust{Person: ben, Devices: []seal.ID{{1}, {2}}, AtMs: 7, Method: workspace.ByJoining}
	raw := func(change func(x *people.Trust)) []byte {
		x := good
		x.Devices = slices.Clone(good.Devices)
		change(&x)
		data, err := x.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if got, err := people.DecodeTrust(ben, raw(func(*people.Trust) {})); err != nil || !equalTrust(got, good) {
		t.Errorf("%+v, %v", got, err)
	}
	many := make([]seal.ID, 65)
	for i := range many {
		many[i] = seal.ID{byte(i)}
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "a newer version": append([]byte{0x84, 2}, raw(func(*people.Trust) {})[2:]...),
		"version 0":      append([]byte{0x84, 0}, raw(func(*people.Trust) {})[2:]...),
		"no devices":     raw(func(x *people.Trust) { x.Devices = nil }),
		"a device twice": raw(func(x *people.Trust) { x.Devices[1] = x.Devices[0] }),
		"no order":       raw(func(x *people.Trust) { slices.Reverse(x.Devices) }),
		"65 devices":     raw(func(x *people.Trust) { x.Devices = many }),
		"before 1970":    raw(func(x *people.Trust) { x.AtMs = -1 }),
		"no method":      raw(func(x *people.Trust) { x.Method = "" }),
		"bytes behind":   append(raw(func(*people.Trust) {}), 0),
	} {
		if _, err := people.DecodeTrust(ben, bad); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestP12AnIntroductionIsShownAndVerifiesNobody(t *testing.T) {
	a, c := newReplica(t, ana), newReplica(t, cleo)
	for _, r := range []*replica{a, c} {
		r.members[2].Here = true
		r.setBen(func(m *people.Membership) { m.Devices[1].AddedMs = 0 })
	}
	var unsure *people.Unsure
	if err := a.people.Vouch(t.Context(), ws, ben); !errors.As(err, &unsure) || unsure.Person.ID != ben {
		t.Fatalf("somebody who is not verified: %v", err)
	}
	a.compared(t, 5)
	for range 2 { // the second says nothing new
		if err := a.people.Vouch(t.Context(), ws, ben); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.Sent) != 1 || a.Sent[0].Space != main {
		t.Fatalf("wrote %+v", a.Sent)
	}
	c.Deliver(t, a.Sent...)
	if p := c.get(t, ben); p.State != people.Unverified || !slices.Equal(p.VerifiedBy, []seal.ID{ana}) {
		t.Errorf("Cleo sees %+v", p)
	}
	if told := c.told[len(c.told)-1]; told.ID != ben || len(told.VerifiedBy) != 1 {
		t.Errorf("told %+v", told)
	}
	if p := a.get(t, ben); len(p.VerifiedBy) != 0 {
		t.Errorf("the author sees %v", p.VerifiedBy)
	}
	c.restart(t)
	if p := c.get(t, ben); len(p.VerifiedBy) != 1 {
		t.Errorf("after a restart: %v", p.VerifiedBy)
	}
	c.Damage(t, `UPDATE name SET lamport = lamport + 1`)
	c.restart(t)
	if p := c.get(t, ben); len(p.VerifiedBy) != 1 {
		t.Errorf("made again from the envelope: %v", p.VerifiedBy)
	}
	c.Judge(t, true, a.Sent...)
	if p := c.get(t, ben); len(p.VerifiedBy) != 0 {
		t.Errorf("beyond a fence: %v", p.VerifiedBy)
	}
	c.Judge(t, false, a.Sent...)
	c.setBen(func(m *people.Membership) { m.Devices = append(m.Devices, people.Device{ID: later}) })
	if p := c.get(t, ben); len(p.VerifiedBy) != 0 {
		t.Errorf("with a device since: %v", p.VerifiedBy)
	}
	if err := a.people.Vouch(t.Context(), ws, ana); !errors.Is(err, people.ErrNotFound) {
		t.Errorf("oneself: %v", err)
	}
	a.home = seal.SpaceID{9}
	if err := a.people.Vouch(t.Context(), ws, ben); !errors.Is(err, people.ErrRefused) {
		t.Errorf("a guest: %v", err)
	}
}

func TestP13WhoLetsPeopleInDemands(t *testing.T) {
	a, b := newReplica(t, ana), newReplica(t, ben)
	space := seal.SpaceID{7}
	if err := a.people.DemandVerified(t.Context(), ws, space, false); err != nil || len(a.Sent) != 0 {
		t.Fatalf("what nobody demanded is lifted: %v", err)
	}
	if err := a.people.DemandVerified(t.Context(), ws, space, true); err != nil {
		t.Fatal(err)
	}
	if err := b.people.DemandVerified(t.Context(), ws, space, false); !errors.Is(err, people.ErrRefused) {
		t.Errorf("somebody else: %v", err)
	}
	b.Deliver(t, a.Sent...)
	forged, err := people.Profile{What: people.Demand, Target: space[:], Lamport: 9, Name: "anyone"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	lifted := b.envelope(space, forged)
	a.Deliver(t, lifted)
	if !a.people.DemandsVerified(t.Context(), ws, space) || !b.people.DemandsVerified(t.Context(), ws, space) || a.Bad()[lifted.ID] == "" {
		t.Error("somebody who lets nobody in lifted the demand")
	}
	var unsure *people.Unsure
	if err := a.people.RequireVerified(t.Context(), ws, []seal.ID{ana, ben}); !errors.As(err, &unsure) || unsure.Person.ID != ben {
		t.Errorf("got %v, want Ben named", err)
	}
	a.compared(t, 5)
	if err := a.people.RequireVerified(t.Context(), ws, []seal.ID{ana, ben}); err != nil {
		t.Error(err)
	}
	if err := a.people.RepeatSpaceName(t.Context(), ws, space); err != nil || len(a.Sent) != 2 {
		t.Errorf("for newcomers: %d envelopes, %v", len(a.Sent), err)
	}
	if err := a.people.DemandVerified(t.Context(), ws, space, false); err != nil || a.people.DemandsVerified(t.Context(), ws, space) {
		t.Errorf("it is not lifted: %v", err)
	}
}

func TestIntroductionsAndDemandsHaveOneForm(t *testing.T) {
	o := workspace.Opened{Person: ana, Space: seal.SpaceID{7}}
	device := func(n byte) []byte { return idOf(n) }
	vouch := func(parts ...[]byte) people.Profile {
		return people.Profile{What: people.Vouch, Target: slices.Concat(parts...), Lamport: 1}
	}
	var many [][]byte
	for n := range byte(65) {
		many = append(many, device(n))
	}
	for _, c := range []struct {
		what string
		body people.Profile
		bad  string
	}{
		{"P12 one device", vouch(ben[:], device(1)), ""},
		{"P12 64 devices", vouch(append([][]byte{ben[:]}, many[:64]...)...), ""},
		{"P12 65 devices", vouch(append([][]byte{ben[:]}, many...)...), "nobody"},
		{"P12 no device", vouch(ben[:]), "nobody"},
		{"P12 nothing", vouch(), "nobody"},
		{"P12 half a device", vouch(ben[:], device(1)[:16]), "nobody"},
		{"P12 not ascending", vouch(ben[:], device(2), device(1)), "nobody"},
		{"P12 a device twice", vouch(ben[:], device(1), device(1)), "nobody"},
		{"P12 oneself", vouch(ana[:], device(1)), "oneself"},
		{"P12 with a name", people.Profile{What: people.Vouch, Target: slices.Concat(ben[:], device(1)), Lamport: 1, Name: "Ben"}, "with a name"},
		{"P4 P12 lamport 0", people.Profile{What: people.Vouch, Target: slices.Concat(ben[:], device(1))}, "lamport 0"},
		{"P13 verified", people.Profile{What: people.Demand, Target: o.Space[:], Lamport: 1, Name: "verified"}, ""},
		{"P13 anyone", people.Profile{What: people.Demand, Target: o.Space[:], Lamport: 1, Name: "anyone"}, ""},
		{"P13 another word", people.Profile{What: people.Demand, Target: o.Space[:], Lamport: 1, Name: "owners"}, "newer version"},
		{"P13 no word", people.Profile{What: people.Demand, Target: o.Space[:], Lamport: 1}, "not clean"},
		{"P13 another space", people.Profile{What: people.Demand, Target: main[:], Lamport: 1, Name: "anyone"}, "another space"},
	} {
		t.Run(c.what, func(t *testing.T) {
			var err error
			if o.Body, err = c.body.Encode(); err != nil {
				t.Fatal(err)
			}
			_, err = people.Decode(o)
			if c.bad == "" && err != nil || c.bad != "" && (err == nil || !strings.Contains(err.Error(), c.bad)) {
				t.Errorf("got %v, want %q", err, c.bad)
			}
		})
	}
}

func idOf(n byte) []byte {
	id := seal.ID{n}
	return id[:]
}
