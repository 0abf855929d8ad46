package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/crdt/seal"
)

func openMailbox(t testing.TB, limits MailboxLimits) *Mailbox {
	t.Helper()
	return openMailboxIn(t, t.TempDir(), limits)
}

func openMailboxIn(t testing.TB, dir string, limits MailboxLimits) *Mailbox {
	t.Helper()
	m := NewMailbox(dir, limits)
	if err := m.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// nobody is an access list that names no newcomer.
func nobody(seal.ID) bool { return false }

var testBox = Box{Workspace: seal.ID{1}, Tag: [16]byte{2}}

// testObjects are n objects of a size, different for every first.
func testObjects(first, n, size int) []MailboxObject {
	all := make([]MailboxObject, n)
	for i := range all {
		all[i] = MailboxObject{ID: testID('o', first+i), Bytes: make([]byte, size)}
		if size >= 8 {
			binary.BigEndian.PutUint64(all[i].Bytes, uint64(first+i))
		}
	}
	return all
}

func testIDs(all []MailboxObject) []seal.ID {
	var ids []seal.ID
	for _, o := range all {
		ids = append(ids, o.ID)
	}
	return ids
}

func deposit(peer byte, objects []MailboxObject) Deposit {
	return Deposit{Peer: seal.ID{peer}, Box: testBox, Objects: objects, Day: 20_000}
}

// stored lists the numbers in a box.
func stored(t testing.TB, m *Mailbox, b Box) (numbers []uint64) {
	t.Helper()
	for more := true; more; {
		after := uint64(0)
		if len(numbers) > 0 {
			after = numbers[len(numbers)-1]
		}
		var refs []MailboxRef
		var err error
		if refs, more, err = m.List(t.Context(), b, after, 1000); err != nil {
			t.Fatal(err)
		}
		for _, r := range refs {
			numbers = append(numbers, r.N)
		}
	}
	return numbers
}

func TestMailboxNumbersStayAcrossStarts(t *testing.T) {
	dir := t.TempDir()
	m := NewMailbox(dir, MailboxLimits{})
	if err := m.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	name, err := m.ID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if last, err := m.Put(t.Context(), deposit(1, testObjects(0, 100, 50))); last != 100 || err != nil {
		t.Fatal(last, err)
	}
	if err := m.PutAccess(t.Context(), seal.ID{3}, []byte("first"), nobody, 0); err != nil {
		t.Fatal(err)
	}
	if err := m.PutAccess(t.Context(), seal.ID{3}, []byte("second"), nobody, 0); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Put(t.Context(), deposit(1, testObjects(0, 1, 50))); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed mailbox says %v", err)
	}
	m = openMailboxIn(t, dir, MailboxLimits{})
	if again, err := m.ID(t.Context()); again != name || err != nil {
		t.Errorf("another name: %x, %v", again, err)
	}
	// Half of them are there: the others get the next numbers.
	if last, err := m.Put(t.Context(), deposit(2, testObjects(50, 100, 50))); last != 150 || err != nil {
		t.Error(last, err)
	}
	if numbers := stored(t, m, testBox); len(numbers) != 150 || numbers[149] != 150 {
		t.Errorf("%d numbers", len(numbers))
	}
	if lists, damaged, err := m.Access(t.Context()); len(lists) != 1 || string(lists[0]) != "second" || damaged != 0 || err != nil {
		t.Errorf("%q, %d damaged, %v", lists, damaged, err)
	}
	if s, err := m.State(t.Context()); err != nil || s != (MailboxState{Bytes: 150 * (50 + MailboxOverhead), Objects: 150, Boxes: 1}) {
		t.Errorf("%+v, %v", s, err)
	}
	for peer, want := range map[byte]int64{1: 100, 2: 50, 3: 0} {
		if got, err := m.Stored(t.Context(), seal.ID{peer}); err != nil || got != want*(50+MailboxOverhead) {
			t.Errorf("device %d stores %d, %v", peer, got, err)
		}
	}
}

func TestMailboxOfANewerProgram(t *testing.T) {
	dir := t.TempDir()
	m := openMailboxIn(t, dir, MailboxLimits{})
	if _, err := m.db.writer.Load().conn.exec(`PRAGMA user_version = 99`); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := NewMailbox(dir, MailboxLimits{}).Open(t.Context()); !errors.Is(err, ErrNewer) {
		t.Errorf("error %v", err)
	}
}

func TestMailboxQuotas(t *testing.T) {
	const size, cost = 1000, 1000 + MailboxOverhead
	m := openMailbox(t, MailboxLimits{Device: 10 * cost, Daily: 4 * cost})
	put := func(first, n int, day int64) error {
		d := deposit(1, testObjects(first, n, size))
		d.Day = day
		_, err := m.Put(t.Context(), d)
		return err
	}
	for _, c := range []struct {
		first, n int
		day      int64
		want     error
	}{
		{0, 3, 1, nil},
		{3, 2, 1, ErrMailboxQuota}, // 5 in a day
		{3, 1, 1, nil},
		{4, 1, 1, ErrMailboxQuota},
		{0, 4, 2, nil}, // all there: it costs nothing
		{4, 4, 2, nil},
		{8, 3, 3, ErrMailboxQuota}, // 11 in all
		{8, 2, 3, nil},
		{10, 1, 4, ErrMailboxQuota},
	} {
		if err := put(c.first, c.n, c.day); !errors.Is(err, c.want) {
			t.Errorf("%d objects on day %d: %v, want %v", c.n, c.day, err, c.want)
		}
	}
	if numbers := stored(t, m, testBox); len(numbers) != 10 {
		t.Errorf("%d objects are stored: a refused deposit left some", len(numbers))
	}
	other := deposit(2, testObjects(10, 1, size))
	if _, err := m.Put(t.Context(), other); err != nil {
		t.Errorf("another device: %v", err)
	}
}

func TestMailboxEvictsOnlyWhatCanComeAgain(t *testing.T) {
	const size, cost = 1000, 1000 + MailboxOverhead
	m := openMailbox(t, MailboxLimits{Total: 200 * cost})
	blocks := Box{Workspace: seal.ID{1}, Tag: [16]byte{9}}
	put := func(box Box, peer byte, first, n int, refetchable bool) error {
		_, err := m.Put(t.Context(), Deposit{Peer: seal.ID{peer}, Box: box, Objects: testObjects(first, n, size), Refetchable: refetchable})
		return err
	}
	for _, err := range []error{put(blocks, 1, 0, 90, true), put(testBox, 2, 1000, 20, false), put(blocks, 2, 90, 90, true)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	// 200 of 200 are taken: whoever has 110 has room for no more.
	if used, limit, err := m.Share(t.Context(), seal.ID{2}); err != nil || used != 20*cost+90*cost || limit != used {
		t.Errorf("a share of %d of %d: %v", used, limit, err)
	}
	if err := put(testBox, 3, 2000, 10, false); err != nil { // 10 too many: a lot goes
		t.Fatal(err)
	}
	numbers := stored(t, m, blocks)
	if len(numbers) != 180-evictLot || numbers[0] != evictLot+1 {
		t.Errorf("%d blocks are left, the oldest is %d", len(numbers), numbers[0])
	}
	if n, _ := m.Stored(t.Context(), seal.ID{1}); n != (90-evictLot)*cost {
		t.Errorf("their device still stores %d", n)
	}
	if err := put(testBox, 3, 3000, 100, false); err != nil {
		t.Fatal(err)
	}
	if err := put(testBox, 3, 4000, 100, false); !errors.Is(err, ErrMailboxFull) {
		t.Errorf("more than everything: %v", err)
	}
	if numbers := stored(t, m, testBox); len(numbers) != 130 {
		t.Errorf("%d of 130 others are there", len(numbers))
	}
	if err := put(blocks, 4, 5000, 60, true); err != nil {
		t.Errorf("fresh blocks take the place of old ones: %v", err)
	}
	if err := put(blocks, 4, 6000, 71, true); !errors.Is(err, ErrMailboxFull) {
		t.Errorf("blocks for which nothing is left: %v", err)
	}
	numbers = stored(t, m, blocks)
	if len(numbers) != 60 || numbers[59] != 240 {
		t.Errorf("%d blocks, the newest is %d", len(numbers), numbers[len(numbers)-1])
	}
	s, err := m.State(t.Context())
	if err != nil || s.Objects != 190 || s.Bytes != 190*cost {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestMailboxManyWritersShareACommit(t *testing.T) {
	m := openMailbox(t, MailboxLimits{})
	var wg sync.WaitGroup
	const devices, each = 32, 20
	for device := range devices {
		wg.Go(func() {
			for i := range each {
				d := deposit(byte(device), testObjects(1000*device+i, 1, 100))
				d.Box.Tag = [16]byte{byte(device % 3)}
				if _, err := m.Put(t.Context(), d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if commits := m.db.writer.Load().commits.Load(); commits > devices*each/2 {
		t.Errorf("%d commits for %d deposits", commits, devices*each)
	}
	count := 0
	for tag := range 3 {
		numbers := stored(t, m, Box{Workspace: testBox.Workspace, Tag: [16]byte{byte(tag)}})
		count += len(numbers)
		if int(numbers[len(numbers)-1]) != len(numbers) {
			t.Errorf("%d numbers up to %d", len(numbers), numbers[len(numbers)-1])
		}
	}
	if count != devices*each {
		t.Errorf("%d of %d are there", count, devices*each)
	}
}

func TestMailboxOnAFullDisk(t *testing.T) {
	dir := smallDisk(t, 24)
	m := openMailboxIn(t, dir, MailboxLimits{})
	acked, full := 0, error(nil)
	for ; full == nil && acked < 100; acked++ {
		_, full = m.Put(t.Context(), deposit(1, testObjects(100*acked, 4, 128<<10)))
	}
	acked--
	if !errors.Is(full, ErrDiskFull) || acked == 0 {
		t.Fatalf("after %d deposits: %v", acked, full)
	}
	found, _, _, err := m.Get(t.Context(), testBox, testIDs(testObjects(0, 4, 1)), 1<<20)
	if err != nil || len(found) != 4 {
		t.Errorf("reading: %d, %v", len(found), err)
	}
	if numbers := stored(t, m, testBox); len(numbers) != 4*acked {
		t.Errorf("%d objects, %d were acknowledged", len(numbers), 4*acked)
	}
}

// BenchmarkMailboxPut measures one object of 1 kB, in batches of 256 from 4
// devices at once, each waiting for its own commit.
func BenchmarkMailboxPut(b *testing.B) {
	for _, before := range []int{0, 200_000} {
		b.Run(fmt.Sprintf("stored=%d", before), func(b *testing.B) {
			m := openMailbox(b, MailboxLimits{})
			fillMailbox(b, m, 0, before)
			b.ResetTimer()
			fillMailbox(b, m, before, b.N)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "objects/s")
		})
	}
}

// fillMailbox puts n objects of 1 kB.
func fillMailbox(t testing.TB, m *Mailbox, first, n int) {
	t.Helper()
	next := make(chan [2]int)
	var wg sync.WaitGroup
	for device := range 4 {
		wg.Go(func() {
			for part := range next {
				if _, err := m.Put(t.Context(), deposit(byte(device), testObjects(part[0], part[1], 1000))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for ; n > 0; n -= 256 {
		next <- [2]int{first, min(n, 256)}
		first += 256
	}
	close(next)
	wg.Wait()
}

// BenchmarkMailboxGet measures one object of 1 kB, 256 of a list at a time, as a
// device does that catches up.
func BenchmarkMailboxGet(b *testing.B) {
	m := openMailbox(b, MailboxLimits{})
	fillMailbox(b, m, 0, 100_000)
	refs, _, err := m.List(b.Context(), testBox, 0, 100_000)
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for n := 0; n < b.N; n += 256 {
		var ids []seal.ID
		at := n % (len(refs) - 256)
		for _, r := range refs[at : at+256] {
			ids = append(ids, r.ID)
		}
		found, _, _, err := m.Get(b.Context(), testBox, ids, 1<<20)
		if err != nil || len(found) != 256 {
			b.Fatal(len(found), err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "objects/s")
}

func TestMailboxWindows(t *testing.T) {
	m := openMailbox(t, MailboxLimits{})
	large := testObjects(0, 20, 300)
	if _, err := m.Put(t.Context(), deposit(1, large)); err != nil {
		t.Fatal(err)
	}
	ids := testIDs(large)
	slices.Reverse(ids)
	ids = append([]seal.ID{{7}}, ids...)
	begin := time.Now()
	var got []seal.ID
	for rest := ids; len(rest) > 0; {
		found, left, _, err := m.Get(t.Context(), testBox, rest, 1000)
		if err != nil || len(found) == 0 || len(found) > 3 {
			t.Fatalf("%d found, %v", len(found), err)
		}
		for _, o := range found {
			got = append(got, o.ID)
		}
		rest = left
	}
	if !slices.Equal(got, ids[1:]) {
		t.Errorf("%d of 20 came in order, in %s", len(got), time.Since(begin))
	}
	if found, _, _, err := m.Get(t.Context(), testBox, ids[1:3], 10); len(found) != 1 || err != nil {
		t.Errorf("an object larger than the window: %d, %v", len(found), err)
	}
}
