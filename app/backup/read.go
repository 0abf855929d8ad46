package backup

import (
	"archive/tar"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"parvis/app/bundle"
	"parvis/crdt/seal"
)

// Taker is given a backup piece by piece.
type Taker interface {
	Manifest(m Manifest) error
	Settings(values map[string]string) error
	Workspace(ws seal.ID, keys Keys) error
	Record(kind bundle.Kind, body []byte) error
}

// Read reads a backup to its end and gives what is in it to a taker. Only when it returns
// no error was the backup whole: what was given before may be a part of one.
func Read(in io.Reader, to Taker) (Summary, error) {
	r := &reader{source: &source{from: in}, to: to}
	r.tar = tar.NewReader(r.source)
	for !r.ended {
		if err := r.next(); err != nil {
			return Summary{}, err
		}
	}
	// What stands behind the last member is read too: the seal around it covers it.
	if _, err := io.Copy(io.Discard, r.source); err != nil {
		return Summary{}, fmt.Errorf("read backup: %w", err)
	}
	return r.sum, nil
}

type reader struct {
	source *source
	tar    *tar.Reader
	to     Taker
	known  map[seal.ID]bool // workspaces of the manifest that did not come yet
	begun  bool             // the manifest was read
	ws     seal.ID          // whose records come
	sum    Summary
	ended  bool
}

// source remembers why reading failed, apart from the end.
type source struct {
	from   io.Reader
	failed error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = err
	}
	return n, err
}

// why tells a failure below from an archive that is none.
func (r *reader) why(err error) error {
	if r.source.failed != nil {
		return fmt.Errorf("read backup: %w", r.source.failed)
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// next reads one member of the archive.
func (r *reader) next() error {
	header, err := r.tar.Next()
	if err != nil {
		return r.why(err)
	}
	ws, name, err := split(header.Name)
	if err != nil {
		return err
	}
	limit := int64(maxJSON)
	if strings.HasSuffix(name, endRecords) {
		limit = maxPart
	}
	if header.Typeflag != tar.TypeReg || header.Size > limit {
		return ErrDamaged
	}
	content := make([]byte, header.Size)
	if _, err := io.ReadFull(r.tar, content); err != nil {
		return r.why(err)
	}
	if header.Name == nameEnd {
		return r.finish(content)
	}
	r.sum.run(header.Name, content)
	return r.member(ws, name, content)
}

func (r *reader) member(ws seal.ID, name string, content []byte) error {
	switch {
	case name == nameManifest && ws.IsZero() && !r.begun:
		m, err := parseManifest(content)
		if err != nil {
			return err
		}
		r.begun, r.known = true, map[seal.ID]bool{}
		for _, w := range m.Workspaces {
			id, _ := seal.ParseID(w.ID)
			r.known[id] = true
		}
		return r.to.Manifest(m)
	case name == nameReadme && ws.IsZero():
		return nil
	case !r.begun:
		return ErrDamaged
	case name == nameSettings && ws.IsZero():
		values, err := parseJSON[map[string]string](content)
		if err != nil {
			return err
		}
		return r.to.Settings(values)
	case name == nameKeys:
		keys, err := parseKeys(content)
		if err != nil || !r.known[ws] {
			return errors.Join(ErrDamaged, err)
		}
		delete(r.known, ws)
		r.ws = ws
		return r.to.Workspace(ws, keys)
	case path.Ext(name) == endRecords:
		if ws != r.ws || ws.IsZero() {
			return ErrDamaged
		}
		return r.records(content)
	}
	return nil // of a later version
}

// records takes a member with records apart.
func (r *reader) records(content []byte) error {
	for len(content) > 0 {
		if len(content) < recordHead {
			return ErrDamaged
		}
		length := binary.BigEndian.Uint32(content[1:recordHead])
		if length > MaxRecord || int(length) > len(content)-recordHead {
			return ErrDamaged
		}
		r.sum.Records++
		if err := r.to.Record(bundle.Kind(content[0]), content[recordHead:recordHead+length:recordHead+length]); err != nil {
			return err
		}
		content = content[recordHead+length:]
	}
	return nil
}

// finish compares what was read with what the end says.
func (r *reader) finish(content []byte) error {
	e, err := parseJSON[end](content)
	if err != nil {
		return err
	}
	if !r.begun || len(r.known) > 0 || e.Files != r.sum.Files || e.Records != r.sum.Records || e.Hash != r.sum.Hash.String() {
		return ErrDamaged
	}
	r.ended = true
	return nil
}
