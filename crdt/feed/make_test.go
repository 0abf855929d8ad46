package feed

import (
	"testing"

	"parvis/crdt/seal"
)

// author writes envelopes of one device in one space, right ones and, through
// raw pieces, wrong ones.
type author struct {
	key     seal.SignKey
	content seal.Key
	next    Header
}

func newAuthor(number byte) *author {
	key := seal.NewSignKey([32]byte{number})
	a := &author{key: key, next: Header{
		V: Version, WS: seal.ID{1}, Space: seal.SpaceID{2}, Dev: key.Public(), Seq: 1,
		LogRefs: []seal.ID{{3}}, EpochID: seal.ID{4},
	}}
	a.content = ContentKey(seal.Key{5}, a.next.Space, a.next.EpochID, a.next.Dev)
	return a
}

// write appends an envelope to the author's chain.
func (a *author) write(t testing.TB, p Plain) *Envelope {
	t.Helper()
	e, err := Seal(a.key, a.content, a.next, p)
	if err != nil {
		t.Fatal(err)
	}
	a.next.Seq, a.next.Prev = e.Header.Seq+1, e.ID
	return e
}

// fork returns an author with the same keys and the same place in the chain.
func (a *author) fork() *author {
	other := *a
	return &other
}

// header returns a right header for ct after change.
func (a *author) header(ct []byte, change func(*Header)) Header {
	h := a.next
	h.CTHash, h.CTLen = seal.Sum(ct), uint32(len(ct))
	if change != nil {
		change(&h)
	}
	return h
}

// raw signs any payload and frames it with any sealed content.
func (a *author) raw(t testing.TB, payload, ct []byte) []byte {
	t.Helper()
	return encode(t, wire{Payload: payload, Sig: a.key.Sign(labelEnvelope, payload), CT: ct})
}

// sealed encrypts any content for the header that comes next.
func (a *author) sealed(plain []byte) []byte { return a.content.Seal(plain, a.next.aad()) }

// plain is a small right content, encoded and padded.
func plain(t testing.TB, change func(*Plain)) []byte {
	t.Helper()
	p := Plain{Kind: 1, HintMs: 1_700_000_000_000, Deps: []seal.ID{{6}}, Body: []byte("body")}
	p.Pad = make([]byte, padLength(p.size()))
	if change != nil {
		change(&p)
	}
	return encode(t, p)
}

func encode[T any](t testing.TB, v T) []byte {
	t.Helper()
	raw, err := seal.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// wantFault compares an error with an outcome and a reason; "ok" means nil.
func wantFault(t *testing.T, err error, outcome seal.Outcome, reason string) {
	t.Helper()
	switch {
	case outcome == seal.OK && err != nil:
		t.Errorf("got %v, want ok", err)
	case outcome != seal.OK && (err == nil || err.Error() != (&seal.Fault{Outcome: outcome, Reason: reason}).Error()):
		t.Errorf("got %v, want %v: %s", err, outcome, reason)
	}
}

// view is a fixed answer of the membership log.
type view struct{ Write, Epoch bool }

func (v view) CanWrite(seal.SpaceID, seal.ID) bool    { return v.Write }
func (v view) EpochUsable(seal.SpaceID, seal.ID) bool { return v.Epoch }

var allowed = view{Write: true, Epoch: true}
