package people

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// key says which name it is.
type key struct {
	what   What
	target string
}

// view folds the profile envelopes of one workspace. names holds what is
// committed; a name only ever gives way to a later one, so that it does not
// matter in which order commits and the first read take their turn.
type view struct {
	service *Service
	team    Team

	mu     sync.Mutex
	loaded bool              // guarded by mu
	names  map[key]NameRow   // guarded by mu
	trusts map[seal.ID]Trust // guarded by mu; by person; nil: not read yet

	vouches map[seal.ID]map[seal.ID]string // guarded by mu; the introductions among names: person, author, devices
	told    map[seal.ID]Person             // guarded by mu; what was told last
	said    map[saying]said                // only read and written where names are said abroad
}

// Apply implements [workspace.View].
func (v *view) Apply(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	bad := map[seal.ID]string{}
	var given []NameRow
	for _, o := range batch {
		if o.Hidden {
			continue
		}
		p, err := Decode(o)
		if err == nil && !v.may(p, o) {
			err = ErrRefused
		}
		if err != nil {
			bad[o.ID] = err.Error()
			continue
		}
		row := rowOf(o, p)
		before, found, err := v.service.config.Store.NameRow(ctx, o.Workspace, row.What, row.Target)
		if err != nil {
			return workspace.Result{}, err
		}
		if found && !row.beats(before) {
			continue
		}
		if err := v.service.config.Store.PutName(ctx, row); err != nil {
			return workspace.Result{}, err
		}
		given = append(given, row)
	}
	return workspace.Result{Bad: bad, After: func() { v.keep(given) }}, nil
}

// Reset implements [workspace.View]. Nothing uncommitted is kept in memory.
func (v *view) Reset() {}

// keep takes committed names and tells them.
func (v *view) keep(given []NameRow) {
	for _, row := range given {
		v.mu.Lock()
		k := key{row.What, row.Target}
		before := v.names[k]
		fresh := row.beats(before)
		if fresh {
			v.names[k] = row
			v.introduced(k, row.Name)
		}
		v.mu.Unlock()
		if fresh {
			v.tellName(row)
		}
		// What was only said once more, as abroad, is no reason to say it again.
		if fresh && row.Name != before.Name && row.What != SpaceName {
			v.service.abroad(v.team.ID())
		}
	}
}

func (v *view) tellName(row NameRow) {
	switch row.What {
	case PersonName:
		if m, ok := v.team.Member(seal.ID([]byte(row.Target))); ok {
			v.tell(v.person(m))
		}
	case WorkspaceName:
		v.service.WorkspaceRenamed.Publish(v.team.ID())
	case Vouch:
		if m, ok := v.team.Member(seal.ID([]byte(row.Target[idSize:]))); ok {
			v.tell(v.person(m))
		}
	case SpaceName, Demand:
		v.service.SpaceRenamed.Publish(NamedSpace{v.team.ID(), seal.SpaceID([]byte(row.Target))})
	}
}

// tell publishes a person unless the same was told before.
func (v *view) tell(p Person) {
	v.mu.Lock()
	before, known := v.told[p.ID]
	v.told[p.ID] = p
	v.mu.Unlock()
	before.LastSeenMs = p.LastSeenMs // moves all the time; tells nothing new by itself
	if !known || !before.looksLike(p) {
		v.service.PersonChanged.Publish(p)
	}
}

// name is a committed name, or empty.
func (v *view) name(k key) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.loaded {
		if err := v.load(context.Background()); err != nil {
			v.service.config.Log.Error("read names", "workspace", v.team.ID().Short(), "err", err)
		}
	}
	return v.names[k].Name
}

// load reads all names once; a damaged one is made again from its envelope.
func (v *view) load(ctx context.Context) error {
	rows, err := v.service.config.Store.NameRows(ctx, v.team.ID())
	if err != nil {
		return err
	}
	v.loaded = true
	for _, row := range rows {
		if row.Damaged {
			if row, err = v.restore(ctx, row); err != nil {
				v.service.config.Log.Error("restore name", "workspace", v.team.ID().Short(), "err", err)
				v.trouble("A stored name was damaged and could not be restored: it comes back when it is given again.")
				continue
			}
			if row.What <= SpaceName {
				v.trouble("The stored name “" + row.Name + "” was damaged and was restored from its envelope.")
			}
		}
		if k := (key{row.What, row.Target}); row.beats(v.names[k]) {
			v.names[k] = row
			v.introduced(k, row.Name)
		}
	}
	return nil
}

// restore reads a name again from the envelope that gave it.
func (v *view) restore(ctx context.Context, row NameRow) (NameRow, error) {
	o, err := v.team.Reopen(ctx, row.Writer)
	if err != nil {
		return NameRow{}, fmt.Errorf("open envelope again: %w", err)
	}
	p, err := Decode(o)
	if err != nil {
		return NameRow{}, err
	}
	restored := rowOf(o, p)
	err = v.service.config.Store.Write(ctx, func(ctx context.Context) error { return v.service.config.Store.PutName(ctx, restored) })
	return restored, err
}

func (v *view) trouble(text string) {
	v.service.Trouble.Publish(Trouble{v.team.ID(), text})
}

// leads reports whether a person is an owner or an admin.
func (v *view) leads(person seal.ID) bool {
	m, ok := v.team.Member(person)
	return ok && (m.Role == Owner || m.Role == Admin)
}

// person makes what is shown of a member.
func (v *view) person(m Membership) Person {
	self, _ := v.team.Self()
	t, trusted := v.trust(m.Person)
	p := Person{
		Workspace: v.team.ID(), ID: m.Person, Name: v.service.Name(v.team.ID(), m.Person), Role: m.Role,
		State: v.state(m, self, t, trusted), Devices: len(m.Devices), InvitedBy: m.By, Self: m.Person == self,
		First: m.First, Below: m.Below, VerifiedMs: t.AtMs, VerifiedBy: v.introducers(m, self),
	}
	if m.Admitted {
		p.AdmittedBy = m.By
	}
	for _, d := range m.Devices {
		p.Online = p.Online || v.team.Online(d.ID)
		p.LastSeenMs = max(p.LastSeenMs, v.team.LastSeen(d.ID))
	}
	return p
}

// looksLike reports whether two say the same of a person.
func (p Person) looksLike(other Person) bool { return reflect.DeepEqual(p, other) }

// shows reports whether a person is listed: a guest sees whom it shares a space with, and
// of whom it has heard.
func (v *view) shows(m Membership) bool {
	return !m.Stranger || v.name(key{PersonName, string(m.Person[:])}) != ""
}
