// Package archive opens and writes the zip files of XML that word processors use,
// within limits: a small file that unpacks to a large one, or nests without end,
// is refused before it takes memory.
package archive

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"parvis/crdt/doc/format"
)

// Limits of a file.
const (
	maxParts = 20_000
	maxTotal = 256 << 20 // bytes unpacked, all parts that are read together
	maxPart  = 64 << 20  // bytes of one part
	maxNodes = 4_000_000 // elements and texts, all parts together
	maxDepth = 256
)

// Reader reads the parts of a file.
type Reader struct {
	parts map[string]*zip.File
	total int64
	nodes int
}

// Open lists the parts of a file. What is no zip file gives [format.ErrNotThis].
func Open(data []byte) (*Reader, error) {
	if len(data) > format.MaxFile {
		return nil, format.ErrTooLarge
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", format.ErrNotThis, err)
	}
	if len(z.File) > maxParts {
		return nil, fmt.Errorf("%d parts: %w", len(z.File), format.ErrTooLarge)
	}
	r := &Reader{parts: map[string]*zip.File{}}
	for _, f := range z.File {
		r.parts[strings.TrimPrefix(f.Name, "/")] = f
	}
	return r, nil
}

// Has reports whether there is a part.
func (r *Reader) Has(name string) bool { return r.parts[name] != nil }

// Names lists the parts, in no order.
func (r *Reader) Names() []string {
	names := make([]string, 0, len(r.parts))
	for name := range r.parts {
		names = append(names, name)
	}
	return names
}

// Bytes reads a part; one that is not there is empty.
func (r *Reader) Bytes(name string) ([]byte, error) {
	f := r.parts[name]
	if f == nil {
		return nil, nil
	}
	part, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w: %w", name, format.ErrNotThis, err)
	}
	defer part.Close()
	limit := min(maxPart, maxTotal-r.total)
	data, err := io.ReadAll(io.LimitReader(part, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w: %w", name, format.ErrNotThis, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read %s: %w", name, format.ErrTooLarge)
	}
	r.total += int64(len(data))
	return data, nil
}

// XML reads a part as a tree; one that is not there is nil.
func (r *Reader) XML(name string) (*Node, error) {
	data, err := r.Bytes(name)
	if err != nil || data == nil {
		return nil, err
	}
	root, err := r.parse(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return root, nil
}

// Node is an element, or a piece of text when it has no name. Names are without
// prefix: what two vocabularies call alike is told apart by where it stands.
type Node struct {
	Name     string
	Attrs    map[string]string
	Children []*Node
	Text     string
}

func (r *Reader) parse(data []byte) (*Node, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.CharsetReader = func(string, io.Reader) (io.Reader, error) {
		return nil, errors.New("not UTF-8")
	}
	root := &Node{}
	open := []*Node{root}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", format.ErrNotThis, err)
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if r.nodes++; r.nodes > maxNodes || len(open) > maxDepth {
				return nil, format.ErrTooLarge
			}
			n := &Node{Name: t.Name.Local}
			for _, a := range t.Attr {
				if n.Attrs == nil {
					n.Attrs = map[string]string{}
				}
				n.Attrs[a.Name.Local] = a.Value
			}
			top.Children = append(top.Children, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if r.nodes++; r.nodes > maxNodes {
				return nil, format.ErrTooLarge
			}
			top.Children = append(top.Children, &Node{Text: string(t)})
		}
	}
	for _, n := range root.Children {
		if n.Name != "" {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%w: no element", format.ErrNotThis)
}

// Child is the first child of a name; nil when there is none, or no n.
func (n *Node) Child(path ...string) *Node {
	for _, name := range path {
		if n = n.child(name); n == nil {
			return nil
		}
	}
	return n
}

func (n *Node) child(name string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Attr is an attribute, or empty.
func (n *Node) Attr(name string) string {
	if n == nil {
		return ""
	}
	return n.Attrs[name]
}

// Find is the first element of a name below n, in the order of the file.
func (n *Node) Find(name string) *Node {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name {
			return c
		}
		if found := c.Find(name); found != nil {
			return found
		}
	}
	return nil
}

// Plain is all text below n.
func (n *Node) Plain() string {
	if n == nil {
		return ""
	}
	var text strings.Builder
	n.plain(&text)
	return text.String()
}

func (n *Node) plain(text *strings.Builder) {
	text.WriteString(n.Text)
	for _, c := range n.Children {
		c.plain(text)
	}
}

// Writer writes a file part by part. The first error stays.
type Writer struct {
	zip *zip.Writer
	err error
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{zip: zip.NewWriter(w)} }

// Add adds a part; one that is packed already is only stored. Files of the same
// content are the same bytes: no time is written.
func (w *Writer) Add(name string, data []byte, packed bool) {
	method := zip.Deflate
	if packed {
		method = zip.Store
	}
	part, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: time.Time{}})
	if err == nil {
		_, err = part.Write(data)
	}
	if w.err == nil {
		w.err = err
	}
}

// Close finishes the file.
func (w *Writer) Close() error {
	if err := errors.Join(w.err, w.zip.Close()); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	return nil
}

// Escape makes text safe in elements and quoted attributes. Control characters,
// which XML cannot hold, are left out.
func Escape(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '&':
			out.WriteString("&amp;")
		case r == '<':
			out.WriteString("&lt;")
		case r == '>':
			out.WriteString("&gt;")
		case r == '"':
			out.WriteString("&quot;")
		case r == '\t' || r == '\n' || r >= ' ' && r != 0x7f && r != 0xfffe && r != 0xffff:
			out.WriteRune(r)
		}
	}
	return out.String()
}
