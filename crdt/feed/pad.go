package feed

// minPlain is the smallest padded size.
const minPlain = 256

// coarse is the size from which padding goes in steps of this size.
const coarse = 4096

// nextSize returns the smallest padded size that is at least n (rule E8).
func nextSize(n int) int {
	for size := minPlain; size < coarse; size *= 2 {
		if n <= size {
			return size
		}
	}
	return (n + coarse - 1) / coarse * coarse
}

// isPaddedSize reports whether n is one of the padded sizes.
func isPaddedSize(n int) bool { return n >= minPlain && nextSize(n) == n }

// headSize is how many bytes the deterministic encoding spends in front of a
// string or array of length n, or on the unsigned integer n.
func headSize(n uint64) int {
	switch {
	case n < 24:
		return 1
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	case n < 1<<32:
		return 5
	}
	return 9
}

// padLength returns how many padding bytes bring content of n encoded bytes to
// a padded size, the padding's own head included. A few totals cannot be hit
// exactly, because the head grows with the padding; then the next size is taken.
func padLength(n int) int {
	for size := nextSize(n + 1); ; size = nextSize(size + 1) {
		room := size - n
		for _, head := range [...]int{1, 2, 3, 5} {
			if pad := room - head; pad >= 0 && headSize(uint64(pad)) == head {
				return pad
			}
		}
	}
}

// size returns the length of the encoding of p without its padding.
func (p *Plain) size() int {
	hint := uint64(p.HintMs)
	if p.HintMs < 0 {
		hint = ^hint // CBOR writes a negative n as -1-n
	}
	const idSize = 2 + 32
	return 1 + headSize(uint64(p.Kind)) + headSize(hint) +
		headSize(uint64(len(p.Deps))) + idSize*len(p.Deps) +
		headSize(uint64(len(p.Body))) + len(p.Body)
}
