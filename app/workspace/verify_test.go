package workspace_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// verified hears whom a device compared codes with.
func (d *device) verified() <-chan workspace.Compared {
	heard := make(chan workspace.Compared, 8)
	d.Compared = func(_ context.Context, _ *workspace.Workspace, c workspace.Compared) error {
		heard <- c
		return nil
	}
	return heard
}

// types waits for the comparison with somebody who is in, and types what choose makes
// of the other side's code.
func types(t *testing.T, a, b *device, choose func(code string) string) {
	t.Helper()
	codeOf := func(d *device) (workspace.Comparison, bool) {
		for _, c := range d.Comparisons() {
			if c.State == workspace.CodesCompare && !c.Person.IsZero() {
				return c, true
			}
		}
		return workspace.Comparison{}, false
	}
	var ours, theirs workspace.Comparison
	until(t, "there are codes", func() bool {
		var first, second bool
		ours, first = codeOf(a)
		theirs, second = codeOf(b)
		return first && second
	})
	if err := errors.Join(a.EnterCode(ours.ID, choose(theirs.Code)), b.EnterCode(theirs.ID, ours.Code)); err != nil && choose("1") == "1" {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("gave up waiting: %s", what)
		}
	}
}

func TestK80AComparisonEndsWhenADeviceOfTheTwoIsRemoved(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	w := ana.found()
	theirs := ben.join(ana.invite(w, 1).Link)
	give(t, theirs, w)
	person, device := theirs.Self()
	ctx := t.Context()
	ana.PeerChanged(ctx, ben.Self(), true)
	ends := make(chan workspace.CodesEnd, 8)
	defer ana.OnComparison(func(c workspace.Comparison) {
		if c.State == workspace.CodesFailed {
			ends <- c.End
		}
	})()
	if _, err := ana.Verify(ctx, w.ID(), person); err != nil {
		t.Fatal(err)
	}
	if err := w.RemoveDevice(ctx, device); err != nil {
		t.Fatal(err)
	}
	if end := <-ends; end != workspace.CodesRemoved {
		t.Errorf("the comparison ended %q, want %q", end, workspace.CodesRemoved)
	}
	until(t, "nothing is compared any more", func() bool { return len(ana.Comparisons()) == 0 })
}

func TestK80TwoWhoAreInCompareCodes(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	ana, ben, stranger := newDevice(t, &now), newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben, stranger)
	atAna, atBen := ana.verified(), ben.verified()
	w := ana.found()
	theirs := ben.join(ana.invite(w, 1).Link)
	give(t, theirs, w)
	benPerson, benDevice := theirs.Self()
	anaPerson, _ := w.Self()
	ctx := t.Context()
	for name, c := range map[string]struct {
		person seal.ID
		want   error
	}{
		"oneself": {anaPerson, workspace.ErrVerifySelf}, "nobody": {seal.ID{9}, workspace.ErrNotFound}, "somebody away": {benPerson, workspace.ErrAway},
	} {
		if _, err := ana.Verify(ctx, w.ID(), c.person); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	ana.PeerChanged(ctx, ben.Self(), true)
	ben.PeerChanged(ctx, ana.Self(), true)
	for name, c := range map[string]struct {
		asked    *device
		from, ws seal.ID
	}{
		"a stranger": {ana, stranger.Self(), w.ID()}, "another workspace": {ana, ben.Self(), seal.ID{9}}, "oneself": {ana, ana.Self(), w.ID()},
		"who is not in": {stranger, ana.Self(), w.ID()},
	} {
		if _, err := c.asked.AnswerVerify(ctx, c.from, c.ws); !errors.Is(err, workspace.ErrNoVerify) {
			t.Errorf("asked by %s: %v", name, err)
		}
	}

	begun, err := ana.Verify(ctx, w.ID(), benPerson)
	if err != nil || begun.Person != benPerson || !begun.Inviter {
		t.Fatalf("%+v, %v", begun, err)
	}
	types(t, ana, ben, func(code string) string { return code })
	if c := <-atAna; c.Person != benPerson || c.Device != benDevice || c.Method != workspace.ByVerifying || c.AtMs != now.UnixMilli() {
		t.Errorf("K81: Ana keeps %+v", c)
	}
	if c := <-atBen; c.Person != anaPerson || c.Method != workspace.ByVerifying {
		t.Errorf("K81: Ben keeps %+v", c)
	}

	for range 3 {
		now = now.Add(11 * time.Second)
		if _, err := ana.Verify(ctx, w.ID(), benPerson); err != nil {
			t.Fatal(err)
		}
		types(t, ana, ben, func(string) string { return "wrong" })
		until(t, "both have ended it", func() bool { return len(ana.Comparisons())+len(ben.Comparisons()) == 0 })
		if _, err := ana.Verify(ctx, w.ID(), benPerson); !errors.Is(err, workspace.ErrComparing) && !errors.Is(err, workspace.ErrResting) {
			t.Errorf("at once: %v", err)
		}
	}
	now = now.Add(9 * time.Minute)
	if _, err := ana.Verify(ctx, w.ID(), benPerson); !errors.Is(err, workspace.ErrResting) {
		t.Errorf("after three failures: %v", err)
	}
	if _, err := ben.AnswerVerify(ctx, ana.Self(), w.ID()); !errors.Is(err, workspace.ErrResting) {
		t.Errorf("asked after three failures: %v", err)
	}
	now = now.Add(2 * time.Minute)
	if _, err := ana.Verify(ctx, w.ID(), benPerson); err != nil {
		t.Errorf("after the rest: %v", err)
	}
	if len(atAna)+len(atBen) != 0 {
		t.Error("a wrong code was kept as a right one")
	}
}
