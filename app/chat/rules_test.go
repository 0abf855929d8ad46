package chat_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"parvis/app/chat"
	"parvis/crdt/seal"
)

// pair is two people of one workspace with what both have sent delivered.
func pair(t *testing.T) (ana, ben *replica) {
	t.Helper()
	w := newWorld(3)
	return w.replica(t, 1), w.replica(t, 2)
}

func (r *replica) post(lamport uint64, text string, parents ...seal.ID) chat.Body {
	return chat.Body{Op: chat.OpPost, Channel: r.general(), Lamport: lamport, Text: text, Parents: parents}
}

func wantTexts(t *testing.T, r *replica, want ...string) {
	t.Helper()
	if got := texts(r.page(t)); !slices.Equal(got, want) {
		t.Errorf("shows %q, want %q", got, want)
	}
}

func wantBad(t *testing.T, r *replica, id seal.ID, why string) {
	t.Helper()
	if got := r.Bad()[id]; !strings.Contains(got, why) || why == "" && got != "" {
		t.Errorf("the verdict on %s is %q, want %q", id.Short(), got, why)
	}
}

func TestT13AnOpenMessageIsShownAndNotBuiltUpon(t *testing.T) {
	ana, ben := pair(t)
	ana.send(t, "first")
	missing := ana.last()
	ana.send(t, "second")
	ben.Deliver(t, ana.last())
	lie := ana.forge(t, ana.main, ana.post(1<<50, "far away", seal.ID{0xaa}))
	ben.Deliver(t, lie, ana.forge(t, ana.main, ana.post(1<<50+1, "farther", lie.ID)))

	wantTexts(t, ben, "second", "far away", "farther")
	for _, m := range ben.page(t) {
		if !m.Provisional {
			t.Errorf("%q is not provisional", m.Text)
		}
	}
	ben.send(t, "mine")
	if m := ben.page(t)[0]; m.Text != "mine" || m.Lamport != 1 {
		t.Errorf("an own message stands at %d, want 1: nothing complete was here", m.Lamport)
	}

	ben.Deliver(t, missing)
	for _, m := range ben.page(t) {
		if waits := m.Lamport > 1<<49; m.Provisional != waits {
			t.Errorf("%q: provisional is %t", m.Text, m.Provisional)
		}
	}
	ben.send(t, "next")
	if got := ben.page(t)[3]; got.Text != "next" || got.Lamport != 3 {
		t.Errorf("%q stands at %d, want the own message at 3", got.Text, got.Lamport)
	}
	if len(ben.Bad()) > 0 {
		t.Errorf("called bad: %v", ben.Bad())
	}
}

func TestT14WrongPlacesAreBadWheneverTheParentsCome(t *testing.T) {
	ana, ben := pair(t)
	ana.send(t, "first")
	first := ana.last()
	wrong := ana.forge(t, ana.main, ana.post(9, "too high", first.ID))
	child := ana.forge(t, ana.main, ana.post(10, "built on it", wrong.ID))

	ben.Deliver(t, child, wrong)
	wantTexts(t, ben, "too high", "built on it")
	ben.Deliver(t, first)
	wantTexts(t, ben, "first")
	wantBad(t, ben, wrong.ID, "its place is 9 where 2 follows")
	wantBad(t, ben, child.ID, "breaks the rules")
	ana.Deliver(t, wrong, child)
	wantTexts(t, ana, "first")
	wantBad(t, ana, wrong.ID, "its place is 9 where 2 follows")
}

func TestT14AParentOfAnotherChannelIsBad(t *testing.T) {
	ana, ben := pair(t)
	channel, err := ana.chat.CreateChannel(t.Context(), ana.ws, seal.SpaceID{}, "design")
	if err != nil {
		t.Fatal(err)
	}
	created := ana.last()
	wrong := ana.forge(t, ana.main, ana.post(2, "here", created.ID))
	ben.Deliver(t, wrong, created)
	wantBad(t, ben, wrong.ID, "another channel")
	if c := ben.channel(t, channel.ID); c.Name != "design" {
		t.Errorf("the channel is called %q", c.Name)
	}
}

func TestT15OnlyTheAuthorEdits(t *testing.T) {
	ana, ben := pair(t)
	id := ana.send(t, "mine")
	post := ana.last()
	edit := ben.forge(t, ben.main, chat.Body{Op: chat.OpEdit, Channel: ben.general(), Lamport: 2, Parents: []seal.ID{id}, Target: &id, Text: "yours"})
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		r := ana.replica(t, 0)
		both := []int{order[0], order[1]}
		for _, i := range both {
			if i == 0 {
				r.Deliver(t, post)
			} else {
				r.Deliver(t, edit)
			}
		}
		wantTexts(t, r, "mine")
		wantBad(t, r, edit.ID, "another person")
	}
	ben.Deliver(t, post)
	if err := ben.chat.Edit(t.Context(), ben.ws, ben.general(), id, "yours"); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("editing another's message gives %v, want %v", err, chat.ErrRefused)
	}
	if err := ben.chat.Edit(t.Context(), ben.ws, ben.general(), edit.ID, "x"); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("editing an edit gives %v, want %v", err, chat.ErrNotFound)
	}
}

func TestT15AnEditMayComeBeforeThePost(t *testing.T) {
	ana, ben := pair(t)
	id := ana.send(t, "one")
	post := ana.last()
	if err := ana.chat.Edit(t.Context(), ana.ws, ana.general(), id, "two"); err != nil {
		t.Fatal(err)
	}
	ben.Deliver(t, ana.last())
	wantTexts(t, ben)
	ben.Deliver(t, post)
	wantTexts(t, ben, "two")
	if told := ben.messages[len(ben.messages)-1]; told.Text != "two" || told.EditedMs == 0 {
		t.Errorf("told %q edited at %d, want the edited text", told.Text, told.EditedMs)
	}
}

func TestT16DeletionsAreFinalAndNeedTheRight(t *testing.T) {
	ana, ben := pair(t)
	admin := ana.replica(t, 0)
	id := ana.send(t, "oops")
	other := ana.send(t, "fine")
	posts := slices.Clone(ana.Sent)
	ben.Deliver(t, posts...)
	admin.Deliver(t, posts...)

	if err := ben.chat.Delete(t.Context(), ben.ws, ben.general(), id); !errors.Is(err, chat.ErrRefused) {
		t.Errorf("a stranger's deletion gives %v, want %v", err, chat.ErrRefused)
	}
	cheat := ben.forge(t, ben.main, chat.Body{Op: chat.OpDelete, Channel: ben.general(), Lamport: 3, Parents: []seal.ID{other}, Target: &other})
	if err := ana.chat.Delete(t.Context(), ana.ws, ana.general(), id); err != nil {
		t.Fatal(err)
	}
	again := ana.forge(t, ana.main, chat.Body{Op: chat.OpEdit, Channel: ana.general(), Lamport: 4, Parents: []seal.ID{ana.last().ID}, Target: &id, Text: "back"})
	admin.Deliver(t, cheat, again, ana.Sent[2])
	wantTexts(t, admin, "", "fine")
	if m := admin.page(t)[0]; !m.Deleted || m.Reactions != nil || m.EditedMs != 0 {
		t.Errorf("a deleted message shows %+v", m)
	}
	if err := admin.chat.Delete(t.Context(), admin.ws, admin.general(), other); err != nil {
		t.Fatal(err)
	}
	ben.Deliver(t, append(slices.Clone(ana.Sent), admin.last())...)
	wantTexts(t, ben, "", "")
}

func TestT17TheLastReactionCounts(t *testing.T) {
	ana, ben := pair(t)
	id := ana.send(t, "lunch?")
	ben.Deliver(t, ana.last())
	react := func(r *replica, emoji string, remove bool) {
		t.Helper()
		if err := r.chat.React(t.Context(), r.ws, r.general(), id, emoji, remove); err != nil {
			t.Fatal(err)
		}
	}
	react(ben, "👍", false)
	react(ana, "👍", false)
	react(ana, "🎉", false)
	react(ben, "👍", true)
	react(ben, "👍", false)
	react(ana, "🎉", true)
	third := ana.replica(t, 0)
	all := append(slices.Clone(ben.Sent), ana.Sent...)
	for _, o := range all {
		third.Deliver(t, o)
	}
	slices.Reverse(all)
	ana.Deliver(t, all...)
	ben.Deliver(t, all...)
	for _, r := range []*replica{ana, ben, third} {
		got := r.page(t)[0].Reactions
		if len(got) != 1 || got[0].Emoji != "👍" || !slices.Equal(got[0].People, []seal.ID{ben.person, ana.person}) && !slices.Equal(got[0].People, []seal.ID{ana.person, ben.person}) {
			t.Errorf("reactions are %+v", got)
		}
	}
	if err := ana.chat.React(t.Context(), ana.ws, ana.general(), id, "two words", false); !errors.Is(err, chat.ErrInvalid) {
		t.Errorf("a sentence as reaction gives %v, want %v", err, chat.ErrInvalid)
	}
}

func TestT18AnswersStandInTheirThread(t *testing.T) {
	ana, ben := pair(t)
	root := ana.send(t, "root")
	ben.Deliver(t, ana.last())
	answer, err := ben.chat.Send(t.Context(), ben.ws, ben.general(), chat.Post{Text: "answer", Thread: root})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ben.chat.Send(t.Context(), ben.ws, ben.general(), chat.Post{Text: "deeper", Thread: answer.ID}); err != nil {
		t.Fatal(err)
	}
	ana.Deliver(t, ben.Sent...)
	wantTexts(t, ana, "root")
	if m := ana.page(t)[0]; m.Replies != 2 || m.LastReplyMs == 0 {
		t.Errorf("the root has %d answers, the last at %d", m.Replies, m.LastReplyMs)
	}
	thread := ana.read(t, ana.general(), chat.Query{Thread: root, Limit: 50})
	if got := texts(thread.Messages); !slices.Equal(got, []string{"root", "answer", "deeper"}) {
		t.Errorf("the thread shows %q", got)
	}
	part := ana.read(t, ana.general(), chat.Query{Thread: root, Limit: 1})
	if got := texts(part.Messages); !slices.Equal(got, []string{"deeper"}) || !part.More {
		t.Errorf("the end of the thread shows %q, more %t", got, part.More)
	}
	if _, err := ben.chat.Send(t.Context(), ben.ws, ben.general(), chat.Post{Text: "x", Thread: seal.ID{1}}); !errors.Is(err, chat.ErrNotFound) {
		t.Errorf("answering nothing gives %v, want %v", err, chat.ErrNotFound)
	}
}

func TestT20TheLastNameOfAChannelCounts(t *testing.T) {
	ana, ben := pair(t)
	channel, err := ana.chat.CreateChannel(t.Context(), ana.ws, seal.SpaceID{}, "  de\u202esign ")
	if err != nil || channel.Name != "design" {
		t.Fatalf("made %q, %v", channel.Name, err)
	}
	created := ana.last()
	if err := ana.chat.RenameChannel(t.Context(), ana.ws, channel.ID, "drafts"); err != nil {
		t.Fatal(err)
	}
	ben.Deliver(t, ana.last())
	if all, _ := ben.chat.Channels(t.Context(), ben.ws); len(all) != 1 {
		t.Errorf("a channel without creation is listed: %v", all)
	}
	ben.Deliver(t, created)
	if got := ben.channel(t, channel.ID).Name; got != "drafts" {
		t.Errorf("the channel is called %q, want drafts", got)
	}
	for text, want := range map[string]error{"drafts": chat.ErrExists, "general": chat.ErrExists, " \u200b": chat.ErrInvalid, strings.Repeat("x", 65): chat.ErrName} {
		if _, err := ben.chat.CreateChannel(t.Context(), ben.ws, seal.SpaceID{}, text); !errors.Is(err, want) {
			t.Errorf("the name %q gives %v, want %v", text, err, want)
		}
	}
	if err := ben.chat.RenameChannel(t.Context(), ben.ws, ben.general(), "x"); !errors.Is(err, chat.ErrInvalid) {
		t.Errorf("renaming general gives %v, want %v", err, chat.ErrInvalid)
	}
}

func TestT21ManyHeadsAreJoinedEightAtATime(t *testing.T) {
	ana, ben := pair(t)
	for range 20 {
		ben.Deliver(t, ana.forge(t, ana.main, ana.post(1, "alone")))
	}
	ben.send(t, "joined")
	body, err := chat.Decode(ben.last().Body, ben.main)
	if err != nil || len(body.Parents) != chat.MaxParents || body.Lamport != 2 {
		t.Errorf("%d parents, lamport %d, %v", len(body.Parents), body.Lamport, err)
	}
	if got := len(ben.page(t)); got != 21 {
		t.Errorf("%d messages, want 21", got)
	}
}

func TestT15AnOpenEditByAnotherPersonDoesNothing(t *testing.T) {
	ana, ben := pair(t)
	id := ana.send(t, "mine")
	edit := ben.forge(t, ben.main, chat.Body{Op: chat.OpEdit, Channel: ben.general(), Lamport: 2, Parents: []seal.ID{{0xaa}}, Target: &id, Text: "yours"})
	ana.Deliver(t, edit)
	wantTexts(t, ana, "mine")
}

func TestT20RenamesAtTheSameTime(t *testing.T) {
	ana, ben := pair(t)
	channel, err := ana.chat.CreateChannel(t.Context(), ana.ws, seal.SpaceID{}, "design")
	if err != nil {
		t.Fatal(err)
	}
	ben.Deliver(t, ana.last())
	for _, r := range []*replica{ana, ben} {
		if err := r.chat.RenameChannel(t.Context(), r.ws, channel.ID, "by "+r.person.Short()); err != nil {
			t.Fatal(err)
		}
	}
	byAna, byBen := ana.last(), ben.last()
	want := "by " + ana.person.Short()
	if byBen.ID.Compare(byAna.ID) > 0 {
		want = "by " + ben.person.Short()
	}
	ana.Deliver(t, byBen)
	ben.Deliver(t, byAna)
	for _, r := range []*replica{ana, ben} {
		if got := r.channel(t, channel.ID).Name; got != want {
			t.Errorf("%s calls it %q, want %q", r.person.Short(), got, want)
		}
	}
}

func TestT21AfterARestartOnlyTheHeadsAreParents(t *testing.T) {
	ana, ben := pair(t)
	for range 5 {
		ana.send(t, "x")
	}
	ben.send(t, "concurrent")
	ana.Deliver(t, ben.last())
	ana.open()
	ana.send(t, "after the restart")
	body, err := chat.Decode(ana.last().Body, ana.main)
	if err != nil || len(body.Parents) != 2 || body.Lamport != 6 {
		t.Errorf("%d parents and lamport %d (%v), want 2 and 6", len(body.Parents), body.Lamport, err)
	}
}
