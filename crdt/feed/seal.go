package feed

import (
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/seal"
)

// Seal writes an envelope: it pads and encrypts p, completes h (version,
// content hash and length, log references in order and without repetition) and
// signs it. The key must be that of h.Dev; content comes from [ContentKey].
// What it returns passes [Parse] and [Envelope.Verify].
func Seal(key seal.SignKey, content seal.Key, h Header, p Plain) (*Envelope, error) {
	if len(p.Body) > MaxBody {
		return nil, fmt.Errorf("seal envelope: body has %d bytes, at most %d", len(p.Body), MaxBody)
	}
	if len(p.Deps) > MaxDeps {
		return nil, fmt.Errorf("seal envelope: %d dependencies, at most %d", len(p.Deps), MaxDeps)
	}
	if key.Public() != h.Dev {
		return nil, errors.New("seal envelope: the key is not that of the header's device")
	}
	h.V = Version
	h.LogRefs = slices.Clone(h.LogRefs)
	slices.SortFunc(h.LogRefs, seal.ID.Compare)
	h.LogRefs = slices.Compact(h.LogRefs)

	p.Pad = make([]byte, padLength(p.size()))
	plain, err := seal.Encode(p)
	if err != nil {
		return nil, fmt.Errorf("seal envelope: %w", err)
	}
	ct := content.Seal(plain, h.aad())
	h.CTHash, h.CTLen = seal.Sum(ct), uint32(len(ct))
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("seal envelope: %w", err)
	}
	payload, err := seal.Encode(h)
	if err != nil {
		return nil, fmt.Errorf("seal envelope: %w", err)
	}
	sig := key.Sign(labelEnvelope, payload)
	raw, err := seal.Encode(wire{Payload: payload, Sig: sig, CT: ct})
	if err != nil {
		return nil, fmt.Errorf("seal envelope: %w", err)
	}
	e := &Envelope{Header: h}
	e.frame(raw, len(payload), len(ct))
	return e, nil
}

// Open decrypts and checks the content (rules E10, E11). content must come
// from [ContentKey] for the header's space, epoch and device. The signature was
// right, so a failure is the author's doing or a damaged key: the error is a
// [seal.Fault] with [seal.Quarantine].
func (e *Envelope) Open(content seal.Key) (Plain, error) {
	plain, err := content.Open(e.CT, e.Header.aad())
	if err != nil {
		return Plain{}, quarantine(reasonSealed)
	}
	if !isPaddedSize(len(plain)) {
		return Plain{}, quarantine(reasonPadding)
	}
	p, err := seal.Decode[Plain](plain)
	switch {
	case err != nil:
		return Plain{}, quarantine(reasonPlain)
	case len(p.Deps) > MaxDeps:
		return Plain{}, quarantine(reasonDeps)
	case len(p.Body) > MaxBody:
		return Plain{}, quarantine(reasonBody)
	case slices.ContainsFunc(p.Pad, func(b byte) bool { return b != 0 }):
		return Plain{}, quarantine(reasonPadding)
	}
	p.Pad = nil
	return p, nil
}
