package calls

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// Entry is how this device enters a call.
type Entry struct {
	State
	// Test lets a generated picture and tone take the place of camera and microphone.
	Test bool
	// Answers is what is said to recordings where no person can be asked.
	Answers Answer

	entered time.Time // when this person came, of one that goes over from another call
}

// StartCall starts a call in a channel and enters it. Where one goes on already, that one
// is entered; entering the own call again changes nothing.
func (s *Service) StartCall(ctx context.Context, ws seal.ID, channel ChannelID, e Entry) (Call, error) {
	v, err := s.view(ws)
	if err != nil {
		return Call{}, err
	}
	space, known, err := s.config.Channels.SpaceOf(ctx, ws, channel)
	if err != nil {
		return Call{}, err
	}
	_, own := v.team.Self()
	switch {
	case !known:
		return Call{}, fmt.Errorf("channel %s: %w", channel, ErrNotFound)
	case !v.team.MayJoin(space, own):
		return Call{}, workspace.ErrRefused
	}
	s.entering.Lock()
	defer s.entering.Unlock()
	if x := s.session.Load(); x != nil && x.view == v && x.channel == channel {
		return v.call(ctx, x.key.call)
	} else if x != nil {
		return Call{}, ErrBusy
	}
	list, err := s.List(ctx, ws, channel)
	if err != nil {
		return Call{}, err
	}
	for _, c := range slices.Backward(list) {
		if len(c.Participants) > 0 || c.Ringing {
			return s.enter(ctx, v, c, e)
		}
	}
	if v.crowded() {
		return Call{}, ErrFull
	}
	c := Call{Space: space, Channel: channel, ID: call.ID(seal.Random(len(call.ID{})))}
	if err := v.write(ctx, space, Body{Op: OpStart, Call: c.ID, Channel: channel}); err != nil {
		return Call{}, fmt.Errorf("start call: %w", err)
	}
	if err := s.begin(v, c, e); err != nil {
		return Call{}, fmt.Errorf("start call: %w", errors.Join(err, v.write(ctx, space, Body{Op: OpEnd, Call: c.ID, Channel: channel})))
	}
	return v.call(ctx, c.ID)
}

// Join enters a call. Entering the own call again changes nothing.
func (s *Service) Join(ctx context.Context, ws seal.ID, id call.ID, e Entry) (Call, error) {
	v, err := s.view(ws)
	if err != nil {
		return Call{}, err
	}
	c, err := v.call(ctx, id)
	if err != nil {
		return Call{}, err
	}
	s.entering.Lock()
	defer s.entering.Unlock()
	if x := s.session.Load(); x.sameCall(v, id) {
		return c, nil
	} else if x != nil {
		return Call{}, ErrBusy
	}
	return s.enter(ctx, v, c, e)
}

// enter notes that this person is in a call and opens its connections. The caller holds
// entering.
func (s *Service) enter(ctx context.Context, v *view, c Call, e Entry) (Call, error) {
	switch {
	case len(c.Participants) >= MaxParticipants:
		return Call{}, ErrFull
	case c.EndedMs > 0 && len(c.Participants) == 0:
		return Call{}, ErrEnded
	}
	if person, _ := v.team.Self(); !slices.Contains(c.People, person) {
		if err := v.write(ctx, c.Space, Body{Op: OpJoin, Call: c.ID, Channel: c.Channel}); err != nil {
			return Call{}, fmt.Errorf("join call: %w", err)
		}
	}
	if err := s.begin(v, c, e); err != nil {
		return Call{}, fmt.Errorf("join call: %w", err)
	}
	return v.call(ctx, c.ID)
}

// Leave leaves the own call. The last who leaves ends it.
func (s *Service) Leave(ctx context.Context) error {
	s.entering.Lock() // it may just go over to another call
	defer s.entering.Unlock()
	x := s.session.Load()
	if x == nil {
		return ErrNoCall
	}
	s.leave(ctx, x)
	return nil
}

// Set says what this device does in the own call, to all who are in it. Only what it
// says that it sends is sent (rule L21).
func (s *Service) Set(_ context.Context, state State) error {
	x := s.session.Load()
	if x == nil {
		return ErrNotIn
	}
	if flags := uint32(state.flags()); x.says.flags.Swap(flags) != flags {
		x.show()
		x.say(0)
	}
	return nil
}

// write appends a record.
func (v *view) write(ctx context.Context, space seal.SpaceID, b Body) error {
	_, err := v.team.Append(ctx, space, workspace.KindCall, func(context.Context) (workspace.Draft, error) {
		body, err := b.Encode()
		return workspace.Draft{Body: body}, err
	})
	return err
}
