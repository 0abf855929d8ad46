package people

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

const idSize = len(seal.ID{})

// The words of a demand (rule P13).
const (
	onlyVerified = "verified"
	anyone       = "anyone"
)

// checkVouch checks what an introduction is about: a person, then the devices that
// were verified (rule P12).
func checkVouch(p Profile, author seal.ID) error {
	person, devices, ok := vouched(p.Target)
	switch {
	case !ok || !ascending(devices):
		return errors.New("an introduction of nobody")
	case person == author:
		return errors.New("an introduction of oneself")
	case p.Name != "":
		return errors.New("an introduction with a name")
	}
	return nil
}

// vouched takes the target of an introduction apart.
func vouched(target []byte) (person seal.ID, devices []seal.ID, ok bool) {
	if len(target) < idSize || len(target)%idSize != 0 || len(target) > (1+maxTrustDevices)*idSize {
		return person, nil, false
	}
	copy(person[:], target)
	for rest := target[idSize:]; len(rest) > 0; rest = rest[idSize:] {
		devices = append(devices, seal.ID(rest[:idSize]))
	}
	return person, devices, true
}

// rowOf is the row of what an envelope says. An introduction is kept by author and
// person, so that the newest of each author counts, with the devices in place of a name.
func rowOf(o workspace.Opened, p Profile) NameRow {
	row := NameRow{Workspace: o.Workspace, What: p.What, Target: string(p.Target), Lamport: p.Lamport, Writer: o.ID, Name: p.Name}
	if p.What == Vouch {
		row.Target = string(o.Person[:]) + string(p.Target[:idSize])
		row.Name = string(p.Target[idSize:])
	}
	return row
}

// may reports whether an author may say what an envelope says (rules P7 and P13).
func (v *view) may(p Profile, o workspace.Opened) bool {
	switch p.What {
	case WorkspaceName:
		return v.leads(o.Person)
	case Demand:
		return v.team.LetsIn(o.Space, o.Person)
	}
	return true
}

// Vouch tells the others that the own person verified somebody, with the devices that
// were verified. They see who says so, and no more.
func (s *Service) Vouch(ctx context.Context, ws, person seal.ID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	m, ok := v.team.Member(person)
	self, _ := v.team.Self()
	t, trusted := v.trust(person)
	switch {
	case !ok || person == self:
		return fmt.Errorf("person %s: %w", person.Short(), ErrNotFound)
	case !trusted || v.state(m, self, t, trusted) != Verified:
		return &Unsure{Person: v.person(m)}
	}
	home, ok := v.team.Home()
	if !ok || home != v.team.MainSpace() {
		return ErrRefused
	}
	target := slices.Clone(person[:])
	for _, d := range m.Devices {
		target = append(target, d.ID[:]...)
	}
	sortIDs(target[idSize:])
	if held := v.name(key{Vouch, string(self[:]) + string(person[:])}); held == string(target[idSize:]) {
		return nil
	}
	_, err = v.write(ctx, home, Profile{What: Vouch, Target: target}, key{Vouch, string(self[:]) + string(person[:])})
	return err
}

// sortIDs puts the ids in a row of bytes in order.
func sortIDs(ids []byte) {
	list := slices.SortedFunc(slices.Values(slices.Collect(slices.Chunk(bytes.Clone(ids), idSize))), bytes.Compare)
	copy(ids, slices.Concat(list...))
}

// DemandVerified says whether only verified people are let into a private space.
func (s *Service) DemandVerified(ctx context.Context, ws seal.ID, space seal.SpaceID, demanded bool) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	self, _ := v.team.Self()
	if !v.team.LetsIn(space, self) {
		return ErrRefused
	}
	word := anyone
	if demanded {
		word = onlyVerified
	}
	if held := v.name(key{Demand, string(space[:])}); held == word || held == "" && !demanded {
		return nil
	}
	_, err = v.write(ctx, space, Profile{What: Demand, Target: space[:], Name: word}, key{Demand, string(space[:])})
	return err
}

// DemandsVerified reports whether only verified people are let into a space.
func (s *Service) DemandsVerified(_ context.Context, ws seal.ID, space seal.SpaceID) bool {
	v, err := s.view(ws)
	return err == nil && v.name(key{Demand, string(space[:])}) == onlyVerified
}

// introduced notes or forgets an introduction. The caller holds mu.
func (v *view) introduced(k key, devices string) {
	if k.what != Vouch || len(k.target) != 2*idSize {
		return
	}
	author, person := seal.ID([]byte(k.target[:idSize])), seal.ID([]byte(k.target[idSize:]))
	if v.vouches[person] == nil {
		v.vouches[person] = map[seal.ID]string{}
	}
	if devices == "" {
		delete(v.vouches[person], author)
		return
	}
	v.vouches[person][author] = devices
}

// introducers are the people who say that they verified somebody with all devices that
// the person has now.
func (v *view) introducers(m Membership, self seal.ID) (by []seal.ID) {
	v.mu.Lock()
	said := maps.Clone(v.vouches[m.Person])
	v.mu.Unlock()
	for author, ids := range said {
		_, devices, _ := vouched(append(slices.Clone(m.Person[:]), ids...))
		if other, ok := v.team.Member(author); ok && other.Here && author != self && covers(devices, m) {
			by = append(by, author)
		}
	}
	slices.SortFunc(by, seal.ID.Compare)
	return by
}
