package store

import (
	"context"
	"encoding/binary"
	"fmt"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Docs shows the store to documents.
func (db *DB) Docs() docs.Storage { return docStore{db} }

// docStore implements docs.Storage. It is a type of its own because chat and
// documents use the same words.
type docStore struct{ *DB }

// docKey is what the content of a document is bound to: the row's other columns.
func docKey(d docs.DocRow) []byte {
	key := append([]byte(nil), d.Workspace[:]...)
	key = append(key, d.Space[:]...)
	key = append(key, d.ID[:]...)
	key = binary.BigEndian.AppendUint64(key, uint64(d.N))
	if d.Made {
		return append(key, 1)
	}
	return append(key, 0)
}

// PutDoc implements docs.DocStore.
func (db docStore) PutDoc(ctx context.Context, d docs.DocRow) (int64, error) {
	err := db.within(ctx, func(ctx context.Context) error {
		q := db.querier(ctx)
		if d.N != 0 {
			_, err := q.ExecContext(ctx, `UPDATE doc SET ws = ?2, space = ?3, id = ?4, made = ?5, content = ?6 WHERE doc = ?1`,
				d.N, d.Workspace[:], d.Space[:], d.ID[:], d.Made, db.sealValue("doc", "content", docKey(d), d.Content))
			return err
		}
		if err := q.QueryRowContext(ctx, `SELECT coalesce(max(doc), 0) + 1 FROM doc`).Scan(&d.N); err != nil {
			return err
		}
		_, err := q.ExecContext(ctx, `INSERT INTO doc (doc, ws, space, id, made, content) VALUES (?, ?, ?, ?, ?, ?)`,
			d.N, d.Workspace[:], d.Space[:], d.ID[:], d.Made, db.sealValue("doc", "content", docKey(d), d.Content))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store document: %w", err)
	}
	return d.N, nil
}

// DocRows implements docs.DocStore.
func (db docStore) DocRows(ctx context.Context, ws seal.ID) ([]docs.DocRow, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT doc, space, id, made, content FROM doc WHERE ws = ? ORDER BY doc`, ws[:])
	if err != nil {
		return nil, fmt.Errorf("read documents: %w", err)
	}
	defer found.Close()
	var list []docs.DocRow
	for found.Next() {
		var n, made intColumn
		var space, id, content blobColumn
		if err := found.Scan(&n, &space, &id, &made, &content); err != nil {
			return nil, fmt.Errorf("read documents: %w", err)
		}
		d := docs.DocRow{N: int64(n), Workspace: ws, Space: space.space(), ID: doc.ID(id.space()), Made: made != 0}
		d.Content, err = db.openValue("doc", "content", docKey(d), content)
		d.Damaged = err != nil
		list = append(list, d)
	}
	return list, found.Err()
}

// countsQuery counts by document what its notes and changes need to show.
const countsQuery = `
	SELECT doc, sum(unusable), sum(mentions) FROM (
		SELECT doc, 1 AS unusable, 0 AS mentions FROM doc_change INDEXED BY doc_change_bad
			WHERE state IN (255022540, 1016490435, 1722112665) AND `
const countsNotes = `
		UNION ALL
		SELECT doc, flags / 2 % 2, flags % 2 * (n > ?2) FROM doc_note INDEXED BY doc_note_flags
			WHERE flags <> 0 AND `

// Counts implements docs.DocStore.
func (db docStore) Counts(ctx context.Context, ws seal.ID, n int64) (map[int64]docs.Counts, error) {
	locals, err := db.Locals(ctx, ws)
	if err != nil {
		return nil, err
	}
	all := map[int64]docs.Counts{}
	if n != 0 {
		return all, db.count(ctx, all, countsQuery+`doc = ?1`+countsNotes+`doc = ?1) GROUP BY doc`, n, locals[n].Seen)
	}
	err = db.count(ctx, all, countsQuery+`doc IN (SELECT doc FROM doc WHERE ws = ?1)`+countsNotes+`doc IN (SELECT doc FROM doc WHERE ws = ?1)) GROUP BY doc`, ws[:], 0)
	if err != nil {
		return nil, err
	}
	for n, c := range all {
		if c.Mentions > 0 && locals[n].Seen > 0 { // some were seen
			if err := db.count(ctx, all, countsQuery+`doc = ?1`+countsNotes+`doc = ?1) GROUP BY doc`, n, locals[n].Seen); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (db docStore) count(ctx context.Context, all map[int64]docs.Counts, query string, args ...any) error {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("count in documents: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var n, unusable, mentions intColumn
		if err := found.Scan(&n, &unusable, &mentions); err != nil {
			return fmt.Errorf("count in documents: %w", err)
		}
		all[int64(n)] = docs.Counts{Unreadable: int(unusable), Mentions: int(mentions)}
	}
	return found.Err()
}

func actorKey(n, doc int64) []byte { return append(number(n), number(doc)...) }

// Actors implements docs.DocStore.
func (db docStore) Actors(ctx context.Context, doc int64) ([]docs.ActorRow, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT actor, content FROM doc_actor WHERE doc = ? ORDER BY actor`, doc)
	if err != nil {
		return nil, fmt.Errorf("read actors: %w", err)
	}
	defer found.Close()
	var list []docs.ActorRow
	for found.Next() {
		var n intColumn
		var content blobColumn
		if err := found.Scan(&n, &content); err != nil {
			return nil, fmt.Errorf("read actors: %w", err)
		}
		a := docs.ActorRow{N: int64(n), Doc: doc}
		a.Content, err = db.openValue("doc_actor", "content", actorKey(a.N, doc), content)
		a.Damaged = err != nil
		list = append(list, a)
	}
	return list, found.Err()
}

// PutActor implements docs.DocStore.
func (db docStore) PutActor(ctx context.Context, a docs.ActorRow) (int64, error) {
	err := db.within(ctx, func(ctx context.Context) error {
		q := db.querier(ctx)
		if a.N == 0 {
			if err := q.QueryRowContext(ctx, `SELECT coalesce(max(actor), 0) + 1 FROM doc_actor`).Scan(&a.N); err != nil {
				return err
			}
		}
		_, err := q.ExecContext(ctx, `INSERT INTO doc_actor (actor, doc, content) VALUES (?1, ?2, ?3)
			ON CONFLICT (actor) DO UPDATE SET doc = ?2, content = ?3`,
			a.N, a.Doc, db.sealValue("doc_actor", "content", actorKey(a.N, a.Doc), a.Content))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store actor: %w", err)
	}
	return a.N, nil
}

// localContent is what is sealed of docs.Local.
type localContent struct {
	_       struct{} `cbor:",toarray"`
	Starred bool
	Seen    int64
}

// Locals implements docs.LocalStore. A damaged row is as if nothing had been kept.
func (db docStore) Locals(ctx context.Context, ws seal.ID) (map[int64]docs.Local, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT l.doc, l.content FROM doc_local l JOIN doc d USING (doc) WHERE d.ws = ?`, ws[:])
	if err != nil {
		return nil, fmt.Errorf("read what this device knows of documents: %w", err)
	}
	defer found.Close()
	all := map[int64]docs.Local{}
	for found.Next() {
		var n intColumn
		var content blobColumn
		if err := found.Scan(&n, &content); err != nil {
			return nil, fmt.Errorf("read what this device knows of documents: %w", err)
		}
		plain, err := db.openValue("doc_local", "content", number(int64(n)), content)
		if err != nil {
			continue
		}
		if l, err := seal.Decode[localContent](plain); err == nil {
			all[int64(n)] = docs.Local{Starred: l.Starred, Seen: l.Seen}
		}
	}
	return all, found.Err()
}

// PutLocal implements docs.LocalStore.
func (db docStore) PutLocal(ctx context.Context, doc int64, l docs.Local) error {
	plain, err := seal.Encode(localContent{Starred: l.Starred, Seen: l.Seen})
	if err != nil {
		return err
	}
	_, err = db.querier(ctx).ExecContext(ctx, `INSERT OR REPLACE INTO doc_local (doc, content) VALUES (?, ?)`,
		doc, db.sealValue("doc_local", "content", number(doc), plain))
	if err != nil {
		return fmt.Errorf("store what this device knows of a document: %w", err)
	}
	return nil
}
