package calls

import (
	"cmp"
	"context"
	"slices"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// Record is one call envelope as it lies in the store. What a call looks like is
// computed from its records, so that replicas with the same envelopes agree.
type Record struct {
	Workspace seal.ID
	ID        seal.ID // the envelope
	Call      call.ID
	Op        Op
	Space     seal.SpaceID
	Channel   ChannelID
	Person    seal.ID
	AtMs      int64 // the author's clock
	Hidden    bool  // beyond the fences of a removal
	Declined  bool  // a start: this person did not want to join; only this device knows
	Damaged   bool  // the row is not what was written; only ID and Call may be used
}

// Storage keeps the records, and what this person did about calls.
type Storage interface {
	Records
	Marks
	LinkStorage
	Write(ctx context.Context, fn func(ctx context.Context) error) error
}

// Records keeps the records.
type Records interface {
	// PutCallRecord adds a record, or changes whether it is hidden; it reports
	// whether the record is new.
	PutCallRecord(ctx context.Context, r Record) (isNew bool, err error)
	// CallRecords lists the records of one call, by envelope.
	CallRecords(ctx context.Context, ws seal.ID, id call.ID) ([]Record, error)
	// CallsOf lists the calls of a channel that were started last, at most limit; the
	// zero channel means all.
	CallsOf(ctx context.Context, ws seal.ID, channel ChannelID, limit int) ([]call.ID, error)
}

// Marks keeps what only this device knows of calls.
type Marks interface {
	// DeclineCall notes that this person does not want to join a call.
	DeclineCall(ctx context.Context, ws seal.ID, id call.ID) error
	// SeeCall notes that this person has seen that a call was missed.
	SeeCall(ctx context.Context, ws seal.ID, id call.ID) error
	// UnseenCalls lists the calls of a channel that a person neither started nor joined nor
	// declined and has not seen, the last first, at most limit.
	UnseenCalls(ctx context.Context, ws seal.ID, channel ChannelID, person seal.ID, limit int) ([]call.ID, error)
}

// Values are small settings of this device.
type Values interface {
	Value(ctx context.Context, name string) (string, error)
	SetValue(ctx context.Context, name, value string) error
}

// fold is a call as its records tell (rules L3 to L6); false when its start is not
// there.
func fold(records []Record) (c Call, declined, started bool) {
	var start Record
	for _, r := range records {
		if r.counts() && r.Op == OpStart && (!started || r.ID.Compare(start.ID) < 0) {
			start, started = r, true
		}
		declined = declined || r.Declined
	}
	if !started {
		return Call{}, false, false
	}
	c = Call{
		Workspace: start.Workspace, Space: start.Space, Channel: start.Channel, ID: start.Call, By: start.Person,
		StartedMs: start.AtMs, People: []seal.ID{start.Person},
	}
	about := func(r Record, op Op) bool {
		return r.counts() && r.Op == op && r.Space == start.Space && r.Channel == start.Channel
	}
	for _, r := range records {
		if about(r, OpJoin) {
			c.People = append(c.People, r.Person)
		}
	}
	slices.SortFunc(c.People, seal.ID.Compare)
	c.People = slices.Compact(c.People)
	for _, r := range records {
		if about(r, OpEnd) && slices.Contains(c.People, r.Person) {
			c.EndedMs = max(c.EndedMs, r.AtMs, 1)
		}
	}
	return c, declined, true
}

func (r Record) counts() bool { return !r.Hidden && !r.Damaged }

// byStart sorts calls, the oldest first.
func byStart(a, b Call) int {
	if c := cmp.Compare(a.StartedMs, b.StartedMs); c != 0 {
		return c
	}
	return slices.Compare(a.ID[:], b.ID[:])
}
