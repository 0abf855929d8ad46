package chat_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parvis/app/chat"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// chains are the envelopes of a conversation, whole chains one after the other:
// the worst order.
func chains(all []workspace.Opened) []workspace.Opened {
	byPerson := map[seal.ID][]workspace.Opened{}
	var order []seal.ID
	for _, o := range all {
		if byPerson[o.Person] == nil {
			order = append(order, o.Person)
		}
		byPerson[o.Person] = append(byPerson[o.Person], o)
	}
	slices.Reverse(order)
	var sorted []workspace.Opened
	for _, person := range order {
		sorted = append(sorted, byPerson[person]...)
	}
	return sorted
}

// TestCatchingUpEndsTheSame is rule T19 for long histories: neither the size of the
// batches, nor the order, nor how many messages may wait in memory matters.
func TestCatchingUpEndsTheSame(t *testing.T) {
	const count = 2500 // more than rows are kept back, and than nodes are read at the start
	w := newWorld(4)
	all := conversation(t, w, count)
	tests := []struct {
		name  string
		batch int
		order []workspace.Opened
		room  int
		stop  int // open the service anew after so many batches; 0: never
	}{
		{"one batch in order", count, all, 1 << 16, 0},
		{"one batch, chain after chain", count, chains(all), 1 << 16, 0},
		{"batches, chain after chain", 500, chains(all), 1 << 16, 0},
		{"batches, chain after chain, little room", 500, chains(all), 700, 0},
		{"batches, backwards, little room", 500, reversed(all), 700, 0},
		{"a restart in between", 500, chains(all), 700, 7},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := w.replica(t, 0)
			swept := make(chan struct{}, count)
			open := func() {
				chat.LimitWaiting(r.View, test.room)
				r.chat.Reload.Subscribe(func(seal.ID) { swept <- struct{}{} })
			}
			open()
			n := 0
			for part := range slices.Chunk(test.order, test.batch) {
				if n++; n == test.stop {
					r.open()
					open()
				}
				r.Deliver(t, part...)
				r.Deliver(t, part[:len(part)/10]...) // again: it changes nothing
			}
			for deadline := time.After(time.Minute); waits(r, t); {
				select {
				case <-swept:
				case <-deadline:
					t.Fatal("messages wait for nothing")
				}
			}
			var got []string
			for q := (chat.Query{Limit: chat.MaxPage}); ; {
				page := r.read(t, r.general(), q)
				for _, m := range slices.Backward(page.Messages) {
					if m.Provisional {
						t.Fatalf("message %d from the end waits for something", len(got))
					}
					got = append(got, m.Text)
				}
				if !page.More {
					break
				}
				q.Before = page.Messages[0].ID
			}
			if len(got) != count {
				t.Fatalf("%d messages, want %d", len(got), count)
			}
			for i, text := range got {
				if want := fmt.Sprint(count - 1 - i); text[:len(want)+1] != want+" " {
					t.Fatalf("message %d from the end is %.20q, want %s", i, text, want)
				}
			}
			if c := r.channel(t, r.general()); c.Unread < count/2 {
				t.Errorf("%d unread", c.Unread)
			}
			sent := r.send(t, "the next one")
			if page := r.read(t, r.general(), chat.Query{Limit: 1}); page.Messages[0].ID != sent || page.Messages[0].Lamport != count+1 {
				t.Errorf("the next message stands at %d, want %d", page.Messages[0].Lamport, count+1)
			}
		})
	}
}

// waits reports whether something in the conversation is not settled.
func waits(r *replica, t *testing.T) bool {
	t.Helper()
	numbers, err := r.DB.Chat().WaitingRows(t.Context(), r.ws)
	if err != nil {
		t.Fatal(err)
	}
	return len(numbers) > 0
}

func reversed(all []workspace.Opened) []workspace.Opened {
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	return backwards
}
