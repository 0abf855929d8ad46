package calls

import (
	"context"
	"slices"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
	"parvis/media"
)

// Stat is how the connection to a participant is.
type Stat struct {
	Person seal.ID
	Name   string
	media.Stat
	Fault Fault
}

// Layers are the words for what comes of the participant's camera, and for what is sent
// to it of the own one: video, small or nothing.
func (s Stat) Layers() (in, out string) {
	word := func(stream media.Stream) string {
		if stream != media.Video && stream != media.Small {
			return ""
		}
		return stream.String()
	}
	return word(s.LayerIn), word(s.LayerOut)
}

// Stats are those of the own call.
type Stats struct {
	Workspace    seal.ID
	ID           call.ID
	Participants []Stat  // the others, by device
	Forwarder    seal.ID // the participant that carries the sound and pictures of all; zero: none does
	BySuperPeer  bool    // a super-peer carries them
}

// Stats measures the connections of a call that this device is in.
func (s *Service) Stats(_ context.Context, ws seal.ID, id call.ID) (Stats, error) {
	v, err := s.view(ws)
	if err != nil {
		return Stats{}, err
	}
	x := s.session.Load()
	if !x.sameCall(v, id) {
		return Stats{}, ErrNotIn
	}
	return x.stats(), nil
}

func (x *session) stats() Stats {
	all := Stats{Workspace: x.view.ws, ID: x.key.call}
	via := x.forwarder()
	if all.BySuperPeer = isCarrier(via); !all.BySuperPeer {
		all.Forwarder = via
	}
	_, own := x.view.team.Self()
	known := x.lines(own)
	for _, stat := range x.room.Stats() {
		device := seal.ID(stat.ID)
		person, name, ok := x.who(device)
		if !ok || stat.State == media.Left {
			continue
		}
		if x.generator != nil {
			stat.Frames, stat.Bad = x.generator.Count(device)
		}
		all.Participants = append(all.Participants, Stat{person, name, stat, known.fault(own, device, via).between(device)})
	}
	slices.SortFunc(all.Participants, func(a, b Stat) int { return seal.ID(a.ID).Compare(seal.ID(b.ID)) })
	return all
}

// who is the person of a device, or the guest, and how they are called.
func (x *session) who(id seal.ID) (person seal.ID, name string, known bool) {
	if guest.Is(id) {
		return id, x.lobby.nameOf(id), true
	}
	person, known = x.view.team.PersonOf(id)
	return person, x.service.config.People.Name(x.view.ws, person), known
}

// lines is what this device and the others have measured.
func (x *session) lines(own seal.ID) lines {
	all := lines{}
	for device, said := range x.view.reports(x.key) {
		all.add(device, said)
	}
	x.says.lines.mu.Lock()
	defer x.says.lines.mu.Unlock()
	all.add(own, x.says.lines.lines)
	return all
}

// statsEvery is how often statistics are told at most; the room has news every second.
const statsEvery = 900 * time.Millisecond

// measured is what was told last.
type measured struct {
	wants  media.Wants
	device *Attachment
	at     time.Time
}

// measure tells the statistics, and the device what the lines carry.
func (x *session) measure(m *measured) {
	if a, wants := x.service.device.Load(), x.room.Wants(); a != nil && (a != m.device || wants != m.wants) {
		m.device, m.wants = a, wants
		a.device.Wants(wants)
	}
	now := x.service.config.Now()
	if x.ways.noticed(x.room.Stats(), now) {
		x.sayWay()
	}
	if since := now.Sub(m.at); since >= 0 && since < statsEvery {
		return
	}
	m.at = now
	if x.says.lines.measured(x.key.call, x.room.Stats(), now) {
		x.sayReport()
	}
	stats := x.stats()
	best := 0
	for _, p := range x.room.Stats() { // a line to a super-peer is one too; guests choose nobody
		if !isGuest(p.ID) {
			best = max(best, p.Estimate)
		}
	}
	x.ways.measured(best)
	x.says.uplink.Store(uint32(min(max(best, 0), maxUplink)))
	x.service.StatsChanged.Publish(stats)
}
