package rewrite

import "slices"

// hunk is where two sequences differ: a[a0:a1] became b[b0:b1].
type hunk struct{ a0, a1, b0, b1 int }

// maxEdits bounds the search: sequences that differ in more places are taken to differ
// from the first difference to the last. It costs a few megabytes at most.
const maxEdits = 1000

// differences compares two sequences by Myers' greedy algorithm ("An O(ND) Difference
// Algorithm and Its Variations", 1986).
func differences[T comparable](a, b []T) []hunk {
	prefix := 0
	for prefix < len(a) && prefix < len(b) && a[prefix] == b[prefix] {
		prefix++
	}
	suffix := 0
	for suffix < len(a)-prefix && suffix < len(b)-prefix && a[len(a)-1-suffix] == b[len(b)-1-suffix] {
		suffix++
	}
	middleA, middleB := a[prefix:len(a)-suffix], b[prefix:len(b)-suffix]
	if len(middleA) == 0 && len(middleB) == 0 {
		return nil
	}
	whole := []hunk{{prefix, prefix + len(middleA), prefix, prefix + len(middleB)}}
	if len(middleA) == 0 || len(middleB) == 0 {
		return whole
	}
	trace, found := search(middleA, middleB)
	if !found {
		return whole
	}
	return walk(trace, len(middleA), len(middleB), prefix)
}

// search returns, for each number of edits, how far each diagonal was reached. Row d
// holds the diagonals -d…d in steps of two.
func search[T comparable](a, b []T) (trace [][]int32, found bool) {
	reach := func(row []int32, d, k int) int { return int(row[(k+d)/2]) }
	for d := 0; d <= maxEdits; d++ {
		row := make([]int32, d+1)
		for k := -d; k <= d; k += 2 {
			x := 0
			if d > 0 {
				last := trace[d-1]
				if down := k == -d || k != d && reach(last, d-1, k-1) < reach(last, d-1, k+1); down {
					x = reach(last, d-1, k+1)
				} else {
					x = reach(last, d-1, k-1) + 1
				}
			}
			for x < len(a) && x-k < len(b) && x-k >= 0 && a[x] == b[x-k] {
				x++
			}
			row[(k+d)/2] = int32(x)
			if x >= len(a) && x-k >= len(b) {
				return append(trace, row), true
			}
		}
		trace = append(trace, row)
	}
	return nil, false
}

// walk goes back from the end and joins single edits that touch.
func walk(trace [][]int32, x, y, offset int) []hunk {
	var hunks []hunk
	for d := len(trace) - 1; d > 0; d-- {
		last := trace[d-1]
		reach := func(k int) int { return int(last[(k+d-1)/2]) }
		k := x - y
		var fromX, fromY int
		if k == -d || k != d && reach(k-1) < reach(k+1) {
			fromX = reach(k + 1)
			fromY = fromX - (k + 1)
		} else {
			fromX = reach(k - 1)
			fromY = fromX - (k - 1)
		}
		toX, toY := fromX, fromY+1
		if k != -d && (k == d || reach(k-1) >= reach(k+1)) {
			toX, toY = fromX+1, fromY
		}
		one := hunk{fromX + offset, toX + offset, fromY + offset, toY + offset}
		if n := len(hunks) - 1; n >= 0 && hunks[n].a0 == one.a1 && hunks[n].b0 == one.b1 {
			hunks[n].a0, hunks[n].b0 = one.a0, one.b0
		} else {
			hunks = append(hunks, one)
		}
		x, y = fromX, fromY
	}
	slices.Reverse(hunks)
	return hunks
}
