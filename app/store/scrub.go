package store

import (
	"context"
	"fmt"
	"strings"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// scrubPage is how many envelopes are read at a time, so that a scrub never
// holds much memory nor a long snapshot.
const scrubPage = 256

type findingsKey struct{}

// findings collects what a scrub reports instead of telling OnDamage.
type findings struct{ list []workspace.Damage }

func findingsOf(ctx context.Context) *findings {
	f, _ := ctx.Value(findingsKey{}).(*findings)
	return f
}

// Scrub reads all rows of a workspace and checks each against its hash, and the
// file against SQLite's own rules. Damaged rows are deleted, tails move back to
// before them, and each is in the result. Damaged indexes are rebuilt. Rows of
// the features' tables are checked by the features, which can make them again.
func (db *DB) Scrub(ctx context.Context, ws seal.ID) ([]workspace.Damage, error) {
	found := &findings{}
	ctx = context.WithValue(ctx, findingsKey{}, found)
	steps := []func() error{
		func() error { return db.checkFile(ctx, ws) },
		func() error { return db.Entries(ctx, ws, func(seal.ID, []byte) error { return nil }) },
		func() error { return db.scrubStates(ctx, ws) },
		func() error { return db.scrubStrays(ctx, ws) },
		func() error { return db.scrubEnvelopes(ctx, ws) },
		func() error { return db.scrubChains(ctx, ws) },
		func() error { _, err := db.Tails(ctx, ws); return err },
		func() error { _, err := db.Quarantined(ctx, ws); return err },
		func() error { return db.scrubBlobs(ctx, ws) },
		func() error { _, err := db.Secrets(ctx, ws, ""); return err },
		func() error { _, err := db.Acks(ctx, ws); return err },
		func() error { _, err := db.Addrs(ctx, ws); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return found.list, fmt.Errorf("scrub %s: %w", ws.Short(), err)
		}
	}
	return found.list, nil
}

// checkFile asks SQLite whether the file is sound, and rebuilds the indexes when
// it is not. What is unsound after that is reported: no row can be blamed.
func (db *DB) checkFile(ctx context.Context, ws seal.ID) error {
	faults, err := db.integrity(ctx)
	if err != nil || len(faults) == 0 {
		return err
	}
	err = db.Write(ctx, func(ctx context.Context) error {
		_, err := db.querier(ctx).ExecContext(ctx, `REINDEX`)
		return err
	})
	if err == nil {
		faults, err = db.integrity(ctx)
	}
	if len(faults) > 0 {
		db.reportDamage(ctx, ws, workspace.Damage{Table: "database", Key: "the database file: " + strings.Join(faults, "; ")})
	}
	return ignoreDiskFull(err)
}

// integrity returns what SQLite complains about, at most ten sentences.
func (db *DB) integrity(ctx context.Context) ([]string, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `PRAGMA integrity_check(10)`)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var faults []string
	for found.Next() {
		var text textColumn
		if err := found.Scan(&text); err != nil {
			return nil, err
		}
		if text != "ok" {
			faults = append(faults, string(text))
		}
	}
	return faults, found.Err()
}

// scrubEnvelopes reads every row of the workspace's chains, and those that belong
// to no chain.
func (db *DB) scrubEnvelopes(ctx context.Context, ws seal.ID) error {
	for last := int64(-1 << 62); ; {
		rows, err := db.scanEnvelopes(ctx, selectEnvelope+`WHERE e.n > ? ORDER BY e.n LIMIT ?`, last, scrubPage)
		if err != nil {
			return err
		}
		var damaged []damagedEnvelope
		for i := range rows {
			r := &rows[i]
			key, known, err := db.chainOf(ctx, int64(r.chain))
			if err != nil {
				return err
			}
			if !known || (key.ws == ws && !r.ok(key)) {
				damaged = append(damaged, r.damaged(key))
			}
		}
		if err := db.dropEnvelopes(ctx, damaged); err != nil {
			return err
		}
		if len(rows) < scrubPage {
			return nil
		}
		last = int64(rows[len(rows)-1].n)
	}
}

// scrubChains looks for rows that the tails promise and the table lacks.
func (db *DB) scrubChains(ctx context.Context, ws seal.ID) error {
	tails, err := db.Tails(ctx, ws)
	if err != nil {
		return err
	}
	for _, t := range tails {
		chain, found, err := db.findChain(ctx, chainKey{ws, t.Space, t.Device})
		if err != nil || !found {
			return err
		}
		end, err := gaplessEnd(ctx, db.querier(ctx), chain, 0)
		if err != nil {
			return err
		}
		if end < int64(t.Seq) {
			if err := db.loseEnvelope(ctx, chain, end+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// scrubBlobs reads every blob once.
func (db *DB) scrubBlobs(ctx context.Context, ws seal.ID) error {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT id FROM blob WHERE ws = (SELECT ws FROM workspace WHERE id = ?)`, ws[:])
	if err != nil {
		return err
	}
	defer found.Close()
	var ids []blobColumn
	for found.Next() {
		var id blobColumn
		if err := found.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	if err := found.Err(); err != nil {
		return err
	}
	for _, id := range ids {
		if _, _, err := db.blob(ctx, ws, id); err != nil {
			return err
		}
	}
	return nil
}
