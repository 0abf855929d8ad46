package media

import "time"

// Bounds of what waits to be carried on to one participant.
const (
	relaySound = 512 // pieces: a second of ten people
	relayLanes = 3 * maxPeers
	relayBatch = 64               // packets of one turn of the sending goroutine
	laneIdle   = time.Second      // a layer of which nothing came for so long is not made
	laneForget = 30 * time.Second // a lane of which nothing came for so long is forgotten
)

// relay is what is carried on to one participant: pieces of many senders. Each stream of
// pictures has a lane, of which only what can be decoded goes on. Guarded by mu of the
// sender that it belongs to.
type relay struct {
	lanes    map[laneKey]*relayLane
	sound    []piece
	turn     []outPacket // of sound, taken out last; used again
	pictures []piece
	again    []outPacket // of pictures, asked for again
	bytes    int         // of pictures and again
	chosen   choice
	sight    sight // how large the participant shows them
	both     bool  // the participant forwards: it needs both layers
	slow     time.Duration
}

type laneKey struct {
	tag    tag
	stream Stream
}

type relayLane struct {
	open  bool   // what follows can be decoded
	from  uint32 // the time of the key frame that opened it
	last  time.Time
	every time.Time // slow screen: when the next key frame may go
}

// wish is a key frame that is wanted of a sender's stream.
type wish struct {
	tag    tag
	stream Stream
}

// wants tells whether a lane is to be open.
func (r *relay) wants(k laneKey, now time.Time) bool {
	switch k.stream {
	case Screen:
		return true
	case Video:
		return r.layerOf(k.tag) == Video
	}
	if r.layerOf(k.tag) != Video {
		return r.chosen.Video != 0
	}
	large := r.lanes[laneKey{k.tag, Video}]
	return r.both || large == nil || now.Sub(large.last) > laneIdle
}

// layerOf is the layer of a sender that is to go on.
func (r *relay) layerOf(sender tag) Stream {
	if r.both {
		return r.chosen.Video
	}
	return r.sight.takes(sender, r.chosen.Video)
}

// take says whether a piece goes on; if not, which key frame would help.
func (r *relay) take(p *piece, now time.Time) (passes bool, ask wish) {
	k := laneKey{p.tag, p.about.Stream}
	l := r.lanes[k]
	if l == nil {
		if len(r.lanes) >= relayLanes {
			return false, wish{}
		}
		l = &relayLane{}
		r.lanes[k] = l
	}
	l.last = now
	if k.stream == Screen && r.slow > 0 {
		if p.about.Key && l.open && p.ts == l.from {
			return true, wish{}
		}
		if !p.about.Key || now.Before(l.every) {
			return false, r.missing(k, l, now)
		}
		l.open, l.from, l.every = true, p.ts, now.Add(r.slow)
		return true, wish{}
	}
	wanted := r.wants(k, now)
	switch {
	case l.open && !wanted && r.replaced(k, now):
		l.open = false
	case l.open && int32(p.ts-l.from) >= 0:
		return true, wish{}
	case wanted && p.about.Key:
		l.open, l.from = true, p.ts
		r.closeOther(k, now)
		return true, wish{}
	case wanted && !l.open:
		return false, wish{k.tag, k.stream}
	}
	return false, wish{}
}

// replaced tells whether the other layer of a camera goes on, which may have begun while
// this one paused.
func (r *relay) replaced(k laneKey, now time.Time) bool {
	other := r.lanes[laneKey{k.tag, Video + Small - k.stream}]
	return k.stream != Screen && other != nil && other.open && now.Sub(other.last) < laneIdle
}

// missing is the key frame of a slow screen that is due.
func (r *relay) missing(k laneKey, l *relayLane, now time.Time) wish {
	if now.Before(l.every) {
		return wish{}
	}
	return wish{k.tag, k.stream}
}

// closeOther ends the other layer of a camera, which went on until this one began.
func (r *relay) closeOther(k laneKey, now time.Time) {
	other := laneKey{k.tag, Video + Small - k.stream}
	if l := r.lanes[other]; k.stream != Screen && l != nil && !r.wants(other, now) {
		l.open = false
	}
}

// choose sets what goes on from now on.
func (r *relay) choose(c choice, urgent bool, slow time.Duration, now time.Time) {
	if r.slow > 0 && slow == 0 {
		r.close(func(k laneKey) bool { return k.stream == Screen })
	}
	r.chosen, r.slow = c, slow
	for k, l := range r.lanes {
		if now.Sub(l.last) > laneForget {
			delete(r.lanes, k)
		}
	}
	if c.Video == 0 || urgent {
		r.close(func(k laneKey) bool { return k.stream != Screen && !r.wants(k, now) })
	}
}

func (r *relay) close(which func(laneKey) bool) {
	for k, l := range r.lanes {
		if which(k) {
			l.open = false
		}
	}
}

// layer is what goes on of a sender's camera; 0: nothing does.
func (r *relay) layer(sender tag, now time.Time) Stream {
	for _, s := range [...]Stream{Video, Small} {
		if l := r.lanes[laneKey{sender, s}]; l != nil && l.open && now.Sub(l.last) < laneIdle {
			return s
		}
	}
	return 0
}

// clear drops the pieces of a lane that wait.
func (r *relay) clear(k laneKey) {
	kept := r.pictures[:0]
	for _, p := range r.pictures {
		if p.tag == k.tag && p.about.Stream == k.stream {
			r.bytes -= len(p.data)
			continue
		}
		kept = append(kept, p)
	}
	clear(r.pictures[len(kept):])
	r.pictures = kept
}

// relay takes a piece that this participant may get. It never blocks. It says which key
// frame would help, if one would.
func (s *sender) relay(p *piece, now time.Time) (ask wish) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.carried
	if p.head == nil {
		p.prepare()
	}
	switch {
	case !s.open:
		return wish{}
	case p.about.Stream == Audio:
		if len(r.sound) >= relaySound {
			r.sound = r.sound[1:]
		}
		r.sound = append(r.sound, *p)
		wake(s.wake)
		return wish{}
	}
	passes, ask := r.take(p, now)
	if !passes {
		return ask
	}
	most := videoQueue
	if p.about.Stream == Screen {
		most = screenQueue
	}
	if len(r.pictures) > 0 && time.Duration(float64(r.bytes)/s.pace*float64(time.Second)) > most {
		k := laneKey{p.tag, p.about.Stream}
		r.clear(k)
		r.lanes[k].open = false
		return wish{k.tag, k.stream}
	}
	r.pictures = append(r.pictures, *p)
	r.bytes += len(p.data)
	wake(s.wake)
	return wish{}
}

// carries tells whether something of others waits.
func (s *sender) carries() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.carried.sound)+len(s.carried.pictures) > 0
}

// dueSound takes out sound that is carried on. The caller holds mu.
func (s *sender) dueSound() []outPacket {
	r := &s.carried
	list := r.turn[:0]
	for i := range r.sound {
		if p, ok := s.tracks[audioTrack].wrap(&r.sound[i]); ok {
			list = append(list, p)
		}
	}
	r.sound, r.turn = r.sound[:0], list
	s.count.carried.Add(uint64(len(list)))
	return list
}

// duePictures takes out pictures that are carried on, as far as the line goes. All are of
// one track. The caller holds mu.
func (s *sender) duePictures() (track int, list []outPacket) {
	r := &s.carried
	take := func(p outPacket, on uint8, size int) {
		track = int(on)
		list = append(list, p)
		r.bytes -= size
		s.tokens -= float64(p.size())
	}
	for len(r.again) > 0 && s.tokens > 0 && (len(list) == 0 || r.again[0].track == uint8(track)) {
		p := r.again[0]
		r.again = r.again[1:]
		take(p, p.track, p.size())
	}
	done := 0
	for done < len(r.pictures) && s.tokens > 0 && len(list) < relayBatch {
		p := &r.pictures[done]
		if len(list) > 0 && p.track() != uint8(track) {
			break
		}
		done++
		if packet, ok := s.tracks[p.track()].wrap(p); ok {
			take(packet, p.track(), len(p.data))
		} else {
			r.bytes -= len(p.data)
		}
	}
	s.count.carried.Add(uint64(done))
	if r.pictures = r.pictures[done:]; len(r.pictures) == 0 {
		r.pictures = nil
	}
	return track, list
}
