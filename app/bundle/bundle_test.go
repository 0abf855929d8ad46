package bundle

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"testing"

	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

var update = flag.Bool("update", false, "write the test vectors again")

type record struct {
	kind Kind
	body []byte
}

var (
	team   = Workspace{ID: seal.ID{1}, LogKey: seal.Key{2}}
	author = seal.NewSignKey([32]byte{3})
	salt   = bytes.Repeat([]byte{4}, saltSize)
)

// sample has records of every sort, and more than fits into two pieces.
func sample() []record {
	return []record{
		{Entry, []byte("an entry")}, {Blob, []byte{}}, {Envelope, bytes.Repeat([]byte{5}, pieceSize)}, {Kind(200), []byte("of a later version")},
		{Block, bytes.Repeat([]byte{6}, pieceSize+7)}, {Held, []byte("held")},
	}
}

func write(t testing.TB, ws Workspace, records []record) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := newWriter(&out, ws, author, Head{MadeMs: 1_700_000_000_000, For: seal.ID{7}}, salt)
	for _, r := range records {
		err = errors.Join(err, w.Add(r.kind, r.body))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read reads a whole bundle; the records count only without error.
func read(ws Workspace, file []byte) (head Head, records []record, err error) {
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return head, nil, err
	}
	if !r.For(ws) {
		return head, nil, errForeign
	}
	if head, err = r.Unlock(ws); err != nil {
		return head, nil, err
	}
	for {
		kind, body, err := r.Next()
		if errors.Is(err, io.EOF) {
			return head, records, nil
		}
		if err != nil {
			return head, nil, err
		}
		records = append(records, record{kind, body})
	}
}

var errForeign = errors.New("for another workspace")

func equal(a, b []record) bool {
	return slices.EqualFunc(a, b, func(x, y record) bool { return x.kind == y.kind && bytes.Equal(x.body, y.body) })
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for name, records := range map[string][]record{
		"nothing": nil, "every kind": sample(),
		"the longest record": {{Envelope, make([]byte, MaxRecord)}},
	} {
		t.Run("K60 K61 "+name, func(t *testing.T) {
			file := write(t, team, records)
			head, got, err := read(team, file)
			if err != nil || !equal(got, records) {
				t.Fatalf("%d of %d records, %v", len(got), len(records), err)
			}
			if want := (Head{V: 1, WS: team.ID, Author: author.Public(), MadeMs: 1_700_000_000_000, For: seal.ID{7}}); head != want {
				t.Errorf("head %+v, want %+v", head, want)
			}
		})
	}
	t.Run("K61 the tail may end exactly with a piece", func(t *testing.T) {
		overhead := 2*recordHead + len(mustEncode(t, Head{V: 1, WS: team.ID, Author: author.Public(), MadeMs: 1_700_000_000_000, For: seal.ID{7}})) + recordHead + seal.SigSize
		for _, extra := range []int{-1, 0, 1} {
			records := []record{{Envelope, make([]byte, pieceSize-overhead+extra)}}
			file := write(t, team, records)
			if want := headerSize + pieceSize + seal.PlaceOverhead + extra; extra <= 0 && len(file) != want {
				t.Errorf("%d bytes, want %d", len(file), want)
			}
			if _, got, err := read(team, file); err != nil || !equal(got, records) {
				t.Errorf("%+d: %d records, %v", extra, len(got), err)
			}
		}
	})
	if err := mustWriter(t).Add(Envelope, make([]byte, MaxRecord), []byte{1}); err == nil {
		t.Error("K61 a record that is too long is written")
	}
}

func mustEncode(t *testing.T, head Head) []byte {
	t.Helper()
	raw, err := seal.Encode(head)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func mustWriter(t *testing.T) *Writer {
	t.Helper()
	w, err := NewWriter(io.Discard, team, author, Head{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWhatIsNoWholeBundleIsRefused(t *testing.T) {
	good := write(t, team, sample())
	cut := func(n int) []byte { return good[:n] }
	other := write(t, team, nil)
	whole := headerSize + pieceSize + seal.PlaceOverhead
	for name, test := range map[string]struct {
		file []byte
		want error
	}{
		"nothing":                     {nil, ErrNotThis},
		"another file":                {bytes.Repeat([]byte("%PDF-1.7 "), 50), ErrNotThis},
		"a short text":                {[]byte("parvis"), ErrNotThis},
		"an older version":            {append([]byte("parvis bundle 0\n"), good[len(Magic):]...), ErrVersion},
		"a newer version":             {append([]byte("parvis bundle 12\n"), good[len(Magic):]...), ErrVersion},
		"a header only":               {cut(headerSize), ErrDamaged},
		"less than a header":          {cut(headerSize - 1), ErrDamaged},
		"the name only":               {cut(len(Magic)), ErrDamaged},
		"cut behind a piece":          {cut(whole), ErrDamaged},
		"cut inside a piece":          {cut(whole + 100), ErrDamaged},
		"cut by one":                  {cut(len(good) - 1), ErrDamaged},
		"something behind":            {append(bytes.Clone(good), 0), ErrDamaged},
		"a piece twice":               {append(bytes.Clone(good[:whole]), good[headerSize:]...), ErrDamaged},
		"a piece left out":            {append(bytes.Clone(good[:headerSize]), good[whole:]...), ErrDamaged},
		"a piece of another bundle":   {append(bytes.Clone(good[:headerSize]), write(t, team, sample()[:3])[headerSize:whole]...), ErrDamaged},
		"the end of another":          {append(bytes.Clone(good[:whole]), other[headerSize:]...), ErrDamaged},
		"another bundle's salt, mark": {append(bytes.Clone(good[:len(Magic)]), make([]byte, saltSize+markSize)...), errForeign},
	} {
		t.Run("K60 K62 "+name, func(t *testing.T) {
			if _, _, err := read(team, test.file); !errors.Is(err, test.want) {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
	t.Run("K62 every flipped byte", func(t *testing.T) {
		small := write(t, team, sample()[:2])
		for at := range small {
			bad := bytes.Clone(small)
			bad[at] ^= 1
			if _, _, err := read(team, bad); err == nil {
				t.Fatalf("byte %d", at)
			}
		}
	})
	t.Run("an error of the file is not damage", func(t *testing.T) {
		broken := errors.New("the stick is gone")
		r, err := NewReader(io.MultiReader(bytes.NewReader(cut(whole)), failing{broken}))
		if err == nil {
			_, err = r.Unlock(team)
		}
		for err == nil {
			_, _, err = r.Next()
		}
		if !errors.Is(err, broken) {
			t.Errorf("%v", err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestAStrangerLearnsNothing(t *testing.T) {
	file := write(t, team, sample())
	t.Run("K60 neither the workspace nor the author stands there", func(t *testing.T) {
		public := author.Public()
		for name, secret := range map[string][]byte{"workspace": team.ID[:8], "author": public[:8], "content": []byte("an entry")} {
			if bytes.Contains(file, secret) {
				t.Errorf("the %s is visible", name)
			}
		}
	})
	t.Run("K60 two bundles of one workspace have nothing in common but the name", func(t *testing.T) {
		var again bytes.Buffer
		w, err := NewWriter(&again, team, author, Head{})
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		a, b := file[len(Magic):headerSize], again.Bytes()[len(Magic):headerSize]
		if bytes.Equal(a[:saltSize], b[:saltSize]) || bytes.Equal(a[saltSize:], b[saltSize:]) {
			t.Error("they can be linked")
		}
	})
	t.Run("K60 it is for one workspace", func(t *testing.T) {
		for _, other := range []Workspace{{ID: seal.ID{9}, LogKey: team.LogKey}, {ID: team.ID, LogKey: seal.Key{9}}} {
			if _, _, err := read(other, file); !errors.Is(err, errForeign) {
				t.Errorf("%v", err)
			}
		}
	})
}

// sealed makes a file of any plaintext, as somebody with the log key could.
func sealed(plain []byte) []byte {
	var out bytes.Buffer
	w := &Writer{out: &out, key: team.key(salt), header: append(append([]byte(Magic), salt...), team.mark(salt)...)}
	out.Write(w.header)
	_ = w.fill(plain)
	_ = w.seal(pieceLast)
	return out.Bytes()
}

// unsealed is the plaintext of a bundle.
func unsealed(t testing.TB, file []byte) (plain []byte) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for r.key = team.key(salt); !r.last; plain = append(plain, r.plain...) {
		if err := r.piece(); err != nil {
			t.Fatal(err)
		}
	}
	return plain
}

func TestSomebodyWithTheLogKeyCannotChangeABundle(t *testing.T) {
	plain := unsealed(t, write(t, team, sample()[:2]))
	if _, _, err := read(team, sealed(plain)); err != nil {
		t.Fatalf("sealed again: %v", err)
	}
	t.Run("K62 every flipped byte", func(t *testing.T) {
		for at := range plain {
			bad := bytes.Clone(plain)
			bad[at] ^= 1
			if _, _, err := read(team, sealed(bad)); !errors.Is(err, ErrSignature) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
				t.Fatalf("byte %d: %v", at, err)
			}
		}
	})
	head := recordHeader(kindHead, 3)
	for name, bad := range map[string][]byte{
		"K61 a record that is too long": append(recordHeader(Envelope, MaxRecord+1), make([]byte, 100)...),
		"K61 no head":                   plain[bytes.Index(plain, []byte("an entry"))-recordHead:],
		"K61 a head that is none":       append(head, 1, 2, 3),
		"K61 a second head":             append(bytes.Clone(plain[:bytes.Index(plain, []byte("an entry"))-recordHead]), plain...),
		"K61 no tail":                   plain[:len(plain)-recordHead-seal.SigSize],
		"K61 something behind the tail": append(bytes.Clone(plain), recordHeader(Entry, 0)...),
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := read(team, sealed(bad)); !errors.Is(err, ErrDamaged) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("K62 mutations", func(t *testing.T) {
		for bad := range sealtest.Mutations(60, [][]byte{plain}, sealtest.Inputs/10) {
			if _, _, err := read(team, sealed(bad)); err == nil && !bytes.Equal(bad, plain) {
				t.Fatalf("%x is taken", bad)
			}
		}
	})
}

// vector is one bundle, byte by byte.
type vector struct {
	Workspace, LogKey, AuthorSeed, Salt sealtest.Hex
	Records                             []string
	File                                sealtest.Hex
}

func TestVector(t *testing.T) {
	records := []record{{Entry, []byte("an entry")}, {Envelope, []byte("an envelope")}}
	v := sealtest.Golden(t, "testdata/bundle.json", *update, func() vector {
		made := vector{Workspace: team.ID[:], LogKey: team.LogKey[:], AuthorSeed: append([]byte{3}, make([]byte, 31)...), Salt: salt, File: write(t, team, records)}
		for _, r := range records {
			made.Records = append(made.Records, fmt.Sprintf("%d %x", r.kind, r.body))
		}
		return made
	})
	t.Run("K60 K61 K62 the bytes", func(t *testing.T) {
		if !bytes.Equal(v.File, write(t, team, records)) {
			t.Error("the format has changed")
		}
		if _, got, err := read(Workspace{ID: seal.ID(v.Workspace), LogKey: seal.Key(v.LogKey)}, v.File); err != nil || !equal(got, records) {
			t.Errorf("%d records, %v", len(got), err)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(write(f, team, sample()[:2]), false)
	f.Add(unsealed(f, write(f, team, sample()[:2])), true)
	f.Add([]byte(Magic), false)
	f.Fuzz(func(t *testing.T, raw []byte, inside bool) {
		file := raw
		if inside {
			file = sealed(raw)
		}
		head, records, err := read(team, file)
		if err == nil && (head.Author != author.Public() || !equal(records, sample()[:2])) {
			t.Errorf("%x is taken", raw)
		}
	})
}
