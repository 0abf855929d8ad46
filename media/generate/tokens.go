package generate

// Sizes of the table of coefficient probabilities (RFC 6386, section 13.3).
const (
	planes   = 4
	bands    = 8
	contexts = 3
	branches = 11
)

// Planes of section 13.3 that occur here.
const (
	planeLuma   = 0 // luma beside a second-order block: its coefficients begin at 1
	planeSecond = 1 // the second-order block Y2
	planeChroma = 2
)

// branchProbs are the probabilities of a block's first coefficient, by branch of the
// tree of section 13.2. They are chosen for the moving pattern, and are the same in all
// three contexts, so that no context need be known.
type branchProbs = [branches]uint8

var (
	secondProbs = branchProbs{83, 1, 10, 79, 20, 132, 123, 60, 49, 61, 64}
	chromaProbs = branchProbs{197, 1, 30, 147, 60, 138, 205, 129, 240, 192, 240}
)

// prob is the probability that a generated frame gives a place of the table, if any.
func prob(plane, band, branch int) (p uint8, given bool) {
	switch {
	case band == 1 && branch == 0 && plane <= planeChroma: // a block ends after its first coefficient, luma at once
		return unlikely, true
	case band == 0 && plane == planeSecond:
		return secondProbs[branch], true
	case band == 0 && plane == planeChroma:
		return chromaProbs[branch], true
	}
	return 0, false
}

// category is one of DCT_CAT1 to DCT_CAT6 of section 13.2: levels from base on, the
// distance in bits of these probabilities.
type category struct {
	base  int
	probs []uint8
}

var categories = [6]category{
	{5, []uint8{159}},
	{7, []uint8{165, 145}},
	{11, []uint8{173, 148, 140}},
	{19, []uint8{176, 155, 140, 135}},
	{35, []uint8{180, 157, 141, 134, 130}},
	{67, []uint8{254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}},
}

// block writes a block that has only its first coefficient, or none: the tokens of
// section 13.2 and, after a coefficient, the end of the block.
func (e *boolEncoder) block(level int, p branchProbs) {
	if level == 0 {
		e.put(false, p[0])
		return
	}
	e.put(true, p[0])
	e.put(true, p[1]) // not zero
	size := max(level, -level)
	switch {
	case size == 1:
		e.put(false, p[2])
	case size <= 4:
		e.put(true, p[2])
		e.put(false, p[3])
		e.put(size > 2, p[4])
		if size > 2 {
			e.put(size == 4, p[5])
		}
	default:
		e.put(true, p[2])
		e.put(true, p[3])
		e.large(size, p)
	}
	e.put(level < 0, 128)
	e.putUnlikely(1)
}

// large writes a level above 4: its category, then how far above its base it is.
func (e *boolEncoder) large(size int, p branchProbs) {
	c := 0
	for c < len(categories)-1 && size >= categories[c+1].base {
		c++
	}
	e.put(c > 1, p[6])
	if c <= 1 {
		e.put(c == 1, p[7])
	} else {
		e.put(c > 3, p[8])
		e.put(c&1 == 1, p[9+(c-2)/2])
	}
	rest := size - categories[c].base
	for i, p := range categories[c].probs {
		e.put(rest>>(len(categories[c].probs)-1-i)&1 != 0, p)
	}
}
