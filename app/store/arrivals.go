package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// sparse is how many rows are looked at for every row that is wanted, before the
// chains are listed one by one.
const sparse = 4

// Arrivals implements workspace.ArrivalStore. It reads the table from the oldest
// missing row on, as one run, which serves somebody who has nothing; who lacks a
// few chains of many is served chain by chain.
func (db *DB) Arrivals(ctx context.Context, ws seal.ID, ends []workspace.Tail, limit, maxBytes int) ([]workspace.EnvelopeRow, error) {
	fail := func(err error) ([]workspace.EnvelopeRow, error) {
		return nil, fmt.Errorf("read envelopes in order of arrival: %w", err)
	}
	r := run{db: db, ws: ws, next: map[int64]int64{}, from: map[int64]int64{}, limit: limit, bytes: maxBytes, first: math.MaxInt64}
	for _, end := range ends {
		if err := r.begin(ctx, end); err != nil {
			return fail(err)
		}
	}
	if len(r.next) == 0 || limit < 1 {
		return nil, nil
	}
	if err := r.read(ctx); err != nil {
		return fail(err)
	}
	if err := r.twins(ctx); err != nil {
		return fail(err)
	}
	if err := db.dropEnvelopes(ctx, r.damaged); err != nil {
		return fail(err)
	}
	if len(r.rows) > 0 && (r.full || len(r.rows) >= limit/sparse) {
		return r.rows, nil
	}
	return db.Envelopes(ctx, ws, r.oldest.Space, r.oldest.Device, r.oldest.Seq+1, limit)
}

// run reads rows of many chains.
type run struct {
	db      *DB
	ws      seal.ID
	from    map[int64]int64 // by chain: the seq that it begins with
	next    map[int64]int64 // and the one that it goes on with
	first   int64           // the lowest order of arrival of these
	oldest  workspace.Tail  // the chain that it belongs to
	limit   int
	bytes   int
	rows    []workspace.EnvelopeRow
	damaged []damagedEnvelope
	full    bool // a limit was reached
}

// begin looks for the row behind the end of a chain.
func (r *run) begin(ctx context.Context, end workspace.Tail) error {
	chain, found, err := r.db.findChain(ctx, chainKey{r.ws, end.Space, end.Device})
	if err != nil || !found || end.Seq >= math.MaxInt64 {
		return err
	}
	var n int64
	err = r.db.querier(ctx).QueryRowContext(ctx, `SELECT n FROM envelope WHERE chain = ? AND seq = ? ORDER BY n LIMIT 1`, chain, int64(end.Seq)+1).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	r.from[chain], r.next[chain] = int64(end.Seq)+1, int64(end.Seq)+1
	if n < r.first {
		r.first, r.oldest = n, end
	}
	return nil
}

// read takes the rows that continue the chains. What it is not given again is
// what came here before something that stands before it in its chain: then the
// damage is repaired, and the next run begins there.
func (r *run) read(ctx context.Context) error {
	chains := make([]int64, 0, len(r.next))
	for chain := range r.next {
		chains = append(chains, chain)
	}
	// The plus keeps SQLite from listing whole chains and sorting them.
	found, err := r.db.querier(ctx).QueryContext(ctx, selectEnvelope+`WHERE e.n BETWEEN ? AND ? AND +e.chain IN (SELECT value FROM json_each(?)) ORDER BY e.n`,
		r.first, r.first+int64(sparse*r.limit), jsonList(chains))
	if err != nil {
		return err
	}
	defer found.Close()
	size := 0
	for found.Next() {
		var row envelopeRow
		if err := row.scan(found); err != nil {
			return err
		}
		key, known := r.db.ids.key(int64(row.chain))
		switch {
		case !known || !row.ok(key):
			r.damaged = append(r.damaged, row.damaged(key))
			delete(r.next, int64(row.chain))
			continue
		case r.next[int64(row.chain)] != int64(row.seq):
			continue
		}
		size += len(row.bytes)
		if len(r.rows) > 0 && size > r.bytes {
			r.full = true
			return nil
		}
		r.rows = append(r.rows, row.row(key))
		r.next[int64(row.chain)]++
		if len(r.rows) == r.limit {
			r.full = true
			return nil
		}
	}
	return found.Err()
}

// twins adds the other envelopes of places that a device has used twice. They
// belong to what somebody is given, as proof.
func (r *run) twins(ctx context.Context) error {
	for chain, next := range r.next {
		from := r.from[chain]
		var stored int64
		err := r.db.querier(ctx).QueryRowContext(ctx, `SELECT count(*) FROM envelope WHERE chain = ? AND seq BETWEEN ? AND ?`, chain, from, next-1).Scan(&stored)
		if err != nil || stored == next-from {
			if err != nil {
				return err
			}
			continue
		}
		rows, damaged, err := r.db.readChain(ctx, chain, from, next-1, int(stored))
		if err != nil {
			return err
		}
		r.damaged = append(r.damaged, damaged...)
		for _, row := range rows {
			if !slices.ContainsFunc(r.rows, func(other workspace.EnvelopeRow) bool { return other.ID == row.ID }) {
				r.rows = append(r.rows, row)
			}
		}
	}
	return nil
}
