package store

import (
	"context"
	"database/sql"
	"sync/atomic"
)

type txKey struct{}

// tx is one caller's part of the shared transaction: its statements run under
// its own savepoint, on the writer's goroutine.
type tx struct {
	db    *DB
	conn  *conn
	after []func() // run once the shared commit is durable
	lost  error    // why SQLite undid the whole transaction, or nil
	ended atomic.Bool
}

// tx returns the transaction that ctx carries, or nil. A context that outlives
// its transaction, or belongs to another store, carries none.
func (db *DB) tx(ctx context.Context) *tx {
	t, _ := ctx.Value(txKey{}).(*tx)
	if t == nil || t.db != db || t.ended.Load() {
		return nil
	}
	return t
}

// afterCommit runs fn once the transaction of ctx is durable, or at once when
// ctx carries none. fn must not use the store.
func (db *DB) afterCommit(ctx context.Context, fn func()) {
	if t := db.tx(ctx); t != nil {
		t.after = append(t.after, fn)
		return
	}
	fn()
}

// fault translates an error and remembers when it cost the whole transaction:
// SQLite rolls back by itself on these, and what follows would commit alone.
func (t *tx) fault(err error) error {
	if err == nil {
		return nil
	}
	fatal := undoesTransaction(err)
	err = t.db.fault(err)
	if fatal && t.lost == nil {
		t.lost = err
	}
	return err
}

// QueryContext implements querier.
func (t *tx) QueryContext(_ context.Context, query string, args ...any) (*rows, error) {
	if t.lost != nil {
		return nil, t.lost
	}
	found, done, err := t.conn.query(query, args...)
	if err != nil {
		return nil, t.fault(err)
	}
	return &rows{Rows: found, fault: t.fault, done: done}, nil
}

// QueryRowContext implements querier.
func (t *tx) QueryRowContext(ctx context.Context, query string, args ...any) *row {
	found, err := t.QueryContext(ctx, query, args...)
	return &row{rows: found, err: err}
}

// ExecContext implements querier.
func (t *tx) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	if t.lost != nil {
		return nil, t.lost
	}
	result, err := t.conn.exec(query, args...)
	if err != nil {
		return nil, t.fault(err)
	}
	return result, nil
}
