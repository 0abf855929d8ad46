package chat_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parvis/app/chat"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/seal"
)

// picture is everything that a replica shows, as text.
func (r *replica) picture(t testing.TB) string {
	t.Helper()
	channels, err := r.chat.Channels(t.Context(), r.ws)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(channels, func(a, b chat.Channel) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	var all strings.Builder
	for _, c := range channels {
		fmt.Fprintf(&all, "%s %s %d\n", c.ID, c.Name, c.LastMs)
		for _, m := range r.read(t, c.ID, chat.Query{Limit: chat.MaxPage}).Messages {
			describe(&all, m)
			if m.Replies > 0 {
				for _, a := range r.read(t, c.ID, chat.Query{Limit: chat.MaxPage, Thread: m.ID}).Messages {
					describe(&all, a)
				}
			}
		}
	}
	return all.String()
}

func describe(all *strings.Builder, m chat.Message) {
	fmt.Fprintf(all, "  %s %q by %s edited %d deleted %t in %s replies %d %d mentions %v reactions %v provisional %t\n",
		m.Order(), m.Text, m.Author.Short(), m.EditedMs, m.Deleted, m.Root.Short(), m.Replies, m.LastReplyMs, m.Mentions, m.Reactions, m.Provisional)
}

// act does one random thing at a replica.
func (r *replica) act(t *rapid.T, tb testing.TB) {
	channels, err := r.chat.Channels(tb.Context(), r.ws)
	if err != nil {
		t.Fatal(err)
	}
	channel := channels[rapid.IntRange(0, len(channels)-1).Draw(t, "channel")].ID
	messages := r.read(tb, channel, chat.Query{Limit: 20}).Messages
	messages = slices.DeleteFunc(messages, func(m chat.Message) bool { return m.Deleted })
	op := rapid.IntRange(0, 9).Draw(t, "op")
	if op < 4 || len(messages) == 0 {
		_, err = r.chat.Send(tb.Context(), r.ws, channel, chat.Post{Text: fmt.Sprint("text ", r.seq), Mentions: r.people[:op%3]})
	} else {
		m := messages[rapid.IntRange(0, len(messages)-1).Draw(t, "message")]
		err = r.change(tb, op, channel, m)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (r *replica) change(tb testing.TB, op int, channel chat.ChannelID, m chat.Message) error {
	ctx := tb.Context()
	switch {
	case op == 4:
		_, err := r.chat.Send(ctx, r.ws, channel, chat.Post{Text: fmt.Sprint("answer ", r.seq), Thread: m.ID})
		return err
	case op == 5 && m.Author == r.person:
		return r.chat.Edit(ctx, r.ws, channel, m.ID, fmt.Sprint("edit ", r.seq))
	case op == 6 && (m.Author == r.person || r.person == r.admin):
		return r.chat.Delete(ctx, r.ws, channel, m.ID)
	case op == 7:
		_, err := r.chat.CreateChannel(ctx, r.ws, seal.SpaceID{}, fmt.Sprint("channel ", r.person.Short(), r.seq))
		return err
	case op == 8 && channel != r.general():
		return r.chat.RenameChannel(ctx, r.ws, channel, fmt.Sprint("renamed ", r.person.Short(), r.seq))
	}
	return r.chat.React(ctx, r.ws, channel, m.ID, []string{"👍", "🎉"}[r.seq%2], r.seq%3 == 0)
}

// again turns replicas into those of another workspace, on the same stores; the first
// time on new ones.
func again(t testing.TB, replicas []*replica, name string) {
	w := newWorld(len(replicas))
	w.ws = seal.Sum([]byte(name))
	w.main = seal.SpaceID(w.ws[:16])
	for i, before := range replicas {
		if before == nil {
			replicas[i] = w.replica(t, i)
			continue
		}
		r := &replica{world: w, Host: before.Beside(), person: w.people[i]}
		r.open()
		replicas[i] = r
	}
}

// T19: replicas with the same envelopes show the same, whatever the order, the
// batches and the restarts were.
func TestT19ReplicasConverge(t *testing.T) {
	replicas := make([]*replica, 3) // the stores serve all runs: each has a workspace of its own
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		again(t, replicas, fmt.Sprint("run ", runs))
		host := func(i int) *viewtest.Host { return replicas[i].Host }
		viewtest.Talk(rt, t, len(replicas), host, func(i int) { replicas[i].act(rt, t) }, func(i int) { replicas[i].open() })
		var all []workspace.Opened
		for _, r := range replicas {
			all = append(all, r.Sent...)
		}
		for i, r := range replicas {
			order := rand.New(rand.NewPCG(uint64(i), rapid.Uint64().Draw(rt, "seed")))
			r.Shuffle(t, order, all, r.open)
		}
		want := replicas[0].picture(t)
		for i, r := range replicas {
			if len(r.Bad()) > 0 {
				rt.Fatalf("replica %d calls honest envelopes bad: %v", i, r.Bad())
			}
			if got := r.picture(t); got != want {
				rt.Fatalf("replica %d shows\n%s\nreplica 0 shows\n%s", i, got, want)
			}
			r.open()
			if got := r.picture(t); got != want {
				rt.Fatalf("replica %d shows after a restart\n%s\nreplica 0 shows\n%s", i, got, want)
			}
			if strings.Contains(want, "provisional true") {
				rt.Fatalf("something waits although everything is here:\n%s", want)
			}
		}
	})
}
