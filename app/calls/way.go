package calls

import (
	"errors"
	"slices"
	"sync"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

// wayVersion is the version of a hint about the ways of a call. Programs that know only
// the first version of hints do not hear it, and are not able.
const wayVersion = 2

const (
	maxMisses    = MaxParticipants
	serveFrom    = 3               // participants: from so many on a device carries on what it gets, and super-peers are entered
	settleTime   = 6 * time.Second // a connection that is not there after it is missed
	sayTime      = time.Second     // after it came, who has not said how it sends is not counted
	uplinkWindow = 10              // measurements, of which the least is said
)

// way is a hint about how a device sends (rules L40 to L44).
type way struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Call   call.ID
	Since  uint64
	Uplink uint // kbit/s, the least of some seconds
	Via    [8]byte
	Misses [][8]byte

	Carriers [][8]byte // super-peers with which it has a connection
}

func decodeWay(data []byte) (way, error) {
	w, err := seal.Decode[way](data)
	switch {
	case err != nil:
		return way{}, err
	case w.V != wayVersion, w.Call == call.ID{}, w.Since == 0, len(w.Misses) > maxMisses, len(w.Carriers) > maxCarriers:
		return way{}, errors.New("not a hint about the ways of a call")
	}
	w.Uplink = min(w.Uplink, maxUplink)
	return w, nil
}

// hearWay takes such a hint. It counts for somebody who is known to be there.
func (v *view) hearWay(space seal.SpaceID, device seal.ID, w way) {
	_, own := v.team.Self()
	if device == own || !v.mayHear(device, w.Since) {
		return
	}
	k := key{space, w.Call}
	v.mu.Lock()
	p := v.present[k][device]
	news := false
	if p != nil && !p.own && (p.since == w.Since || p.since == 0) {
		news = p.way == nil || p.way.Via != w.Via || p.way.Uplink != w.Uplink || !slices.Equal(p.way.Misses, w.Misses) || !slices.Equal(p.way.Carriers, w.Carriers)
		p.way = &w
	}
	v.mu.Unlock()
	if x := v.service.session.Load(); news && x != nil && x.view == v && x.key == k {
		x.nudge()
	}
}

// bids is what the other participants say about the ways of a call.
func (v *view) bids(k key) (all []bid) {
	v.mu.Lock()
	defer v.mu.Unlock()
	known := map[[8]byte]seal.ID{}
	for device := range v.present[k] {
		known[call.Tag(k.call, device)] = device
	}
	now := v.service.config.Now()
	for device, p := range v.present[k] {
		if p.own || p.way == nil && now.Sub(p.came) < sayTime {
			continue
		}
		b := bid{device: device, able: p.way != nil}
		if p.way != nil {
			b.uplink, b.via = p.way.Uplink, known[p.way.Via]
			if b.via.IsZero() {
				b.via = standIn(p.way.Via) // a super-peer, nobody, or somebody who has gone
			}
			for _, tag := range p.way.Carriers {
				b.carriers = append(b.carriers, standIn(tag))
			}
			for _, tag := range p.way.Misses {
				b.misses = append(b.misses, known[tag])
			}
		}
		all = append(all, b)
	}
	return all
}

// ways is how this device sends in its call.
type ways struct {
	frames   *call.Frames
	began    time.Time
	carriers carriers

	mu      sync.Mutex
	named   []seal.ID             // of carriers, as said last; guarded by mu
	via     seal.ID               // guarded by mu
	misses  []seal.ID             // guarded by mu
	uplinks []uint                // the last measurements; guarded by mu
	uplink  uint                  // as said last: what others choose by; guarded by mu
	absent  map[seal.ID]time.Time // since when there is no connection; guarded by mu
}

// own is what this device says.
func (w *ways) own(device seal.ID) bid {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bid{device: device, able: true, uplink: w.uplink, via: w.via, misses: w.misses, carriers: w.named}
}

// renew lets what is said from now on be what was measured.
func (w *ways) renew() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.uplinks) > 0 {
		w.uplink = slices.Min(w.uplinks)
	}
}

// measured takes what the best line of this device carries.
func (w *ways) measured(best int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.uplinks = append(w.uplinks, uint(min(max(best, 0), maxUplink))); len(w.uplinks) > uplinkWindow {
		w.uplinks = w.uplinks[1:]
	}
}

// noticed takes the state of the connections; it reports whether others are missed than
// before.
func (w *ways) noticed(stats []media.Stat, now time.Time) (news bool) {
	w.carriers.noticed(stats, now)
	w.mu.Lock()
	defer w.mu.Unlock()
	absent := map[seal.ID]time.Time{}
	var misses []seal.ID
	for _, s := range stats {
		id := seal.ID(s.ID)
		if s.State == media.Connected || s.State == media.Left || isCarrier(id) || isGuest(s.ID) {
			continue
		}
		since, known := w.absent[id]
		if !known {
			since = now
		}
		absent[id] = since
		if s.State == media.Interrupted || now.Sub(since) >= settleTime {
			misses = append(misses, id)
		}
	}
	w.absent = absent
	slices.SortFunc(misses, seal.ID.Compare)
	news = !slices.Equal(misses, w.misses)
	w.misses = misses
	return news
}

// sayWay tells the others how this device sends.
func (x *session) sayWay() {
	_, own := x.view.team.Self()
	b := x.ways.own(own)
	w := way{
		V: wayVersion, Call: x.key.call, Since: x.since, Uplink: b.uplink, Via: tagOf(x.key.call, b.via), Misses: [][8]byte{}, Carriers: [][8]byte{},
	}
	for _, id := range b.misses {
		w.Misses = append(w.Misses, tagOf(x.key.call, id))
	}
	for _, id := range b.carriers {
		w.Carriers = append(w.Carriers, tagOf(x.key.call, id))
	}
	body, err := seal.Encode(w)
	if err == nil {
		err = x.view.team.SendLive(x.key.space, workspace.KindCall, body)
	}
	if err != nil {
		x.service.config.Log.Debug("send hint about the ways of a call", "err", err)
	}
}

// choose lets the room send through the forwarder that the participants choose.
func (x *session) choose() {
	_, own := x.view.team.Self()
	bids := x.view.bids(x.key)
	now := x.service.config.Now()
	named := x.ways.carriers.reached(now, now.Sub(x.ways.began) < settleTime, bids)
	x.ways.mu.Lock()
	news := !slices.Equal(x.ways.named, named)
	x.ways.named = named
	x.ways.mu.Unlock()
	bids = append(bids, x.ways.own(own))
	via := elect(bids)
	x.ways.mu.Lock()
	news = news || x.ways.via != via
	x.ways.via = via
	x.ways.mu.Unlock()
	x.room.Route(media.ID(via), len(bids) >= serveFrom)
	if news {
		x.sayWay()
	}
}

// forwarder is through whom this device sends.
func (x *session) forwarder() seal.ID {
	x.ways.mu.Lock()
	defer x.ways.mu.Unlock()
	return x.ways.via
}

// share gives the keys of the call to what seals and opens frames.
func (x *session) share(others map[seal.ID]uint64) {
	x.ways.frames.Secrets(x.view.team.CallSecrets(x.key.space, x.key.call))
	for device, since := range others {
		if since != 0 {
			x.ways.frames.Joined(device, since)
		}
	}
}
