package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"parvis/app/docs"
	"parvis/app/store/storetest"
	"parvis/crdt/seal"
)

func TestDocsContract(t *testing.T) {
	storetest.RunDocs(t, func(t *testing.T) docs.Storage { return openTest(t).Docs() })
}

// Removing a workspace takes its documents along and leaves those of others.
func TestRemovedWorkspacesLeaveNoDocuments(t *testing.T) {
	db := openTest(t)
	s := db.Docs()
	err := db.Write(t.Context(), func(ctx context.Context) error {
		for ws := 1; ws <= 2; ws++ {
			if err := db.AddWorkspace(ctx, storetest.ID("ws", ws)); err != nil {
				return err
			}
			n, err := s.PutDoc(ctx, storetest.Doc(ws, 1))
			if err != nil {
				return err
			}
			if _, err := s.PutActor(ctx, docs.ActorRow{Doc: n}); err != nil {
				return err
			}
			if _, err := s.AddChange(ctx, storetest.Change(n, 1, 1)); err != nil {
				return err
			}
			if _, err := s.AddNote(ctx, docs.NoteRow{Doc: n}); err != nil {
				return err
			}
			if err := s.PutCache(ctx, n, docs.Cache{Kind: docs.PaintCache}); err != nil {
				return err
			}
			if err := s.PutLocal(ctx, n, docs.Local{}); err != nil {
				return err
			}
		}
		return db.RemoveWorkspace(ctx, storetest.ID("ws", 1))
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", filepath.Join(db.dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for _, table := range []string{"doc", "doc_actor", "doc_change", "doc_bytes", "doc_note", "doc_cache", "doc_local"} {
		var rows int
		if err := raw.QueryRow(fmt.Sprintf(`SELECT count(*) FROM %s`, table)).Scan(&rows); err != nil || rows != 1 {
			t.Errorf("%s has %d rows, want that of the other workspace, %v", table, rows, err)
		}
	}
}

// Nothing of what documents say lies readable on the disk.
func TestDocumentsLieSealedOnTheDisk(t *testing.T) {
	db := openTest(t)
	s := db.Docs()
	const planted = "planted-marker-"
	err := db.Write(t.Context(), func(ctx context.Context) error {
		d := storetest.Doc(1, 1)
		d.Content = []byte(planted + "card")
		n, err := s.PutDoc(ctx, d)
		if err != nil {
			return err
		}
		if _, err := s.PutActor(ctx, docs.ActorRow{Doc: n, Content: []byte(planted + "actor")}); err != nil {
			return err
		}
		r := storetest.Change(n, 1, 1)
		r.Content, r.Bytes = []byte(planted+"about"), []byte(planted+"bytes")
		if r.N, err = s.AddChange(ctx, r); err != nil {
			return err
		}
		if _, err := s.AddNote(ctx, docs.NoteRow{Doc: n, Content: []byte(planted + "note")}); err != nil {
			return err
		}
		return s.PutCache(ctx, n, docs.Cache{Kind: docs.SnapshotCache, Heads: []seal.ID{seal.ID([]byte(planted + "heads-of-it-12345"))}, Data: []byte(planted + "saved")})
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(db.dir, fileName+"*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(data, []byte(planted)); at >= 0 {
			t.Errorf("%s holds %q", path, data[at:at+24])
		}
	}
}
