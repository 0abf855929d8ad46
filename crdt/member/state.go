package member

import (
	"slices"
	"sync"

	"parvis/crdt/seal"
)

// State is who belongs to the workspace and what they may do after a set of
// entries. It never changes and is safe for concurrent use.
type State struct {
	ws       seal.ID
	logKeyID seal.ID
	heads    []seal.ID
	policy   policyRec
	people   table[*personRec]
	devices  table[*deviceRec]
	peers    table[seal.ID] // peer key → device
	spaces   table[*spaceRec]
	invites  table[*inviteRec]
	relays   table[bool]
	tails    table[tail]     // ends of the devices' chains
	voids    table[struct{}] // entries that do not count (rule M24)
	outcasts table[struct{}] // devices whose admission does not count
	memo     *memo
}

// policyRec is the policy and the entry that set it.
type policyRec struct {
	Policy
	entry seal.ID
}

// personRec is what the log says about a person. Records never change: they are
// copied to be edited.
type personRec struct {
	id         seal.ID
	role       Role
	ownerRank  int64
	status     Status // never Suspended: that is a flag of its own
	suspended  bool
	confirmed  bool
	verified   bool
	admission  seal.ID // the entry that let the person in
	roleEntry  seal.ID // the entry that gave the role
	by, invite seal.ID
	joinedMs   int64
	devices    []seal.ID
	cuts       []cutRec
	quit       bool // a Leave of the person counts
}

// deviceRec is a device, or a recovery key, which acts as device -1.
type deviceRec struct {
	id, peer seal.ID
	person   seal.ID
	idx      int
	kemPK    []byte
	kemGen   uint32
	kemMs    int64 // of the entry that gave the key, when it was not the first one
	platform uint
	added    seal.ID // the entry that added it
	addedMs  int64
	recovery bool
	removed  bool
	cuts     []cutRec
}

// tail is the end of a device's chain: the highest seq and, after a fork, all
// the entries that have it.
type tail struct {
	seq uint64
	ids []seal.ID
}

// memo holds what was computed from a state. Only its content changes.
type memo struct {
	mu         sync.Mutex
	recipients map[seal.SpaceID][]Device // guarded by mu
	usable     map[epochKey]bool         // guarded by mu
	epochs     map[seal.SpaceID][]Epoch  // guarded by mu; sorted
}

type epochKey struct {
	space seal.SpaceID
	id    seal.ID
}

// fork returns a copy to be edited. Nobody else may see it until it is done.
func (s *State) fork() *State {
	next := *s
	next.memo = &memo{}
	return &next
}

func (s *State) editPerson(id seal.ID, edit func(*personRec)) {
	old, ok := s.people.get(id)
	if !ok {
		return
	}
	next := *old
	edit(&next)
	s.people = s.people.put(id, &next)
}

func (s *State) editDevice(id seal.ID, edit func(*deviceRec)) {
	old, ok := s.devices.get(id)
	if !ok {
		return
	}
	next := *old
	edit(&next)
	s.devices = s.devices.put(id, &next)
}

func (s *State) editSpace(id seal.SpaceID, edit func(*spaceRec)) {
	old, ok := s.spaces.get(spaceKey(id))
	if !ok {
		return
	}
	next := *old
	edit(&next)
	s.spaces = s.spaces.put(spaceKey(id), &next)
}

func (s *State) editInvite(id seal.ID, edit func(*inviteRec)) {
	old, ok := s.invites.get(id)
	if !ok {
		return
	}
	next := *old
	edit(&next)
	s.invites = s.invites.put(id, &next)
}

// addDevice puts a device that became known.
func (s *State) addDevice(d *deviceRec) {
	s.devices = s.devices.put(d.id, d)
	if d.recovery {
		return
	}
	if _, taken := s.peers.get(d.peer); !taken {
		s.peers = s.peers.put(d.peer, d.id)
	}
	s.editPerson(d.person, func(p *personRec) {
		if at, found := slices.BinarySearchFunc(p.devices, d.id, seal.ID.Compare); !found {
			p.devices = slices.Insert(slices.Clone(p.devices), at, d.id)
		}
	})
}

func (p *personRec) active() bool { return p.status == Active && !p.suspended }

// device returns a device and its person when both are active.
func (s *State) active(dev seal.ID) (*deviceRec, *personRec, bool) {
	d, ok := s.devices.get(dev)
	if !ok || d.removed || d.recovery {
		return nil, nil, false
	}
	p, ok := s.people.get(d.person)
	if !ok || !p.active() {
		return nil, nil, false
	}
	return d, p, true
}

// WS is the workspace. The state of an empty log has none.
func (s *State) WS() seal.ID { return s.ws }

// LogKeyID is the commitment of the genesis to the log key.
func (s *State) LogKeyID() seal.ID { return s.logKeyID }

// Heads are the entries after which this is the state, sorted: those that no
// other of them follows.
func (s *State) Heads() []seal.ID { return slices.Clone(s.heads) }

// Policy is the workspace's policy.
func (s *State) Policy() Policy { return s.policy.Policy }

// PolicyEntry is the entry that set the policy: what trustees sign for.
func (s *State) PolicyEntry() seal.ID { return s.policy.entry }

// Relays are the peer keys of the workspace's super-peers, sorted.
func (s *State) Relays() []seal.ID {
	var relays []seal.ID
	s.relays.each(func(peer seal.ID, in bool) {
		if in {
			relays = append(relays, peer)
		}
	})
	return relays
}

// Voided reports whether an entry does not count because somebody of higher
// rank removed its author without knowing of it (rule M24).
func (s *State) Voided(entry seal.ID) bool {
	_, void := s.voids.get(entry)
	return void
}

// VoidedEntries lists the entries that do not count, sorted.
func (s *State) VoidedEntries() []seal.ID {
	var ids []seal.ID
	s.voids.each(func(id seal.ID, _ struct{}) { ids = append(ids, id) })
	return ids
}
