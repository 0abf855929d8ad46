package block_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"parvis/app/block"
	"parvis/app/workspace"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// carried is one block of a bundle.
type carried struct {
	space seal.SpaceID
	root  seal.ID
	block []byte
}

// carry lists what a device would put into a bundle for who may read these spaces.
func (d *device) carry(spaces ...seal.SpaceID) (all []carried) {
	d.t.Helper()
	of := func(s seal.SpaceID) bool { return slices.Contains(spaces, s) }
	err := d.EachBlock(d.t.Context(), ws, of, func(space seal.SpaceID, root seal.ID, block []byte) error {
		all = append(all, carried{space, root, block})
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

// refused is what became of a block with a fault.
const refused = workspace.TakenBlock(0)

// take gives blocks to an intake and counts what became of them.
func (d *device) take(blocks []carried) map[workspace.TakenBlock]int {
	d.t.Helper()
	in, counts := d.Intake(ws), map[workspace.TakenBlock]int{}
	for _, c := range blocks {
		taken, err := in.Take(d.t.Context(), c.space, c.root, c.block)
		if _, fault := errors.AsType[*seal.Fault](err); err != nil && !fault {
			d.t.Fatal(err)
		}
		counts[taken]++
	}
	if err := in.Done(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return counts
}

// awaitBoth waits until two files are whole, in whatever order.
func (d *device) awaitBoth(a, b file.Ref) {
	d.t.Helper()
	first, _ := a.Root()
	second, _ := b.Root()
	whole := map[seal.ID]bool{}
	timeout := time.After(60 * time.Second)
	for !whole[first] || !whole[second] {
		select {
		case c := <-d.changed:
			whole[c.Root] = c.Status == block.Whole
		case <-timeout:
			d.t.Fatalf("whole are %v", whole)
		}
	}
}

func TestK10BlocksAreCarriedByHand(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	small, large, hidden, unknown := a.put(content(mib), space), a.put(content(block.MaxAutomatic+1), space), a.put(content(2*mib), secret), a.put(content(3*mib), space)
	for _, ref := range []file.Ref{small, large} {
		if err := b.Learn(t.Context(), ws, space, ref); err != nil {
			t.Fatal(err)
		}
	}
	all := a.carry(space)
	hiddenRoot, _ := hidden.Root()
	unknownRoot, _ := unknown.Root()
	if slices.ContainsFunc(all, func(c carried) bool { return c.root == hiddenRoot }) {
		t.Error("blocks of a space that is not meant are carried")
	}
	strays := 0
	for _, c := range all {
		if c.root == unknownRoot {
			strays++
		}
	}
	t.Run("files that are referred to become whole, others stay out", func(t *testing.T) {
		counts := b.take(all)
		if counts[workspace.BlockUnwanted] != strays || counts[workspace.BlockNew] != len(all)-strays || len(b.blockFiles()) != len(all)-strays {
			t.Errorf("%v of %d, %d strays", counts, len(all), strays)
		}
		b.awaitBoth(small, large)
		b.same(small, content(mib))
		b.same(large, content(block.MaxAutomatic+1))
		for _, id := range []seal.ID{seal.Sum(all[0].block), seal.Sum(all[1].block)} {
			if !b.MayRead(t.Context(), ben, id) {
				t.Error("a carried block is not handed on")
			}
		}
		if err := b.Scrub(t.Context()); err != nil || len(b.blockFiles()) != len(all)-strays {
			t.Errorf("a check removes carried blocks: %v", err)
		}
	})
	t.Run("again", func(t *testing.T) {
		if counts := b.take(all); counts[workspace.BlockKnown] != len(all)-strays || counts[workspace.BlockNew] > 0 {
			t.Errorf("%v", counts)
		}
	})
}

func TestK10BlocksThatAFileDoesNotHaveAreRefused(t *testing.T) {
	a, b := open(t, t.TempDir()), open(t, t.TempDir())
	ref, other := a.put(content(mib), space), a.put(content(2*mib), space)
	for _, r := range []file.Ref{ref, other} {
		if err := b.Learn(t.Context(), ws, space, r); err != nil {
			t.Fatal(err)
		}
	}
	root, _ := ref.Root()
	all := a.carry(space)
	own := slices.DeleteFunc(slices.Clone(all), func(c carried) bool { return c.root != root })
	foreign := slices.DeleteFunc(slices.Clone(all), func(c carried) bool { return c.root == root })
	for _, test := range []struct {
		name   string
		blocks []carried
		want   map[workspace.TakenBlock]int
	}{
		{"a block before its index", own[1:], map[workspace.TakenBlock]int{workspace.BlockUnwanted: len(own) - 1}},
		{"noise under the file's name", []carried{own[0], {space, root, []byte("noise")}}, map[workspace.TakenBlock]int{workspace.BlockNew: 1, refused: 1}},
		{"a block of another file", []carried{own[0], {space, root, foreign[1].block}}, map[workspace.TakenBlock]int{workspace.BlockKnown: 1, refused: 1}},
		{"a space that has no such file", []carried{{secret, root, own[0].block}}, map[workspace.TakenBlock]int{workspace.BlockUnwanted: 1}},
		{"the blocks of two files, crossed", []carried{own[0], foreign[0], own[1]}, map[workspace.TakenBlock]int{workspace.BlockKnown: 1, workspace.BlockNew: 1, workspace.BlockUnwanted: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := b.take(test.blocks); !maps.Equal(got, test.want) {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
	t.Run("the quota holds", func(t *testing.T) {
		c := open(t, t.TempDir(), func(c *block.Config) { c.Quota = mib / 2 })
		if err := c.Learn(t.Context(), ws, space, ref); err != nil {
			t.Fatal(err)
		}
		in := c.Intake(ws)
		var err error
		for _, o := range own {
			if err == nil {
				_, err = in.Take(t.Context(), o.space, o.root, o.block)
			}
		}
		if !errors.Is(err, block.ErrQuota) {
			t.Errorf("%v", err)
		}
	})
}
