package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// envelopeTable is the first part of the hash of an envelope's row.
var envelopeTable = []byte("envelope") // never changed

// selectEnvelope reads the columns that envelopeRow.scan takes.
const selectEnvelope = `SELECT e.n, e.chain, e.seq, e.short, e.id, e.bytes, e.sum, s.state, s.reason, s.sum, s.chain
	FROM envelope e LEFT JOIN envelope_state s USING (n) `

// envelopeRow is a row of envelope with its state.
type envelopeRow struct {
	n, chain, seq, short intColumn
	id, bytes, sum       blobColumn
	state, stateChain    intColumn
	reason, stateSum     blobColumn
}

func (r *envelopeRow) scan(rows *rows) error {
	return rows.Scan(&r.n, &r.chain, &r.seq, &r.short, &r.id, &r.bytes, &r.sum, &r.state, &r.reason, &r.stateSum, &r.stateChain)
}

// shortID is the part of an id that the index holds: 48 bits find a row as well as
// 256, and the full id is compared afterwards.
func shortID(id seal.ID) int64 {
	return int64(binary.BigEndian.Uint64(id[:8]) >> 16)
}

// appendEnvelopeHead joins what the row's hash covers besides the bytes; all of
// it has a fixed length.
func appendEnvelopeHead(b []byte, n int64, key chainKey, seq int64, id seal.ID) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(n))
	b = append(b, key.ws[:]...)
	b = append(b, key.space[:]...)
	b = append(b, key.device[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	return append(b, id[:]...)
}

// ok checks the row and its state against their hashes. Without a good state
// nobody could say whether the envelope may be shown, so it counts as damaged.
func (r *envelopeRow) ok(key chainKey) bool { return r.bytesOK(key) && r.stateOK() }

func (r *envelopeRow) bytesOK(key chainKey) bool {
	head := make([]byte, 0, 128)
	head = appendEnvelopeHead(head, int64(r.n), key, int64(r.seq), r.id.id())
	return sumOK(r.sum, envelopeTable, head, r.bytes) && int64(r.short) == shortID(r.id.id())
}

func (r *envelopeRow) stateOK() bool {
	if r.stateSum == nil {
		return true
	}
	s := stateRow{n: int64(r.n), chain: int64(r.stateChain), state: workspace.EnvelopeState(r.state), reason: r.reason}
	return s.chain == int64(r.chain) && bytes.Equal(r.stateSum, s.sum())
}

func (r *envelopeRow) damaged(key chainKey) damagedEnvelope {
	return damagedEnvelope{int64(r.n), int64(r.chain), int64(r.seq), key, key != (chainKey{}) && r.bytesOK(key)}
}

func (r *envelopeRow) row(key chainKey) workspace.EnvelopeRow {
	return workspace.EnvelopeRow{
		Space: key.space, Device: key.device, Seq: uint64(r.seq), ID: r.id.id(), Bytes: r.bytes, State: workspace.EnvelopeState(r.state),
	}
}

// damagedEnvelope is a row to be removed.
type damagedEnvelope struct {
	n, chain, seq int64
	key           chainKey // zero when the chain's number means nothing
	stateOnly     bool     // the envelope itself is good
}

func (d damagedEnvelope) damage() workspace.Damage {
	name := fmt.Sprintf("envelope %d of device %s in space %s", d.seq, d.key.device.Short(), d.key.space.Short())
	if d.key == (chainKey{}) {
		name = fmt.Sprintf("envelope number %d of an unknown device", d.n)
	}
	return workspace.Damage{Table: "envelope", Key: name, Space: d.key.space, Device: d.key.device, Seq: uint64(max(d.seq, 0))}
}

// readEnvelopes runs a query that begins with selectEnvelope and tells the good
// rows from the damaged.
func (db *DB) readEnvelopes(ctx context.Context, query string, args ...any) (good []workspace.EnvelopeRow, damaged []damagedEnvelope, err error) {
	rows, err := db.scanEnvelopes(ctx, query, args...)
	if err != nil {
		return nil, nil, err
	}
	for i := range rows {
		r := &rows[i]
		key, known, err := db.chainOf(ctx, int64(r.chain))
		if err != nil {
			return nil, nil, err
		}
		if known && r.ok(key) {
			good = append(good, r.row(key))
		} else {
			damaged = append(damaged, r.damaged(key))
		}
	}
	return good, damaged, nil
}

// scanEnvelopes reads to the end before anything is looked up: a query inside a
// query could wait for a connection that only its own end gives back.
func (db *DB) scanEnvelopes(ctx context.Context, query string, args ...any) ([]envelopeRow, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var list []envelopeRow
	for found.Next() {
		list = append(list, envelopeRow{})
		if err := list[len(list)-1].scan(found); err != nil {
			return nil, err
		}
	}
	return list, found.Err()
}

// readChain reads a chain's rows from one seq to another, both included.
func (db *DB) readChain(ctx context.Context, chain, from, to int64, limit int) ([]workspace.EnvelopeRow, []damagedEnvelope, error) {
	return db.readEnvelopes(ctx, selectEnvelope+`WHERE e.chain = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq, e.n LIMIT ?`, chain, from, to, limit)
}

// deleteEnvelopes removes rows and nothing else. ctx carries a transaction.
func (db *DB) deleteEnvelopes(ctx context.Context, rows []damagedEnvelope) error {
	for _, d := range rows {
		if _, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM envelope WHERE n = ?`, d.n); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) reportEnvelopes(ctx context.Context, rows []damagedEnvelope) {
	for _, d := range rows {
		db.reportDamage(ctx, d.key.ws, d.damage())
	}
}

// dropEnvelopes removes damaged rows, moves the tails back to before them and
// reports them. A full disk does not stop it from reporting: the rows are found
// again later.
func (db *DB) dropEnvelopes(ctx context.Context, damaged []damagedEnvelope) error {
	if len(damaged) == 0 {
		return nil
	}
	err := db.within(ctx, func(ctx context.Context) (err error) {
		if damaged, err = db.settleStates(ctx, damaged); err != nil {
			return err
		}
		if err := db.deleteEnvelopes(ctx, damaged); err != nil {
			return err
		}
		for _, d := range damaged {
			if d.key == (chainKey{}) {
				continue
			}
			if err := db.moveBack(ctx, d.chain, d.seq); err != nil {
				return err
			}
		}
		return nil
	})
	db.reportEnvelopes(ctx, damaged)
	return ignoreDiskFull(err)
}
