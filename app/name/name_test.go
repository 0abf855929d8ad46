package name_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"parvis/app/name"
)

func TestClean(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"a plain name stays", "Ana Lindqvist", "Ana Lindqvist"},
		{"white space is folded", "  Ana \t\n  B\u00a0C ", "Ana B C"},
		{"letters are composed", "Rene\u0301e", "Renée"},
		{"bidirectional controls go", "Ana\u202e\u2066gpj.exe\u2069", "Anagpj.exe"},
		{"control characters go", "A\x00n\x1ba\x7f", "Ana"},
		{"invisible characters go", "A\u200bn\ufeffa\u00ad", "Ana"},
		{"a joined emoji stays", "👩\u200d🔬", "👩\u200d🔬"},
		{"Arabic stays", "عبد الله", "عبد الله"},
		{"only invisible is no name", "\u200d\u200b \u3164", ""},
		{"not UTF-8 is no name", "A\xffna", ""},
		{"a long name is cut", strings.Repeat("é", 100), strings.Repeat("é", 64)},
		{"an absurd length is no name", strings.Repeat("a", 5000), ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := name.Clean(c.in); got != c.want {
				t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestATypedNameIsKeptWholeOrRefused(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"a plain name stays", " Ana  Lindqvist ", "Ana Lindqvist"},
		{"the longest stays", strings.Repeat("é", 64), strings.Repeat("é", 64)},
		{"what is not seen does not count", strings.Repeat("a", 64) + "\u200b  ", strings.Repeat("a", 64)},
		{"one character too many", strings.Repeat("é", 65), ""},
		{"much too long", strings.Repeat("x", 300), ""},
		{"an absurd length", strings.Repeat("a", 5000), ""},
		{"only invisible is no name", "\u200d\u200b \u3164", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := name.Typed(c.in); got != c.want {
				t.Errorf("Typed(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestCleanIsIdempotentOnAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		b := make([]byte, random.IntN(200))
		for i := range b {
			b[i] = byte(random.UintN(256))
		}
		check(t, string(b))
		runes := make([]rune, random.IntN(100))
		for i := range runes {
			runes[i] = rune(random.IntN(0x3200))
		}
		check(t, string(runes))
	}
}

func FuzzClean(f *testing.F) {
	f.Add("Ana\u202e")
	f.Add("e\u0301")
	f.Fuzz(check)
}

func check(t *testing.T, text string) {
	once := name.Clean(text)
	if twice := name.Clean(once); twice != once {
		t.Fatalf("Clean(%q) = %q, then %q", text, once, twice)
	}
	if n := utf8.RuneCountInString(once); n > name.Max {
		t.Fatalf("%q has %d characters", once, n)
	}
}
