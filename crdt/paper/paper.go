// Package paper is the recovery key that a person keeps on paper (protocol 2.2): 32
// random bytes as 24 words or as one line of text, and the keys that follow from
// them. It outranks all devices of the person, adds and removes devices, and opens
// backups.
//
// The words are those of BIP 39, English or French: both lists can be told apart by
// the checksum in the last word, and a word by its first four letters.
package paper

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"parvis/crdt/seal"
)

// Words is how many words a key has.
const Words = 24

// textPrefix is how the text form begins, in lower case.
const textPrefix = "parvis-recovery-key-"

// MaxText bounds what [Parse] looks at, in bytes.
const MaxText = 4 << 10

// What callers tell apart of text that is no key.
var (
	// ErrCount reports another number of words than a key has.
	ErrCount = errors.New("a recovery key has 24 words")
	// ErrChecksum reports known words that are no key together: one is wrong, or two
	// were exchanged.
	ErrChecksum = errors.New("these words are not a recovery key: one of them is wrong or in another place")
	// ErrText reports a line of text that was cut off or mistyped.
	ErrText = errors.New("this line is not a complete recovery key")
)

// UnknownWord reports a word that is in no list.
type UnknownWord struct {
	Place int // from 1
	Word  string
}

// Error implements error.
func (u *UnknownWord) Error() string {
	return fmt.Sprintf("word %d, %q, is not in the list of words", u.Place, u.Word)
}

// Language is a list of words.
type Language string

// The lists.
const (
	English Language = "en"
	French  Language = "fr"
)

//go:embed english.txt
var english string

//go:embed french.txt
var french string

// list is one list, and the places of its words by their folded first letters.
type list struct {
	words []string
	at    map[string]int
}

const shortest = 4 // letters that are enough to know a word

var lists = sync.OnceValue(func() map[Language]list {
	all := map[Language]list{}
	for language, text := range map[Language]string{English: english, French: french} {
		l := list{words: strings.Fields(text), at: map[string]int{}}
		for i, word := range l.words {
			folded := fold(word)
			l.at[folded] = i
			l.at[folded[:min(shortest, len(folded))]] = i
		}
		all[language] = l
	}
	return all
})

// find is the place of a word that may be shortened; -1: it is none.
func (l list) find(word string) int {
	word = fold(word)
	i, known := l.at[word]
	if !known && len(word) > shortest {
		i, known = l.at[word[:shortest]]
		known = known && strings.HasPrefix(fold(l.words[i]), word)
	}
	if !known {
		return -1
	}
	return i
}

// fold takes accents and capitals off.
func fold(word string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(word) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// Key is a recovery key. Its zero value is none.
type Key struct{ seed [32]byte }

// New makes a key.
func New() Key { return Key{[32]byte(seal.Random(32))} }

// FromSeed is the key of 32 bytes.
func FromSeed(seed [32]byte) Key { return Key{seed} }

// Seed is what the key is kept as, sealed.
func (k Key) Seed() [32]byte { return k.seed }

// String hides the key, so that no log line can show it.
func (k Key) String() string { return "recovery-key(hidden)" }

// GoString hides the key from %#v too.
func (k Key) GoString() string { return k.String() }

// Sign signs the entries that add and remove devices. Its public part stands in the
// person genesis.
func (k Key) Sign() seal.SignKey {
	return seal.NewSignKey(seal.KDF(k.seed[:], nil, "parvis1/recovery/sign"))
}

// Slot opens the data folder in place of the passphrase.
func (k Key) Slot() seal.Key { return seal.Key(seal.KDF(k.seed[:], nil, "parvis1/recovery/slot")) }

// Identity opens backups, with any age tool.
func (k Key) Identity() string { return seal.FileIdentity(k.file()) }

// Recipient is what backups are sealed to.
func (k Key) Recipient() (string, error) { return seal.FileRecipient(k.file()) }

func (k Key) file() [32]byte { return seal.KDF(k.seed[:], nil, "parvis1/recovery/age") }

// Text is the key in one line, for a QR code.
func (k Key) Text() string { return strings.ToUpper(seal.EncodeBech32(textPrefix, k.seed[:])) }

// Words are the key in words; an unknown language means English.
func (k Key) Words(language Language) []string {
	l, known := lists()[language]
	if !known {
		l = lists()[English]
	}
	words := make([]string, Words)
	for i, n := range split(k.seed) {
		words[i] = l.words[n]
	}
	return words
}

// split makes 24 numbers of 11 bits of the seed and 8 bits of its hash (BIP 39).
func split(seed [32]byte) (numbers [Words]int) {
	sum := seal.Sum(seed[:])
	bits := append(slices.Clone(seed[:]), sum[0])
	for i := range Words * 11 {
		bit := int(bits[i/8] >> (7 - i%8) & 1)
		numbers[i/11] = numbers[i/11]<<1 | bit
	}
	return numbers
}

// join undoes split; false: the hash does not fit.
func join(numbers []int) (seed [32]byte, ok bool) {
	var bits [33]byte
	for i := range Words * 11 {
		bit := byte(numbers[i/11] >> (10 - i%11) & 1)
		bits[i/8] |= bit << (7 - i%8)
	}
	seed = [32]byte(bits[:32])
	return seed, split(seed) == [Words]int(numbers)
}

// Parse reads a key that a person typed or scanned: words of either list, with
// numbers, commas and line breaks between them, or the line of text.
func Parse(text string) (Key, error) {
	if len(text) > MaxText {
		return Key{}, ErrCount
	}
	words := wordsIn(text)
	for i, word := range words {
		if strings.HasPrefix(strings.ToLower(word), textPrefix) {
			data, err := seal.DecodeBech32(textPrefix, strings.Join(words[i:], "")) // a line break may stand in it
			if err != nil || len(data) != len(Key{}.seed) {
				return Key{}, ErrText
			}
			return Key{[32]byte(data)}, nil
		}
	}
	if len(words) != Words {
		return Key{}, ErrCount
	}
	var unknown *UnknownWord
	for _, language := range []Language{English, French} {
		numbers, bad := lists()[language].numbers(words)
		if bad != nil {
			if unknown == nil || bad.Place > unknown.Place {
				unknown = bad // the list that more of them are in
			}
			continue
		}
		if seed, ok := join(numbers); ok {
			return Key{seed}, nil
		}
		if _, bad := lists()[French].numbers(words); language == French || bad != nil {
			return Key{}, ErrChecksum
		}
	}
	return Key{}, unknown
}

func (l list) numbers(words []string) ([]int, *UnknownWord) {
	numbers := make([]int, len(words))
	for i, word := range words {
		if numbers[i] = l.find(word); numbers[i] < 0 {
			return nil, &UnknownWord{i + 1, word}
		}
	}
	return numbers, nil
}

// wordsIn cuts text into words; numbers in front of them, and what separates them, are
// left out.
func wordsIn(text string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(norm.NFC.String(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && !unicode.Is(unicode.Mn, r)
	}), func(word string) bool {
		return !strings.ContainsFunc(word, unicode.IsLetter)
	})
}

// Same reports whether a word that a person typed is the one at a place, from 1, in
// either language.
func (k Key) Same(place int, word string) bool {
	if place < 1 || place > Words || strings.TrimSpace(word) == "" {
		return false
	}
	want := split(k.seed)[place-1]
	return lists()[English].find(strings.TrimSpace(word)) == want || lists()[French].find(strings.TrimSpace(word)) == want
}

// Asked is how many words a person types back to show that the key was written down.
const Asked = 3

// Ask is which words those are, by their places from 1: always the same of one key.
func (k Key) Ask() []int {
	var places []int
	draw := seal.KDF(k.seed[:], nil, "parvis1/recovery/ask")
	for _, b := range draw {
		if place := 1 + int(b)%Words; len(places) < Asked && !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return places
}
