package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"parvis/app/docs"
	"parvis/crdt/seal"
)

// changeKey is what the content of a change is bound to: its other columns.
func changeKey(r docs.ChangeRow) []byte {
	key := make([]byte, 0, 8*5+2*len(r.Hash))
	key = binary.BigEndian.AppendUint64(key, uint64(r.Doc))
	key = binary.BigEndian.AppendUint64(key, uint64(r.Actor))
	key = binary.BigEndian.AppendUint64(key, r.Seq)
	key = binary.BigEndian.AppendUint64(key, r.Place)
	key = binary.BigEndian.AppendUint64(key, uint64(r.State))
	key = append(key, r.Hash[:]...)
	return append(key, r.Envelope[:]...)
}

// AddChange implements docs.ChangeStore.
func (db docStore) AddChange(ctx context.Context, r docs.ChangeRow) (int64, error) {
	q := db.querier(ctx)
	result, err := q.ExecContext(ctx, `
		INSERT INTO doc_change (doc, actor, seq, short, hash, tag, envelope, place, state, content)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,
		r.Doc, r.Actor, int64(r.Seq), idTag(r.Hash), r.Hash[:], idTag(r.Envelope), r.Envelope[:], int64(r.Place), int64(r.State),
		db.sealValue("doc_change", "content", changeKey(r), r.Content))
	if err != nil {
		return 0, fmt.Errorf("add change: %w", err)
	}
	if r.N, err = result.LastInsertId(); err != nil {
		return 0, err
	}
	return r.N, db.PutBytes(ctx, r)
}

// PutChange implements docs.ChangeStore.
func (db docStore) PutChange(ctx context.Context, r docs.ChangeRow) error {
	_, err := db.querier(ctx).ExecContext(ctx, `
		UPDATE doc_change SET doc = ?1, actor = ?2, seq = ?3, short = ?4, hash = ?5, tag = ?6, envelope = ?7, place = ?8, state = ?9, content = ?10
		WHERE n = ?11`,
		r.Doc, r.Actor, int64(r.Seq), idTag(r.Hash), r.Hash[:], idTag(r.Envelope), r.Envelope[:], int64(r.Place), int64(r.State),
		db.sealValue("doc_change", "content", changeKey(r), r.Content), r.N)
	if err != nil {
		return fmt.Errorf("store change: %w", err)
	}
	return nil
}

// PutBytes implements docs.BytesStore.
func (db docStore) PutBytes(ctx context.Context, r docs.ChangeRow) error {
	_, err := db.querier(ctx).ExecContext(ctx, `INSERT OR REPLACE INTO doc_bytes (n, data) VALUES (?, ?)`,
		r.N, db.sealValue("doc_bytes", "data", r.Hash[:], r.Bytes))
	if err != nil {
		return fmt.Errorf("store the bytes of a change: %w", err)
	}
	return nil
}

// changeColumns are the columns that changes scans.
const changeColumns = `SELECT c.n, c.doc, c.actor, c.seq, c.short, c.hash, c.tag, c.envelope, c.place, c.state, c.content`

// changes reads rows of doc_change and opens their content; withBytes adds the
// bytes, which the query gives as a last column.
func (db docStore) changes(ctx context.Context, withBytes bool, query string, args ...any) ([]docs.ChangeRow, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	defer found.Close()
	var list []docs.ChangeRow
	for found.Next() {
		var n, doc, actor, seq, short, tag, place, state intColumn
		var hash, envelope, content, bytes blobColumn
		columns := []any{&n, &doc, &actor, &seq, &short, &hash, &tag, &envelope, &place, &state, &content}
		if withBytes {
			columns = append(columns, &bytes)
		}
		if err := found.Scan(columns...); err != nil {
			return nil, fmt.Errorf("read changes: %w", err)
		}
		r := docs.ChangeRow{
			N: int64(n), Doc: int64(doc), Actor: int64(actor), Seq: uint64(seq), Hash: hash.id(), Envelope: envelope.id(),
			Place: uint64(place), State: docs.ChangeState(state),
		}
		r.Content, err = db.openValue("doc_change", "content", changeKey(r), content)
		r.Damaged = err != nil || int64(short) != idTag(r.Hash) || int64(tag) != idTag(r.Envelope)
		if withBytes && len(bytes) > 0 {
			r.Bytes, _ = db.openValue("doc_bytes", "data", r.Hash[:], bytes) // damaged: as if they were not here
		}
		list = append(list, r)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read changes: %w", err)
	}
	for i := range list {
		if list[i].Damaged {
			if list[i].Envelope, err = db.envelopeNear(ctx, `SELECT tag FROM doc_change WHERE n = ?`, list[i].N, list[i].Envelope); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// envelopeNear is the id of the envelope that a damaged row was made from: its
// own, or where that is the damaged column, the one that begins with its tag.
func (db docStore) envelopeNear(ctx context.Context, tagQuery string, n int64, id seal.ID) (seal.ID, error) {
	q := db.querier(ctx)
	var tag intColumn
	if err := q.QueryRowContext(ctx, tagQuery, n).Scan(&tag); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return id, fmt.Errorf("find the envelope of a damaged row: %w", err)
	}
	var other blobColumn
	err := q.QueryRowContext(ctx, `
		SELECT id FROM envelope WHERE short = (?1 >> 16) & 281474976710655
			AND NOT EXISTS (SELECT 1 FROM envelope WHERE short = ?2 AND id = ?3)`, int64(tag), shortID(id), id[:]).Scan(&other)
	if errors.Is(err, sql.ErrNoRows) {
		return id, nil
	}
	if err != nil {
		return id, fmt.Errorf("find the envelope of a damaged row: %w", err)
	}
	return other.id(), nil
}

func (db docStore) oneChange(ctx context.Context, query string, args ...any) (docs.ChangeRow, bool, error) {
	list, err := db.changes(ctx, false, query, args...)
	if err != nil || len(list) == 0 {
		return docs.ChangeRow{}, false, err
	}
	return list[0], true, nil
}

// Change implements docs.ChangeStore.
func (db docStore) Change(ctx context.Context, doc int64, hash seal.ID) (docs.ChangeRow, bool, error) {
	return db.oneChange(ctx, changeColumns+` FROM doc_change c INDEXED BY doc_change_short WHERE short = ? AND hash = ? AND doc = ?`,
		idTag(hash), hash[:], doc)
}

// Slot implements docs.ChangeStore.
func (db docStore) Slot(ctx context.Context, actor int64, seq uint64) (docs.ChangeRow, bool, error) {
	return db.oneChange(ctx, changeColumns+` FROM doc_change c INDEXED BY doc_change_slot WHERE actor = ? AND seq = ?`, actor, int64(seq))
}

// Changes implements docs.ChangeStore.
func (db docStore) Changes(ctx context.Context, doc int64) ([]docs.ChangeRow, error) {
	return db.changes(ctx, false, changeColumns+` FROM doc_change c INDEXED BY doc_change_place WHERE doc = ? ORDER BY n`, doc)
}

// ChangesAfter implements docs.ScrubStore.
func (db docStore) ChangesAfter(ctx context.Context, n int64, limit int) ([]docs.ChangeRow, error) {
	return db.changes(ctx, false, changeColumns+` FROM doc_change c WHERE n > ? ORDER BY n LIMIT ?`, n, limit)
}

// MoveChange implements docs.ScrubStore.
func (db docStore) MoveChange(ctx context.Context, r docs.ChangeRow) error {
	_, err := db.querier(ctx).ExecContext(ctx, `UPDATE doc_change SET doc = ? WHERE n = ?`, r.Doc, r.N)
	if err != nil {
		return fmt.Errorf("move change: %w", err)
	}
	return nil
}

// Later implements docs.BytesStore.
func (db docStore) Later(ctx context.Context, doc int64, place uint64, limit int) ([]docs.ChangeRow, error) {
	return db.changes(ctx, true, changeColumns+`, b.data
		FROM doc_change c INDEXED BY doc_change_place LEFT JOIN doc_bytes b USING (n)
		WHERE doc = ? AND place > ? AND state = 869011285 ORDER BY place LIMIT ?`, doc, int64(place), limit)
}

// Bytes implements docs.BytesStore.
func (db docStore) Bytes(ctx context.Context, r docs.ChangeRow) ([]byte, error) {
	var data blobColumn
	err := db.querier(ctx).QueryRowContext(ctx, `SELECT data FROM doc_bytes WHERE n = ?`, r.N).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the bytes of a change: %w", err)
	}
	plain, err := db.openValue("doc_bytes", "data", r.Hash[:], data)
	if err != nil {
		return nil, nil // damaged: as if they were not here
	}
	return plain, nil
}

// DropBytes implements docs.BytesStore.
func (db docStore) DropBytes(ctx context.Context, doc int64, place uint64) error {
	_, err := db.querier(ctx).ExecContext(ctx, `
		DELETE FROM doc_bytes WHERE n IN (SELECT n FROM doc_change INDEXED BY doc_change_place WHERE doc = ? AND place BETWEEN 1 AND ?)`, doc, int64(place))
	if err != nil {
		return fmt.Errorf("drop the bytes of changes: %w", err)
	}
	return nil
}
