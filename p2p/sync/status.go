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

// Lacking says how many envelopes we lack that a connected peer holds: of the peer
// that is furthest ahead, because the others hold much of the same.
func (s *Syncer) Lacking() (most uint64) {
	have := s.picture.view.Load().Feeds
	for _, v := range s.serving() {
		v.mu.Lock()
		theirs := v.source.Sink()
		v.mu.Unlock()
		most = max(most, behind(have, theirs))
	}
	return most
}

// Workspace is the one that is replicated.
func (s *Syncer) Workspace() [32]byte { return s.cfg.Workspace }

// Silent lists the connected peers that are devices of the workspace and opened no
// stream for it: they are of another mind about who is a member, or just came.
func (s *Syncer) Silent() (peers []p2p.PeerID) {
	for _, p := range s.cfg.Hub.peers() {
		s.mu.Lock()
		talks := s.serves[p] != nil
		s.mu.Unlock()
		if device, member := s.cfg.Device(p); !talks && member && device != s.cfg.Self {
			peers = append(peers, p)
		}
	}
	return peers
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
