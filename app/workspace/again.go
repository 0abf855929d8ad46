package workspace

import (
	"context"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// EachOpened opens what is stored and shown of a kind once more, chain by chain, for
// a view that has to find what a hidden envelope had displaced. of chooses the
// chains. It is slow.
func (w *Workspace) EachOpened(ctx context.Context, kind Kind, of func(space seal.SpaceID, device seal.ID) bool, visit func(Opened) error) error {
	tails, err := w.storage.Tails(ctx, w.id)
	if err != nil {
		return err
	}
	for _, t := range tails {
		if !of(t.Space, t.Device) {
			continue
		}
		err := w.fences.eachPart(ctx, ChainPart{Space: t.Space, Device: t.Device, From: 1}, func(rows []EnvelopeRow) error {
			for _, row := range rows {
				if row.State != EnvelopeApplied {
					continue
				}
				env, err := feed.Parse(row.Bytes)
				if err != nil {
					continue
				}
				opened, err := w.open(env, w.members.pending())
				if err != nil || opened.Kind != kind {
					continue
				}
				if err := visit(opened); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
