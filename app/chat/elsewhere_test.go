package chat_test

import (
	"testing"

	"parvis/app/chat"
	"parvis/crdt/seal"
)

// readOn applies what another device of the same person has read: everything up to a
// message, of which it had the given numbers of chains.
func (r *replica) readOn(t *testing.T, upTo chat.Message, had map[seal.ID]uint64) {
	t.Helper()
	there := chat.ReadThere{Lamport: upTo.Lamport, ID: upTo.ID, Had: func(device seal.ID, seq uint64) bool { return seq <= had[device] }}
	r.there = map[chat.ChannelID]chat.ReadThere{r.general(): there}
	if err := r.chat.ReadElsewhere(t.Context(), r.ws, r.main, r.general(), there); err != nil {
		t.Fatal(err)
	}
}

func (r *replica) wantUnread(t *testing.T, want int) {
	t.Helper()
	for range 2 {
		if got := r.channel(t, r.general()).Unread; got != want {
			t.Errorf("%d unread, want %d", got, want)
		}
		r.open()
	}
}

func TestT26WhatAnotherDeviceReadIsReadHere(t *testing.T) {
	w := newWorld(4)
	ana, ben, cleo := w.replica(t, 1), w.replica(t, 2), w.replica(t, 3)
	for _, text := range []string{"one", "two", "three"} {
		ben.send(t, text)
	}
	cleo.Deliver(t, ben.Sent[0])
	cleo.send(t, "written beside two and three") // arrives late
	ana.Deliver(t, ben.Sent...)
	ana.wantUnread(t, 3)
	ana.readOn(t, ana.page(t)[1], map[seal.ID]uint64{ben.Device: 2})
	ana.wantUnread(t, 1)
	last := ana.page(t)[2]
	ana.readOn(t, last, map[seal.ID]uint64{ben.Device: 3})
	ana.wantUnread(t, 0)

	t.Run("but not what that device did not have", func(t *testing.T) {
		ana.Deliver(t, cleo.Sent...)
		ana.wantUnread(t, 1)
		ana.readOn(t, last, map[seal.ID]uint64{ben.Device: 3, cleo.Device: 1})
		ana.wantUnread(t, 0)
	})
	t.Run("nor anything becomes unread", func(t *testing.T) {
		ana.readOn(t, ana.page(t)[0], nil)
		ana.wantUnread(t, 0)
	})
	t.Run("also when it arrives later", func(t *testing.T) {
		fresh := w.replica(t, 1)
		fresh.readOn(t, last, map[seal.ID]uint64{ben.Device: 3})
		fresh.Deliver(t, ben.Sent...)
		fresh.wantUnread(t, 0)
		ben.send(t, "four")
		fresh.Deliver(t, ben.last())
		fresh.wantUnread(t, 1)
	})
}

func TestT26MarksTellTheLastPlaceRead(t *testing.T) {
	ana, ben := pair(t)
	ben.send(t, "one")
	ben.send(t, "two")
	if _, err := ben.chat.Send(t.Context(), ben.ws, ben.general(), chat.Post{Text: "answer", Thread: ben.Sent[0].ID}); err != nil {
		t.Fatal(err)
	}
	ana.Deliver(t, ben.Sent...)
	if err := ana.chat.MarkRead(t.Context(), ana.ws, ana.general(), ben.Sent[1].ID); err != nil {
		t.Fatal(err)
	}
	if len(ana.told) != 1 || ana.told[0].ID != ben.Sent[2].ID {
		t.Errorf("told %+v, want the answer: the mark at the end reads all", ana.told)
	}
	kept, err := ana.chat.Kept(t.Context(), ana.ws)
	if err != nil || len(kept) != 1 || kept[0].Read.ID != ben.Sent[2].ID || kept[0].Space != ana.main {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

func TestT26TheDraftOfAnotherDeviceIsShown(t *testing.T) {
	ana, _ := pair(t)
	if err := ana.chat.DraftElsewhere(t.Context(), ana.ws, ana.main, ana.general(), "not yet"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := ana.channel(t, ana.general()).Draft; got != "not yet" {
			t.Errorf("the draft is %q", got)
		}
		ana.open()
	}
	if err := ana.chat.DraftElsewhere(t.Context(), ana.ws, ana.main, ana.general(), string(make([]byte, chat.MaxText+1))); err == nil {
		t.Error("a draft without end was taken")
	}
}
