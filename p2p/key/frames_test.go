package key

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

var errGone = errors.New("the connection is gone")

// form is request and response with the types that bytes may have instead.
func form(fields ...any) []any { return fields }

func TestW41WhatIsNoMessageIsRefused(t *testing.T) {
	for name, fields := range map[string][]any{
		"version 0": form(0, []byte("x")), "version 2": form(2, []byte("x")), "a null body": form(1, nil), "a text": form(1, "x"),
		"a field more": form(1, []byte("x"), 0), "a field less": form(1),
	} {
		if q, err := decodeRequest(encode(t, fields)); !errors.Is(err, ErrMalformed) || q.Body != nil {
			t.Errorf("a request with %s: %v", name, err)
		}
	}
	for name, fields := range map[string][]any{
		"version 0": form(0, statusGranted, []byte("x")), "version 2": form(2, statusGranted, []byte("x")),
		"a null body": form(1, statusGranted, nil), "another status": form(1, 2, []byte{}), "no status": form(1, []byte("x")),
	} {
		if a, err := decodeResponse(encode(t, fields)); !errors.Is(err, ErrMalformed) || a.Body != nil {
			t.Errorf("a response with %s: %v", name, err)
		}
	}
}

// Whoever holds the keys is asked only what is well-formed, and a connection that ends
// is nobody's fault.
func TestW40OnlyARequestReachesTheHolder(t *testing.T) {
	for name, c := range map[string]struct {
		stream *p2ptest.Tape
		want   error
	}{
		"nothing":    {&p2ptest.Tape{}, io.EOF},
		"a failure":  {&p2ptest.Tape{In: iotest.ErrReader(errGone)}, errGone},
		"half a one": {&p2ptest.Tape{In: bytes.NewReader([]byte{5, 0x82})}, io.ErrUnexpectedEOF},
		"garbage":    {p2ptest.Frames([]byte("garbage")), ErrMalformed},
		"version 2":  {p2ptest.Frames(encode(t, request{V: 2, Body: []byte("x")})), ErrMalformed},
		"too much":   {p2ptest.Frames(encode(t, request{V: 1, Body: make([]byte, MaxRequest+1)})), wire.ErrTooLarge},
	} {
		err := serve(t.Context(), c.stream, func(context.Context, p2p.PeerID, []byte) ([]byte, error) {
			t.Errorf("%s: the holder is asked", name)
			return nil, nil
		})
		if !errors.Is(err, c.want) || wire.IsFault(err) != wire.IsFault(c.want) || c.stream.Out.Len() > 0 {
			t.Errorf("%s: %v, %d bytes of an answer", name, err, c.stream.Out.Len())
		}
	}
}

func TestW40OnlyAResponseIsAGrant(t *testing.T) {
	answer := func(m response) *p2ptest.Tape { return p2ptest.Frames(encode(t, m)) }
	silent := &p2ptest.Tape{Broken: errGone}
	for name, c := range map[string]struct {
		stream *p2ptest.Tape
		want   error
	}{
		"the request cannot be sent": {silent, errGone},
		"nothing":                    {&p2ptest.Tape{}, io.EOF},
		"a failure":                  {&p2ptest.Tape{In: iotest.ErrReader(errGone)}, errGone},
		"garbage":                    {p2ptest.Frames([]byte("garbage")), ErrMalformed},
		"version 2":                  {answer(response{V: 2, Body: []byte("x")}), ErrMalformed},
		"another status":             {answer(response{V: 1, Status: 2, Body: []byte{}}), ErrMalformed},
		"too much":                   {answer(response{V: 1, Body: make([]byte, MaxGrant+1)}), wire.ErrTooLarge},
		"a refusal":                  {answer(response{V: 1, Status: statusRefused, Body: []byte{}}), ErrRefused},
	} {
		got, err := ask(c.stream, []byte("x"))
		if got != nil || !errors.Is(err, c.want) || wire.IsFault(err) != wire.IsFault(c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	good := answer(response{V: 1, Body: []byte("grant")})
	if got, err := ask(good, []byte("x")); err != nil || string(got) != "grant" {
		t.Errorf("a grant: %q, %v", got, err)
	}
}

// A request of ours that is too long is our own fault: nobody is asked, and nobody gets points.
func TestW41ATooLongRequestAsksNobody(t *testing.T) {
	nobody := p2p.New(p2p.Config{}) // not started, so that opening a stream would fail otherwise
	if _, err := Ask(t.Context(), nobody, "x", make([]byte, MaxRequest+1)); err == nil || errors.Is(err, p2p.ErrNotStarted) || wire.IsFault(err) {
		t.Errorf("got %v", err)
	}
	if _, err := Ask(t.Context(), nobody, "x", make([]byte, MaxRequest)); !errors.Is(err, p2p.ErrNotStarted) {
		t.Errorf("the longest: %v", err)
	}
}
