package chat_test

import (
	"slices"
	"testing"

	"parvis/app/chat"
	"parvis/crdt/seal"
)

// boardroom is a space from-join of the first two people, with a channel in which both
// have written, and the third, who was let in just now.
func boardroom(t *testing.T) (a, b, c *replica, plans chat.ChannelID) {
	t.Helper()
	w := newWorld(3)
	w.fromJoin = seal.SpaceID{7}
	w.groups[w.fromJoin] = slices.Clone(w.people[:2])
	a, b, c = w.replica(t, 0), w.replica(t, 1), w.replica(t, 2)
	made, err := a.chat.CreateChannel(t.Context(), w.ws, w.fromJoin, "plans")
	if err != nil {
		t.Fatal(err)
	}
	a.say(t, made.ID, "one")
	exchange(t, w, a, b)
	b.say(t, made.ID, "two")
	exchange(t, w, a, b)
	if err := a.chat.RenameChannel(t.Context(), w.ws, made.ID, "great plans"); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*replica{a, b} {
		for _, o := range r.Sent {
			w.closed[o.ID] = true
		}
	}
	w.groups[w.fromJoin] = w.people
	return a, b, c, made.ID
}

// exchange gives everybody what the others sent; the third person cannot open what is
// closed.
func exchange(t *testing.T, w *world, all ...*replica) {
	t.Helper()
	for _, from := range all {
		for _, to := range all {
			for _, o := range from.Sent {
				if from != to && !(to.person == w.people[2] && w.closed[o.ID]) {
					to.Deliver(t, o)
				}
			}
		}
	}
}

func (r *replica) say(t *testing.T, channel chat.ChannelID, text string) seal.ID {
	t.Helper()
	sent, err := r.chat.Send(t.Context(), r.ws, channel, chat.Post{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return sent.ID
}

// want checks what a replica shows of a channel, all of it in its place.
func (r *replica) want(t *testing.T, who string, channel chat.ChannelID, want ...string) {
	t.Helper()
	page := r.read(t, channel, chat.Query{Limit: chat.MaxPage}).Messages
	if !slices.Equal(texts(page), want) {
		t.Errorf("%s reads %q, want %q", who, texts(page), want)
	}
	for _, m := range page {
		if m.Provisional {
			t.Errorf("%s waits for something before %q", who, m.Text)
		}
	}
}

func TestT28NothingANewcomerReadsWaitsForWhatItCannot(t *testing.T) {
	a, b, c, plans := boardroom(t)
	w := a.world
	if err := a.chat.RepeatChannels(t.Context(), w.ws, w.fromJoin); err != nil {
		t.Fatal(err)
	}
	exchange(t, w, a, b, c)
	if got := c.channel(t, plans); got.Name != "great plans" {
		t.Errorf("T29: the newcomer knows the channel as %q", got.Name)
	}
	// Both write at once; an answer, a reaction and an edit are about what came before.
	a.say(t, plans, "three")
	old := b.conversation(t, plans)[0]
	if err := b.chat.React(t.Context(), w.ws, plans, old.ID, "👍", false); err != nil {
		t.Fatal(err)
	}
	if _, err := b.chat.Send(t.Context(), w.ws, plans, chat.Post{Text: "an answer", Thread: old.ID}); err != nil {
		t.Fatal(err)
	}
	b.say(t, plans, "four")
	exchange(t, w, a, b, c)
	if err := a.chat.Edit(t.Context(), w.ws, plans, old.ID, "one, again"); err != nil {
		t.Fatal(err)
	}
	a.say(t, plans, "five")
	exchange(t, w, a, b, c)
	c.say(t, plans, "six")
	exchange(t, w, a, b, c)
	a.say(t, plans, "seven")
	exchange(t, w, a, b, c)
	after := c.conversation(t, plans)
	if len(after) != 5 {
		t.Fatalf("the newcomer reads %q", texts(after))
	}
	c.want(t, "the newcomer", plans, texts(after)...)
	for _, r := range []*replica{a, b} {
		r.want(t, "who was in", plans, append([]string{"one, again", "two"}, texts(after)...)...)
		if got := r.conversation(t, plans)[0]; len(got.Reactions) != 1 || got.Replies != 1 {
			t.Errorf("the first message has %d reactions and %d answers", len(got.Reactions), got.Replies)
		}
	}
	if last := texts(after)[3:]; !slices.Equal(last, []string{"six", "seven"}) {
		t.Errorf("the conversation ends with %q", last)
	}
	c.open() // and after a restart, too
	c.say(t, plans, "eight")
	exchange(t, w, a, b, c)
	if got := a.conversation(t, plans); got[len(got)-1].Text != "eight" || got[len(got)-1].Provisional {
		t.Errorf("after a restart the newcomer's message stands as %+v", got[len(got)-1])
	}
}

// conversation reads the end of a channel.
func (r *replica) conversation(t *testing.T, channel chat.ChannelID) []chat.Message {
	t.Helper()
	return r.read(t, channel, chat.Query{Limit: chat.MaxPage}).Messages
}

func TestT29ChannelsAreWrittenAgainOnce(t *testing.T) {
	a, _, _, _ := boardroom(t)
	for range 2 {
		sent := len(a.Sent)
		if err := a.chat.RepeatChannels(t.Context(), a.ws, a.fromJoin); err != nil {
			t.Fatal(err)
		}
		if wrote := len(a.Sent) - sent; wrote > 1 {
			t.Errorf("%d envelopes for one channel", wrote)
		}
	}
	if n := len(a.Sent); n != 4 {
		t.Errorf("%d envelopes, want the creation, a message, the new name, and the channel again", n)
	}
}
