package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"parvis/crdt/seal"
)

// MailboxRef names an object that is there.
type MailboxRef struct {
	N    uint64
	ID   seal.ID
	Size int
}

// fetchRows is how many objects one statement looks for; see insertMany.
const fetchRows = 8

const (
	findObjects = `SELECT n, id, size FROM object WHERE box = ? AND id IN (?, ?, ?, ?, ?, ?, ?, ?)`
	readObjects = `SELECT n, id, sum, bytes FROM object WHERE n IN (?, ?, ?, ?, ?, ?, ?, ?)`
)

// Last is the number of the newest object in a box, 0 when there never was one.
func (m *Mailbox) Last(ctx context.Context, b Box) (uint64, error) {
	var last int64
	err := m.mended(ctx, b, func() (err error) {
		_, last, err = readBox(ctx, m.db.querier(ctx), b)
		return err
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read a box: %w", err)
	}
	return uint64(last), nil
}

// List names at most max objects of a box with numbers above after, and tells
// whether there are more.
func (m *Mailbox) List(ctx context.Context, b Box, after uint64, max int) (refs []MailboxRef, more bool, err error) {
	err = m.mended(ctx, b, func() (err error) {
		refs, err = m.list(ctx, b, after, max+1)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("list a box: %w", err)
	}
	if more = len(refs) > max; more {
		refs = refs[:max]
	}
	return refs, more, nil
}

func (m *Mailbox) list(ctx context.Context, b Box, after uint64, max int) ([]MailboxRef, error) {
	q := m.db.querier(ctx)
	box, last, err := readBox(ctx, q, b)
	if errors.Is(err, sql.ErrNoRows) || err == nil && after >= uint64(last) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := q.QueryContext(ctx, `SELECT n, id, size FROM object WHERE n > ? AND n <= ? ORDER BY n LIMIT ?`, box<<boxBits|int64(after), box<<boxBits|lastSeq, max)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var refs []MailboxRef
	for found.Next() {
		n, r := int64(0), MailboxRef{}
		var id []byte
		if err := found.Scan(&n, &id, &r.Size); err != nil {
			return nil, err
		}
		if len(id) != len(r.ID) {
			continue // damaged; found out about when it is fetched
		}
		r.N, r.ID = uint64(n&lastSeq), seal.ID(id)
		refs = append(refs, r)
	}
	return refs, found.Err()
}

// Get reads objects of a box in the order of their names, as many as have at most
// window bytes together, but at least one, and returns the names that were not
// looked at. damaged is how many were found broken and removed.
func (m *Mailbox) Get(ctx context.Context, b Box, ids []seal.ID, window int) (found []MailboxObject, rest []seal.ID, damaged int, err error) {
	q := m.db.querier(ctx)
	var box int64
	err = m.mended(ctx, b, func() (err error) {
		box, _, err = readBox(ctx, q, b)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, 0, nil
	}
	for err == nil && len(ids) > 0 {
		var places []place
		lot := ids[:min(fetchRows, len(ids))]
		if places, err = findPlaces(ctx, q, box, lot); err != nil {
			break
		}
		fit := 0 // of the lot
		var numbers []int64
		for ; fit < len(lot); fit++ {
			p := places[fit]
			if p.n == 0 {
				continue
			}
			if window -= p.size; window < 0 && len(found)+len(numbers) > 0 {
				break
			}
			numbers = append(numbers, p.n)
		}
		var bad []int64
		found, bad, err = readPlaces(ctx, q, numbers, found)
		if err == nil && len(bad) > 0 {
			damaged += len(bad)
			err = m.lose(ctx, b.Workspace, bad)
		}
		ids = ids[fit:]
		if fit < len(lot) {
			break
		}
	}
	if err != nil {
		return nil, nil, damaged, fmt.Errorf("read %d objects: %w", len(ids), err)
	}
	return found, ids, damaged, nil
}

// place is where an object lies; n is 0 when it is not there.
type place struct {
	n    int64
	size int
}

// findPlaces looks for at most fetchRows names.
func findPlaces(ctx context.Context, q querier, box int64, ids []seal.ID) ([]place, error) {
	args := make([]any, 1, fetchRows+1)
	args[0] = box
	for i := range fetchRows {
		args = append(args, ids[min(i, len(ids)-1)][:])
	}
	found, err := q.QueryContext(ctx, findObjects, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	places := make([]place, len(ids))
	for found.Next() {
		var p place
		var id []byte
		if err := found.Scan(&p.n, &id, &p.size); err != nil {
			return nil, err
		}
		for i := range ids {
			if string(ids[i][:]) == string(id) {
				places[i] = p
				break // a name that stands twice is found once
			}
		}
	}
	return places, found.Err()
}

// readPlaces appends at most fetchRows objects in the order of their numbers'
// list, and returns the numbers of damaged ones.
func readPlaces(ctx context.Context, q querier, numbers []int64, all []MailboxObject) (_ []MailboxObject, damaged []int64, err error) {
	if len(numbers) == 0 {
		return all, nil, nil
	}
	args := make([]any, fetchRows)
	for i := range args {
		args[i] = numbers[min(i, len(numbers)-1)]
	}
	found, err := q.QueryContext(ctx, readObjects, args...)
	if err != nil {
		return nil, nil, err
	}
	defer found.Close()
	read := map[int64]MailboxObject{}
	for found.Next() {
		var n int64
		var id, sum, bytes []byte
		if err := found.Scan(&n, &id, &sum, &bytes); err != nil {
			return nil, nil, err
		}
		if len(id) != len(seal.ID{}) || string(sum) != string(objectSum(n, id, bytes)) {
			damaged = append(damaged, n)
			continue
		}
		read[n] = MailboxObject{ID: seal.ID(id), Bytes: bytes}
	}
	for _, n := range numbers {
		if o, ok := read[n]; ok {
			all = append(all, o)
		}
	}
	return all, damaged, found.Err()
}

// lose removes damaged objects and gives the mailbox another name.
func (m *Mailbox) lose(ctx context.Context, ws seal.ID, numbers []int64) error {
	err := m.db.Write(ctx, func(ctx context.Context) error {
		q := m.db.querier(ctx)
		for _, n := range numbers {
			var device, size int64
			err := q.QueryRowContext(ctx, `DELETE FROM object WHERE n = ? RETURNING device, size`, n).Scan(&device, &size)
			if errors.Is(err, sql.ErrNoRows) {
				continue
			}
			if err != nil {
				return err
			}
			size += MailboxOverhead
			if _, err := q.ExecContext(ctx, `UPDATE state SET total = max(0, total - ?), objects = objects - 1`, size); err != nil {
				return err
			}
			if _, err := q.ExecContext(ctx, `UPDATE device SET stored = max(0, stored - ?) WHERE device = ?`, size, device); err != nil {
				return err
			}
		}
		return rename(ctx, q)
	})
	if err == nil {
		m.tellLoss(ws)
	}
	return ignoreDiskFull(err)
}
