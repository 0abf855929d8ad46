package verify

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

var errCut = errors.New("the line was cut")

func framed(t testing.TB, messages ...any) *p2ptest.Tape {
	t.Helper()
	var all [][]byte
	for _, m := range messages {
		raw, err := wire.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	return p2ptest.Frames(all...)
}

func msg(k kind, body []byte) message { return message{V: 1, Kind: k, Body: body} }

// bad are the frames that no honest device sends in the place of the first one.
func bad(t testing.TB) map[string]*p2ptest.Tape {
	return map[string]*p2ptest.Tape{
		"malformed: garbage":       p2ptest.Frames([]byte("garbage")),
		"malformed: nothing in it": p2ptest.Frames(nil),
		"malformed: null":          framed(t, []any{1, kindAsk, nil}),
		"malformed: a field more":  framed(t, []any{1, kindAsk, team[:], 0}),
		"malformed: an empty talk": framed(t, msg(kindTalk, []byte{})),
		"malformed: a long talk":   framed(t, msg(kindTalk, make([]byte, MaxTalk+1))),
		"malformed: a long frame":  p2ptest.Frames(make([]byte, MaxTalk+overhead+1)),
		"malformed: a short id":    framed(t, msg(kindAsk, team[1:])),
		"malformed: a long answer": framed(t, msg(kindAnswer, []byte{0, 0})),
		"newer version":            framed(t, message{V: 2, Kind: kindAsk, Body: team[:]}),
		"newer version, answer":    framed(t, message{V: 2, Kind: kindAnswer, Body: []byte{codeReady}}),
		"newer kind":               framed(t, msg(4, []byte("x"))),
		"not allowed: a talk":      framed(t, msg(kindTalk, []byte("x"))),
	}
}

func TestBadInputVerify(t *testing.T) {
	nobody := host{ready: func([32]byte) error { t.Error("the host is asked"); return nil }}
	talks := func(context.Context, *Talk) error { t.Error("they talk"); return nil }
	asked, answering := bad(t), bad(t)
	asked["not allowed: an answer to nothing"] = framed(t, msg(kindAnswer, []byte{codeReady}))
	answering["not allowed: a question as an answer"] = framed(t, msg(kindAsk, team[:]))
	for name, s := range asked {
		if err := serve(t.Context(), newTalk(s), nobody); !wire.IsFault(err) || s.Out.Len() > 0 {
			t.Errorf("%s, as a question: %v, %d bytes of an answer", name, err, s.Out.Len())
		}
	}
	for name, s := range answering {
		if err := dial(t.Context(), newTalk(s), team, talks); !wire.IsFault(err) {
			t.Errorf("%s, as an answer: %v", name, err)
		}
	}
	for name, m := range map[string]message{"a question": msg(kindAsk, team[:]), "an answer": msg(kindAnswer, []byte{codeReady})} {
		if said, err := newTalk(framed(t, m)).Receive(t.Context()); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("not allowed: %s in a talk: %q, %v", name, said, err)
		}
	}
}

// A connection that ends is nobody's fault, and what we would send wrongly is our own.
func TestW103OnlyBreachesCost(t *testing.T) {
	silent := func(context.Context, *Talk) error { return nil }
	for name, s := range map[string]*p2ptest.Tape{"nothing": {}, "half a one": {In: io.LimitReader(framed(t, msg(kindAsk, team[:])).In, 9)}, "a cut": {In: iotest.ErrReader(errCut)}} {
		if err := serve(t.Context(), newTalk(s), host{ready: yes, converse: silent}); err == nil || wire.IsFault(err) {
			t.Errorf("%s, as a question: %v", name, err)
		}
	}
	for name, s := range map[string]*p2ptest.Tape{"nothing": {}, "a cut": {In: iotest.ErrReader(errCut)}, "no way to ask": {Broken: errCut, In: framed(t, msg(kindAnswer, []byte{codeReady})).In}} {
		err := dial(t.Context(), newTalk(s), team, func(context.Context, *Talk) error { t.Errorf("%s: they talk", name); return nil })
		if err == nil || wire.IsFault(err) {
			t.Errorf("%s, as an answer: %v", name, err)
		}
	}
	refused := framed(t, msg(kindAsk, team[:]))
	refused.Broken = errCut
	if err := serve(t.Context(), newTalk(refused), host{ready: func([32]byte) error { return ErrBusy }}); !errors.Is(err, ErrBusy) || !errors.Is(err, errCut) {
		t.Errorf("a refusal that nobody hears: %v", err)
	}
	for _, size := range []int{0, MaxTalk + 1} {
		s := &p2ptest.Tape{}
		if err := newTalk(s).Send(t.Context(), make([]byte, size)); err == nil || wire.IsFault(err) || s.Out.Len() > 0 {
			t.Errorf("a talk of %d bytes: %v", size, err)
		}
	}
}
