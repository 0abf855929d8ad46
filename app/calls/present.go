package calls

import (
	"cmp"
	"math"
	"slices"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// presence is what a device last said of itself.
type presence struct {
	person seal.ID
	flags  uint
	uplink uint
	since  uint64 // when it joined, by its own clock; 0: only its signals were heard
	heard  time.Time
	came   time.Time // when it was heard first
	own    bool      // this device: it is there until it leaves

	asking  asking
	consent Answer // to the recording that this device asks for
	way     *way   // how it sends; nil: it has not said so
	report  *report
}

// hush limits what one device can make of its hints.
type hush struct {
	window time.Time // the second that is counted
	count  int
	bye    time.Time // when it said that it leaves
	over   uint64    // since when it had been in the call that it left; 0: not known

	reacted   time.Time // the second of reactions that is counted
	reactions int
}

const (
	hintsPerSecond = 20
	// hintsOnTheWay is how long a hint may be on its way; byeFor is how long one is taken
	// for such after a bye when it is not known what the device had left.
	hintsOnTheWay = GoneAfter
	byeFor        = 1500 * time.Millisecond
	maxHushed     = 1024
)

// hear takes a hint from a device that may write in the space.
func (v *view) hear(space seal.SpaceID, device seal.ID, body []byte) {
	if n, err := decodeNote(body); err == nil {
		v.hearNote(space, device, n)
		return
	}
	if w, err := decodeWay(body); err == nil {
		v.hearWay(space, device, w)
		return
	}
	if r, err := decodeReport(body); err == nil {
		v.hearReport(space, device, r)
		return
	}
	h, err := decodeHint(body)
	person, known := v.team.PersonOf(device)
	self, own := v.team.Self()
	since := h.Since
	if h.Flags&flagDeclined != 0 { // it says nothing of being there, so no goodbye comes before it
		since = math.MaxUint64
	}
	if err != nil || !known || device == own || !v.mayHear(device, since) {
		return
	}
	if h.Flags&flagDeclined != 0 {
		if person == self {
			v.declined(h.Call)
		} else {
			v.refused(space, device, person, h.Call)
		}
		return
	}
	k := key{space, h.Call}
	if !v.team.MayJoin(space, device) || h.Flags&flagLeft != 0 {
		v.gone(k, device, false)
		return
	}
	if person == self {
		v.joined(space, h.Call)
	}
	v.saw(k, device, presence{person: person, flags: h.Flags & flagsState, uplink: h.Uplink, since: h.Since})
}

// mayHear counts the hints of a device (rule L10), and leaves out those that were sent
// before its goodbye (rule L9).
func (v *view) mayHear(device seal.ID, since uint64) bool {
	now := v.service.config.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	h := v.hushOf(device)
	if now.Sub(h.window) >= time.Second || now.Before(h.window) {
		h.window, h.count = now, 0
	}
	h.count++
	return h.count <= hintsPerSecond && !h.late(now, since)
}

// late reports whether a hint was sent before the goodbye of its device.
func (h *hush) late(now time.Time, since uint64) bool {
	passed := now.Sub(h.bye)
	switch {
	case h.bye.IsZero(), passed >= hintsOnTheWay, since == math.MaxUint64:
		return false
	case h.over == 0:
		return passed < byeFor
	}
	return since <= h.over
}

// hushOf is what limits a device. The caller holds mu.
func (v *view) hushOf(device seal.ID) *hush {
	h := v.hushed[device]
	if h == nil {
		if len(v.hushed) >= maxHushed {
			v.hushed = map[seal.ID]*hush{}
		}
		h = &hush{}
		v.hushed[device] = h
	}
	return h
}

// saw notes that a device is in a call; one too many is not noted (rule L10).
func (v *view) saw(k key, device seal.ID, p presence) (noted bool) {
	p.heard = v.service.config.Now()
	p.came = p.heard
	v.mu.Lock()
	there := v.present[k]
	before := there[device]
	if before == nil {
		if there == nil && len(v.present) >= MaxCalls || len(there) >= MaxParticipants {
			v.mu.Unlock()
			return false
		}
		if there == nil {
			there = map[seal.ID]*presence{}
			v.present[k] = there
		}
	}
	if before != nil {
		p.came = before.came
	}
	if before != nil && before.since == p.since {
		p.way, p.report = before.way, before.report
	}
	news := before == nil || before.flags != p.flags || before.since != p.since
	p.keepAnswers(before)
	there[device] = &p
	delete(v.lost, device)
	v.mu.Unlock()
	if before == nil {
		v.service.busy()
	}
	if news {
		v.changed(k)
	}
	return true
}

// signalled notes that a device is in a call because it sent a signal about it.
func (v *view) signalled(k key, device seal.ID) bool {
	v.mu.Lock()
	p := v.present[k][device]
	if p != nil {
		p.heard = v.service.config.Now()
	}
	v.hushOf(device).bye = time.Time{}
	v.mu.Unlock()
	if p != nil {
		return true
	}
	person, known := v.team.PersonOf(device)
	return known && v.saw(k, device, presence{person: person, flags: flagMuted})
}

// gone notes that a device is not in a call any more. After a bye its hints that are
// on the way count no longer.
func (v *view) gone(k key, device seal.ID, bye bool) {
	v.mu.Lock()
	if bye {
		h := v.hushOf(device)
		h.bye, h.over = v.service.config.Now(), 0
		if p := v.present[k][device]; p != nil {
			h.over = p.since
		}
	}
	found := v.drop(k, func(d seal.ID, _ *presence) bool { return d == device })
	delete(v.lost, device)
	v.mu.Unlock()
	if found {
		v.changed(k)
	}
}

// drop forgets some who are in a call. The caller holds mu.
func (v *view) drop(k key, which func(device seal.ID, p *presence) bool) (some bool) {
	for device, p := range v.present[k] {
		if which(device, p) {
			delete(v.present[k], device)
			some = true
		}
	}
	if len(v.present[k]) == 0 {
		delete(v.present, k)
	}
	return some
}

// dropAll forgets some wherever they are, and tells.
func (v *view) dropAll(which func(k key, device seal.ID, p *presence) bool) {
	var left []key
	v.mu.Lock()
	for k := range v.present {
		if v.drop(k, func(device seal.ID, p *presence) bool { return which(k, device, p) }) {
			left = append(left, k)
		}
	}
	v.mu.Unlock()
	for _, k := range left {
		v.changed(k)
	}
}

// expire forgets who has not been heard for too long (rule L9). Of the own call it is
// known who that is (rule L31).
func (v *view) expire(now time.Time) {
	x := v.service.session.Load()
	v.dropAll(func(k key, device seal.ID, p *presence) bool {
		gone := !p.own && now.Sub(p.heard) >= GoneAfter
		if gone && x != nil && x.view == v && x.key == k && len(v.lost) < MaxParticipants {
			v.lost[device] = Lost{device, p.person, p.heard.UnixMilli()}
		}
		return gone
	})
}

// recheck forgets who may not take part any more (rule L11).
func (v *view) recheck() {
	v.dropAll(func(k key, device seal.ID, p *presence) bool { return !p.own && !v.team.MayJoin(k.space, device) })
}

// changed tells a call in which somebody came, went or does something else.
func (v *view) changed(k key) {
	if x := v.service.session.Load(); x != nil && x.view == v && x.key == k {
		x.nudge()
	}
	v.tell(k.call)
	v.stopIfOver(k.call)
}

// goesOn reports whether anybody is in a call.
func (v *view) goesOn() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.present) > 0
}

// crowded reports whether no further call can go on.
func (v *view) crowded() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.present) >= MaxCalls
}

// others are the devices besides this one that are in a call, and when each joined.
func (v *view) others(k key) map[seal.ID]uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	others := map[seal.ID]uint64{}
	for device, p := range v.present[k] {
		if !p.own {
			others[device] = p.since
		}
	}
	return others
}

// participants are who is in a call, by person and device.
func (v *view) participants(k key) []Participant {
	v.mu.Lock()
	defer v.mu.Unlock()
	var list []Participant
	for device, p := range v.present[k] {
		list = append(list, Participant{
			Device: device, Person: p.person, State: stateOf(p.flags), UplinkKbps: int(p.uplink), Self: p.own, NoPage: p.flags&flagNoPage != 0,
			Asks: p.asking.of != seal.ID{}, Answer: p.asking.answer, Consent: p.consent,
		})
	}
	slices.SortFunc(list, func(a, b Participant) int {
		return cmp.Or(a.Person.Compare(b.Person), a.Device.Compare(b.Device))
	})
	return list
}

// sendHint tells the connected devices of a space something about a call.
func (v *view) sendHint(space seal.SpaceID, h hint) {
	h.V = version
	body, err := seal.Encode(h)
	if err == nil {
		err = v.team.SendLive(space, workspace.KindCall, body)
	}
	if err != nil {
		v.service.config.Log.Debug("send hint about a call", "call", IDText(h.Call), "err", err)
	}
}

// live reports whether anybody is in a call, wherever it takes place.
func (v *view) live(id call.ID) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k := range v.present {
		if k.call == id {
			return true
		}
	}
	return false
}

// wasHeard: a call whose participants were known once and are gone rings no more.
func (r *ring) wasHeard(live bool) (over bool) {
	over = r.heard && !live
	r.heard = r.heard || live
	return over
}
