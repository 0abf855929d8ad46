package media

import (
	"time"

	"github.com/pion/webrtc/v4"
)

// listen notices when the participant that carries the frames of this device has become
// silent, and when it speaks again. The rest of a connection that is dead takes longer.
func (p *peer) listen(now time.Time) {
	c := p.conn.Load()
	if c == nil {
		return
	}
	via, _ := p.room.route()
	silent := now.Sub(time.Unix(0, c.arrived.Load()))
	switch {
	case p.link.state == Connected && p.id == via && silent > carrierSilent && now.Sub(p.link.since) > carrierSilent && now.Sub(p.link.stalled) > carrierSilent:
		if r := &p.room.forward; r.routed(now) {
			p.enter(Interrupted)
		}
	case p.link.state == Interrupted && silent < carrierSilent/2 && c.pc.ConnectionState() == webrtc.PeerConnectionStateConnected:
		p.up(c)
	}
}

// routed tells whether the route is old enough for its forwarder to have answered.
func (f *forward) routed(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return now.Sub(f.began) > carrierSilent
}

// asked is what the participant, which forwards, can use of the local encoders.
func (p *peer) asked(line choice, now time.Time) Wants {
	w := Wants{AudioBitrate: line.Audio, Video: line.Video == Video, Small: line.Video != 0, Screen: true}
	c := p.conn.Load()
	if c == nil {
		return w
	}
	if m, ok := c.saidLately(now); ok {
		w.Video = w.Video && m.wants&(1<<Video) != 0
		w.Small = w.Small && (m.wants&(1<<Small) != 0 || !w.Video)
		if m.audio > 0 {
			w.AudioBitrate = min(w.AudioBitrate, max(m.audio, AudioLeast))
		}
	}
	return w
}
