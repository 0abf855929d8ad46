package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// RunDocs runs the contract of docs.Storage. open returns an empty storage that t
// closes.
func RunDocs(t *testing.T, open func(t *testing.T) docs.Storage) {
	suites := map[string]func(*testing.T, docs.Storage){
		"DocStore": docStore, "ChangeStore": changeStore, "NoteStore": noteStore, "CacheStore": cacheStore, "LocalStore": localStore,
	}
	for _, name := range slices.Sorted(maps.Keys(suites)) {
		t.Run(name, func(t *testing.T) { suites[name](t, open(t)) })
	}
}

// Doc makes document n of a workspace.
func Doc(ws, n int) docs.DocRow {
	return docs.DocRow{
		Workspace: ID("ws", ws), Space: seal.SpaceID{byte(ws)}, ID: doc.ID{byte(n)}, Made: n%2 == 1, Content: fmt.Append(nil, "document ", n),
	}
}

// putDoc stores a document and gives its number.
func putDoc(t *testing.T, s docs.Storage, d docs.DocRow) int64 {
	t.Helper()
	n, err := s.PutDoc(t.Context(), d)
	check(t, err)
	return n
}

func docStore(t *testing.T, s docs.Storage) {
	ctx := t.Context()
	first, second, other := Doc(1, 1), Doc(1, 2), Doc(2, 1)
	first.N, second.N, other.N = putDoc(t, s, first), putDoc(t, s, second), putDoc(t, s, other)
	second.Made, second.Content = true, []byte("changed")
	if n := putDoc(t, s, second); n != second.N {
		t.Errorf("a changed document got the number %d instead of %d", n, second.N)
	}
	rows, err := s.DocRows(ctx, first.Workspace)
	check(t, err)
	if len(rows) != 2 || fmt.Sprint(rows[0]) != fmt.Sprint(first) || fmt.Sprint(rows[1]) != fmt.Sprint(second) {
		t.Errorf("read %v, want %v and %v", rows, first, second)
	}
	a := docs.ActorRow{Doc: first.N, Content: []byte("Ana")}
	a.N, err = s.PutActor(ctx, a)
	check(t, err)
	b, err := s.PutActor(ctx, docs.ActorRow{Doc: second.N, Content: []byte("Ben")})
	check(t, err)
	a.Content = []byte("Anna")
	again, err := s.PutActor(ctx, a)
	check(t, err)
	actors, err := s.Actors(ctx, first.N)
	check(t, err)
	if again != a.N || b == a.N || len(actors) != 1 || fmt.Sprint(actors[0]) != fmt.Sprint(a) {
		t.Errorf("actors are %v, numbers %d %d %d", actors, a.N, b, again)
	}
}

// Change makes change n of an actor of a document, complete at place n.
func Change(doc, actor int64, n int) docs.ChangeRow {
	return docs.ChangeRow{
		Doc: doc, Actor: actor, Seq: uint64(n), Hash: ID("change", int(doc)<<20|int(actor)<<16|n), Envelope: ID("envelope", int(doc)<<20|n),
		Place: uint64(n), State: docs.Complete, Content: fmt.Append(nil, "about change ", n), Bytes: fmt.Append(nil, "change ", n),
	}
}

func changeStore(t *testing.T, s docs.Storage) {
	ctx := t.Context()
	n, other := putDoc(t, s, Doc(1, 1)), putDoc(t, s, Doc(1, 2))
	var rows []docs.ChangeRow
	for i := 1; i <= 5; i++ {
		r := Change(n, 1, i)
		if i == 4 {
			r.Place, r.State = 0, docs.Open
		}
		var err error
		r.N, err = s.AddChange(ctx, r)
		check(t, err)
		rows = append(rows, r)
		_, err = s.AddChange(ctx, Change(other, 2, i))
		check(t, err)
	}
	bare := func(r docs.ChangeRow) string { r.Bytes = nil; return fmt.Sprint(r) }
	all, err := s.Changes(ctx, n)
	check(t, err)
	if len(all) != 5 || bare(all[3]) != bare(rows[3]) || len(all[3].Bytes) > 0 {
		t.Errorf("changes are %v", all)
	}
	one, found, err := s.Change(ctx, n, rows[1].Hash)
	if err != nil || !found || bare(one) != bare(rows[1]) {
		t.Errorf("by hash %v, %v, %v", one, found, err)
	}
	if _, found, _ := s.Change(ctx, other, rows[1].Hash); found {
		t.Error("found in another document")
	}
	one, found, err = s.Slot(ctx, 1, 3)
	if err != nil || !found || bare(one) != bare(rows[2]) {
		t.Errorf("by number %v, %v, %v", one, found, err)
	}
	later, err := s.Later(ctx, n, 1, 10)
	check(t, err)
	if len(later) != 3 || fmt.Sprint(later[2]) != fmt.Sprint(rows[4]) {
		t.Errorf("after the first come %v", later)
	}
	rows[3].Place, rows[3].State = 6, docs.Refused
	check(t, s.PutChange(ctx, rows[3]))
	data, err := s.Bytes(ctx, rows[3])
	if err != nil || string(data) != "change 4" {
		t.Errorf("the bytes of a changed row are %q, %v", data, err)
	}
	check(t, s.DropBytes(ctx, n, 3))
	later, err = s.Later(ctx, n, 0, 10)
	check(t, err)
	if len(later) != 4 || len(later[2].Bytes) > 0 || string(later[3].Bytes) != "change 5" {
		t.Errorf("after the bytes up to the third are gone: %v", later)
	}
	check(t, s.PutBytes(ctx, rows[0]))
	if data, err = s.Bytes(ctx, rows[0]); err != nil || string(data) != "change 1" {
		t.Errorf("put back %q, %v", data, err)
	}
	counts, err := s.Counts(ctx, ID("ws", 1), 0)
	if err != nil || len(counts) != 1 || counts[n].Unreadable != 1 {
		t.Errorf("counts are %v, %v", counts, err)
	}
	after, err := s.ChangesAfter(ctx, rows[3].N, 10)
	if err != nil || len(after) != 3 {
		t.Errorf("%d rows after the fourth, %v", len(after), err)
	}
	rows[4].Doc = other
	check(t, s.MoveChange(ctx, rows[4]))
	if all, err = s.Changes(ctx, other); err != nil || len(all) != 6 || !all[4].Damaged {
		t.Errorf("a row that was moved without its seal: %v, %v", all, err)
	}
}

func noteStore(t *testing.T, s docs.Storage) {
	ctx := t.Context()
	n := putDoc(t, s, Doc(1, 1))
	var rows []docs.NoteRow
	for i := range 6 {
		r := docs.NoteRow{Doc: n, Envelope: ID("envelope", i), Op: docs.Op(i % 3), Flags: docs.NoteFlags(i % 3), Content: fmt.Append(nil, "note ", i)}
		var err error
		r.N, err = s.AddNote(ctx, r)
		check(t, err)
		rows = append(rows, r)
	}
	rows[5].Content = []byte("changed")
	check(t, s.PutNote(ctx, rows[5]))
	one, found, err := s.Note(ctx, rows[5].Envelope)
	if err != nil || !found || fmt.Sprint(one) != fmt.Sprint(rows[5]) {
		t.Errorf("read %v, %v, %v", one, found, err)
	}
	if _, found, err := s.Note(ctx, ID("envelope", 99)); found || err != nil {
		t.Errorf("found a note that is not there, %v", err)
	}
	list, err := s.Notes(ctx, n, docs.OpMention)
	if err != nil || len(list) != 2 || list[0].N != rows[2].N || list[1].N != rows[5].N {
		t.Errorf("mentions are %v, %v", list, err)
	}
	for seen, want := range map[int64]int{0: 2, rows[1].N: 1, rows[4].N: 0} {
		check(t, s.PutLocal(ctx, n, docs.Local{Seen: seen}))
		for _, only := range []int64{0, n} {
			counts, err := s.Counts(ctx, ID("ws", 1), only)
			if err != nil || counts[n].Mentions != want || counts[n].Unreadable != 2 {
				t.Errorf("seen up to %d: %+v, want %d mentions, %v", seen, counts[n], want, err)
			}
		}
	}
	after, err := s.NotesAfter(ctx, rows[3].N, 1)
	if err != nil || len(after) != 1 || after[0].N != rows[4].N {
		t.Errorf("after the fourth comes %v, %v", after, err)
	}
}

func cacheStore(t *testing.T, s docs.Storage) {
	ctx := t.Context()
	n := putDoc(t, s, Doc(1, 1))
	snapshot := docs.Cache{Kind: docs.SnapshotCache, Heads: []seal.ID{ID("head", 1), ID("head", 2)}, Place: 7, Data: []byte("saved")}
	paint := docs.Cache{Kind: docs.PaintCache, Heads: []seal.ID{}, Data: make([]byte, 1<<20)}
	for _, c := range []docs.Cache{{Kind: docs.SnapshotCache, Place: 1, Data: []byte("old")}, snapshot, paint} {
		check(t, s.PutCache(ctx, n, c))
	}
	for _, want := range []docs.Cache{snapshot, paint} {
		c, found, err := s.Cache(ctx, n, want.Kind)
		if err != nil || !found || fmt.Sprint(c) != fmt.Sprint(want) {
			t.Errorf("cache %d is %v, %v", want.Kind, found, err)
		}
	}
	info, found, err := s.CacheInfo(ctx, n, docs.SnapshotCache)
	if err != nil || !found || len(info.Data) > 0 || info.Place != 7 || !slices.Equal(info.Heads, snapshot.Heads) {
		t.Errorf("about the snapshot: %+v, %v, %v", info, found, err)
	}
	check(t, s.DropCache(ctx, n, docs.SnapshotCache))
	if _, found, err := s.Cache(ctx, n, docs.SnapshotCache); found || err != nil {
		t.Errorf("a dropped snapshot is there, %v", err)
	}
	if _, found, err := s.Cache(ctx, n, docs.PaintCache); !found || err != nil {
		t.Errorf("the picture went with it, %v", err)
	}
}

func localStore(t *testing.T, s docs.Storage) {
	ctx := t.Context()
	n := putDoc(t, s, Doc(1, 1))
	putDoc(t, s, Doc(2, 2))
	err := s.Write(ctx, func(ctx context.Context) error {
		check(t, s.PutLocal(ctx, n, docs.Local{Starred: true, Seen: 3}))
		return errTest
	})
	locals, failed := s.Locals(ctx, ID("ws", 1))
	if err == nil || failed != nil || len(locals) != 0 {
		t.Errorf("after a rollback: %v, %v", locals, failed)
	}
	want := docs.Local{Starred: true, Seen: 4}
	check(t, s.PutLocal(ctx, n, docs.Local{}))
	check(t, s.PutLocal(ctx, n, want))
	if locals, err = s.Locals(ctx, ID("ws", 1)); err != nil || len(locals) != 1 || locals[n] != want {
		t.Errorf("kept %v, %v", locals, err)
	}
}
