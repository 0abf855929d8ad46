package feed

import (
	"flag"
	"testing"
	"testing/cryptotest"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

var update = flag.Bool("update", false, "write the test vectors again")

// verdict is what a vector must end with: the outcome and the fixed reason.
type verdict struct {
	Outcome string
	Reason  string `json:",omitempty"`
}

func verdictOf(err error) verdict {
	v := verdict{Outcome: seal.OutcomeOf(err).String()}
	if fault, ok := err.(*seal.Fault); ok {
		v.Reason = fault.Reason
	}
	return v
}

// must give at least so many invalid vectors of each structure.
const leastInvalid = 20

// envelopeVector is a whole envelope with the state it meets. The steps are
// Parse, Verify, Check and Open; the first that fails gives the verdict.
type envelopeVector struct {
	Name     string
	Rules    string
	Raw      sealtest.Hex
	TailSeq  uint64
	TailID   string
	LogKnown bool
	View     view
	Content  sealtest.Hex
	verdict
}

func (v envelopeVector) run(t *testing.T) (verdict, *Envelope) {
	t.Helper()
	e, err := Parse(v.Raw)
	if e != nil && !e.Verify() {
		err = reject(reasonVerify)
	}
	if err != nil {
		return verdictOf(err), e
	}
	tailID, err := seal.ParseID(v.TailID)
	if err != nil {
		t.Fatal(err)
	}
	var log View
	if v.LogKnown {
		log = v.View
	}
	if _, err := Check(e, Tail{v.TailSeq, tailID}, log); err != nil {
		return verdictOf(err), e
	}
	_, err = e.Open(seal.Key(v.Content))
	return verdictOf(err), e
}

// envelopeMaker writes the vectors of whole envelopes. Each starts from the
// second envelope of a chain and changes one thing.
type envelopeMaker struct {
	*testing.T
	author
	first   *Envelope
	ct      []byte
	payload []byte // the right header
	sig     []byte // its signature
	good    []byte // the right envelope
	list    []envelopeVector
}

func makeEnvelopes(t *testing.T) []envelopeVector {
	cryptotest.SetGlobalRandom(t, 2)
	m := &envelopeMaker{T: t, author: *newAuthor(1)}
	m.first = m.write(t, Plain{Body: []byte("first")})
	m.ct = m.sealed(plain(t, nil))
	m.payload = encode(t, m.header(m.ct, nil))
	m.sig = m.key.Sign(labelEnvelope, m.payload)
	m.good = m.with(nil)
	m.addGood()
	m.addFraming()
	m.addHeader()
	m.addSignature()
	m.addState()
	m.addSealed()
	return m.list
}

func (m *envelopeMaker) add(rules, name string, raw []byte, outcome seal.Outcome, reason string, change ...func(*envelopeVector)) {
	v := envelopeVector{Name: name, Rules: rules, Raw: raw, TailSeq: 1, TailID: m.first.ID.String(), LogKnown: true,
		View: allowed, Content: m.content[:], verdict: verdict{outcome.String(), reason}}
	for _, f := range change {
		f(&v)
	}
	m.list = append(m.list, v)
}

// with is the right envelope with another header, rightly signed.
func (m *envelopeMaker) with(change func(*Header)) []byte {
	return m.raw(m.T, encode(m.T, m.header(m.ct, change)), m.ct)
}

// framed is an envelope of any three parts.
func (m *envelopeMaker) framed(payload, sig, ct []byte) []byte {
	return encode(m.T, wire{Payload: payload, Sig: sig, CT: ct})
}

func noTail(v *envelopeVector) { v.TailSeq, v.TailID = 0, seal.ID{}.String() }

func (m *envelopeMaker) addGood() {
	m.add("E1 E2 E4 E5 E6 E7 E10 E11", "right", m.good, seal.OK, "")
	m.add("E2 E7", "first of its chain", m.first.Raw, seal.OK, "", noTail)
	four := m.fork()
	four.next.LogRefs = []seal.ID{{1}, {2}, {3}, {4}}
	m.add("E2", "four log references", four.write(m.T, Plain{}).Raw, seal.OK, "")
}

func (m *envelopeMaker) addFraming() {
	for _, bad := range sealtest.Malform(m.T, m.good) {
		m.add("E1", "framing: "+bad.Name, bad.Raw, seal.Reject, reasonFraming)
	}
	short := make([]byte, minCT-1)
	m.add("E1", "content shorter than any", m.raw(m.T, encode(m.T, m.header(short, nil)), short), seal.Reject, reasonSize)
	m.add("E1", "header longer than any", m.framed(make([]byte, MaxHeader+1), m.sig, m.ct), seal.Reject, reasonSize)
	m.add("E1", "signature of 63 bytes", m.framed(m.payload, m.sig[:63], m.ct), seal.Reject, reasonSig)
	m.add("E1", "signature of 65 bytes", m.framed(m.payload, append(m.sig[:64:64], 0), m.ct), seal.Reject, reasonSig)
}

func (m *envelopeMaker) addHeader() {
	for _, c := range []struct {
		rules, name string
		change      func(*Header)
		outcome     seal.Outcome
		reason      string
	}{
		{"E3", "version 0", func(h *Header) { h.V = 0 }, seal.Reject, reasonVersion},
		{"E3", "version 2 with the same fields", func(h *Header) { h.V = 2 }, seal.Pend, reasonVersion},
		{"E2", "seq 0", func(h *Header) { h.Seq = 0 }, seal.Reject, reasonSeq},
		{"E2", "seq 1 with a prev", func(h *Header) { h.Seq = 1 }, seal.Reject, reasonPrev},
		{"E2", "seq 2 without a prev", func(h *Header) { h.Prev = seal.ID{} }, seal.Reject, reasonPrev},
		{"E2", "no log references", func(h *Header) { h.LogRefs = nil }, seal.Reject, reasonLogRefs},
		{"E2", "five log references", func(h *Header) { h.LogRefs = []seal.ID{{1}, {2}, {3}, {4}, {5}} }, seal.Reject, reasonLogRefs},
		{"E2", "log references out of order", func(h *Header) { h.LogRefs = []seal.ID{{3}, {2}} }, seal.Reject, reasonLogRefs},
		{"E2", "a log reference twice", func(h *Header) { h.LogRefs = []seal.ID{{3}, {3}} }, seal.Reject, reasonLogRefs},
		{"E2", "ct_len beyond the limit", func(h *Header) { h.CTLen = MaxCT + 1 }, seal.Reject, reasonCTLen},
		{"E2", "ct_len below any", func(h *Header) { h.CTLen = minCT - 1 }, seal.Reject, reasonCTLen},
		{"E4", "ct_len too small by one", func(h *Header) { h.CTLen-- }, seal.Reject, reasonCTLen},
		{"E4", "ct_len too great by one", func(h *Header) { h.CTLen++ }, seal.Reject, reasonCTLen},
		{"E4", "ct_hash of something else", func(h *Header) { h.CTHash[0]++ }, seal.Reject, reasonCTHash},
		{"E5", "another author named", func(h *Header) { h.Dev = newAuthor(2).next.Dev }, seal.Reject, reasonVerify},
		{"E7", "another prev", func(h *Header) { h.Prev = seal.ID{9} }, seal.Evidence, reasonFork},
		{"E10", "log references not those of the seal", func(h *Header) { h.LogRefs = []seal.ID{{4}} }, seal.Quarantine, reasonSealed},
		{"E10", "epoch not that of the seal", func(h *Header) { h.EpochID[0]++ }, seal.Quarantine, reasonSealed},
	} {
		m.add(c.rules, c.name, m.with(c.change), c.outcome, c.reason)
	}
}

func (m *envelopeMaker) addSignature() {
	other := newAuthor(2)
	changed := append([]byte(nil), m.ct...)
	changed[40] ^= 1
	later := encode(m.T, m.header(m.ct, func(h *Header) { h.V = 2 }))
	m.add("E4", "content changed on the way", m.framed(m.payload, m.sig, changed), seal.Reject, reasonCTHash)
	m.add("E5", "signed by another key", m.framed(m.payload, other.key.Sign(labelEnvelope, m.payload), m.ct), seal.Reject, reasonVerify)
	m.add("E5", "signed for another purpose", m.framed(m.payload, m.key.Sign("parvis1/entry", m.payload), m.ct), seal.Reject, reasonVerify)
	m.add("E5", "signature of zeros", m.framed(m.payload, make([]byte, seal.SigSize), m.ct), seal.Reject, reasonVerify)
	m.add("E3 E5", "version 2, signature wrong", m.framed(later, m.sig, m.ct), seal.Reject, reasonVerify)
}

func (m *envelopeMaker) addState() {
	m.add("E6", "log references unknown", m.good, seal.Pend, reasonUnknown, func(v *envelopeVector) { v.LogKnown = false })
	m.add("E6", "no write access", m.good, seal.Reject, reasonWrite, func(v *envelopeVector) { v.View.Write = false })
	m.add("E6", "epoch not usable", m.good, seal.Reject, reasonEpoch, func(v *envelopeVector) { v.View.Epoch = false })
	m.add("E6", "held already", m.first.Raw, seal.Drop, reasonDuplicate)
	m.add("E7", "gap", m.good, seal.Pend, reasonGap, noTail)
	m.add("E7", "another first", newAuthor(1).write(m.T, Plain{Body: []byte("other first")}).Raw, seal.Evidence, reasonFork)
}

func (m *envelopeMaker) addSealed() {
	garbage := make([]byte, minCT)
	m.add("E10", "another content key", m.good, seal.Quarantine, reasonSealed, func(v *envelopeVector) { v.Content = make([]byte, 32) })
	m.add("E10", "content of zeros", m.raw(m.T, encode(m.T, m.header(garbage, nil)), garbage), seal.Quarantine, reasonSealed)
	bad := m.sealed(plain(m.T, func(p *Plain) { p.Pad[0] = 1 }))
	m.add("E11", "padding not of zeros", m.raw(m.T, encode(m.T, m.header(bad, nil)), bad), seal.Quarantine, reasonPadding)
}

func TestEnvelopeVectors(t *testing.T) {
	list := sealtest.Golden(t, "testdata/envelope.json", *update, func() []envelopeVector { return makeEnvelopes(t) })
	invalid := 0
	for _, v := range list {
		t.Run(v.Rules+" "+v.Name, func(t *testing.T) {
			got, e := v.run(t)
			if got != v.verdict {
				t.Errorf("got %+v, want %+v", got, v.verdict)
			}
			if v.Outcome == "reject" && v.Reason != reasonVerify && v.Reason != reasonWrite && v.Reason != reasonEpoch && e != nil {
				t.Error("an envelope was returned beside the fault")
			}
		})
		if v.Outcome != "ok" {
			invalid++
		}
	}
	t.Run("E1 E2 E3 E4 E5 E6 E7 E10 there are enough of them", func(t *testing.T) {
		if invalid < leastInvalid {
			t.Errorf("%d invalid envelopes, want at least %d", invalid, leastInvalid)
		}
	})
}
