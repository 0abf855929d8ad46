package chat

import (
	"context"
	"sync"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// How often hints go out and come in (protocol 2.9: hints are never stored).
const (
	sendTypingEvery = 3 * time.Second
	hearTypingEvery = time.Second
	maxTypists      = 1024 // remembered for the limits
)

// typingHint travels over the open streams.
type typingHint struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Channel ChannelID
}

// typing limits the hints of one workspace.
type typing struct {
	mu    sync.Mutex
	sent  map[ChannelID]time.Time // guarded by mu
	heard map[typist]time.Time    // guarded by mu
}

type typist struct {
	person  seal.ID
	channel ChannelID
}

// Typing tells the connected people of a channel that one writes there. More
// often than every three seconds it does nothing.
func (s *Service) Typing(ctx context.Context, ws seal.ID, channel ChannelID) error {
	v, row, err := s.channel(ctx, ws, channel)
	if err != nil {
		return err
	}
	if !v.typing.maySend(channel, s.config.Now()) {
		return nil
	}
	body, err := seal.Encode(typingHint{V: version, Channel: channel})
	if err != nil {
		return err
	}
	return v.team.SendLive(row.Space, workspace.KindChat, body)
}

// hear takes a hint from a device that may write in the space.
func (v *view) hear(space seal.SpaceID, device seal.ID, body []byte) {
	hint, err := seal.Decode[typingHint](body)
	person, known := v.team.PersonOf(device)
	if err != nil || hint.V != version || !known {
		return
	}
	row, err := v.list.find(context.Background(), hint.Channel)
	if err != nil || row.Space != space || !v.typing.mayHear(typist{person, hint.Channel}, v.service.config.Now()) {
		return
	}
	v.service.SomebodyTypes.Publish(Typing{Workspace: v.ws, Channel: hint.Channel, Person: person})
}

func (t *typing) maySend(channel ChannelID, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return limit(&t.sent, channel, now, sendTypingEvery)
}

func (t *typing) mayHear(from typist, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return limit(&t.heard, from, now, hearTypingEvery)
}

// limit reports whether key was not seen within every, and remembers it.
func limit[K comparable](seen *map[K]time.Time, key K, now time.Time, every time.Duration) bool {
	if *seen == nil || len(*seen) > maxTypists {
		*seen = map[K]time.Time{}
	}
	if last, ok := (*seen)[key]; ok && now.Sub(last) < every && now.Sub(last) >= 0 {
		return false
	}
	(*seen)[key] = now
	return true
}
