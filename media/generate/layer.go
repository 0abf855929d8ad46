package generate

// FrameRate is how many pictures a second a [Source] sends, in each layer.
const FrameRate = 15

// layer makes one size of a sender's picture.
type layer struct {
	encoder *encoder
	scale   int // macroblocks in a cell, one way
	size    int // bytes of a frame
	grid    []shade
	pad     noise
}

// newLayer is a layer with macroblocks scale to a cell that takes so many kbit/s, or
// more where the picture needs more.
func newLayer(scale, kbps int) *layer {
	l := &layer{encoder: newEncoder(320*scale, 180*scale), scale: scale, size: kbps * 1000 / 8 / FrameRate, pad: 1}
	l.grid = make([]shade, l.encoder.columns*l.encoder.rows)
	return l
}

// frame is the whole frame with this counter.
func (l *layer) frame(p picture, counter uint32) []byte {
	p.draw(l.grid, l.encoder.columns, l.scale, counter)
	frame := l.encoder.frame(l.grid, l.size)
	return trailer{counter, p.hash}.seal(frame, l.size, &l.pad)
}
