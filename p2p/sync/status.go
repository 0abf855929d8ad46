package sync

import "parvis/p2p"

// Synced reports whether, by the last words of both sides, neither we nor the
// connected peer lack an envelope that the other one holds.
func (s *Syncer) Synced(p p2p.PeerID) bool {
	out, in, connected := s.lag(p)
	return connected && out == 0 && in == 0
}

// Pending says how many envelopes the connected peer that lacks most still lacks
// (out), and how many we lack that a connected peer holds (in).
func (s *Syncer) Pending() (out, in uint64) {
	for p := range s.serving() {
		o, i, _ := s.lag(p)
		out, in = max(out, o), max(in, i)
	}
	return out, in
}

func (s *Syncer) lag(p p2p.PeerID) (out, in uint64, connected bool) {
	s.mu.Lock()
	v := s.serves[p]
	s.mu.Unlock()
	if v == nil {
		return 0, 0, false
	}
	view := s.picture.view.Load()
	v.mu.Lock()
	theirs := v.source.Sink()
	v.mu.Unlock()
	return behind(theirs, s.visible(p, view.Have).Feeds), behind(view.Feeds, theirs), true
}
