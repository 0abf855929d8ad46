package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"parvis/crdt/seal"
)

// Numbers of objects are unique in the whole database: the box in the upper bits.
const (
	boxBits  = 40
	lastBox  = 1<<(63-boxBits) - 1
	lastSeq  = 1<<boxBits - 1
	evictLot = 64 // objects that are evicted at once
)

// Box names the objects of one workspace and tag.
type Box struct {
	Workspace seal.ID
	Tag       [16]byte
}

// Deposit is what a device brings.
type Deposit struct {
	Peer        seal.ID // its host key
	Box         Box
	Objects     []MailboxObject
	Refetchable bool  // may be evicted for others
	Day         int64 // days since 1970, UTC
	Newcomer    int64 // bytes that a newcomer may bring in all; 0: it is none
}

// MailboxObject is one sealed thing.
type MailboxObject struct {
	ID    seal.ID
	Bytes []byte
}

const (
	insertObject = `INSERT INTO object (n, box, id, device, evict, size, sum, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	// insertObjects adds objectRows at once; see insertMany.
	insertObjects = insertObject + `, (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?)` +
		`, (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?)`
	objectRows    = 8
	objectColumns = 8
	unlessThere   = ` ON CONFLICT DO NOTHING`
)

// depositor stores one Deposit inside a transaction.
type depositor struct {
	m        *Mailbox
	q        querier
	d        Deposit
	box      int64
	last     int64 // the newest number in the box
	device   int64
	stored   int64 // bytes of the device
	day      int64
	today    int64
	total    int64 // bytes of all
	objects  int64
	arrivals int64
	added    int64 // bytes
	brought  int64 // bytes of a newcomer, before this
}

// Put stores all objects of a deposit, but for those that are there already, or
// none; once it returns they survive whatever happens to the machine. last is
// then the number of the newest object in the box. Objects that may be evicted
// make room, the oldest first. Its errors are [ErrMailboxFull],
// [ErrMailboxQuota] and [ErrDiskFull].
func (m *Mailbox) Put(ctx context.Context, d Deposit) (last uint64, err error) {
	size := 0
	for _, o := range d.Objects {
		size += len(o.Bytes)
	}
	if err := m.db.reserve.admit(size); err != nil {
		return 0, fmt.Errorf("store %d objects: %w", len(d.Objects), err)
	}
	err = m.mended(ctx, d.Box, func() error {
		return m.db.Write(ctx, func(ctx context.Context) error {
			s := depositor{m: m, q: m.db.querier(ctx), d: d}
			if err := s.store(ctx); err != nil {
				return err
			}
			last = uint64(s.last)
			return nil
		})
	})
	if err != nil {
		return 0, fmt.Errorf("store %d objects: %w", len(d.Objects), err)
	}
	return last, nil
}

func (s *depositor) store(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	// A device that has nothing left costs no more than this.
	if err := s.withinQuota(); err != nil {
		return err
	}
	before := s.last
	for rest := s.d.Objects; len(rest) > 0; {
		n := 1
		if len(rest) >= objectRows {
			n = objectRows
		}
		if err := s.add(ctx, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if s.last == before {
		return nil // all of them were there
	}
	if err := s.withinQuota(); err != nil {
		return err
	}
	if err := s.makeRoom(ctx); err != nil {
		return err
	}
	return s.end(ctx)
}

// begin reads the rows that change, or makes them.
func (s *depositor) begin(ctx context.Context) error {
	if err := s.q.QueryRowContext(ctx, `SELECT total, objects, arrivals FROM state`).Scan(&s.total, &s.objects, &s.arrivals); err != nil {
		return orDamaged(err)
	}
	ws, tag, peer := s.d.Box.Workspace[:], s.d.Box.Tag[:], s.d.Peer[:]
	var err error
	s.box, s.last, err = readBox(ctx, s.q, s.d.Box)
	if errors.Is(err, sql.ErrNoRows) {
		err = s.q.QueryRowContext(ctx, `INSERT INTO box (ws, tag, last, sum) VALUES (?, ?, 0, ?) RETURNING box`, ws, tag, boxSum(s.d.Box, 0)).Scan(&s.box)
		if err == nil && s.box > lastBox {
			err = ErrMailboxFull
		}
	}
	if err != nil {
		return err
	}
	err = s.q.QueryRowContext(ctx, `SELECT device, stored, day, today FROM device WHERE peer = ?`, peer).Scan(&s.device, &s.stored, &s.day, &s.today)
	if errors.Is(err, sql.ErrNoRows) {
		err = s.q.QueryRowContext(ctx, `INSERT INTO device (peer, stored, day, today) VALUES (?, 0, 0, 0) RETURNING device`, peer).Scan(&s.device)
	}
	if s.day != s.d.Day {
		s.day, s.today = s.d.Day, 0
	}
	if err == nil && s.d.Newcomer > 0 {
		var found bool
		if s.brought, found, err = brought(ctx, s.q, s.d.Box.Workspace, s.d.Peer); !found {
			s.d.Newcomer = 0 // an access list names it by now
		}
	}
	return err
}

// readBox gives a box its small number and newest object; sql.ErrNoRows when
// there is none.
func readBox(ctx context.Context, q querier, b Box) (box, last int64, err error) {
	var sum []byte
	err = q.QueryRowContext(ctx, `SELECT box, last, sum FROM box WHERE ws = ? AND tag = ?`, b.Workspace[:], b.Tag[:]).Scan(&box, &last, &sum)
	if err == nil && string(sum) != string(boxSum(b, last)) {
		err = errBox
	}
	return box, last, err
}

// errBox reports a damaged row of a box.
var errBox = fmt.Errorf("%w (a box)", ErrDamaged)

// mended does something with a box. Where the box's row is damaged it is made anew
// first: the objects have their numbers in themselves.
func (m *Mailbox) mended(ctx context.Context, b Box, do func() error) error {
	err := do()
	if !errors.Is(err, errBox) {
		return err
	}
	if err := m.mend(ctx, b); err != nil {
		return fmt.Errorf("repair a box: %w", err)
	}
	return do()
}

// mend writes the row of a box again. Its last number is at least that of the newest
// object; objects behind it may be gone, so that the mailbox takes another name.
func (m *Mailbox) mend(ctx context.Context, b Box) error {
	err := m.db.Write(ctx, func(ctx context.Context) error {
		q := m.db.querier(ctx)
		box, last, err := readBox(ctx, q, b)
		if !errors.Is(err, errBox) {
			return err // somebody else was faster
		}
		var newest int64
		if err := q.QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM object WHERE n BETWEEN ? AND ?`, box<<boxBits, box<<boxBits|lastSeq).Scan(&newest); err != nil {
			return err
		}
		newest &= lastSeq
		if last < newest || last > newest+lastSeq/2 { // the damaged one may be any number
			last = newest
		}
		if _, err := q.ExecContext(ctx, `UPDATE box SET last = ?, sum = ? WHERE box = ?`, last, boxSum(b, last), box); err != nil {
			return err
		}
		return rename(ctx, q)
	})
	if err == nil {
		m.tellLoss(b.Workspace)
	}
	return err
}

// rename gives the mailbox another name, so that devices bring again what is missing.
func rename(ctx context.Context, q querier) error {
	_, err := q.ExecContext(ctx, `UPDATE state SET store = ?`, seal.Random(16))
	return err
}

func boxSum(b Box, last int64) []byte {
	return rowSum([]byte("box"), b.Workspace[:], b.Tag[:], number(last))
}

// objectSum is the hash of an object's row. Its device and its place in the
// order of eviction are left out: they only count.
func objectSum(n int64, id, bytes []byte) []byte {
	return rowSum([]byte("object"), number(n), id, bytes)
}

// add inserts one object or objectRows of them. When not all rows went in, some
// were there: then the others get their numbers one by one.
func (s *depositor) add(ctx context.Context, all []MailboxObject) error {
	if s.last+int64(len(all)) > lastSeq {
		return ErrMailboxFull
	}
	query := insertObject + unlessThere
	if len(all) == objectRows {
		query = insertObjects + unlessThere
	}
	args := make([]any, 0, objectRows*objectColumns)
	size := int64(0)
	for i := range all {
		o := &all[i]
		n := s.number(s.last + int64(i) + 1)
		args = append(args, n, s.box, o.ID[:], s.device, s.evict(i), len(o.Bytes), objectSum(n, o.ID[:], o.Bytes), notNil(o.Bytes))
		size += int64(len(o.Bytes)) + MailboxOverhead
	}
	result, err := s.q.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	count, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if count == int64(len(all)) {
		s.last += count
		s.added += size
		s.objects += count
		if s.d.Refetchable {
			s.arrivals += count
		}
		return nil
	}
	if len(all) == 1 {
		return nil
	}
	if count > 0 {
		if _, err := s.q.ExecContext(ctx, `DELETE FROM object WHERE n BETWEEN ? AND ?`, s.number(s.last+1), s.number(s.last+int64(len(all)))); err != nil {
			return err
		}
	}
	for i := range all {
		if err := s.add(ctx, all[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

func (s *depositor) number(seq int64) int64 { return s.box<<boxBits | seq }

func (s *depositor) evict(i int) any {
	if !s.d.Refetchable {
		return nil
	}
	return s.arrivals + int64(i) + 1
}

func (s *depositor) withinQuota() error {
	l := s.m.limits
	over := func(used, limit int64) bool {
		return limit > 0 && (used+s.added > limit || s.added == 0 && used >= limit)
	}
	if over(s.stored, l.Device) || over(s.today, l.Daily) || over(s.brought, s.d.Newcomer) {
		return ErrMailboxQuota
	}
	return nil
}

// makeRoom evicts until everything fits into the limit.
func (s *depositor) makeRoom(ctx context.Context) error {
	limit := s.m.limits.Total
	for limit > 0 && s.total+s.added > limit {
		evicted, err := s.evictLot(ctx)
		if err != nil {
			return err
		}
		if !evicted {
			return ErrMailboxFull
		}
	}
	return nil
}

// evictLot removes the oldest objects that may go, of whomever they are, but not
// those that are just coming.
func (s *depositor) evictLot(ctx context.Context) (some bool, err error) {
	came := s.arrivals
	if s.d.Refetchable {
		came -= int64(len(s.d.Objects)) // at least those were there before
	}
	found, err := s.q.QueryContext(ctx, `DELETE FROM object WHERE n IN (SELECT n FROM object WHERE evict IS NOT NULL AND evict <= ? ORDER BY evict LIMIT ?)
		RETURNING device, size`, came, evictLot)
	if err != nil {
		return false, err
	}
	freed := map[int64]int64{}
	count := int64(0)
	for found.Next() {
		var device, size int64
		if err := found.Scan(&device, &size); err != nil {
			return false, errors.Join(err, found.Close())
		}
		freed[device] += size + MailboxOverhead
		count++
	}
	if err := found.Err(); err != nil {
		return false, err
	}
	for device, bytes := range freed {
		s.total -= bytes
		if device == s.device {
			s.stored -= bytes
			continue
		}
		if _, err := s.q.ExecContext(ctx, `UPDATE device SET stored = stored - ? WHERE device = ?`, bytes, device); err != nil {
			return false, err
		}
	}
	s.objects -= count
	return count > 0, nil
}

// end writes the rows that changed.
func (s *depositor) end(ctx context.Context) error {
	_, err := s.q.ExecContext(ctx, `UPDATE state SET total = ?, objects = ?, arrivals = ?`, s.total+s.added, s.objects, s.arrivals)
	if err == nil {
		_, err = s.q.ExecContext(ctx, `UPDATE box SET last = ?, sum = ? WHERE box = ?`, s.last, boxSum(s.d.Box, s.last), s.box)
	}
	if err == nil {
		_, err = s.q.ExecContext(ctx, `UPDATE device SET stored = ?, day = ?, today = ? WHERE device = ?`, s.stored+s.added, s.day, s.today+s.added, s.device)
	}
	if err == nil && s.d.Newcomer > 0 {
		_, err = s.q.ExecContext(ctx, `UPDATE newcomer SET put = ? WHERE ws = ? AND peer = ?`, s.brought+s.added, s.d.Box.Workspace[:], s.d.Peer[:])
	}
	return err
}
