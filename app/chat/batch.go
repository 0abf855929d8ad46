package chat

import (
	"context"

	"parvis/crdt/seal"
)

// maxAdded is how many rows wait before they are stored. The graph remembers more
// nodes than that, so that no node is looked for in the store before it is there.
const maxAdded = 2048

// batch is what the fold of the running batch has read ahead, and the rows that
// it adds: both cost a fraction when it is done for many at once.
type batch struct {
	added  []*Row
	byID   map[seal.ID]*Row // the same
	stored map[seal.ID]Row  // read ahead
	absent map[seal.ID]bool // looked for and not stored
}

func (b *batch) clear() {
	*b = batch{byID: map[seal.ID]*Row{}, stored: map[seal.ID]Row{}, absent: map[seal.ID]bool{}}
}

// readAhead looks for all rows that a batch will ask for and that the graph does
// not remember.
func (f *fold) readAhead(ctx context.Context, ids []seal.ID) error {
	f.batch.clear()
	if f.graph.whole {
		return nil
	}
	var unknown []seal.ID
	for _, id := range ids {
		if _, ok := f.graph.remembered(id); !ok && !f.batch.absent[id] {
			f.batch.absent[id] = true
			unknown = append(unknown, id)
		}
	}
	if len(unknown) < 2 {
		clear(f.batch.absent) // asked when it is needed
		return nil
	}
	rows, err := f.v.storage().Rows(ctx, unknown)
	if err != nil {
		return err
	}
	for _, row := range rows {
		delete(f.batch.absent, row.ID)
		f.batch.stored[row.ID] = row
	}
	return nil
}

// row finds the row of an envelope, be it not stored yet.
func (f *fold) row(ctx context.Context, id seal.ID) (Row, bool, error) {
	if row, ok := f.batch.byID[id]; ok {
		return *row, true, nil
	}
	if row, ok := f.batch.stored[id]; ok {
		return row, true, nil
	}
	if f.batch.absent[id] {
		return Row{}, false, nil
	}
	return f.v.row(ctx, id)
}

// put adds a row; it has no number before flush.
func (f *fold) put(row Row) {
	f.batch.added = append(f.batch.added, &row)
	f.batch.byID[row.ID] = &row
}

// full reports whether it is time for flush.
func (f *fold) full() bool { return len(f.batch.added) >= maxAdded }

// flush stores the added rows.
func (f *fold) flush(ctx context.Context) error {
	if len(f.batch.added) == 0 {
		return nil
	}
	if err := f.v.storage().AddRows(ctx, f.batch.added); err != nil {
		return err
	}
	for _, row := range f.batch.added {
		delete(f.batch.absent, row.ID)
		if e, ok := f.graph.open[row.ID]; ok {
			e.row = row.N
		}
		f.numbered[row.Channel].arrived = row.N
	}
	f.batch.added = nil
	clear(f.batch.byID)
	return nil
}
