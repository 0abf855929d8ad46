package change

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/seal/sealtest"
)

// raw is a change built field by field, to build wrong ones.
type raw struct {
	deps    [][]byte
	actor   []byte
	seq     uint64
	start   uint64
	time    int64
	message string
	others  [][]byte
	columns []column
	extra   []byte
}

// one is a change that puts true under the key "k" of the root.
func one() raw {
	return raw{
		actor: bytes.Repeat([]byte{7}, 16), seq: 1, start: 1,
		columns: []column{
			{columnKeyText, []byte{0x7f, 1, 'k'}}, {columnInsert, []byte{1}}, {columnAction, []byte{0x7f, 1}},
			{columnValueMeta, []byte{0x7f, 2}}, {columnPredCount, []byte{0x7f, 0}},
		},
	}
}

func (c raw) bytes() []byte {
	var b []byte
	text := func(t []byte) { b = append(binary.AppendUvarint(b, uint64(len(t))), t...) }
	b = binary.AppendUvarint(b, uint64(len(c.deps)))
	for _, dep := range c.deps {
		b = append(b, dep...)
	}
	text(c.actor)
	b = binary.AppendUvarint(b, c.seq)
	b = binary.AppendUvarint(b, c.start)
	b = append(b, signed(c.time)...)
	text([]byte(c.message))
	b = binary.AppendUvarint(b, uint64(len(c.others)))
	for _, other := range c.others {
		text(other)
	}
	b = binary.AppendUvarint(b, uint64(len(c.columns)))
	for _, column := range c.columns {
		b = binary.AppendUvarint(b, column.spec)
		b = binary.AppendUvarint(b, uint64(len(column.data)))
	}
	for _, column := range c.columns {
		b = append(b, column.data...)
	}
	return sealAgain(append(b, c.extra...))
}

func signed(v int64) []byte {
	var b []byte
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// set replaces a column's bytes, or adds the column in its place.
func (c raw) set(spec uint64, data ...byte) raw {
	c.columns = slices.DeleteFunc(slices.Clone(c.columns), func(col column) bool { return col.spec == spec })
	at, _ := slices.BinarySearchFunc(c.columns, spec, func(col column, spec uint64) int { return int(col.spec) - int(spec) })
	c.columns = slices.Insert(c.columns, at, column{spec, data})
	return c
}

func TestParseTakesWhatIsBuiltByHand(t *testing.T) {
	c := one()
	c.time, c.message, c.extra = -5, "é", []byte{1, 2, 3}
	c.deps = [][]byte{bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)}
	h, err := Parse(c.bytes())
	if err != nil || h.NOps != 1 || h.Time != -5 || h.Message != "é" || len(h.Deps) != 2 || h.Actor != doc.Actor(c.actor) {
		t.Errorf("read %+v, %v", h, err)
	}
	for _, time := range []int64{0, 63, 64, -64, -65, math.MaxInt64, math.MinInt64} {
		c.time = time
		if h, err := Parse(c.bytes()); err != nil || h.Time != time {
			t.Errorf("time %d: read %+v, %v", time, h, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	huge := []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40} // 2^62
	with := func(edit func(*raw)) raw {
		c := one()
		edit(&c)
		return c
	}
	cases := map[string]raw{
		"a short actor":               with(func(c *raw) { c.actor = c.actor[:15] }),
		"sequence number 0":           with(func(c *raw) { c.seq = 0 }),
		"first operation 0":           with(func(c *raw) { c.start = 0 }),
		"operations beyond 2^31":      with(func(c *raw) { c.start = maxCounter }),
		"message of bad UTF-8":        with(func(c *raw) { c.message = "\xff" }),
		"dependencies out of order":   with(func(c *raw) { c.deps = [][]byte{bytes.Repeat([]byte{2}, 32), make([]byte, 32)} }),
		"a dependency twice":          with(func(c *raw) { c.deps = [][]byte{make([]byte, 32), make([]byte, 32)} }),
		"an actor of no operation":    with(func(c *raw) { c.others = [][]byte{make([]byte, 16)} }),
		"the author among the others": with(func(c *raw) { c.others = [][]byte{c.actor} }),
		"no action":                   with(func(c *raw) { c.columns = c.columns[:2] }),
		"a null action":               one().set(columnAction, 0, 1),
		"an action of tomorrow":       one().set(columnAction, 0x7f, 8),
		"a run of 2^62":               one().set(columnAction, append(slices.Clone(huge), 1)...),
		"a null run of 2^62":          one().set(columnKeyText, append([]byte{0}, huge...)...),
		"a literal run of 2^62":       one().set(columnAction, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 1),
		"a run of one":                one().set(columnAction, 1, 1),
		"a second encoding of a run":  one().set(columnAction, 0x7e, 1, 1),
		"more rows than actions":      one().set(columnValueMeta, 2, 2),
		"fewer rows than actions":     one().set(columnAction, 2, 1),
		"a column of nulls":           one().set(columnMarkName, 0, 1),
		"a column of false":           one().set(columnExpand, 1),
		"a long form of a number":     one().set(columnAction, 0x7f, 0x81, 0),
		"an insert by key":            one().set(columnInsert, 0, 1),
		"a boolean run of none":       one().set(columnInsert, 1, 0),
		"a key and an element":        one().set(columnKeyCounter, 0x7f, 0),
		"an object without an actor":  one().set(columnObjCounter, 0x7f, 1),
		"an object of the future":     one().set(columnObjActor, 0x7f, 0).set(columnObjCounter, 0x7f, 1),
		"an actor not listed":         one().set(columnObjActor, 0x7f, 3).set(columnObjCounter, 0x7f, 1),
		"a value with bytes":          one().set(columnValue, 1),
		"true with a length":          one().set(columnValueMeta, 0x7f, 0x12).set(columnValue, 1),
		"a short float":               one().set(columnValueMeta, 0x7f, 0x45).set(columnValue, 1, 2, 3, 4),
		"text that is not UTF-8":      one().set(columnValueMeta, 0x7f, 0x16).set(columnValue, 0xff),
		"an increment by text":        one().set(columnAction, 0x7f, 5),
		"2^62 predecessors":           one().set(columnPredCount, append([]byte{0x7f}, huge...)...),
		"a predecessor of the future": one().set(columnPredCount, 0x7f, 1).set(columnPredActor, 0x7f, 0).set(columnPredNumber, 0x7f, 1),
		"an unknown column":           one().set(11<<4|2, 0x7f, 1),
		"a packed column":             one().set(columnMarkName|8, 1, 2, 3),
		"an empty column":             one().set(columnMarkName),
	}
	for name, c := range cases {
		if _, err := Parse(c.bytes()); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func compressed(t testing.TB, body []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	hash := parts{kind: TypeChange, body: body}.hash()
	chunk := slices.Concat(magic, hash[:4], []byte{byte(TypeCompressed)})
	return append(binary.AppendUvarint(chunk, uint64(packed.Len())), packed.Bytes()...)
}

func TestParseLimits(t *testing.T) {
	c := one()
	c.extra = make([]byte, MaxInflated)
	plain, _, err := cut(c.bytes())
	if err != nil {
		t.Fatal(err)
	}
	bomb := compressed(t, plain.body)
	if _, err := Parse(bomb); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "unpacked") {
		t.Errorf("a bomb of %d bytes: %v", len(bomb), err)
	}
	if used := sealtest.Allocated(func() { _, _ = Parse(bomb) }); !raceEnabled && used > 4*MaxInflated {
		t.Errorf("a bomb takes %d bytes", used)
	}
	if _, err := Parse(c.bytes()); !errors.Is(err, ErrInvalid) {
		t.Errorf("a change of more than %d bytes: %v", MaxChange, err)
	}
	many := one()
	for i := range MaxDeps + 1 {
		many.deps = append(many.deps, binary.BigEndian.AppendUint64(make([]byte, 24), uint64(i)))
	}
	if _, err := Parse(many.bytes()); !errors.Is(err, ErrInvalid) {
		t.Errorf("%d dependencies: %v", len(many.deps), err)
	}
	many.deps = many.deps[:MaxDeps]
	if _, err := Parse(many.bytes()); err != nil {
		t.Errorf("%d dependencies: %v", MaxDeps, err)
	}
	// The most operations: all put the same, by runs, in 20 bytes.
	run := []byte{0xc0, 0x84, 0x3d} // 1,000,000
	full := one().set(columnKeyText, append(slices.Clone(signed(MaxOps)), 1, 'k')...).set(columnInsert, run...).
		set(columnAction, append(signed(MaxOps), 1)...).set(columnValueMeta, append(signed(MaxOps), 2)...).set(columnPredCount, append(signed(MaxOps), 0)...)
	if h, err := Parse(full.bytes()); err != nil || h.NOps != MaxOps {
		t.Errorf("%d operations: %+v, %v", MaxOps, h, err)
	}
	over := full.set(columnAction, append(signed(MaxOps+1), 1)...)
	if used := sealtest.Allocated(func() { _, _ = Parse(over.bytes()) }); used > 1<<20 {
		t.Errorf("too many operations take %d bytes", used)
	}
	if _, err := Parse(over.bytes()); !errors.Is(err, ErrInvalid) {
		t.Errorf("more than %d operations: %v", MaxOps, err)
	}
}

func BenchmarkParse(b *testing.B) {
	cases := made(b)
	for name, data := range map[string][]byte{
		"keystroke":        cases["3.5.0 typing"].Changes[20].Data,
		"compressed":       cases["3.5.0 paste"].Changes[1].Compressed,
		"10500 operations": cases["3.5.0 large"].Changes[1].Data,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Parse(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
