package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parvis/app/block"
	"parvis/app/workspace"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

func openBlocks(t *testing.T, dir string) (*DB, *Blocks) {
	t.Helper()
	db := New(dir)
	if err := db.Open(t.Context(), testKey); err != nil {
		t.Fatal(err)
	}
	b := db.Blocks()
	t.Cleanup(func() {
		if err := errors.Join(b.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return db, b
}

func testBlock(n int) (seal.ID, []byte) {
	data := bytes.Repeat([]byte{byte(n), byte(n >> 8), 3}, 10_000)
	return seal.Sum(data), data
}

func testFile(n byte, status block.Status) block.Row {
	preview := []byte("a small picture")
	ref := file.Ref{V: 1, Name: "secret name.pdf", Mime: "application/pdf", Size: 5, Key: seal.ID{n, 1}, Index: file.CID(seal.ID{n}), Preview: &preview}
	return block.Row{Workspace: testID('w', 0), Space: seal.SpaceID{1}, Root: seal.ID{n}, Status: status, Ref: ref}
}

func TestBlocksOutliveARestartAndHalfWrittenOnesDoNot(t *testing.T) {
	dir := t.TempDir()
	db, b := openBlocks(t, dir)
	ids := map[seal.ID]int{}
	for n := range 20 {
		id, data := testBlock(n)
		if err := b.PutBlock(t.Context(), id, data); err != nil {
			t.Fatal(err)
		}
		if err := b.PutBlock(t.Context(), id, data); err != nil {
			t.Fatalf("once more: %v", err)
		}
		ids[id] = len(data)
	}
	if err := b.SyncBlocks(t.Context()); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "blocks", "new", "17")
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	_, b = openBlocks(t, dir)
	for id, size := range ids {
		data, err := b.Block(t.Context(), id)
		if err != nil || len(data) != size {
			t.Errorf("block %s: %d bytes, %v", id.Short(), len(data), err)
		}
	}
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was half written is still there: %v", err)
	}
	seen := map[seal.ID]int{}
	err := b.Blocks(t.Context(), func(id seal.ID, size int) error {
		seen[id] = size
		return nil
	})
	if err != nil || len(seen) != len(ids) {
		t.Errorf("%d blocks are listed, %v", len(seen), err)
	}
	for id := range ids {
		if err := errors.Join(b.DeleteBlock(t.Context(), id), b.DeleteBlock(t.Context(), id)); err != nil {
			t.Error(err)
		}
		if _, err := b.BlockSize(t.Context(), id); !errors.Is(err, block.ErrNotHere) {
			t.Errorf("a deleted block: %v", err)
		}
	}
	if err := b.SyncBlocks(t.Context()); err != nil {
		t.Errorf("after deletions: %v", err)
	}
}

func TestADamagedBlockIsRemovedAndReported(t *testing.T) {
	db, b := openBlocks(t, t.TempDir())
	found := make(chan workspace.Damage, 1)
	db.OnDamage(func(_ seal.ID, d workspace.Damage) { found <- d })
	id, data := testBlock(1)
	if err := b.PutBlock(t.Context(), id, data); err != nil {
		t.Fatal(err)
	}
	_, name := blockNames(id)
	data[100] ^= 1
	if err := os.WriteFile(filepath.Join(db.dir, blockFolder, filepath.FromSlash(name)), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Block(t.Context(), id); !errors.Is(err, block.ErrNotHere) {
		t.Errorf("a damaged block: %v", err)
	}
	if d := <-found; d.Table != "blocks" || !strings.Contains(d.Key, id.Short()) {
		t.Errorf("reported %+v", d)
	}
	if _, err := b.BlockSize(t.Context(), id); !errors.Is(err, block.ErrNotHere) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestFilesAndTheirOwners(t *testing.T) {
	_, b := openBlocks(t, t.TempDir())
	ctx := t.Context()
	row := testFile(1, block.Wanted)
	n, err := b.PutFile(ctx, row)
	if err != nil {
		t.Fatal(err)
	}
	other := testFile(2, block.Known)
	other.Space = seal.SpaceID{2}
	if _, err := b.PutFile(ctx, other); err != nil {
		t.Fatal(err)
	}
	got, found, err := b.File(ctx, row.Workspace, row.Space, row.Root)
	if err != nil || !found || got.N != n || got.Status != block.Wanted || got.Ref.Key != row.Ref.Key || got.Ref.Name != row.Ref.Name || got.Ref.Preview != nil {
		t.Errorf("got %+v, %v, %v", got, found, err)
	}
	row.Status = block.Whole
	if again, err := b.PutFile(ctx, row); err != nil || again != n {
		t.Errorf("the number changed from %d to %d, %v", n, again, err)
	}
	if list, err := b.FilesOf(ctx, block.Whole); err != nil || len(list) != 1 || list[0].N != n {
		t.Errorf("whole files: %+v, %v", list, err)
	}
	if list, err := b.FilesOf(ctx, block.Wanted); err != nil || len(list) != 0 {
		t.Errorf("wanted files: %+v, %v", list, err)
	}
	if _, found, err := b.File(ctx, row.Workspace, other.Space, row.Root); found || err != nil {
		t.Errorf("a file of another space: %v, %v", found, err)
	}
	id, _ := testBlock(1)
	for range 2 {
		if err := b.AddBlocks(ctx, n, []seal.ID{id, row.Root}); err != nil {
			t.Fatal(err)
		}
	}
	owners, err := b.Owners(ctx, id)
	if want := []block.Owner{{Workspace: row.Workspace, Space: row.Space}}; err != nil || !slices.Equal(owners, want) {
		t.Errorf("owners %+v, %v", owners, err)
	}
	if owners, err := b.Owners(ctx, seal.ID{77}); err != nil || len(owners) != 0 {
		t.Errorf("owners of a block of no file: %+v, %v", owners, err)
	}
	undo := errors.New("undo")
	err = b.Write(ctx, func(ctx context.Context) error {
		b.OnCommit(ctx, func() { t.Error("told of what was undone") })
		_, err := b.PutFile(ctx, testFile(3, block.Wanted))
		return errors.Join(err, undo)
	})
	if list, lerr := b.FilesOf(ctx, block.Wanted); !errors.Is(err, undo) || lerr != nil || len(list) != 0 {
		t.Errorf("after an undone write: %+v, %v, %v", list, err, lerr)
	}
}

func TestNamesOfFilesAreNotReadableOnTheDisk(t *testing.T) {
	dir := t.TempDir()
	db, b := openBlocks(t, dir)
	row := testFile(1, block.Wanted)
	if _, err := b.PutFile(t.Context(), row); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // a folder
		}
		for _, secret := range [][]byte{[]byte("secret name"), row.Ref.Key[:], []byte("small picture")} {
			if bytes.Contains(data, secret) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
	}
}

func TestDamagedRowsOfFilesAreReportedAndHealed(t *testing.T) {
	db, b := openBlocks(t, t.TempDir())
	found := make(chan workspace.Damage, 10)
	db.OnDamage(func(_ seal.ID, d workspace.Damage) { found <- d })
	row := testFile(1, block.Wanted)
	n, err := b.PutFile(t.Context(), row)
	if err == nil {
		err = b.AddBlocks(t.Context(), n, []seal.ID{row.Root})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{
		`UPDATE file SET status = 3`,
		`UPDATE file SET ref = x'00'`,
		`UPDATE file SET ref = cast(substr(ref, 1, 60) || x'ff' || substr(ref, 62) AS BLOB)`,
		`UPDATE file SET space = x'02000000000000000000000000000000'`,
	} {
		err := db.Write(t.Context(), func(ctx context.Context) error {
			_, err := db.querier(ctx).ExecContext(ctx, change)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var list []block.Row
		for status := block.Known; status <= block.Damaged; status++ {
			some, err := b.FilesOf(t.Context(), status)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, some...)
		}
		if len(list) != 0 {
			t.Errorf("%s: a damaged row is believed: %+v", change, list)
		}
		if d := <-found; d.Table != "file" {
			t.Errorf("%s: reported %+v", change, d)
		}
		// The next announcement makes it good, also beside a row that lost its key.
		if _, err := b.PutFile(t.Context(), row); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := b.File(t.Context(), row.Workspace, row.Space, row.Root); err != nil || !ok {
			t.Errorf("%s: not healed: %v, %v", change, ok, err)
		}
	}
	err = db.Write(t.Context(), func(ctx context.Context) error {
		_, err := db.querier(ctx).ExecContext(ctx, `UPDATE file_block SET sum = x'00'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if owners, err := b.Owners(t.Context(), row.Root); err != nil || len(owners) != 0 {
		t.Errorf("a damaged row owns: %+v, %v", owners, err)
	}
}

func TestBlocksLeaveRoomForMessages(t *testing.T) {
	disk := smallDisk(t, 160)
	db, b := openBlocks(t, filepath.Join(disk, "data"))
	data := make([]byte, 256<<10)
	stored := 0
	var err error
	for n := 0; err == nil && n < 1000; n++ {
		data[0], data[1] = byte(n), byte(n>>8)
		if err = b.PutBlock(t.Context(), seal.Sum(data), data); err == nil {
			stored++
		}
	}
	checkFullError(t, err)
	if err := b.SyncBlocks(t.Context()); err != nil {
		t.Error(err)
	}
	if stored == 0 {
		t.Fatal("nothing was stored")
	}
	free, err := freeBytes(disk)
	if err != nil || free < reserveMargin {
		t.Errorf("%d bytes are left, %v", free, err)
	}
	if db.DiskFull() {
		t.Error("blocks made the disk full for messages")
	}
	for n := 1; n <= 50; n++ {
		if err := writePair(db, 0, n); err != nil {
			t.Fatalf("a message after the blocks: %v", err)
		}
	}
	data[0], data[1] = 0, 0
	if got, err := b.Block(t.Context(), seal.Sum(data)); err != nil || len(got) != len(data) {
		t.Errorf("reading goes on: %d, %v", len(got), err)
	}
	for n := range 60 {
		data[0], data[1] = byte(n), 0
		if err := b.DeleteBlock(t.Context(), seal.Sum(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.PutBlock(t.Context(), seal.Sum(data), data); err != nil {
		t.Errorf("after space returned: %v", err)
	}
}
