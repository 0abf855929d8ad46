package app

import (
	"context"
	"encoding/binary"
	"strings"

	"parvis/app/people"
	"parvis/app/self"
	"parvis/crdt/seal"
)

// keyTrust names what one person's devices share of comparisons of codes, by the other
// person. What counts is when it was.
const keyTrust = "trust/"

// trusting brings the records of comparisons to the person's other devices.
type trusting struct {
	self   *self.Service
	people *people.Service
}

func trustFact(t people.Trust) (self.Fact, bool) {
	value, err := t.Encode()
	order := binary.BigEndian.AppendUint64(nil, uint64(t.AtMs))
	return self.Fact{Key: keyTrust + t.Person.String(), Order: order, Value: value}, err == nil
}

// Trust implements [people.Elsewhere].
func (t *trusting) Trust(ws seal.ID, record people.Trust) {
	if f, ok := trustFact(record); ok {
		t.self.Put(ws, f)
	}
}

// Trusted implements [people.Elsewhere]. What cannot be read, such as the record of a
// newer program, is as if it were not there.
func (t *trusting) Trusted(ctx context.Context, ws seal.ID) (list []people.Trust, err error) {
	values, err := t.self.Values(ctx, ws, keyTrust)
	if err != nil {
		return nil, err
	}
	for key, value := range values {
		person, err := seal.ParseID(strings.TrimPrefix(key, keyTrust))
		if err != nil {
			continue
		}
		if record, err := people.DecodeTrust(person, value); err == nil {
			list = append(list, record)
		}
	}
	return list, nil
}

// Facts implements [self.Source].
func (t *trusting) Facts(ctx context.Context, ws seal.ID) (facts []self.Fact, err error) {
	list, err := t.people.Trusts(ctx, ws)
	for _, record := range list {
		if f, ok := trustFact(record); ok {
			facts = append(facts, f)
		}
	}
	return facts, err
}
