package store

import (
	"context"
	"errors"
	"fmt"

	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// Calls shows the store to calls.
func (db *DB) Calls() calls.Storage { return db }

func recordSum(r calls.Record) []byte {
	hidden := byte(0)
	if r.Hidden {
		hidden = 1
	}
	return rowSum([]byte("call_record"), r.Workspace[:], r.ID[:], r.Call[:], number(int64(r.Op)), r.Space[:], r.Channel[:],
		r.Person[:], number(r.AtMs), []byte{hidden})
}

// PutCallRecord implements calls.Storage.
func (db *DB) PutCallRecord(ctx context.Context, r calls.Record) (isNew bool, err error) {
	var n intColumn
	err = db.querier(ctx).QueryRowContext(ctx, `SELECT count(*) FROM call_record WHERE ws = ? AND id = ?`, r.Workspace[:], r.ID[:]).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for record of a call: %w", err)
	}
	_, err = db.querier(ctx).ExecContext(ctx,
		`INSERT INTO call_record (ws, id, call, op, space, channel, person, at, hidden, declined, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)
		ON CONFLICT (ws, id) DO UPDATE SET call = excluded.call, op = excluded.op, space = excluded.space, channel = excluded.channel,
			person = excluded.person, at = excluded.at, hidden = excluded.hidden, sum = excluded.sum`,
		r.Workspace[:], r.ID[:], r.Call[:], int64(r.Op), r.Space[:], r.Channel[:], r.Person[:], r.AtMs, r.Hidden, recordSum(r))
	if err != nil {
		return false, fmt.Errorf("store record of a call: %w", err)
	}
	return n == 0, nil
}

// CallRecords implements calls.Storage.
func (db *DB) CallRecords(ctx context.Context, ws seal.ID, id call.ID) ([]calls.Record, error) {
	found, err := db.querier(ctx).QueryContext(ctx,
		`SELECT id, op, space, channel, person, at, hidden, declined, sum FROM call_record WHERE ws = ? AND call = ? ORDER BY id`, ws[:], id[:])
	if err != nil {
		return nil, fmt.Errorf("read records of a call: %w", err)
	}
	defer found.Close()
	var list []calls.Record
	for found.Next() {
		var envelope, space, channel, person, sum blobColumn
		var op, at, hidden, declined intColumn
		if err := found.Scan(&envelope, &op, &space, &channel, &person, &at, &hidden, &declined, &sum); err != nil {
			return nil, fmt.Errorf("read records of a call: %w", err)
		}
		r := calls.Record{
			Workspace: ws, ID: envelope.id(), Call: id, Op: calls.Op(op), Space: space.space(), Channel: calls.ChannelID(channel.space()),
			Person: person.id(), AtMs: int64(at), Hidden: hidden != 0, Declined: declined != 0,
		}
		r.Damaged = string(recordSum(r)) != string(sum)
		list = append(list, r)
	}
	return list, found.Err()
}

// CallsOf implements calls.Storage.
func (db *DB) CallsOf(ctx context.Context, ws seal.ID, channel calls.ChannelID, limit int) ([]call.ID, error) {
	query, args := `SELECT call FROM call_record WHERE ws = ? AND op = 0 AND hidden = 0 GROUP BY call ORDER BY max(at) DESC LIMIT ?`, []any{ws[:], limit}
	if channel != (calls.ChannelID{}) {
		query = `SELECT call FROM call_record WHERE ws = ? AND channel = ? AND op = 0 AND hidden = 0 GROUP BY call ORDER BY max(at) DESC LIMIT ?`
		args = []any{ws[:], channel[:], limit}
	}
	return db.callIDs(ctx, query, args...)
}

func (db *DB) callIDs(ctx context.Context, query string, args ...any) ([]call.ID, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read calls: %w", err)
	}
	defer found.Close()
	var list []call.ID
	for found.Next() {
		var id blobColumn
		if err := found.Scan(&id); err != nil {
			return nil, fmt.Errorf("read calls: %w", err)
		}
		list = append(list, call.ID(id.space()))
	}
	return list, found.Err()
}

// DeclineCall implements calls.Storage.
func (db *DB) DeclineCall(ctx context.Context, ws seal.ID, id call.ID) error {
	err := db.within(ctx, func(ctx context.Context) error {
		_, err := db.querier(ctx).ExecContext(ctx, `UPDATE call_record SET declined = 1 WHERE ws = ? AND call = ? AND op = 0`, ws[:], id[:])
		return err
	})
	if err != nil {
		return fmt.Errorf("decline call: %w", err)
	}
	return nil
}

// SeeCall implements calls.Storage.
func (db *DB) SeeCall(ctx context.Context, ws seal.ID, id call.ID) error {
	err := db.within(ctx, func(ctx context.Context) error {
		_, err := db.querier(ctx).ExecContext(ctx, `UPDATE call_record SET seen = 1 WHERE ws = ? AND call = ? AND op = 0`, ws[:], id[:])
		return err
	})
	if err != nil {
		return fmt.Errorf("note that a call was seen: %w", err)
	}
	return nil
}

// UnseenCalls implements calls.Storage.
func (db *DB) UnseenCalls(ctx context.Context, ws seal.ID, channel calls.ChannelID, person seal.ID, limit int) ([]call.ID, error) {
	return db.callIDs(ctx, `SELECT call FROM call_record AS start
		WHERE ws = ?1 AND channel = ?2 AND op = 0 AND hidden = 0 AND declined = 0 AND seen = 0 AND person != ?3
			AND NOT EXISTS (SELECT 1 FROM call_record WHERE ws = start.ws AND call = start.call AND op = 1 AND hidden = 0 AND person = ?3)
		GROUP BY call ORDER BY max(at) DESC LIMIT ?4`, ws[:], channel[:], person[:], limit)
}

// LinkRecords implements calls.LinkStorage.
func (db *DB) LinkRecords(ctx context.Context, ws seal.ID, channel calls.ChannelID) ([]calls.Record, error) {
	found, err := db.querier(ctx).QueryContext(ctx,
		`SELECT DISTINCT call FROM call_record WHERE ws = ? AND channel = ? AND op IN (3, 4)`, ws[:], channel[:])
	if err != nil {
		return nil, fmt.Errorf("read meeting links: %w", err)
	}
	defer found.Close()
	var secrets []call.ID
	for found.Next() {
		var id blobColumn
		if err := found.Scan(&id); err != nil {
			return nil, fmt.Errorf("read meeting links: %w", err)
		}
		secrets = append(secrets, call.ID(id.space()))
	}
	if err := errors.Join(found.Err(), found.Close()); err != nil {
		return nil, fmt.Errorf("read meeting links: %w", err)
	}
	var list []calls.Record
	for _, id := range secrets {
		records, err := db.CallRecords(ctx, ws, id)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if r.Channel == channel || r.Damaged {
				list = append(list, r)
			}
		}
	}
	return list, nil
}
