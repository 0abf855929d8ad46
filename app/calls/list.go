package calls

import (
	"context"
	"fmt"
	"slices"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// maxListed is how many calls are listed at most, those that were started last.
const maxListed = 200

// List returns the calls of a channel, the oldest first; the zero channel means all.
func (s *Service) List(ctx context.Context, ws seal.ID, channel ChannelID) ([]Call, error) {
	v, err := s.view(ws)
	if err != nil {
		return nil, err
	}
	ids, err := v.store().CallsOf(ctx, ws, channel, maxListed)
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	var list []Call
	for _, id := range ids {
		if c, err := v.call(ctx, id); err == nil && (channel == ChannelID{} || c.Channel == channel) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, byStart)
	return list, nil
}

// call is a call as it stands now. One whose channel is known to be of another space
// does not exist (rule L7).
func (v *view) call(ctx context.Context, id call.ID) (Call, error) {
	records, err := v.records(ctx, id)
	if err != nil {
		return Call{}, fmt.Errorf("read call: %w", err)
	}
	c, declined, started := fold(records)
	if !started {
		return Call{}, fmt.Errorf("call %s: %w", IDText(id), ErrNotFound)
	}
	space, known, err := v.service.config.Channels.SpaceOf(ctx, v.ws, c.Channel)
	if err != nil {
		return Call{}, fmt.Errorf("channel of a call: %w", err)
	}
	_, device := v.team.Self()
	if known && space != c.Space || !v.team.MayJoin(c.Space, device) {
		return Call{}, fmt.Errorf("call %s: %w", IDText(id), ErrNotFound)
	}
	c.Direct = v.team.Direct(c.Space)
	c.Participants = v.participants(key{c.Space, id})
	c.Declined = v.declinedBy(key{c.Space, id}, c.People)
	c.Lost = v.lostOf(key{c.Space, id})
	x := v.service.session.Load()
	c.Here = x != nil && x.view == v && x.key == key{c.Space, id}
	v.mu.Lock()
	c.Ringing, c.MovedTo = v.rings[id] != nil, v.moved[id]
	v.mu.Unlock()
	c.Rejoin = x == nil && len(c.Participants) > 0 && v.service.offered(v.ws, id)
	if c.Here {
		in, waiting := x.lobby.participants()
		c.Participants, c.Lobby = append(c.Participants, in...), waiting
	}
	c.Missed = v.missed(c, declined)
	return c, nil
}

// maxUnseen is how many missed calls of a conversation are counted.
const maxUnseen = 99

// Missed counts the calls of a channel that this person missed and has not seen (rule L34).
func (s *Service) Missed(ctx context.Context, ws seal.ID, channel ChannelID) int {
	v, err := s.view(ws)
	if err != nil {
		return 0
	}
	missed, err := v.unseen(ctx, channel)
	if err != nil {
		s.config.Log.Warn("count missed calls", "workspace", ws.Short(), "err", err)
	}
	return len(missed)
}

// Seen notes that this person has seen which calls of a channel were missed.
func (s *Service) Seen(ctx context.Context, ws seal.ID, channel ChannelID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	missed, err := v.unseen(ctx, channel)
	if err != nil {
		return err
	}
	for _, id := range missed {
		if err := v.store().SeeCall(ctx, ws, id); err != nil {
			return err
		}
	}
	for _, id := range missed {
		v.tell(id)
	}
	return nil
}

// unseen are the calls of a channel that were missed and not seen.
func (v *view) unseen(ctx context.Context, channel ChannelID) (missed []call.ID, err error) {
	self, _ := v.team.Self()
	ids, err := v.store().UnseenCalls(ctx, v.ws, channel, self, maxUnseen)
	if err != nil {
		return nil, fmt.Errorf("list missed calls: %w", err)
	}
	for _, id := range ids {
		if c, err := v.call(ctx, id); err == nil && c.Missed {
			missed = append(missed, id)
		}
	}
	return missed, nil
}

// missed is rule L20.
func (v *view) missed(c Call, declined bool) bool {
	self, _ := v.team.Self()
	over := c.EndedMs > 0 || v.service.config.Now().UnixMilli()-c.StartedMs > RingFor.Milliseconds()
	return c.Direct && over && !declined && !c.Ringing && len(c.Participants) == 0 && !slices.Contains(c.People, self)
}
