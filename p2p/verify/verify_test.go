package verify

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

// host answers with what ready says.
type host struct {
	ready    func(ws [32]byte) error
	converse func(context.Context, *Talk) error
}

func (h host) Ready(_ context.Context, _ p2p.PeerID, ws [32]byte) (func(context.Context, *Talk) error, error) {
	return h.converse, h.ready(ws)
}

func pair(t *testing.T) (asker, asked *p2ptest.Node, ctx context.Context) {
	t.Helper()
	nodes := p2ptest.Connected(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return nodes[0], nodes[1], ctx
}

var team = [32]byte{7}

func yes([32]byte) error { return nil }

func TestW100TheyTalkOnceTheAskedOneIsReady(t *testing.T) {
	asker, asked, ctx := pair(t)
	over := make(chan error, 1)
	Serve(asked.Node, host{
		ready: func(ws [32]byte) error {
			if ws != team {
				t.Errorf("asked about %x", ws)
			}
			return nil
		},
		converse: func(ctx context.Context, talk *Talk) (err error) {
			defer func() { over <- err }()
			for range 3 {
				said, err := talk.Receive(ctx)
				if err != nil {
					return err
				}
				if err := talk.Send(ctx, append(said, '!')); err != nil {
					return err
				}
			}
			_, err = talk.Receive(ctx) // the end of the other side ends it
			return err
		},
	})
	err := Dial(ctx, asker.Node, asked.ID(), team, func(ctx context.Context, talk *Talk) error {
		for i := range 3 {
			short, stop := context.WithCancel(ctx)
			stop()
			if _, err := talk.Receive(short); !errors.Is(err, context.Canceled) {
				t.Errorf("a read without time: %v", err)
			}
			said := bytes.Repeat([]byte{byte(i)}, MaxTalk-1)
			if err := talk.Send(ctx, said); err != nil {
				return err
			}
			heard, err := talk.Receive(ctx) // what the read above left comes now
			if err != nil || !bytes.Equal(heard, append(said, '!')) {
				t.Errorf("heard %d bytes, %v", len(heard), err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-over; err == nil {
		t.Error("the talk went on after its end")
	}
	t.Run("W100 a stranger is not heard", func(t *testing.T) {
		stranger := p2ptest.Start(t)
		stranger.Gate.Allow(asked.ID())
		if err := Dial(ctx, stranger.Node, asked.ID(), team, nil); err == nil {
			t.Error("it was")
		}
	})
}

func TestW101ARefusalSaysWhy(t *testing.T) {
	asker, asked, ctx := pair(t)
	for _, want := range []error{ErrRefused, ErrBusy, ErrResting, errors.New("something of our own")} {
		Serve(asked.Node, host{ready: func([32]byte) error { return want }})
		for range 12 { // as breaches, they would end the connection
			err := Dial(ctx, asker.Node, asked.ID(), team, func(context.Context, *Talk) error { t.Error("they talk"); return nil })
			if told := reason(codeOf(want)); !errors.Is(err, told) {
				t.Fatalf("%v: %v, want %v", want, err, told)
			}
		}
	}
	if !errors.Is(reason(77), ErrRefused) {
		t.Error("an unknown code is no refusal")
	}
}

func TestW102EveryMessageHasOneForm(t *testing.T) {
	frame := func(m message) []byte {
		raw, err := wire.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	for name, good := range map[string]message{
		"verify-ask":    {V: 1, Kind: kindAsk, Body: make([]byte, 32)},
		"verify-answer": {V: 1, Kind: kindAnswer, Body: []byte{codeResting}},
		"verify-talk":   {V: 1, Kind: kindTalk, Body: []byte("x")},
	} {
		if _, err := decode(p2ptest.Golden(t, name, frame(good))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if raw := frame(message{V: 1, Kind: kindTalk, Body: make([]byte, MaxTalk)}); len(raw) > MaxTalk+overhead {
		t.Errorf("the longest talk has %d bytes", len(raw))
	}
	for _, bad := range []message{
		{V: 0, Kind: kindTalk, Body: []byte("x")}, {V: 2, Kind: kindTalk, Body: []byte("x")}, {V: 1, Kind: 0, Body: []byte("x")},
		{V: 1, Kind: 4, Body: []byte("x")}, {V: 1, Kind: kindAsk, Body: make([]byte, 31)}, {V: 1, Kind: kindAsk, Body: make([]byte, 33)},
		{V: 1, Kind: kindAnswer, Body: []byte{}}, {V: 1, Kind: kindAnswer, Body: []byte{0, 0}},
		{V: 1, Kind: kindTalk, Body: []byte{}}, {V: 1, Kind: kindTalk, Body: make([]byte, MaxTalk+1)},
	} {
		if _, err := decode(frame(bad)); !wire.IsFault(err) {
			t.Errorf("%d %d, %d bytes: %v", bad.V, bad.Kind, len(bad.Body), err)
		}
	}
}

func TestW103ABreachCosts(t *testing.T) {
	asker, asked, ctx := pair(t)
	gone := make(chan struct{}, 1)
	asked.OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			gone <- struct{}{}
		}
	})
	Serve(asked.Node, host{ready: yes, converse: func(ctx context.Context, talk *Talk) error {
		_, err := talk.Receive(ctx)
		return err
	}})
	for range 10 {
		_ = Dial(ctx, asker.Node, asked.ID(), team, func(ctx context.Context, talk *Talk) error {
			return wire.Send(talk.w, message{V: 1, Kind: kindAsk, Body: team[:]}) // a question in a talk
		})
	}
	select {
	case <-gone:
	case <-ctx.Done():
		t.Error("ten breaches did not end the connection")
	}
}

func TestW104ACallThatIsGivenUpEndsTheTalk(t *testing.T) {
	asker, asked, ctx := pair(t)
	over := make(chan error, 1)
	Serve(asked.Node, host{ready: yes, converse: func(ctx context.Context, talk *Talk) error {
		_, err := talk.Receive(ctx)
		over <- err
		return err
	}})
	call, giveUp := context.WithCancel(ctx)
	err := Dial(call, asker.Node, asked.ID(), team, func(ctx context.Context, talk *Talk) error {
		giveUp()
		_, err := talk.Receive(ctx)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	select {
	case err := <-over:
		if err == nil {
			t.Error("it heard something")
		}
	case <-ctx.Done():
		t.Error("the other side still listens")
	}
}

func FuzzMessages(f *testing.F) {
	for _, m := range []message{{V: 1, Kind: kindAsk, Body: team[:]}, {V: 1, Kind: kindAnswer, Body: []byte{2}}, {V: 1, Kind: kindTalk, Body: []byte("x")}} {
		raw, err := wire.Encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if m, err := decode(frame); err == nil && (m.V != version || len(m.Body) == 0 || len(m.Body) > MaxTalk) {
			t.Error("accepted")
		}
	})
}
