package calls

import (
	"context"
	"fmt"
	"sync"

	"parvis/app/workspace"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// key names a call where it takes place: whoever knows its id elsewhere is somewhere
// else.
type key struct {
	space seal.SpaceID
	call  call.ID
}

// view folds the call envelopes of one workspace into rows, and knows who is there.
type view struct {
	service *Service
	team    Team
	ws      seal.ID
	telling sync.Mutex // calls are composed and told by one goroutine at a time

	mu      sync.Mutex
	present map[key]map[seal.ID]*presence // guarded by mu; by device
	hushed  map[seal.ID]*hush             // guarded by mu; by device
	rings   map[call.ID]*ring             // guarded by mu
	rang    map[seal.ID][]int64           // guarded by mu; when somebody's calls rang, Unix milliseconds

	lost      map[seal.ID]Lost    // guarded by mu; of the own call, by device
	unwilling map[key][]seal.ID   // guarded by mu; who else declined
	moved     map[call.ID]call.ID // guarded by mu; from which call to which this device went over
}

func newView(s *Service, team Team) *view {
	return &view{
		service: s, team: team, ws: team.ID(), present: map[key]map[seal.ID]*presence{}, hushed: map[seal.ID]*hush{},
		rings: map[call.ID]*ring{}, rang: map[seal.ID][]int64{},
		lost: map[seal.ID]Lost{}, unwilling: map[key][]seal.ID{}, moved: map[call.ID]call.ID{},
	}
}

func (v *view) store() Storage { return v.service.config.Store }

// Apply implements [workspace.View].
func (v *view) Apply(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	bad := map[seal.ID]string{}
	var news []arrival
	for _, o := range batch {
		body, err := Decode(o.Body)
		if err != nil {
			bad[o.ID] = err.Error()
			continue
		}
		r := recordOf(o, body)
		if body.Op == OpStart && !o.Hidden {
			second, err := v.isSecond(ctx, r)
			if err != nil {
				return workspace.Result{}, err
			}
			if second {
				bad[o.ID] = "a second start of the same call"
				continue
			}
		}
		isNew, err := v.store().PutCallRecord(ctx, r)
		if err != nil {
			return workspace.Result{}, err
		}
		if isNew {
			news = append(news, arrival{r, o.LateMs})
		}
	}
	return workspace.Result{Bad: bad, After: func() { v.arrived(news) }}, nil
}

// Reset implements [workspace.View]. Nothing uncommitted is kept in memory.
func (v *view) Reset() {}

// Hide implements [workspace.Hider]: what was written beyond the fences of a removal
// counts nowhere (rule L6).
func (v *view) Hide(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	var judged []arrival
	for _, o := range batch {
		body, err := Decode(o.Body)
		if err != nil {
			continue
		}
		r := recordOf(o, body)
		if _, err := v.store().PutCallRecord(ctx, r); err != nil {
			return workspace.Result{}, err
		}
		judged = append(judged, arrival{Record: r, lateMs: never})
	}
	return workspace.Result{After: func() { v.arrived(judged) }}, nil
}

// arrival is a record that was stored, and how old it was.
type arrival struct {
	Record
	lateMs int64
}

// never is older than anything that rings.
const never = 1 << 60

func recordOf(o workspace.Opened, b Body) Record {
	return Record{
		Workspace: o.Workspace, ID: o.ID, Call: b.Call, Op: b.Op, Space: o.Space, Channel: b.Channel,
		Person: o.Person, AtMs: o.HintMs, Hidden: o.Hidden,
	}
}

// isSecond reports whether a start loses to another of the same call (rule L3).
func (v *view) isSecond(ctx context.Context, start Record) (bool, error) {
	records, err := v.store().CallRecords(ctx, v.ws, start.Call)
	if err != nil {
		return false, err
	}
	for _, r := range records {
		if r.Op == OpStart && r.counts() && r.ID.Compare(start.ID) < 0 {
			return true, nil
		}
	}
	return false, nil
}

// arrived tells calls of which something was committed.
func (v *view) arrived(news []arrival) {
	told := map[call.ID]bool{}
	for _, a := range news {
		if a.Op == OpStart && !a.Hidden {
			v.crossed(a)
		}
	}
	for _, a := range news {
		if a.Op == OpLink || a.Op == OpRevoke {
			v.relinked(a.Channel)
			continue
		}
		if !told[a.Call] {
			told[a.Call] = true
			v.tell(a.Call)
		}
	}
	for _, a := range news {
		if a.Op == OpStart && !a.Hidden {
			v.ring(a)
		}
		v.stopIfOver(a.Call)
	}
}

// tell publishes a call as it stands now.
func (v *view) tell(id call.ID) {
	v.telling.Lock()
	defer v.telling.Unlock()
	if c, err := v.call(context.Background(), id); err == nil {
		v.service.CallChanged.Publish(c)
	}
}

// records reads the records of a call; a damaged one is made again from its envelope.
func (v *view) records(ctx context.Context, id call.ID) ([]Record, error) {
	records, err := v.store().CallRecords(ctx, v.ws, id)
	if err != nil {
		return nil, err
	}
	v.mend(ctx, records)
	return records, nil
}

// mend makes damaged records again from their envelopes.
func (v *view) mend(ctx context.Context, records []Record) {
	var err error
	for i, r := range records {
		if !r.Damaged {
			continue
		}
		if records[i], err = v.restore(ctx, r); err != nil {
			v.service.config.Log.Error("restore record of a call", "workspace", v.ws.Short(), "err", err)
			v.service.Trouble.Publish(Trouble{v.ws, "A stored record of a call was damaged and could not be restored. The calls themselves are not affected."})
		}
	}
}

// restore reads a record again from its envelope.
func (v *view) restore(ctx context.Context, r Record) (Record, error) {
	o, err := v.team.Reopen(ctx, r.ID)
	if err != nil {
		return r, fmt.Errorf("open envelope again: %w", err)
	}
	body, err := Decode(o.Body)
	if err != nil {
		return r, err
	}
	restored := recordOf(o, body)
	err = v.store().Write(ctx, func(ctx context.Context) error {
		_, err := v.store().PutCallRecord(ctx, restored)
		return err
	})
	return restored, err
}
