package workspace

import (
	"context"
	"fmt"
	"io"
	"slices"

	"parvis/app/bundle"
	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// BundleSpec says what goes into a bundle (rule K63).
type BundleSpec struct {
	For   seal.ID      // a person or device; zero: whoever else is in the workspace
	All   bool         // also what they are known to have
	Files CarriedFiles // nil: no blocks
}

// BundleMade counts what a bundle holds.
type BundleMade struct {
	Entries, Envelopes, Blocks int
}

// ExportBundle writes what others lack, as far as this device has and knows it. It
// needs memory for a small part only. What out got is no bundle when it fails.
func (w *Workspace) ExportBundle(ctx context.Context, out io.Writer, spec BundleSpec) (BundleMade, error) {
	keys, ok := w.bundleKeys()
	if !w.Ready() || !ok {
		return BundleMade{}, ErrNotReady
	}
	e := &bundleExport{w: w, spec: spec}
	if err := e.choose(w.State()); err != nil {
		return BundleMade{}, err
	}
	file, err := bundle.NewWriter(out, keys, w.self.sign, bundle.Head{MadeMs: w.now().UnixMilli(), For: spec.For})
	e.file = file
	for _, step := range []func(context.Context) error{e.objects, e.held, e.blocks} {
		if err == nil {
			err = step(ctx)
		}
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return BundleMade{}, fmt.Errorf("export bundle: %w", err)
	}
	return e.made, nil
}

// Records is where an export goes.
type Records interface {
	Add(kind bundle.Kind, body ...[]byte) error
}

type bundleExport struct {
	w      *Workspace
	spec   BundleSpec
	file   Records
	spaces map[seal.SpaceID]bool // that one of the readers may read
	known  feed.Vector           // what all who may read a chain have of it
	chains map[feed.FeedID]bool  // that somebody may lack something of
	made   BundleMade
}

// choose finds out who the bundle is for, and what they may read and lack.
func (e *bundleExport) choose(st *member.State) error {
	if own, ok := st.Device(e.w.self.device); !ok || !own.Active {
		return ErrRemovedHere
	}
	readers, err := e.readers(st)
	if err != nil {
		return err
	}
	e.spaces, e.known, e.chains = map[seal.SpaceID]bool{}, feed.Vector{}, map[feed.FeedID]bool{}
	acks := map[seal.ID]feed.Vector{}
	for _, device := range readers {
		acks[device] = e.w.custody.of(device)
	}
	for id, tail := range e.w.feeds.vector() {
		for _, device := range readers {
			if !st.CanRead(id.Space, device) {
				continue
			}
			e.spaces[id.Space] = true
			has := acks[device][id].Seq
			switch {
			case e.spec.All:
				has = 0
			case device == id.Device:
				has = tail.Seq // it wrote them
			}
			if known, other := e.known[id]; !other || has < known.Seq {
				e.known[id] = feed.Tail{Seq: has}
			}
			e.chains[id] = true
		}
	}
	return nil
}

// readers are the devices that the bundle is for.
func (e *bundleExport) readers(st *member.State) (list []seal.ID, err error) {
	to := e.spec.For
	_, isDevice := st.Device(to)
	_, isPerson := st.Person(to)
	if !to.IsZero() && !isDevice && !isPerson {
		return nil, ErrNotFound
	}
	for _, d := range st.ActiveDevices() {
		if d.ID != e.w.self.device && (to.IsZero() || d.ID == to || d.Person == to) {
			list = append(list, d.ID)
		}
	}
	if len(list) == 0 && !to.IsZero() {
		return nil, ErrBundleNobody
	}
	return list, nil
}

// lacking lists the chosen chains of which something is not carried yet.
func (e *bundleExport) lacking(carried, ours feed.Vector) (ids []feed.FeedID) {
	for id := range e.chains {
		if ours[id].Seq > carried[id].Seq {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, feed.FeedID.Compare)
	return ids
}

// objects writes the log and then what was written, as it would be sent to a device
// that has nothing of the log.
func (e *bundleExport) objects(ctx context.Context) error {
	for theirs := (Holdings{Feeds: e.known}); ; {
		part, after, err := e.w.missing(ctx, e.lacking, theirs, bundlePart, bundlePartBytes)
		if err != nil {
			return err
		}
		if len(part.Entries)+len(part.Envelopes) == 0 {
			return nil
		}
		e.made.Entries, e.made.Envelopes = e.made.Entries+len(part.Entries), e.made.Envelopes+len(part.Envelopes)
		if err := e.add(part); err != nil {
			return err
		}
		theirs = after
	}
}

func (e *bundleExport) add(part Received) error {
	raws := map[bundle.Kind][][]byte{bundle.Entry: part.Entries, bundle.Blob: part.Blobs, bundle.Envelope: part.Envelopes}
	for _, kind := range []bundle.Kind{bundle.Entry, bundle.Blob, bundle.Envelope} {
		for _, raw := range raws[kind] {
			if err := e.file.Add(kind, raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// held writes how far this device has the chains of the spaces, for the reader to
// know what has arrived.
func (e *bundleExport) held(context.Context) error {
	var all []heldChain
	for id, tail := range e.w.feeds.vector() {
		if e.spaces[id.Space] {
			all = append(all, heldChain{Space: id.Space, Device: id.Device, Seq: tail.Seq, ID: tail.ID})
		}
	}
	for part := range slices.Chunk(all, maxHeldChains) {
		raw, err := seal.Encode(heldChains{V: 1, Chains: part})
		if err != nil {
			return err
		}
		if err := e.file.Add(bundle.Held, raw); err != nil {
			return err
		}
	}
	return nil
}

func (e *bundleExport) blocks(ctx context.Context) error {
	if e.spec.Files == nil {
		return nil
	}
	of := func(space seal.SpaceID) bool { return e.spaces[space] }
	return e.spec.Files.EachBlock(ctx, e.w.id, of, func(space seal.SpaceID, root seal.ID, block []byte) error {
		e.made.Blocks++
		return e.file.Add(bundle.Block, space[:], root[:], block)
	})
}
