package backup

import (
	"archive/tar"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"parvis/app/bundle"
	"parvis/crdt/seal"
)

// Writer writes one backup: the manifest and the settings, then workspace after
// workspace with its records, then Close. Not safe for concurrent use.
type Writer struct {
	tar   *tar.Writer
	made  time.Time
	ws    seal.ID
	part  []byte // records of ws that are not written yet
	parts int    // of ws
	sum   Summary
}

// NewWriter begins a backup.
func NewWriter(out io.Writer, m Manifest, settings map[string]string) (*Writer, error) {
	m.Version = Version
	w := &Writer{tar: tar.NewWriter(out), made: time.UnixMilli(m.Made)}
	if err := w.member(nameReadme, []byte(readme)); err != nil {
		return nil, err
	}
	if err := w.json(nameManifest, m); err != nil {
		return nil, err
	}
	return w, w.json(nameSettings, settings)
}

func (w *Writer) json(name string, v any) error {
	content, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if len(content) > maxJSON {
		return fmt.Errorf("write backup: %s has %d bytes", name, len(content))
	}
	return w.member(name, content)
}

func (w *Writer) member(name string, content []byte) error {
	err := w.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content)), ModTime: w.made, Format: tar.FormatUSTAR})
	if err == nil {
		_, err = w.tar.Write(content)
	}
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if name != nameEnd {
		w.sum.run(name, content)
	}
	return nil
}

// Workspace begins a workspace.
func (w *Writer) Workspace(ws seal.ID, keys Keys) error {
	if err := w.flush(); err != nil {
		return err
	}
	w.ws, w.parts = ws, 0
	return w.json(ws.String()+"/"+nameKeys, keys)
}

// Add writes a record of the workspace. What is longer than [MaxRecord] is a bug of the
// caller.
func (w *Writer) Add(kind bundle.Kind, body ...[]byte) error {
	length := 0
	for _, part := range body {
		length += len(part)
	}
	if length > MaxRecord {
		return fmt.Errorf("write backup: a record of %d bytes", length)
	}
	w.part = binary.BigEndian.AppendUint32(append(w.part, byte(kind)), uint32(length))
	for _, part := range body {
		w.part = append(w.part, part...)
	}
	w.sum.Records++
	if len(w.part) >= partSize {
		return w.flush()
	}
	return nil
}

func (w *Writer) flush() error {
	if len(w.part) == 0 {
		return nil
	}
	w.parts++
	err := w.member(fmt.Sprintf("%s/%06d%s", w.ws, w.parts, endRecords), w.part)
	w.part = w.part[:0]
	return err
}

// Close completes the backup and says what it holds.
func (w *Writer) Close() (Summary, error) {
	if err := w.flush(); err != nil {
		return Summary{}, err
	}
	if err := w.json(nameEnd, end{Files: w.sum.Files, Records: w.sum.Records, Hash: w.sum.Hash.String()}); err != nil {
		return Summary{}, err
	}
	if err := w.tar.Close(); err != nil {
		return Summary{}, fmt.Errorf("write backup: %w", err)
	}
	return w.sum, nil
}
