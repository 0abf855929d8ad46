//go:build bench

package bench

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// stored is what a node keeps on disk, in bytes. Pages that are free count nowhere.
type stored struct {
	all     int64 // every table and index
	rows    int64 // those of documents; the rest is the signed and sealed envelopes
	content int64 // in these, what documents say: snapshots and the changes after them
}

func (s stored) minus(before stored) stored {
	return stored{s.all - before.all, s.rows - before.rows, s.content - before.content}
}

// looking opens the database of a running node to read it.
func looking(t *testing.T, data string, look func(q *sql.DB) error) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "parvis.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := look(db); err != nil {
		t.Fatal(err)
	}
}

func storedBy(t *testing.T, data string) (s stored) {
	t.Helper()
	looking(t, data, func(q *sql.DB) error {
		return q.QueryRowContext(t.Context(), `
			SELECT sum(pages), sum(CASE WHEN tbl_name LIKE 'doc%' THEN pages ELSE 0 END),
				(SELECT coalesce(sum(length(data)), 0) FROM doc_bytes) + (SELECT coalesce(sum(length(data)), 0) FROM doc_cache WHERE kind = 1)
			FROM (SELECT name, sum(pgsize) AS pages FROM dbstat GROUP BY name) JOIN sqlite_schema USING (name)`).
			Scan(&s.all, &s.rows, &s.content)
	})
	return s
}

// awaitSnapshot waits until the node has made a snapshot of so many changes, as it
// does when a document came to rest.
func awaitSnapshot(t *testing.T, data string, changes int) {
	t.Helper()
	const smallest = 4000 // of fewer changes none is made while a page may have the document open
	if changes < smallest {
		t.Logf("%d changes are too few for a snapshot", changes)
		return
	}
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-look.C {
		var place int
		looking(t, data, func(q *sql.DB) error {
			return q.QueryRowContext(t.Context(), `SELECT coalesce(max(place), 0) FROM doc_cache WHERE kind = 1`).Scan(&place)
		})
		if place >= changes {
			return
		}
	}
	t.Fatalf("no snapshot of %d changes within %s", changes, patience)
}
