package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"

	"parvis/app/bundle"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// CheckedBundle is a bundle that was read to its end and found whole and honest.
type CheckedBundle struct {
	Workspace *Workspace
	Author    seal.ID // the device that made it
	MadeMs    int64   // its clock

	hash seal.ID
}

// CheckBundle reads a bundle to its end and changes nothing (rule K64). want is the
// workspace that it should be for; zero for any. It is refused with one of the
// errors of this package, of [bundle.Reader], or of in.
func (m *Manager) CheckBundle(ctx context.Context, in io.Reader, want seal.ID) (*CheckedBundle, error) {
	r, err := bundle.NewReader(in)
	if err != nil {
		return nil, err
	}
	w, err := m.bundleFor(r, want)
	if err != nil {
		return nil, err
	}
	head, err := w.unlockBundle(r)
	if err != nil {
		return nil, err
	}
	log, err := w.logWithout(ctx, head.Author)
	if err != nil {
		return nil, err
	}
	for {
		kind, body, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		if kind != bundle.Entry || log == nil {
			continue
		}
		if entry, err := member.OpenEntry(w.keys.log(), w.id, body); err == nil {
			_, _ = log.Add(entry) // what does not fit introduces nobody
		}
	}
	if log != nil {
		if device, known := log.State().Device(head.Author); !known {
			return nil, ErrBundleStranger
		} else if !device.Active {
			return nil, ErrBundleRemoved
		}
	}
	return &CheckedBundle{Workspace: w, Author: head.Author, MadeMs: head.MadeMs, hash: r.Hash()}, nil
}

// bundleFor finds the workspace that a bundle is for.
func (m *Manager) bundleFor(r *bundle.Reader, want seal.ID) (*Workspace, error) {
	joins := false
	for _, w := range m.List() {
		keys, ok := w.bundleKeys()
		joins = joins || !w.Ready() && (want.IsZero() || want == w.id)
		switch {
		case !ok || !r.For(keys):
		case !want.IsZero() && want != w.id:
			return nil, ErrBundleOther
		case !w.Ready():
			return nil, ErrBundleJoining
		default:
			return w, nil
		}
	}
	if joins {
		return nil, ErrBundleJoining
	}
	return nil, ErrBundleForeign
}

func (w *Workspace) unlockBundle(r *bundle.Reader) (bundle.Head, error) {
	keys, _ := w.bundleKeys()
	head, err := r.Unlock(keys)
	if err != nil {
		return head, err
	}
	st := w.State()
	if own, ok := st.Device(w.self.device); !ok || !own.Active {
		return head, ErrRemovedHere
	}
	if device, known := st.Device(head.Author); known && !device.Active {
		return head, ErrBundleRemoved
	}
	return head, nil
}

// logWithout is a copy of the log for a trial where it does not know a device, else
// nil: the bundle itself may introduce its author.
func (w *Workspace) logWithout(ctx context.Context, device seal.ID) (*member.Log, error) {
	if _, known := w.State().Device(device); known {
		return nil, nil
	}
	log, _, err := w.members.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("check bundle: %w", err)
	}
	return log, nil
}
