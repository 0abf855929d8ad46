package workspace_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

func TestAJoinerReadsTheHistoryAndIsRead(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa := ana.found()
	ana.say(wa, "one")
	wb := ben.join(ana.invite(wa, 1).Link)
	give(t, wa, wb)
	ben.say(wb, "two")
	give(t, wb, wa)
	for name, d := range map[string]*device{"ana": ana, "ben": ben} {
		if want := []string{"one", "two"}; !slices.Equal(d.board.lines, want) {
			t.Errorf("%s reads %q, want %q", name, d.board.lines, want)
		}
	}
}

func TestAJoinWhoseAnswerGotLostIsRepeatedWithTheSameEntry(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa := ana.found()
	ben.drop = 1
	wb := ben.join(ana.invite(wa, 1).Link)
	if got := len(wa.State().ActiveDevices()); got != 2 {
		t.Errorf("%d devices after a repeated join, want 2", got)
	}
	if !slices.Equal(wa.State().Heads(), wb.State().Heads()) {
		t.Error("the logs differ after a repeated join")
	}
}

func TestAnInvitationSaysWhyItCannotBeUsed(t *testing.T) {
	now := time.Now()
	ana := newDevice(t, &now)
	wa := ana.found()
	tests := []struct {
		name string
		end  func(workspace.Invite)
		want error
	}{
		{"revoked", func(i workspace.Invite) {
			if err := wa.Revoke(t.Context(), i.ID); err != nil {
				t.Fatal(err)
			}
		}, workspace.RefusalOf(workspace.RefusedRevoked)},
		{"used", func(i workspace.Invite) {
			other := newDevice(t, &now)
			meet(ana, other)
			other.join(i.Link)
			if err := wa.Revoke(t.Context(), i.ID); !errors.Is(err, workspace.ErrUsedUp) {
				t.Errorf("withdrawing a used one: %v", err)
			}
		}, workspace.RefusalOf(workspace.RefusedUsed)},
		{"expired at the inviter", func(workspace.Invite) { now = now.Add(2 * time.Hour) }, workspace.RefusalOf(workspace.RefusedExpired)},
		{"expired by the own clock", func(workspace.Invite) { now = now.Add(48 * time.Hour) }, workspace.ErrLinkExpired},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			invite := ana.invite(wa, 1)
			test.end(invite)
			ben := newDevice(t, &now)
			meet(ana, ben)
			_, err := ben.Join(t.Context(), invite.Link, "Ben", 10*time.Second)
			if !errors.Is(err, test.want) {
				t.Errorf("join: %v, want %v", err, test.want)
			}
			if left := len(ben.List()); left != 0 {
				t.Errorf("%d workspaces are left of a refused join, want none", left)
			}
		})
	}
}

func TestAPrivateSpaceIsReadByItsPeopleOnly(t *testing.T) {
	now := time.Now()
	ana, ben, cleo := newDevice(t, &now), newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben, cleo)
	wa := ana.found()
	wb, wc := ben.join(ana.invite(wa, 1).Link), cleo.join(ana.invite(wa, 1).Link)
	give(t, wa, wb)
	person, _ := wb.Self()
	space, err := wa.CreateSpace(t.Context(), workspace.SpaceSpec{Kind: member.SpacePrivate, Members: []seal.ID{person}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = wa.Append(t.Context(), space, workspace.KindChat, func(context.Context) (workspace.Draft, error) {
		return workspace.Draft{Body: []byte("for two")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	give(t, wa, wb)
	give(t, wa, wc)
	if want := []string{"for two"}; !slices.Equal(ben.board.lines, want) {
		t.Errorf("Ben reads %q, want %q", ben.board.lines, want)
	}
	if len(cleo.board.lines) != 0 {
		t.Errorf("Cleo reads %q, want nothing", cleo.board.lines)
	}
	for id := range wc.Have().Feeds {
		if id.Space == space {
			t.Error("Cleo was given envelopes of a space she is not in")
		}
	}
	_, err = wc.Append(t.Context(), space, workspace.KindChat, func(context.Context) (workspace.Draft, error) { return workspace.Draft{}, nil })
	if !errors.Is(err, workspace.ErrRefused) {
		t.Errorf("Cleo writes: %v, want ErrRefused", err)
	}
}

func TestAJoinerIsGivenWhatWasSaidInTheOrderInWhichItWasSaid(t *testing.T) {
	now := time.Now()
	ana, ben, cleo := newDevice(t, &now), newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben, cleo)
	wa := ana.found()
	wb := ben.join(ana.invite(wa, 1).Link)
	give(t, wa, wb)
	var want []string
	for i := range 200 {
		text := fmt.Sprint(i)
		if i%7 < 4 {
			ana.say(wa, text)
		} else {
			ben.say(wb, text)
			give(t, wb, wa)
		}
		want = append(want, text)
	}
	wc := cleo.join(ana.invite(wa, 1).Link)
	give(t, wa, wc)
	got := cleo.board.lines
	const rest = 64 // the last part is sent from memory, chain by chain
	if !slices.Equal(got[:len(want)-rest], want[:len(want)-rest]) {
		t.Errorf("Cleo reads %q, want them as they were said", got)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("Cleo reads %d messages, want %d", len(got), len(want))
	}
}

func TestTwoPeopleWhoOpenADirectConversationAtOnceMakeTheSame(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa := ana.found()
	wb := ben.join(ana.invite(wa, 1).Link)
	give(t, wa, wb)
	anaPerson, _ := wa.Self()
	benPerson, _ := wb.Self()
	spaceA, errA := wa.GroupSpace(t.Context(), []seal.ID{benPerson})
	spaceB, errB := wb.GroupSpace(t.Context(), []seal.ID{anaPerson})
	if errA != nil || errB != nil || spaceA != spaceB {
		t.Fatalf("spaces %s %v and %s %v, want the same", spaceA.Short(), errA, spaceB.Short(), errB)
	}
	write := func(w *workspace.Workspace, text string) {
		t.Helper()
		_, err := w.Append(t.Context(), spaceA, workspace.KindChat, func(context.Context) (workspace.Draft, error) {
			return workspace.Draft{Body: []byte(text)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write(wa, "from Ana")
	write(wb, "from Ben")
	give(t, wa, wb)
	give(t, wb, wa)
	for name, d := range map[string]*device{"ana": ana, "ben": ben} {
		if len(d.board.lines) != 2 {
			t.Errorf("%s reads %q, want both messages", name, d.board.lines)
		}
	}
}

func TestWhatCannotBeReadIsKeptAndNamed(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa := ana.found()
	wb := ben.join(ana.invite(wa, 1).Link)
	var told []string
	ben.Events.Problem.Subscribe(func(p workspace.Problem) { told = append(told, p.Text) })
	bad := ana.say(wa, "bad")
	ana.say(wa, "good")
	give(t, wa, wb)
	if want := []string{"good"}; !slices.Equal(ben.board.lines, want) {
		t.Errorf("Ben reads %q, want %q", ben.board.lines, want)
	}
	if len(told) != 1 {
		t.Errorf("told %q, want one sentence", told)
	}
	if again, err := wb.Reopen(t.Context(), bad.ID); err != nil || string(again.Body) != "bad" {
		t.Errorf("reopen: %q, %v; want it kept", again.Body, err)
	}
}

func TestAcknowledgementsRaiseTheWatermark(t *testing.T) {
	now := time.Now()
	ana, ben, cleo := newDevice(t, &now), newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben, cleo)
	wa := ana.found()
	wb, wc := ben.join(ana.invite(wa, 1).Link), cleo.join(ana.invite(wa, 1).Link)
	o := ana.say(wa, "one")
	check := func(wantHolders int, wantAll bool) {
		t.Helper()
		if holders, all := wa.Custody(o.Space, o.Device, o.Seq); holders != wantHolders || all != wantAll {
			t.Errorf("held by %d, all %v; want %d, %v", holders, all, wantHolders, wantAll)
		}
	}
	check(0, false)
	if got := wa.Queued(); got != 1 {
		t.Errorf("%d queued, want 1", got)
	}
	give(t, wa, wb)
	check(1, false)
	give(t, wa, wc)
	check(2, true)
	if got := wa.Queued(); got != 0 {
		t.Errorf("%d queued, want none", got)
	}
}

func TestGarbageFromAPeerIsRefusedAndTheRestKept(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa := ana.found()
	wb := ben.join(ana.invite(wa, 1).Link)
	give(t, wa, wb)
	ana.say(wa, "good")
	_, device := wb.Self()
	part, _, err := wa.Missing(t.Context(), device, wb.Have(), 256, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	forged := slices.Clone(part.Envelopes[0])
	forged[len(forged)-1] ^= 1
	part.Envelopes = append([][]byte{forged, {0x80}, nil}, part.Envelopes...)
	part.Entries = [][]byte{[]byte("no entry")}
	part.Blobs = [][]byte{nil, {1, 2, 3}}
	if err := wb.Receive(t.Context(), part); !errors.Is(err, workspace.ErrBad) {
		t.Errorf("receive: %v, want ErrBad", err)
	}
	if want := []string{"good"}; !slices.Equal(ben.board.lines, want) {
		t.Errorf("Ben reads %q, want %q", ben.board.lines, want)
	}
}
