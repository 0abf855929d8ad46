package workspace

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Limits of an access list (protocol 2.14).
const (
	maxAccess = 600
	maxAdmins = 64
)

// When an access list is published (rule K26).
const (
	publishDelay = time.Second      // changes come in groups
	publishAgain = 24 * time.Hour   // the same list, should the super-peer have lost it
	publishRetry = 10 * time.Second // after somebody else's newer list
	publishLater = time.Minute      // after a refusal
	publishTime  = 20 * time.Second
)

// publishing is what a courier knows about the access list.
type publishing struct {
	since  time.Time // of the change that is not published; zero: none
	after  time.Time // not before
	floor  uint64    // the counter of a newer list that was there
	wanted seal.ID   // names the list that since is about

	logRead atomic.Bool // all of the log that lies there was read in this visit
}

// maxCounter is the highest counter that a super-peer takes, so that one can always
// be told from nonsense.
const maxCounter = 1 << 62

// accessList is who may use a super-peer now. Its counter is the number of entries
// in the log: who knows more replaces who knows less, and who knows the same makes
// the same list.
func (w *Workspace) accessList(st *member.State) AccessList {
	list := AccessList{Counter: uint64(w.members.count())}
	devices := st.ActiveDevices()
	slices.SortStableFunc(devices, func(a, b member.Device) int { return roleOf(st, a) - roleOf(st, b) })
	for _, device := range devices {
		if len(list.Peers) == maxAccess {
			w.logger.Warn("the access list of the super-peers is full", "devices", len(devices))
			break
		}
		list.Peers = append(list.Peers, device.Peer)
		if mayInvite(st, device.ID) && len(list.Admins) < maxAdmins {
			list.Admins = append(list.Admins, device.Peer)
		}
	}
	slices.SortFunc(list.Peers, seal.ID.Compare)
	slices.SortFunc(list.Admins, seal.ID.Compare)
	return list
}

// roleOf orders devices by the role of their person, owners first.
func roleOf(st *member.State, device member.Device) int {
	person, _ := st.Person(device.Person)
	return int(person.Role)
}

// listName tells lists apart by what they say, without the counter. Invitations that
// were revoked count: a new list, also of the same devices, ends the time of those
// who came to a super-peer with one (rule K30).
func listName(st *member.State, l AccessList) seal.ID {
	var parts [][]byte
	for _, peer := range l.Peers {
		parts = append(parts, peer[:])
	}
	parts = append(parts, nil)
	for _, admin := range l.Admins {
		parts = append(parts, admin[:])
	}
	for _, invite := range st.Invites() {
		if invite.Mode == member.ModeInstant && invite.Revoked {
			parts = append(parts, invite.ID[:])
		}
	}
	return seal.Hash("parvis1/listname", parts...)
}

// publish gives the super-peer the access list where it changed and this device may
// change it, and says when to look again.
func (c *courier) publish(ctx context.Context, now time.Time) (next time.Time) {
	st := c.w.State()
	if st == nil || !mayInvite(st, c.w.self.device) {
		return time.Time{}
	}
	name := listName(st, c.w.accessList(st))
	c.mu.Lock()
	old := c.row.List == name && now.UnixMilli()-c.row.ListMs < publishAgain.Milliseconds()
	c.mu.Unlock()
	if old {
		c.since = time.Time{}
		return now.Add(publishAgain)
	}
	if c.since.IsZero() || c.wanted != name {
		c.since, c.wanted = now, name
	}
	if at := latest(c.since.Add(publishDelay), c.after); at.After(now) {
		return at
	}
	if err := c.publishNow(ctx, now); err != nil && ctx.Err() == nil { // else the node ends
		c.w.logger.Warn("publish the access list", "super-peer", c.peer.Short(), "err", err)
	}
	return latest(c.after, now.Add(publishDelay))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// publishNow publishes the list, or says when to try again. That the super-peer has a
// newer list is not an error.
func (c *courier) publishNow(ctx context.Context, now time.Time) error {
	st := c.w.State()
	if st == nil || !mayInvite(st, c.w.self.device) {
		return ErrNotAdmin
	}
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	list := c.w.accessList(st)
	if list.Counter <= c.floor {
		if !c.logRead.Load() || c.lastOf(c.code.tag(seal.SpaceID{})) > 0 { // what its author knew may still come
			c.after = now.Add(jittered(publishRetry))
			return nil
		}
		list.Counter = c.floor + 1
	}
	err := c.net.Publish(ctx, c.peer, nil, c.w.id, nil, list)
	var newer *NewerListError
	switch {
	case err == nil:
		c.edit(func(r *courierRow) { r.List, r.ListMs = listName(st, list), now.UnixMilli() })
		c.since, c.after, c.floor = time.Time{}, time.Time{}, 0
		return nil
	case errors.As(err, &newer) && newer.Counter < maxCounter:
		// Its author knew more than we do: that comes with the log. If it does not
		// though all of the log was read, our list is the better one.
		c.after, c.floor = now.Add(jittered(publishRetry)), newer.Counter
		return nil
	}
	c.after = now.Add(jittered(publishLater))
	return err
}
