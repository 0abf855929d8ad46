package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"parvis/app/block"
	"parvis/app/workspace"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// fileKey is what the reference of a row is bound to: its other columns.
func fileKey(r block.Row) []byte {
	key := append([]byte(nil), r.Workspace[:]...)
	key = append(key, r.Space[:]...)
	key = append(key, r.Root[:]...)
	return append(append(key, number(r.N)...), byte(r.Status))
}

func fileBlockSum(id seal.ID, n int64) []byte {
	return rowSum([]byte("file_block"), id[:], number(n))
}

// Write implements block.Storage.
func (b *Blocks) Write(ctx context.Context, fn func(ctx context.Context) error) error {
	return b.db.within(ctx, fn)
}

// OnCommit implements block.Storage.
func (b *Blocks) OnCommit(ctx context.Context, fn func()) { b.db.afterCommit(ctx, fn) }

// PutFile implements block.Rows.
func (b *Blocks) PutFile(ctx context.Context, r block.Row) (int64, error) {
	r.Ref.Preview = nil
	ref, err := seal.Encode(r.Ref)
	if err != nil {
		return 0, fmt.Errorf("store file: %w", err)
	}
	err = b.db.within(ctx, func(ctx context.Context) error {
		q := b.db.querier(ctx)
		err := q.QueryRowContext(ctx, `
			SELECT coalesce((SELECT n FROM file WHERE ws = ?1 AND space = ?2 AND root = ?3), (SELECT max(n) FROM file) + 1, 1)`,
			r.Workspace[:], r.Space[:], r.Root[:]).Scan(&r.N)
		if err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `
			INSERT INTO file (n, ws, space, root, status, ref) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			ON CONFLICT (n) DO UPDATE SET status = ?5, ref = ?6`,
			r.N, r.Workspace[:], r.Space[:], r.Root[:], int(r.Status), b.db.sealValue("file", "ref", fileKey(r), ref))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store file: %w", err)
	}
	return r.N, nil
}

const fileColumns = `SELECT n, ws, space, root, status, ref FROM file `

// File implements block.Rows.
func (b *Blocks) File(ctx context.Context, ws seal.ID, space seal.SpaceID, root seal.ID) (block.Row, bool, error) {
	list, err := b.files(ctx, fileColumns+`WHERE ws = ? AND space = ? AND root = ?`, ws[:], space[:], root[:])
	if err != nil || len(list) == 0 {
		return block.Row{}, false, err
	}
	return list[0], true, nil
}

// FilesOf implements block.Rows.
func (b *Blocks) FilesOf(ctx context.Context, status block.Status) ([]block.Row, error) {
	return b.files(ctx, fileColumns+`WHERE status = ? ORDER BY n`, int(status))
}

// files reads rows and leaves damaged ones out: they come back with the next
// announcement, or with the next use of the file.
func (b *Blocks) files(ctx context.Context, query string, args ...any) ([]block.Row, error) {
	found, err := b.db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	defer found.Close()
	var list []block.Row
	for found.Next() {
		var n, status intColumn
		var ws, space, root, ref blobColumn
		if err := found.Scan(&n, &ws, &space, &root, &status, &ref); err != nil {
			return nil, fmt.Errorf("read files: %w", err)
		}
		r := block.Row{N: int64(n), Workspace: ws.id(), Space: space.space(), Root: root.id(), Status: block.Status(status)}
		plain, err := b.db.openValue("file", "ref", fileKey(r), ref)
		if err == nil {
			r.Ref, err = seal.Decode[file.Ref](plain)
		}
		if err != nil {
			b.db.reportDamage(ctx, r.Workspace, workspace.Damage{Table: "file", Key: "file " + r.Root.Short()})
			continue
		}
		list = append(list, r)
	}
	return list, found.Err()
}

// AddBlocks implements block.Rows.
func (b *Blocks) AddBlocks(ctx context.Context, n int64, blocks []seal.ID) error {
	err := b.db.within(ctx, func(ctx context.Context) error {
		for _, id := range blocks {
			_, err := b.db.querier(ctx).ExecContext(ctx, `
				INSERT INTO file_block (block, file, sum) VALUES (?1, ?2, ?3) ON CONFLICT (block, file) DO UPDATE SET sum = ?3`,
				id[:], n, fileBlockSum(id, n))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store the blocks of a file: %w", err)
	}
	return nil
}

// Owners implements block.Rows. A row whose hash is wrong owns nothing.
func (b *Blocks) Owners(ctx context.Context, id seal.ID) ([]block.Owner, error) {
	found, err := b.db.querier(ctx).QueryContext(ctx, `
		SELECT o.file, o.sum, f.ws, f.space FROM file_block o JOIN file f ON f.n = o.file WHERE o.block = ?`, id[:])
	if err != nil {
		return nil, fmt.Errorf("read owners of block %s: %w", id.Short(), err)
	}
	defer found.Close()
	var list []block.Owner
	for found.Next() {
		var n intColumn
		var sum, ws, space blobColumn
		if err := found.Scan(&n, &sum, &ws, &space); err != nil {
			return nil, fmt.Errorf("read owners of block %s: %w", id.Short(), err)
		}
		if string(sum) == string(fileBlockSum(id, int64(n))) {
			list = append(list, block.Owner{Workspace: ws.id(), Space: space.space()})
		}
	}
	if err := found.Err(); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read owners of block %s: %w", id.Short(), err)
	}
	return list, nil
}
