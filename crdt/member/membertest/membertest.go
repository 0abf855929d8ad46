// Package membertest makes random membership logs with what every program uses to
// write them, for tests of whoever reads logs.
package membertest

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Actor is one device of a person, with its own copy of the log.
type Actor struct {
	Keys    member.DeviceKeys
	Person  seal.ID
	Genesis []byte
	Paper   seal.SignKey // the recovery key
	Log     *member.Log

	kem []byte
}

// ID is the device.
func (a *Actor) ID() seal.ID { return a.Keys.ID() }

func seedOf(label string, n int) [32]byte {
	return seal.Hash("test/"+label, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// cast are the people and spare devices of all teams: their keys are slow to make.
var cast = sync.OnceValues(func() (people, spares []*Actor) {
	for n := range 40 {
		kem, err := seal.NewKEMKey(seedOf("kem", n))
		if err != nil {
			panic(err)
		}
		a := &Actor{Keys: member.NewDeviceKeys(seedOf("device", n)), Paper: seal.NewSignKey(seedOf("paper", n)), kem: kem.Public()}
		if n >= 24 {
			spares = append(spares, a)
			continue
		}
		recovery, nonce := a.Paper.Public(), seedOf("nonce", n)
		if _, a.Genesis, err = member.NewPersonGenesis(a.Keys, a.kem, 1, [16]byte(nonce[:16]), &recovery); err != nil {
			panic(err)
		}
		a.Person = member.PersonID(a.Genesis)
		people = append(people, a)
	}
	return people, spares
})

// Team writes one history. All is the log of everything that was accepted.
type Team struct {
	All    *member.Log
	Actors []*Actor

	t       testing.TB
	random  *rand.Rand
	clock   int64
	skew    bool // clocks differ
	in      int
	spare   int
	invites []invitation
	spaces  []seal.SpaceID
}

type invitation struct {
	keys member.InviteKeys
	body member.InviteBody
}

// New founds a team. The seed decides everything.
func New(t testing.TB, seed uint64) *Team {
	t.Helper()
	people, _ := cast()
	tm := &Team{t: t, random: rand.New(rand.NewPCG(seed, 7)), All: member.NewLog(), clock: 1_700_000_000_000}
	founder := *people[0]
	founder.Log = member.NewLog()
	tm.in = 1
	nonce := seedOf("team", int(seed))
	body := member.GenesisBody{PersonGenesis: founder.Genesis, Nonce: [16]byte(nonce[:16]), Suite: 1, LogKeyID: member.LogKeyID(seal.Key(seedOf("lk", 0))), Policy: member.DefaultPolicy()}
	genesis, err := member.NewGenesis(founder.Keys.Sign, body, tm.now())
	if err != nil {
		t.Fatal(err)
	}
	tm.Actors = []*Actor{&founder}
	tm.take(&founder, genesis)
	return tm
}

func (tm *Team) now() int64 {
	tm.clock += 60_000
	if tm.skew {
		return tm.clock + int64(tm.random.IntN(400_000)) - 200_000
	}
	return tm.clock
}

// take adds an entry to an actor's log and to that of everything.
func (tm *Team) take(a *Actor, e *member.Entry) bool {
	if o, _ := a.Log.Add(e); o != seal.OK && o != seal.Evidence {
		return false
	}
	if o, err := tm.All.Add(e); o != seal.OK && o != seal.Evidence && o != seal.Drop {
		tm.t.Fatalf("one log took what the other refused: %v", err)
	}
	return true
}

// Meet gives an actor everything that another one has.
func (tm *Team) Meet(a, other *Actor) {
	for _, id := range other.Log.Missing(a.Log.Heads()) {
		tm.take(a, other.Log.Entry(id))
	}
}

// body is any body.
type body interface{ Encode() ([]byte, error) }

// Write writes an entry of an actor after what it has seen, and reports whether the
// rules allow it. The entry is nil when they do not.
func (tm *Team) Write(a *Actor, typ member.Type, b body) *member.Entry {
	return tm.WriteAs(a, a.Keys.Sign, typ, b)
}

// WriteAs is Write with another key.
func (tm *Team) WriteAs(a *Actor, key seal.SignKey, typ member.Type, b body) *member.Entry {
	tm.t.Helper()
	raw, err := b.Encode()
	if err != nil {
		return nil
	}
	e, err := a.Log.Write(key, typ, raw, tm.now())
	if err != nil || !tm.take(a, e) {
		return nil
	}
	return e
}

// Invite makes an invitation.
func (tm *Team) Invite(a *Actor, role member.Role, mode, uses uint, grants ...member.SpaceGrant) (member.InviteKeys, bool) {
	seed := seedOf("invite", tm.random.IntN(1<<30))
	keys, err := member.InviteKeysOf(tm.All.WS(), [16]byte(seed[:16]))
	if err != nil {
		tm.t.Fatal(err)
	}
	b := member.InviteBody{InvPK: keys.Sign.Public(), Role: role, Spaces: grants, Mode: mode, Uses: uses, Expires: 1 << 50}
	made := tm.Write(a, member.TypeInvite, b) != nil
	if made {
		tm.invites = append(tm.invites, invitation{keys, b})
	}
	return keys, made
}

// newcomer is somebody who is nowhere yet, or nil.
func (tm *Team) newcomer() *Actor {
	people, _ := cast()
	if tm.in >= len(people) {
		return nil
	}
	next := *people[tm.in]
	next.Log = member.NewLog()
	return &next
}

// Admit lets somebody in with an invitation that is open.
func (tm *Team) Admit(by *Actor, inv member.InviteKeys, role member.Role, grants ...member.SpaceGrant) *Actor {
	who := tm.newcomer()
	if who == nil {
		return nil
	}
	peerA, peerB, nonce := by.Keys.PeerPublic(), who.Keys.PeerPublic(), seal.ID{7}
	raw, err := member.NewJoinRequest(inv, who.Keys.Sign, tm.All.WS(), who.Genesis, peerA, peerB, nonce)
	if err != nil {
		tm.t.Fatal(err)
	}
	request, err := member.ParseJoinRequest(raw)
	if err != nil {
		tm.t.Fatal(err)
	}
	b := member.NewAdmitBody(request, member.Invite{Role: role, Spaces: grants}, peerA, peerB)
	if tm.Write(by, member.TypeAdmit, b) == nil {
		return nil
	}
	return tm.enter(who, by)
}

func (tm *Team) enter(who, host *Actor) *Actor {
	tm.in++
	tm.Meet(who, host)
	tm.Actors = append(tm.Actors, who)
	return who
}

// New lets a person in and gives a role.
func (tm *Team) New(by *Actor, role member.Role) *Actor {
	tm.t.Helper()
	as := max(role, member.RoleMember)
	keys, ok := tm.Invite(by, as, member.ModeCodes, 1)
	who := tm.Admit(by, keys, as)
	if !ok || who == nil {
		tm.t.Fatal("nobody was let in")
	}
	if role < member.RoleMember {
		rank := int64(0)
		if role == member.RoleOwner {
			rank = 1
		}
		tm.Write(by, member.TypeRoleSet, member.RoleSetBody{Person: who.Person, Role: role, OwnerRank: rank})
		tm.Meet(who, by)
	}
	return who
}

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }

// Run makes some people and then n random steps, of which the rules allow many. Clocks
// differ from then on.
func (tm *Team) Run(n int) {
	tm.skew = true
	founder := tm.Actors[0]
	for range 2 + tm.random.IntN(3) {
		tm.New(founder, member.Role(1+tm.random.IntN(3)))
	}
	for _, a := range tm.Actors {
		tm.Meet(a, founder)
	}
	for range n {
		a := pick(tm.random, tm.Actors)
		if tm.random.IntN(3) == 0 {
			tm.Meet(a, pick(tm.random, tm.Actors))
		}
		tm.step(a)
	}
}

// Copy is a second device with the same keys: what it writes forks the chain.
func (tm *Team) Copy(a *Actor) *Actor {
	twin := *a
	twin.Log = member.NewLog()
	tm.Meet(&twin, a)
	return &twin
}

// Entries are all entries, parents first.
func (tm *Team) Entries() []*member.Entry {
	var all []*member.Entry
	for _, id := range tm.All.Order() {
		all = append(all, tm.All.Entry(id))
	}
	return all
}

func sorted(members []member.SpaceMember) []member.SpaceMember {
	slices.SortFunc(members, func(a, b member.SpaceMember) int { return a.Person.Compare(b.Person) })
	return members
}
