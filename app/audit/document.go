package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"parvis/crdt/member"
)

// The format of a file (SPEC.md).
const (
	formatName    = "parvis-audit"
	formatVersion = 2
	// From this version on who left is told from who was removed, spaces of one
	// device from each other, and devices are counted from 1.
	leavesToldApart = 2
	spacesToldApart = 2
	devicesFromOne  = 2 // in words, as people count
)

// Limits of a file, in bytes and in elements.
const (
	MaxFile    = 256 << 20
	maxEntries = 200_000
	maxNames   = 100_000
	maxName    = 512
	maxElement = 512 << 10 // one element of a list
)

// Claims is what the exporter says and the entries do not prove.
type Claims struct {
	ExportedMs int64             `json:"exportedMs"` // Unix milliseconds, the exporter's clock
	By         string            `json:"by"`         // person
	Workspace  string            `json:"workspaceName"`
	Names      map[string]string `json:"names"` // of people, by id
}

// entry is one signed entry of a file.
type entry struct {
	ID      string `json:"id"`
	Payload []byte `json:"payload"`
	Sig     []byte `json:"sig"`
}

// honest is what every file says of itself, for who reads it without the program.
func honest() []string {
	return []string{
		"Check this file with: parvis audit verify FILE. That needs no network and no workspace.",
		"Every entry is signed by the device of its author. The lines, forks, people and heads follow from the entries alone.",
		"Times are those of the authors' clocks. Names and all of \"claims\" are what the exporter says; nothing proves them.",
		"What an entry follows is here. Entries that no other one here follows may have been left out: compare \"heads\" with another member's export.",
	}
}

// write is the file of some entries, which must be in order. It has one element of a
// list per line, so that it can be read and compared.
func write(s *story, claims Claims, entries []*member.Entry) ([]byte, error) {
	var out bytes.Buffer
	w := &writer{out: &out}
	out.WriteString("{\n")
	w.field("format", formatName)
	w.field("version", s.version)
	w.field("about", honest())
	w.field("workspace", s.ws.String())
	w.field("claims", claims)
	rows := func(yield func(any) bool) {
		for _, e := range entries {
			if !yield(entry{e.ID.String(), e.Payload, e.Sig}) {
				return
			}
		}
	}
	w.list("entries", rows)
	w.list("lines", each(s.word(naming{claims.Names, s.version})))
	w.list("forks", each(s.forks))
	w.list("people", each(s.people))
	w.list("heads", each(s.heads))
	out.WriteString("\n}\n")
	if w.err != nil {
		return nil, fmt.Errorf("write the log: %w", w.err)
	}
	if out.Len() > MaxFile || len(entries) > maxEntries {
		return nil, ErrTooLarge
	}
	return out.Bytes(), nil
}

// writer writes the fields of an object, a line for each and for each element.
type writer struct {
	out   *bytes.Buffer
	begun bool
	err   error
}

func (w *writer) name(name string) {
	if w.begun {
		w.out.WriteString(",\n")
	}
	w.begun = true
	fmt.Fprintf(w.out, "%q: ", name)
}

func (w *writer) field(name string, value any) {
	w.name(name)
	w.value(value)
}

func (w *writer) value(value any) {
	raw, err := encode(value)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.out.Write(raw)
}

func (w *writer) list(name string, values func(yield func(any) bool)) {
	w.name(name)
	w.out.WriteString("[")
	first := true
	for v := range values {
		if !first {
			w.out.WriteString(",")
		}
		first = false
		w.out.WriteString("\n")
		w.value(v)
	}
	w.out.WriteString("\n]")
}

func each[T any](list []T) func(yield func(any) bool) {
	return func(yield func(any) bool) {
		for v := range slices.Values(list) {
			if !yield(v) {
				return
			}
		}
	}
}

// encode is the one JSON text of a value.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
