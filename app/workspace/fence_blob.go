package workspace

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// receiveFences keeps the fences that stand beside a removal. Those of a removal that
// is not known come again with it.
func (w *Workspace) receiveFences(ctx context.Context, raw []byte) error {
	devices, err := member.ParseFences(raw)
	if seal.OutcomeOf(err) == seal.Pend {
		return nil // of a later version: it comes again after the update
	}
	if err != nil {
		return err
	}
	name := member.FencesHash(raw)
	if !w.members.names(name) {
		w.fences.keepEarly(name, raw)
		return nil
	}
	return w.keepFences(ctx, name, devices, raw)
}

func (w *Workspace) keepFences(ctx context.Context, name seal.ID, devices []member.DeviceFences, raw []byte) error {
	for _, d := range devices {
		w.fences.changed(d.Device)
	}
	return w.storage.PutBlob(ctx, w.id, name, raw)
}

// maxEarly is how many blobs of fences wait in memory for the removals that name them.
const maxEarly = 8

func (f *fences) keepEarly(name seal.ID, raw []byte) {
	if f.early == nil {
		f.early = map[seal.ID][]byte{}
	}
	if len(f.early) < maxEarly {
		f.early[name] = raw
	}
}

// takeEarly keeps the fences that came before the removals that name them.
func (w *Workspace) takeEarly(ctx context.Context) error {
	for name, raw := range w.fences.early {
		if !w.members.names(name) {
			continue
		}
		devices, err := member.ParseFences(raw)
		if err == nil {
			err = w.keepFences(ctx, name, devices, raw)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nameBlobs looks for the removals that name blobs. The caller holds mu.
func (m *membership) nameBlobs() {
	m.beside = nil
	for _, id := range m.log.Order() {
		m.nameBlob(m.log.Entry(id))
	}
}

// nameBlob notes the blob that an entry names, whether the entry counts or not: it may
// count later. The caller holds mu.
func (m *membership) nameBlob(entry *member.Entry) {
	if name := blobNamed(entry); name != nil {
		if m.beside == nil {
			m.beside = map[seal.ID]seal.ID{}
		}
		m.beside[*name] = entry.ID
	}
}

func (m *membership) names(blob seal.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, named := m.beside[blob]
	return named
}

// blobNamed is the blob of fences that an entry names, or nil.
func blobNamed(entry *member.Entry) *seal.ID {
	switch entry.Type {
	case member.TypeDeviceRemove:
		if body, err := member.DecodeDeviceRemove(entry.Body); err == nil {
			return body.Blob
		}
	case member.TypePersonRemove:
		if body, err := member.DecodePersonRemove(entry.Body); err == nil {
			return body.Blob
		}
	default:
	}
	return nil
}

// How often the peers are asked for fences that are not here.
const (
	fencesFirstPause = time.Minute
	fencesMaxPause   = time.Hour
)

// lackedFences paces the asking for blobs of fences.
type lackedFences struct {
	mu    sync.Mutex
	next  time.Time     // guarded by mu
	pause time.Duration // guarded by mu
}

// lackingFences are the removals whose fences beside them are not here, when it is time
// to ask for them. Who hides by other fences than the others shows other things for
// ever, and nobody sends a blob without its entry (rule K44).
func (w *Workspace) lackingFences(ctx context.Context) (removals []seal.ID) {
	w.members.mu.Lock()
	named := maps.Clone(w.members.beside)
	w.members.mu.Unlock()
	if len(named) == 0 {
		return nil
	}
	for blob, entry := range named {
		if _, found, err := w.storage.Blob(ctx, w.id, blob); err == nil && !found {
			removals = append(removals, entry)
		}
	}
	p, now := &w.fences.lacked, w.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(removals) == 0:
		p.next, p.pause = time.Time{}, 0
	case now.Before(p.next):
		return nil
	default:
		p.pause = min(max(2*p.pause, fencesFirstPause), fencesMaxPause)
		p.next = now.Add(p.pause)
	}
	return removals
}

// before are the entries of order, parents first, that follow none of some and are none
// of them.
func (m *membership) before(order, some []seal.ID) (kept []seal.ID) {
	out := map[seal.ID]bool{}
	for _, id := range some {
		out[id] = true
	}
	for _, id := range order {
		if out[id] || slices.ContainsFunc(m.log.Entry(id).Parents, func(parent seal.ID) bool { return out[parent] }) {
			out[id] = true
		} else {
			kept = append(kept, id)
		}
	}
	return kept
}

// fencesBeside is the blob of fences that belongs to a removal, if there is one here.
func (w *Workspace) fencesBeside(ctx context.Context, entry *member.Entry) ([]byte, error) {
	name := blobNamed(entry)
	if name == nil {
		return nil, nil
	}
	raw, found, err := w.storage.Blob(ctx, w.id, *name)
	if err != nil || !found {
		return nil, err
	}
	return append([]byte{blobFences}, raw...), nil
}

// maxGivenFences bounds the blobs of fences in a welcome. Who lacks one asks for it.
const maxGivenFences = 4 << 20

// fenceBlobs are the blobs of fences of the removals, newest first, for whoever gets
// the whole log.
func (w *Workspace) fenceBlobs(ctx context.Context) ([][]byte, error) {
	w.members.mu.Lock()
	order := w.members.log.Order()[:w.members.committed]
	var removals []*member.Entry
	for _, id := range slices.Backward(order) {
		if entry := w.members.log.Entry(id); blobNamed(entry) != nil {
			removals = append(removals, entry)
		}
	}
	w.members.mu.Unlock()
	var blobs [][]byte
	size := 0
	for _, entry := range removals {
		raw, err := w.fencesBeside(ctx, entry)
		if err != nil {
			return nil, err
		}
		if size += len(raw); raw != nil && size <= maxGivenFences {
			blobs = append(blobs, raw)
		}
	}
	return blobs, nil
}
