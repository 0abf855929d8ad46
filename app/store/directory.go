package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"parvis/crdt/seal"
)

// chainKey says whose chain of which space it is.
type chainKey struct {
	ws     seal.ID
	space  seal.SpaceID
	device seal.ID
}

// directory holds the small numbers of workspaces and chains as far as they are
// committed. Both tables are read and checked once, at open; rows are only
// added, so that no later look-up depends on a row that may have been damaged.
type directory struct {
	mu      sync.RWMutex
	numbers map[seal.ID]int64  // guarded by mu, as are the others
	listed  map[seal.ID]bool   // the workspaces proper
	chains  map[chainKey]int64 //
	keys    map[int64]chainKey // the reverse of chains
}

func newDirectory() *directory {
	return &directory{
		numbers: map[seal.ID]int64{}, listed: map[seal.ID]bool{},
		chains: map[chainKey]int64{}, keys: map[int64]chainKey{},
	}
}

// clear forgets everything.
func (d *directory) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.numbers)
	clear(d.listed)
	clear(d.chains)
	clear(d.keys)
}

func (d *directory) workspace(ws seal.ID) (int64, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	n, ok := d.numbers[ws]
	return n, ok
}

func (d *directory) chain(key chainKey) (int64, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	n, ok := d.chains[key]
	return n, ok
}

func (d *directory) key(chain int64) (chainKey, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	key, ok := d.keys[chain]
	return key, ok
}

func (d *directory) addWorkspace(ws seal.ID, n int64, listed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.numbers[ws] = n
	d.listed[ws] = d.listed[ws] || listed
}

func (d *directory) addChain(key chainKey, n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.chains[key], d.keys[n] = n, key
}

// remove forgets a workspace and its chains.
func (d *directory) remove(ws seal.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.numbers, ws)
	delete(d.listed, ws)
	for n, key := range d.keys {
		if key.ws == ws {
			delete(d.keys, n)
			delete(d.chains, key)
		}
	}
}

func workspaceSum(n int64, id []byte, listed int64) []byte {
	return rowSum([]byte("workspace"), number(n), id, number(listed))
}

func chainSum(n, wsNumber int64, space, device []byte) []byte {
	return rowSum([]byte("chain"), number(n), number(wsNumber), space, device)
}

// findWorkspace looks a workspace's number up; what is not committed yet is in
// the transaction's tables only.
func (db *DB) findWorkspace(ctx context.Context, ws seal.ID) (n int64, found bool, err error) {
	if n, ok := db.ids.workspace(ws); ok {
		return n, true, nil
	}
	err = db.querier(ctx).QueryRowContext(ctx, `SELECT ws FROM workspace WHERE id = ?`, ws[:]).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return n, err == nil, err
}

// wsNumber returns the number of a workspace, giving it one when needed. ctx
// carries a transaction.
func (db *DB) wsNumber(ctx context.Context, ws seal.ID) (int64, error) {
	n, found, err := db.findWorkspace(ctx, ws)
	if err != nil || found {
		return n, err
	}
	q := db.querier(ctx)
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(ws), 0) + 1 FROM workspace`).Scan(&n); err != nil {
		return 0, err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO workspace (ws, id, copy, listed, sum) VALUES (?, ?, ?, 0, ?)`,
		n, ws[:], ws[:], workspaceSum(n, ws[:], 0))
	if err != nil {
		return 0, err
	}
	db.afterCommit(ctx, func() { db.ids.addWorkspace(ws, n, false) })
	return n, nil
}

// findChain looks a chain's number up, as findWorkspace does.
func (db *DB) findChain(ctx context.Context, key chainKey) (n int64, found bool, err error) {
	if n, ok := db.ids.chain(key); ok {
		return n, true, nil
	}
	ws, found, err := db.findWorkspace(ctx, key.ws)
	if err != nil || !found {
		return 0, false, err
	}
	err = db.querier(ctx).QueryRowContext(ctx, `SELECT chain FROM chain WHERE ws = ? AND space = ? AND device = ?`,
		ws, key.space[:], key.device[:]).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return n, err == nil, err
}

// chainNumber returns the number of a chain, giving it one when needed. ctx
// carries a transaction.
func (db *DB) chainNumber(ctx context.Context, key chainKey) (int64, error) {
	n, found, err := db.findChain(ctx, key)
	if err != nil || found {
		return n, err
	}
	ws, err := db.wsNumber(ctx, key.ws)
	if err != nil {
		return 0, err
	}
	q := db.querier(ctx)
	if err := q.QueryRowContext(ctx, `SELECT coalesce(max(chain), 0) + 1 FROM chain`).Scan(&n); err != nil {
		return 0, err
	}
	if err := insertChain(ctx, q, n, ws, key); err != nil {
		return 0, err
	}
	if err := putTail(ctx, q, n, chainTail{}); err != nil {
		return 0, err
	}
	db.afterCommit(ctx, func() { db.ids.addChain(key, n) })
	return n, nil
}

// chainOf says whose chain a number is; ok is false for a number that no chain
// has.
func (db *DB) chainOf(ctx context.Context, n int64) (key chainKey, ok bool, err error) {
	if key, ok := db.ids.key(n); ok {
		return key, true, nil
	}
	var ws, space, device blobColumn
	err = db.querier(ctx).QueryRowContext(ctx, `SELECT w.id, c.space, c.device FROM chain c JOIN workspace w USING (ws) WHERE c.chain = ?`, n).
		Scan(&ws, &space, &device)
	if errors.Is(err, sql.ErrNoRows) {
		return key, false, nil
	}
	return chainKey{ws.id(), space.space(), device.id()}, err == nil, err
}

func insertChain(ctx context.Context, q querier, n, ws int64, key chainKey) error {
	_, err := q.ExecContext(ctx, `INSERT OR REPLACE INTO chain (chain, ws, space, device, copy, sum) VALUES (?, ?, ?, ?, ?, ?)`,
		n, ws, key.space[:], key.device[:], append(key.space[:], key.device[:]...), chainSum(n, ws, key.space[:], key.device[:]))
	return err
}

// workspaceNames is the reverse of numbers.
func (d *directory) workspaceNames() map[int64]seal.ID {
	d.mu.RLock()
	defer d.mu.RUnlock()
	names := make(map[int64]seal.ID, len(d.numbers))
	for ws, n := range d.numbers {
		names[n] = ws
	}
	return names
}
