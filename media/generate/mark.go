package generate

import "image"

// mark is what the picture's cells say, 16 a row, the highest bit at the left, white is
// one: the counter in two rows, the lower half of the name's hash, and a CRC-16 of the
// three before.
type mark [markRows]uint16

func newMark(counter, hash uint32) mark {
	m := mark{uint16(counter >> 16), uint16(counter), uint16(hash)}
	m[markRows-1] = m.sum()
	return m
}

func (m mark) bit(column, row int) bool { return m[row]>>(markColumns-1-column)&1 != 0 }

// sum is CRC-16/CCITT-FALSE: polynomial 0x1021, beginning with 0xffff, so that neither
// an all black nor an all white mark is valid.
func (m mark) sum() uint16 {
	crc := uint16(0xffff)
	for _, row := range m[:markRows-1] {
		for bit := markColumns - 1; bit >= 0; bit-- {
			carry := crc>>15 ^ row>>bit&1
			crc = crc<<1 ^ carry*0x1021
		}
	}
	return crc
}

// threshold is between black and white, in video range.
const threshold = 126

// ReadMark finds the counter and the lower half of the sender's hash in a picture of
// any size, also one that was scaled or encoded again. ok is false where there is none.
func ReadMark(picture *image.YCbCr) (counter uint32, hash uint16, ok bool) {
	bounds := picture.Bounds()
	var m mark
	for row := range markRows {
		for column := range markColumns {
			m[row] <<= 1
			luma, some := mean(picture, cell(bounds, markLeft+column, markTop+row))
			if !some {
				return 0, 0, false
			}
			if luma > threshold {
				m[row] |= 1
			}
		}
	}
	return uint32(m[0])<<16 | uint32(m[1]), m[2], m[markRows-1] == m.sum()
}

// cell is the middle half of a cell, both ways: what a scaler or a codec leaves alone.
func cell(bounds image.Rectangle, column, row int) image.Rectangle {
	at := func(cells, size float64, length int) int { return int(cells * size * float64(length)) }
	x, y := float64(column), float64(row)
	return image.Rect(
		at(x+0.25, CellWidth, bounds.Dx()), at(y+0.25, CellHeight, bounds.Dy()),
		at(x+0.75, CellWidth, bounds.Dx()), at(y+0.75, CellHeight, bounds.Dy()),
	).Add(bounds.Min)
}

func mean(picture *image.YCbCr, within image.Rectangle) (luma int, ok bool) {
	sum, count := 0, within.Dx()*within.Dy()
	if count <= 0 {
		return 0, false
	}
	for y := within.Min.Y; y < within.Max.Y; y++ {
		at := picture.YOffset(within.Min.X, y)
		for _, v := range picture.Y[at : at+within.Dx()] {
			sum += int(v)
		}
	}
	return sum / count, true
}
