package workspace

import (
	"context"
	"errors"
	"slices"

	"parvis/crdt/seal"
)

const (
	// fetches is how many fetches are on their way at a time, so that a long way to
	// the super-peer does not slow the catching up.
	fetches = 3
	// ahead is how many fetched segments wait for the one that is being stored.
	ahead = 8
	// maxListed bounds what one reading of a tag is named: a super-peer that names
	// objects without end is left alone.
	maxListed = 4 << 20
	// maxWithheld is how many objects in a row may be named and not given.
	maxWithheld = 4096
)

// errMisbehaves reports a super-peer that does not keep to the protocol.
var errMisbehaves = errors.New("the super-peer does not keep to the protocol")

// segment is a run of listed objects, with the unknown ones of it fetched.
type segment struct {
	refs    []ObjectRef
	known   map[seal.ID]Place // here before it was listed; those of the log have no place
	want    []seal.ID         // the others
	ready   chan struct{}     // closed once the rest is set
	objects []Object
	err     error
}

// from is where a reading begins, and what it leaves out.
type from struct {
	after  uint64
	asleep map[seal.ID]bool // neither here nor to be fetched
}

// segments lists what lies under a tag behind a number, and fetches what is not here,
// ahead of whoever takes the segments, which come in order. failed may be read once
// the channel is closed. The end of ctx ends it.
func (c *courier) segments(ctx context.Context, m Mailbox, t tagged, begin from, failed *error) <-chan *segment {
	out, slots := make(chan *segment, ahead), make(chan struct{}, fetches)
	c.lister.Go(func() {
		defer close(out)
		*failed = c.listAll(ctx, m, t, begin, func(s *segment) bool {
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return false
			}
			c.lister.Go(func() {
				defer close(s.ready)
				s.objects, s.err = fetch(ctx, m, t.tag, s.want)
				<-slots
			})
			select {
			case out <- s:
				return true
			case <-ctx.Done():
				return false
			}
		})
	})
	return out
}

// listAll gives the segments of a tag to emit until it has enough.
func (c *courier) listAll(ctx context.Context, m Mailbox, t tagged, begin from, emit func(*segment) bool) error {
	after := begin.after
	for listed, more := 0, true; more; {
		refs, further, err := m.List(ctx, t.tag, after)
		if err != nil {
			return err
		}
		if listed += len(refs); listed > maxListed || further && len(refs) == 0 {
			return errMisbehaves
		}
		for _, ref := range refs {
			if ref.N <= after {
				return errMisbehaves
			}
			after = ref.N
		}
		known, err := c.known(ctx, t, refs)
		if err != nil {
			return err
		}
		for _, s := range cut(refs, known, begin.asleep) {
			if !emit(s) {
				return ctx.Err()
			}
		}
		more = further
	}
	return nil
}

// known says which of the listed objects are here.
func (c *courier) known(ctx context.Context, t tagged, refs []ObjectRef) (map[seal.ID]Place, error) {
	if !t.isLog() {
		return c.w.storage.Places(ctx, c.w.id, idsOf(refs))
	}
	known := map[seal.ID]Place{}
	stored := c.w.members.stored(idsOf(refs))
	for _, ref := range refs {
		if stored[ref.ID] || c.blobs.has(ref.ID) {
			known[ref.ID] = Place{}
		}
	}
	return known, nil
}

func idsOf(refs []ObjectRef) []seal.ID {
	ids := make([]seal.ID, len(refs))
	for i, ref := range refs {
		ids[i] = ref.ID
	}
	return ids
}

// cut makes segments of which each is one fetch. What is named twice is fetched once,
// and what sleeps not at all.
func cut(refs []ObjectRef, known map[seal.ID]Place, asleep map[seal.ID]bool) []*segment {
	var all []*segment
	wanted := map[seal.ID]bool{}
	var open *segment
	size := 0
	for _, ref := range refs {
		_, here := known[ref.ID]
		fresh := !here && !wanted[ref.ID] && !asleep[ref.ID]
		wanted[ref.ID] = true
		if open == nil || fresh && (len(open.want) == maxFetch || len(open.want) > 0 && size+int(ref.Size) > maxFetchBytes) {
			open, size = &segment{known: known, ready: make(chan struct{})}, 0
			all = append(all, open)
		}
		open.refs = append(open.refs, ref)
		if fresh {
			open.want = append(open.want, ref.ID)
			size += int(ref.Size)
		}
	}
	return all
}

// fetch gets objects and leaves out what was not asked for, and what came twice.
func fetch(ctx context.Context, m Objects, tag Tag, want []seal.ID) ([]Object, error) {
	if len(want) == 0 {
		return nil, nil
	}
	given, err := m.Fetch(ctx, tag, want)
	if err != nil {
		return nil, err
	}
	wanted := make(map[seal.ID]bool, len(want))
	for _, id := range want {
		wanted[id] = true
	}
	return slices.DeleteFunc(given, func(o Object) bool {
		fits := wanted[o.ID]
		delete(wanted, o.ID)
		return !fits
	}), nil
}

// idSet remembers ids, and forgets all of them when they become too many.
type idSet map[seal.ID]bool

const maxIDSet = 8192

func (s idSet) has(id seal.ID) bool { return s[id] }

func (s idSet) add(id seal.ID) {
	if len(s) >= maxIDSet {
		clear(s)
	}
	s[id] = true
}
