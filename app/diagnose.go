package app

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"parvis/app/api"
	"parvis/app/doctor"
	"parvis/app/volume"
	"parvis/app/workspace"
	"parvis/p2p"
)

// diagnoseTime bounds the collection of facts; a trial of an address takes 5 s.
const diagnoseTime = 12 * time.Second

// Diagnose implements [api.DoctorService].
func (d *device) Diagnose(ctx context.Context) (api.Diagnosis, error) {
	ctx, cancel := context.WithTimeout(ctx, diagnoseTime)
	defer cancel()
	checks := doctor.Examine(d.facts(ctx))
	found := api.Diagnosis{Text: doctor.Text(checks, d.app.config.Version, d.app.config.Now())}
	for _, c := range checks {
		found.Checks = append(found.Checks, api.Check{Name: c.Name, Result: c.Result, Detail: c.Detail, Remedy: c.Remedy, Code: c.Code, Values: c.Values})
	}
	return found, nil
}

// IsolatedNow implements [api.DoctorService].
func (d *device) IsolatedNow() bool {
	n := d.app.connected()
	return n != nil && n.isolated
}

// isolated says whether only the own local networks are reached, now or from the next
// start on.
func (d *device) isolated(ctx context.Context, n *network) string {
	if n.isolated {
		return api.IsolatedNow
	}
	if chosen, err := d.app.db.Settings().Value(ctx, "isolated"); err == nil && chosen != "" {
		return api.IsolatedNext
	}
	return ""
}

// facts are what the doctor looks at.
func (d *device) facts(ctx context.Context) doctor.Facts {
	f := doctor.Facts{Online: d.network() == "online", OwnAddrs: ownAddrs()}
	f.Disk = doctor.Disk{Full: d.app.db.DiskFull(), Free: d.app.db.FreeSpace(), Encryption: string(volume.Of(ctx, d.app.config.Data))}
	d.mu.Lock()
	switch {
	case !d.waits:
		f.Protection = string(d.protection)
	case IsNew(d.app.config.Data):
		f.Protection = "new"
	}
	d.mu.Unlock()
	f.Recovery = d.prepared(ctx)
	n := d.app.connected()
	if n == nil {
		return f
	}
	f.Nowhere = !slices.ContainsFunc(d.app.manager.List(), func(w *workspace.Workspace) bool { return !w.Out() })
	f.Isolated, f.WillIsolate = n.isolated, d.isolated(ctx, n) == api.IsolatedNext
	f.Listening, f.Sightings = elsewhere(n.node.Addrs()), n.node.Sightings()
	f.Punched, f.Unpunched = n.node.HolePunches()
	supers := n.superPeerIDs()
	connected := map[p2p.PeerID]bool{}
	for _, p := range answering(n.node.Peers(), n.node.SuperPeers()) {
		connected[p.ID] = true
		if !slices.Contains(supers, p.ID) {
			f.Peers = append(f.Peers, p)
		}
	}
	addrs := map[p2p.PeerID][]string{}
	for _, t := range n.Known() {
		addrs[t.Peer] = t.Addrs
		if !connected[t.Peer] && !slices.Contains(supers, t.Peer) {
			f.Missing = append(f.Missing, doctor.Missing{Name: d.nameOf(ctx, n, t.Peer), Cause: n.node.Unreached(t.Peer)})
		}
	}
	f.SuperPeers = tryAll(ctx, n.node, addrs)
	full := d.fullSuperPeers(ctx)
	for i := range f.SuperPeers {
		f.SuperPeers[i].Full = full[f.SuperPeers[i].ID]
	}
	return f
}

// prepared is how the person is prepared for the loss of all devices.
func (d *device) prepared(ctx context.Context) doctor.Recovery {
	if _, err := d.app.running(); err != nil {
		return doctor.Recovery{}
	}
	r, err := (recoveries{d.app}).Recovery(ctx)
	if err != nil {
		return doctor.Recovery{} // what it does not know, the doctor does not say
	}
	return doctor.Recovery{
		Needed: r.Paper != api.PaperNone, Unsaved: r.Paper == api.PaperUnsaved, Backup: r.Backup > 0,
		BackupAge: d.app.config.Now().Sub(time.UnixMilli(r.Backup)),
	}
}

// fullSuperPeers are those that take nothing new of one of the workspaces.
func (d *device) fullSuperPeers(ctx context.Context) map[p2p.PeerID]bool {
	full := map[p2p.PeerID]bool{}
	for _, w := range d.app.manager.List() {
		found, err := w.SuperPeers(ctx)
		if err != nil {
			continue // what it does not know, the doctor does not say
		}
		for _, s := range found {
			if id, err := p2p.PeerIDOf(s.Peer); err == nil && (s.Problem == workspace.ProblemFull || s.Problem == workspace.ProblemQuota) {
				full[id] = true
			}
		}
	}
	return full
}

// nameOf is the person behind a device; of one's own others the device is named too.
func (d *device) nameOf(ctx context.Context, n *network, id p2p.PeerID) string {
	name := cmp.Or(d.peer(n, id, "", 0).Name, id.Short())
	key, err := id.PublicKey()
	if err != nil {
		return name
	}
	for _, w := range n.manager.List() {
		st := w.State()
		if st == nil {
			continue
		}
		found, ok := st.DeviceByPeer(key)
		if self, _ := w.Self(); ok && found.Person == self {
			called := cmp.Or(d.app.carry.deviceName(ctx, w.ID(), found.ID), platformName(found.Platform), id.Short())
			return name + " (" + called + ")"
		}
	}
	return name
}

// unreached says why the last attempt to connect to a peer failed, if there was one.
func (a *App) unreached(id p2p.PeerID) p2p.Cause {
	if n := a.connected(); n != nil {
		return n.node.Unreached(id)
	}
	return p2p.CauseNone
}

// tryAll tries every address of every super-peer at once.
func tryAll(ctx context.Context, node *p2p.Node, addrs map[p2p.PeerID][]string) []doctor.SuperPeer {
	var wg sync.WaitGroup
	all := make([]doctor.SuperPeer, 0, len(addrs))
	for _, s := range node.SuperPeers() {
		at := elsewhere(addrs[s.ID])
		addrs[s.ID] = at
		s.Connected = s.Connected && node.Connected(s.ID) // which may have changed just now
		all = append(all, doctor.SuperPeer{SuperPeer: s, Trials: make([]doctor.Trial, len(at))})
	}
	for _, s := range all {
		for i, addr := range addrs[s.ID] {
			wg.Go(func() {
				cause, err := node.Probe(ctx, s.ID, addr)
				if err != nil {
					node.Log().Debug("tried a super-peer", "addr", addr, "cause", cause, "err", err)
				}
				s.Trials[i] = doctor.Trial{Addr: addr, Cause: cause}
			})
		}
	}
	wg.Wait()
	return all
}

// elsewhere leaves addresses of this very machine out, unless there are no others.
func elsewhere(addrs []string) []string {
	away := slices.DeleteFunc(slices.Clone(addrs), func(a string) bool {
		return strings.HasPrefix(a, "/ip4/127.") || strings.HasPrefix(a, "/ip6/::1/")
	})
	if len(away) == 0 {
		return addrs
	}
	return away
}

// ownAddrs are the addresses of the interfaces, loopback left out.
func ownAddrs() []netip.Addr {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var all []netip.Addr
	for _, a := range found {
		if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLoopback() {
			all = append(all, p.Addr().Unmap())
		}
	}
	return all
}
