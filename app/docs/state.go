package docs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// laterPage is how many changes are read at a time.
const laterPage = 1024

// Content is a document as one Automerge file: the snapshot, or the root change,
// and all that became complete since, in causal order.
func (s *Service) Content(ctx context.Context, ws seal.ID, id doc.ID) ([]byte, error) {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return nil, err
	}
	data, _, err := v.contentOf(ctx, d.row)
	if err != nil {
		return nil, fmt.Errorf("read document %s: %w", id, err)
	}
	return data, nil
}

// contentOf is the file of a document and the place of the last change in it.
func (v *view) contentOf(ctx context.Context, row DocRow) (data []byte, at uint64, err error) {
	snapshot, found, err := v.storage().Cache(ctx, row.N, SnapshotCache)
	if err != nil {
		return nil, 0, err
	}
	if found {
		data, at = snapshot.Data, snapshot.Place
	} else {
		data = doc.RootChange()
	}
	err = v.eachLater(ctx, row, at, func(r ChangeRow) {
		data, at = append(data, r.Bytes...), r.Place
	})
	return data, at, err
}

// eachLater visits the complete changes after a place, with their bytes.
func (v *view) eachLater(ctx context.Context, row DocRow, at uint64, visit func(r ChangeRow)) error {
	for {
		rows, err := v.storage().Later(ctx, row.N, at, laterPage)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if len(r.Bytes) == 0 {
				if r.Bytes, err = v.reopened(ctx, r); err != nil {
					return err
				}
			}
			visit(r)
			at = r.Place
		}
		if len(rows) < laterPage {
			return nil
		}
	}
}

// bytesOf are the bytes of a change.
func (v *view) bytesOf(ctx context.Context, r ChangeRow) ([]byte, error) {
	if len(r.Bytes) > 0 {
		return r.Bytes, nil
	}
	data, err := v.storage().Bytes(ctx, r)
	if err != nil || len(data) > 0 {
		return data, err
	}
	return v.reopened(ctx, r)
}

// reopened takes the bytes of a change out of its envelope.
func (v *view) reopened(ctx context.Context, r ChangeRow) ([]byte, error) {
	o, err := v.team.Reopen(ctx, r.Envelope)
	if err != nil {
		return nil, fmt.Errorf("open the envelope of change %s: %w", r.Hash.Short(), err)
	}
	b, err := Decode(o.Body, o.Space, o.Device)
	if err != nil {
		return nil, err
	}
	return b.Change, nil
}

// PutSnapshot keeps the saved state of a document with these heads, so that it
// opens faster. It is [ErrStale] when this device knows no such state.
func (s *Service) PutSnapshot(ctx context.Context, ws seal.ID, id doc.ID, heads []seal.ID, data []byte) error {
	if len(data) > MaxSnapshot {
		return fmt.Errorf("a snapshot of %d bytes: %w", len(data), ErrTooLarge)
	}
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return err
	}
	at, err := v.placeOf(ctx, d.row, sorted(heads))
	if err == nil {
		err = v.putSnapshot(ctx, d.row, Cache{Kind: SnapshotCache, Heads: sorted(heads), Place: at, Data: data})
	}
	if err != nil {
		return fmt.Errorf("keep a snapshot of %s: %w", id, err)
	}
	return nil
}

// putSnapshot stores a snapshot unless the document was changed otherwise than by
// adding changes since it was made, and forgets the bytes that it holds.
func (v *view) putSnapshot(ctx context.Context, row DocRow, snapshot Cache) error {
	return v.write(ctx, func(ctx context.Context, f *fold, c *changes) error {
		if _, err := f.tip(ctx, place{row.Space, row.ID}, c); err != nil {
			return err
		}
		if at, err := v.reached(ctx, row, snapshot.Heads); err != nil || at != snapshot.Place {
			return errors.Join(ErrStale, err)
		}
		if err := v.storage().PutCache(ctx, row.N, snapshot); err != nil {
			return err
		}
		return v.storage().DropBytes(ctx, row.N, snapshot.Place)
	})
}

// reached is the greatest place of some heads. It is [ErrStale] when one of them is
// no complete change here.
func (v *view) reached(ctx context.Context, row DocRow, heads []seal.ID) (at uint64, err error) {
	for _, head := range heads {
		r, found, err := v.storage().Change(ctx, row.N, head)
		if err != nil || !found || r.State != Complete {
			return 0, errors.Join(ErrStale, err)
		}
		at = max(at, r.Place)
	}
	return at, nil
}

// placeOf finds the place up to which a state with these heads holds all changes
// and no other.
func (v *view) placeOf(ctx context.Context, row DocRow, heads []seal.ID) (uint64, error) {
	base, _, err := v.storage().CacheInfo(ctx, row.N, SnapshotCache)
	if err != nil {
		return 0, err
	}
	wanted, now := map[seal.ID]bool{}, map[seal.ID]bool{}
	for _, head := range heads {
		wanted[head] = true
	}
	missing := len(wanted) // of wanted in now
	add := func(hash seal.ID) {
		now[hash] = true
		if wanted[hash] {
			missing--
		}
	}
	for _, head := range base.Heads {
		add(head)
	}
	at, found := base.Place, missing == 0 && len(now) == len(wanted) && len(heads) > 0
	rows, err := v.storage().Changes(ctx, row.N)
	if err != nil {
		return 0, err
	}
	rows = slices.DeleteFunc(rows, func(r ChangeRow) bool { return r.State != Complete || r.Place <= base.Place })
	slices.SortFunc(rows, compareBefore)
	for _, r := range rows {
		c, err := r.content()
		if err != nil {
			return 0, err
		}
		for _, dep := range c.Deps {
			if now[dep] && wanted[dep] {
				missing++
			}
			delete(now, dep)
		}
		if add(r.Hash); missing == 0 && len(now) == len(wanted) {
			at, found = r.Place, true
		}
	}
	if !found {
		return 0, ErrStale
	}
	return at, nil
}

// History lists the complete changes of a document, in causal order, without the
// root change.
func (s *Service) History(ctx context.Context, ws seal.ID, id doc.ID) ([]ChangeInfo, error) {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return nil, err
	}
	rows, err := v.storage().Changes(ctx, d.row.N)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", id, err)
	}
	actors, err := v.actorsOf(ctx, d.row)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r ChangeRow) bool { return r.State != Complete })
	slices.SortFunc(rows, compareBefore)
	list := make([]ChangeInfo, 0, len(rows))
	for _, r := range rows {
		c, err := r.content()
		if err != nil {
			continue // damaged, and not repaired: whoever reads the document reports it
		}
		a := actors[r.Actor]
		list = append(list, ChangeInfo{
			Hash: r.Hash, Actor: a.Actor, Author: Author{a.Person, a.Device}, Seq: r.Seq, AtMs: c.HintMs, Deps: c.Deps, Ops: c.Ops,
		})
	}
	return list, nil
}

// actorsOf are the actors of a document by number.
func (v *view) actorsOf(ctx context.Context, row DocRow) (map[int64]actorContent, error) {
	rows, err := v.storage().Actors(ctx, row.N)
	if err != nil {
		return nil, err
	}
	all := make(map[int64]actorContent, len(rows))
	for _, r := range rows {
		if all[r.N], err = v.actorContent(ctx, r); err != nil {
			return nil, err
		}
	}
	return all, nil
}
