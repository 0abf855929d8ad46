package doctest_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
	"parvis/crdt/doc/wasm"
)

// frontend is where the packages of the page are.
const frontend = "../../../frontend"

// packages are the Automerges in JavaScript: that of the page, and the newest.
func packages() []string { return []string{"@automerge/automerge/next", "automerge-latest"} }

// script runs testdata/interop.mjs, which needs the page's packages.
func script(t *testing.T, input []byte, name string, args ...string) *bufio.Scanner {
	t.Helper()
	folder, err := filepath.Abs(frontend)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules", strings.TrimSuffix(name, "/next"))); errors.Is(err, fs.ErrNotExist) {
		t.Fatal("the page's packages are not there: run make frontend")
	}
	command := exec.CommandContext(t.Context(), "node", append([]string{"testdata/interop.mjs", folder, name}, args...)...)
	command.Stdin = bytes.NewReader(input)
	var errs bytes.Buffer
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<30)
	return lines
}

func newEngine(t testing.TB) doc.Engine {
	t.Helper()
	e, err := wasm.New(doctest.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// described is a state as the script writes it.
type described struct {
	Heads []string
	Texts map[string][]struct {
		Text    *string
		Marks   [][2]scalar
		Block   string
		Parents []string
		Embed   bool
		Attrs   [][2]scalar
	}
}

// scalar is a value that the script has written: as text, or a string to be quoted.
type scalar string

func (s *scalar) UnmarshalJSON(data []byte) error {
	var quoted struct{ Quoted string }
	if err := json.Unmarshal(data, &quoted); err == nil {
		*s = scalar(fmt.Sprintf("%q", quoted.Quoted))
		return nil
	}
	return json.Unmarshal(data, (*string)(s))
}

// String is the state in one text, as [stateOf] writes that of an engine.
func (d described) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, strings.Join(d.Heads, " "))
	names := []string{"text"}
	for name := range d.Texts {
		if name != "text" {
			names = append(names, name)
		}
	}
	slices.Sort(names[1:])
	for _, name := range names {
		fmt.Fprintf(&b, "%s: ", name)
		for _, span := range d.Texts[name] {
			pairs := span.Attrs
			if span.Text != nil {
				pairs = span.Marks
				fmt.Fprintf(&b, "%q", *span.Text)
			} else {
				fmt.Fprintf(&b, "[%s %s embed=%t", span.Block, strings.Join(span.Parents, "/"), span.Embed)
			}
			for _, pair := range pairs {
				fmt.Fprintf(&b, " %s=%s", pair[0], pair[1])
			}
			if span.Text == nil {
				b.WriteString("]")
			}
			b.WriteString("; ")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func stateOf(t *testing.T, d doc.Reader) string {
	t.Helper()
	var b strings.Builder
	for i, head := range d.Heads() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(head.String())
	}
	root, err := d.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.WriteString("\n")
	names := []string{"text"}
	for _, note := range root.Notes {
		names = append(names, "notes/"+note)
	}
	for _, name := range names {
		spans, err := d.Spans(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s: %s\n", name, doctest.SpanText(spans))
	}
	return b.String()
}

// histories is how many random histories a test looks at.
func histories() int {
	if os.Getenv("PARVIS_LONG") != "" {
		return 300
	}
	return 10
}

// TestReadJavaScript: what Automerge in JavaScript wrote, the engine reads alike.
func TestReadJavaScript(t *testing.T) {
	engine := newEngine(t)
	for _, name := range packages() {
		t.Run(name, func(t *testing.T) {
			lines := script(t, nil, name, "write", "1", strconv.Itoa(histories()), base64.StdEncoding.EncodeToString(doc.RootChange()))
			count := 0
			for ; lines.Scan(); count++ {
				var line struct {
					described
					Changes [][]byte
					File    []byte
				}
				if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
					t.Fatal(err)
				}
				loaded, err := engine.Load(t.Context(), line.File, doc.Actor{9})
				if err != nil {
					t.Fatal(err)
				}
				applied, err := engine.New(t.Context(), doc.Actor{8})
				if err != nil {
					t.Fatal(err)
				}
				if err := applied.Apply(t.Context(), line.Changes); err != nil {
					t.Fatal(err)
				}
				for _, d := range []doc.Document{loaded, applied} {
					if got, want := stateOf(t, d), line.String(); got != want {
						t.Errorf("history %d: state\n%s\nin JavaScript\n%s", count, got, want)
					}
					if err := d.Close(); err != nil {
						t.Error(err)
					}
				}
			}
			if err := lines.Err(); err != nil || count != histories() {
				t.Errorf("%d histories, %v", count, err)
			}
		})
	}
}

// TestJavaScriptReads: what the engine wrote, Automerge in JavaScript reads alike.
func TestJavaScriptReads(t *testing.T) {
	engine := newEngine(t)
	var input bytes.Buffer
	var states []string
	for seed := range histories() {
		people := doctest.RandomHistory(t, engine, uint64(seed), 3, 10)
		file, err := people[0].Save(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		changes, err := people[1].Changes(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		states = append(states, stateOf(t, people[2]))
		for _, d := range people {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := json.NewEncoder(&input).Encode(struct {
			Changes [][]byte `json:"changes"`
			File    []byte   `json:"file"`
		}{changes, file}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range packages() {
		t.Run(name, func(t *testing.T) {
			lines := script(t, input.Bytes(), name, "read")
			for i, want := range states {
				if !lines.Scan() {
					t.Fatalf("no line %d: %v", i, lines.Err())
				}
				var got struct{ Loaded, Applied described }
				if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
					t.Fatal(err)
				}
				for _, state := range []described{got.Loaded, got.Applied} {
					if state.String() != want {
						t.Errorf("history %d: state in JavaScript\n%s\nwant\n%s", i, state, want)
					}
				}
			}
		})
	}
}
