package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"

	"parvis/app/chat"
	"parvis/crdt/seal"
)

// channelKey is what the name of a channel is bound to: the row's other columns.
func channelKey(c chat.ChannelRow) []byte {
	key := append([]byte(nil), c.Workspace[:]...)
	key = append(key, c.Space[:]...)
	key = append(key, c.Channel[:]...)
	key = binary.BigEndian.AppendUint64(key, uint64(c.N))
	key = binary.BigEndian.AppendUint64(key, c.Lamport)
	key = append(key, c.NamedBy[:]...)
	if c.Made {
		return append(key, 1)
	}
	return append(key, 0)
}

// PutChannel implements chat.ChannelStore.
func (db *DB) PutChannel(ctx context.Context, c chat.ChannelRow) (int64, error) {
	err := db.within(ctx, func(ctx context.Context) error {
		q := db.querier(ctx)
		if c.N == 0 {
			err := q.QueryRowContext(ctx, `SELECT coalesce(max(chan), 0) + 1 FROM chat_channel`).Scan(&c.N)
			if err != nil {
				return err
			}
		}
		name := db.sealValue("chat_channel", "name", channelKey(c), []byte(c.Name))
		_, err := q.ExecContext(ctx, `
			INSERT INTO chat_channel (chan, ws, space, channel, made, lamport, writer, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
			ON CONFLICT (chan) DO UPDATE SET made = ?5, lamport = ?6, writer = ?7, name = ?8`,
			c.N, c.Workspace[:], c.Space[:], c.Channel[:], c.Made, int64(c.Lamport), c.NamedBy[:], name)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store channel: %w", err)
	}
	return c.N, nil
}

// ChannelRows implements chat.ChannelStore. A row whose seal does not hold keeps
// its place without a name, until the channel is named again.
func (db *DB) ChannelRows(ctx context.Context, ws seal.ID) ([]chat.ChannelRow, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `
		SELECT chan, space, channel, made, lamport, writer, name FROM chat_channel WHERE ws = ? ORDER BY chan`, ws[:])
	if err != nil {
		return nil, fmt.Errorf("read channels: %w", err)
	}
	defer found.Close()
	var list []chat.ChannelRow
	for found.Next() {
		var n, made, lamport intColumn
		var space, channel, writer, name blobColumn
		if err := found.Scan(&n, &space, &channel, &made, &lamport, &writer, &name); err != nil {
			return nil, fmt.Errorf("read channels: %w", err)
		}
		c := chat.ChannelRow{
			N: int64(n), Workspace: ws, Space: space.space(), Channel: chat.ChannelID(channel.space()),
			Made: made != 0, Lamport: uint64(lamport), NamedBy: writer.id(),
		}
		plain, err := db.openValue("chat_channel", "name", channelKey(c), name)
		c.Name, c.Damaged = string(plain), err != nil
		list = append(list, c)
	}
	return list, found.Err()
}

func markSum(channel int64, m chat.Mark) []byte {
	return rowSum([]byte("chat_mark"), number(channel), number(m.N), number(int64(m.Lamport)), m.ID[:])
}

// Mark implements chat.LocalStore. A damaged mark is as if nothing had been read.
func (db *DB) Mark(ctx context.Context, channel int64) (chat.Mark, error) {
	var n, lamport intColumn
	var id, sum blobColumn
	err := db.querier(ctx).QueryRowContext(ctx, `SELECT n, lamport, id, sum FROM chat_mark WHERE chan = ?`, channel).
		Scan(&n, &lamport, &id, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return chat.Mark{}, nil
	}
	if err != nil {
		return chat.Mark{}, fmt.Errorf("read mark: %w", err)
	}
	mark := chat.Mark{N: int64(n), Lamport: uint64(lamport), ID: id.id()}
	if string(sum) != string(markSum(channel, mark)) {
		return chat.Mark{}, nil
	}
	return mark, nil
}

// PutMark implements chat.LocalStore.
func (db *DB) PutMark(ctx context.Context, channel int64, m chat.Mark) error {
	_, err := db.querier(ctx).ExecContext(ctx, `INSERT OR REPLACE INTO chat_mark (chan, n, lamport, id, sum) VALUES (?, ?, ?, ?, ?)`,
		channel, m.N, int64(m.Lamport), m.ID[:], markSum(channel, m))
	if err != nil {
		return fmt.Errorf("store mark: %w", err)
	}
	return nil
}

// Draft implements chat.LocalStore. A damaged draft is gone.
func (db *DB) Draft(ctx context.Context, channel int64) (string, error) {
	var text blobColumn
	err := db.querier(ctx).QueryRowContext(ctx, `SELECT text FROM chat_draft WHERE chan = ?`, channel).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read draft: %w", err)
	}
	plain, err := db.openValue("chat_draft", "text", number(channel), text)
	if err != nil {
		return "", nil
	}
	return string(plain), nil
}

// PutDraft implements chat.LocalStore.
func (db *DB) PutDraft(ctx context.Context, channel int64, text string) error {
	var err error
	if text == "" {
		_, err = db.querier(ctx).ExecContext(ctx, `DELETE FROM chat_draft WHERE chan = ?`, channel)
	} else {
		_, err = db.querier(ctx).ExecContext(ctx, `INSERT OR REPLACE INTO chat_draft (chan, text) VALUES (?, ?)`,
			channel, db.sealValue("chat_draft", "text", number(channel), []byte(text)))
	}
	if err != nil {
		return fmt.Errorf("store draft: %w", err)
	}
	return nil
}
