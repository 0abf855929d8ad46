// Package name cleans the names that people give to themselves and to things,
// so that a name looks the same on every device and cannot disguise itself.
package name

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Max is the greatest length of a name in characters (code points).
const Max = 64

// maxBytes bounds the work done for names from the network.
const maxBytes = 4 * 1024

// Clean returns text in NFC, without control characters, bidirectional controls
// and invisible characters, with runs of white space as one space, cut to [Max]
// characters. It is idempotent. The result is empty when nothing is left or when
// text is not UTF-8: then text is no name.
func Clean(text string) string {
	return cut(whole(text))
}

// Typed is what [Clean] makes of a name that somebody gives here and now. One of more than
// [Max] characters is no name and the result is empty: it is refused rather than kept cut.
func Typed(text string) string {
	text = whole(text)
	if utf8.RuneCountInString(text) > Max {
		return ""
	}
	return cut(text)
}

// whole cleans a text of any length.
func whole(text string) string {
	if len(text) > maxBytes || !utf8.ValidString(text) {
		return ""
	}
	return norm.NFC.String(strings.Join(strings.Fields(strings.Map(visible, text)), " "))
}

// visible maps what must not stand in a name to nothing and every kind of white
// space to a space. The two joiners stay: emoji and several scripts need them.
func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r == '\u200c' || r == '\u200d':
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp):
		return -1
	case r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' || r == '\ufffd':
		return -1 // Hangul fillers, which show nothing, and the replacement character
	}
	return r
}

// cut shortens a name in NFC to Max characters. Normalising once more keeps the
// result stable where the cut falls before a combining mark.
func cut(text string) string {
	if utf8.RuneCountInString(text) > Max {
		text = string([]rune(text)[:Max])
	}
	text = norm.NFC.String(strings.TrimSpace(text))
	if strings.Trim(text, "\u200c\u200d ") == "" {
		return ""
	}
	return text
}
