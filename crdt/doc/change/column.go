package change

import "bytes"

// The decoders of columns. Each gives one value per row and fails on any encoding
// that is not the one an encoder makes, and on more rows than its budget.

// runs is the run-length encoding that all columns but boolean ones have: value
// runs (length ≥ 2), literal runs and null runs.
type runs[V any] struct {
	in     reader
	read   func(*reader) V
	same   func(a, b V) bool
	left   uint64 // rows of the current run
	value  V
	null   bool // the current run is of nulls
	each   bool // the current run is literal
	begun  bool // there was a run
	full   bool // there was a value
	budget uint64
}

func integers(column []byte, budget uint64) runs[uint64] {
	return runs[uint64]{in: reader{data: column}, read: (*reader).uint, same: equal[uint64], budget: budget}
}

func deltas(column []byte, budget uint64) runs[int64] {
	return runs[int64]{in: reader{data: column}, read: (*reader).int, same: equal[int64], budget: budget}
}

func texts(column []byte, budget uint64) runs[[]byte] {
	return runs[[]byte]{in: reader{data: column}, read: (*reader).text, same: bytes.Equal, budget: budget}
}

func equal[V comparable](a, b V) bool { return a == b }

// next gives the value of the next row, and whether there is one: not in null
// rows and not in a column that is left out because it has no values.
func (c *runs[V]) next() (V, bool) {
	var zero V
	if c.left == 0 {
		if c.in.done() {
			if c.begun {
				c.in.fail("a column with too few rows")
			}
			return zero, false
		}
		c.begin()
		if c.in.err != nil {
			return zero, false
		}
	} else if c.each {
		c.literal()
	}
	c.left--
	return c.value, !c.null && c.in.err == nil
}

// begin reads the head of a run and, unless it is of nulls, its first value.
func (c *runs[V]) begin() {
	wasNull, wasEach, begun := c.null, c.each, c.begun
	before := c.value
	count := c.in.int()
	c.null, c.each, c.begun = count == 0, count < 0, true
	switch {
	case count == 0:
		c.left = c.in.uint()
		if c.left == 0 || begun && wasNull {
			c.in.fail("a run of no rows, or two of nulls in a row")
		}
	case count < 0:
		c.left = uint64(-count)
		if begun && wasEach {
			c.in.fail("two literal runs in a row")
		}
	case count == 1:
		c.in.fail("a run of one row")
	default:
		c.left = uint64(count)
	}
	if c.left > c.budget {
		c.in.fail("too many rows")
		return
	}
	c.budget -= c.left
	if !c.null {
		c.full = true
		c.value = c.read(&c.in)
		if begun && !wasNull && c.same(before, c.value) {
			c.in.fail("two runs of one value")
		}
	}
}

// literal reads the next value of a literal run.
func (c *runs[V]) literal() {
	before := c.value
	c.value = c.read(&c.in)
	if c.same(before, c.value) {
		c.in.fail("a literal run that repeats a value")
	}
}

// end checks that the column has no more rows, and that it would not have been
// left out.
func (c *runs[V]) end() error {
	if c.left > 0 || !c.in.done() {
		c.in.fail("a column with too many rows")
	}
	if c.begun && !c.full {
		c.in.fail("a column of nulls")
	}
	return c.in.err
}

// counters is a column of numbers, each given by its distance from the one before.
type counters struct {
	runs[int64]
	at int64
}

// next gives the number of the next row.
func (c *counters) next() (uint64, bool) {
	delta, ok := c.runs.next()
	if !ok {
		return 0, false
	}
	// Both are below 2^33 once they have been checked, so the sum cannot overflow.
	if delta > maxCounter || delta < -maxCounter {
		c.in.fail("a number out of range")
		return 0, false
	}
	c.at += delta
	if c.at < 0 || c.at > maxCounter {
		c.in.fail("a number out of range")
		return 0, false
	}
	return uint64(c.at), true
}

// flags is a column of booleans: the lengths of runs, the first of false.
type flags struct {
	in    reader
	left  uint64
	value bool
	begun bool
	full  bool // there was a true row
}

// next gives the value of the next row; false in a column that is left out.
func (c *flags) next(budget uint64) bool {
	if c.left == 0 {
		if c.in.done() {
			if c.begun {
				c.in.fail("a column with too few rows")
			}
			return false
		}
		c.value = c.begun && !c.value
		c.left = c.in.upTo(budget, "a run")
		if c.left == 0 && !c.begun && !c.in.done() { // begins with true
			c.value = true
			c.left = c.in.upTo(budget, "a run")
		}
		c.begun = true
		if c.left == 0 {
			c.in.fail("a run of no rows")
			return false
		}
		c.full = c.full || c.value
	}
	c.left--
	return c.value && c.in.err == nil
}

// end checks that the column has no more rows.
func (c *flags) end() error {
	if c.left > 0 || !c.in.done() {
		c.in.fail("a column with too many rows")
	}
	return c.in.err
}
