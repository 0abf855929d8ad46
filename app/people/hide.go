package people

import (
	"context"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Hide implements [workspace.Hider]: a name that was given beyond the fences of a
// removal gives way to the one before it (rule P9).
func (v *view) Hide(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	var shown []workspace.Opened
	lost := map[key]bool{}
	for _, o := range batch {
		if !o.Hidden {
			shown = append(shown, o)
			continue
		}
		p, err := Decode(o)
		if err != nil {
			continue
		}
		said := rowOf(o, p)
		k := key{said.What, said.Target}
		row, found, err := v.service.config.Store.NameRow(ctx, o.Workspace, k.what, k.target)
		if err != nil {
			return workspace.Result{}, err
		}
		if found && row.Writer == o.ID {
			lost[k] = true
		}
	}
	result, err := v.Apply(ctx, shown)
	if err != nil || len(lost) == 0 {
		return result, err
	}
	before, err := v.lookBack(ctx, lost)
	if err != nil {
		return workspace.Result{}, err
	}
	given := result.After
	result.After = func() {
		given()
		v.giveBack(lost, before)
	}
	return result, nil
}

// lookBack finds the names that count now that others are hidden.
func (v *view) lookBack(ctx context.Context, lost map[key]bool) (map[key]NameRow, error) {
	best := map[key]NameRow{}
	everywhere := func(seal.SpaceID, seal.ID) bool { return true }
	err := v.team.EachOpened(ctx, workspace.KindProfile, everywhere, func(o workspace.Opened) error {
		p, err := Decode(o)
		if err != nil {
			return nil
		}
		row := rowOf(o, p)
		k := key{row.What, row.Target}
		if !lost[k] || !v.may(p, o) {
			return nil
		}
		if row.beats(best[k]) {
			best[k] = row
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for k := range lost {
		row, found := best[k]
		if found {
			err = v.service.config.Store.PutName(ctx, row)
		} else {
			err = v.service.config.Store.DropName(ctx, v.team.ID(), k.what, k.target)
		}
		if err != nil {
			return nil, err
		}
	}
	return best, nil
}

// giveBack shows committed names in the place of hidden ones.
func (v *view) giveBack(lost map[key]bool, before map[key]NameRow) {
	for k := range lost {
		row := before[k]
		row.What, row.Target = k.what, k.target
		v.mu.Lock()
		if row.Name == "" {
			delete(v.names, k)
		} else {
			v.names[k] = row
		}
		v.introduced(k, row.Name)
		v.mu.Unlock()
		v.tellName(row)
	}
}
