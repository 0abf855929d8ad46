package p2p

// AddrsOf lists where a peer was reached and where it says that it listens, in
// the form that [Node.Connect] takes, the most useful first. Nothing for a peer
// that was never met.
func (n *Node) AddrsOf(p PeerID) []string {
	run := n.host.Load()
	pid, err := p.decode()
	if run == nil || err != nil {
		return nil
	}
	// The peer store has no order, and loopback must not crowd out the rest.
	return CleanAddrs(sortAddrs(run.Peerstore().Addrs(pid)))
}
