package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"parvis/app/chat"
)

// UnreadRows implements chat.UnreadStore.
func (db *DB) UnreadRows(ctx context.Context, channel int64, mark, upTo chat.Mark, limit int) ([]chat.Row, error) {
	return db.readRows(ctx, `
		SELECT `+chatColumns+` FROM chat_message m INDEXED BY chat_message_place
		WHERE chan = ?1 AND flags & 1 AND (n > ?2 OR lamport > ?3 OR lamport = ?3 AND id > ?4)
			AND lamport <= ?5 AND NOT (lamport = ?5 AND id > ?6)`+notBad+`ORDER BY n LIMIT ?7`,
		channel, mark.N, int64(mark.Lamport), mark.ID[:], int64(upTo.Lamport), upTo.ID[:], limit)
}

// TopOf implements chat.UnreadStore.
func (db *DB) TopOf(ctx context.Context, channel, n int64) (chat.Last, error) {
	var lamport, sent intColumn
	var id blobColumn
	err := db.querier(ctx).QueryRowContext(ctx, `
		SELECT lamport, id, sent FROM chat_message m INDEXED BY chat_message_place
		WHERE chan = ? AND op = 0 AND n <= ?`+visible+`ORDER BY lamport DESC, id DESC LIMIT 1`, channel, n).Scan(&lamport, &id, &sent)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return chat.Last{}, fmt.Errorf("read the last message read: %w", err)
	}
	return chat.Last{Lamport: uint64(lamport), ID: id.id(), SentMs: int64(sent)}, nil
}
