package feed

import "parvis/crdt/seal"

// laterHeader reads the fields that every version of the header shares, 0 to 5,
// from one of a later version (rule E3).
func laterHeader(payload []byte) (Header, bool) {
	fields, err := seal.Elements(payload)
	if err != nil || len(fields) < 6 {
		return Header{}, false
	}
	var h Header
	ok := field(fields[0], &h.V) && field(fields[1], &h.WS) && field(fields[2], &h.Space) &&
		field(fields[3], &h.Dev) && field(fields[4], &h.Seq) && field(fields[5], &h.Prev)
	return h, ok && h.V > Version
}

func field[T any](data []byte, into *T) bool {
	v, err := seal.Decode[T](data)
	*into = v
	return err == nil
}
