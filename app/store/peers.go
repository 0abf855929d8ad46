package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

func ackSum(ws, device seal.ID, chain, seq int64, id []byte) []byte {
	return rowSum([]byte("ack"), ws[:], device[:], number(chain), number(seq), id)
}

// PutAcks remembers what another device says it holds durably. Each tail takes
// the place of the one for the same chain; tails not named stay.
func (db *DB) PutAcks(ctx context.Context, ws, device seal.ID, tails []workspace.Tail) error {
	err := db.within(ctx, func(ctx context.Context) error {
		n, err := db.wsNumber(ctx, ws)
		if err != nil {
			return err
		}
		for _, t := range tails {
			if t.Seq > math.MaxInt64 {
				return fmt.Errorf("sequence number %d is out of range", t.Seq)
			}
			chain, err := db.chainNumber(ctx, chainKey{ws, t.Space, t.Device})
			if err != nil {
				return err
			}
			seq := int64(t.Seq)
			_, err = db.querier(ctx).ExecContext(ctx, `INSERT INTO ack (ws, device, chain, seq, id, sum) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (ws, device, chain) DO UPDATE SET seq = excluded.seq, id = excluded.id, sum = excluded.sum WHERE sum <> excluded.sum`,
				n, device[:], chain, seq, t.ID[:], ackSum(ws, device, chain, seq, t.ID[:]))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store acknowledgements of %s: %w", device.Short(), err)
	}
	return nil
}

// Acks lists what other devices hold, by device. Damaged rows are dropped: the
// device says it again when it is next met.
func (db *DB) Acks(ctx context.Context, ws seal.ID) (map[seal.ID][]workspace.Tail, error) {
	acks, _, err := db.readAcks(ctx, ws)
	if err != nil {
		return nil, fmt.Errorf("read acknowledgements: %w", err)
	}
	return acks, nil
}

type ackKey struct {
	device []byte
	chain  int64
}

func (db *DB) readAcks(ctx context.Context, ws seal.ID) (map[seal.ID][]workspace.Tail, []workspace.Damage, error) {
	acks := map[seal.ID][]workspace.Tail{}
	n, known, err := db.findWorkspace(ctx, ws)
	if err != nil || !known {
		return acks, nil, err
	}
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT a.device, a.chain, a.seq, a.id, a.sum, c.space, c.device
		FROM ack a LEFT JOIN chain c USING (chain) WHERE a.ws = ?`, n)
	if err != nil {
		return nil, nil, err
	}
	defer found.Close()
	var bad []ackKey
	for found.Next() {
		var chain, seq intColumn
		var device, id, sum, space, author blobColumn
		if err := found.Scan(&device, &chain, &seq, &id, &sum, &space, &author); err != nil {
			return nil, nil, err
		}
		if !bytes.Equal(sum, ackSum(ws, device.id(), int64(chain), int64(seq), id)) || space == nil {
			bad = append(bad, ackKey{device, int64(chain)})
			continue
		}
		key, ok := db.ids.key(int64(chain))
		if !ok {
			key = chainKey{ws, space.space(), author.id()}
		}
		acks[device.id()] = append(acks[device.id()], workspace.Tail{Space: key.space, Device: key.device, Seq: uint64(seq), ID: id.id()})
	}
	if err := found.Err(); err != nil {
		return nil, nil, err
	}
	damage, err := db.dropAcks(ctx, ws, n, bad)
	return acks, damage, err
}

func (db *DB) dropAcks(ctx context.Context, ws seal.ID, n int64, bad []ackKey) (damage []workspace.Damage, err error) {
	if len(bad) == 0 {
		return nil, nil
	}
	err = db.within(ctx, func(ctx context.Context) error {
		for _, key := range bad {
			if _, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM ack WHERE ws = ? AND device = ? AND chain = ?`, n, key.device, key.chain); err != nil {
				return err
			}
		}
		return nil
	})
	for _, key := range bad {
		d := workspace.Damage{Table: "ack", Key: "what device " + blobColumn(key.device).id().Short() + " holds"}
		db.reportDamage(ctx, ws, d)
		damage = append(damage, d)
	}
	return damage, ignoreDiskFull(err)
}

func addressSum(ws, device seal.ID, sealed []byte, seen int64) []byte {
	return rowSum([]byte("address"), ws[:], device[:], sealed, number(seen))
}

// addressKey is the primary key that the sealed addresses are bound to.
func addressKey(ws, device seal.ID) []byte { return append(ws[:], device[:]...) }

// PutAddrs remembers where a device was reached and when. Without addrs the
// known ones stay, and an earlier seenMs does not replace a later one.
func (db *DB) PutAddrs(ctx context.Context, ws, device seal.ID, addrs []string, seenMs int64) error {
	err := db.within(ctx, func(ctx context.Context) error {
		n, err := db.wsNumber(ctx, ws)
		if err != nil {
			return err
		}
		old, _, err := db.address(ctx, ws, device, n)
		if err != nil {
			return err
		}
		if len(addrs) == 0 {
			addrs = old.Addrs
		}
		seen := max(seenMs, old.SeenMs)
		sealed := db.sealValue("address", "addrs", addressKey(ws, device), []byte(strings.Join(addrs, "\n")))
		_, err = db.querier(ctx).ExecContext(ctx, `INSERT OR REPLACE INTO address (ws, device, addrs, seen, sum) VALUES (?, ?, ?, ?, ?)`,
			n, device[:], sealed, seen, addressSum(ws, device, sealed, seen))
		return err
	})
	if err != nil {
		return fmt.Errorf("store addresses of %s: %w", device.Short(), err)
	}
	return nil
}

// address reads one row; a damaged one counts as none.
func (db *DB) address(ctx context.Context, ws, device seal.ID, n int64) (workspace.Seen, bool, error) {
	var sealed, sum blobColumn
	var seen intColumn
	err := db.querier(ctx).QueryRowContext(ctx, `SELECT addrs, seen, sum FROM address WHERE ws = ? AND device = ?`, n, device[:]).Scan(&sealed, &seen, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return workspace.Seen{}, false, nil
	}
	if err != nil {
		return workspace.Seen{}, false, err
	}
	found, ok := db.openAddress(ws, device, sealed, sum, int64(seen))
	return found, ok, nil
}

func (db *DB) openAddress(ws, device seal.ID, sealed, sum []byte, seen int64) (workspace.Seen, bool) {
	if !bytes.Equal(sum, addressSum(ws, device, sealed, seen)) {
		return workspace.Seen{}, false
	}
	plain, err := db.openValue("address", "addrs", addressKey(ws, device), sealed)
	if err != nil {
		return workspace.Seen{}, false
	}
	if len(plain) == 0 {
		return workspace.Seen{SeenMs: seen}, true
	}
	return workspace.Seen{Addrs: strings.Split(string(plain), "\n"), SeenMs: seen}, true
}

// Addrs lists where and when each device was last reached. Damaged rows are
// dropped: addresses are learned again.
func (db *DB) Addrs(ctx context.Context, ws seal.ID) (map[seal.ID]workspace.Seen, error) {
	seen, _, err := db.readAddrs(ctx, ws)
	if err != nil {
		return nil, fmt.Errorf("read addresses: %w", err)
	}
	return seen, nil
}

func (db *DB) readAddrs(ctx context.Context, ws seal.ID) (map[seal.ID]workspace.Seen, []workspace.Damage, error) {
	list := map[seal.ID]workspace.Seen{}
	n, known, err := db.findWorkspace(ctx, ws)
	if err != nil || !known {
		return list, nil, err
	}
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT device, addrs, seen, sum FROM address WHERE ws = ?`, n)
	if err != nil {
		return nil, nil, err
	}
	defer found.Close()
	var bad [][]byte
	for found.Next() {
		var device, sealed, sum blobColumn
		var at intColumn
		if err := found.Scan(&device, &sealed, &at, &sum); err != nil {
			return nil, nil, err
		}
		if one, ok := db.openAddress(ws, device.id(), sealed, sum, int64(at)); ok {
			list[device.id()] = one
		} else {
			bad = append(bad, device)
		}
	}
	if err := found.Err(); err != nil {
		return nil, nil, err
	}
	damage, err := db.dropAddrs(ctx, ws, n, bad)
	return list, damage, err
}

func (db *DB) dropAddrs(ctx context.Context, ws seal.ID, n int64, bad [][]byte) (damage []workspace.Damage, err error) {
	for _, device := range bad {
		d := workspace.Damage{Table: "address", Key: "addresses of device " + blobColumn(device).id().Short()}
		db.reportDamage(ctx, ws, d)
		damage = append(damage, d)
		if _, derr := db.querier(ctx).ExecContext(ctx, `DELETE FROM address WHERE ws = ? AND device = ?`, n, device); derr != nil {
			err = errors.Join(err, ignoreDiskFull(derr))
		}
	}
	return damage, err
}
