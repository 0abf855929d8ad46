package paper

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"hash/crc32"
	"os"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/text/unicode/norm"

	"parvis/crdt/seal"
)

var update = flag.Bool("update", false, "write the vectors again")

// vector is all that follows from one seed.
type vector struct {
	Seed      string   `json:"seed"`
	English   []string `json:"english"`
	French    []string `json:"french"`
	Text      string   `json:"text"`
	Sign      string   `json:"sign"`
	Slot      string   `json:"slotHash"`
	Identity  string   `json:"identity"`
	Recipient string   `json:"recipient"`
}

func vectorOf(t *testing.T, seed [32]byte) vector {
	t.Helper()
	k := FromSeed(seed)
	recipient, err := k.Recipient()
	if err != nil {
		t.Fatal(err)
	}
	slot := k.Slot()
	return vector{seal.ID(seed).String(), k.Words(English), k.Words(French), k.Text(), k.Sign().Public().String(), seal.Sum(slot[:]).String(), k.Identity(), recipient}
}

func TestTheKeysOfASeedNeverChange(t *testing.T) {
	t.Run("R1 R4 the vectors stand in testdata", func(t *testing.T) {
		const path = "testdata/vectors.json"
		var vectors []vector
		for _, fill := range []byte{0, 0x7f, 0xff} {
			vectors = append(vectors, vectorOf(t, [32]byte(bytes.Repeat([]byte{fill}, 32))))
		}
		got, err := json.MarshalIndent(vectors, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got)+"\n" != string(want) {
			t.Errorf("the vectors are\n%s", got)
		}
		// The vectors of BIP 39.
		for i, want := range []string{
			strings.Repeat("abandon ", 23) + "art",
			strings.Repeat("legal winner thank year wave sausage worth useful ", 2) + "legal winner thank year wave sausage worth title",
			strings.Repeat("zoo ", 23) + "vote",
		} {
			if got := strings.Join(vectors[i].English, " "); got != want {
				t.Errorf("words are %q, want %q", got, want)
			}
		}
	})
}

func TestTheListsAreThoseOfBIP39(t *testing.T) {
	for text, want := range map[string]uint32{english: 0xc1dbd296, norm.NFD.String(french): 0x3e56b216} {
		if got := crc32.ChecksumIEEE([]byte(text)); got != want {
			t.Errorf("a list has the checksum %x, want %x", got, want)
		}
	}
}

func TestAKeyIsReadInWhateverFormAPersonTypesIt(t *testing.T) {
	t.Run("R2 R3 words and line", func(t *testing.T) {
		k := New()
		short := func(words []string) string {
			var all []string
			for _, w := range words {
				all = append(all, string([]rune(w)[:min(4, len([]rune(w)))]))
			}
			return strings.Join(all, " ")
		}
		numbered := ""
		for i, w := range k.Words(French) {
			numbered += strings.Repeat(" ", i%3) + string(rune('0'+i%10)) + ". " + strings.ToUpper(w) + ",\n"
		}
		plain := strings.Map(func(r rune) rune {
			switch r {
			case 'é', 'è', 'ê':
				return 'e'
			}
			return r
		}, strings.Join(k.Words(French), " "))
		for name, text := range map[string]string{
			"English": strings.Join(k.Words(English), " "), "French": strings.Join(k.Words(French), " "), "capitals and numbers": numbered,
			"four letters": short(k.Words(English)), "without accents": plain, "decomposed": norm.NFD.String(strings.Join(k.Words(French), "\n")),
			"line": k.Text(), "line in lower case": strings.ToLower(k.Text()), "line in a text": "My key:\n" + k.Text()[:40] + "\n" + k.Text()[40:] + "\n",
		} {
			got, err := Parse(text)
			if err != nil || got != k {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestWhatIsNoKeyIsNamed(t *testing.T) {
	k := FromSeed(seal.Sum([]byte("paper")))
	words := k.Words(English)
	exchanged := append([]string{}, words...)
	exchanged[3], exchanged[9] = exchanged[9], exchanged[3]
	wrong := append([]string{}, words...)
	wrong[16] = "parvis"
	for name, test := range map[string]struct {
		text string
		want error
	}{
		"nothing": {"", ErrCount}, "23 words": {strings.Join(words[1:], " "), ErrCount}, "exchanged": {strings.Join(exchanged, " "), ErrChecksum},
		"cut line": {k.Text()[:50], ErrText}, "mistyped line": {strings.Replace(k.Text(), "1", "1B", 1), ErrText}, "very long": {strings.Repeat("a ", MaxText), ErrCount},
		"far from its end": {k.Text() + strings.Repeat(" ", MaxText), ErrCount},
	} {
		if _, err := Parse(test.text); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	_, err := Parse(strings.Join(wrong, " "))
	if unknown, ok := errors.AsType[*UnknownWord](err); !ok || unknown.Place != 17 || unknown.Word != "parvis" {
		t.Errorf("a word that does not exist: %v", err)
	}
}

func TestSomeWordsAreRecognised(t *testing.T) {
	t.Run("R5 the asked words", func(t *testing.T) {
		k := New()
		for i := range Words {
			if !k.Same(i+1, " "+strings.ToUpper(k.Words(French)[i])) || !k.Same(i+1, k.Words(English)[i]) {
				t.Errorf("word %d was not recognised", i+1)
			}
		}
		if again := FromSeed(k.Seed()).Ask(); !slices.Equal(again, k.Ask()) || len(again) != Asked || !slices.IsSorted(again) {
			t.Errorf("asks for %v", again)
		}
		if k.Same(0, k.Words(English)[0]) || k.Same(25, "abandon") || k.Same(1, "") || k.Same(1, "parvis") {
			t.Error("a wrong word was recognised")
		}
	})
}

func TestAgeOpensWhatIsSealedToTheKey(t *testing.T) {
	k := New()
	recipient, err := k.Recipient()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w, err := seal.SealFile(&file, recipient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	identities, err := age.ParseIdentities(strings.NewReader(k.Identity() + "\n")) // as the age program reads them
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(file.Bytes()), identities...)
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(r); err != nil || plain.String() != "hello" {
		t.Errorf("%q, %v", plain.String(), err)
	}
}

func FuzzParse(f *testing.F) {
	k := FromSeed([32]byte{9})
	f.Add(strings.Join(k.Words(English), " "))
	f.Add(strings.Join(k.Words(French), ", "))
	f.Add(k.Text())
	f.Add("parvis-recovery-key-1")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := Parse(text)
		if err != nil {
			return
		}
		for _, again := range []string{k.Text(), strings.Join(k.Words(English), " "), strings.Join(k.Words(French), " ")} {
			if same, err := Parse(again); err != nil || same != k {
				t.Errorf("%q is read as a key that %q is not: %v", text, again, err)
			}
		}
	})
}
