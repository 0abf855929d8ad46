package media

import (
	"slices"
	"time"
)

// sight is how large a device shows the cameras of the others (rule C42).
type sight struct {
	small bool  // the small layer suffices, except of these
	large []tag // at most maxWishes
}

// takes is the layer that is of use of a sender's camera, where the line carries one.
func (s sight) takes(sender tag, line Stream) Stream {
	if line == Video && s.small && !slices.Contains(s.large, sender) {
		return Small
	}
	return line
}

// Look says of whom this device shows the camera in more detail than the small layer has;
// of the others the small layer suffices. all: of everybody, as in a new room.
func (r *Room) Look(large []ID, all bool) {
	s := sight{small: !all}
	for _, id := range large[:min(len(large), maxWishes)] {
		s.large = append(s.large, r.tag(id))
	}
	r.forward.mu.Lock()
	r.forward.sight, r.forward.said = s, time.Time{}
	r.forward.mu.Unlock()
	wake(r.forward.wake)
}

// sight is how large this device shows the others.
func (r *Room) sight() sight {
	r.forward.mu.Lock()
	defer r.forward.mu.Unlock()
	return r.forward.sight
}

// sight is how large the other side shows the others. Who does not say it may show all large.
func (c *conn) sight(now time.Time) sight {
	said, _ := c.saidLately(now)
	return said.sight
}

// takes says which layers of a sender's camera the participant can use (bit: 1 << Stream):
// the one it shows, and the one before it until that has begun.
func (p *peer) takes(sender tag, now time.Time) (streams byte) {
	chosen, c := p.chosen.Load(), p.conn.Load()
	if chosen == nil || c == nil || chosen.Video == 0 {
		return 0
	}
	streams = 1 << c.sight(now).takes(sender, chosen.Video)
	if chosen.Video == Video {
		streams |= 1 << c.out.layer(sender)
	}
	return streams &^ 1
}
