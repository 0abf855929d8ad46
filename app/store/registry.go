package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parvis/crdt/seal"
)

// AddWorkspace lists a workspace as one of this node's.
func (db *DB) AddWorkspace(ctx context.Context, ws seal.ID) error {
	err := db.within(ctx, func(ctx context.Context) error {
		n, err := db.wsNumber(ctx, ws)
		if err != nil {
			return err
		}
		_, err = db.querier(ctx).ExecContext(ctx, `UPDATE workspace SET listed = 1, sum = ? WHERE ws = ? AND listed = 0`, workspaceSum(n, ws[:], 1), n)
		if err != nil {
			return err
		}
		db.afterCommit(ctx, func() { db.ids.addWorkspace(ws, n, true) })
		return nil
	})
	if err != nil {
		return fmt.Errorf("add workspace %s: %w", ws.Short(), err)
	}
	return nil
}

// Workspaces lists the workspaces of this node, in the order of their ids.
func (db *DB) Workspaces(ctx context.Context) ([]seal.ID, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT ws, id FROM workspace WHERE listed = 1`)
	if err != nil {
		return nil, fmt.Errorf("read workspaces: %w", err)
	}
	defer found.Close()
	names := db.ids.workspaceNames()
	var list []seal.ID
	for found.Next() {
		var n intColumn
		var id blobColumn
		if err := found.Scan(&n, &id); err != nil {
			return nil, fmt.Errorf("read workspaces: %w", err)
		}
		if ws, checked := names[int64(n)]; checked {
			list = append(list, ws)
		} else {
			list = append(list, id.id()) // added by the transaction of ctx
		}
	}
	slices.SortFunc(list, seal.ID.Compare)
	return list, found.Err()
}

// RemoveWorkspace deletes every row of a workspace, those of the features'
// tables included: whatever table has a column ws, which is the workspace's
// number, its id, or the id in hexadecimal.
func (db *DB) RemoveWorkspace(ctx context.Context, ws seal.ID) error {
	err := db.within(ctx, func(ctx context.Context) error {
		n, found, err := db.findWorkspace(ctx, ws)
		if err != nil || !found {
			return err
		}
		return db.removeRows(ctx, n, ws)
	})
	if err != nil {
		return fmt.Errorf("remove workspace %s: %w", ws.Short(), err)
	}
	return nil
}

func (db *DB) removeRows(ctx context.Context, n int64, ws seal.ID) error {
	q := db.querier(ctx)
	// Children first: these know their chain or channel only.
	for _, query := range []string{
		`DELETE FROM envelope WHERE chain IN (SELECT chain FROM chain WHERE ws = ?1)`,
		`DELETE FROM tail WHERE chain IN (SELECT chain FROM chain WHERE ws = ?1)`,
		`DELETE FROM chat_message WHERE chan IN (SELECT chan FROM chat_channel WHERE ws = ?2)`,
	} {
		if _, err := q.ExecContext(ctx, query, n, ws[:]); err != nil {
			return err
		}
	}
	tables, err := tablesOfWorkspace(ctx, q)
	if err != nil {
		return err
	}
	// Whatever refers to a table comes after it in the schema, so the order is turned round.
	slices.Reverse(tables)
	for _, t := range tables {
		if _, err := q.ExecContext(ctx, `DELETE FROM `+t+` WHERE ws IN (?, ?, ?)`, n, ws[:], ws.String()); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	db.afterCommit(ctx, func() { db.ids.remove(ws) })
	return nil
}

// tablesOfWorkspace lists the tables with a column ws, in the order in which
// they were made.
func tablesOfWorkspace(ctx context.Context, q querier) ([]string, error) {
	found, err := q.QueryContext(ctx, `SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND c.name = 'ws' ORDER BY t.rowid`)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var names []string
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
	}
	return names, found.Err()
}
