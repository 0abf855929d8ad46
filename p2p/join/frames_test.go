package join

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

var errGone = errors.New("the connection is gone")

// frames is a session on which messages come and writes succeed until broken.
func frames(t *testing.T, joiner bool, messages ...message) (*session, *p2ptest.Tape) {
	t.Helper()
	var all [][]byte
	for _, m := range messages {
		all = append(all, mustEncode(t, m))
	}
	tape := p2ptest.Frames(all...)
	return newSession(tape, joiner), tape
}

func TestW31WhatIsNoMessageIsRefused(t *testing.T) {
	for name, fields := range map[string][]any{
		"version 0": {0, kindRequest, []byte{}}, "version 2": {2, kindRequest, []byte{}}, "kind 0": {1, 0, []byte{}},
		"kind 12": {1, kindDone + 1, []byte{}}, "a null body": {1, kindRequest, nil}, "a text": {1, kindRequest, "x"},
		"a field more": {1, kindRequest, []byte{}, 0}, "a field less": {1, kindRequest},
	} {
		if m, err := decodeMessage(mustEncode(t, fields)); !errors.Is(err, ErrMalformed) || m.Body != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestW38WhatIsNoAddressIsRefused(t *testing.T) {
	key, none := make([]byte, 32), []string{}
	for name, fields := range map[string][]any{
		"version 0": {0, key, none}, "version 2": {2, key, none}, "a short key": {1, key[1:], none}, "a long key": {1, append(key, 0), none},
		"a null key": {1, nil, none}, "a field less": {1, key}, "a number for addresses": {1, key, 5},
	} {
		if a, err := decodeAddress(mustEncode(t, fields)); !errors.Is(err, ErrMalformed) || a.Peer != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if body, err := encodeAddress(PeerAddrs{Peer: "nobody"}); err == nil || body != nil {
		t.Errorf("an address of nobody: %x, %v", body, err)
	}
}

// What we would send beyond a limit is not sent, and costs the other side nothing.
func TestW31TooLongMessagesAreOurOwnFault(t *testing.T) {
	welcome := func(w Welcome) func(*session) error {
		return func(s *session) error { return s.writeWelcome(w) }
	}
	large := make([]byte, MaxPart+1)
	for name, send := range map[string]func(*session) error{
		"a request":   func(s *session) error { return s.join(t.Context(), make([]byte, MaxRequest+1), nil, nil) },
		"a talk":      func(s *session) error { return s.Send(t.Context(), make([]byte, MaxTalk+1)) },
		"a box":       welcome(Welcome{Box: large}),
		"an entry":    welcome(Welcome{Entries: [][]byte{large}}),
		"a blob":      welcome(Welcome{Blobs: [][]byte{large}}),
		"a grant":     welcome(Welcome{Grant: large}),
		"a peer's id": welcome(Welcome{Addrs: []PeerAddrs{{Peer: "nobody"}}}),
	} {
		s, tape := frames(t, true)
		if err := send(s); err == nil || wire.IsFault(err) || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
		if tape.Out.Len() > 0 {
			t.Errorf("%s: %d bytes are sent", name, tape.Out.Len())
		}
	}
	s, tape := frames(t, true, msg(kindBox), msg(kindGrant), msg(kindEnd), msg(kindDone))
	err := s.join(t.Context(), nil, nil, func(Welcome) ([]byte, error) { return make([]byte, MaxEntry+1), nil })
	if err == nil || wire.IsFault(err) || tape.Out.Len() != 5 { // the request alone
		t.Errorf("an entry: %v, %d bytes sent", err, tape.Out.Len())
	}
	s, _ = frames(t, false, msg(kindRequest))
	err = s.answer(t.Context(), talkative(func(ctx context.Context, talk Talk) error { return talk.Send(ctx, make([]byte, MaxTalk+1)) }))
	if !errors.Is(err, errLocal) || wire.IsFault(err) {
		t.Errorf("a talk of the answerer: %v", err)
	}
}

// talkative is an Answerer that only talks.
type talkative func(ctx context.Context, talk Talk) error

func (f talkative) Converse(ctx context.Context, _ p2p.PeerID, _ []byte, talk Talk) (Welcome, error) {
	return Welcome{}, f(ctx, talk)
}
func (f talkative) Request(context.Context, p2p.PeerID, []byte) (Welcome, error) {
	return Welcome{}, f(context.Background(), nil)
}
func (f talkative) Joined(context.Context, p2p.PeerID, []byte) error {
	return errors.New("nothing was handed in")
}

func TestW30AStreamThatEndsEndsTheJoin(t *testing.T) {
	mine := errors.New("the person stopped")
	welcome := []message{msg(kindBox), msg(kindGrant), msg(kindEnd)}
	for name, c := range map[string]struct {
		good     int // messages that can be sent
		come     []message
		converse func(context.Context, Talk) error
		want     error
		accepts  bool
	}{
		"before the request": {want: errGone, come: welcome},
		"at once":            {good: 1, want: io.EOF},
		"in the talk":        {good: 1, want: mine, come: welcome, converse: func(context.Context, Talk) error { return mine }},
		"before the entry":   {good: 1, want: errGone, come: append(welcome, msg(kindDone)), accepts: true},
		"before it is done":  {good: 2, want: io.EOF, come: welcome, accepts: true},
		"with another word":  {good: 2, want: ErrMalformed, come: append(welcome, msg(kindEnd)), accepts: true},
		"never":              {good: 2, want: nil, come: append(welcome, msg(kindDone)), accepts: true},
	} {
		s, tape := frames(t, true, c.come...)
		tape.Good, tape.Broken = c.good, errGone
		accepted := false
		err := s.join(t.Context(), []byte("please"), c.converse, func(Welcome) ([]byte, error) { accepted = true; return []byte("entry"), nil })
		if !errors.Is(err, c.want) || accepted != c.accepts || wire.IsFault(err) != wire.IsFault(c.want) {
			t.Errorf("%s: %v, accepted %t", name, err, accepted)
		}
	}
}

func TestW30AStreamThatEndsEndsTheAnswer(t *testing.T) {
	request := msg(kindRequest, 1)
	for name, c := range map[string]struct {
		good int
		come []message
		want error
	}{
		"before the request":       {want: io.EOF},
		"with a talk instead":      {want: ErrMalformed, come: []message{msg(kindTalk)}},
		"before the welcome":       {want: errGone, come: []message{request}},
		"before the entry":         {want: io.EOF, good: 1, come: []message{request}},
		"with another word":        {want: ErrMalformed, good: 1, come: []message{request, msg(kindDone)}},
		"with a refusal":           {want: ErrMalformed, good: 1, come: []message{request, msg(kindRefusal)}},
		"before done can be said":  {want: errGone, good: 1, come: []message{request, msg(kindJoin)}},
		"when everything was said": {good: 2, come: []message{request, msg(kindJoin)}},
	} {
		s, tape := frames(t, false, c.come...)
		tape.Good, tape.Broken = c.good, errGone
		err := s.answer(t.Context(), talkative(func(context.Context, Talk) error { return nil }))
		if !errors.Is(err, c.want) || wire.IsFault(err) != wire.IsFault(c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A joiner that gave up a Receive still reads what it brings, before anything else.
func TestW33WhatAGivenUpReceiveBringsComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, welcome := frames(t, true, msg(kindBox, 1), msg(kindEntry, 2), msg(kindGrant), msg(kindEnd))
		come, sent := io.Pipe()
		s := newSession(&p2ptest.Tape{In: come}, true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Receive(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		go func() {
			_, _ = io.Copy(sent, welcome.In)
			_ = sent.CloseWithError(errGone)
		}()
		w, err := s.readWelcome(time.Second)
		if err != nil || len(w.Box) != 1 || len(w.Entries) != 1 {
			t.Errorf("%+v, %v", w, err)
		}
	})
}

// The end of a talk, and a refusal, stay said until they are read as what they are.
func TestW33TheEndOfATalkIsNotSwallowed(t *testing.T) {
	s, _ := frames(t, true, msg(kindBox, 1), msg(kindGrant), msg(kindEnd))
	for range 3 {
		if _, err := s.Receive(t.Context()); !errors.Is(err, ErrTalkOver) {
			t.Fatalf("got %v", err)
		}
	}
	if w, err := s.readWelcome(time.Second); err != nil || len(w.Box) != 1 {
		t.Errorf("%+v, %v", w, err)
	}
	s, _ = frames(t, true, msg(kindRefusal, []byte(CodeUsed)...))
	var refusal *Refusal
	for range 3 {
		if _, err := s.Receive(t.Context()); !errors.As(err, &refusal) || refusal.Code != CodeUsed {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := s.readWelcome(time.Second); !errors.As(err, &refusal) {
		t.Errorf("got %v", err)
	}
	s, _ = frames(t, true, msg(kindJoin))
	if _, err := s.Receive(t.Context()); !errors.Is(err, ErrMalformed) {
		t.Errorf("an entry in a talk: %v", err)
	}
}

func TestW35AnAddressBookHasAtMost600Peers(t *testing.T) {
	one := msg(kindAddrs, mustEncode(t, address{V: 1, Peer: make([]byte, 32), Addrs: []string{}})...)
	for n, want := range map[int]error{maxPeers: nil, maxPeers + 1: wire.ErrTooLarge} {
		come := append([]message{msg(kindBox), msg(kindGrant)}, slices.Repeat([]message{one}, n)...)
		s, _ := frames(t, true, append(come, msg(kindEnd))...)
		if w, err := s.readWelcome(time.Second); !errors.Is(err, want) || err == nil && len(w.Addrs) != n {
			t.Errorf("%d peers: %d, %v", n, len(w.Addrs), err)
		}
	}
}
