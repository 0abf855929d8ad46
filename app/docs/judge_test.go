package docs

import (
	"context"
	"errors"
	"testing"

	"parvis/crdt/seal"
)

var errDisk = errors.New("the disk is gone")

// deaf is a store and a workspace that answer nothing.
type deaf struct {
	Storage
	Team
}

func (deaf) Change(context.Context, int64, seal.ID) (ChangeRow, bool, error) {
	return ChangeRow{}, false, errDisk
}
func (deaf) Knew(context.Context, seal.ID, seal.ID) (bool, error) { return false, errDisk }

// A change about which something could not be looked up is neither complete nor open:
// the transaction ends, and the change is judged again.
func TestD11NothingIsJudgedByWhatCannotBeRead(t *testing.T) {
	first, second := &entry{row: ChangeRow{Hash: seal.ID{1}, Seq: 1}}, &entry{row: ChangeRow{Hash: seal.ID{2}, Seq: 1}}
	for name, set := range map[string]func(t *tip) *entry{
		"D11 the change before it": func(t *tip) *entry {
			t.known.whole = false
			second.c.Deps = []seal.ID{{9}}
			return second
		},
		"D21 whether the one that waits for it knew of the removal": func(t *tip) *entry {
			first.hidden = true
			t.open[second.row.Hash] = second
			t.waiting[first.row.Hash] = []seal.ID{second.row.Hash}
			return first
		},
		"D21 whether its author knew of the removal": func(t *tip) *entry {
			first.hidden = true
			t.open[first.row.Hash] = first
			second.c.Deps = []seal.ID{first.row.Hash}
			return second
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, e := range []*entry{first, second} {
				e.actor, e.hidden, e.row.State, e.c = &actor{}, false, Open, changeContent{Start: 1, Ops: 1}
			}
			tip := newTip(&view{service: &Service{config: Config{Store: deaf{}}}, team: deaf{}}, DocRow{N: 1})
			e := set(tip)
			if v, err := tip.judge(t.Context(), e); err == nil { // it fails further down
				if released, err := tip.wait(t.Context(), e, v); !errors.Is(err, errDisk) || released != nil {
					t.Errorf("it releases %v, %v", released, err)
				}
				e = set(tip)
			}
			changed, err := tip.settle(t.Context(), e)
			if !errors.Is(err, errDisk) || changed != nil || tip.place != 0 {
				t.Errorf("%d changes are judged, %d complete, %v", len(changed), tip.place, err)
			}
		})
	}
}
