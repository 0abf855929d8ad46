package api

import (
	"context"

	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// CallService lists calls and says how the own one is.
type CallService interface {
	// List lists the calls of a channel; the zero channel means all.
	List(ctx context.Context, ws seal.ID, channel calls.ChannelID) ([]calls.Call, error)
	Decline(ctx context.Context, ws seal.ID, id call.ID) error
	// Seen says that the missed calls of a channel were seen.
	Seen(ctx context.Context, ws seal.ID, channel calls.ChannelID) error
	Stats(ctx context.Context, ws seal.ID, id call.ID) (calls.Stats, error)
}

// EntryService starts, enters and leaves calls.
type EntryService interface {
	StartCall(ctx context.Context, ws seal.ID, channel calls.ChannelID, e calls.Entry) (calls.Call, error)
	Join(ctx context.Context, ws seal.ID, id call.ID, e calls.Entry) (calls.Call, error)
	Leave(ctx context.Context) error
	Set(ctx context.Context, s calls.State) error
}

// RecordingService asks whether the own call may be recorded, answers those who ask, and
// shows reactions.
type RecordingService interface {
	AskToRecord(ctx context.Context, asks bool) error
	Answer(ctx context.Context, device seal.ID, agrees bool) error
	React(ctx context.Context, reaction string) error
}

// Calls is the bound struct for voice, video and shared screens.
type Calls struct {
	edge    *edge
	calls   CallService
	entries EntryService
	records RecordingService
	guests  GuestService
}

// List returns the calls of a channel, the oldest first; with an empty channel those
// of the whole workspace.
func (c *Calls) List(q CallQuery) ([]Call, error) {
	return run(c.edge, "Calls.List", func(ctx context.Context) ([]Call, error) {
		var ids parser
		ws, channel := ids.id(q.Workspace), calls.ChannelID{}
		if q.Channel != "" {
			channel = calls.ChannelID(ids.channel(q.Channel))
		}
		if ids.err != nil {
			return nil, ids.err
		}
		found, err := c.calls.List(ctx, ws, channel)
		return translateAll(found, callDTO), err
	})
}

// Start starts a call in a channel and enters it. Where one goes on already, that one is
// entered.
func (c *Calls) Start(n NewCall) (Call, error) {
	return run(c.edge, "Calls.Start", func(ctx context.Context) (Call, error) {
		var ids parser
		ws, channel, entry := ids.id(n.Workspace), ids.channel(n.Channel), ids.entry(n.Media, n.Muted, n.Camera, n.AllowRecording)
		if ids.err != nil {
			return Call{}, ids.err
		}
		made, err := c.entries.StartCall(ctx, ws, calls.ChannelID(channel), entry)
		return callDTO(made), err
	})
}

// Join enters a call.
func (c *Calls) Join(j JoinCall) (Call, error) {
	return run(c.edge, "Calls.Join", func(ctx context.Context) (Call, error) {
		var ids parser
		ws, id, entry := ids.id(j.Workspace), ids.call(j.ID), ids.entry(j.Media, j.Muted, j.Camera, j.AllowRecording)
		if ids.err != nil {
			return Call{}, ids.err
		}
		joined, err := c.entries.Join(ctx, ws, id, entry)
		return callDTO(joined), err
	})
}

// Leave leaves the call that this device is in.
func (c *Calls) Leave() error {
	return act(c.edge, "Calls.Leave", func(ctx context.Context) error { return c.entries.Leave(ctx) })
}

// Set says what this device does in its call. Only what it says that it sends is sent.
func (c *Calls) Set(s CallState) error {
	return act(c.edge, "Calls.Set", func(ctx context.Context) error {
		return c.entries.Set(ctx, calls.State{Muted: s.Muted, Camera: s.Camera, Screen: s.Screen, Hand: s.Hand, Recording: s.Recording})
	})
}

// Decline says that one does not want to join a call, or join it again: it rings no more,
// on none of the own devices, and the others are told.
func (c *Calls) Decline(r CallRef) error {
	return act(c.edge, "Calls.Decline", func(ctx context.Context) error {
		var ids parser
		ws, id := ids.id(r.Workspace), ids.call(r.ID)
		if ids.err != nil {
			return ids.err
		}
		return c.calls.Decline(ctx, ws, id)
	})
}

// Seen says that the missed calls of a channel were seen: they are unread no more.
func (c *Calls) Seen(q CallQuery) error {
	return act(c.edge, "Calls.Seen", func(ctx context.Context) error {
		var ids parser
		ws, channel := ids.id(q.Workspace), ids.channel(q.Channel)
		if ids.err != nil {
			return ids.err
		}
		return c.calls.Seen(ctx, ws, calls.ChannelID(channel))
	})
}

// Record asks everybody in the call of this device, and who joins later, whether it may
// be recorded; or asks no more. Who agreed stands with the participants.
func (c *Calls) Record(r CallRecord) error {
	return act(c.edge, "Calls.Record", func(ctx context.Context) error { return c.records.AskToRecord(ctx, r.Asks) })
}

// Answer says whether one agrees to be recorded by a participant. It may be said anew
// at any time.
func (c *Calls) Answer(a CallAnswer) error {
	return act(c.edge, "Calls.Answer", func(ctx context.Context) error {
		var ids parser
		device := ids.id(a.Device)
		if ids.err != nil {
			return ids.err
		}
		return c.records.Answer(ctx, device, a.Agrees)
	})
}

// React shows a reaction to all in the call of this device.
func (c *Calls) React(r NewReaction) error {
	return act(c.edge, "Calls.React", func(ctx context.Context) error { return c.records.React(ctx, r.Reaction) })
}

// Stats measures the connections of the call that this device is in.
func (c *Calls) Stats(r CallRef) (CallStats, error) {
	return run(c.edge, "Calls.Stats", func(ctx context.Context) (CallStats, error) {
		var ids parser
		ws, id := ids.id(r.Workspace), ids.call(r.ID)
		if ids.err != nil {
			return CallStats{}, ids.err
		}
		stats, err := c.calls.Stats(ctx, ws, id)
		return callStatsDTO(stats), err
	})
}

// call reads the id of a call.
func (p *parser) call(text string) call.ID {
	id, err := calls.ParseID(text)
	if err != nil {
		p.fail("call", text)
	}
	return id
}

// entry reads how a call is entered.
func (p *parser) entry(media string, muted, camera, recording bool) calls.Entry {
	answers := calls.LeftOut // without a page there is nobody to ask
	if recording {
		answers = calls.Agreed
	}
	switch media {
	case "", MediaPage:
		return calls.Entry{State: calls.State{Muted: muted, Camera: camera}}
	case MediaNone:
		return calls.Entry{State: calls.State{Muted: true}, Answers: answers}
	case MediaTest:
		return calls.Entry{State: calls.State{Camera: true}, Test: true, Answers: answers}
	}
	p.err = errInvalid{"A call is entered with the media page, test or none. Choose one of them."}
	return calls.Entry{}
}

// callMeanings are the errors of calls.
func callMeanings() []Meaning {
	return []Meaning{
		{calls.ErrNotFound, CodeNotFound, "That call is not on this device. Reload the list and try again."},
		{calls.ErrEnded, CodeInvalid, "This call is over. Start a new one."},
		{calls.ErrBusy, CodeInvalid, "This device is in another call. Leave that one first."},
		{calls.ErrNoCall, CodeInvalid, "This device is in no call."},
		{calls.ErrNotIn, CodeInvalid, "This device is not in this call. Join it first."},
		{calls.ErrFull, CodeRefused, "This call is full, or too many go on in this workspace. Wait until somebody leaves, and try again."},
		{calls.ErrInvalid, CodeInvalid, "That is not possible in a call. Check what you entered."},
	}
}
