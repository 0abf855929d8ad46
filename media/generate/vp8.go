package generate

// shade is the colour of one macroblock: Y, U, V of BT.601 in video range.
type shade [3]uint8

const (
	// quantizer is the index y_ac_qi of RFC 6386, section 9.6. With the two deltas the
	// first coefficient of Y2 counts in steps of 64, which the inverse transforms
	// (section 14.3 and 14.4) turn into one step of luma each, and that of chroma in steps
	// of 16, which are two of chroma. So what a decoder shows is known exactly here.
	quantizer   = 28
	secondDelta = 7   // index 35: 32, and Y2 takes it twice
	chromaDelta = -15 // index 13: 16
	// chromaStep is what one level of a chroma coefficient changes.
	chromaStep = 2
)

// headerLength is that of the frame tag and of the key frame's start code and size
// (section 9.1).
const headerLength = 10

// encoder makes key frames of one size, of flat macroblocks. Each is predicted from its
// neighbours' mean (DC_PRED, section 12.2 and 12.3) and corrected by one coefficient per block.
// Not safe for concurrent use.
type encoder struct {
	width, height int
	columns, rows int // of macroblocks
	first         []byte
	tokens        boolEncoder
	above         []shade // what a decoder shows of the row above
}

func newEncoder(width, height int) *encoder {
	e := &encoder{width: width, height: height, columns: (width + 15) / 16, rows: (height + 15) / 16}
	e.above = make([]shade, e.columns)
	e.first = firstPartition(e.columns * e.rows)
	return e
}

// firstPartition is the frame header (section 9.2 to 9.11, 19.2) and the modes of the
// macroblocks (section 11). No macroblock is skipped, so it is the same for all frames.
func firstPartition(macroblocks int) []byte {
	var e boolEncoder
	e.reset()
	e.number(0, 2)     // colour space, clamping
	e.number(0, 1)     // segmentation
	e.number(0, 1+6+3) // loop filter: type, level 0, sharpness
	e.number(0, 1)     // its adjustments
	e.number(0, 2)     // one partition of coefficients
	e.number(quantizer, 7)
	for _, delta := range [5]int{0, secondDelta, 0, chromaDelta, 0} { // Y1 DC, Y2 DC and AC, chroma DC and AC
		e.number(min(delta*delta, 1), 1)
		if delta != 0 {
			e.number(max(delta, -delta), 4)
			e.put(delta < 0, 128)
		}
	}
	e.number(0, 1) // the probabilities are this frame's only
	e.probabilities()
	e.number(0, 1) // no macroblock is skipped
	for range macroblocks {
		e.put(true, 145) // DC_PRED, kf_ymode_tree of section 11.2
		e.put(false, 156)
		e.put(false, 163)
		e.put(false, 142) // DC_PRED, uv_mode_tree of section 11.4
	}
	return e.finish()
}

// probabilities writes those of the coefficients (section 13.4).
func (e *boolEncoder) probabilities() {
	for plane := range planes {
		for band := range bands {
			for context := range contexts {
				for branch := range branches {
					p, given := prob(plane, band, branch)
					e.put(given, updateProbs[plane][band][context][branch])
					if given {
						e.number(int(p), 8)
					}
				}
			}
		}
	}
}

// frame is the key frame that shows the grid, a shade per macroblock, row by row. It
// has room for more bytes after it.
func (e *encoder) frame(grid []shade, room int) []byte {
	e.tokens.reset()
	for row := range e.rows {
		e.row(row == 0, grid[row*e.columns:][:e.columns])
	}
	tokens := e.tokens.finish()
	f := make([]byte, 0, max(headerLength+len(e.first)+len(tokens), room))
	tag := len(e.first)<<5 | 1<<4 // a key frame, version 0, shown
	f = append(f, byte(tag), byte(tag>>8), byte(tag>>16), 0x9d, 0x01, 0x2a,
		byte(e.width), byte(e.width>>8), byte(e.height), byte(e.height>>8))
	return append(append(f, e.first...), tokens...)
}

// row writes a row of macroblocks and leaves what a decoder shows of it in above.
func (e *encoder) row(top bool, targets []shade) {
	var left shade
	for column, target := range targets {
		base := predict(e.above[column], left, !top, column > 0)
		luma := int(target[0]) - int(base[0])
		shown := shade{target[0]}
		e.tokens.block(luma, secondProbs)
		e.tokens.putUnlikely(16) // luma blocks that end at once
		for plane := 1; plane <= 2; plane++ {
			level := (int(target[plane]) - int(base[plane])) / chromaStep
			shown[plane] = uint8(int(base[plane]) + level*chromaStep)
			for range 4 {
				e.tokens.block(level, chromaProbs)
			}
		}
		e.above[column], left = shown, shown
	}
}

// predict is DC_PRED of section 12.2 and 12.3 for flat neighbours.
func predict(above, left shade, hasAbove, hasLeft bool) shade {
	switch {
	case hasAbove && hasLeft:
		for i := range above {
			above[i] = uint8((int(above[i]) + int(left[i]) + 1) / 2)
		}
		return above
	case hasAbove:
		return above
	case hasLeft:
		return left
	}
	return shade{128, 128, 128}
}
