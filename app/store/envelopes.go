package store

import (
	"context"
	"fmt"
	"math"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

const (
	// insertOne adds one envelope.
	insertOne = `INSERT OR FAIL INTO envelope (n, chain, seq, short, id, bytes, sum) VALUES (?, ?, ?, ?, ?, ?, ?)`
	// insertMany adds manyRows at once, which halves what database/sql costs; the
	// driver's own cost grows with the square of the number of parameters.
	insertMany = insertOne + `, (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?)` +
		`, (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?)`
	manyRows = 8
	columns  = 7
)

// appender adds the rows of one call of AddEnvelopes.
type appender struct {
	db     *DB
	q      querier
	ws     seal.ID
	n      int64 // the last order of arrival given out
	chains map[chainKey]*openChain
	args   []any // of the rows that wait to be inserted
	head   []byte
	states []stateRow // of the waiting rows that are not simply applied
}

// openChain is a chain that rows are being added to.
type openChain struct {
	number int64
	was    chainTail
	tail   chainTail
}

// AddEnvelopes inserts rows, ignores those that are stored already and replaces
// damaged ones. The tails of their chains move over whatever has become
// gapless, rows that were there before included.
func (db *DB) AddEnvelopes(ctx context.Context, ws seal.ID, rows []workspace.EnvelopeRow) error {
	size := 0
	for _, row := range rows {
		if row.Seq < 1 || row.Seq > math.MaxInt64 {
			return fmt.Errorf("store envelope %s: sequence number %d is out of range", row.ID.Short(), row.Seq)
		}
		size += len(row.Bytes)
	}
	if err := db.reserve.admit(size); err != nil {
		return fmt.Errorf("store %d envelopes: %w", len(rows), err)
	}
	err := db.within(ctx, func(ctx context.Context) error {
		a := appender{db: db, q: db.querier(ctx), ws: ws, chains: map[chainKey]*openChain{}}
		return a.addAll(ctx, rows)
	})
	if err != nil {
		return fmt.Errorf("store %d envelopes: %w", len(rows), err)
	}
	return nil
}

func (a *appender) addAll(ctx context.Context, rows []workspace.EnvelopeRow) error {
	if err := a.q.QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM envelope`).Scan(&a.n); err != nil {
		return err
	}
	for _, row := range rows {
		if err := a.add(ctx, row); err != nil {
			return err
		}
	}
	if err := a.flush(ctx); err != nil {
		return err
	}
	for _, c := range a.chains {
		if err := a.finish(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// add queues a row. Only a row that is not beyond all others of its chain can be
// there already.
func (a *appender) add(ctx context.Context, row workspace.EnvelopeRow) error {
	c, err := a.chain(ctx, chainKey{a.ws, row.Space, row.Device})
	if err != nil {
		return err
	}
	seq := int64(row.Seq)
	if seq <= c.tail.high {
		if err := a.flush(ctx); err != nil {
			return err
		}
		present, err := a.present(ctx, c, row)
		if err != nil || present {
			return err
		}
	}
	a.queue(c, row)
	if seq == c.tail.seq+1 {
		c.tail.seq, c.tail.id = seq, row.ID
	}
	c.tail.high = max(c.tail.high, seq)
	if len(a.args) == manyRows*columns {
		return a.flush(ctx)
	}
	return nil
}

func (a *appender) chain(ctx context.Context, key chainKey) (*openChain, error) {
	if c := a.chains[key]; c != nil {
		return c, nil
	}
	number, err := a.db.chainNumber(ctx, key)
	if err != nil {
		return nil, err
	}
	t, err := a.db.currentTail(ctx, number)
	if err != nil {
		return nil, err
	}
	c := &openChain{number, t, t}
	a.chains[key] = c
	return c, nil
}

// present says whether the row is stored in good order. A damaged row in its
// place is removed, so that the fresh one takes it.
func (a *appender) present(ctx context.Context, c *openChain, row workspace.EnvelopeRow) (bool, error) {
	stored, damaged, err := a.db.readChain(ctx, c.number, int64(row.Seq), int64(row.Seq), math.MaxInt32)
	if err != nil {
		return false, err
	}
	if len(damaged) > 0 {
		if err := a.db.deleteEnvelopes(ctx, damaged); err != nil {
			return false, err
		}
		a.db.reportEnvelopes(ctx, damaged)
	}
	for _, s := range stored {
		if s.ID == row.ID {
			return true, nil
		}
	}
	return false, nil
}

func (a *appender) queue(c *openChain, row workspace.EnvelopeRow) {
	a.n++
	key := chainKey{a.ws, row.Space, row.Device}
	a.head = appendEnvelopeHead(a.head[:0], a.n, key, int64(row.Seq), row.ID)
	a.args = append(a.args, a.n, c.number, int64(row.Seq), shortID(row.ID), row.ID[:], row.Bytes, rowSum(envelopeTable, a.head, row.Bytes))
	if row.State != workspace.EnvelopeApplied {
		a.states = append(a.states, stateRow{n: a.n, chain: c.number, state: row.State})
	}
}

func (a *appender) flush(ctx context.Context) error {
	args := a.args
	if len(args) == manyRows*columns {
		if _, err := a.q.ExecContext(ctx, insertMany, args...); err != nil {
			return err
		}
		args = nil
	}
	for ; len(args) > 0; args = args[columns:] {
		if _, err := a.q.ExecContext(ctx, insertOne, args[:columns]...); err != nil {
			return err
		}
	}
	for _, s := range a.states {
		if err := a.db.putState(ctx, s); err != nil {
			return err
		}
	}
	a.args, a.states = a.args[:0], a.states[:0]
	return nil
}

// finish stores a chain's tail, after moving it over rows that had waited behind
// a gap.
func (a *appender) finish(ctx context.Context, c *openChain) error {
	if c.tail.seq < c.tail.high {
		t, err := a.db.advance(ctx, c.number, c.tail)
		if err != nil {
			return err
		}
		c.tail = t
	}
	if c.tail == c.was {
		return nil
	}
	return putTail(ctx, a.q, c.number, c.tail)
}
