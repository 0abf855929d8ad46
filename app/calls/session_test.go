package calls_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

func (d *device) size() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.rooms) == 0 {
		return 0
	}
	return len(d.rooms[len(d.rooms)-1].joined)
}

func (d *device) heard(line string) bool { return slices.Contains(d.log(), line) }

func TestL15TheGreaterDeviceOffers(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	cleo.join(id)
	w.until(t, "all are connected", func() bool {
		return ben.heard("answer a") && cleo.heard("answer a") && cleo.heard("answer b") && ana.heard("offer b") && ana.heard("offer c") && ben.heard("offer c")
	})
	for _, d := range []*device{ana, ben} {
		if d.heard("answer c") {
			t.Error("the smaller one offered")
		}
	}
	if got := ana.size(); got != 2 {
		t.Errorf("Ana's room has %d", got)
	}
}

func TestL14OneCallAtATime(t *testing.T) {
	w, ana, _, cleo, id := trio(t, hall)
	if _, err := ana.calls.StartCall(t.Context(), ws, private, calls.Entry{}); !errors.Is(err, calls.ErrBusy) {
		t.Errorf("a second call: %v", err)
	}
	if _, err := ana.calls.Join(t.Context(), ws, id, calls.Entry{}); err != nil || len(ana.rooms) != 1 {
		t.Errorf("the same call again: %v, %d rooms", err, len(ana.rooms))
	}
	if c, err := ana.calls.StartCall(t.Context(), ws, hall, calls.Entry{}); err != nil || c.ID != id || len(ana.rooms) != 1 {
		t.Errorf("started again: %v, %v, %d rooms", c.ID, err, len(ana.rooms))
	}
	c := cleo.start(hall)
	if c.ID != id {
		t.Error("a second call began where one goes on")
	}
	if got := cleo.there(id); got != "abc" {
		t.Errorf("there is %q", got)
	}
	if _, err := ana.calls.Join(t.Context(), ws, call.ID{9}, calls.Entry{}); !errors.Is(err, calls.ErrNotFound) {
		t.Errorf("an unknown call: %v", err)
	}
	cleo.leave()
	if err := cleo.calls.Leave(t.Context()); !errors.Is(err, calls.ErrNotIn) {
		t.Errorf("left twice: %v", err)
	}
	if !cleo.rooms[0].closed || len(cleo.rooms) != 1 {
		t.Error("the room is still open")
	}
	_ = w
}

func TestACallThatCannotBeginIsOver(t *testing.T) {
	w := newWorld()
	ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
	ana.broken = true
	if _, err := ana.calls.StartCall(t.Context(), ws, private, calls.Entry{}); err == nil || ana.calls.InCall() {
		t.Errorf("started: %v", err)
	}
	w.spread()
	if list, err := ben.calls.List(t.Context(), ws, private); err != nil || len(list) != 1 || list[0].EndedMs == 0 || list[0].Ringing {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := ana.calls.StartCall(t.Context(), ws, hall, calls.Entry{Test: true}); err == nil || ana.calls.InCall() {
		t.Errorf("a test participant without a room: %v", err)
	}
	ana.broken = false
	if _, err := ana.calls.StartCall(t.Context(), ws, hall, calls.Entry{Test: true}); !errors.Is(err, calls.ErrInvalid) || ana.calls.InCall() || !ana.rooms[0].closed {
		t.Errorf("a test participant without a generator: %v", err)
	}
}

func TestL16AParticipantThatWasStartedAnewIsOfferedAgain(t *testing.T) {
	w, ana, ben, _, id := trio(t, hall)
	w.until(t, "they are connected", func() bool { return ben.heard("answer a") })
	ana.dead.Store(true) // and comes back before anybody has noticed
	w.pass(calls.HintEvery)
	ana.dead.Store(false)
	ana.open()
	ana.join(id)
	w.until(t, "Ben offers anew", func() bool { return ben.heard("bye a") && ana.heard("offer b") })
	if ben.heard("leave a") {
		t.Error("Ana had to be gone first")
	}
}

func TestL12SignalsThatAreNotForThisCallMoveNothing(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	w.until(t, "they are connected", func() bool { return ben.heard("answer a") })
	before := len(ana.log())
	ben.mu.Lock()
	sent := slices.Clone(ben.raw)
	ben.mu.Unlock()
	good := call.Signal{Workspace: ws, Space: main, Call: id, From: ben.Device, To: ana.Device, N: 1 << 50, Type: call.ICE, SDP: "candidate"}
	for _, c := range []struct {
		what   string
		key    seal.SignKey
		change func(s *call.Signal)
		forged bool
	}{
		{"L12 of another workspace", ben.key, func(s *call.Signal) { s.Workspace = seal.ID{1} }, false},
		{"L12 of another space", ben.key, func(s *call.Signal) { s.Space = direct }, false},
		{"L12 of another call", ben.key, func(s *call.Signal) { s.Call = call.ID{9} }, false},
		{"L12 to another device", ben.key, func(s *call.Signal) { s.To = cleo.Device }, false},
		{"L12 of a stranger", keys[70], func(s *call.Signal) { s.From = keys[70].Public() }, false},
		{"L12 too old", ben.key, func(s *call.Signal) { s.N = 1 }, false},
		{"L12 signed by somebody else", cleo.key, func(*call.Signal) {}, true},
	} {
		s := good
		c.change(&s)
		raw, err := call.Seal(c.key, s)
		if err != nil {
			t.Fatal(err)
		}
		if err := ana.calls.Signal(raw); err == nil || errors.Is(err, calls.ErrMalformed) != c.forged {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	for _, raw := range sent {
		if ana.calls.Signal(raw) == nil {
			t.Error("L12 a signal was played again")
		}
	}
	if err := cleo.calls.Signal(sent[0]); !errors.Is(err, calls.ErrRefused) {
		t.Errorf("L12 without a call: %v", err)
	}
	ana.bar(ben, true)
	raw, err := call.Seal(ben.key, good)
	if err != nil {
		t.Fatal(err)
	}
	if ana.calls.Signal(raw) == nil {
		t.Error("L12 from somebody who may not take part")
	}
	if got := len(ana.log()); got != before {
		t.Errorf("the room was told %v", ana.log()[before:])
	}
	ana.bar(ben, false)
	if err := ana.calls.Signal(raw); err != nil || !ana.heard("candidate b") {
		t.Errorf("what is in order was refused: %v", err)
	}
}

func TestL12ASignalMakesAParticipant(t *testing.T) {
	w := newWorld()
	ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
	ana.deaf.Store(true)
	id := ana.start(hall).ID
	w.pass(calls.HintEvery)
	ben.join(id)
	w.until(t, "they are connected", func() bool { return ben.heard("answer a") })
	if got := ana.there(id); got != "ab" {
		t.Errorf("there is %q", got)
	}
}

func TestL9AByeIsNotUndoneByWhatWasOnTheWay(t *testing.T) {
	w, ana, ben, _, id := trio(t, hall)
	w.until(t, "they are connected", func() bool { return ben.heard("answer a") })
	raw, err := call.Seal(ben.key, call.Signal{Workspace: ws, Space: main, Call: id, From: ben.Device, To: ana.Device, N: 1 << 50, Type: call.Bye})
	if err != nil {
		t.Fatal(err)
	}
	if err := ana.calls.Signal(raw); err != nil {
		t.Fatal(err)
	}
	hear := func(since int64) string {
		body, err := calls.Hint{V: 1, Call: id, Since: uint64(since)}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		ana.Hear(main, ben.Device, body)
		return ana.there(id)
	}
	if got := hear(w.clock.Load()); got != "a" {
		t.Errorf("there is %q", got)
	}
	if got := hear(w.clock.Load() + 1); got != "ab" {
		t.Errorf("who joins again is not there: %q", got)
	}
	if err := ana.calls.Signal(raw); err == nil {
		t.Error("a bye was played again")
	}
}

func TestL13WhoDoesNotAnswerDelaysNobody(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	cleo.dead.Store(true) // so that nothing reaches it, though its hints have come
	body, err := calls.Hint{V: 1, Call: id, Since: 1}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	ben.Hear(main, cleo.Device, body)
	w.until(t, "Ben and Ana are connected", func() bool { return ben.heard("answer a") && ben.heard("join c") })
	for range 1000 {
		ben.rooms[0].config.Send(media.ID(cleo.Device), media.Signal{Kind: media.Candidate, SDP: "candidate"})
	}
	began := time.Now()
	ben.leave()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("to leave took %s", took)
	}
	w.until(t, "Ana lets Ben go", func() bool { return ana.heard("leave b") })
}

// player is a device that remembers.
type player struct {
	frames []media.Frame
	keys   int
	taken  int
	wants  media.Wants
}

func (p *player) Frame(_ seal.ID, f media.Frame) { p.frames = append(p.frames, f) }
func (p *player) NeedKey(media.Stream)           { p.keys++ }
func (p *player) Wants(w media.Wants)            { p.wants = w }
func (p *player) Taken()                         { p.taken++ }

func TestL21OnlyWhatIsSaidIsSent(t *testing.T) {
	_, ana, _, _, _ := trio(t, hall)
	page := &player{}
	place := ana.calls.Attach(page)
	all := []media.Stream{media.Audio, media.Video, media.Small, media.Screen}
	for _, c := range []struct {
		state calls.State
		want  []media.Stream
	}{
		{calls.State{}, []media.Stream{media.Audio}},
		{calls.State{Muted: true}, nil},
		{calls.State{Muted: true, Camera: true}, []media.Stream{media.Video, media.Small}},
		{calls.State{Screen: true}, []media.Stream{media.Audio, media.Screen}},
	} {
		if err := ana.calls.Set(t.Context(), c.state); err != nil {
			t.Fatal(err)
		}
		ana.rooms[0].frames = nil
		for _, stream := range all {
			place.Send(media.Frame{Stream: stream})
		}
		var got []media.Stream
		for _, f := range ana.rooms[0].frames {
			got = append(got, f.Stream)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: sent %v, want %v", c.state, got, c.want)
		}
	}
	ana.leave()
	place.Send(media.Frame{Stream: media.Audio}) // goes nowhere
}

func TestL23OneDeviceAtATime(t *testing.T) {
	_, ana, ben, _, _ := trio(t, hall)
	first, second := &player{}, &player{}
	old := ana.calls.Attach(first)
	ana.calls.Attach(second)
	old.Send(media.Frame{Stream: media.Audio})
	old.Close()
	config := ana.rooms[0].config
	config.Receive(media.ID(ben.Device), media.Frame{Stream: media.Audio})
	config.NeedKey(media.Video)
	if first.taken != 1 || len(first.frames) != 0 || len(ana.rooms[0].frames) != 0 {
		t.Errorf("the first still has its place: %+v", first)
	}
	if len(second.frames) != 1 || second.keys != 1 || !second.wants.Video {
		t.Errorf("the second has not: %+v", second)
	}
}

func TestStatisticsAreToldAndNamed(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	w.until(t, "they are connected", func() bool { return ben.heard("answer a") })
	told := make(chan calls.Stats, 100)
	ana.calls.StatsChanged.Subscribe(func(s calls.Stats) { told <- s })
	ana.rooms[0].config.Changed()
	s := <-told
	if len(s.Participants) != 1 || s.Participants[0].Person != ben.person || s.Participants[0].Name != ben.person.Short() || s.ID != id {
		t.Errorf("told %+v", s)
	}
	if in, out := s.Participants[0].Layers(); in != "small" || out != "" {
		t.Errorf("layers %q and %q", in, out)
	}
	if _, err := cleo.calls.Stats(t.Context(), ws, id); !errors.Is(err, calls.ErrNotIn) {
		t.Errorf("statistics of a call one is not in: %v", err)
	}
	w.pass(2 * calls.HintEvery)
	for _, p := range cleo.see(id).Participants {
		if p.Device == ana.Device && p.UplinkKbps != 700 {
			t.Errorf("Ana's line carries %d", p.UplinkKbps)
		}
	}
}

func TestClosingLeaves(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	ben.calls.Close()
	if got := cleo.there(id); got != "a" {
		t.Errorf("there is %q", got)
	}
	ana.calls.Close()
	w.spread()
	if c := cleo.see(id); c.EndedMs == 0 || len(c.Participants) > 0 {
		t.Errorf("%+v", c)
	}
}
