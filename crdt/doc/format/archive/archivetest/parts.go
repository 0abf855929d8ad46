package archivetest

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"parvis/crdt/doc/format/archive"
)

// Part is a part of a file, empty when it is not there.
func Part(t testing.TB, file []byte, name string) []byte {
	t.Helper()
	for _, p := range unzipped(t, file) {
		if p.name == name {
			return p.data
		}
	}
	return nil
}

// With is a file with another content of one part, packed without compression.
func With(t testing.TB, file []byte, name string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := archive.NewWriter(&out)
	for _, p := range unzipped(t, file) {
		if p.name == name {
			p.data = content
		}
		w.Add(p.name, p.data, true)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unzipped(t testing.TB, file []byte) []part {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var all []part
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, part{name: f.Name, data: data})
	}
	return all
}
