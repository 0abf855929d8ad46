package mailbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// session is one greeted stream at the device's side; one exchange at a time.
type session struct {
	stream  p2p.Stream
	r       *wire.Reader
	w       *wire.Writer
	welcome welcome
	since   time.Time // idle since
}

func newSession(s p2p.Stream) *session {
	return &session{stream: s, r: wire.NewReader(s, wire.Idle), w: wire.NewWriter(s, wire.Idle)}
}

// end closes the stream kindly.
func (s *session) end() { _ = s.stream.Close() }

// bounded runs an exchange; the end of ctx resets the stream.
func (s *session) bounded(ctx context.Context, exchange func(*session) error) error {
	stop := context.AfterFunc(ctx, func() { _ = s.stream.Reset() })
	err := exchange(s)
	if !stop() && err == nil {
		// It was reset just when it was over: the answer is good, the stream is not.
		return ctx.Err()
	}
	return err
}

// answer sends what was written and reads a message of the wanted kind; a done
// with a code is returned as its error.
func answer[M interface {
	head() head
	check() error
}](s *session, want kind) (M, error) {
	var none M
	if err := s.w.Flush(); err != nil {
		return none, err
	}
	return next[M](s, want)
}

// next reads a further message.
func next[M interface {
	head() head
	check() error
}](s *session, want kind) (M, error) {
	var none M
	frame, err := s.r.ReadFrame(maxAnswer)
	if err != nil {
		return none, unexpectedEnd(err)
	}
	got, err := kindOf(frame)
	if err != nil {
		return none, err
	}
	if got == kindDone {
		d, err := decode[done](frame, kindDone)
		if err != nil {
			return none, err
		}
		if err := d.err(); err != nil {
			return none, err
		}
	}
	return decode[M](frame, want)
}

// fetched reads the objects of one fetch. They come in the order of the ids, so
// that none can come twice or without being asked for.
func (s *session) fetched(ids [][32]byte, all *[]Object) error {
	if err := s.w.Flush(); err != nil {
		return err
	}
	total := 0
	for {
		m, err := next[objects](s, kindObjects)
		if err != nil {
			return err
		}
		if total += sum(m.Sizes); total > MaxFetch {
			return fmt.Errorf("%w: objects", wire.ErrTooLarge)
		}
		for _, id := range unpackIDs(m.IDs) {
			for len(ids) > 0 && ids[0] != id {
				ids = ids[1:]
			}
			if len(ids) == 0 {
				return malformed("an object that was not asked for")
			}
			ids = ids[1:]
		}
		body, err := readBody(s.r, m.Sizes)
		if err != nil {
			return unexpectedEnd(err)
		}
		*all = append(*all, unpackObjects(m.IDs, m.Sizes, body)...)
		if !m.More {
			return nil
		}
	}
}

// readBody reads the frame of bytes behind a message with objects.
func readBody(r *wire.Reader, sizes []uint32) ([]byte, error) {
	total := sum(sizes)
	body, err := r.ReadFrame(total)
	if err != nil {
		return nil, err
	}
	if len(body) != total {
		return nil, malformed("length of objects")
	}
	return body, nil
}

// errGone reports a super-peer that closed the stream instead of answering.
var errGone = errors.New("the super-peer closed the stream")

func unexpectedEnd(err error) error {
	if err != nil && !wire.IsFault(err) {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return err
}

// err is what a code means to the caller; nil for done.
func (m done) err() error {
	switch m.Code {
	case codeDone:
		return nil
	case codeStranger:
		return ErrStranger
	case codeFull:
		return ErrFull
	case codeTooMuch:
		return ErrTooMuch
	case codeRate:
		return &RateError{Wait: time.Duration(min(m.Wait, maxWait)) * time.Millisecond}
	}
	return ErrFailed
}

// maxWait bounds what a super-peer may ask for, in milliseconds.
const maxWait = 3_600_000

// doneOf is the message that says err.
func doneOf(err error) done {
	m := done{V: 1, Kind: kindDone}
	var rate *RateError
	switch {
	case err == nil:
	case errors.Is(err, ErrStranger):
		m.Code = codeStranger
	case errors.Is(err, ErrFull):
		m.Code = codeFull
	case errors.Is(err, ErrTooMuch):
		m.Code = codeTooMuch
	case errors.As(err, &rate):
		m.Code, m.Wait = codeRate, uint(min(max(rate.Wait.Milliseconds(), 1), maxWait))
	default:
		m.Code = codeFailed
	}
	return m
}

// isAnswer reports whether the super-peer itself said err, so that the stream is
// still good.
func isAnswer(err error) bool {
	for _, said := range []error{ErrStranger, ErrFull, ErrTooMuch, ErrRate, ErrFailed} {
		if errors.Is(err, said) {
			return true
		}
	}
	return false
}
