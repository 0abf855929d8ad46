package generate

import "math/bits"

// boolEncoder is the boolean entropy encoder of RFC 6386, section 7.3. Its range is
// kept normalised, its low end in low; shifting by more than one bit at a time does
// what the section's loop does.
type boolEncoder struct {
	out   []byte
	width uint32 // the section's range: 128 to 255
	low   uint32 // the section's bottom
	count int    // bits of low that are ready, less 24
}

func (e *boolEncoder) reset() {
	e.out, e.width, e.low, e.count = e.out[:0], 255, 0, -24
}

// put writes one bit that is false with probability prob/256.
func (e *boolEncoder) put(bit bool, prob uint8) {
	split := 1 + (e.width-1)*uint32(prob)>>8
	if bit {
		e.low += split
		e.width -= split
	} else {
		e.width = split
	}
	if e.width < 128 {
		e.shift()
	}
}

// unlikely is the probability of bits that are never set here.
const unlikely = 255

// putUnlikely writes n times false with probability unlikely, which only takes one from
// the range each time until it must be normalised.
func (e *boolEncoder) putUnlikely(n int) {
	if rest := e.width - uint32(n); rest >= 128 {
		e.width = rest
		return
	}
	for range n {
		e.put(false, unlikely)
	}
}

// shift normalises the range and gives out what is certain.
func (e *boolEncoder) shift() {
	by := bits.LeadingZeros8(uint8(e.width))
	e.width <<= by
	e.count += by
	if e.count >= 0 {
		offset := by - e.count
		if e.low<<(offset-1)&(1<<31) != 0 {
			e.carry()
		}
		e.out = append(e.out, byte(e.low>>(24-offset)))
		e.low = e.low << offset & 0xffffff
		by = e.count
		e.count -= 8
	}
	e.low <<= by
}

// carry is add_one_to_output of the section.
func (e *boolEncoder) carry() {
	i := len(e.out) - 1
	for ; e.out[i] == 255; i-- {
		e.out[i] = 0
	}
	e.out[i]++
}

// number writes the n bits of v, the highest first, as a literal of section 8.
func (e *boolEncoder) number(v, n int) {
	for n--; n >= 0; n-- {
		e.put(v>>n&1 != 0, 128)
	}
}

// finish returns all that was written. It is valid until the next reset.
func (e *boolEncoder) finish() []byte {
	e.number(0, 32)
	return e.out
}

// boolDecoder is the decoder of section 7.3. Past the end it reads zeroes, as
// decoders do.
type boolDecoder struct {
	data  []byte
	width uint32
	value uint32 // two bytes, as in the section
	count int    // bits shifted out of the lower byte
}

func newBoolDecoder(data []byte) *boolDecoder {
	d := &boolDecoder{data: data, width: 255}
	d.value = d.next()<<8 | d.next()
	return d
}

func (d *boolDecoder) next() uint32 {
	if len(d.data) == 0 {
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return uint32(b)
}

func (d *boolDecoder) get(prob uint8) bool {
	split := 1 + (d.width-1)*uint32(prob)>>8
	bit := d.value >= split<<8
	if bit {
		d.width -= split
		d.value -= split << 8
	} else {
		d.width = split
	}
	for d.width < 128 {
		d.width <<= 1
		d.value <<= 1
		if d.count++; d.count == 8 {
			d.count = 0
			d.value |= d.next()
		}
	}
	return bit
}

func (d *boolDecoder) flag() bool { return d.get(128) }

func (d *boolDecoder) number(n int) int {
	v := 0
	for range n {
		v <<= 1
		if d.flag() {
			v |= 1
		}
	}
	return v
}

// skipOptional reads a flag and, where it is set, n bits and a sign.
func (d *boolDecoder) skipOptional(n int) {
	if d.flag() {
		d.number(n + 1)
	}
}
