package feed

import (
	"bytes"
	"testing"

	"parvis/crdt/seal"
)

// The rows of protocol 2.18 for an envelope's header and body, column by column, with
// the exact outcome. The page crdt/BAD-INPUT.md names the test of every cell.

func TestBadInputEnvelopeHeader(t *testing.T) {
	a := newAuthor(1)
	other := a.fork()
	first := a.write(t, Plain{Body: []byte("first")})
	second := a.write(t, Plain{Body: []byte("second")})
	third := a.write(t, Plain{Body: []byte("third")})
	ct := a.sealed(plain(t, nil))
	signed := func(payload []byte) []byte { return a.raw(t, payload, ct) }
	good := encode(t, a.header(ct, nil))
	verdict := func(raw []byte, tail Tail, log View) error {
		e, err := Parse(raw)
		if e != nil && !e.Verify() {
			return reject(reasonVerify)
		}
		if err != nil {
			return err
		}
		_, err = Check(e, tail, log)
		return err
	}
	forged := second.Raw
	forged = bytes.Replace(forged, second.Sig, other.key.Sign(labelEnvelope, first.Payload), 1)
	newer := append([]byte{good[0], 2}, good[2:]...)
	unsigned := bytes.Replace(signed(newer), a.key.Sign(labelEnvelope, newer), a.key.Sign("another purpose", newer), 1)
	for _, cell := range []struct {
		column string
		err    error
		want   seal.Outcome
		reason string
	}{
		{"right", verdict(second.Raw, first.Tail(), allowed), seal.OK, ""},
		{"malformed: cut off", verdict(second.Raw[:len(second.Raw)-1], first.Tail(), allowed), seal.Reject, reasonFraming},
		{"malformed: not canonical", verdict(append(bytes.Clone(second.Raw), 0), first.Tail(), allowed), seal.Reject, reasonFraming},
		{"malformed: content of another hash", verdict(a.raw(t, good, append(bytes.Clone(ct[:len(ct)-1]), ct[len(ct)-1]^1)), third.Tail(), allowed), seal.Reject, reasonCTHash},
		{"malformed: too long", verdict(make([]byte, MaxEnvelope+1), first.Tail(), allowed), seal.Reject, reasonSize},
		{"newer version", verdict(signed(newer), third.Tail(), allowed), seal.Pend, reasonVersion},
		{"newer version, not signed", verdict(unsigned, third.Tail(), allowed), seal.Reject, reasonVerify},
		{"missing reference: unknown log references", verdict(second.Raw, first.Tail(), nil), seal.Pend, reasonUnknown},
		{"missing reference: a gap", verdict(third.Raw, first.Tail(), allowed), seal.Pend, reasonGap},
		{"wrong signature", verdict(forged, first.Tail(), allowed), seal.Reject, reasonVerify},
		{"not allowed: no write access", verdict(second.Raw, first.Tail(), view{Epoch: true}), seal.Reject, reasonWrite},
		{"not allowed: an epoch that cannot be used", verdict(second.Raw, first.Tail(), view{Write: true}), seal.Reject, reasonEpoch},
		{"duplicate", verdict(second.Raw, second.Tail(), allowed), seal.Drop, reasonDuplicate},
		{"duplicate: another one for the same place", verdict(other.write(t, Plain{Body: []byte("other")}).Raw, first.Tail(), allowed), seal.Evidence, reasonFork},
	} {
		t.Run(cell.column, func(t *testing.T) { wantFault(t, cell.err, cell.want, cell.reason) })
	}
}

func TestBadInputEnvelopeBody(t *testing.T) {
	open := func(plain []byte) error {
		a := newAuthor(1)
		ct := a.sealed(plain)
		e, err := Parse(a.raw(t, encode(t, a.header(ct, nil)), ct))
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Open(a.content)
		return err
	}
	a := newAuthor(1)
	e := a.write(t, Plain{Body: []byte("x")})
	_, otherKey := e.Open(seal.Key{9})
	for _, cell := range []struct {
		column string
		err    error
		want   seal.Outcome
		reason string
	}{
		{"right", open(plain(t, nil)), seal.OK, ""},
		{"malformed: does not open", otherKey, seal.Quarantine, reasonSealed},
		{"malformed: no content", open(make([]byte, minPlain)), seal.Quarantine, reasonPlain},
		{"malformed: padding", open(plain(t, func(p *Plain) { p.Pad[0] = 1 })), seal.Quarantine, reasonPadding},
		{"not allowed: too many deps", open(plain(t, func(p *Plain) {
			p.Deps, p.Pad = make([]seal.ID, MaxDeps+1), nil
			p.Pad = make([]byte, padLength(p.size()))
		})), seal.Quarantine, reasonDeps},
	} {
		t.Run(cell.column, func(t *testing.T) { wantFault(t, cell.err, cell.want, cell.reason) })
	}
}
