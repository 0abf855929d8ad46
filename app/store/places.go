package store

import (
	"context"
	"encoding/json"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Places tells where in their chains stored envelopes stand; ids that are not
// stored are left out. The rows are found by their index and not checked: reading
// one tells whether it is damaged.
func (db *DB) Places(ctx context.Context, ws seal.ID, ids []seal.ID) (map[seal.ID]workspace.Place, error) {
	places := make(map[seal.ID]workspace.Place, len(ids))
	if len(ids) == 0 {
		return places, nil
	}
	wanted, shorts := make(map[seal.ID]bool, len(ids)), make([]int64, len(ids))
	for i, id := range ids {
		wanted[id], shorts[i] = true, shortID(id)
	}
	list, err := json.Marshal(shorts)
	if err != nil {
		return nil, err
	}
	found, err := db.placeRows(ctx, string(list))
	if err != nil {
		return nil, fmt.Errorf("look %d envelopes up: %w", len(ids), err)
	}
	for _, r := range found {
		key, known, err := db.chainOf(ctx, int64(r.chain))
		if err != nil {
			return nil, fmt.Errorf("look %d envelopes up: %w", len(ids), err)
		}
		if id := r.id.id(); known && key.ws == ws && wanted[id] {
			places[id] = workspace.Place{Space: key.space, Device: key.device, Seq: uint64(r.seq)}
		}
	}
	return places, nil
}

// placeRows reads to the end before a chain is looked up.
func (db *DB) placeRows(ctx context.Context, shorts string) ([]envelopeRow, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT chain, seq, id FROM envelope WHERE short IN (SELECT value FROM json_each(?))`, shorts)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var list []envelopeRow
	for found.Next() {
		var r envelopeRow
		if err := found.Scan(&r.chain, &r.seq, &r.id); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, found.Err()
}
