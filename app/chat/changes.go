package chat

import (
	"context"

	"parvis/crdt/seal"
)

// maxTouched bounds the messages that one batch tells as changed; beyond it the
// user interfaces load their lists again.
const maxTouched = 512

// maxLate bounds the old messages that one batch tells one by one: this device is
// catching up, and nobody reads hundreds of events in a second.
const maxLate = 32

// changes is what one batch did, collected inside the transaction and told after
// the commit.
type changes struct {
	bad      map[seal.ID]string
	late     int     // envelopes that came by catching up
	closed   []int64 // rows that had waited and are complete now
	broken   []int64 // rows that had waited and break a rule
	posts    []Row
	touched  map[seal.ID]bool // messages that look different now
	channels map[int64]*tip
	recounts map[*tip]bool
	renames  map[*tip]bool // whose name has to be looked for again
	reload   bool          // what was shown is shown no more, or the other way round
}

func newChanges() *changes {
	return &changes{
		bad: map[seal.ID]string{}, touched: map[seal.ID]bool{},
		channels: map[int64]*tip{}, recounts: map[*tip]bool{}, renames: map[*tip]bool{},
	}
}

// settled notes the verdict on a row that was open on disk.
func (c *changes) settled(v verdict) {
	c.judged(v)
	switch v.state {
	case RowComplete:
		c.closed = append(c.closed, v.entry.row)
	case RowBad:
		c.broken = append(c.broken, v.entry.row)
	case RowOpen:
	}
}

// judged notes a verdict.
func (c *changes) judged(v verdict) {
	if v.state == RowBad && c.bad != nil {
		c.bad[v.entry.id] = v.reason
	}
}

func (c *changes) channel(t *tip) { c.channels[t.row.N] = t }

func (c *changes) post(row Row) {
	c.posts = append(c.posts, row)
}

func (c *changes) touch(id seal.ID) { c.touched[id] = true }

func (c *changes) recount(t *tip) { c.recounts[t] = true }

func (c *changes) rename(t *tip) { c.renames[t] = true }

// save writes the changed states of rows and counts again where a counted
// message turned out bad.
func (c *changes) save(ctx context.Context, storage Storage) error {
	if len(c.closed) > 0 {
		if err := storage.SetRowState(ctx, c.closed, RowComplete); err != nil {
			return err
		}
	}
	if len(c.broken) > 0 {
		if err := storage.SetRowState(ctx, c.broken, RowBad); err != nil {
			return err
		}
	}
	for t := range c.recounts {
		unread, mentions, err := storage.Unread(ctx, t.row.N, t.mark)
		if err != nil {
			return err
		}
		t.unread, t.mentions = unread, mentions
		if t.last, err = storage.LastPost(ctx, t.row.N); err != nil {
			return err
		}
	}
	return nil
}
