package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"parvis/app/chat"
	"parvis/crdt/seal"
)

// Chat shows the store to chat.
func (db *DB) Chat() chat.Storage { return db }

// idTag is the part of an id that small indexes hold.
func idTag(id seal.ID) int64 { return int64(binary.BigEndian.Uint64(id[:8])) }

// shorts is a list of short ids in JSON, for json_each.
func shorts(ids []seal.ID) string {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = idTag(id)
	}
	return jsonList(list)
}

func jsonList(list []int64) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic("store: a list of numbers: " + err.Error())
	}
	return string(text)
}

// chatKey is what the content of a row is bound to: its other columns.
func chatKey(r chat.Row) []byte {
	key := make([]byte, 0, 8*5+2*len(r.ID))
	key = binary.BigEndian.AppendUint64(key, uint64(r.Channel))
	key = binary.BigEndian.AppendUint64(key, r.Lamport)
	key = binary.BigEndian.AppendUint64(key, uint64(r.Op))
	key = binary.BigEndian.AppendUint64(key, uint64(r.Flags))
	key = binary.BigEndian.AppendUint64(key, uint64(r.SentMs))
	key = append(key, r.ID[:]...)
	return append(key, r.Target[:]...)
}

const (
	// addOne adds a row. A plain INSERT without constraints keeps no journal of its
	// own.
	addOne = `INSERT OR FAIL INTO chat_message (chan, lamport, short, id, op, about, target, flags, sent, state, content)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	addRest    = `, (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	addAtOnce  = 8
	addColumns = 11
)

func addMany(n int) string {
	q := addOne
	for range n - 1 {
		q += addRest
	}
	return q
}

// AddRows implements chat.RowStore.
func (db *DB) AddRows(ctx context.Context, rows []*chat.Row) error {
	q := db.querier(ctx)
	args := make([]any, 0, addAtOnce*addColumns)
	for len(rows) > 0 {
		n, query := 1, addOne
		if len(rows) >= addAtOnce {
			n, query = addAtOnce, addMany(addAtOnce)
		}
		args = args[:0]
		for _, r := range rows[:n] {
			about, target := aboutOf(*r)
			args = append(args, r.Channel, int64(r.Lamport), idTag(r.ID), r.ID[:], int64(r.Op), about, target, int64(r.Flags), r.SentMs, int64(r.State),
				db.sealValue("chat_message", "content", chatKey(*r), r.Content))
		}
		result, err := q.ExecContext(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("add messages: %w", err)
		}
		last, err := result.LastInsertId()
		if err != nil {
			return fmt.Errorf("add messages: %w", err)
		}
		for i, r := range rows[:n] { // each is one more than the greatest before it
			r.N = last - int64(n-1-i)
		}
		rows = rows[n:]
	}
	return nil
}

func aboutOf(r chat.Row) (about, target any) {
	if r.Target.IsZero() {
		return nil, nil
	}
	return idTag(r.Target), r.Target[:]
}

// RestoreRow implements chat.RowStore.
func (db *DB) RestoreRow(ctx context.Context, r chat.Row) error {
	about, target := aboutOf(r)
	_, err := db.querier(ctx).ExecContext(ctx, `
		UPDATE chat_message SET chan = ?1, lamport = ?2, short = ?3, id = ?4, op = ?5, about = ?6, target = ?7,
			flags = ?8, sent = ?9, state = ?10, content = ?11
		WHERE n = ?12`,
		r.Channel, int64(r.Lamport), idTag(r.ID), r.ID[:], int64(r.Op), about, target, int64(r.Flags), r.SentMs, int64(r.State),
		db.sealValue("chat_message", "content", chatKey(r), r.Content), r.N)
	if err != nil {
		return fmt.Errorf("restore message: %w", err)
	}
	return nil
}

// SetRowState implements chat.RowStore.
func (db *DB) SetRowState(ctx context.Context, rows []int64, state chat.RowState) error {
	_, err := db.querier(ctx).ExecContext(ctx,
		`UPDATE chat_message SET state = ? WHERE n IN (SELECT value FROM json_each(?))`, int64(state), jsonList(rows))
	if err != nil {
		return fmt.Errorf("change state of messages: %w", err)
	}
	return nil
}

// chatColumns are the columns that readRows scans.
const chatColumns = `m.n, m.chan, m.lamport, m.short, m.id, m.op, m.about, m.target, m.flags, m.sent, m.state, m.content`

// readRows reads rows of chat_message and opens their content.
func (db *DB) readRows(ctx context.Context, query string, args ...any) ([]chat.Row, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	defer found.Close()
	var list []chat.Row
	for found.Next() {
		r, err := db.scanRow(found)
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		list = append(list, r)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	for i := range list {
		if list[i].Damaged {
			if list[i].ID, err = db.envelopeOf(ctx, list[i]); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// envelopeOf is the id of the envelope that a damaged row was made from: its own,
// or where that is the damaged column, the one that begins with short.
func (db *DB) envelopeOf(ctx context.Context, r chat.Row) (seal.ID, error) {
	var id blobColumn
	err := db.querier(ctx).QueryRowContext(ctx, `
		SELECT e.id FROM envelope e JOIN chat_message m ON e.short = (m.short >> 16) & 281474976710655
		WHERE m.n = ?1 AND NOT EXISTS (SELECT 1 FROM envelope WHERE short = ?2 AND id = ?3)`, r.N, shortID(r.ID), r.ID[:]).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return r.ID, nil
	}
	if err != nil {
		return seal.ID{}, fmt.Errorf("find the envelope of a damaged message: %w", err)
	}
	return id.id(), nil
}

func (db *DB) scanRow(found *rows) (chat.Row, error) {
	var n, channel, lamport, tag, op, about, flags, sent, state intColumn
	var id, target, content blobColumn
	if err := found.Scan(&n, &channel, &lamport, &tag, &id, &op, &about, &target, &flags, &sent, &state, &content); err != nil {
		return chat.Row{}, err
	}
	r := chat.Row{
		N: int64(n), Channel: int64(channel), Lamport: uint64(lamport), ID: id.id(), Op: chat.Op(op), Target: target.id(),
		Flags: chat.Flags(flags), SentMs: int64(sent), State: chat.RowState(state),
	}
	plain, err := db.openValue("chat_message", "content", chatKey(r), content)
	known := r.State == chat.RowComplete || r.State == chat.RowOpen || r.State == chat.RowBad
	indexed := int64(tag) == idTag(r.ID) && (r.Target.IsZero() && about == 0 || int64(about) == idTag(r.Target))
	r.Content, r.Damaged = plain, err != nil || !known || !indexed
	return r, nil
}

// RowsAfter implements chat.ScrubStore.
func (db *DB) RowsAfter(ctx context.Context, n int64, limit int) ([]chat.Row, error) {
	return db.readRows(ctx, `SELECT `+chatColumns+` FROM chat_message m WHERE n > ? ORDER BY n LIMIT ?`, n, limit)
}

// Rows implements chat.RowStore.
func (db *DB) Rows(ctx context.Context, ids []seal.ID) ([]chat.Row, error) {
	if len(ids) == 1 {
		return db.readRows(ctx, `SELECT `+chatColumns+` FROM chat_message m WHERE short = ? AND id = ?`, idTag(ids[0]), ids[0][:])
	}
	list, err := db.readRows(ctx, `
		SELECT `+chatColumns+` FROM chat_message m INDEXED BY chat_message_short
		WHERE short IN (SELECT value FROM json_each(?))`, shorts(ids))
	if err != nil {
		return nil, err
	}
	wanted := make(map[seal.ID]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	return slices.DeleteFunc(list, func(r chat.Row) bool { return !wanted[r.ID] }), nil
}

// NewestRows implements chat.RowStore.
func (db *DB) NewestRows(ctx context.Context, ws seal.ID, limit int) ([]chat.Row, error) {
	return db.readRows(ctx, `
		SELECT `+chatColumns+` FROM chat_message m
		WHERE chan IN (SELECT chan FROM chat_channel WHERE ws = ?) ORDER BY n DESC LIMIT ?`, ws[:], limit)
}

// WaitingRows implements chat.WaitingStore.
func (db *DB) WaitingRows(ctx context.Context, ws seal.ID) ([]int64, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `
		SELECT n FROM chat_message INDEXED BY chat_message_open
		WHERE state = 1427098675 AND chan IN (SELECT chan FROM chat_channel WHERE ws = ?) ORDER BY lamport, n`, ws[:])
	if err != nil {
		return nil, fmt.Errorf("read waiting messages: %w", err)
	}
	defer found.Close()
	var numbers []int64
	for found.Next() {
		var n intColumn
		if err := found.Scan(&n); err != nil {
			return nil, fmt.Errorf("read waiting messages: %w", err)
		}
		numbers = append(numbers, int64(n))
	}
	return numbers, found.Err()
}

// NumberedRows implements chat.WaitingStore.
func (db *DB) NumberedRows(ctx context.Context, numbers []int64) ([]chat.Row, error) {
	return db.readRows(ctx, `
		SELECT `+chatColumns+` FROM json_each(?) j CROSS JOIN chat_message m ON m.n = j.value ORDER BY j.key`, jsonList(numbers))
}

// The queries of a page. A bad row (254,… in app/chat/rows.go) is never listed.
const (
	notBad      = ` AND m.state <> 255022540 `
	visible     = notBad + `AND m.flags & 4 = 0 `
	inMain      = ` FROM chat_message m INDEXED BY chat_message_place WHERE chan = ?1 AND op = 0 AND about IS NULL` + notBad + orAnswered
	inThread    = ` FROM chat_message m INDEXED BY chat_message_about WHERE about = ?6 AND target = ?5 AND chan = ?1 AND op = 0` + visible
	beforePlace = ` AND lamport <= ?2 AND NOT (lamport = ?2 AND id >= ?3) ORDER BY lamport DESC, id DESC LIMIT ?4`
	afterPlace  = ` AND lamport >= ?2 AND NOT (lamport = ?2 AND id <= ?3) ORDER BY lamport, id LIMIT ?4`
)

// orAnswered keeps a hidden message that others answered, so that the answers can be
// reached.
const orAnswered = `AND (m.flags & 4 = 0 OR EXISTS (SELECT 1 FROM chat_message r INDEXED BY chat_message_about
	WHERE r.about = m.short AND r.target = m.id AND r.op = 0 AND r.flags & 4 = 0 AND r.state <> 255022540)) `

// Posts implements chat.PageStore.
func (db *DB) Posts(ctx context.Context, channel int64, cut chat.Cut) ([]chat.Row, error) {
	lamport, id := int64(1<<62), seal.ID{}
	if cut.From != nil {
		lamport, id = int64(cut.From.Lamport), cut.From.ID
	}
	args := []any{channel, lamport, id[:], cut.Limit}
	query := `SELECT ` + chatColumns + inMain
	if !cut.Thread.IsZero() {
		query = `SELECT ` + chatColumns + inThread
		args = append(args, cut.Thread[:], idTag(cut.Thread))
	}
	if cut.After {
		return db.readRows(ctx, query+afterPlace, args...)
	}
	list, err := db.readRows(ctx, query+beforePlace, args...)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, err
}

// Changes implements chat.PageStore.
func (db *DB) Changes(ctx context.Context, targets []seal.ID) ([]chat.Row, error) {
	list, err := db.readRows(ctx, `
		SELECT `+chatColumns+` FROM chat_message m INDEXED BY chat_message_about
		WHERE about IN (SELECT value FROM json_each(?)) AND op IN (1, 2, 3)`+visible, shorts(targets))
	if err != nil {
		return nil, err
	}
	wanted := make(map[seal.ID]bool, len(targets))
	for _, id := range targets {
		wanted[id] = true
	}
	kept := list[:0]
	for _, r := range list {
		if wanted[r.Target] {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// Namings implements chat.PageStore.
func (db *DB) Namings(ctx context.Context, channel int64) ([]chat.Row, error) {
	return db.readRows(ctx, `
		SELECT `+chatColumns+` FROM chat_message m
		WHERE chan = ? AND op IN (5, 6) AND state = 869011285`, channel)
}

// Replies implements chat.PageStore.
func (db *DB) Replies(ctx context.Context, roots []seal.ID) (map[seal.ID]chat.Replies, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `
		SELECT target, count(*), max(sent) FROM chat_message m INDEXED BY chat_message_about
		WHERE about IN (SELECT value FROM json_each(?)) AND op = 0`+visible+`GROUP BY target`, shorts(roots))
	if err != nil {
		return nil, fmt.Errorf("count answers: %w", err)
	}
	defer found.Close()
	counts := map[seal.ID]chat.Replies{}
	for found.Next() {
		var target blobColumn
		var count, last intColumn
		if err := found.Scan(&target, &count, &last); err != nil {
			return nil, fmt.Errorf("count answers: %w", err)
		}
		counts[target.id()] = chat.Replies{Count: int(count), LastMs: int64(last)}
	}
	return counts, found.Err()
}

// Tip implements chat.ChannelStore.
func (db *DB) Tip(ctx context.Context, channel int64, limit int) (arrived int64, list []chat.Row, err error) {
	list, err = db.readRows(ctx, `
		SELECT `+chatColumns+` FROM chat_message m INDEXED BY chat_message_place
		WHERE chan = ?`+notBad+`ORDER BY lamport DESC, id DESC LIMIT ?`, channel, limit)
	if err != nil {
		return 0, nil, err
	}
	err = db.querier(ctx).QueryRowContext(ctx, `SELECT coalesce(max(n), 0) FROM chat_message`).Scan(&arrived)
	return arrived, list, err
}

// LastPost implements chat.ChannelStore.
func (db *DB) LastPost(ctx context.Context, channel int64) (chat.Last, error) {
	var lamport, sent intColumn
	var id blobColumn
	err := db.querier(ctx).QueryRowContext(ctx, `
		SELECT lamport, id, sent FROM chat_message m INDEXED BY chat_message_place
		WHERE chan = ? AND op = 0`+visible+`ORDER BY lamport DESC, id DESC LIMIT 1`, channel).Scan(&lamport, &id, &sent)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return chat.Last{}, fmt.Errorf("read last message: %w", err)
	}
	return chat.Last{Lamport: uint64(lamport), ID: id.id(), SentMs: int64(sent)}, nil
}

// maxUnread is where counting stops.
const maxUnread = 1000

// Unread implements chat.UnreadStore.
func (db *DB) Unread(ctx context.Context, channel int64, mark chat.Mark) (unread, mentions int, err error) {
	err = db.querier(ctx).QueryRowContext(ctx, `
		SELECT count(*), coalesce(sum(flags & 2), 0) / 2 FROM (
			SELECT flags FROM chat_message m INDEXED BY chat_message_place
			WHERE chan = ?1 AND flags & 1 AND (n > ?2 OR lamport > ?3 OR lamport = ?3 AND id > ?4)`+notBad+`LIMIT ?5)`,
		channel, mark.N, int64(mark.Lamport), mark.ID[:], maxUnread).Scan(&unread, &mentions)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, 0, fmt.Errorf("count unread messages: %w", err)
	}
	return unread, mentions, nil
}
