package member

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"parvis/crdt/seal"
)

// A device of a test: all its keys come from its number.
type gadget struct {
	keys DeviceKeys
	kem  seal.KEMKey
	name string
}

func (g *gadget) id() seal.ID { return g.keys.ID() }

// human is a person of a test with one device, which is enough to be admitted.
type human struct {
	*gadget
	person  seal.ID
	genesis []byte
	paper   seal.SignKey // the recovery key
}

func seedOf(label string, n int) (seed [32]byte) {
	return seal.Hash("test/"+label, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func newGadget(n int) *gadget {
	kem, err := seal.NewKEMKey(seedOf("kem", n))
	if err != nil {
		panic(err)
	}
	return &gadget{keys: NewDeviceKeys(seedOf("device", n)), kem: kem, name: fmt.Sprintf("d%d", n)}
}

func newHuman(n int) *human {
	h := &human{gadget: newGadget(n), paper: seal.NewSignKey(seedOf("paper", n))}
	recovery := h.paper.Public()
	nonce := seedOf("nonce", n)
	_, raw, err := NewPersonGenesis(h.keys, h.kem.Public(), 1, [16]byte(nonce[:16]), &recovery)
	if err != nil {
		panic(err)
	}
	h.genesis, h.person = raw, PersonID(raw)
	return h
}

// People and spare devices are made once: their keys are slow to make.
var (
	people = sync.OnceValue(func() []*human {
		list := make([]*human, 40)
		for i := range list {
			list[i] = newHuman(i)
		}
		return list
	})
	spares = sync.OnceValue(func() []*gadget {
		list := make([]*gadget, 24)
		for i := range list {
			list[i] = newGadget(1000 + i)
		}
		return list
	})
)

// team is a log under test. Each device has a view: the heads it has seen.
type team struct {
	t     testing.TB
	log   *Log
	views map[seal.ID][]seal.ID
	clock int64
}

func genesisOf(founder *human, policy Policy) *Entry {
	entry, err := NewGenesis(founder.keys.Sign, GenesisBody{
		PersonGenesis: founder.genesis, Suite: suiteOne, LogKeyID: LogKeyID(seal.Key(seedOf("lk", 0))), Policy: policy,
	}, 1)
	if err != nil {
		panic(err)
	}
	return entry
}

func newTeam(t testing.TB, founder *human) *team {
	tm := &team{t: t, log: NewLog(), views: map[seal.ID][]seal.ID{}}
	if outcome, err := tm.log.Add(genesisOf(founder, DefaultPolicy())); outcome != seal.OK {
		t.Fatal(outcome, err)
	}
	tm.views[founder.id()] = tm.log.Heads()
	return tm
}

// see merges the views of others into one's own.
func (tm *team) see(dev seal.ID, others ...seal.ID) {
	heads := slices.Clone(tm.views[dev])
	for _, other := range others {
		heads = append(heads, tm.views[other]...)
	}
	tm.views[dev] = tm.reduce(heads)
}

// reduce leaves out heads that others follow.
func (tm *team) reduce(heads []seal.ID) []seal.ID {
	slices.SortFunc(heads, seal.ID.Compare)
	heads = slices.Compact(heads)
	var records []*record
	for _, id := range heads {
		records = append(records, tm.log.records[id])
	}
	if len(records) < 2 {
		return heads
	}
	_, _, kept := tm.log.window(records)
	heads = nil
	for _, r := range kept {
		heads = append(heads, r.entry.ID)
	}
	slices.SortFunc(heads, seal.ID.Compare)
	return heads[:min(len(heads), MaxParents)]
}

func (tm *team) seeAll(devs ...seal.ID) {
	for _, dev := range devs {
		tm.views[dev] = tm.reduce(tm.log.Heads())
	}
}

// encoder is any body.
type encoder interface {
	Encode() ([]byte, error)
	content
}

func typeOf(body content) Type {
	switch body.(type) {
	case GenesisBody:
		return TypeGenesis
	case AdmitBody:
		return TypeAdmit
	case DeviceAddBody:
		return TypeDeviceAdd
	case DeviceRemoveBody:
		return TypeDeviceRemove
	case RoleSetBody:
		return TypeRoleSet
	case PersonRemoveBody:
		return TypePersonRemove
	case InviteBody:
		return TypeInvite
	case InviteRevokeBody:
		return TypeInviteRevoke
	case SpaceCreateBody:
		return TypeSpaceCreate
	case SpaceSetBody:
		return TypeSpaceSet
	case EpochBody:
		return TypeEpoch
	case KemUpdateBody:
		return TypeKemUpdate
	case PolicyBody:
		return TypePolicy
	case DeposeBody:
		return TypeDepose
	case LeaveBody:
		return TypeLeave
	case TransferBody:
		return TypeTransfer
	case RelaySetBody:
		return TypeRelaySet
	case AckBody:
		return TypeAck
	case JoinBody:
		return TypeJoin
	case ConfirmBody:
		return TypeConfirm
	}
	panic("unknown body")
}

// at makes an entry of a device that follows the given heads, and adds it.
func (tm *team) at(heads []seal.ID, key seal.SignKey, body encoder) (*Entry, seal.Outcome, error) {
	raw, err := body.Encode()
	if err != nil {
		return nil, seal.Reject, err
	}
	tm.clock++
	e, err := tm.log.writeAt(heads, key, typeOf(body), raw, tm.clock)
	if err != nil {
		return nil, outcome(err), err
	}
	o, err := tm.log.Add(e)
	return e, o, err
}

// try writes in the device's own view.
func (tm *team) try(key seal.SignKey, body encoder) (*Entry, error) {
	dev := key.Public()
	e, o, err := tm.at(tm.views[dev], key, body)
	if o == seal.OK || o == seal.Evidence {
		tm.views[dev] = []seal.ID{e.ID}
		return e, nil
	}
	return e, err
}

// must writes and requires that the log takes it.
func (tm *team) must(who *human, body encoder) *Entry {
	tm.t.Helper()
	e, err := tm.try(who.keys.Sign, body)
	if err != nil {
		tm.t.Fatalf("%T by %s: %v", body, who.name, err)
	}
	return e
}

// refused requires that the log refuses with a reason.
func (tm *team) refused(who *human, body encoder, reason string) {
	tm.t.Helper()
	_, err := tm.try(who.keys.Sign, body)
	if err == nil || !strings.Contains(err.Error(), reason) {
		tm.t.Errorf("%T by %s: got %v, want %q", body, who.name, err, reason)
	}
}

// invite makes an invitation whose seed is n.
func (tm *team) invite(by *human, n int, role Role, mode, uses uint, grants ...SpaceGrant) (InviteKeys, InviteBody) {
	tm.t.Helper()
	keys, body := inviteBody(tm.log.WS(), n, role, mode, uses, grants...)
	tm.must(by, body)
	return keys, body
}

// invitations made before: their keys are slow to derive, and all teams of one
// founder are the same workspace.
var inviteKeys sync.Map

func inviteBody(ws seal.ID, n int, role Role, mode, uses uint, grants ...SpaceGrant) (InviteKeys, InviteBody) {
	seed := seedOf("invite", n)
	at := seal.Hash("test/invite", ws[:], seed[:])
	made, ok := inviteKeys.Load(at)
	if !ok {
		derived, err := InviteKeysOf(ws, [16]byte(seed[:16]))
		if err != nil {
			panic(err)
		}
		made, _ = inviteKeys.LoadOrStore(at, derived)
	}
	keys := made.(InviteKeys)
	return keys, InviteBody{InvPK: keys.Sign.Public(), Role: role, Spaces: grants, Mode: mode, Uses: uses, Expires: 1 << 40}
}

func admitBody(ws seal.ID, keys InviteKeys, by *human, who *human, role Role, grants ...SpaceGrant) AdmitBody {
	peerA, peerB, nonce := by.keys.PeerPublic(), who.keys.PeerPublic(), seal.ID{7}
	return AdmitBody{
		PersonGenesis: who.genesis, Role: role, InviteID: keys.ID, Nonce: nonce, PeerA: peerA, PeerB: peerB, Spaces: grants,
		InvSig: keys.Sign.Sign(labelJoin, joinProof(ws, keys.ID, who.genesis, peerA, peerB, nonce)),
	}
}

// admit lets a person in with an invitation of its own, and shows it the log.
func (tm *team) admit(by *human, who *human, role Role, grants ...SpaceGrant) *Entry {
	tm.t.Helper()
	keys, _ := tm.invite(by, int(who.person[0])<<16|int(who.person[1])<<8|1, role, ModeCodes, 1, grants...)
	e := tm.must(by, admitBody(tm.log.WS(), keys, by, who, role, grants...))
	tm.see(who.id(), by.id())
	return e
}

// promote makes a person an admin or owner.
func (tm *team) promote(by, who *human, role Role, ownerRank int64) *Entry {
	tm.t.Helper()
	e := tm.must(by, RoleSetBody{Person: who.person, Role: role, OwnerRank: ownerRank})
	tm.see(who.id(), by.id())
	return e
}

// join lets a person in by a link.
func (tm *team) join(keys InviteKeys, who *human, heads []seal.ID) (*Entry, error) {
	body, err := NewJoinBody(keys, tm.log.WS(), who.genesis, seal.ID{9}, heads[0])
	if err != nil {
		return nil, err
	}
	tm.views[who.id()] = heads
	return tm.try(who.keys.Sign, body)
}

// addDevice adds a spare device to a person.
func (tm *team) addDevice(who *human, spare *gadget, idx int) *Entry {
	tm.t.Helper()
	_, raw, err := NewDeviceRecord(spare.keys, spare.kem.Public(), idx, 2, who.person)
	if err != nil {
		tm.t.Fatal(err)
	}
	e := tm.must(who, DeviceAddBody{Person: who.person, Record: raw})
	tm.see(spare.id(), who.id())
	return e
}

// as is a person acting with another of its devices.
func (h *human) as(g *gadget) *human {
	return &human{gadget: g, person: h.person, genesis: h.genesis, paper: h.paper}
}

func (tm *team) status(who *human) Status {
	tm.t.Helper()
	p, ok := tm.log.State().Person(who.person)
	if !ok {
		tm.t.Fatalf("%s is unknown", who.name)
	}
	return p.Status
}

// standing is the part of a state that the removed must not be able to change:
// people, devices, spaces, invitations, policy, relays.
func standing(s *State) string {
	var b strings.Builder
	for _, p := range s.Persons() {
		fmt.Fprintf(&b, "person %s %v %d %v quit %v devices", p.ID.Short(), p.Role, p.OwnerRank, p.Status, p.Quit)
		for _, id := range p.Devices {
			d, _ := s.Device(id)
			fmt.Fprintf(&b, " %s/%d/%d/%v", id.Short(), d.Idx, d.KemGen, d.Active)
		}
		b.WriteString("\n")
	}
	for _, space := range s.Spaces() {
		fmt.Fprintf(&b, "space %s %v %v closed %v:", space.ID.Short(), space.Kind, space.History, space.Closed)
		for _, p := range s.Persons() {
			fmt.Fprintf(&b, " %s=%v", p.ID.Short(), s.Access(space.ID, p.ID))
		}
		b.WriteString("\n")
	}
	for _, i := range s.Invites() {
		fmt.Fprintf(&b, "invite %s %v used %d revoked %v\n", i.ID.Short(), i.Role, i.Used, i.Revoked)
	}
	fmt.Fprintf(&b, "policy %+v relays %v\n", s.Policy(), s.Relays())
	return b.String()
}

// picture is all of a state.
func picture(s *State) string {
	var b strings.Builder
	b.WriteString(standing(s))
	for _, h := range s.Heads() {
		fmt.Fprintf(&b, "head %s\n", h.Short())
	}
	for _, p := range s.Persons() {
		fmt.Fprintf(&b, "%+v\n", p)
	}
	for _, d := range s.Devices() {
		cut, out := s.Cut(d.ID)
		end, _ := s.tails.get(d.ID)
		d.KemPK = nil
		fmt.Fprintf(&b, "%+v %+v %v tail %d %v\n", d, cut, out, end.seq, end.ids)
	}
	for _, space := range s.Spaces() {
		fmt.Fprintf(&b, "%+v\n", space)
		for _, e := range s.Epochs(space.ID) {
			fmt.Fprintf(&b, "epoch %+v usable %v\n", e, s.EpochUsable(space.ID, e.ID))
		}
		n, prev := s.NextEpoch(space.ID)
		fmt.Fprintf(&b, "next %d after %d\n", n, len(prev))
		for _, d := range s.Recipients(space.ID) {
			fmt.Fprintf(&b, " %s", d.ID.Short())
		}
	}
	fmt.Fprintf(&b, "void %v policy %v\n", s.VoidedEntries(), s.PolicyEntry().Short())
	s.outcasts.each(func(dev seal.ID, _ struct{}) { fmt.Fprintf(&b, "outcast %s\n", dev.Short()) })
	return b.String()
}
