package store

import (
	"bytes"
	"context"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// maxWorkspaces is how many numbers are tried for a workspace row whose own
// number was damaged.
const maxWorkspaces = 1024

// loadDirectory reads and checks the workspaces and chains, and heals rows from
// the copy they carry. What cannot be healed is reported and removed.
func (db *DB) loadDirectory(ctx context.Context) error {
	if err := db.loadWorkspaces(ctx); err != nil {
		return fmt.Errorf("read workspaces: %w", err)
	}
	if err := db.loadChains(ctx); err != nil {
		return fmt.Errorf("read chains: %w", err)
	}
	return nil
}

type workspaceRow struct {
	n, listed     intColumn
	id, copy, sum blobColumn
}

func (db *DB) loadWorkspaces(ctx context.Context) error {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT ws, id, copy, listed, sum FROM workspace NOT INDEXED`)
	if err != nil {
		return err
	}
	defer found.Close()
	var damaged []workspaceRow
	for found.Next() {
		var r workspaceRow
		if err := found.Scan(&r.n, &r.id, &r.copy, &r.listed, &r.sum); err != nil {
			return err
		}
		if !bytes.Equal(r.sum, workspaceSum(int64(r.n), r.id, int64(r.listed))) {
			damaged = append(damaged, r)
			continue
		}
		db.ids.addWorkspace(r.id.id(), int64(r.n), r.listed == 1)
	}
	if err := found.Err(); err != nil {
		return err
	}
	for _, r := range damaged {
		if err := db.healWorkspace(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// healWorkspace tries what a damaged bit can have changed: the id, whose copy is
// good then, the flag, the number, or the hash. Only when both copies agree is
// the row believed without its hash.
func (db *DB) healWorkspace(ctx context.Context, r workspaceRow) error {
	for _, id := range [][]byte{r.id, r.copy} {
		for _, listed := range []int64{0, 1} {
			for n := int64(1); n <= maxWorkspaces; n++ {
				if bytes.Equal(r.sum, workspaceSum(n, id, listed)) {
					return db.putWorkspace(ctx, int64(r.n), n, seal.ID(id), listed)
				}
			}
		}
	}
	if id := r.id.id(); bytes.Equal(r.id, r.copy) && !id.IsZero() && r.listed&^1 == 0 {
		return db.putWorkspace(ctx, int64(r.n), int64(r.n), id, int64(r.listed))
	}
	db.reportDamage(ctx, r.id.id(), workspace.Damage{Table: "workspace", Key: fmt.Sprintf("workspace number %d", r.n)})
	return nil
}

func (db *DB) putWorkspace(ctx context.Context, old, n int64, id seal.ID, listed int64) error {
	db.ids.addWorkspace(id, n, listed == 1)
	return db.Write(ctx, func(ctx context.Context) error {
		_, err := db.querier(ctx).ExecContext(ctx, `UPDATE workspace SET ws = ?, id = ?, copy = ?, listed = ?, sum = ? WHERE ws = ?`,
			n, id[:], id[:], listed, workspaceSum(n, id[:], listed), old)
		return err
	})
}

type chainRow struct {
	n, ws                    intColumn
	space, device, copy, sum blobColumn
}

func (db *DB) loadChains(ctx context.Context) error {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT chain, ws, space, device, copy, sum FROM chain NOT INDEXED`)
	if err != nil {
		return err
	}
	defer found.Close()
	names := db.ids.workspaceNames()
	var damaged []chainRow
	for found.Next() {
		var r chainRow
		if err := found.Scan(&r.n, &r.ws, &r.space, &r.device, &r.copy, &r.sum); err != nil {
			return err
		}
		ws, known := names[int64(r.ws)]
		if !known || !bytes.Equal(r.sum, chainSum(int64(r.n), int64(r.ws), r.space, r.device)) {
			damaged = append(damaged, r)
			continue
		}
		db.ids.addChain(chainKey{ws, r.space.space(), r.device.id()}, int64(r.n))
	}
	if err := found.Err(); err != nil {
		return err
	}
	for _, r := range damaged {
		if err := db.healChain(ctx, r, names); err != nil {
			return err
		}
	}
	return nil
}

// healChain rebuilds a chain's row from its copy, or with another number of its
// own or of its workspace. When nothing fits, the envelopes of the chain belong
// to nobody: they are removed and come back from other devices.
func (db *DB) healChain(ctx context.Context, r chainRow, names map[int64]seal.ID) error {
	numbers, err := db.chainsWithoutRow(ctx, int64(r.n))
	if err != nil {
		return err
	}
	keys := [][2][]byte{{r.space, r.device}}
	const spaceSize = len(seal.SpaceID{})
	if len(r.copy) == spaceSize+len(seal.ID{}) {
		keys = append(keys, [2][]byte{r.copy[:spaceSize], r.copy[spaceSize:]})
	}
	for _, n := range numbers {
		for ws, name := range names {
			for _, key := range keys {
				if bytes.Equal(r.sum, chainSum(n, ws, key[0], key[1])) {
					return db.putChain(ctx, int64(r.n), n, ws, chainKey{name, seal.SpaceID(key[0]), seal.ID(key[1])})
				}
			}
		}
	}
	name, known := names[int64(r.ws)]
	agree := len(keys) == 2 && bytes.Equal(keys[0][0], keys[1][0]) && bytes.Equal(keys[0][1], keys[1][1])
	if known && agree && len(numbers) > 0 && numbers[0] == int64(r.n) {
		return db.putChain(ctx, int64(r.n), int64(r.n), int64(r.ws), chainKey{name, r.space.space(), r.device.id()})
	}
	db.reportDamage(ctx, name, workspace.Damage{
		Table: "chain", Key: fmt.Sprintf("all envelopes of device %s in space %s", r.device.id().Short(), r.space.space().Short()),
		Space: r.space.space(), Device: r.device.id(),
	})
	return db.dropChain(ctx, int64(r.n))
}

// chainsWithoutRow lists the chain numbers that have a tail and no good row, n
// itself first.
func (db *DB) chainsWithoutRow(ctx context.Context, n int64) ([]int64, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT chain FROM tail ORDER BY chain <> ?`, n)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var numbers []int64
	for found.Next() {
		var chain intColumn
		if err := found.Scan(&chain); err != nil {
			return nil, err
		}
		if _, known := db.ids.key(int64(chain)); !known {
			numbers = append(numbers, int64(chain))
		}
	}
	return numbers, found.Err()
}

func (db *DB) putChain(ctx context.Context, old, n, ws int64, key chainKey) error {
	db.ids.addChain(key, n)
	return db.Write(ctx, func(ctx context.Context) error {
		q := db.querier(ctx)
		if old != n {
			if _, err := q.ExecContext(ctx, `DELETE FROM chain WHERE chain = ?`, old); err != nil {
				return err
			}
		}
		return insertChain(ctx, q, n, ws, key)
	})
}

// dropChain removes a chain and everything that belongs to it.
func (db *DB) dropChain(ctx context.Context, n int64) error {
	return db.Write(ctx, func(ctx context.Context) error {
		q := db.querier(ctx)
		for _, query := range []string{
			`DELETE FROM envelope WHERE chain = ?`, `DELETE FROM ack WHERE chain = ?`,
			`DELETE FROM tail WHERE chain = ?`, `DELETE FROM chain WHERE chain = ?`,
		} {
			if _, err := q.ExecContext(ctx, query, n); err != nil {
				return err
			}
		}
		return nil
	})
}
