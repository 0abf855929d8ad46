package feed

import (
	"slices"

	"parvis/crdt/seal"
)

// The fixed reasons of faults, as the test vectors name them.
const (
	reasonSize      = "size"
	reasonFraming   = "framing"
	reasonSig       = "signature length"
	reasonHeader    = "header"
	reasonVersion   = "version"
	reasonSeq       = "seq"
	reasonPrev      = "prev"
	reasonLogRefs   = "log_refs"
	reasonCTLen     = "ct_len"
	reasonCTHash    = "ct_hash"
	reasonGap       = "gap"
	reasonDuplicate = "duplicate"
	reasonFork      = "fork"
	reasonUnknown   = "log_refs unknown"
	reasonWrite     = "no write access"
	reasonEpoch     = "epoch"
	reasonSealed    = "does not open"
	reasonPadding   = "padding"
	reasonPlain     = "content"
	reasonDeps      = "deps"
	reasonBody      = "body length"
	reasonVerify    = "signature"
	reasonProof     = "no fork"
)

func reject(reason string) error     { return &seal.Fault{Outcome: seal.Reject, Reason: reason} }
func quarantine(reason string) error { return &seal.Fault{Outcome: seal.Quarantine, Reason: reason} }

// Parse reads an envelope and checks all that needs neither state nor the
// signature: sizes, the one encoding, the header's own rules, length and hash of
// the content (rules E1–E4). Raw is kept, not copied. Errors are *[seal.Fault].
//
// For a header of a later version it returns the fault [seal.Pend] together
// with an envelope that holds the fields all versions share (rule E3), so that
// the caller can check the signature before it lets the envelope wait.
func Parse(raw []byte) (*Envelope, error) {
	if len(raw) > MaxEnvelope {
		return nil, reject(reasonSize)
	}
	w, err := seal.Decode[wire](raw)
	if err != nil {
		return nil, reject(reasonFraming)
	}
	if len(w.Payload) > MaxHeader || len(w.CT) > MaxCT || len(w.CT) < minCT {
		return nil, reject(reasonSize)
	}
	if len(w.Sig) != seal.SigSize {
		return nil, reject(reasonSig)
	}
	e := new(Envelope)
	e.frame(raw, len(w.Payload), len(w.CT))
	e.Header, err = parseHeader(e.Payload)
	if seal.OutcomeOf(err) == seal.Pend {
		return e, err
	}
	if err != nil {
		return nil, err
	}
	if int(e.Header.CTLen) != len(e.CT) {
		return nil, reject(reasonCTLen)
	}
	if seal.Sum(e.CT) != e.Header.CTHash {
		return nil, reject(reasonCTHash)
	}
	return e, nil
}

// frame points the parts of e into raw, which has passed the canonical check,
// so that the places follow from the lengths.
func (e *Envelope) frame(raw []byte, payload, ct int) {
	e.Raw = raw
	at := 1 + headSize(uint64(payload))
	e.Payload = raw[at : at+payload : at+payload]
	at += payload + headSize(seal.SigSize)
	e.Sig = raw[at : at+seal.SigSize : at+seal.SigSize]
	e.CT = raw[len(raw)-ct:]
	e.ID = seal.Hash(labelEnvelope, e.Payload)
}

// parseHeader reads a header and checks it alone.
func parseHeader(payload []byte) (Header, error) {
	h, err := seal.Decode[Header](payload)
	if err == nil && h.V == Version {
		return h, h.check()
	}
	if later, ok := laterHeader(payload); ok {
		return later, &seal.Fault{Outcome: seal.Pend, Reason: reasonVersion}
	}
	if err == nil {
		return Header{}, reject(reasonVersion)
	}
	return Header{}, reject(reasonHeader)
}

// check holds the rules a header must keep whatever the log says (rule E2).
func (h *Header) check() error {
	switch {
	case h.Seq == 0:
		return reject(reasonSeq)
	case (h.Seq == 1) != h.Prev.IsZero():
		return reject(reasonPrev)
	case len(h.LogRefs) < 1 || len(h.LogRefs) > MaxLogRefs || !ascending(h.LogRefs):
		return reject(reasonLogRefs)
	case h.CTLen < minCT || h.CTLen > MaxCT:
		return reject(reasonCTLen)
	}
	return nil
}

func ascending(ids []seal.ID) bool {
	for i := 1; i < len(ids); i++ {
		if slices.Compare(ids[i-1][:], ids[i][:]) >= 0 {
			return false
		}
	}
	return true
}
