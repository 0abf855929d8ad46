// Package archivetest damages the files of word processors in tests: their bytes, or
// the XML inside them, which then is packed again so that readers get to it.
package archivetest

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"parvis/crdt/doc/format/archive"
)

// Damaged gives n files, each made of one of files by a few changes: a fifth by
// changes of its bytes, the others by changes of its XML that leave it well-formed.
// It always gives the same.
func Damaged(t testing.TB, seed uint64, files [][]byte, n int) iter.Seq[[]byte] {
	t.Helper()
	sources := make([]source, 0, len(files))
	for _, file := range files {
		sources = append(sources, unpack(t, file))
	}
	return func(yield func([]byte) bool) {
		m := mutator{rand.New(rand.NewPCG(seed, uint64(len(files))))}
		for i := range n {
			from := m.IntN(len(files))
			var made []byte
			if i%5 == 0 {
				made = m.bytes(files[from])
			} else {
				made = m.pack(sources[from])
			}
			if !yield(made) {
				return
			}
		}
	}
}

// source is a file taken apart.
type source struct {
	parts   []part
	content []int      // the parts that are XML
	values  []string   // of all attributes
	names   []xml.Name // of all elements
}

type part struct {
	name   string
	data   []byte
	tokens []xml.Token // of XML
}

func unpack(t testing.TB, file []byte) source {
	t.Helper()
	s := source{values: []string{"", "-1", "0", "1", "true", "none", "page", "99999999999999999999", "1e300in", "NaNmm", "100%", "../../x", "#a", "http://", "_", "_ffffff_", "☑", "\u2028"}}
	for _, p := range unzipped(t, file) {
		if bytes.HasPrefix(p.data, []byte("<?xml")) {
			p.tokens = tokens(t, p.data)
			s.content = append(s.content, len(s.parts))
			s.remember(p.tokens)
		}
		s.parts = append(s.parts, p)
	}
	// By chance most changes shall hit the text, which is the longest.
	slices.SortFunc(s.content, func(a, b int) int { return cmp.Compare(len(s.parts[b].tokens), len(s.parts[a].tokens)) })
	return s
}

func tokens(t testing.TB, data []byte) []xml.Token {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(data))
	var all []xml.Token
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, xml.CopyToken(token))
	}
}

func (s *source) remember(all []xml.Token) {
	for _, token := range all {
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(s.names, start.Name) {
			s.names = append(s.names, start.Name)
		}
		for _, a := range start.Attr {
			if a.Name.Space != "xmlns" && !slices.Contains(s.values, a.Value) {
				s.values = append(s.values, a.Value)
			}
		}
	}
}

type mutator struct{ *rand.Rand }

// bytes changes, cuts out and doubles bytes.
func (m mutator) bytes(file []byte) []byte {
	made := bytes.Clone(file)
	for range 1 + m.IntN(4) {
		if len(made) == 0 {
			break
		}
		at := m.IntN(len(made))
		end := min(len(made), at+1+m.IntN(40))
		switch m.IntN(4) {
		case 0:
			made[at] = byte(m.IntN(256))
		case 1:
			made = slices.Delete(made, at, end)
		case 2:
			made = slices.Insert(made, at, bytes.Clone(made[at:end])...)
		case 3:
			made[at] ^= 1 << m.IntN(8)
		}
	}
	return made
}

// pack changes the XML of a part, sometimes of two, and packs the file again.
func (m mutator) pack(s source) []byte {
	changed := map[int][]xml.Token{}
	for range 1 + m.IntN(2) {
		which := s.content[min(m.IntN(len(s.content)), m.IntN(len(s.content)))]
		all := changed[which]
		if all == nil {
			all = slices.Clone(s.parts[which].tokens)
		}
		for range 1 + m.IntN(4) {
			all = m.change(all, s)
		}
		changed[which] = all
	}
	var out bytes.Buffer
	w := archive.NewWriter(&out)
	for i, p := range s.parts {
		data := p.data
		if all, ok := changed[i]; ok {
			data = written(all)
		}
		if m.IntN(200) > 0 { // sometimes a part is missing
			w.Add(p.name, data, true)
		}
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return out.Bytes()
}

// change changes an element: its attributes, its name, or where it stands.
func (m mutator) change(all []xml.Token, s source) []xml.Token {
	at := m.element(all)
	if at < 0 {
		return all
	}
	end := endOf(all, at)
	inside := slices.Clone(all[at:end])
	switch m.IntN(8) {
	case 0:
		return slices.Delete(all, at, end)
	case 1:
		return slices.Insert(all, end, inside...)
	case 2: // elsewhere
		all = slices.Delete(all, at, end)
		to := m.element(all)
		return slices.Insert(all, to+1, inside...)
	case 3: // elsewhere too, many times inside each other
		var deep []xml.Token
		for range 1 + m.IntN(300) {
			deep = append(deep, all[at])
		}
		deep = append(deep, all[at+1:end-1]...)
		for range len(deep) - (end - at - 2) {
			deep = append(deep, all[end-1])
		}
		return slices.Replace(all, at, end, deep...)
	case 4:
		name := s.names[m.IntN(len(s.names))]
		start := all[at].(xml.StartElement)
		all[at], all[end-1] = xml.StartElement{Name: name, Attr: start.Attr}, xml.EndElement{Name: name}
	default:
		start := all[at].(xml.StartElement)
		if len(start.Attr) == 0 {
			return all
		}
		attrs := slices.Clone(start.Attr)
		which := m.IntN(len(attrs))
		if m.IntN(5) == 0 {
			attrs = slices.Delete(attrs, which, which+1)
		} else {
			attrs[which].Value = s.values[m.IntN(len(s.values))]
		}
		all[at] = xml.StartElement{Name: start.Name, Attr: attrs}
	}
	return all
}

// element is the place of an element that is not the first; -1 when there is none.
func (m mutator) element(all []xml.Token) int {
	var places []int
	for i, token := range all {
		if _, ok := token.(xml.StartElement); ok {
			places = append(places, i)
		}
	}
	if len(places) < 2 {
		return -1
	}
	return places[1+m.IntN(len(places)-1)]
}

func endOf(all []xml.Token, at int) int {
	depth := 0
	for i := at; i < len(all); i++ {
		switch all[i].(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(all)
}

func written(all []xml.Token) []byte {
	var out strings.Builder
	name := func(n xml.Name) {
		if n.Space != "" {
			out.WriteString(n.Space + ":")
		}
		out.WriteString(n.Local)
	}
	for _, token := range all {
		switch t := token.(type) {
		case xml.StartElement:
			out.WriteByte('<')
			name(t.Name)
			for _, a := range t.Attr {
				out.WriteByte(' ')
				name(a.Name)
				out.WriteString(`="` + archive.Escape(a.Value) + `"`)
			}
			out.WriteByte('>')
		case xml.EndElement:
			out.WriteString("</")
			name(t.Name)
			out.WriteByte('>')
		case xml.CharData:
			out.WriteString(archive.Escape(string(t)))
		}
	}
	return []byte(out.String())
}
