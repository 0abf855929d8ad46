package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"parvis/app/bundle"
	"parvis/crdt/seal"
)

// noted is all that a backup gave.
type noted struct {
	manifest Manifest
	settings map[string]string
	lines    []string
}

func (n *noted) Manifest(m Manifest) error          { n.manifest = m; return nil }
func (n *noted) Settings(v map[string]string) error { n.settings = v; return nil }
func (n *noted) Workspace(ws seal.ID, k Keys) error {
	n.lines = append(n.lines, fmt.Sprintf("%s %x", ws.Short(), k.LogKey[:2]))
	return nil
}
func (n *noted) Record(k bundle.Kind, b []byte) error {
	n.lines = append(n.lines, fmt.Sprintf("%d %d", k, len(b)))
	return nil
}

func sample(t testing.TB) ([]byte, Summary) {
	t.Helper()
	one, two := seal.ID{1}, seal.ID{2}
	var out bytes.Buffer
	w, err := NewWriter(&out, Manifest{Made: 1700000000000, Program: "test", Workspaces: []Workspace{{ID: one.String(), Name: "Lab"}, {ID: two.String()}}},
		map[string]string{"language": "fr"})
	if err != nil {
		t.Fatal(err)
	}
	keys := Keys{LogKey: bytes.Repeat([]byte{7}, 32), Epochs: []Epoch{{seal.SpaceID{3}.String(), seal.ID{4}.String(), make([]byte, 32)}},
		Compared: []Compared{{seal.ID{5}.String(), []byte("record")}}}
	err = errors.Join(w.Workspace(one, keys), w.Add(bundle.Entry, []byte("entry")), w.Add(bundle.Block, make([]byte, 48), make([]byte, 1<<20)))
	for range 5 {
		err = errors.Join(err, w.Add(bundle.Envelope, make([]byte, 1<<20)))
	}
	err = errors.Join(err, w.Workspace(two, keys), w.Add(bundle.Entry, []byte("x")))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), sum
}

func TestABackupIsReadAsItWasWritten(t *testing.T) {
	file, made := sample(t)
	var got noted
	sum, err := Read(bytes.NewReader(file), &got)
	if err != nil {
		t.Fatal(err)
	}
	if sum != made {
		t.Errorf("read %+v, wrote %+v", sum, made)
	}
	want := "01000000 0707|0 5|3 1048624|2 1048576|2 1048576|2 1048576|2 1048576|2 1048576|02000000 0707|0 1"
	if lines := strings.Join(got.lines, "|"); lines != want || got.settings["language"] != "fr" || got.manifest.Workspaces[0].Name != "Lab" {
		t.Errorf("got %s, %v, %+v", lines, got.settings, got.manifest)
	}
}

func TestWhatIsNoWholeBackupIsRefused(t *testing.T) {
	file, _ := sample(t)
	for _, cut := range []int{0, 100, 600, 5000, len(file) / 2, len(file) - 1024} {
		if _, err := Read(bytes.NewReader(file[:cut]), &noted{}); !errors.Is(err, ErrDamaged) && cut < len(file)-1024 {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	for at := 0; at < len(file); at += max(1000, at/10) { // all of the beginning, some of the rest
		bad := bytes.Clone(file)
		bad[at] ^= 1
		var got noted
		if sum, err := Read(bytes.NewReader(bad), &got); err == nil {
			if whole, _ := Read(bytes.NewReader(file), &noted{}); whole != sum {
				t.Errorf("byte %d flipped: read as another backup", at)
			}
		} else if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
			t.Errorf("byte %d flipped: %v", at, err)
		}
	}
	if _, err := Read(bytes.NewReader(bytes.Replace(file, []byte(`"version": 1`), []byte(`"version": 2`), 1)), &noted{}); !errors.Is(err, ErrVersion) {
		t.Errorf("a later version: %v", err)
	}
	broken := errors.New("no such disk")
	if _, err := Read(io.MultiReader(bytes.NewReader(file[:9000]), failing{broken}), &noted{}); !errors.Is(err, broken) || errors.Is(err, ErrDamaged) {
		t.Errorf("a disk that fails: %v", err)
	}
	full := errors.New("full")
	if _, err := Read(bytes.NewReader(file), refusing{&noted{}, full}); !errors.Is(err, full) {
		t.Errorf("a taker that fails: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type refusing struct {
	*noted
	err error
}

func (r refusing) Record(bundle.Kind, []byte) error { return r.err }

func FuzzRead(f *testing.F) {
	file, _ := sample(f)
	f.Add(file[:8000])
	var small bytes.Buffer
	w, err := NewWriter(&small, Manifest{Workspaces: []Workspace{{ID: seal.ID{1}.String()}}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	err = errors.Join(w.Workspace(seal.ID{1}, Keys{LogKey: make([]byte, 32)}), w.Add(bundle.Entry, []byte("x")))
	if _, last := w.Close(); errors.Join(err, last) != nil {
		f.Fatal(err, last)
	}
	f.Add(small.Bytes())
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := Read(bytes.NewReader(file), &noted{}); err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
			t.Errorf("%v", err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"version":1,"workspaces":[{"id":"00"}]}`))
	f.Fuzz(func(_ *testing.T, content []byte) {
		_, _ = parseManifest(content)
		_, _ = parseKeys(content)
		_, _, _ = split(string(content))
	})
}
