package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"parvis/crdt/seal"
)

// MailboxDoor is what a member left for those who hold an invitation.
type MailboxDoor struct {
	Workspace seal.ID
	Name      seal.ID
	Counter   uint64
	Expires   int64  // Unix milliseconds
	Box       []byte // empty: the invitation is over
}

// MaxDoors bounds the doors of one workspace.
const MaxDoors = 64

// lastCounter is the highest counter that a door may have.
const lastCounter = 1<<63 - 1

// PutDoor stores a door. One that is there is replaced by a higher counter, and by
// an empty box, which nothing replaces; everything else changes nothing and is no
// error. Doors whose time is over at nowMs are removed. Where there are [MaxDoors],
// the empty ones make room, those first that would go soonest; else it is
// [ErrMailboxQuota].
func (m *Mailbox) PutDoor(ctx context.Context, d MailboxDoor, nowMs int64) error {
	if d.Counter > lastCounter {
		return fmt.Errorf("store a door: counter %d", d.Counter)
	}
	err := m.db.Write(ctx, func(ctx context.Context) error {
		q := m.db.querier(ctx)
		old, found, err := findDoor(ctx, q, d.Workspace, d.Name)
		if err != nil || found && (len(old.Box) == 0 || len(d.Box) > 0 && d.Counter <= old.Counter) {
			return err
		}
		if !found {
			if err := roomForDoor(ctx, q, d, nowMs); err != nil {
				return err
			}
		}
		_, err = q.ExecContext(ctx, `INSERT INTO door (ws, name, counter, expires, box, sum) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (ws, name) DO UPDATE SET counter = excluded.counter, expires = excluded.expires, box = excluded.box, sum = excluded.sum`,
			d.Workspace[:], d.Name[:], int64(d.Counter), d.Expires, notNil(d.Box), doorSum(d))
		return err
	})
	if err != nil {
		return fmt.Errorf("store a door: %w", err)
	}
	return nil
}

// roomForDoor removes what is over, and an empty door where there is no room.
func roomForDoor(ctx context.Context, q querier, d MailboxDoor, nowMs int64) error {
	ws := d.Workspace[:]
	if _, err := q.ExecContext(ctx, `DELETE FROM door WHERE ws = ? AND expires <= ?`, ws, nowMs); err != nil {
		return err
	}
	var count int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM door WHERE ws = ?`, ws).Scan(&count); err != nil {
		return err
	}
	if count < MaxDoors {
		return nil
	}
	result, err := q.ExecContext(ctx, `DELETE FROM door WHERE ws = ?1 AND name =
		(SELECT name FROM door WHERE ws = ?1 AND length(box) = 0 ORDER BY expires, name LIMIT 1)`, ws)
	if err != nil {
		return err
	}
	if removed, err := result.RowsAffected(); err != nil || removed == 0 {
		return errors.Join(ErrMailboxQuota, err)
	}
	return nil
}

// Door is one door. A damaged one counts as none: members bring it again.
func (m *Mailbox) Door(ctx context.Context, ws, name seal.ID) (d MailboxDoor, found bool, err error) {
	if d, found, err = findDoor(ctx, m.db.querier(ctx), ws, name); err != nil {
		return MailboxDoor{}, false, fmt.Errorf("read a door: %w", err)
	}
	return d, found, nil
}

func findDoor(ctx context.Context, q querier, ws, name seal.ID) (d MailboxDoor, found bool, err error) {
	d = MailboxDoor{Workspace: ws, Name: name}
	var counter int64
	var sum []byte
	err = q.QueryRowContext(ctx, `SELECT counter, expires, box, sum FROM door WHERE ws = ? AND name = ?`, ws[:], name[:]).Scan(&counter, &d.Expires, &d.Box, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return MailboxDoor{}, false, nil
	}
	d.Counter = uint64(counter)
	if err != nil || string(sum) != string(doorSum(d)) {
		return MailboxDoor{}, false, err
	}
	return d, true, nil
}

func doorSum(d MailboxDoor) []byte {
	return rowSum([]byte("door"), d.Workspace[:], d.Name[:], number(int64(d.Counter)), number(d.Expires), d.Box)
}

// Newcomer is a device that showed an invitation and is in no access list yet.
type Newcomer struct {
	Workspace seal.ID
	Peer      seal.ID // its host key
	Door      seal.ID // the name of the door where it came in
	Until     int64   // Unix milliseconds
}

// AddNewcomer lets a newcomer in, or lets one stay longer; what it brought stays
// counted. Newcomers whose time is over at nowMs are forgotten. When as many as max
// others came in by the same door it is [ErrMailboxQuota].
func (m *Mailbox) AddNewcomer(ctx context.Context, n Newcomer, max int, nowMs int64) error {
	err := m.db.Write(ctx, func(ctx context.Context) error {
		q := m.db.querier(ctx)
		if _, err := q.ExecContext(ctx, `DELETE FROM newcomer WHERE ws = ? AND until <= ?`, n.Workspace[:], nowMs); err != nil {
			return err
		}
		var others int
		err := q.QueryRowContext(ctx, `SELECT count(*) FROM newcomer WHERE ws = ? AND door = ? AND peer <> ?`, n.Workspace[:], n.Door[:], n.Peer[:]).Scan(&others)
		if err != nil {
			return err
		}
		if others >= max {
			return ErrMailboxQuota
		}
		return putNewcomer(ctx, q, n)
	})
	if err != nil {
		return fmt.Errorf("let a newcomer in: %w", err)
	}
	return nil
}

func putNewcomer(ctx context.Context, q querier, n Newcomer) error {
	_, err := q.ExecContext(ctx, `INSERT INTO newcomer (ws, peer, door, until, put, sum) VALUES (?, ?, ?, ?, 0, ?)
		ON CONFLICT (ws, peer) DO UPDATE SET door = excluded.door, until = excluded.until, sum = excluded.sum`,
		n.Workspace[:], n.Peer[:], n.Door[:], n.Until, newcomerSum(n))
	return err
}

func newcomerSum(n Newcomer) []byte {
	return rowSum([]byte("newcomer"), n.Workspace[:], n.Peer[:], n.Door[:], number(n.Until))
}

// Brought is how many bytes a newcomer has put into the mailbox so far.
func (m *Mailbox) Brought(ctx context.Context, ws, peer seal.ID) (bytes int64, err error) {
	bytes, _, err = brought(ctx, m.db.querier(ctx), ws, peer)
	if err != nil {
		return 0, fmt.Errorf("read what a newcomer brought: %w", err)
	}
	return bytes, nil
}

func brought(ctx context.Context, q querier, ws, peer seal.ID) (bytes int64, found bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT put FROM newcomer WHERE ws = ? AND peer = ?`, ws[:], peer[:]).Scan(&bytes)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return bytes, err == nil, err
}

// Newcomers lists those whose time is not over at nowMs, and forgets the others and
// those whose rows are damaged: they knock again.
func (m *Mailbox) Newcomers(ctx context.Context, nowMs int64) (all []Newcomer, err error) {
	err = m.db.Write(ctx, func(ctx context.Context) error {
		all = nil
		found, err := newcomersOf(ctx, m.db.querier(ctx), nil)
		if err != nil {
			return err
		}
		for _, n := range found {
			if n.good && n.Until > nowMs {
				all = append(all, n.Newcomer)
			} else if err := dropNewcomer(ctx, m.db.querier(ctx), n); err != nil {
				return err
			}
		}
		return nil
	})
	if err = ignoreDiskFull(err); err != nil {
		return nil, fmt.Errorf("read the newcomers: %w", err)
	}
	return all, nil
}

// newcomerRow is a row as it lies there; good says that it is what was stored.
type newcomerRow struct {
	Newcomer
	ws, peer []byte // the key, whatever it is
	good     bool
}

// newcomersOf lists the rows of a workspace, nil for all.
func newcomersOf(ctx context.Context, q querier, ws []byte) ([]newcomerRow, error) {
	found, err := q.QueryContext(ctx, `SELECT ws, peer, door, until, sum FROM newcomer WHERE ?1 IS NULL OR ws = ?1`, ws)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var all []newcomerRow
	for found.Next() {
		var n newcomerRow
		var door, sum []byte
		if err := found.Scan(&n.ws, &n.peer, &door, &n.Until, &sum); err != nil {
			return nil, err
		}
		if size := len(seal.ID{}); len(n.ws) == size && len(n.peer) == size && len(door) == size {
			n.Workspace, n.Peer, n.Door = seal.ID(n.ws), seal.ID(n.peer), seal.ID(door)
			n.good = string(sum) == string(newcomerSum(n.Newcomer))
		}
		all = append(all, n)
	}
	return all, found.Err()
}

func dropNewcomer(ctx context.Context, q querier, n newcomerRow) error {
	_, err := q.ExecContext(ctx, `DELETE FROM newcomer WHERE ws = ? AND peer = ?`, n.ws, n.peer)
	return err
}

// relist applies a new access list to the newcomers of a workspace: those that it
// names are none any more, the others stay until untilMs at most.
func relist(ctx context.Context, q querier, ws seal.ID, named func(peer seal.ID) bool, untilMs int64) error {
	found, err := newcomersOf(ctx, q, ws[:])
	if err != nil {
		return err
	}
	for _, n := range found {
		switch {
		case !n.good || named(n.Peer):
			err = dropNewcomer(ctx, q, n)
		case n.Until > untilMs:
			n.Until = untilMs
			err = putNewcomer(ctx, q, n.Newcomer)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
