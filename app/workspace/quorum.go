package workspace

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Why trustees cannot take an office (protocol 2.5, worked case 5).
var (
	// ErrNoQuorum reports a workspace without trustees, or a person who is none of them.
	ErrNoQuorum = errors.New("no trustee of the workspace")
	// ErrNoOffice reports a person who is neither owner nor admin.
	ErrNoOffice = errors.New("this person holds no office")
	// ErrConsent reports a text that is no consent, or one to something else.
	ErrConsent = errors.New("not a consent to this")
	// ErrSuccessor reports that the last owner is deposed in favour of nobody, or that the
	// successor cannot take the office.
	ErrSuccessor = errors.New("somebody must take the place of the last owner")
	// ErrTooFew reports that more trustees have to consent.
	ErrTooFew = errors.New("more trustees have to consent")
)

// consentPrefix begins the text of a consent, which travels by whatever way the trustees
// choose: who is to be deposed need not hear of it before it is done.
const consentPrefix = "parvis-consent-"

// maxConsent bounds the text of a consent, in bytes.
const maxConsent = 512

// consent is what a trustee hands to another one (rule K77).
type consent struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	WS        seal.ID
	Person    seal.ID
	Successor *seal.ID
	Policy    seal.ID // the entry that named the trustees
	Device    seal.ID
	Sig       []byte
}

// Consent is the text by which this person, a trustee, agrees that somebody is deposed, and
// who takes an owner's place; nil: nobody. It is worth nothing once the trustees change.
func (w *Workspace) Consent(person seal.ID, successor *seal.ID) (string, error) {
	st, err := w.quorum(person, successor)
	if err != nil {
		return "", err
	}
	policy := st.PolicyEntry()
	signed := member.DeposeBody{Person: person, Successor: successor, Policy: policy}.Sign(w.self.sign, w.id)
	raw, err := seal.Encode(consent{V: 1, WS: w.id, Person: person, Successor: successor, Policy: policy, Device: signed.Device, Sig: signed.Sig})
	if err != nil {
		return "", err
	}
	return consentPrefix + base64.RawURLEncoding.EncodeToString(raw), nil
}

// quorum is the state in which this person may consent that somebody is deposed.
func (w *Workspace) quorum(person seal.ID, successor *seal.ID) (*member.State, error) {
	if !w.Ready() {
		return nil, ErrNotReady
	}
	st := w.State()
	p, known := st.Person(person)
	switch {
	case !known:
		return nil, fmt.Errorf("person %s: %w", person.Short(), ErrNotFound)
	case p.Status != member.Active || p.Role > member.RoleAdmin:
		return nil, ErrNoOffice
	case st.Policy().Quorum == 0 || !slices.Contains(st.Policy().Trustees, w.self.person):
		return nil, ErrNoQuorum
	}
	return st, succession(st, p, successor)
}

// succession is why somebody does not take the place of who is deposed.
func succession(st *member.State, deposed member.Person, successor *seal.ID) error {
	if successor == nil {
		other := slices.ContainsFunc(st.Persons(), func(p member.Person) bool {
			return p.ID != deposed.ID && p.Status == member.Active && p.Role == member.RoleOwner
		})
		if deposed.Role == member.RoleOwner && !other {
			return ErrSuccessor
		}
		return nil
	}
	p, known := st.Person(*successor)
	if deposed.Role != member.RoleOwner || !known || p.ID == deposed.ID || p.Status != member.Active || p.Role == member.RoleOwner {
		return ErrSuccessor
	}
	return nil
}

// Depose takes the office of an owner or admin, who becomes a member, with the own consent and
// those of other trustees. successor takes an owner's place; nil: nobody.
func (w *Workspace) Depose(ctx context.Context, person seal.ID, successor *seal.ID, consents []string) error {
	st, err := w.quorum(person, successor)
	if err != nil {
		return err
	}
	body := member.DeposeBody{Person: person, Successor: successor, Policy: st.PolicyEntry()}
	signed := map[seal.ID]member.TrusteeSig{w.self.person: body.Sign(w.self.sign, w.id)} // one of each person
	for _, text := range consents {
		sig, err := parseConsent(text, w.id, body)
		if err != nil {
			return err
		}
		device, _ := st.Device(sig.Device)
		if !device.Active || !slices.Contains(st.Policy().Trustees, device.Person) {
			return fmt.Errorf("%w: it is of no trustee", ErrConsent)
		}
		signed[device.Person] = sig
	}
	if need := st.Policy().Quorum; uint(len(signed)) < need {
		return fmt.Errorf("%w: %d of %d", ErrTooFew, len(signed), need)
	}
	for _, sig := range signed {
		body.Sigs = append(body.Sigs, sig)
	}
	slices.SortFunc(body.Sigs, func(a, b member.TrusteeSig) int { return a.Device.Compare(b.Device) })
	return w.act(ctx, "depose "+person.Short(), func(ctx context.Context, _ *member.State, after *afterCommit) error {
		return w.postBody(ctx, member.TypeDepose, body.Encode, after)
	})
}

// parseConsent reads a consent to a deposition.
func parseConsent(text string, ws seal.ID, to member.DeposeBody) (member.TrusteeSig, error) {
	fail := func(why string) (member.TrusteeSig, error) {
		return member.TrusteeSig{}, fmt.Errorf("%w: %s", ErrConsent, why)
	}
	body, is := strings.CutPrefix(strings.TrimSpace(text), consentPrefix)
	if !is || len(text) > maxConsent {
		return fail("it does not look like one")
	}
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return fail("it is damaged")
	}
	c, err := seal.Decode[consent](raw)
	switch {
	case err != nil || c.V != 1 || len(c.Sig) != seal.SigSize:
		return fail("it is damaged")
	case c.WS != ws || c.Person != to.Person || !same(c.Successor, to.Successor):
		return fail("it is about somebody else")
	case c.Policy != to.Policy:
		return fail("the trustees have changed since")
	}
	return member.TrusteeSig{Device: c.Device, Sig: c.Sig}, nil
}

func same(a, b *seal.ID) bool { return a == b || a != nil && b != nil && *a == *b }
