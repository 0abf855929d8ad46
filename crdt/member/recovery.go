package member

import "parvis/crdt/seal"

// RecoveryKey is the paper key of a person, if there is one (rule M6).
func (s *State) RecoveryKey(person seal.ID) (key seal.ID, ok bool) {
	s.devices.each(func(id seal.ID, d *deviceRec) {
		if d.recovery && d.person == person {
			key, ok = id, true
		}
	})
	return key, ok
}

// RecoveryOwner is the person whose paper key it is.
func (s *State) RecoveryOwner(key seal.ID) (Person, bool) {
	d, ok := s.devices.get(key)
	if !ok || !d.recovery {
		return Person{}, false
	}
	return s.Person(d.person)
}

// GenesisOf finds the person genesis in the entry that let a person in.
func (l *Log) GenesisOf(person seal.ID) ([]byte, bool) {
	for _, id := range l.order {
		if genesis, ok := genesisIn(l.records[id].entry); ok && PersonID(genesis) == person {
			return genesis, true
		}
	}
	return nil, false
}

func genesisIn(e *Entry) ([]byte, bool) {
	switch e.Type {
	case TypeGenesis:
		body, err := DecodeGenesis(e.Body)
		return body.PersonGenesis, err == nil
	case TypeAdmit:
		body, err := DecodeAdmit(e.Body)
		return body.PersonGenesis, err == nil
	case TypeJoin:
		body, err := DecodeJoin(e.Body)
		return body.PersonGenesis, err == nil
	}
	return nil, false
}
