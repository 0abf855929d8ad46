package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"path/filepath"

	"parvis/crdt/seal"
)

//go:embed mailbox/*.sql
var mailboxSchema embed.FS

const (
	// mailboxFile is the database of a super-peer inside its data folder.
	mailboxFile = "mailbox.db"
	// Memory in KiB for pages, of the one connection that writes and of each that
	// reads: a super-peer runs on the smallest machines there are.
	mailboxWriteCache = 8_000
	mailboxReadCache  = 2_000
)

var (
	// ErrMailboxFull reports that the objects of a mailbox take all the room they
	// may have.
	ErrMailboxFull = errors.New("the mailbox is full")
	// ErrMailboxQuota reports that a device has used up what it may store in all or
	// in a day.
	ErrMailboxQuota = errors.New("the device has used up its part of the mailbox")
)

// MailboxLimits are in bytes, with [MailboxOverhead] for every object. Zero is none.
type MailboxLimits struct {
	Total  int64 // of everybody
	Device int64 // of one device
	Daily  int64 // that come from one device in one day
}

// MailboxOverhead is what an object costs besides its bytes, about.
const MailboxOverhead = 128

// Mailbox keeps the objects and access lists of a super-peer in a database of its
// own. Make it with [NewMailbox]; every other method needs [Mailbox.Open] first.
// It is safe for concurrent use.
//
// It promises what [DB] promises, with one difference: nobody can fetch a damaged
// object again for it. It is removed, and the mailbox takes another name
// ([Mailbox.ID]), so that devices bring again what is missing.
type Mailbox struct {
	db     *DB
	limits MailboxLimits
	onLoss func(ws seal.ID)
}

// NewMailbox names the mailbox in a data folder. It touches nothing.
func NewMailbox(dir string, limits MailboxLimits) *Mailbox {
	return &Mailbox{db: New(dir), limits: limits}
}

// OnLoss names a function that runs, with the workspace, after something was lost and
// the mailbox has its new name. It is to be called before [Mailbox.Open].
func (m *Mailbox) OnLoss(fn func(ws seal.ID)) { m.onLoss = fn }

func (m *Mailbox) tellLoss(ws seal.ID) {
	if m.onLoss != nil {
		m.onLoss(ws)
	}
}

// Open opens or creates the database, migrates it and starts the writer. Its
// errors are those of [DB.Open].
func (m *Mailbox) Open(ctx context.Context) error {
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	if m.db.open {
		return errors.New("open mailbox: it is open already")
	}
	if err := m.start(ctx); err != nil {
		return fmt.Errorf("open mailbox: %w", m.db.fault(err))
	}
	m.db.open = true
	return nil
}

func (m *Mailbox) start(ctx context.Context) error {
	db := m.db
	path := filepath.Join(db.dir, mailboxFile)
	if err := makeFile(path); err != nil {
		return err
	}
	db.reserve.restore()
	w, err := openWriter(ctx, db, dsnWith(path, false, mailboxWriteCache))
	if err != nil {
		return err
	}
	list, err := migrationsOf(mailboxSchema, "mailbox")
	if err == nil {
		err = migrateTo(ctx, w.conn.conn, list)
	}
	if err != nil {
		return errors.Join(err, w.conn.close())
	}
	p, err := openPool(db, dsnWith(path, true, mailboxReadCache))
	if err != nil {
		return errors.Join(err, w.conn.close())
	}
	db.notices.start()
	w.start()
	db.writer.Store(w)
	db.pool.Store(p)
	if err := m.name(ctx); err != nil {
		return errors.Join(err, db.stop())
	}
	return nil
}

// name gives a new mailbox its name.
func (m *Mailbox) name(ctx context.Context) error {
	_, err := m.db.querier(ctx).ExecContext(ctx, `INSERT INTO state (one, store, total, objects, arrivals) VALUES (1, ?, 0, 0, 0) ON CONFLICT DO NOTHING`, seal.Random(16))
	return ignoreDiskFull(err)
}

// Close finishes the writes that were asked for and closes the database.
func (m *Mailbox) Close() error {
	if err := m.db.Close(); err != nil {
		return fmt.Errorf("close mailbox: %w", err)
	}
	return nil
}

// DiskFull reports whether the last write found no room.
func (m *Mailbox) DiskFull() bool { return m.db.DiskFull() }

// ID names what the mailbox remembers: while it stays the same, nothing that was
// stored is lost, but for objects that may be evicted.
func (m *Mailbox) ID(ctx context.Context) (id [16]byte, err error) {
	var raw []byte
	err = m.db.querier(ctx).QueryRowContext(ctx, `SELECT store FROM state`).Scan(&raw)
	if err != nil || len(raw) != len(id) {
		return id, fmt.Errorf("read the mailbox's name: %w", orDamaged(err))
	}
	return [16]byte(raw), nil
}

// MailboxState is how full a mailbox is.
type MailboxState struct {
	Bytes   int64 // with the overhead
	Objects int64
	Boxes   int64 // of workspaces and tags
}

// State counts what is there.
func (m *Mailbox) State(ctx context.Context) (s MailboxState, err error) {
	err = m.db.querier(ctx).QueryRowContext(ctx, `SELECT total, objects, (SELECT count(*) FROM box) FROM state`).Scan(&s.Bytes, &s.Objects, &s.Boxes)
	if err != nil {
		return MailboxState{}, fmt.Errorf("count the mailbox: %w", orDamaged(err))
	}
	return s, nil
}

// Stored is how many bytes of a device are there.
func (m *Mailbox) Stored(ctx context.Context, peer seal.ID) (stored int64, err error) {
	err = m.db.querier(ctx).QueryRowContext(ctx, `SELECT stored FROM device WHERE peer = ?`, peer[:]).Scan(&stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read what a device stores: %w", err)
	}
	return stored, nil
}

// Share is how many bytes of a device are there and how many may be: its own share, or
// less where everybody's room ends before.
func (m *Mailbox) Share(ctx context.Context, peer seal.ID) (used, limit int64, err error) {
	if used, err = m.Stored(ctx, peer); err != nil {
		return 0, 0, err
	}
	limit = m.limits.Device
	if m.limits.Total == 0 {
		return used, limit, nil
	}
	var total int64
	if err = m.db.querier(ctx).QueryRowContext(ctx, `SELECT total FROM state`).Scan(&total); err != nil {
		return 0, 0, fmt.Errorf("count the mailbox: %w", orDamaged(err))
	}
	room := used + max(m.limits.Total-total, 0)
	if limit == 0 || room < limit {
		limit = max(room, 1) // 0 would be none
	}
	return used, limit, nil
}

// orDamaged: the row of state is always there.
func orDamaged(err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return ErrDamaged
	}
	return err
}

// PutAccess stores the access list of a workspace in place of the one before. The
// newcomers that it names are none any more; the others stay until untilMs at most.
func (m *Mailbox) PutAccess(ctx context.Context, ws seal.ID, raw []byte, named func(peer seal.ID) bool, untilMs int64) error {
	err := m.db.Write(ctx, func(ctx context.Context) error {
		q := m.db.querier(ctx)
		_, err := q.ExecContext(ctx, `INSERT INTO access (ws, raw, sum) VALUES (?, ?, ?)
			ON CONFLICT (ws) DO UPDATE SET raw = excluded.raw, sum = excluded.sum`, ws[:], raw, rowSum([]byte("access"), ws[:], raw))
		if err != nil {
			return err
		}
		return relist(ctx, q, ws, named, untilMs)
	})
	if err != nil {
		return fmt.Errorf("store an access list: %w", err)
	}
	return nil
}

// Access returns all access lists, and how many are damaged: an owner has to give
// those again, with the set-up code.
func (m *Mailbox) Access(ctx context.Context) (lists [][]byte, damaged int, err error) {
	found, err := m.db.querier(ctx).QueryContext(ctx, `SELECT ws, raw, sum FROM access ORDER BY ws`)
	if err != nil {
		return nil, 0, fmt.Errorf("read the access lists: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var ws, raw, sum []byte
		if err := found.Scan(&ws, &raw, &sum); err != nil {
			return nil, 0, fmt.Errorf("read the access lists: %w", err)
		}
		if !sumOK(sum, []byte("access"), ws, raw) {
			damaged++
			continue
		}
		lists = append(lists, raw)
	}
	if err := found.Err(); err != nil {
		return nil, 0, fmt.Errorf("read the access lists: %w", err)
	}
	return lists, damaged, nil
}
