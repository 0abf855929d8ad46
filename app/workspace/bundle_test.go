package workspace_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"parvis/app/bundle"
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

// exports writes a bundle.
func (p *person) exports(spec workspace.BundleSpec) []byte {
	p.t.Helper()
	var out bytes.Buffer
	if _, err := p.w.ExportBundle(p.t.Context(), &out, spec); err != nil {
		p.t.Fatal(err)
	}
	return out.Bytes()
}

// takes imports a bundle as the node does: all of it is checked first.
func (p *person) takes(file []byte) (workspace.BundleReport, error) {
	checked, err := p.CheckBundle(p.t.Context(), bytes.NewReader(file), seal.ID{})
	if err != nil {
		return workspace.BundleReport{}, err
	}
	return checked.Import(p.t.Context(), bytes.NewReader(file), nil)
}

func (p *person) imports(file []byte) workspace.BundleReport {
	p.t.Helper()
	report, err := p.takes(file)
	if err != nil {
		p.t.Fatal(err)
	}
	if report.Refused > 0 {
		p.t.Errorf("refused: %+v", report.Reasons)
	}
	return report
}

// sameAs compares what two devices hold and show.
func (p *person) sameAs(other *person) {
	p.t.Helper()
	a, b := p.w.Have(), other.w.Have()
	if !slices.Equal(p.w.State().Heads(), other.w.State().Heads()) || !maps.Equal(a.Feeds, b.Feeds) {
		p.t.Errorf("they hold different things: %d and %d chains", len(a.Feeds), len(b.Feeds))
	}
	if x, y := p.wall.shown(), other.wall.shown(); !slices.Equal(x, y) {
		p.t.Errorf("one shows %q, the other %q", x, y)
	}
}

func TestABundleCarriesEverything(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("K63 K64 seed %d", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			all := team(t, 4)
			ana, ben := all[0], all[1]
			group, err := ana.w.GroupSpace(t.Context(), []seal.ID{ben.who()})
			if err != nil {
				t.Fatal(err)
			}
			give(t, ana.w, ben.w)
			for n := range 150 { // Ana and Ben never meet any more, Cleo and Dan meet Ana only
				who := all[random.IntN(len(all))]
				switch random.IntN(8) {
				case 0:
					ana.saysIn(group, fmt.Sprintf("to Ben %d", n))
				case 1:
					ben.saysIn(group, fmt.Sprintf("to Ana %d", n))
				case 2:
					other := all[2+random.IntN(2)]
					give(t, other.w, ana.w)
					give(t, ana.w, other.w)
				case 3:
					if n%3 == 0 { // the log grows on both sides
						if _, err := who.w.CreateSpace(t.Context(), workspace.SpaceSpec{Kind: member.SpacePrivate, Members: []seal.ID{ana.who(), ben.who()}}); err != nil {
							t.Fatal(err)
						}
					}
				default:
					who.says(fmt.Sprintf("%d", n))
				}
			}
			for _, other := range all[2:] {
				give(t, other.w, ana.w)
			}
			there := ben.imports(ana.exports(workspace.BundleSpec{For: ben.who()}))
			back := ana.imports(ben.exports(workspace.BundleSpec{For: ana.id()}))
			if there.Envelopes == 0 || back.Envelopes == 0 || there.Waiting+back.Waiting > 0 {
				t.Errorf("there %+v, back %+v", there, back)
			}
			ana.sameAs(ben)
		})
	}
}

func TestWhatIsNoHonestBundleChangesNothing(t *testing.T) {
	all := team(t, 2)
	ana, ben := all[0], all[1]
	ana.says("one", "two")
	file := ana.exports(workspace.BundleSpec{})
	before := ben.w.Have()
	refused := func(t *testing.T, file []byte) {
		t.Helper()
		if _, err := ben.takes(file); err == nil {
			t.Fatal("it is taken")
		}
		if after := ben.w.Have(); !reflect.DeepEqual(before, after) {
			t.Fatal("something changed")
		}
	}
	t.Run("K64 flipped bytes", func(t *testing.T) {
		step := max(1, len(file)/400)
		for at := 0; at < len(file); at += step {
			bad := bytes.Clone(file)
			bad[at] ^= 1
			refused(t, bad)
		}
	})
	t.Run("K64 cut off anywhere", func(t *testing.T) {
		for at := 0; at < len(file); at += max(1, len(file)/100) {
			refused(t, file[:at])
		}
	})
	t.Run("K64 mutations", func(t *testing.T) {
		for bad := range sealtest.Mutations(64, [][]byte{file}, sealtest.Inputs/50) {
			if !bytes.Equal(bad, file) {
				refused(t, bad)
			}
		}
	})
	if report := ben.imports(file); report.Envelopes != 2 {
		t.Errorf("%+v", report)
	}
}

func TestWhoseBundlesAreTaken(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	ben.says("from Ben")
	early := ben.exports(workspace.BundleSpec{})
	t.Run("K64 a newcomer's, whom the bundle itself introduces", func(t *testing.T) {
		dan := fresh(t)
		meet(ana.device, dan.device)
		dan.w = dan.join(ana.invite(ana.w, 1).Link)
		dan.says("I am Dan")
		if report := cleo.imports(dan.exports(workspace.BundleSpec{All: true})); report.Entries == 0 || report.Envelopes == 0 {
			t.Errorf("%+v", report)
		}
		cleo.reads("I am Dan")
	})
	t.Run("K64 not a stranger's", func(t *testing.T) {
		forged := forge(t, ana, seal.NewSignKey([32]byte{66}))
		if _, err := cleo.takes(forged); !errors.Is(err, workspace.ErrBundleStranger) {
			t.Errorf("%v", err)
		}
	})
	t.Run("K60 not one that is sealed under another log key", func(t *testing.T) {
		keys := workspace.BundleKeys(ana.w)
		keys.LogKey[0] ^= 1
		var out bytes.Buffer
		w, err := bundle.NewWriter(&out, keys, seal.NewSignKey([32]byte{66}), bundle.Head{})
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := cleo.takes(out.Bytes()); !errors.Is(err, workspace.ErrBundleForeign) {
			t.Errorf("%v", err)
		}
	})
	t.Run("K64 not another workspace's", func(t *testing.T) {
		other := team(t, 1)[0]
		if _, err := cleo.takes(other.exports(workspace.BundleSpec{})); !errors.Is(err, workspace.ErrBundleForeign) {
			t.Errorf("%v", err)
		}
		second := cleo.found()
		if _, err := cleo.CheckBundle(t.Context(), bytes.NewReader(early), second.ID()); !errors.Is(err, workspace.ErrBundleOther) {
			t.Errorf("%v", err)
		}
	})
	t.Run("K64 not a removed device's, and it makes and reads none", func(t *testing.T) {
		ana.removes(ben)
		if _, err := ana.takes(early); !errors.Is(err, workspace.ErrBundleRemoved) {
			t.Errorf("%v", err)
		}
		if _, err := cleo.takes(ana.exports(workspace.BundleSpec{})); err != nil {
			t.Errorf("the removal travels: %v", err)
		}
		if _, err := cleo.takes(early); !errors.Is(err, workspace.ErrBundleRemoved) {
			t.Errorf("%v", err)
		}
		give(t, ana.w, ben.w)
		if _, err := ben.w.ExportBundle(t.Context(), io.Discard, workspace.BundleSpec{}); !errors.Is(err, workspace.ErrRemovedHere) {
			t.Errorf("%v", err)
		}
		if _, err := ben.takes(ana.exports(workspace.BundleSpec{})); !errors.Is(err, workspace.ErrRemovedHere) {
			t.Errorf("%v", err)
		}
	})
	t.Run("K64 not by a device that has no keys", func(t *testing.T) {
		eve := fresh(t)
		if _, err := eve.Join(t.Context(), ana.invite(ana.w, 1).Link, "Eve", 1); err != nil {
			t.Fatal(err)
		}
		eve.w = eve.List()[0]
		if _, err := eve.takes(early); !errors.Is(err, workspace.ErrBundleJoining) {
			t.Errorf("%v", err)
		}
		if _, err := eve.w.ExportBundle(t.Context(), io.Discard, workspace.BundleSpec{}); !errors.Is(err, workspace.ErrNotReady) {
			t.Errorf("%v", err)
		}
	})
}

// forge makes a bundle of somebody's workspace with these records.
func forge(t *testing.T, p *person, author seal.SignKey, records ...any) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := bundle.NewWriter(&out, workspace.BundleKeys(p.w), author, bundle.Head{})
	for i := 0; i < len(records); i += 2 {
		err = errors.Join(err, w.Add(records[i].(bundle.Kind), records[i+1].([]byte)))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatABundleHolds(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	group, err := ana.w.GroupSpace(t.Context(), []seal.ID{ben.who()})
	if err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	ana.says("1", "2", "3")
	ana.saysIn(group, "for Ben")
	ana.saysIn(group, "for Ben again")
	made := func(spec workspace.BundleSpec) workspace.BundleMade {
		t.Helper()
		made, err := ana.w.ExportBundle(t.Context(), io.Discard, spec)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	everything := made(workspace.BundleSpec{All: true}).Envelopes
	t.Run("K63 what those whom it is for may read and are not known to have", func(t *testing.T) {
		for name, test := range map[string]struct {
			spec workspace.BundleSpec
			want int
		}{
			"everybody": {workspace.BundleSpec{}, 5}, "Ben": {workspace.BundleSpec{For: ben.who()}, 5}, "Ben's device": {workspace.BundleSpec{For: ben.id()}, 5},
			"Cleo": {workspace.BundleSpec{For: cleo.who()}, 3}, "Cleo, all": {workspace.BundleSpec{For: cleo.who(), All: true}, everything - 2},
		} {
			if got := made(test.spec); got.Envelopes != test.want || got.Entries != made(workspace.BundleSpec{}).Entries {
				t.Errorf("%s: %+v, want %d", name, got, test.want)
			}
		}
		give(t, ana.w, cleo.w)
		if got := made(workspace.BundleSpec{For: cleo.who()}); got.Envelopes != 0 {
			t.Errorf("Cleo has it: %+v", got)
		}
		if got := made(workspace.BundleSpec{}); got.Envelopes != 5 {
			t.Errorf("Ben lacks it: %+v", got)
		}
	})
	t.Run("K63 nobody", func(t *testing.T) {
		for id, want := range map[seal.ID]error{ana.id(): workspace.ErrBundleNobody, ana.who(): workspace.ErrBundleNobody, {99}: workspace.ErrNotFound} {
			if _, err := ana.w.ExportBundle(t.Context(), io.Discard, workspace.BundleSpec{For: id}); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	})
	t.Run("K63 what comes back says what arrived", func(t *testing.T) {
		if holders, _ := ana.w.Custody(group, ana.id(), 2); holders != 0 {
			t.Fatalf("%d hold it", holders)
		}
		ben.imports(ana.exports(workspace.BundleSpec{}))
		ana.imports(ben.exports(workspace.BundleSpec{For: ana.who()}))
		if holders, everybody := ana.w.Custody(group, ana.id(), 2); holders != 1 || !everybody {
			t.Errorf("%d hold it, everybody: %t", holders, everybody)
		}
		if got := made(workspace.BundleSpec{}); got.Envelopes != 0 {
			t.Errorf("still carried: %+v", got)
		}
	})
	t.Run("K64 what a device may not read is left out", func(t *testing.T) {
		ben.saysIn(group, "for Ana")
		report := cleo.imports(ben.exports(workspace.BundleSpec{}))
		if report.Elsewhere != 1 || len(cleo.w.Have().Feeds) == len(ben.w.Have().Feeds) {
			t.Errorf("%+v", report)
		}
	})
	t.Run("K64 twice", func(t *testing.T) {
		ana.says("4")
		file := ana.exports(workspace.BundleSpec{})
		first := ben.imports(file)
		before := ben.w.Have()
		second := ben.imports(file)
		if first.Envelopes != 1 || second.Envelopes+second.Entries > 0 || second.Known != first.Known+first.Envelopes+first.Entries || !reflect.DeepEqual(before, ben.w.Have()) {
			t.Errorf("first %+v, second %+v", first, second)
		}
	})
}

func TestWhatAMemberPutsIntoABundleIsChecked(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	one, two, three := ana.say(ana.w, "one"), ana.say(ana.w, "two"), ana.say(ana.w, "three")
	raw := func(o workspace.Opened) []byte {
		row, found, err := ana.db.Envelope(t.Context(), ana.w.ID(), o.ID)
		if err != nil || !found {
			t.Fatal(err)
		}
		return row.Bytes
	}
	bad := bytes.Clone(raw(two))
	bad[150] ^= 1 // in the header, so that the signature is wrong
	author := workspace.SignKey(ben.w)
	t.Run("K64 bad objects are named, good ones taken", func(t *testing.T) {
		report, err := cleo.takes(forge(t, ben, author, bundle.Entry, []byte("no entry"), bundle.Blob, []byte{9}, bundle.Envelope, raw(one), bundle.Envelope, bad,
			bundle.Envelope, []byte{}, bundle.Block, []byte("short"), bundle.Held, []byte{1}, bundle.Kind(77), []byte("later")))
		if err != nil || report.Envelopes != 1 || report.Refused != 4 || len(report.Reasons) != 4 {
			t.Fatalf("%+v, %v", report, err)
		}
		for _, r := range report.Reasons {
			if r.Reason == "" || r.ID.IsZero() || !strings.Contains("entry message block", r.What) {
				t.Errorf("%+v", r)
			}
		}
		cleo.reads("one")
	})
	t.Run("K64 what builds on something that is missing waits", func(t *testing.T) {
		report, err := cleo.takes(forge(t, ben, author, bundle.Envelope, raw(three)))
		if err != nil || report.Waiting != 1 || report.Envelopes+report.Refused > 0 {
			t.Errorf("%+v, %v", report, err)
		}
		report, err = cleo.takes(forge(t, ben, author, bundle.Envelope, raw(two), bundle.Envelope, raw(two)))
		if err != nil || report.Envelopes != 1 || report.Refused+report.Waiting > 0 {
			t.Errorf("%+v, %v", report, err)
		}
		cleo.reads("one", "three", "two")
	})
	t.Run("K64 a file that is exchanged between the two readings", func(t *testing.T) {
		first, second := forge(t, ben, author), forge(t, ben, author, bundle.Envelope, raw(one))
		checked, err := cleo.CheckBundle(t.Context(), bytes.NewReader(first), seal.ID{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := checked.Import(t.Context(), bytes.NewReader(second), nil); !errors.Is(err, bundle.ErrDamaged) {
			t.Errorf("%v", err)
		}
	})
}
