package people

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// maxTrustDevices bounds the devices that one record or introduction names.
const maxTrustDevices = 64

// Trust says that the codes of a person were compared, with the devices that the
// person had then (rule P10). It is kept by this device and the person's other ones.
type Trust struct {
	Person  seal.ID
	Devices []seal.ID // ascending
	AtMs    int64     // Unix milliseconds
	Method  string    // workspace.ByJoining or ByVerifying
}

// storedTrust is a record as it is kept and as it travels to the own other devices.
type storedTrust struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Devices []seal.ID
	AtMs    int64
	Method  string
}

// Encode writes a record, without the person that it is kept under.
func (t Trust) Encode() ([]byte, error) {
	return seal.Encode(storedTrust{V: version, Devices: t.Devices, AtMs: t.AtMs, Method: t.Method})
}

// DecodeTrust reads a record.
func DecodeTrust(person seal.ID, raw []byte) (Trust, error) {
	s, err := seal.Decode[storedTrust](raw)
	switch {
	case err != nil:
		return Trust{}, err
	case s.V > version:
		return Trust{}, errNewer
	case s.V != version || !ascending(s.Devices) || s.AtMs < 0 || s.Method != workspace.ByJoining && s.Method != workspace.ByVerifying:
		return Trust{}, errors.New("a record of trust that nobody writes")
	}
	return Trust{Person: person, Devices: s.Devices, AtMs: s.AtMs, Method: s.Method}, nil
}

// ascending reports whether ids are 1 to maxTrustDevices different ones in order.
func ascending(ids []seal.ID) bool {
	for i := range ids {
		if i > 0 && ids[i-1].Compare(ids[i]) >= 0 {
			return false
		}
	}
	return len(ids) > 0 && len(ids) <= maxTrustDevices
}

// covers reports whether all active devices of a person are among some devices.
func covers(devices []seal.ID, m Membership) bool {
	return !slices.ContainsFunc(m.Devices, func(d Device) bool { return !slices.Contains(devices, d.ID) })
}

// Elsewhere is the other devices of the own person: they have each other's records.
type Elsewhere interface {
	// Trusted is what other devices keep, by person.
	Trusted(ctx context.Context, ws seal.ID) ([]Trust, error)
	Trust(ws seal.ID, t Trust)
}

// Compared keeps that the codes of somebody were right, with all devices that the log
// has of them now: each was added by one that the codes vouch for.
func (s *Service) Compared(ctx context.Context, w *workspace.Workspace, c workspace.Compared) error {
	return s.compared(ctx, w.ID(), c)
}

func (s *Service) compared(ctx context.Context, ws seal.ID, c workspace.Compared) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	m, ok := v.team.Member(c.Person)
	if !ok || !slices.ContainsFunc(m.Devices, func(d Device) bool { return d.ID == c.Device }) {
		return fmt.Errorf("keep trust in %s: %w", c.Person.Short(), ErrNotFound)
	}
	t := Trust{Person: c.Person, AtMs: c.AtMs, Method: c.Method}
	for _, d := range m.Devices {
		t.Devices = append(t.Devices, d.ID)
	}
	slices.SortFunc(t.Devices, seal.ID.Compare)
	if len(t.Devices) > maxTrustDevices {
		t.Devices = []seal.ID{c.Device} // the others count as new
	}
	err = s.config.Store.Write(ctx, func(ctx context.Context) error { return s.config.Store.PutTrust(ctx, ws, t) })
	if err != nil {
		return err
	}
	if s.config.Elsewhere != nil {
		s.config.Elsewhere.Trust(ws, t)
	}
	s.TrustChanged(ws)
	return nil
}

// Trusts are the records of this device.
func (s *Service) Trusts(ctx context.Context, ws seal.ID) ([]Trust, error) {
	list, _, err := s.config.Store.TrustRows(ctx, ws)
	return list, err
}

// Trusted are the records that count: of this device and of the person's other ones, by
// person.
func (s *Service) Trusted(ctx context.Context, ws seal.ID) ([]Trust, error) {
	v, err := s.view(ws)
	if err != nil {
		return nil, err
	}
	known, err := v.readTrusts(ctx)
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(known), func(a, b Trust) int { return a.Person.Compare(b.Person) }), nil
}

// Remember takes back records that a former device of the own person kept. One that is
// here and not older stays.
func (s *Service) Remember(ctx context.Context, ws seal.ID, list []Trust) error {
	err := s.config.Store.Write(ctx, func(ctx context.Context) error {
		here, _, err := s.config.Store.TrustRows(ctx, ws)
		for _, t := range list {
			if slices.ContainsFunc(here, func(h Trust) bool { return h.Person == t.Person && h.AtMs >= t.AtMs }) {
				continue
			}
			err = errors.Join(err, s.config.Store.PutTrust(ctx, ws, t))
		}
		return err
	})
	s.TrustChanged(ws)
	return err
}

// TrustChanged says that this device or another one of the own person has other records
// than before.
func (s *Service) TrustChanged(ws seal.ID) {
	v, err := s.view(ws)
	if err != nil {
		return
	}
	v.mu.Lock()
	v.trusts = nil
	v.mu.Unlock()
	s.refresh(ws)
}

// trust is the newest record about a person.
func (v *view) trust(person seal.ID) (Trust, bool) {
	v.mu.Lock()
	known := v.trusts
	v.mu.Unlock()
	if known == nil {
		var err error
		if known, err = v.readTrusts(context.Background()); err != nil {
			v.service.config.Log.Error("read trust", "workspace", v.team.ID().Short(), "err", err)
			return Trust{}, false // tried again with the next look
		}
		v.mu.Lock()
		v.trusts = known
		v.mu.Unlock()
	}
	t, ok := known[person]
	return t, ok
}

// readTrusts reads the records of this device and of the person's other ones; of one
// person the newest counts.
func (v *view) readTrusts(ctx context.Context) (map[seal.ID]Trust, error) {
	s := v.service
	all, damaged, err := s.config.Store.TrustRows(ctx, v.team.ID())
	if err != nil {
		return nil, err
	}
	for _, person := range damaged {
		err := s.config.Store.Write(ctx, func(ctx context.Context) error { return s.config.Store.DropTrust(ctx, v.team.ID(), person) })
		if err != nil {
			return nil, err
		}
		v.trouble("What was stored of a comparison of codes was damaged. Compare codes again with those who are not shown as verified.")
	}
	if s.config.Elsewhere != nil {
		others, err := s.config.Elsewhere.Trusted(ctx, v.team.ID())
		if err != nil {
			return nil, err
		}
		all = append(all, others...)
	}
	known := map[seal.ID]Trust{}
	for _, t := range all {
		if before, ok := known[t.Person]; !ok || t.AtMs > before.AtMs {
			known[t.Person] = t
		}
	}
	return known, nil
}

// state is how sure one can be of somebody (rule P11).
func (v *view) state(m Membership, self seal.ID, t Trust, trusted bool) State {
	fresh := slices.ContainsFunc(m.Devices, func(d Device) bool {
		return d.Later && v.service.config.Now().UnixMilli()-d.AddedMs < newDeviceMs
	})
	switch {
	case m.Left:
		return Left
	case !m.Here:
		return Removed
	case m.Suspended:
		return Suspended
	case trusted && !covers(t.Devices, m), !trusted && fresh:
		return NewDevice
	case trusted, m.Person == self:
		return Verified
	}
	return Unverified
}

// RequireVerified makes sure that the own person has verified some people; who is not
// is named by the error.
func (s *Service) RequireVerified(_ context.Context, ws seal.ID, persons []seal.ID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	for _, id := range persons {
		m, ok := v.team.Member(id)
		if !ok {
			return fmt.Errorf("person %s: %w", id.Short(), ErrNotFound)
		}
		if p := v.person(m); p.State != Verified {
			return &Unsure{Person: p}
		}
	}
	return nil
}

// Unsure reports somebody who had to be verified and is not.
type Unsure struct{ Person Person }

func (u *Unsure) Error() string { return "person " + u.Person.ID.Short() + " is not verified" }
