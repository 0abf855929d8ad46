package change

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"parvis/crdt/doc"
)

// The columns of operations: id << 4 | type.
const (
	columnObjActor   = 0<<4 | 1
	columnObjCounter = 0<<4 | 2
	columnKeyActor   = 1<<4 | 1
	columnKeyCounter = 1<<4 | 3
	columnKeyText    = 1<<4 | 5
	columnInsert     = 3<<4 | 4
	columnAction     = 4<<4 | 2
	columnValueMeta  = 5<<4 | 6
	columnValue      = 5<<4 | 7
	columnPredCount  = 7 << 4
	columnPredActor  = 7<<4 | 1
	columnPredNumber = 7<<4 | 3
	columnExpand     = 9<<4 | 4
	columnMarkName   = 10<<4 | 5
)

// The actions that differ in what they must have.
const (
	actionIncrement = 5
	actionLast      = 7 // mark
)

// ops reads the operations of a change, one row after the other.
type ops struct {
	actors  []doc.Actor // the author first
	used    []bool      // by an operation
	objects idColumns
	keys    idColumns
	names   runs[[]byte] // keys of maps
	inserts flags
	actions runs[uint64]
	values  values
	preds   predColumns
	expands flags
	marks   runs[[]byte]
}

// idColumns are the ids of operations: an index of an actor and a number.
type idColumns struct {
	actors  runs[uint64]
	numbers runs[uint64]
	deltas  counters // instead of numbers, for keys
}

// predColumns are lists of ids: a length per row, and the ids of all rows.
type predColumns struct {
	counts  runs[uint64]
	actors  runs[uint64]
	numbers counters
}

// countOps decodes all operations and gives their number.
func countOps(columns []column, actors []doc.Actor, start uint64) (uint64, error) {
	get := func(spec uint64) []byte {
		var data []byte
		columns, data = take(columns, spec)
		return data
	}
	o := ops{actors: actors, used: make([]bool, len(actors))}
	o.used[0] = true
	o.objects = idColumns{actors: integers(get(columnObjActor), MaxOps), numbers: integers(get(columnObjCounter), MaxOps)}
	o.keys = idColumns{actors: integers(get(columnKeyActor), MaxOps), deltas: counters{runs: deltas(get(columnKeyCounter), MaxOps)}}
	o.names = texts(get(columnKeyText), MaxOps)
	o.inserts = flags{in: reader{data: get(columnInsert)}}
	o.actions = integers(get(columnAction), MaxOps)
	o.values = values{meta: integers(get(columnValueMeta), MaxOps), raw: reader{data: get(columnValue)}}
	o.preds = predColumns{
		counts: integers(get(columnPredCount), MaxOps),
		actors: integers(get(columnPredActor), MaxOps), numbers: counters{runs: deltas(get(columnPredNumber), MaxOps)},
	}
	o.expands = flags{in: reader{data: get(columnExpand)}}
	o.marks = texts(get(columnMarkName), MaxOps)
	if len(columns) > 0 {
		return 0, fmt.Errorf("%w: a column that does not exist (%d)", ErrInvalid, columns[0].spec)
	}
	count := uint64(0)
	for o.actions.left > 0 || !o.actions.in.done() {
		if err := o.row(start + count); err != nil {
			return 0, fmt.Errorf("operation %d: %w", count, err)
		}
		count++
	}
	if start+count > maxCounter {
		return 0, fmt.Errorf("%w: numbers of operations out of range", ErrInvalid)
	}
	return count, o.end()
}

// row checks the operation with the number id.
func (o *ops) row(id uint64) error {
	action, ok := o.actions.next()
	if err := o.actions.in.err; err != nil {
		return err
	}
	if !ok || action > actionLast {
		return invalid("an action that does not exist")
	}
	if err := o.object(id); err != nil {
		return err
	}
	insert := o.inserts.next(MaxOps)
	if err := o.key(id, insert); err != nil {
		return err
	}
	kind, err := o.values.next()
	if err != nil {
		return err
	}
	if action == actionIncrement && kind != valueUint && kind != valueInt {
		return invalid("an increment that is no number")
	}
	if err := o.predecessors(id); err != nil {
		return err
	}
	o.expands.next(MaxOps)
	o.marks.next()
	return first(o.inserts.in.err, o.expands.in.err, o.marks.in.err)
}

// object checks in what an operation works: the root, or an older object.
func (o *ops) object(id uint64) error {
	actor, hasActor := o.objects.actors.next()
	number, hasNumber := o.objects.numbers.next()
	if err := first(o.objects.actors.in.err, o.objects.numbers.in.err); err != nil {
		return err
	}
	if hasActor != hasNumber {
		return invalid("half an object id")
	}
	if !hasActor {
		return nil
	}
	return o.refer(actor, number, id)
}

// key checks the place: a key of a map, or an element of a list that is older;
// 0 without an actor is the beginning of the list.
func (o *ops) key(id uint64, insert bool) error {
	actor, hasActor := o.keys.actors.next()
	number, hasNumber := o.keys.deltas.next()
	_, hasName := o.names.next()
	if err := first(o.keys.actors.in.err, o.keys.deltas.in.err, o.names.in.err); err != nil {
		return err
	}
	switch {
	case hasName && (hasActor || hasNumber || insert), !hasName && !hasNumber:
		return invalid("not exactly one place")
	case hasName:
		return nil
	case !hasActor && number == 0 && insert:
		return nil
	case !hasActor:
		return invalid("an element without an actor")
	}
	return o.refer(actor, number, id)
}

// predecessors checks the operations that this one replaces: older ones, in order.
func (o *ops) predecessors(id uint64) error {
	p := &o.preds
	count, _ := p.counts.next()
	if err := p.counts.in.err; err != nil {
		return err
	}
	if count > MaxOps {
		return invalid("too many predecessors")
	}
	lastNumber, lastActor := uint64(0), uint64(0)
	for i := range count {
		actor, hasActor := p.actors.next()
		number, hasNumber := p.numbers.next()
		if err := first(p.actors.in.err, p.numbers.in.err); err != nil {
			return err
		}
		if !hasActor || !hasNumber {
			return invalid("half a predecessor")
		}
		if err := o.refer(actor, number, id); err != nil {
			return err
		}
		if i > 0 && (number < lastNumber || number == lastNumber && bytes.Compare(o.actors[lastActor][:], o.actors[actor][:]) >= 0) {
			return invalid("predecessors that are not in order")
		}
		lastNumber, lastActor = number, actor
	}
	return nil
}

// refer checks an id that operation id names: made by a listed actor, and before.
func (o *ops) refer(actor, number, id uint64) error {
	if actor >= uint64(len(o.actors)) {
		return invalid("an actor that is not listed")
	}
	if number == 0 || number >= id {
		return invalid("something that does not exist yet")
	}
	o.used[actor] = true
	return nil
}

// end checks that all columns end with the last operation and that every actor
// was needed.
func (o *ops) end() error {
	if o.preds.counts.begun != o.actions.begun || o.values.meta.begun != o.actions.begun || o.inserts.begun != o.actions.begun {
		return invalid("a column is missing")
	}
	if o.expands.begun && !o.expands.full {
		return invalid("a column that should be left out")
	}
	for _, used := range o.used {
		if !used {
			return invalid("an actor that no operation names")
		}
	}
	return first(
		o.objects.actors.end(), o.objects.numbers.end(), o.keys.actors.end(), o.keys.deltas.end(), o.names.end(),
		o.inserts.end(), o.actions.end(), o.values.end(),
		o.preds.counts.end(), o.preds.actors.end(), o.preds.numbers.end(), o.expands.end(), o.marks.end(),
	)
}

func invalid(what string) error { return fmt.Errorf("%w: %s", ErrInvalid, what) }

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// values are the scalar values of operations: type and length in one column, the
// bytes in another.
type values struct {
	meta runs[uint64]
	raw  reader
}

// The types of values; those above have no rules.
const (
	valueTrue      = 2 // 0 null, 1 false
	valueUint      = 3
	valueInt       = 4
	valueFloat     = 5
	valueText      = 6
	valueBytes     = 7
	valueCounter   = 8
	valueTimestamp = 9
	valueLink      = 10
)

// next checks the value of the next row and gives its type.
func (v *values) next() (kind uint64, err error) {
	meta, ok := v.meta.next()
	if v.meta.in.err != nil {
		return 0, v.meta.in.err
	}
	if !ok {
		return 0, invalid("a value without a type")
	}
	kind = meta & 15
	value := reader{data: v.raw.bytes(meta >> 4)}
	if v.raw.err != nil {
		return 0, v.raw.err
	}
	switch {
	case kind <= valueTrue:
	case kind == valueUint:
		value.uint()
	case kind == valueInt, kind == valueCounter, kind == valueTimestamp:
		value.int()
	case kind == valueFloat:
		value.bytes(8)
	default:
		if (kind == valueText || kind == valueLink) && !utf8.Valid(value.data) {
			return 0, invalid("a text that is not UTF-8")
		}
		return kind, nil
	}
	if value.err == nil && !value.done() {
		return 0, invalid("bytes after a value")
	}
	return kind, value.err
}

func (v *values) end() error {
	if !v.raw.done() {
		return invalid("bytes after the last value")
	}
	return v.meta.end()
}
