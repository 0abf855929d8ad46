package people

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// saying is one name in one space.
type saying struct {
	space seal.SpaceID
	what  What
}

// said is the envelope of this device that says a name there, last.
type said struct {
	envelope seal.ID // zero: none does
	name     string
}

// abroad lets names be said where they are needed, soon.
func (s *Service) abroad(ws seal.ID) {
	s.mu.Lock()
	s.unsaid[ws] = true
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// sayAbroad says names until ctx ends. What fails is tried again when the membership or
// a name changes next.
func (s *Service) sayAbroad(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		s.mu.Lock()
		var views []*view
		for ws := range s.unsaid {
			if v, open := s.views[ws]; open {
				views = append(views, v)
			}
		}
		clear(s.unsaid)
		s.mu.Unlock()
		for _, v := range views {
			if err := v.sayAbroad(ctx); err != nil && ctx.Err() == nil {
				s.config.Log.Warn("say names in other spaces", "workspace", v.team.ID().Short(), "err", err)
			}
		}
	}
}

// sayAbroad names the own person in the spaces of people who do not read where it named
// itself, and what else they lack (rule P14).
func (v *view) sayAbroad(ctx context.Context) error {
	self, _ := v.team.Self()
	all := v.sayHome(ctx, self)
	for _, a := range v.team.Abroad() {
		_, err := v.say(ctx, a.Space, PersonName, self[:])
		if err == nil && v.leads(self) {
			_, err = v.say(ctx, a.Space, WorkspaceName, nil)
		}
		if err == nil && a.Admin {
			var again bool
			again, err = v.say(ctx, a.Space, SpaceName, a.Space[:])
			if err == nil && again && v.service.config.Repeat != nil {
				err = v.service.config.Repeat(ctx, v.team.ID(), a.Space)
			}
		}
		all = errors.Join(all, err)
	}
	return all
}

// sayHome names the own person where everybody reads it, when it named itself elsewhere: it
// was a guest then.
func (v *view) sayHome(ctx context.Context, self seal.ID) error {
	home, ok := v.team.Home()
	k := key{PersonName, string(self[:])}
	named := v.name(k) != "" // it reads the names too
	v.mu.Lock()
	row := v.names[k]
	v.mu.Unlock()
	if !ok || !named || v.said[saying{home, PersonName}].name == row.Name {
		return nil
	}
	o, err := v.team.Reopen(ctx, row.Writer)
	if err != nil {
		return fmt.Errorf("look where the own name was said: %w", err)
	}
	if o.Space == home {
		v.said[saying{home, PersonName}] = said{o.ID, row.Name}
		return nil
	}
	_, err = v.say(ctx, home, PersonName, self[:])
	return err
}

// say writes a name in a space, unless everybody there may open an envelope of this
// device that says it. It reports whether it did.
func (v *view) say(ctx context.Context, space seal.SpaceID, what What, target []byte) (bool, error) {
	text := v.name(key{what, string(target)})
	if text == "" {
		return false, nil
	}
	spot := saying{space, what}
	var open bool
	err := v.service.config.Store.Write(ctx, func(ctx context.Context) (err error) {
		last, looked := v.said[spot]
		if !looked {
			if last, err = v.lastSaid(ctx, spot, target); err != nil {
				return err
			}
			v.said[spot] = last
		}
		if last.name == text && !last.envelope.IsZero() {
			open, err = v.team.OpenToAll(ctx, space, last.envelope)
		}
		return err
	})
	if err != nil || open {
		return false, err
	}
	v.said[spot], err = v.repeat(ctx, space, Profile{What: what, Target: target, Name: text}, key{what, string(target)})
	if err != nil {
		delete(v.said, spot)
	}
	return true, err
}

// lastSaid looks for it in the own chain.
func (v *view) lastSaid(ctx context.Context, spot saying, target []byte) (last said, err error) {
	_, self := v.team.Self()
	own := func(space seal.SpaceID, device seal.ID) bool { return space == spot.space && device == self }
	err = v.team.EachOpened(ctx, workspace.KindProfile, own, func(o workspace.Opened) error {
		if p, err := Decode(o); err == nil && p.What == spot.what && bytes.Equal(p.Target, target) {
			last = said{o.ID, p.Name}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("look for a name in %s: %w", spot.space.Short(), err)
	}
	return last, err
}
