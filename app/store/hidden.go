package store

import (
	"context"
	"fmt"
	"math"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Rivals is the lowest number that two envelopes of a chain have, or 0.
func (db *DB) Rivals(ctx context.Context, ws seal.ID, space seal.SpaceID, device seal.ID) (uint64, error) {
	chain, found, err := db.findChain(ctx, chainKey{ws, space, device})
	if err != nil || !found {
		return 0, err
	}
	var lowest intColumn
	err = db.querier(ctx).QueryRowContext(ctx, `SELECT coalesce(min(seq), 0) FROM (
		SELECT seq FROM envelope WHERE chain = ? GROUP BY seq HAVING count(*) > 1)`, chain).Scan(&lowest)
	if err != nil {
		return 0, fmt.Errorf("look for rivals in the chain of %s: %w", device.Short(), err)
	}
	return uint64(max(int64(lowest), 0)), nil
}

// partRows is how many rows ChainPart looks at before it reads any.
const partRows = 1024

// ChainPart reads a part of a chain, whole numbers only: about maxBytes of envelopes,
// more where one number has more. next is where the following part begins, 0 for none.
// Damaged rows are reported, deleted and left out.
func (db *DB) ChainPart(ctx context.Context, ws seal.ID, part workspace.ChainPart) (rows []workspace.EnvelopeRow, next uint64, err error) {
	chain, found, err := db.findChain(ctx, chainKey{ws, part.Space, part.Device})
	if err != nil || !found || part.From < 1 || part.From > math.MaxInt64 {
		return nil, 0, err
	}
	fail := func(err error) ([]workspace.EnvelopeRow, uint64, error) {
		return nil, 0, fmt.Errorf("read a part of the chain of %s: %w", part.Device.Short(), err)
	}
	last, next, err := db.measure(ctx, chain, part)
	if err != nil {
		return fail(err)
	}
	if last == 0 {
		return nil, 0, nil
	}
	lowest, highest := int64(min(part.From, last)), int64(max(part.From, last))
	rows, damaged, err := db.readEnvelopes(ctx, selectEnvelope+`WHERE e.chain = ? AND e.seq BETWEEN ? AND ?`+partOf(part),
		chain, lowest, highest)
	if err == nil {
		err = db.dropEnvelopes(ctx, damaged)
	}
	if err != nil {
		return fail(err)
	}
	return rows, next, nil
}

// measure finds the last number of a part and the one behind it, without reading the
// envelopes.
func (db *DB) measure(ctx context.Context, chain int64, part workspace.ChainPart) (last, next uint64, err error) {
	lowest, highest := int64(part.From), int64(math.MaxInt64)
	if part.Down {
		lowest, highest = 1, lowest
	}
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT e.seq, length(e.bytes) FROM envelope e LEFT JOIN envelope_state s USING (n)
		WHERE e.chain = ? AND e.seq BETWEEN ? AND ?`+partOf(part)+` LIMIT ?`, chain, lowest, highest, partRows)
	if err != nil {
		return 0, 0, err
	}
	defer found.Close()
	size, seen := 0, 0
	for found.Next() {
		var seq, length intColumn
		if err := found.Scan(&seq, &length); err != nil {
			return 0, 0, err
		}
		seen++
		size += int(length)
		switch at := uint64(max(int64(seq), 1)); {
		case last == 0, at == last, size <= part.Bytes && (part.Rows == 0 || seen <= part.Rows):
			last = at
		default:
			return last, at, found.Err()
		}
	}
	if seen == partRows { // the last number may go on: it is read whole, and what is behind it later
		if next = last + 1; part.Down {
			next = last - 1
		}
	}
	return last, next, found.Err()
}

// partOf is the end of the queries of a part.
func partOf(part workspace.ChainPart) string {
	text := ""
	if part.Hidden {
		text = fmt.Sprintf(" AND s.state = %d", workspace.EnvelopeHidden)
	}
	if part.Down {
		return text + ` ORDER BY e.seq DESC, e.n DESC`
	}
	return text + ` ORDER BY e.seq, e.n`
}

// IDsAt names the envelopes that have one number of a chain. The rows are not checked.
func (db *DB) IDsAt(ctx context.Context, ws seal.ID, space seal.SpaceID, device seal.ID, seq uint64) ([]seal.ID, error) {
	chain, found, err := db.findChain(ctx, chainKey{ws, space, device})
	if err != nil || !found || seq > math.MaxInt64 {
		return nil, err
	}
	ids, err := db.idColumn(ctx, `SELECT id FROM envelope WHERE chain = ? AND seq = ?`, chain, int64(seq))
	if err != nil {
		return nil, fmt.Errorf("look for rivals in the chain of %s: %w", device.Short(), err)
	}
	return ids, nil
}

// HiddenIDs names the hidden envelopes of a space. The rows are not checked: whoever
// reads one finds out whether it is damaged.
func (db *DB) HiddenIDs(ctx context.Context, ws seal.ID, space seal.SpaceID) ([]seal.ID, error) {
	ids, err := db.idColumn(ctx, `SELECT e.id FROM envelope_state s JOIN envelope e USING (n) JOIN chain c ON c.chain = e.chain
		WHERE s.state = ? AND c.ws = (SELECT ws FROM workspace WHERE id = ?) AND c.space = ?`, int64(workspace.EnvelopeHidden), ws[:], space[:])
	if err != nil {
		return nil, fmt.Errorf("read hidden envelopes of %s: %w", space.Short(), err)
	}
	return ids, nil
}

// idColumn reads the one column of a query.
func (db *DB) idColumn(ctx context.Context, query string, args ...any) ([]seal.ID, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var ids []seal.ID
	for found.Next() {
		var id blobColumn
		if err := found.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id.id())
	}
	return ids, found.Err()
}

// HasPosts implements chat.PageStore.
func (db *DB) HasPosts(ctx context.Context, channel int64) (bool, error) {
	var found intColumn
	err := db.querier(ctx).QueryRowContext(ctx, `SELECT EXISTS (
		SELECT 1 FROM chat_message m INDEXED BY chat_message_place WHERE chan = ? AND op = 0`+visible+`)`, channel).Scan(&found)
	if err != nil {
		return false, fmt.Errorf("look for messages: %w", err)
	}
	return found != 0, nil
}
