package p2p

// AddrsOf lists where a peer was reached and where it says that it listens, in
// the form that [Node.Connect] takes. Nothing for a peer that was never met.
func (n *Node) AddrsOf(p PeerID) []string {
	run := n.host.Load()
	pid, err := p.decode()
	if run == nil || err != nil {
		return nil
	}
	var all []string
	for _, m := range run.Peerstore().Addrs(pid) {
		all = append(all, m.String())
	}
	return CleanAddrs(all)
}
