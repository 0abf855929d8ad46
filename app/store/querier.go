package store

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// querier runs SQL, with the methods of database/sql. Statements are prepared
// once per connection and kept, so the text of a query should be a constant.
// Errors are translated (ErrDiskFull, ErrDamaged).
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// querier returns the transaction that ctx carries, or else the read pool. On
// the pool ExecContext is a transaction of its own; where several statements
// belong together use within.
func (db *DB) querier(ctx context.Context) querier {
	if t := db.tx(ctx); t != nil {
		return t
	}
	if p := db.pool.Load(); p != nil {
		return p
	}
	return closed{}
}

// within runs fn in the transaction that ctx carries, or else in a new one.
func (db *DB) within(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.tx(ctx) != nil {
		return fn(ctx)
	}
	return db.Write(ctx, fn)
}

// closed answers before Open.
type closed struct{}

func (closed) QueryContext(context.Context, string, ...any) (*rows, error) { return nil, ErrClosed }
func (closed) QueryRowContext(context.Context, string, ...any) *row        { return &row{err: ErrClosed} }
func (closed) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, ErrClosed
}

// rows is sql.Rows with translated errors. Close it, or read it to its end.
type rows struct {
	*sql.Rows
	fault func(error) error
	done  func() // gives the statement back; may be nil
}

// Next is sql.Rows.Next.
func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.release()
	return false
}

// Err is sql.Rows.Err.
func (r *rows) Err() error { return r.fault(r.Rows.Err()) }

// Close is sql.Rows.Close.
func (r *rows) Close() error {
	err := r.Rows.Close()
	r.release()
	return r.fault(err)
}

func (r *rows) release() {
	if r.done != nil {
		r.done()
		r.done = nil
	}
}

// row is sql.Row with translated errors.
type row struct {
	rows *rows
	err  error
}

// Scan is sql.Row.Scan; it gives sql.ErrNoRows when there is none.
func (r *row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	return r.rows.Close()
}

// pool is the connections that only read.
type pool struct {
	db     *DB
	handle *sql.DB

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt // guarded by mu
}

func openPool(db *DB, dsn string) (*pool, error) {
	handle, err := openConnections(dsn, readers)
	if err != nil {
		return nil, err
	}
	return &pool{db: db, handle: handle, stmts: map[string]*sql.Stmt{}}, nil
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, stmt := range p.stmts {
		stmt.Close()
	}
	return p.handle.Close()
}

func (p *pool) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	stmt := p.stmts[query]
	p.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := p.handle.PrepareContext(ctx, query)
	if err != nil {
		return nil, p.db.fault(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.stmts[query]; old != nil {
		stmt.Close()
		return old, nil
	}
	p.stmts[query] = stmt
	return stmt, nil
}

// QueryContext implements querier.
func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*rows, error) {
	stmt, err := p.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	found, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, p.db.fault(err)
	}
	return &rows{Rows: found, fault: p.db.fault}, nil
}

// QueryRowContext implements querier.
func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *row {
	found, err := p.QueryContext(ctx, query, args...)
	return &row{rows: found, err: err}
}

// ExecContext implements querier.
func (p *pool) ExecContext(ctx context.Context, query string, args ...any) (result sql.Result, err error) {
	err = p.db.Write(ctx, func(ctx context.Context) error {
		result, err = p.db.querier(ctx).ExecContext(ctx, query, args...)
		return err
	})
	return result, err
}

// conn is the one connection that writes. Only the writer's goroutine uses it.
type conn struct {
	handle *sql.DB
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	busy   map[*sql.Stmt]bool // statements whose rows are being read
}

func openConn(ctx context.Context, dsn string) (*conn, error) {
	handle, err := openConnections(dsn, 1)
	if err != nil {
		return nil, err
	}
	c, err := handle.Conn(ctx)
	if err != nil {
		handle.Close()
		return nil, err
	}
	return &conn{handle: handle, conn: c, stmts: map[string]*sql.Stmt{}, busy: map[*sql.Stmt]bool{}}, nil
}

func (c *conn) close() error {
	for _, stmt := range c.stmts {
		stmt.Close()
	}
	err := c.conn.Close()
	if cerr := c.handle.Close(); err == nil {
		err = cerr
	}
	return err
}

// prepare gives a kept statement. While its rows are being read it is not given
// out again, because the driver would start it anew under the reader: then keep
// is false and the statement is the caller's to close.
func (c *conn) prepare(query string) (stmt *sql.Stmt, keep bool, err error) {
	stmt = c.stmts[query]
	if stmt != nil && !c.busy[stmt] {
		return stmt, true, nil
	}
	fresh, err := c.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, false, err
	}
	if stmt != nil {
		return fresh, false, nil
	}
	c.stmts[query] = fresh
	return fresh, true, nil
}

// exec runs a statement outside of the caller's context: interrupting one
// statement would undo the whole shared transaction.
func (c *conn) exec(query string, args ...any) (sql.Result, error) {
	stmt, keep, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	if !keep {
		defer stmt.Close()
	}
	return stmt.ExecContext(context.Background(), args...)
}

func (c *conn) query(query string, args ...any) (*sql.Rows, func(), error) {
	stmt, keep, err := c.prepare(query)
	if err != nil {
		return nil, nil, err
	}
	found, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		if !keep {
			stmt.Close()
		}
		return nil, nil, err
	}
	if !keep {
		return found, func() { stmt.Close() }, nil
	}
	c.busy[stmt] = true
	return found, func() { delete(c.busy, stmt) }, nil
}

// checkpoint moves the WAL into the database and empties it.
func (c *conn) checkpoint() error {
	if _, err := c.conn.ExecContext(context.Background(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}
