package docs

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// list is what readers see of the documents of one workspace: the committed rows
// and what this device remembers of them. It is read from the store once and then
// kept up to date by what commits tell.
type list struct {
	v *view

	mu     sync.Mutex
	loaded bool              // guarded by mu
	shown  map[doc.ID]*shown // guarded by mu; documents whose creation is, or was, here
}

// shown is one document. Its picture has version 0 while it comes from the store.
type shown struct {
	picture
	local Local
	told  Custody
}

func newList(v *view) *list { return &list{v: v, shown: map[doc.ID]*shown{}} }

// load reads everything once. mu is held meanwhile, so that nothing newer can be
// overwritten; reading never waits for the writer.
func (l *list) load(ctx context.Context) error {
	if l.loaded {
		return nil
	}
	storage := l.v.storage()
	rows, err := storage.DocRows(ctx, l.v.ws)
	if err != nil {
		return err
	}
	counts, err := storage.Counts(ctx, l.v.ws, 0)
	if err != nil {
		return err
	}
	locals, err := storage.Locals(ctx, l.v.ws)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Damaged {
			if row, err = l.v.repairDoc(ctx, row); err != nil {
				return err
			}
		}
		if _, newer := l.shown[row.ID]; newer || !row.Made {
			continue
		}
		content, err := row.content()
		if err != nil {
			return err
		}
		l.shown[row.ID] = &shown{picture: picture{row: row, content: content, counts: counts[row.N]}}
	}
	for _, s := range l.shown {
		s.local = locals[s.row.N]
	}
	l.loaded = true
	return nil
}

// update takes what a commit changed, unless something newer is known.
func (l *list) update(pictures []picture) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range pictures {
		s, known := l.shown[p.row.ID]
		if !known && !p.row.Made {
			continue
		}
		if !known {
			s = &shown{}
			l.shown[p.row.ID] = s
		}
		if p.version > s.version {
			if p.content.OwnSeq != s.content.OwnSeq {
				s.told = Custody{}
			}
			s.picture = p
		}
	}
}

// setLocal remembers what was stored of this device's own.
func (l *list) setLocal(id doc.ID, local Local) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, known := l.shown[id]; known {
		s.local = local
	}
}

// find finds a document that this device can read.
func (l *list) find(ctx context.Context, id doc.ID) (shown, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.load(ctx); err != nil {
		return shown{}, fmt.Errorf("read documents: %w", err)
	}
	s, ok := l.shown[id]
	if !ok || !s.row.Made || !l.v.team.CanRead(s.row.Space) {
		return shown{}, fmt.Errorf("document %s: %w", id, ErrNotFound)
	}
	return *s, nil
}

// document is one document as it is shown.
func (l *list) document(ctx context.Context, id doc.ID) (Document, bool) {
	s, err := l.find(ctx, id)
	if err != nil {
		return Document{}, false
	}
	d := l.v.document(s)
	l.mu.Lock()
	defer l.mu.Unlock()
	if kept, ok := l.shown[id]; ok {
		kept.told = d.Custody
	}
	return d, true
}

// all lists the documents, the last changed first.
func (l *list) all(ctx context.Context) ([]Document, error) {
	l.mu.Lock()
	if err := l.load(ctx); err != nil {
		l.mu.Unlock()
		return nil, fmt.Errorf("read documents: %w", err)
	}
	readable := make([]shown, 0, len(l.shown))
	for _, s := range l.shown {
		if s.row.Made && l.v.team.CanRead(s.row.Space) {
			readable = append(readable, *s)
		}
	}
	l.mu.Unlock()
	all := make([]Document, len(readable))
	for i, s := range readable {
		all[i] = l.v.document(s)
	}
	slices.SortFunc(all, func(a, b Document) int {
		return cmp.Or(cmp.Compare(b.ChangedMs, a.ChangedMs), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return all, nil
}

// restless lists the documents of a space whose custody is not what was told. What
// everybody has is not looked at again, because acknowledgements come all the time.
func (l *list) restless(space seal.SpaceID) []doc.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ids []doc.ID
	for id, s := range l.shown {
		if s.row.Space == space && s.content.OwnSeq > 0 && !s.told.Everywhere && s.told != l.v.custody(*s) {
			ids = append(ids, id)
		}
	}
	return ids
}

// document makes what is shown of a document.
func (v *view) document(s shown) Document {
	c := s.content
	return Document{
		ID: s.row.ID, Workspace: v.ws, Space: s.row.Space, Title: c.Title.Text, Folder: c.Folder.Text,
		Origin:  Origin{Author: c.Author, CreatedMs: c.CreatedMs, ChangedBy: c.ChangedBy, ChangedMs: c.ChangedMs},
		Custody: v.custody(s), Starred: s.local.Starred, Trashed: c.Trashed.Text == inTrash,
		Unreadable: s.counts.Unreadable, Mentions: s.counts.Mentions,
	}
}

// custody says who else holds what this device wrote in a document.
func (v *view) custody(s shown) Custody {
	if s.content.OwnSeq == 0 {
		return Custody{Everywhere: true}
	}
	_, device := v.team.Self()
	holders, all := v.team.Custody(s.row.Space, device, s.content.OwnSeq)
	return Custody{Holders: holders, BySuperPeer: v.team.HeldBySuperPeer(s.row.Space, device, s.content.OwnSeq), Everywhere: all}
}
