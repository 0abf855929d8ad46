package generate

import "hash/fnv"

// The picture is 20 cells wide and 11¼ high: 16 pixels each in the small layer, 32 in
// the large one. A cell has one shade.
const (
	cellsWide = 20
	// CellWidth and CellHeight are a cell's size as a fraction of the picture's.
	CellWidth  = 1.0 / cellsWide
	CellHeight = 4.0 / 45

	markLeft, markTop     = 2, 1 // in cells
	markColumns, markRows = 16, 4

	patchLeft, patchTop     = 2, 6
	patchColumns, patchRows = 6, 3
)

// Black and white of BT.601 in video range: 0 and 255 on a screen.
var (
	black = shade{16, 128, 128}
	white = shade{235, 128, 128}
)

// palette is what names are shown as, in RGB.
var palette = [12][3]uint8{
	{208, 48, 48}, {232, 120, 32}, {216, 184, 40}, {144, 192, 48}, {56, 168, 72}, {48, 176, 152},
	{48, 160, 216}, {48, 96, 216}, {96, 64, 200}, {152, 64, 200}, {208, 64, 168}, {144, 96, 64},
}

// nameHash is the FNV-1a sum of a name: it chooses the colour and the tone, and is in
// each frame.
func nameHash(name string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // a sum takes everything
	return h.Sum32()
}

// Colour is the red, green and blue of a sender's patch. A decoder that takes BT.709 for
// BT.601, as some do, shows each up to 25 off.
func Colour(name string) [3]uint8 { return palette[nameHash(name)%uint32(len(palette))] }

// toShade converts red, green and blue.
func toShade(c [3]uint8) shade {
	r, g, b := int(c[0]), int(c[1]), int(c[2])
	return shade{
		uint8(16 + (66*r+129*g+25*b+128)>>8),
		uint8(128 + (-38*r-74*g+112*b+128)>>8),
		uint8(128 + (112*r-94*g-18*b+128)>>8),
	}
}

// picture draws one sender's frames.
type picture struct {
	hash  uint32
	patch shade
}

func newPicture(name string) picture {
	return picture{nameHash(name), toShade(Colour(name))}
}

// draw fills a grid of macroblocks, scale of which are as wide as a cell.
func (p picture) draw(grid []shade, columns, scale int, counter uint32) {
	mark := newMark(counter, p.hash)
	for i := range grid {
		x, y := i%columns, i/columns
		cellX, cellY := x/scale, y/scale
		switch {
		case within(cellX, markLeft, markColumns) && within(cellY, markTop, markRows):
			grid[i] = black
			if mark.bit(cellX-markLeft, cellY-markTop) {
				grid[i] = white
			}
		case within(cellX, patchLeft, patchColumns) && within(cellY, patchTop, patchRows):
			grid[i] = p.patch
		default:
			grid[i] = pattern(cellX, cellY, int(counter))
		}
	}
}

func within(v, from, count int) bool { return v >= from && v < from+count }

// pattern is waves that go down to the right, of colour in steps of four cells.
func pattern(x, y, counter int) shade {
	return shade{
		uint8(64 + wave(6*x+8*y-6*counter)),
		uint8(96 + wave(32*(x/4)-24*(y/4)+3*counter)/2),
		uint8(96 + wave(24*(x/4)+32*(y/4)-4*counter)/2),
	}
}

// wave goes from 0 up to 127 and down again in 256 steps.
func wave(phase int) int {
	phase &= 255
	return min(phase, 255-phase)
}
