package chat_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"parvis/app/chat"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/seal"
)

func TestT25HiddenMessagesAreNotShownAndHoldNothingUp(t *testing.T) {
	ana, ben := pair(t)
	ana.send(t, "first")
	ben.Deliver(t, ana.last())
	ben.send(t, "thief")
	thief := ben.last()
	ana.Deliver(t, thief)
	ana.send(t, "after it")
	if got := ana.channel(t, ana.general()); got.Unread != 1 {
		t.Fatalf("%d unread, want the one", got.Unread)
	}
	reloads := 0
	ana.chat.Reload.Subscribe(func(seal.ID) { reloads++ })
	ana.Judge(t, true, thief)

	wantTexts(t, ana, "first", "after it")
	if got := ana.page(t)[1]; got.Provisional {
		t.Error("what was written after a hidden message waits for it")
	}
	if got := ana.channel(t, ana.general()); got.Unread != 0 || reloads != 1 {
		t.Errorf("%d unread, %d reloads; want none and one", got.Unread, reloads)
	}
	ana.send(t, "next")
	body, err := chat.Decode(ana.last().Body, ana.main)
	if err != nil || slices.Contains(body.Parents, thief.ID) {
		t.Errorf("a new message builds on what is hidden: %v, %v", body.Parents, err)
	}
	if _, err := ana.chat.Send(t.Context(), ana.ws, ana.general(), chat.Post{Text: "x", Thread: thief.ID}); err != nil {
		t.Errorf("answer a hidden message: %v", err) // its thread may go on
	}
	if err := ana.chat.React(t.Context(), ana.ws, ana.general(), thief.ID, "👍", false); err == nil {
		t.Error("a hidden message was reacted to")
	}

	t.Run("also when they arrive later", func(t *testing.T) {
		cleo := ana.replica(t, 2)
		cleo.Deliver(t, ana.Sent[0])
		cleo.Deliver(t, viewtest.Hidden(thief)...)
		cleo.Deliver(t, ana.Sent[1:3]...)
		wantTexts(t, cleo, "first", "after it", "next")
		cleo.open()
		wantTexts(t, cleo, "first", "after it", "next")
	})
	t.Run("and are shown again when the removal does not count", func(t *testing.T) {
		ana.Judge(t, false, thief)
		wantTexts(t, ana, "first", "thief", "after it", "next")
	})
}

func TestT25ChangesThatAreHiddenDoNotCount(t *testing.T) {
	ana, ben := pair(t)
	ben.send(t, "mine")
	ana.Deliver(t, ben.last())
	id := ben.last().ID
	if err := ben.chat.Edit(t.Context(), ben.ws, ben.general(), id, "changed by a thief"); err != nil {
		t.Fatal(err)
	}
	if err := ben.chat.React(t.Context(), ben.ws, ben.general(), id, "👍", false); err != nil {
		t.Fatal(err)
	}
	if err := ben.chat.Delete(t.Context(), ben.ws, ben.general(), id); err != nil {
		t.Fatal(err)
	}
	ana.Deliver(t, ben.Sent[1:]...)
	if !ana.page(t)[0].Deleted {
		t.Fatal("not deleted")
	}
	ana.Judge(t, true, ben.Sent[1:]...)
	if got := ana.page(t)[0]; got.Text != "mine" || got.Deleted || len(got.Reactions) > 0 {
		t.Errorf("shows %+v, want the message as it was", got)
	}
}

func TestT25AnswersToAHiddenMessageStay(t *testing.T) {
	ana, ben := pair(t)
	ben.send(t, "thief")
	root := ben.last()
	ana.Deliver(t, root)
	if _, err := ana.chat.Send(t.Context(), ana.ws, ana.general(), chat.Post{Text: "answer", Thread: root.ID}); err != nil {
		t.Fatal(err)
	}
	ana.Judge(t, true, root)
	page := ana.page(t)
	if len(page) != 1 || !page[0].Deleted || page[0].Text != "" || page[0].Replies != 1 {
		t.Fatalf("shows %+v, want a message without text and its answer", page)
	}
	if got := texts(ana.read(t, ana.general(), chat.Query{Thread: root.ID, Limit: 10}).Messages); !slices.Equal(got, []string{"", "answer"}) {
		t.Errorf("the thread shows %q", got)
	}
}

func TestT25AChannelThatOthersUseStays(t *testing.T) {
	ana, ben := pair(t)
	empty, err := ben.chat.CreateChannel(t.Context(), ben.ws, seal.SpaceID{}, "empty")
	if err != nil {
		t.Fatal(err)
	}
	used, err := ben.chat.CreateChannel(t.Context(), ben.ws, seal.SpaceID{}, "used")
	if err != nil {
		t.Fatal(err)
	}
	made := ben.Sent
	ana.Deliver(t, made...)
	if _, err := ana.chat.Send(t.Context(), ana.ws, used.ID, chat.Post{Text: "here"}); err != nil {
		t.Fatal(err)
	}
	listed := func(r *replica, want ...chat.ChannelID) {
		t.Helper()
		all, err := r.chat.Channels(t.Context(), r.ws)
		if err != nil || len(all) != len(want)+1 {
			t.Fatalf("%d channels, %v; want general and %d", len(all), err, len(want))
		}
		for i, id := range want {
			if all[i+1].ID != id {
				t.Errorf("channel %d is %q", i+1, all[i+1].Name)
			}
		}
	}
	listed(ana, empty.ID, used.ID)
	ana.Judge(t, true, made...)
	listed(ana, used.ID)
	cleo := ana.replica(t, 2)
	cleo.Deliver(t, viewtest.Hidden(made...)...)
	listed(cleo)
	cleo.Deliver(t, ana.last())
	listed(cleo, used.ID)
	if got := cleo.channel(t, used.ID); got.Name != "used" {
		t.Errorf("the channel is called %q", got.Name)
	}
	ana.Judge(t, false, made...)
	listed(ana, empty.ID, used.ID)
}

// T25: what is hidden is hidden the same, whether the removal came before it or
// after it, and comes back the same.
func TestT25HidingConverges(t *testing.T) {
	replicas := make([]*replica, 3)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		again(t, replicas, fmt.Sprint("hiding ", runs))
		ana, ben, cleo := replicas[0], replicas[1], replicas[2]
		for range rapid.IntRange(4, 16).Draw(rt, "steps") {
			replicas[rapid.IntRange(0, 1).Draw(rt, "who")].act(rt, t)
			if rapid.Bool().Draw(rt, "told") {
				ana.Deliver(t, ben.Sent...)
				ben.Deliver(t, ana.Sent...)
			}
		}
		ana.Deliver(t, ben.Sent...)
		before := ana.picture(t)
		beyond := ben.Sent[rapid.IntRange(0, len(ben.Sent)).Draw(rt, "fence"):]
		ana.Judge(t, true, beyond...)

		order := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "seed")))
		cleo.ShuffleRemoval(t, order, slices.Concat(ana.Sent, ben.Sent), beyond, cleo.open)
		shows := func(when, want string) {
			if got := cleo.picture(t); got != want {
				rt.Fatalf("%s Cleo shows\n%s\nAna showed\n%s", when, got, want)
			}
		}
		hidden := ana.picture(t)
		shows("with the removal", hidden)
		cleo.open()
		shows("after a restart", hidden)
		cleo.Judge(t, false, beyond...)
		shows("shown again", before)
	})
}
