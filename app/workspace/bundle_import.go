package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"parvis/app/bundle"
	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// maxNamed is how many refused objects are named.
const maxNamed = 20

// BundleReport says what became of the objects of a bundle.
type BundleReport struct {
	Entries, Envelopes, Blocks int // new here
	Known                      int // of any kind, here already
	Elsewhere                  int // envelopes of spaces that this device may not read, blocks of no file here
	Waiting                    int // envelopes and entries that build on what is missing here
	Refused                    int
	Reasons                    []RefusedObject // of some of the refused ones
}

// RefusedObject is one object that was not taken.
type RefusedObject struct {
	What   string // entry, message or block
	ID     seal.ID
	Reason string
}

// Import reads the checked bundle once more and takes what is in it, with all checks
// of what comes from a peer. in begins again. When it fails, what was taken stays:
// to import again takes the rest.
func (c *CheckedBundle) Import(ctx context.Context, in io.Reader, files FileTaker) (BundleReport, error) {
	w := c.Workspace
	r, err := bundle.NewReader(in)
	if err == nil {
		_, err = w.unlockBundle(r)
	}
	i := &bundleImport{w: w, files: files, waits: map[seal.ID]bool{}, held: feed.Vector{}}
	for err == nil {
		var kind bundle.Kind
		var body []byte
		if kind, body, err = r.Next(); err == nil {
			err = i.add(ctx, kind, body)
		}
	}
	if errors.Is(err, io.EOF) {
		err = i.finish(ctx)
	}
	if err == nil && r.Hash() != c.hash {
		err = bundle.ErrDamaged // it was exchanged behind our back; every object was checked all the same
	}
	if err != nil {
		return i.report, fmt.Errorf("import bundle: %w", err)
	}
	if device, ok := w.State().Device(c.Author); ok && device.Active && c.Author != w.self.device {
		w.custody.held(c.Author, i.held)
	}
	return i.report, nil
}

type bundleImport struct {
	w      *Workspace
	files  FileTaker
	batch  Received
	size   int
	waits  map[seal.ID]bool // envelopes that had to wait, at most as many as there is room for
	held   feed.Vector      // what the author has
	report BundleReport
}

func (i *bundleImport) add(ctx context.Context, kind bundle.Kind, body []byte) error {
	switch kind {
	case bundle.Entry, bundle.Blob:
		if len(i.batch.Envelopes) > 0 {
			if err := i.flush(ctx); err != nil {
				return err
			}
		}
		if kind == bundle.Entry {
			i.batch.Entries = append(i.batch.Entries, body)
		} else {
			i.batch.Blobs = append(i.batch.Blobs, body)
		}
	case bundle.Envelope:
		if len(i.batch.Entries)+len(i.batch.Blobs) > 0 {
			if err := i.flush(ctx); err != nil {
				return err
			}
		}
		i.batch.Envelopes = append(i.batch.Envelopes, body)
	case bundle.Block:
		return i.block(ctx, body)
	case bundle.Held:
		i.note(body)
		return nil
	default:
		return nil // of a later version
	}
	i.size += len(body)
	if i.size >= maxTakenBytes || len(i.batch.Entries)+len(i.batch.Blobs)+len(i.batch.Envelopes) >= maxTaken {
		return i.flush(ctx)
	}
	return nil
}

// note keeps what the author says it has. It is only told to people, and doubted
// like what a peer says.
func (i *bundleImport) note(body []byte) {
	record, err := seal.Decode[heldChains](body)
	if err != nil || record.V != 1 {
		return
	}
	for _, c := range record.Chains {
		if len(i.held) < maxHeldAll {
			i.held[feed.FeedID{Space: c.Space, Device: c.Device}] = feed.Tail{Seq: c.Seq, ID: c.ID}
		}
	}
}

func (i *bundleImport) block(ctx context.Context, body []byte) error {
	if err := i.flush(ctx); err != nil { // what it belongs to comes before it
		return err
	}
	if len(body) < blockHead {
		i.refuse("block", seal.Sum(body), errors.New("it belongs to nothing"))
		return nil
	}
	if i.files == nil {
		i.report.Elsewhere++
		return nil
	}
	space := seal.SpaceID(body[:len(seal.SpaceID{})])
	root := seal.ID(body[len(seal.SpaceID{}):blockHead])
	taken, err := i.files.Take(ctx, space, root, body[blockHead:])
	_, wrong := errors.AsType[*seal.Fault](err)
	switch {
	case wrong:
		i.refuse("block", seal.Sum(body[blockHead:]), err)
	case err != nil:
		return err
	case taken == BlockNew:
		i.report.Blocks++
	case taken == BlockKnown:
		i.report.Known++
	default:
		i.report.Elsewhere++
	}
	return nil
}

// flush gives what was collected to the workspace.
func (i *bundleImport) flush(ctx context.Context) error {
	batch := i.batch
	i.batch, i.size = Received{}, 0
	if len(batch.Entries)+len(batch.Blobs) > 0 {
		return i.log(ctx, batch)
	}
	if len(batch.Envelopes) > 0 {
		return i.envelopes(ctx, batch.Envelopes)
	}
	return nil
}

// receive takes a batch; what is bad in it is found out afterwards.
func (i *bundleImport) receive(ctx context.Context, batch Received) error {
	if err := i.w.Receive(ctx, batch); err != nil && !errors.Is(err, ErrBad) {
		return err
	}
	return ctx.Err()
}

func (i *bundleImport) log(ctx context.Context, batch Received) error {
	type named struct {
		id  seal.ID
		raw []byte
	}
	var fresh []named
	for _, raw := range batch.Entries {
		entry, err := member.OpenEntry(i.w.keys.log(), i.w.id, raw)
		switch {
		case err != nil:
			i.refuse("entry", seal.Sum(raw), err)
		case i.w.members.has(entry.ID):
			i.report.Known++
		default:
			fresh = append(fresh, named{entry.ID, raw})
		}
	}
	if err := i.receive(ctx, batch); err != nil {
		return err
	}
	for _, e := range fresh {
		if i.w.members.has(e.id) {
			i.report.Entries++
			continue
		}
		i.again(ctx, "entry", e.id, Received{Entries: [][]byte{e.raw}})
	}
	return nil
}

// again takes one object by itself, to learn why it was not taken. What is not
// refused waits for what it builds on.
func (i *bundleImport) again(ctx context.Context, what string, id seal.ID, one Received) {
	if err := i.w.Receive(ctx, one); err != nil {
		i.refuse(what, id, err)
		return
	}
	i.report.Waiting++
}

func (i *bundleImport) envelopes(ctx context.Context, raws [][]byte) error {
	fresh := make(map[seal.ID][]byte, len(raws))
	var batch [][]byte
	var ids []seal.ID
	for _, raw := range raws {
		env, err := feed.Parse(raw)
		if err != nil {
			i.refuse("message", seal.Sum(raw), err)
			continue
		}
		if !i.w.State().CanRead(env.Header.Space, i.w.self.device) {
			i.report.Elsewhere++
			continue
		}
		fresh[env.ID], batch, ids = raw, append(batch, raw), append(ids, env.ID)
	}
	before, err := i.w.storage.Places(ctx, i.w.id, ids)
	if err != nil {
		return err
	}
	i.report.Known += len(before)
	maps.DeleteFunc(fresh, func(id seal.ID, _ []byte) bool { _, here := before[id]; return here })
	if len(fresh) == 0 {
		return nil
	}
	for again := (Received{Envelopes: batch}); ; again = (Received{}) {
		if err := i.receive(ctx, again); err != nil {
			return err
		}
		if len(again.Envelopes) == 0 || !i.w.waiting.any() {
			break // what came before its predecessors fits now
		}
	}
	return i.count(ctx, ids, fresh)
}

// count finds out what became of envelopes that were not here.
func (i *bundleImport) count(ctx context.Context, ids []seal.ID, fresh map[seal.ID][]byte) error {
	after, err := i.w.storage.Places(ctx, i.w.id, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		raw, unknown := fresh[id]
		delete(fresh, id) // it may be in the bundle twice
		_, here := after[id]
		switch {
		case !unknown:
		case here:
			i.report.Envelopes++
		case !i.w.waiting.mayHold(id):
			i.again(ctx, "message", id, Received{Envelopes: [][]byte{raw}})
		case len(i.waits) < maxWaiting:
			i.waits[id] = true
		default:
			i.report.Waiting++
		}
	}
	return nil
}

// refuse notes what was not taken, and why.
func (i *bundleImport) refuse(what string, id seal.ID, why error) {
	if seal.OutcomeOf(why) == seal.Pend {
		i.report.Waiting++
		return
	}
	i.report.Refused++
	if len(i.report.Reasons) == maxNamed {
		return
	}
	reason := why.Error()
	if fault, ok := errors.AsType[*seal.Fault](why); ok {
		reason = fault.Reason
	}
	i.report.Reasons = append(i.report.Reasons, RefusedObject{What: what, ID: id, Reason: reason})
}

// finish takes what is left, and looks whether what had to wait found its place.
func (i *bundleImport) finish(ctx context.Context) error {
	if err := i.flush(ctx); err != nil {
		return err
	}
	if i.files != nil {
		if err := i.files.Done(ctx); err != nil {
			return err
		}
	}
	if len(i.waits) == 0 {
		return nil
	}
	here, err := i.w.storage.Places(ctx, i.w.id, slices.Collect(maps.Keys(i.waits)))
	i.report.Envelopes += len(here)
	i.report.Waiting += len(i.waits) - len(here)
	return err
}
