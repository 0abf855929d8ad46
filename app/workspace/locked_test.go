package workspace_test

import (
	"errors"
	"slices"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// asked are the epochs that somebody asks for, those that must be among them first.
func (p *person) asks(t *testing.T, want ...seal.ID) {
	t.Helper()
	locked, err := workspace.Locked(t.Context(), p.w)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range want {
		if !slices.ContainsFunc(locked, func(e member.Epoch) bool { return e.ID == id }) {
			t.Errorf("epoch %s is not asked for; %d others are", id.Short(), len(locked))
		}
	}
	if len(locked) != len(want) {
		t.Errorf("%d epochs are asked for, want %d", len(locked), len(want))
	}
}

func newest(p *person) seal.ID {
	epochs := p.w.State().Epochs(p.w.MainSpace())
	return epochs[len(epochs)-1].ID
}

func TestAllEpochsThatOthersMayWriteWithAreAskedFor(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	promote(t, ana, cleo, member.RoleAdmin)
	everybodyHasAll(t, all)
	ana.removes(ben)
	cleo.removes(ben) // beside it, each with an epoch of its own
	receives(t, dan, entries(t, ana, dan))
	receives(t, dan, entries(t, cleo, dan))
	dan.asks(t, newest(ana), newest(cleo))
}

func TestTheEpochsOfWaitingEnvelopesAreAskedFor(t *testing.T) {
	all := team(t, 5)
	ana, ben, cleo, dan, eve := all[0], all[1], all[2], all[3], all[4]
	promote(t, ana, cleo, member.RoleAdmin)
	everybodyHasAll(t, all)
	ana.removes(ben)
	cleo.removes(eve)
	beside := newest(cleo) // Ben is its recipient
	cleo.says("waits")
	give(t, cleo.w, ana.w)
	ana.says("after both")
	receives(t, dan, entries(t, ana, dan))
	dan.asks(t, newest(ana))
	give(t, cleo.w, dan.w) // the envelope
	dan.asks(t, newest(ana), beside)
}

func TestOnlyKeysThatWereGivenCount(t *testing.T) {
	all := team(t, 2)
	ana, ben := all[0], all[1]
	ask := func(epoch seal.ID) error {
		t.Helper()
		request, err := workspace.AskFor(ben.w, ben.w.MainSpace(), epoch)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ana.Grant(ben.Self(), request)
		return err
	}
	for range 70 {
		if ask(seal.ID{1}) == nil {
			t.Fatal("an unknown epoch is granted")
		}
	}
	for i := range 60 {
		if err := ask(newest(ana)); err != nil {
			t.Fatalf("grant %d: %v", i+1, err)
		}
	}
	if err := ask(newest(ana)); !errors.Is(err, workspace.ErrRefused) {
		t.Errorf("one more than 60 in an hour: %v", err)
	}
}

func TestAnEpochThatNobodyHasIsAskedForMoreSeldom(t *testing.T) {
	w := team(t, 1)[0].w
	var turns []int
	for round := range 40 {
		if workspace.Turn(w, seal.ID{1}) {
			turns = append(turns, round)
		}
		if round == 20 && !workspace.Turn(w, seal.ID{2}) {
			t.Error("another epoch has to wait too")
		}
	}
	if want := []int{0, 2, 6, 14, 26, 38}; !slices.Equal(turns, want) {
		t.Errorf("asked in rounds %v, want %v", turns, want)
	}
}
