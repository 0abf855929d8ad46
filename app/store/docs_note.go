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

// noteKey is what the content of a note is bound to: its other columns.
func noteKey(r docs.NoteRow) []byte {
	key := make([]byte, 0, 8*3+len(r.Envelope))
	key = binary.BigEndian.AppendUint64(key, uint64(r.Doc))
	key = binary.BigEndian.AppendUint64(key, uint64(r.Op))
	key = binary.BigEndian.AppendUint64(key, uint64(r.Flags))
	return append(key, r.Envelope[:]...)
}

// AddNote implements docs.NoteStore.
func (db docStore) AddNote(ctx context.Context, r docs.NoteRow) (int64, error) {
	result, err := db.querier(ctx).ExecContext(ctx, `
		INSERT INTO doc_note (doc, short, envelope, op, flags, content) VALUES (?, ?, ?, ?, ?, ?)`,
		r.Doc, idTag(r.Envelope), r.Envelope[:], int64(r.Op), int64(r.Flags), db.sealValue("doc_note", "content", noteKey(r), r.Content))
	if err != nil {
		return 0, fmt.Errorf("add note: %w", err)
	}
	return result.LastInsertId()
}

// PutNote implements docs.NoteStore.
func (db docStore) PutNote(ctx context.Context, r docs.NoteRow) error {
	_, err := db.querier(ctx).ExecContext(ctx, `
		UPDATE doc_note SET doc = ?, short = ?, envelope = ?, op = ?, flags = ?, content = ? WHERE n = ?`,
		r.Doc, idTag(r.Envelope), r.Envelope[:], int64(r.Op), int64(r.Flags), db.sealValue("doc_note", "content", noteKey(r), r.Content), r.N)
	if err != nil {
		return fmt.Errorf("store note: %w", err)
	}
	return nil
}

const noteColumns = `SELECT n, doc, short, envelope, op, flags, content FROM doc_note `

// notes reads rows of doc_note and opens their content.
func (db docStore) notes(ctx context.Context, query string, args ...any) ([]docs.NoteRow, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	defer found.Close()
	var list []docs.NoteRow
	for found.Next() {
		var n, doc, short, op, flags intColumn
		var envelope, content blobColumn
		if err := found.Scan(&n, &doc, &short, &envelope, &op, &flags, &content); err != nil {
			return nil, fmt.Errorf("read notes: %w", err)
		}
		r := docs.NoteRow{N: int64(n), Doc: int64(doc), Envelope: envelope.id(), Op: docs.Op(op), Flags: docs.NoteFlags(flags)}
		r.Content, err = db.openValue("doc_note", "content", noteKey(r), content)
		r.Damaged = err != nil || int64(short) != idTag(r.Envelope)
		list = append(list, r)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	for i := range list {
		if list[i].Damaged {
			if list[i].Envelope, err = db.envelopeNear(ctx, `SELECT short FROM doc_note WHERE n = ?`, list[i].N, list[i].Envelope); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// Note implements docs.NoteStore.
func (db docStore) Note(ctx context.Context, envelope seal.ID) (docs.NoteRow, bool, error) {
	list, err := db.notes(ctx, noteColumns+`WHERE short = ? AND envelope = ?`, idTag(envelope), envelope[:])
	if err != nil || len(list) == 0 {
		return docs.NoteRow{}, false, err
	}
	return list[0], true, nil
}

// Notes implements docs.NoteStore.
func (db docStore) Notes(ctx context.Context, doc int64, op docs.Op) ([]docs.NoteRow, error) {
	return db.notes(ctx, noteColumns+`INDEXED BY doc_note_doc WHERE doc = ? AND op = ? ORDER BY n`, doc, int64(op))
}

// NotesAfter implements docs.ScrubStore.
func (db docStore) NotesAfter(ctx context.Context, n int64, limit int) ([]docs.NoteRow, error) {
	return db.notes(ctx, noteColumns+`WHERE n > ? ORDER BY n LIMIT ?`, n, limit)
}

// cacheKey is what the heads of a cache are bound to; its data is bound to them too.
func cacheKey(doc int64, c docs.Cache, heads []byte) []byte {
	key := append(number(doc), number(int64(c.Kind))...)
	key = append(key, number(int64(c.Place))...)
	return append(key, heads...)
}

// PutCache implements docs.CacheStore.
func (db docStore) PutCache(ctx context.Context, doc int64, c docs.Cache) error {
	heads, err := seal.Encode(c.Heads)
	if err != nil {
		return err
	}
	_, err = db.querier(ctx).ExecContext(ctx, `INSERT OR REPLACE INTO doc_cache (doc, kind, place, heads, data) VALUES (?, ?, ?, ?, ?)`,
		doc, int64(c.Kind), int64(c.Place), db.sealValue("doc_cache", "heads", cacheKey(doc, c, nil), heads),
		db.sealValue("doc_cache", "data", cacheKey(doc, c, heads), c.Data))
	if err != nil {
		return fmt.Errorf("store cache: %w", err)
	}
	return nil
}

// Cache implements docs.CacheStore.
func (db docStore) Cache(ctx context.Context, doc int64, kind docs.CacheKind) (docs.Cache, bool, error) {
	c, heads, data, found, err := db.cache(ctx, doc, kind, `SELECT place, heads, data FROM doc_cache WHERE doc = ? AND kind = ?`)
	if err != nil || !found {
		return docs.Cache{}, false, err
	}
	if c.Data, err = db.openValue("doc_cache", "data", cacheKey(doc, c, heads), data); err != nil {
		return docs.Cache{}, false, nil
	}
	return c, true, nil
}

// CacheInfo implements docs.CacheStore.
func (db docStore) CacheInfo(ctx context.Context, doc int64, kind docs.CacheKind) (docs.Cache, bool, error) {
	c, _, _, found, err := db.cache(ctx, doc, kind, `SELECT place, heads, x'' FROM doc_cache WHERE doc = ? AND kind = ?`)
	return c, found, err
}

// cache reads a cache; its data is still sealed.
func (db docStore) cache(ctx context.Context, doc int64, kind docs.CacheKind, query string) (c docs.Cache, heads, data []byte, found bool, err error) {
	var place intColumn
	var sealedHeads, sealedData blobColumn
	err = db.querier(ctx).QueryRowContext(ctx, query, doc, int64(kind)).Scan(&place, &sealedHeads, &sealedData)
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil, nil, false, nil
	}
	if err != nil {
		return c, nil, nil, false, fmt.Errorf("read cache: %w", err)
	}
	c = docs.Cache{Kind: kind, Place: uint64(place)}
	if heads, err = db.openValue("doc_cache", "heads", cacheKey(doc, c, nil), sealedHeads); err != nil {
		return c, nil, nil, false, nil
	}
	if c.Heads, err = seal.Decode[[]seal.ID](heads); err != nil {
		return c, nil, nil, false, nil
	}
	return c, heads, sealedData, true, nil
}

// DropCache implements docs.CacheStore.
func (db docStore) DropCache(ctx context.Context, doc int64, kind docs.CacheKind) error {
	_, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM doc_cache WHERE doc = ? AND kind = ?`, doc, int64(kind))
	if err != nil {
		return fmt.Errorf("drop cache: %w", err)
	}
	return nil
}
