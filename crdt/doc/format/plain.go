package format

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text decodes a text file: UTF-8, UTF-16 with a mark in front, or else Windows
// 1252, which every file is. Line ends become "\n"; control characters are left
// out.
func Text(data []byte) string {
	text := ""
	switch {
	case len(data) >= 2 && data[0] == 0xff && data[1] == 0xfe:
		text = fromUTF16(data[2:], binary.LittleEndian)
	case len(data) >= 2 && data[0] == 0xfe && data[1] == 0xff:
		text = fromUTF16(data[2:], binary.BigEndian)
	case utf8.Valid(data):
		text = strings.TrimPrefix(string(data), "\ufeff")
	default:
		text = fromWindows(data)
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\f", "\n").Replace(text)
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

// IsText tells text files from others: a text has no zero bytes, unless it is
// UTF-16, and next to no control characters.
func IsText(data []byte) bool {
	if len(data) >= 2 && (data[0] == 0xff && data[1] == 0xfe || data[0] == 0xfe && data[1] == 0xff) {
		return true
	}
	controls := 0
	for _, b := range data {
		switch {
		case b == 0:
			return false
		case b < ' ' && !strings.ContainsRune("\t\n\r\f\v\b\x1b", rune(b)):
			controls++
		}
	}
	return controls <= 8+len(data)/100
}

func fromUTF16(data []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

func fromWindows(data []byte) string {
	// What 0x80 to 0x9f are; five of them are nothing.
	high := []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")
	var out strings.Builder
	for _, b := range data {
		r := rune(b)
		if b >= 0x80 && b < 0xa0 {
			r = high[b-0x80]
		}
		out.WriteRune(r)
	}
	return out.String()
}
