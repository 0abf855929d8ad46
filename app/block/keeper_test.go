package block_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/app/block"
	"parvis/app/store"
	"parvis/app/workspace"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

const mib = 1 << 20

var (
	ws     = seal.ID{'w'}
	space  = seal.SpaceID{1}
	secret = seal.SpaceID{2}
	ana    = seal.ID{'a'}
	ben    = seal.ID{'b'}
)

// device is a keeper on a real store.
type device struct {
	*block.Keeper
	t    testing.TB
	dir  string
	db   *store.DB
	disk *store.Blocks

	mu      sync.Mutex
	readers map[seal.SpaceID][]seal.ID // guarded by mu
	changed chan block.Changed
}

func open(t testing.TB, dir string, change ...func(*block.Config)) *device {
	t.Helper()
	d := &device{t: t, dir: dir, db: store.New(dir), changed: make(chan block.Changed, 100)}
	if err := d.db.Open(t.Context(), seal.Key{1}); err != nil {
		t.Fatal(err)
	}
	d.disk = d.db.Blocks()
	d.readers = map[seal.SpaceID][]seal.ID{space: {ana, ben}, secret: {ana}}
	config := block.Config{Store: d.disk, MayRead: d.mayRead, Patience: 15 * time.Second}
	for _, f := range change {
		f(&config)
	}
	d.Keeper = block.New(config)
	d.Keeper.Changed.Subscribe(func(c block.Changed) { d.changed <- c })
	if err := d.Keeper.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.close)
	return d
}

func (d *device) close() {
	if d.Keeper == nil {
		return
	}
	d.Keeper.Close()
	d.Keeper = nil
	if err := errors.Join(d.disk.Close(), d.db.Close()); err != nil {
		d.t.Error(err)
	}
}

func (d *device) mayRead(w seal.ID, s seal.SpaceID, peer seal.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return w == ws && slices.Contains(d.readers[s], peer)
}

// link is an exchange with the devices that are online, without a network.
type link struct {
	mu    sync.Mutex
	from  []*device     // guarded by mu
	woken chan struct{} // guarded by mu; closed when from grows
	asked int           // guarded by mu: blocks
	self  seal.ID
}

func newLink(self seal.ID, from ...*device) *link {
	return &link{self: self, from: from, woken: make(chan struct{})}
}

func (l *link) connect(d *device) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.from = append(l.from, d)
	close(l.woken)
	l.woken = make(chan struct{})
}

func (l *link) Get(ctx context.Context, want []seal.ID, take func(seal.ID, []byte) error) error {
	for _, id := range want {
		for {
			data, woken := l.one(ctx, id)
			if data != nil {
				if err := take(id, data); err != nil {
					return err
				}
				break
			}
			select {
			case <-woken:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

func (l *link) one(ctx context.Context, id seal.ID) ([]byte, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	for _, d := range l.from {
		if !d.MayRead(ctx, l.self, id) {
			continue
		}
		if data, err := d.disk.Block(ctx, id); err == nil {
			return data, nil
		}
	}
	return nil, l.woken
}

func (l *link) Stored([]seal.ID) {}

func content(n int) []byte {
	source := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	data := make([]byte, n)
	_, _ = source.Read(data)
	return data
}

func (d *device) put(data []byte, s seal.SpaceID) file.Ref {
	d.t.Helper()
	ref, err := d.Put(d.t.Context(), ws, s, bytes.NewReader(data), "plan.pdf", "application/pdf")
	if err != nil {
		d.t.Fatal(err)
	}
	return ref
}

func (d *device) read(ref file.Ref) ([]byte, error) {
	r, err := d.Read(d.t.Context(), ws, space, ref)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func (d *device) same(ref file.Ref, want []byte) {
	d.t.Helper()
	got, err := d.read(ref)
	if err != nil || !bytes.Equal(got, want) {
		d.t.Fatalf("read %d of %d bytes: %v", len(got), len(want), err)
	}
}

// await waits for the news that a file has a status.
func (d *device) await(ref file.Ref, status block.Status) {
	d.t.Helper()
	root, err := ref.Root()
	if err != nil {
		d.t.Fatal(err)
	}
	timeout := time.After(60 * time.Second)
	for {
		select {
		case c := <-d.changed:
			if c.Root == root && c.Status == status {
				return
			}
		case <-timeout:
			d.t.Fatalf("the file never became %d", status)
		}
	}
}

// blockFiles are the paths of the blocks on the disk.
func (d *device) blockFiles() []string {
	paths, err := filepath.Glob(filepath.Join(d.dir, "blocks", "??", "*"))
	if err != nil {
		d.t.Fatal(err)
	}
	return paths
}

func TestK1WhatIsPutInComesBackAfterARestart(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	for _, size := range []int{0, 1, file.ChunkSize, 3*mib + 7} {
		d.same(d.put(content(size), space), content(size))
	}
	ref := d.put(content(5*mib), space)
	d.close()
	d = open(t, dir)
	d.same(ref, content(5*mib))
	st, err := d.State(t.Context(), ws, space, ref)
	if err != nil || st.Status != block.Whole || st.Here != 20 || st.All != 20 || st.Size != 5*mib {
		t.Errorf("state %+v, %v", st, err)
	}
	for _, path := range d.blockFiles() {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestK1NothingOfAFileThatFailsStays(t *testing.T) {
	d := open(t, t.TempDir())
	broken := errors.New("broken")
	in := io.MultiReader(bytes.NewReader(content(2*mib)), failing{broken})
	if _, err := d.Put(t.Context(), ws, space, in, "a", ""); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := d.Put(ended, ws, space, bytes.NewReader(content(mib)), "a", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left := d.blockFiles(); len(left) > 0 {
		t.Errorf("%d blocks are left", len(left))
	}
	for _, name := range []string{"", "a/b", strings.Repeat("x", 256)} {
		if _, err := d.Put(t.Context(), ws, space, strings.NewReader("x"), name, ""); !errors.Is(err, block.ErrName) {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestK2BlocksGoToThoseWhoMayReadASpaceWithThem(t *testing.T) {
	d := open(t, t.TempDir())
	ref := d.put(content(mib), secret)
	root, _ := ref.Root()
	ids := []seal.ID{root}
	for _, path := range d.blockFiles() {
		id, err := seal.ParseID(filepath.Base(path))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		if !d.MayRead(t.Context(), ana, id) || d.MayRead(t.Context(), ben, id) {
			t.Errorf("block %s: Ana %v, Ben %v", id.Short(), d.MayRead(t.Context(), ana, id), d.MayRead(t.Context(), ben, id))
		}
	}
	if d.MayRead(t.Context(), ana, seal.ID{9}) {
		t.Error("a block of no file is given away")
	}
	// The same file in a second space, and a reader that loses the first one.
	if err := d.Learn(t.Context(), ws, space, ref); err != nil {
		t.Fatal(err)
	}
	if !d.MayRead(t.Context(), ben, root) {
		t.Error("the second space does not count")
	}
	d.mu.Lock()
	d.readers = nil
	d.mu.Unlock()
	if d.MayRead(t.Context(), ana, root) || d.MayRead(t.Context(), ben, root) {
		t.Error("who was removed still gets blocks")
	}
}

func TestK3BlocksAreSealedAndDamagedOnesComeAgain(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	damage := make(chan workspace.Damage, 10)
	b.db.OnDamage(func(_ seal.ID, d workspace.Damage) { damage <- d })
	plain := bytes.Repeat([]byte("the quick brown fox "), 60_000)
	ref := a.put(plain, space)
	b.Use(newLink(ben, a))
	if err := b.Learn(t.Context(), ws, space, ref); err != nil {
		t.Fatal(err)
	}
	b.await(ref, block.Whole)
	for _, path := range b.blockFiles() {
		data, err := os.ReadFile(path)
		if err != nil || bytes.Contains(data, []byte("quick brown")) {
			t.Fatalf("%s: %v, or it is readable", path, err)
		}
	}
	for n, change := range []func([]byte) []byte{
		func(data []byte) []byte { data[len(data)/2] ^= 1; return data },
		func(data []byte) []byte { return data[:len(data)-1] },
		func([]byte) []byte { return nil },
	} {
		path := b.blockFiles()[n]
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(data), 0o600); err != nil {
			t.Fatal(err)
		}
		b.same(ref, plain)
		select {
		case found := <-damage:
			if !strings.Contains(found.Key, filepath.Base(path)[:8]) {
				t.Errorf("reported %+v", found)
			}
		case <-time.After(10 * time.Second):
			t.Error("the damage is not reported")
		}
	}
}

func TestK4SmallFilesComeByThemselvesLargeOnesWhenAskedFor(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	link := newLink(ben, a)
	b.Use(link)
	small, large := a.put(content(mib), space), a.put(content(block.MaxAutomatic+1), space)
	for _, ref := range []file.Ref{large, small} {
		if err := b.Learn(t.Context(), ws, space, ref); err != nil {
			t.Fatal(err)
		}
	}
	b.await(small, block.Whole)
	if st, err := b.State(t.Context(), ws, space, large); err != nil || st.Status != block.Known || st.Here != 0 {
		t.Errorf("the large one: %+v, %v", st, err)
	}
	if err := b.Prefetch(t.Context(), ws, space, large); err != nil {
		t.Fatal(err)
	}
	b.await(large, block.Whole)
	link.mu.Lock()
	asked := link.asked
	link.mu.Unlock()
	b.same(large, content(block.MaxAutomatic+1))
	if err := b.Learn(t.Context(), ws, space, large); err != nil {
		t.Fatal(err)
	}
	link.mu.Lock()
	defer link.mu.Unlock()
	if link.asked != asked {
		t.Error("a whole file is fetched again")
	}
}

func TestK4WhatIsUndoneIsNotFetched(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	b.Use(newLink(ben, a))
	ref := a.put(content(mib), space)
	undo := errors.New("undo")
	err := b.db.Write(t.Context(), func(ctx context.Context) error { return errors.Join(b.Learn(ctx, ws, space, ref), undo) })
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	if st, err := b.State(t.Context(), ws, space, ref); err != nil || st.Status != 0 {
		t.Errorf("state %+v, %v", st, err)
	}
	if err := b.db.Write(t.Context(), func(ctx context.Context) error { return b.Learn(ctx, ws, space, ref) }); err != nil {
		t.Fatal(err)
	}
	b.await(ref, block.Whole)
}

func TestK5MissingThenConnectedThenFetched(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir(), func(c *block.Config) { c.Patience = time.Second })
	plain := content(2*mib + 1)
	ref := a.put(plain, space)
	if _, err := b.read(ref); !errors.Is(err, block.ErrMissing) {
		t.Errorf("without a network: %v", err)
	}
	link := newLink(ben)
	b.Use(link)
	if _, err := b.read(ref); !errors.Is(err, block.ErrMissing) {
		t.Errorf("with nobody there: %v", err)
	}
	link.connect(a)
	b.PeerChanged()
	b.await(ref, block.Whole)
	b.same(ref, plain)
	b.Use(nil)
	b.same(ref, plain)
}

func TestK5ReadingWhileItArrives(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir(), func(c *block.Config) { c.Patience = 20 * time.Second })
	plain := content(30 * mib)
	ref := a.put(plain, space)
	link := newLink(ben)
	b.Use(link)
	done := make(chan error, 1)
	go func() {
		got, err := b.read(ref)
		if err == nil && !bytes.Equal(got, plain) {
			err = errors.New("other bytes")
		}
		done <- err
	}()
	link.connect(a)
	if err := <-done; err != nil {
		t.Error(err)
	}
	b.await(ref, block.Whole)

	r, err := b.Read(t.Context(), ws, space, ref)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	seeker := r.(io.ReadSeeker)
	for _, at := range []int64{29 * mib, 0, file.ChunkSize - 1, 30*mib - 1, 30 * mib} {
		if now, err := seeker.Seek(at, io.SeekStart); err != nil || now != at {
			t.Fatalf("seek to %d: %d, %v", at, now, err)
		}
		piece := make([]byte, 100)
		n, err := io.ReadFull(seeker, piece)
		if want := plain[at:min(at+100, 30*mib)]; !bytes.Equal(piece[:n], want) || n == 100 && err != nil {
			t.Errorf("at %d: %d bytes, %v", at, n, err)
		}
	}
	if end, err := seeker.Seek(-1, io.SeekEnd); err != nil || end != 30*mib-1 {
		t.Errorf("seek from the end: %d, %v", end, err)
	}
	if _, err := seeker.Seek(-1, io.SeekStart); err == nil {
		t.Error("seek before the beginning")
	}
}

func TestK5ACancelledReadEnds(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir(), func(c *block.Config) { c.Patience = time.Hour })
	ref := a.put(content(mib), space)
	b.Use(newLink(ben))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := b.Read(ctx, ws, space, ref); done <- err }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestK6TheQuotaRefusesAndKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	quota := func(c *block.Config) { c.Quota = 3 * mib }
	d := open(t, dir, quota)
	kept := d.put(content(2*mib), space)
	if _, err := d.Put(t.Context(), ws, space, bytes.NewReader(content(2*mib+1)), "b", ""); !errors.Is(err, block.ErrQuota) {
		t.Errorf("above the quota: %v", err)
	}
	d.same(kept, content(2*mib))
	d.put(content(mib/2), space) // what failed left its room

	other := open(t, t.TempDir())
	big := other.put(content(2*mib+5), space)
	d.Use(newLink(ana, other))
	if _, err := d.read(big); !errors.Is(err, block.ErrQuota) {
		t.Errorf("fetched above the quota: %v", err)
	}
	d.close()
	d = open(t, dir, quota)
	for deadline := time.Now().Add(10 * time.Second); ; {
		_, err := d.Put(t.Context(), ws, space, bytes.NewReader(content(2*mib+1)), "b", "")
		if errors.Is(err, block.ErrQuota) {
			break // what lies on the disk is counted after a restart too
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("the quota is forgotten: %v", err)
		}
	}
}

func TestK7TheCheckMendsAndCleans(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	plain := content(2 * mib)
	ref := a.put(plain, space)
	b.Use(newLink(ben, a))
	if err := b.Learn(t.Context(), ws, space, ref); err != nil {
		t.Fatal(err)
	}
	b.await(ref, block.Whole)
	files := b.blockFiles()
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[1], []byte("rotten"), 0o600); err != nil {
		t.Fatal(err)
	}
	stray := []byte("of no file")
	if err := b.disk.PutBlock(t.Context(), seal.Sum(stray), stray); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(b.dir, "blocks", "readme.txt")
	if err := os.WriteFile(foreign, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.await(ref, block.Whole)
	b.Use(nil)
	b.same(ref, plain)
	if _, err := b.disk.BlockSize(t.Context(), seal.Sum(stray)); !errors.Is(err, block.ErrNotHere) {
		t.Errorf("the block of no file: %v", err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a file that is not ours: %v", err)
	}
	if len(b.blockFiles()) != len(files) {
		t.Errorf("%d blocks, want %d", len(b.blockFiles()), len(files))
	}
}

func TestK8ARestartGoesOn(t *testing.T) {
	a := open(t, t.TempDir())
	plain := content(3 * mib)
	ref := a.put(plain, space)
	dir := t.TempDir()
	b := open(t, dir)
	b.Use(newLink(ben))
	if err := b.Learn(t.Context(), ws, space, ref); err != nil {
		t.Fatal(err)
	}
	b.close()
	b = open(t, dir)
	b.Use(newLink(ben, a))
	b.await(ref, block.Whole)
	b.same(ref, plain)
}

func TestK9AWrongClaimDoesNotSpoilTheRightOne(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	b.Use(newLink(ben, a))
	plain := content(mib)
	ref := a.put(plain, space)
	for what, change := range map[string]func(*file.Ref){
		"key":  func(r *file.Ref) { r.Key[0] ^= 1 },
		"size": func(r *file.Ref) { r.Size-- },
	} {
		t.Run(what, func(t *testing.T) {
			wrong := ref
			change(&wrong)
			if err := b.Learn(t.Context(), ws, space, wrong); err != nil {
				t.Fatal(err)
			}
			b.await(wrong, block.Damaged)
			if _, err := b.read(wrong); !errors.Is(err, file.ErrDamaged) {
				t.Errorf("the wrong one: %v", err)
			}
			if err := b.Learn(t.Context(), ws, space, ref); err != nil {
				t.Fatal(err)
			}
			b.await(ref, block.Whole)
			b.same(ref, plain)
			root, _ := ref.Root()
			row, _, err := b.disk.File(t.Context(), ws, space, root)
			if err == nil {
				row.Status = block.Known
				_, err = b.disk.PutFile(t.Context(), row)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	bad := ref
	bad.Index = slices.Repeat([]byte{7}, 36)
	if err := b.Learn(t.Context(), ws, space, bad); !errors.Is(err, file.ErrDamaged) {
		t.Errorf("a reference to no block: %v", err)
	}
}

func TestK9AnIndexOfItsAuthor(t *testing.T) {
	for what, change := range map[string]func(ix *file.Index){
		"truncated":     func(ix *file.Index) { ix.Blocks = ix.Blocks[:len(ix.Blocks)-1] },
		"a block twice": func(ix *file.Index) { ix.Blocks[1] = ix.Blocks[0] },
		"swapped":       func(ix *file.Index) { ix.Blocks[0], ix.Blocks[1] = ix.Blocks[1], ix.Blocks[0] },
	} {
		t.Run(what, func(t *testing.T) {
			a, b := open(t, t.TempDir()), open(t, t.TempDir())
			ref := reindex(t, a, a.put(content(mib), space), change)
			if err := a.Learn(t.Context(), ws, space, ref); err != nil {
				t.Fatal(err)
			}
			b.Use(newLink(ben, a))
			if got, err := b.read(ref); !errors.Is(err, file.ErrDamaged) || len(got) > 0 {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// reindex seals a changed index for a file and returns the reference to it.
func reindex(t *testing.T, d *device, ref file.Ref, change func(*file.Index)) file.Ref {
	t.Helper()
	key := seal.Key(seal.KDF(ref.Key[:], nil, "parvis1/file"))
	aad := []byte{0, 0, 0, 0, 0, 0, 0, byte(file.Chunks(ref.Size))}
	root, _ := ref.Root()
	sealed, err := d.disk.Block(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := key.OpenAt(seal.Place{Kind: 2}, sealed, aad)
	if err != nil {
		t.Fatal(err)
	}
	ix, err := seal.Decode[file.Index](plain)
	if err != nil {
		t.Fatal(err)
	}
	change(&ix)
	if plain, err = seal.Encode(ix); err != nil {
		t.Fatal(err)
	}
	sealed = key.SealAt(seal.Place{Kind: 2}, plain, aad)
	if err := d.disk.PutBlock(t.Context(), seal.Sum(sealed), sealed); err != nil {
		t.Fatal(err)
	}
	ref.Index = file.CID(seal.Sum(sealed))
	return ref
}

func BenchmarkPut(b *testing.B) {
	d := open(b, b.TempDir())
	data := content(20 * mib)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := d.Put(b.Context(), ws, space, bytes.NewReader(data), "a", ""); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	d := open(b, b.TempDir())
	ref := d.put(content(20*mib), space)
	b.SetBytes(20 * mib)
	for b.Loop() {
		r, err := d.Read(b.Context(), ws, space, ref)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); n != 20*mib || err != nil {
			b.Fatal(n, err)
		}
	}
}

func writeFile(path string, data []byte) error { return os.WriteFile(path, data, 0o600) }
