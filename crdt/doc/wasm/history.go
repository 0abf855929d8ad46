package wasm

import (
	"context"
	"fmt"
	"slices"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Changes implements [doc.Writer].
func (d *document) Changes(ctx context.Context, since []seal.ID) (changes [][]byte, err error) {
	err = d.do(ctx, func(ctx context.Context) error {
		if err := d.has(ctx, since); err != nil {
			return err
		}
		v, err := d.invoke(ctx, "getChanges", hashes(since))
		if err != nil {
			return err
		}
		list, _ := v.(*array)
		for i := range lengthOf(v) {
			if change, ok := list.items[i].(*byteArray); ok {
				changes = append(changes, change.data)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("changes of document: %w", err)
	}
	return changes, nil
}

// has fails unless the document has all these changes.
func (d *document) has(ctx context.Context, heads []seal.ID) error {
	for _, hash := range heads {
		found, err := d.invoke(ctx, "getChangeByHash", hash.String())
		if err != nil {
			return err
		}
		if _, ok := found.(*byteArray); !ok {
			return fmt.Errorf("%w: %s", doc.ErrMissingDeps, hash)
		}
	}
	return nil
}

// At implements [doc.Writer].
func (d *document) At(ctx context.Context, heads []seal.ID) (doc.Reader, error) {
	err := d.do(ctx, func(ctx context.Context) error { return d.has(ctx, heads) })
	if err != nil {
		return nil, fmt.Errorf("earlier state of document: %w", err)
	}
	sorted := append([]seal.ID{}, heads...) // not nil, which would mean now
	slices.SortFunc(sorted, seal.ID.Compare)
	return state{document: d, heads: sorted}, nil
}

// Diff implements [doc.Writer].
func (d *document) Diff(ctx context.Context, from, to []seal.ID) (patches []doc.Patch, err error) {
	err = d.do(ctx, func(ctx context.Context) error {
		if err := d.has(ctx, slices.Concat(from, to)); err != nil {
			return err
		}
		v, err := d.invoke(ctx, "diff", hashes(from), hashes(to))
		if err != nil {
			return err
		}
		list, _ := v.(*array)
		for i := range lengthOf(v) {
			if o, ok := list.items[i].(*object); ok {
				patches = append(patches, toPatches(o)...)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("compare states of document: %w", err)
	}
	return patches, nil
}

// toPatches reads one of the engine's patches. Those on a text name its path and a
// position.
func toPatches(o *object) []doc.Patch {
	path := []string{}
	at := uint32(0)
	if keys, ok := o.get("path").(*array); ok {
		for _, key := range keys.items {
			path = append(path, toString(key))
			if n, ok := key.(float64); ok {
				at = uint32(n)
			}
		}
	}
	marks, _ := o.get("marks").(*object)
	base := doc.Patch{Path: path, Marks: toMarks(marks)}
	inText := base
	inText.Index = at
	if len(path) > 0 {
		inText.Path = path[:len(path)-1]
	}
	switch toString(o.get("action")) {
	case "put":
		base.Action, base.Value = doc.PatchPut, toValue(o.get("value"))
		return []doc.Patch{base}
	case "inc":
		base.Action, base.Value = doc.PatchIncrement, toValue(o.get("value"))
		return []doc.Patch{base}
	case "conflict":
		base.Action = doc.PatchConflict
		return []doc.Patch{base}
	case "del":
		return []doc.Patch{deletion(o, base, inText)}
	case "splice":
		inText.Action, inText.Text = doc.PatchSplice, toString(o.get("value"))
		return []doc.Patch{inText}
	case "insert":
		return insertions(o, inText)
	case "mark":
		return markings(o, base)
	case "unmark":
		base.Action, base.Marks = doc.PatchUnmark, []doc.Mark{{Name: toString(o.get("name"))}}
		base.Index, base.Length = span(o)
		return []doc.Patch{base}
	}
	return nil
}

// deletion removes positions of a text, or a key.
func deletion(o *object, base, inText doc.Patch) doc.Patch {
	keys, _ := o.get("path").(*array)
	if n := lengthOf(keys); n > 0 {
		if _, positions := keys.items[n-1].(float64); positions {
			inText.Action, inText.Length = doc.PatchDelete, 1
			if length, ok := o.get("length").(float64); ok {
				inText.Length = uint32(length)
			}
			return inText
		}
	}
	base.Action = doc.PatchDelete
	return base
}

func insertions(o *object, at doc.Patch) []doc.Patch {
	values, _ := o.get("values").(*array)
	var patches []doc.Patch
	for i := range lengthOf(o.get("values")) {
		one := at
		one.Action, one.Index, one.Value = doc.PatchInsert, at.Index+i, toValue(values.items[i])
		patches = append(patches, one)
	}
	return patches
}

func markings(o *object, base doc.Patch) []doc.Patch {
	list, _ := o.get("marks").(*array)
	var patches []doc.Patch
	for i := range lengthOf(o.get("marks")) {
		m, _ := list.items[i].(*object)
		one := base
		one.Action, one.Marks = doc.PatchMark, []doc.Mark{{Name: toString(m.get("name")), Value: toValue(m.get("value"))}}
		one.Index, one.Length = span(m)
		patches = append(patches, one)
	}
	return patches
}

// span is what an object's start and end say: position and length.
func span(o *object) (at, length uint32) {
	start, end := toNumber(o.get("start")), toNumber(o.get("end"))
	if !(0 <= start && start <= end && end <= 1<<31) {
		return 0, 0
	}
	return uint32(start), uint32(end - start)
}
