package self

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// view folds the self envelopes of one workspace.
type view struct {
	service *Service
	team    Team
}

// Apply implements [workspace.View].
func (v *view) Apply(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	bad := map[seal.ID]string{}
	var told []Changed
	for _, o := range batch {
		if o.Hidden {
			continue
		}
		body, err := Decode(o, v.team.Home())
		if err != nil {
			bad[o.ID] = err.Error()
			continue
		}
		for _, f := range body.Facts {
			row := rowOf(o, f)
			row.Applied = o.Own
			won, err := v.keep(ctx, row)
			if err != nil {
				return workspace.Result{}, err
			}
			if won && !o.Own {
				told = append(told, row.changed())
			}
		}
	}
	return workspace.Result{Bad: bad, After: func() { v.tell(told) }}, nil
}

// Reset implements [workspace.View]. Nothing uncommitted is kept in memory.
func (v *view) Reset() {}

func rowOf(o workspace.Opened, f Entry) Row {
	return Row{Workspace: o.Workspace, Key: f.Key, Order: f.Order, Lamport: f.Lamport, Writer: o.ID, Value: f.Value}
}

// keep stores a fact unless a greater one is here.
func (v *view) keep(ctx context.Context, row Row) (won bool, err error) {
	before, found, err := v.service.config.Store.SelfRow(ctx, row.Workspace, row.Key)
	if err != nil || found && !before.Damaged && !row.beats(before) {
		return false, err
	}
	return true, v.service.config.Store.PutSelf(ctx, row)
}

func (v *view) tell(told []Changed) {
	for _, c := range told {
		v.service.Changed.Publish(c)
	}
}

// Hide implements [workspace.Hider]: a fact from beyond the fences of a removal gives
// way to the one before it (rule F7).
func (v *view) Hide(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	var shown []workspace.Opened
	lost := map[string]bool{}
	for _, o := range batch {
		if !o.Hidden {
			shown = append(shown, o)
			continue
		}
		body, err := Decode(o, v.team.Home())
		if err != nil {
			continue
		}
		for _, f := range body.Facts {
			row, found, err := v.service.config.Store.SelfRow(ctx, o.Workspace, f.Key)
			if err != nil {
				return workspace.Result{}, err
			}
			if found && row.Writer == o.ID {
				lost[f.Key] = true
			}
		}
	}
	result, err := v.Apply(ctx, shown)
	if err != nil || len(lost) == 0 {
		return result, err
	}
	told, err := v.lookBack(ctx, lost)
	if err != nil {
		return workspace.Result{}, err
	}
	given := result.After
	result.After = func() {
		given()
		v.tell(told)
	}
	return result, nil
}

// lookBack finds the facts that count now that others are hidden.
func (v *view) lookBack(ctx context.Context, lost map[string]bool) ([]Changed, error) {
	for key := range lost {
		if err := v.service.config.Store.DropSelf(ctx, v.team.ID(), key); err != nil {
			return nil, err
		}
	}
	var told []Changed
	home := func(space seal.SpaceID, _ seal.ID) bool { return space == v.team.Home() }
	err := v.team.EachOpened(ctx, workspace.KindSelf, home, func(o workspace.Opened) error {
		body, err := Decode(o, v.team.Home())
		if err != nil {
			return nil
		}
		for _, f := range body.Facts {
			if !lost[f.Key] {
				continue
			}
			row := rowOf(o, f)
			won, err := v.keep(ctx, row)
			if err != nil {
				return err
			}
			if won {
				told = append(told, row.changed())
			}
		}
		return nil
	})
	return told, err
}

// gatheredLamport is below that of every fact that somebody chose.
const gatheredLamport = 1

// errSame ends the writing of facts that are shared already.
var errSame = errors.New("shared already")

// share writes facts into the own space. Gathered ones are what a device happened to
// have: they lose to all that was chosen (rule F5).
func (v *view) share(ctx context.Context, facts []Fact, gathered bool) error {
	facts = slices.DeleteFunc(facts, func(f Fact) bool {
		return f.Key == "" || len(f.Key) > MaxKey || len(f.Order) > MaxOrder || len(f.Value) > MaxValue
	})
	if len(facts) == 0 {
		return nil
	}
	space, err := v.team.SelfSpace(ctx)
	if err != nil {
		return fmt.Errorf("open the own space: %w", err)
	}
	slices.SortFunc(facts, func(a, b Fact) int { return strings.Compare(a.Key, b.Key) })
	facts = slices.CompactFunc(facts, func(a, b Fact) bool { return a.Key == b.Key })
	for part := range slices.Chunk(facts, factsAtOnce) {
		_, err := v.team.Append(ctx, space, workspace.KindSelf, func(ctx context.Context) (workspace.Draft, error) {
			return v.compose(ctx, part, gathered)
		})
		if err != nil && !errors.Is(err, errSame) {
			return err
		}
	}
	return nil
}

// compose numbers the facts that are not shared as they are.
func (v *view) compose(ctx context.Context, facts []Fact, gathered bool) (workspace.Draft, error) {
	var body Body
	for _, f := range facts {
		before, found, err := v.service.config.Store.SelfRow(ctx, v.team.ID(), f.Key)
		if err != nil {
			return workspace.Draft{}, err
		}
		if found && (slices.Equal(before.Value, f.Value) || slices.Compare(before.Order, f.Order) > 0) && !before.Damaged {
			continue
		}
		lamport := max(before.Lamport, gatheredLamport) + 1
		if gathered && len(f.Order) == 0 {
			if found {
				continue // it came meanwhile
			}
			lamport = gatheredLamport
		}
		body.Facts = append(body.Facts, Entry{Key: f.Key, Order: f.Order, Lamport: lamport, Value: f.Value})
	}
	if len(body.Facts) == 0 {
		return workspace.Draft{}, errSame
	}
	raw, err := body.Encode()
	return workspace.Draft{Body: raw}, err
}
