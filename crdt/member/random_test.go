package member

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parvis/crdt/seal"
)

// script is one random history of a team: several devices that see each other's
// entries now and then, and do whatever comes to mind, allowed or not.
type script struct {
	*team
	random *rand.Rand
	actors []*human // devices that may act; several of one person
	in     int      // people used so far
	spare  int
	invs   []invitation
	spaces []seal.SpaceID
	peers  []seal.ID
	every  []*Entry // also the refused ones
}

type invitation struct {
	keys InviteKeys
	body InviteBody
	by   *human
}

func newScript(t testing.TB, seed uint64) *script {
	founder := people()[0]
	s := &script{team: newTeam(t, founder), random: rand.New(rand.NewPCG(seed, 1)), actors: []*human{founder}, in: 1}
	s.every = append(s.every, s.log.Entry(s.log.Order()[0]))
	return s
}

// seed lets some people in, so that there is somebody to quarrel.
func (s *script) populate() {
	founder := s.actors[0]
	for range 2 + s.random.IntN(3) {
		who := s.newcomer()
		s.keep(s.admit(founder, who, RoleMember))
		s.actors = append(s.actors, who)
		switch s.random.IntN(4) {
		case 0, 1:
			s.keep(s.promote(founder, who, RoleAdmin, 0))
		case 2:
			s.keep(s.promote(founder, who, RoleOwner, int64(1+s.random.IntN(3))))
		}
	}
	for _, a := range s.actors {
		s.see(a.id(), founder.id())
	}
	s.every = s.every[:0]
	for _, id := range s.log.Order() {
		s.every = append(s.every, s.log.Entry(id))
	}
}

func (s *script) keep(e *Entry) { s.every = append(s.every, e) }

func (s *script) newcomer() *human {
	s.in++
	return people()[s.in-1]
}

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }

func (s *script) somebody() *human { return pick(s.random, s.actors) }

// run makes n steps.
func (s *script) run(n int) {
	for range n {
		actor := s.somebody()
		if s.random.IntN(3) == 0 {
			s.see(actor.id(), s.somebody().id())
		}
		s.act(actor, s.views[actor.id()])
	}
}

// act writes something random at the given heads. It returns the entry if the
// log took it.
func (s *script) act(actor *human, heads []seal.ID) *Entry {
	p := s.propose(actor, heads)
	if p.body == nil {
		return nil
	}
	e, o, _ := s.at(heads, p.key, p.body)
	if e != nil {
		s.every = append(s.every, e)
	}
	if o != seal.OK && o != seal.Evidence {
		return nil
	}
	if _, join := p.body.(JoinBody); !join {
		s.views[actor.id()] = []seal.ID{e.ID}
	}
	if p.done != nil {
		p.done(e)
	}
	return e
}

// proposal is a body, who signs it, and what to note when the log takes it.
type proposal struct {
	body encoder
	key  seal.SignKey
	done func(*Entry)
}

// propose makes something that the actor could write at the heads.
func (s *script) propose(actor *human, heads []seal.ID) proposal {
	if s.random.IntN(24) == 0 {
		return s.proposeJoin(heads)
	}
	body, done := s.proposeBody(actor, heads)
	key := actor.keys.Sign
	if _, device := body.(DeviceAddBody); device && s.random.IntN(8) == 0 {
		key = actor.paper
	}
	return proposal{body, key, done}
}

func (s *script) proposeBody(actor *human, heads []seal.ID) (encoder, func(*Entry)) {
	st, err := s.log.StateAt(heads)
	if err != nil {
		s.t.Fatal(err)
	}
	target := s.somebody()
	switch s.random.IntN(24) {
	case 0, 1:
		return s.proposeInvite(actor)
	case 2, 3, 4, 5:
		return s.proposeAdmit(actor)
	case 6, 7, 8:
		return PersonRemoveBody{Person: target.person}, nil
	case 9, 10:
		return DeviceRemoveBody{Device: target.id()}, nil
	case 11, 12:
		return s.proposeDevice(actor)
	case 13, 14, 15:
		role := Role(1 + s.random.IntN(4))
		rank := int64(0)
		if role == RoleOwner {
			rank = int64(s.random.IntN(5))
		}
		return RoleSetBody{Person: target.person, Role: role, OwnerRank: rank}, nil
	case 16:
		return TransferBody{Person: target.person}, nil
	case 17:
		return LeaveBody{}, nil
	case 18:
		return s.proposeSpace(actor, target)
	case 19:
		return s.proposeSpaceSet(target)
	case 20:
		return s.proposeEpoch(st, actor)
	case 21:
		return s.proposeRevoke()
	case 22:
		return s.proposeRare(actor, st, target)
	default:
		return AckBody{}, nil
	}
}

func (s *script) proposeInvite(actor *human) (encoder, func(*Entry)) {
	var grants []SpaceGrant
	if len(s.spaces) > 0 && s.random.IntN(2) == 0 {
		grants = append(grants, SpaceGrant{Space: pick(s.random, s.spaces), Access: AccessWrite})
	}
	role := Role(3 + s.random.IntN(2))
	uses := uint(1 + s.random.IntN(2))
	keys, body := inviteBody(s.log.WS(), len(s.invs), role, uint(s.random.IntN(2)), uses, grants...)
	return body, func(*Entry) { s.invs = append(s.invs, invitation{keys, body, actor}) }
}

func (s *script) proposeAdmit(actor *human) (encoder, func(*Entry)) {
	if len(s.invs) == 0 || s.in >= len(people()) {
		return s.proposeInvite(actor)
	}
	inv := pick(s.random, s.invs)
	who := people()[s.in]
	if s.random.IntN(6) == 0 {
		who = people()[s.random.IntN(s.in)] // somebody known
	}
	body := admitBody(s.log.WS(), inv.keys, actor, who, inv.body.Role, inv.body.Spaces...)
	return body, func(e *Entry) { s.enter(who, e) }
}

func (s *script) enter(who *human, e *Entry) {
	s.views[who.id()] = []seal.ID{e.ID}
	if !slices.ContainsFunc(s.actors, func(h *human) bool { return h.id() == who.id() }) {
		s.actors = append(s.actors, who)
		s.in++
	}
}

// proposeJoin is signed by a newcomer.
func (s *script) proposeJoin(heads []seal.ID) proposal {
	if len(s.invs) == 0 || s.in >= len(people()) {
		return proposal{}
	}
	inv, who := pick(s.random, s.invs), people()[s.in]
	body, err := NewJoinBody(inv.keys, s.log.WS(), who.genesis, seal.ID{9}, heads[0])
	if err != nil {
		s.t.Fatal(err)
	}
	return proposal{body, who.keys.Sign, func(e *Entry) { s.enter(who, e) }}
}

func (s *script) proposeDevice(actor *human) (encoder, func(*Entry)) {
	if s.spare >= len(spares()) {
		return AckBody{}, nil
	}
	spare := spares()[s.spare]
	_, raw, err := NewDeviceRecord(spare.keys, spare.kem.Public(), s.random.IntN(4), 2, actor.person)
	if err != nil {
		s.t.Fatal(err)
	}
	return DeviceAddBody{Person: actor.person, Record: raw}, func(e *Entry) {
		s.spare++
		s.views[spare.id()] = []seal.ID{e.ID}
		s.actors = append(s.actors, actor.as(spare))
	}
}

func (s *script) proposeSpace(actor, target *human) (encoder, func(*Entry)) {
	members := []SpaceMember{{Person: actor.person, Access: AccessWrite}}
	if target.person != actor.person {
		members = append(members, SpaceMember{Person: target.person, Access: AccessWrite})
	}
	id, kind := PrivateSpaceID(s.log.WS(), actor.id()), SpacePrivate
	for i := range 8 { // the seed must decide everything
		id[8+i] = byte(s.random.Uint32())
	}
	if s.random.IntN(3) == 0 {
		var persons []seal.ID
		for _, m := range sortMembers(members) {
			persons = append(persons, m.Person)
		}
		id, kind = GroupSpaceID(s.log.WS(), persons), SpaceGroup
	}
	return SpaceCreateBody{Space: id, Kind: kind, Members: members, History: History(s.random.IntN(2))}, func(*Entry) {
		s.spaces = append(s.spaces, id)
	}
}

func (s *script) proposeSpaceSet(target *human) (encoder, func(*Entry)) {
	if len(s.spaces) == 0 {
		return nil, nil
	}
	body := SpaceSetBody{Space: pick(s.random, s.spaces)}
	switch s.random.IntN(3) {
	case 0:
		closed := s.random.IntN(2) == 0
		body.Closed = &closed
	case 1:
		policy := History(s.random.IntN(2))
		body.History = &policy
	default:
		body.Members = []SpaceMember{{Person: target.person, Access: Access(s.random.IntN(4))}}
	}
	return body, nil
}

// proposeEpoch makes an epoch without sealing anything: the log does not look
// into the wraps.
func (s *script) proposeEpoch(st *State, _ *human) (encoder, func(*Entry)) {
	space := st.MainSpace()
	if len(s.spaces) > 0 && s.random.IntN(2) == 0 {
		space = pick(s.random, s.spaces)
	}
	n, prev := st.NextEpoch(space)
	body := EpochBody{Space: space, N: n, RecipsHash: recipsHash(st.Recipients(space))}
	for i := range body.EpochID {
		body.EpochID[i] = byte(s.random.Uint32())
	}
	if s.random.IntN(10) > 0 {
		for _, e := range prev {
			body.Prev = append(body.Prev, PrevBox{EpochID: e.ID})
		}
	}
	return body, nil
}

func (s *script) proposeRevoke() (encoder, func(*Entry)) {
	if len(s.invs) == 0 {
		return nil, nil
	}
	return InviteRevokeBody{InviteID: pick(s.random, s.invs).keys.ID}, nil
}

func (s *script) proposeRare(actor *human, st *State, target *human) (encoder, func(*Entry)) {
	switch s.random.IntN(5) {
	case 0:
		return ConfirmBody{Person: target.person}, nil
	case 1:
		return PolicyBody{Policy: Policy{Quorum: 1, Trustees: []seal.ID{target.person}, Instant: s.random.IntN(2) == 0}}, nil
	case 2:
		body := DeposeBody{Person: target.person, Policy: st.PolicyEntry()}
		if s.random.IntN(2) == 0 {
			body.Successor = &pick(s.random, s.actors).person
		}
		body.Sigs = []TrusteeSig{body.Sign(actor.keys.Sign, s.log.WS())}
		return body, nil
	case 3:
		return KemUpdateBody{KEMPK: people()[s.random.IntN(len(people()))].kem.Public(), KEMGen: 1}, nil
	default:
		return RelaySetBody{Add: []seal.ID{target.keys.PeerPublic()}}, nil
	}
}

// again puts all entries, refused ones too, into a new log in another order.
func (s *script) again(order *rand.Rand, rules rules) (*Log, error) {
	log := NewLog()
	log.rules = rules
	entries := slices.Clone(s.every)
	order.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	// The genesis fixes the workspace; the rest comes in any order.
	if _, err := log.Add(s.log.Entry(s.log.Order()[0])); err != nil {
		return nil, err
	}
	for waiting := entries; len(waiting) > 0; {
		var still []*Entry
		for _, e := range waiting {
			o, err := log.Add(e)
			switch {
			case o == seal.Pend:
				still = append(still, e)
			case (o == seal.Reject) != (s.log.Entry(e.ID) == nil):
				return nil, fmt.Errorf("entry %s: %v, %w", e.ID.Short(), o, err)
			}
		}
		if len(still) == len(waiting) {
			break // they follow refused ones
		}
		waiting = still
	}
	return log, nil
}

// fromGenesis resolves all entries at once, without the shortcut of rule M28.
func fromGenesis(l *Log) *State {
	var records []*record
	for _, id := range l.order[1:] {
		records = append(records, l.records[id])
	}
	if len(records) == 0 {
		return l.State()
	}
	st := resolve(l.records[l.order[0]].after, records, l.rules)
	st.heads = l.Heads()
	return st
}
