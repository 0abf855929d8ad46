// Package farewell carries /parvis/out/1: a device that was cut off from a workspace
// asks a member why, and gets the log entries that say so (SPEC.md W80 to W84). The
// entries are opaque here; they prove themselves.
package farewell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// Protocol is the id of the protocol, with its major version.
const Protocol = "/parvis/out/1"

// Limits of a question and of an answer.
const (
	MaxHeads   = 64
	MaxEntries = 4096
	MaxBytes   = 1 << 20 // of all entries of an answer
)

const (
	maxQuestion = MaxHeads*34 + 64
	maxAnswer   = MaxBytes + MaxEntries*5 + 64
	breach      = 10 // points for a broken rule (protocol 2.18)
	whole       = 30 * time.Second
)

// Question names a workspace and the ends of the log that the asker has of it.
type Question struct {
	Workspace [32]byte
	Heads     [][32]byte // sorted and different, at most MaxHeads
}

type question struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Workspace [32]byte
	Heads     [][32]byte
}

// answer has no entry when there is nothing to say: to a member in good standing, to
// one that has them all, and about a workspace that is not here.
type answer struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Entries [][]byte
}

func decodeQuestion(frame []byte) (question, error) {
	q, err := wire.Decode[question](frame)
	switch {
	case err != nil:
		return question{}, err
	case q.V != 1 || q.Heads == nil:
		return question{}, fmt.Errorf("%w: farewell question", wire.ErrMalformed)
	case len(q.Heads) > MaxHeads:
		return question{}, fmt.Errorf("%w: farewell question", wire.ErrTooLarge)
	}
	if !ascending(q.Heads) {
		return question{}, fmt.Errorf("%w: heads of a farewell question", wire.ErrMalformed)
	}
	return q, nil
}

// ascending reports whether heads are sorted and different.
func ascending(heads [][32]byte) bool {
	for i := range heads[min(1, len(heads)):] {
		if bytes.Compare(heads[i][:], heads[i+1][:]) >= 0 {
			return false
		}
	}
	return true
}

func decodeAnswer(frame []byte) (answer, error) {
	a, err := wire.Decode[answer](frame)
	if err != nil {
		return answer{}, err
	}
	if a.V != 1 || a.Entries == nil {
		return answer{}, fmt.Errorf("%w: farewell answer", wire.ErrMalformed)
	}
	size := 0
	for _, e := range a.Entries {
		if len(e) == 0 {
			return answer{}, fmt.Errorf("%w: farewell answer", wire.ErrMalformed)
		}
		size += len(e)
	}
	if len(a.Entries) > MaxEntries || size > MaxBytes {
		return answer{}, fmt.Errorf("%w: farewell answer", wire.ErrTooLarge)
	}
	return a, nil
}

// Serve answers with what why gives: for whoever asks, no more than proves that it is
// out. What exceeds the limits of an answer is left out, the last entries first; the
// asker asks again.
func Serve(n *p2p.Node, why func(from p2p.PeerID, q Question) [][]byte) {
	n.HandleParting(Protocol, func(_ context.Context, s p2p.Stream) {
		err := serve(s, why)
		if err == nil {
			return
		}
		_ = s.Reset()
		if wire.IsFault(err) {
			n.Penalise(s.Peer(), breach, err.Error())
			return
		}
		n.Log().Debug("say farewell", "peer", s.Peer().Short(), "error", err)
	})
}

func serve(s p2p.Stream, why func(p2p.PeerID, Question) [][]byte) error {
	frame, err := wire.NewReader(s, wire.FirstByte).ReadFrame(maxQuestion)
	if err != nil {
		return err
	}
	q, err := decodeQuestion(frame)
	if err != nil {
		return err
	}
	entries := fitting(why(s.Peer(), Question{q.Workspace, q.Heads}))
	return wire.Send(wire.NewWriter(s, wire.Idle), answer{V: 1, Entries: entries})
}

// fitting are the first entries that fit into an answer.
func fitting(entries [][]byte) [][]byte {
	size := 0
	for i, e := range entries {
		if size += len(e); i == MaxEntries || size > MaxBytes {
			return entries[:i]
		}
	}
	return append([][]byte{}, entries...)
}

// Ask asks a connected member why it does not talk with this device any more. No entry
// means that there is nothing to say.
func Ask(ctx context.Context, n *p2p.Node, to p2p.PeerID, q Question) ([][]byte, error) {
	if len(q.Heads) > MaxHeads || !ascending(q.Heads) {
		return nil, errors.New("ask for a farewell: too many heads, or not sorted")
	}
	ctx, cancel := context.WithTimeout(ctx, whole)
	defer cancel()
	s, err := n.Open(ctx, to, Protocol)
	if err != nil {
		return nil, fmt.Errorf("ask for a farewell: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	entries, err := ask(s, q)
	if err != nil {
		_ = s.Reset()
		if wire.IsFault(err) {
			n.Penalise(to, breach, err.Error())
		}
		return nil, fmt.Errorf("ask for a farewell: %w", err)
	}
	_ = s.Close()
	return entries, nil
}

func ask(s p2p.Stream, q Question) ([][]byte, error) {
	heads := append([][32]byte{}, q.Heads...)
	if err := wire.Send(wire.NewWriter(s, wire.Idle), question{V: 1, Workspace: q.Workspace, Heads: heads}); err != nil {
		return nil, err
	}
	frame, err := wire.NewReader(s, wire.FirstByte).ReadFrame(maxAnswer)
	if err != nil {
		return nil, err
	}
	a, err := decodeAnswer(frame)
	return a.Entries, err
}
