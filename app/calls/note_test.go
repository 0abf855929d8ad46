package calls_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// participant is how a device sees another one in a call.
func (d *device) participant(id call.ID, other *device) calls.Participant {
	d.t.Helper()
	for _, p := range d.see(id).Participants {
		if p.Device == other.Device {
			return p
		}
	}
	d.t.Fatal("not in the call")
	return calls.Participant{}
}

func (d *device) ask(asks bool) {
	d.t.Helper()
	if err := d.calls.AskToRecord(d.t.Context(), asks); err != nil {
		d.t.Fatal(err)
	}
}

func (d *device) answers(to *device, agrees bool) {
	d.t.Helper()
	if err := d.calls.Answer(d.t.Context(), to.Device, agrees); err != nil {
		d.t.Fatal(err)
	}
}

func TestL25NotesHaveLimits(t *testing.T) {
	reactions := uint(len(calls.Reactions))
	for _, c := range []struct {
		what string
		note calls.Note
		ok   bool
	}{
		{"L25 agrees", calls.Note{V: 1, Call: call.ID{1}, What: 1, Of: seal.ID{2}}, true},
		{"L25 refuses", calls.Note{V: 1, Call: call.ID{1}, What: 2, Of: seal.ID{2}}, true},
		{"L25 is left out", calls.Note{V: 1, Call: call.ID{1}, What: 4, Of: seal.ID{2}}, true},
		{"L25 is left out of nothing", calls.Note{V: 1, Call: call.ID{1}, What: 4}, false},
		{"L25 agrees to nothing", calls.Note{V: 1, Call: call.ID{1}, What: 1}, false},
		{"L25 asks", calls.Note{V: 1, Call: call.ID{1}, What: 3, Of: seal.ID{2}}, true},
		{"L25 asks no more", calls.Note{V: 1, Call: call.ID{1}, What: 3}, true},
		{"L25 the last reaction", calls.Note{V: 1, Call: call.ID{1}, What: 15 + reactions}, true},
		{"L25 one reaction too many", calls.Note{V: 1, Call: call.ID{1}, What: 16 + reactions}, false},
		{"L25 a reaction to a recording", calls.Note{V: 1, Call: call.ID{1}, What: 16, Of: seal.ID{2}}, false},
		{"L25 nothing", calls.Note{V: 1, Call: call.ID{1}}, false},
		{"L25 another version", calls.Note{V: 2, Call: call.ID{1}, What: 16}, false},
		{"L25 no call", calls.Note{V: 1, What: 16}, false},
	} {
		data, err := c.note.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := calls.DecodeNote(data); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.what, err)
		}
		if _, err := calls.DecodeHint(data); err == nil {
			t.Errorf("%s: it is a hint too", c.what)
		}
	}
}

func TestL25ReactionsReachThoseInTheCallAndNobodyElse(t *testing.T) {
	w, ana, ben, cleo, _ := trio(t, hall)
	seen := map[*device][]string{}
	for _, d := range w.devices {
		d.calls.Reacted.Subscribe(func(r calls.Reaction) {
			who := string('a' + rune(slices.IndexFunc(w.devices, func(d *device) bool { return d.Device == r.Device })))
			seen[d] = append(seen[d], who+r.Reaction)
		})
	}
	for range 9 {
		if err := ben.calls.React(t.Context(), "👏"); err != nil {
			t.Fatal(err)
		}
	}
	want := strings.Repeat("b👏", 4) // L25: four in a second
	if got := strings.Join(seen[ana], ""); got != want {
		t.Errorf("Ana sees %q", got)
	}
	if got := strings.Join(seen[ben], ""); got != want {
		t.Errorf("Ben sees %q", got)
	}
	if len(seen[cleo]) > 0 {
		t.Errorf("Cleo, who is not in the call, sees %q", seen[cleo])
	}
	if err := ben.calls.React(t.Context(), "<b>"); !errors.Is(err, calls.ErrInvalid) {
		t.Errorf("anything is a reaction: %v", err)
	}
	if err := cleo.calls.React(t.Context(), "👏"); !errors.Is(err, calls.ErrNotIn) {
		t.Errorf("without a call: %v", err)
	}
	// What a program sends that knows no limits is not shown either.
	w.pass(time.Second)
	seen[ana] = nil
	body, err := calls.Note{V: 1, Call: ana.see(seenCall(ana)).ID, What: 16}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for range 15 {
		ana.Hear(main, ben.Device, body)
		ana.Hear(main, cleo.Device, body) // who is not in the call
		ana.Hear(direct, ben.Device, body)
	}
	if got := len(seen[ana]); got != 4 {
		t.Errorf("%d reactions were shown in a second", got)
	}
}

// seenCall is the call that a device was told of last.
func seenCall(d *device) call.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.told[len(d.told)-1].ID
}

func TestL26EverybodyIsAskedAndMayWithdraw(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	ana.ask(true)
	if p := ben.participant(id, ana); !p.Asks || p.Answer != calls.Unanswered || p.Recording {
		t.Errorf("Ben sees %+v", p)
	}
	if p := ana.participant(id, ben); p.Consent != calls.Unanswered {
		t.Errorf("nobody has answered: %+v", p)
	}
	ben.answers(ana, true)
	if p := ana.participant(id, ben); p.Consent != calls.Agreed {
		t.Errorf("Ben has agreed: %+v", p)
	}
	cleo.join(id)
	w.pass(calls.HintEvery) // who came later is asked too
	if p := ana.participant(id, cleo); p.Consent != calls.Unanswered {
		t.Errorf("Cleo has not answered: %+v", p)
	}
	if p := cleo.participant(id, ana); !p.Asks {
		t.Errorf("Cleo is not asked: %+v", p)
	}
	cleo.answers(ana, true)
	w.pass(time.Minute)
	for _, other := range []*device{ben, cleo} {
		if p := ana.participant(id, other); p.Consent != calls.Agreed {
			t.Errorf("the answer did not stay: %+v", p)
		}
	}
	ben.answers(ana, false)
	if p := ana.participant(id, ben); p.Consent != calls.Refused {
		t.Errorf("Ben has withdrawn: %+v", p)
	}
	ana.ask(false)
	if p := ben.participant(id, ana); p.Asks || p.Answer != calls.Unanswered {
		t.Errorf("it is over: %+v", p)
	}
	if err := ben.calls.Answer(t.Context(), ana.Device, true); !errors.Is(err, calls.ErrInvalid) {
		t.Errorf("an answer to nothing: %v", err)
	}
}

func TestL26AnAnswerCountsForOneRecordingAndOneStay(t *testing.T) {
	w, ana, ben, _, id := trio(t, hall)
	ana.ask(true)
	ben.answers(ana, true)
	said := slices.Clone(ben.lives())
	ana.ask(false)
	ana.ask(true)
	for _, body := range said { // what was on the way
		ana.Hear(main, ben.Device, body)
	}
	w.pass(time.Second)
	if p := ana.participant(id, ben); p.Consent != calls.Unanswered {
		t.Errorf("an answer to the recording before: %+v", p)
	}
	ben.answers(ana, true)
	ben.leave()
	w.pass(calls.GoneAfter)
	ben.join(id)
	w.pass(calls.HintEvery)
	if p := ana.participant(id, ben); p.Consent != calls.Unanswered {
		t.Errorf("who comes back was not asked: %+v", p)
	}
	if p := ben.participant(id, ana); !p.Asks {
		t.Errorf("who comes back is not asked: %+v", p)
	}
}

func TestL26WhoIsNotHeardAsksNoMore(t *testing.T) {
	w, ana, ben, _, id := trio(t, hall)
	ana.ask(true)
	ben.deaf.Store(true)
	hint, err := calls.Hint{V: 1, Call: id, Since: 1 << 60}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		w.pass(calls.HintEvery)
		ben.Hear(main, ana.Device, hint) // it is there and does not ask
	}
	if p := ben.participant(id, ana); p.Asks {
		t.Errorf("it still asks: %+v", p)
	}
}

func TestL27WhereNobodyCanBeAskedTheAnswerWasGivenBefore(t *testing.T) {
	for _, answer := range []calls.Answer{calls.Agreed, calls.LeftOut} {
		w := newWorld()
		ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
		id := ana.start(hall).ID
		w.pass(calls.HintEvery)
		if _, err := ben.calls.Join(t.Context(), ws, id, calls.Entry{Answers: answer}); err != nil {
			t.Fatal(err)
		}
		ana.ask(true)
		w.until(t, "the answer "+answer.String(), func() bool { return ana.participant(id, ben).Consent == answer })
		ben.place.Close() // that it says it has no page takes nothing of it back
		w.pass(time.Minute)
		if p := ana.participant(id, ben); p.Consent != answer {
			t.Errorf("the answer %s did not stay: %+v", answer, p)
		}
	}
}

func TestL22ANoteStartsNoRecording(t *testing.T) {
	_, ana, ben, _, id := trio(t, hall)
	for what := range uint(32) {
		body, err := calls.Note{V: 1, Call: id, What: what, Of: seal.ID{7}}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		ana.Hear(main, ben.Device, body)
	}
	if p := ana.participant(id, ana); p.Asks || p.Recording {
		t.Errorf("Ana is %+v", p)
	}
}

func FuzzNote(f *testing.F) {
	data, err := calls.Note{V: 1, Call: call.ID{1}, What: 3, Of: seal.ID{7}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := calls.DecodeNote(data)
		if err != nil {
			return
		}
		if again, err := n.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x decodes and encodes to %x (%v)", data, again, err)
		}
	})
}
