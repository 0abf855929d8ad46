package chat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parvis/app/chat"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/seal"
)

func TestPagesCoverAConversationOnce(t *testing.T) {
	r := newWorld(2).replica(t, 1)
	var want []string
	for i := range 25 {
		want = append(want, fmt.Sprint("message ", i))
		r.send(t, want[i])
	}
	var got []string
	query := chat.Query{Limit: 10}
	for pages := 1; ; pages++ {
		page := r.read(t, r.general(), query)
		got = append(texts(page.Messages), got...)
		if !page.More {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
		query.Before = page.Messages[0].ID
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages give %q", got)
	}
	all := r.page(t)
	if !slices.IsSortedFunc(all, func(a, b chat.Message) int { return strings.Compare(a.Order(), b.Order()) }) {
		t.Error("Order does not sort like the conversation")
	}
	around := r.read(t, r.general(), chat.Query{Around: all[12].ID, Limit: 5})
	if got := texts(around.Messages); !slices.Equal(got, want[10:15]) || !around.More {
		t.Errorf("around gives %q, more %t", got, around.More)
	}
	for _, q := range []chat.Query{{Limit: 0}, {Limit: 501}, {Limit: 5, Before: seal.ID{9}}} {
		if _, err := r.chat.Messages(t.Context(), r.ws, r.general(), q); err == nil {
			t.Errorf("the query %+v is answered", q)
		}
	}
}

func TestT22UnreadCounts(t *testing.T) {
	w := newWorld(3)
	ana, ben := w.replica(t, 1), w.replica(t, 2)
	ana.send(t, "before ben came")
	ben.joined = w.nowMs + 1
	ben.Deliver(t, ana.last())
	second := ana.send(t, "second")
	if _, err := ana.chat.Send(t.Context(), ana.ws, ana.general(), chat.Post{Text: "@ben", Mentions: []seal.ID{ben.person}}); err != nil {
		t.Fatal(err)
	}
	ben.Deliver(t, ana.Sent...)
	ben.send(t, "own messages do not count")
	want := func(unread, mentions int) {
		t.Helper()
		c := ben.channel(t, ben.general())
		if c.Unread != unread || c.Mentions != mentions {
			t.Errorf("unread %d, mentions %d, want %d and %d", c.Unread, c.Mentions, unread, mentions)
		}
		if last := ben.channels[len(ben.channels)-1]; last.Unread != c.Unread || last.Mentions != c.Mentions {
			t.Errorf("the event said %d and %d", last.Unread, last.Mentions)
		}
	}
	mark := func(id seal.ID) {
		t.Helper()
		if err := ben.chat.MarkRead(t.Context(), ben.ws, ben.general(), id); err != nil {
			t.Fatal(err)
		}
	}
	want(2, 1)
	mark(second)
	want(1, 1)
	mark(ben.Sent[0].ID)
	want(0, 0)
	if got := ben.channel(t, ben.general()).ReadUpTo; got != ben.Sent[0].ID {
		t.Errorf("read up to %s", got.Short())
	}
	mark(second) // never back
	want(0, 0)
	answer, err := ana.chat.Send(t.Context(), ana.ws, ana.general(), chat.Post{Text: "answer", Thread: second})
	if err != nil {
		t.Fatal(err)
	}
	late := ana.forge(t, ana.main, ana.post(1, "late, before everything"))
	ben.Deliver(t, ana.last(), late, ana.Sent[3])
	want(2, 0)
	ben.open()
	if c := ben.channel(t, ben.general()); c.Unread != 2 {
		t.Errorf("after a restart %d are unread, want 2", c.Unread)
	}
	mark(ben.Sent[0].ID)
	want(0, 0)
	if err := ben.chat.MarkRead(t.Context(), ben.ws, ben.general(), answer.ID); err != nil {
		t.Error(err)
	}
	if err := ben.chat.MarkRead(t.Context(), ben.ws, ben.general(), seal.ID{5}); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("marking an unknown message gives %v", err)
	}
}

func TestT23NothingReadableLiesOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	r := newWorld(2).replicaIn(t, 1, dir)
	markers := []string{"marker-text", "marker-edit", "marker-draft", "marker-channel", "👍🏽"}
	id := r.send(t, markers[0])
	ctx := t.Context()
	channel, err := r.chat.CreateChannel(ctx, r.ws, seal.SpaceID{}, markers[3])
	err = errors.Join(err,
		r.chat.Edit(ctx, r.ws, r.general(), id, markers[1]),
		r.chat.SaveDraft(ctx, r.ws, channel.ID, markers[2]),
		r.chat.React(ctx, r.ws, r.general(), id, markers[4], false),
	)
	if err != nil {
		t.Fatal(err)
	}
	r.open()
	if got := r.channel(t, channel.ID); got.Draft != markers[2] || got.Name != markers[3] {
		t.Errorf("after a restart the channel is %+v", got)
	}
	if err := r.DB.Close(); err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, marker := range markers {
			if bytes.Contains(data, []byte(marker)) {
				t.Errorf("%s holds %q", filepath.Base(path), marker)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDraftsAreForgottenWhenEmpty(t *testing.T) {
	r := newWorld(2).replica(t, 1)
	for _, text := range []string{"a", "b", ""} {
		if err := r.chat.SaveDraft(t.Context(), r.ws, r.general(), text); err != nil {
			t.Fatal(err)
		}
		if got := r.channel(t, r.general()).Draft; got != text {
			t.Errorf("the draft is %q, want %q", got, text)
		}
	}
	if err := r.chat.SaveDraft(t.Context(), r.ws, r.general(), strings.Repeat("x", chat.MaxText+1)); !errors.Is(err, chat.ErrTooLong) {
		t.Errorf("a long draft gives %v", err)
	}
}

func TestT24TypingIsHeardAndLimited(t *testing.T) {
	w := newWorld(3)
	ana, ben := w.replica(t, 1), w.replica(t, 2)
	ana.Peers = []*viewtest.Host{ben.Host}
	for _, step := range []struct{ wait, want int64 }{{0, 1}, {1000, 1}, {1999, 1}, {1, 2}} {
		w.nowMs += step.wait
		if err := ana.chat.Typing(t.Context(), ana.ws, ana.general()); err != nil {
			t.Fatal(err)
		}
		if got := int64(len(ben.typing)); got != step.want {
			t.Errorf("heard %d times, want %d", got, step.want)
		}
	}
	if got := ben.typing[0]; got.Person != ana.person || got.Channel != ben.general() {
		t.Errorf("heard %+v", got)
	}
	for _, body := range [][]byte{nil, {1}, {0x82, 1, 0x50}} {
		ben.Hear(ben.main, ana.Device, body)
	}
	ben.Hear(seal.SpaceID{9}, ana.Device, []byte{0x82, 1})
	if got := len(ben.typing); got != 2 {
		t.Errorf("heard %d hints, want 2", got)
	}
}

func TestDirectConversations(t *testing.T) {
	w := newWorld(3)
	ana, ben := w.replica(t, 1), w.replica(t, 2)
	direct, err := ana.chat.OpenDirect(t.Context(), ana.ws, []seal.ID{ben.person})
	if err != nil {
		t.Fatal(err)
	}
	if !direct.Direct || direct.Name != ben.person.Short() || len(direct.People) != 2 {
		t.Errorf("opened %+v", direct)
	}
	if _, err := ana.chat.Send(t.Context(), ana.ws, direct.ID, chat.Post{Text: "psst"}); err != nil {
		t.Fatal(err)
	}
	if ana.last().Space != direct.Space {
		t.Error("the message went into another space")
	}
	ben.Deliver(t, ana.last())
	if got := texts(ben.read(t, direct.ID, chat.Query{Limit: 5}).Messages); !slices.Equal(got, []string{"psst"}) {
		t.Errorf("ben reads %q", got)
	}
	admin := w.replica(t, 0)
	if _, err := admin.chat.Messages(t.Context(), admin.ws, direct.ID, chat.Query{Limit: 5}); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("somebody else's conversation gives %v, want %v", err, chat.ErrNotFound)
	}
	if _, err := ana.chat.OpenDirect(t.Context(), ana.ws, nil); !errors.Is(err, chat.ErrInvalid) {
		t.Errorf("a conversation with nobody gives %v", err)
	}
}

func TestTextsAreChecked(t *testing.T) {
	r := newWorld(2).replica(t, 1)
	for text, want := range map[string]error{
		"": chat.ErrInvalid, " \n\t": chat.ErrInvalid, "\xff": chat.ErrInvalid, strings.Repeat("x", chat.MaxText+1): chat.ErrTooLong,
	} {
		if _, err := r.chat.Send(t.Context(), r.ws, r.general(), chat.Post{Text: text}); !errors.Is(err, want) {
			t.Errorf("sending %.10q gives %v, want %v", text, err, want)
		}
	}
	if _, err := r.chat.Send(t.Context(), r.ws, chat.ChannelID{1}, chat.Post{Text: "x"}); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("an unknown channel gives %v", err)
	}
	if len(r.Sent) > 0 {
		t.Error("something was written")
	}
}

func TestARollbackForgetsWhatWasUndone(t *testing.T) {
	w := newWorld(3)
	ana, ben := w.replica(t, 1), w.replica(t, 2)
	ana.send(t, "one")
	ana.send(t, "two")
	boom := errors.New("boom")
	err := ben.DB.Write(context.Background(), func(ctx context.Context) error {
		if _, err := ben.View.Apply(ctx, ana.Sent); err != nil {
			return err
		}
		ben.View.Reset()
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	wantTexts(t, ben)
	ben.Deliver(t, ana.Sent...)
	wantTexts(t, ben, "one", "two")
	ben.send(t, "three")
	if m := ben.page(t)[2]; m.Lamport != 3 || m.Provisional {
		t.Errorf("the own message stands at %d", m.Lamport)
	}
}

func TestMessageStates(t *testing.T) {
	w := newWorld(3)
	ana, ben := w.replica(t, 1), w.replica(t, 2)
	ana.send(t, "x")
	ben.Deliver(t, ana.last())
	for _, c := range []struct {
		holders int
		all     bool
		want    chat.State
	}{{0, false, chat.Local}, {1, false, chat.Held}, {2, true, chat.Delivered}} {
		ana.holders, ana.all = c.holders, c.all
		if got := ana.page(t)[0]; got.State != c.want || got.HeldBy != c.holders {
			t.Errorf("%d holders, all %t: state %s held by %d", c.holders, c.all, got.State, got.HeldBy)
		}
	}
	if got := ben.page(t)[0].State; got != chat.Held {
		t.Errorf("a received message is %s, want held: its author has it", got)
	}
}

// A batch of old messages tells each message once and each channel once.
func TestABatchTellsEachChannelOnce(t *testing.T) {
	w := newWorld(3)
	ana, ben := w.replica(t, 1), w.replica(t, 2)
	var batch []workspace.Opened
	for i := range 256 {
		ana.send(t, fmt.Sprint(i))
		batch = append(batch, ana.last())
	}
	ben.Deliver(t, batch...)
	if len(ben.messages) != 256 || len(ben.channels) != 1 {
		t.Errorf("told %d messages and %d channels, want 256 and 1", len(ben.messages), len(ben.channels))
	}
	if got := ben.channels[0]; got.Unread != 256 || got.LastMs != batch[255].HintMs {
		t.Errorf("the channel was told as %+v", got)
	}
	ben.Deliver(t, batch...)
	if len(ben.messages) != 256 {
		t.Errorf("repetition told %d messages", len(ben.messages)-256)
	}
}
