package media

import (
	"time"

	"github.com/pion/webrtc/v4"
)

// signal looks at a signal of the participant. What is wrong in itself is
// refused with an error; what only does not fit the moment is dropped later.
func (p *peer) signal(s Signal) error {
	var later func()
	switch s.Kind {
	case Offer, Answer:
		if (s.Kind == Offer) == p.offering() {
			return refuse("the other side must %s", map[bool]string{true: "answer", false: "offer"}[p.offering()])
		}
		d, err := checkDescription(s.Kind, s.SDP, s.Fingerprint, p.guest)
		if err != nil {
			return err
		}
		if err := p.door.admit(s.Fingerprint, s.Kind == Offer, time.Now()); err != nil {
			return err
		}
		later = func() { p.takeOffer(d, s.Fingerprint) }
		if s.Kind == Answer {
			later = func() { p.takeAnswer(d, s.Fingerprint) }
		}
	case Candidate:
		line, ufrag, err := checkCandidate(s.SDP, p.room.cfg.Loopback)
		if err != nil {
			return err
		}
		later = func() { p.takeCandidate(line, ufrag) }
	case Bye:
		if len(s.SDP) > maxTokens {
			return refuse("bye of %d bytes", len(s.SDP))
		}
		later = func() { p.takeBye(s.SDP) }
	default:
		return refuse("kind %d", s.Kind)
	}
	if !p.mailbox.signal(later) {
		return refuse("too many signals wait")
	}
	return nil
}

// takeOffer answers. A connection that was there is replaced: the other side
// has started again.
func (p *peer) takeOffer(d description, print [32]byte) {
	c, err := p.open()
	if err != nil {
		p.log.Warn("open a connection", "err", err)
		p.lost()
		return
	}
	s, err := c.answer(d, print)
	if err != nil {
		p.log.Debug("offer refused", "err", err)
		p.drop()
		p.enter(Waiting)
		return
	}
	p.room.cfg.Send(p.id, s)
	p.described(c)
}

// takeAnswer takes the answer to the offer that stands, and no other.
func (p *peer) takeAnswer(d description, print [32]byte) {
	c := p.conn.Load()
	if c == nil || d.answers != c.ufrag || c.remote.ufrag != "" {
		p.log.Debug("answer to another offer")
		return
	}
	if err := c.accept(webrtc.SDPTypeAnswer, d, print); err != nil {
		p.log.Debug("answer refused", "err", err)
		p.lost()
		return
	}
	p.link.since = time.Now()
	p.described(c)
}

// described adds what came before the description.
func (p *peer) described(c *conn) {
	early := p.link.early
	p.link.early = nil
	for _, e := range early {
		if e.ufrag == c.remote.ufrag {
			p.warn("candidate", c.candidate(e.line))
		}
	}
	if c.tunnel.IsValid() {
		p.warn("tunnel", c.addTunnel(c.tunnel))
	}
}

// takeCandidate adds a candidate to the description it belongs to. One that
// comes before its description waits; one of an earlier description is dropped
// with the next.
func (p *peer) takeCandidate(line, ufrag string) {
	c := p.conn.Load()
	if c != nil && ufrag == c.remote.ufrag {
		p.warn("candidate", c.candidate(line))
		return
	}
	if len(p.link.early) < maxCandidates {
		p.link.early = append(p.link.early, earlyCandidate{line, ufrag})
	}
}

// takeBye ends the connection that the bye names by the user fragment of its
// sender: one that comes late must not end the next connection. Without a name
// the caller vouches for it.
func (p *peer) takeBye(ufrag string) {
	named := p.link.gone // the end of the connection may be noticed before
	if c := p.conn.Load(); c != nil {
		named = c.remote.ufrag
	}
	if ufrag != "" && ufrag != named {
		return
	}
	p.drop()
	p.link.retry = time.Time{}
	p.link.early = nil
	p.enter(Left)
}

// sendCandidate tells the other side of a path, with the description it belongs
// to.
func (p *peer) sendCandidate(c *conn, line string) {
	if c == p.conn.Load() {
		p.room.cfg.Send(p.id, Signal{Kind: Candidate, SDP: line + " ufrag " + c.ufrag})
	}
}
