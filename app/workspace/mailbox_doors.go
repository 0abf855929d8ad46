package workspace

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Door is what members leave at a super-peer for whoever holds an open instant
// invitation: its box, under a name that is a hash (rule K30).
type Door struct {
	Name    seal.ID
	Counter uint64 // of the box
	Expires int64  // Unix milliseconds
	Box     []byte // nil: the invitation is over
}

// maxDoors bounds the doors of a workspace at a super-peer.
const maxDoors = 64

// closedDoor stands for the counter of a door that was closed.
const closedDoor = ^uint64(0)

// doors is what a courier knows about the doors at its super-peer, as long as the
// program runs: to bring one again is harmless.
type doors struct {
	mu      sync.Mutex
	brought map[seal.ID]uint64 // guarded by mu; counters by name
	settled *member.State      // guarded by mu; for which everything was brought
}

// forgetDoors makes the courier bring all doors again.
func (d *doors) forgetDoors() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.brought, d.settled = nil, nil
}

func (d *doors) counterOf(name seal.ID) (uint64, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	counter, ok := d.brought[name]
	return counter, ok
}

func (d *doors) noteDoor(door Door) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.brought == nil {
		d.brought = map[seal.ID]uint64{}
	}
	d.brought[door.Name] = door.Counter
	if len(door.Box) == 0 {
		d.brought[door.Name] = closedDoor
	}
}

// noteSettled notes that the doors are as a state wants them.
func (d *doors) noteSettled(st *member.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled = st
}

func (d *doors) isSettled(st *member.State) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settled == st
}

// bringDoors leaves the doors of open invitations, and closes those of others.
// That a super-peer takes one of them not is not worth ending the session: whoever
// joins then waits for a member.
func (c *courier) bringDoors(ctx context.Context, m Mailbox) error {
	st := c.w.State()
	if st == nil || c.isSettled(st) {
		return nil
	}
	due, err := c.dueDoors(ctx, st)
	if err != nil {
		return err
	}
	for _, door := range due {
		err := m.Leave(ctx, door)
		switch {
		case errors.Is(err, ErrSuperPeerFull), errors.Is(err, ErrSuperPeerQuota):
			c.w.logger.Warn("a super-peer takes no more doors", "super-peer", c.peer.Short(), "err", err)
			continue
		case err != nil:
			return err
		}
		c.contacted()
		c.noteDoor(door)
	}
	c.noteSettled(st)
	return nil
}

// dueDoors are the doors that differ from what was brought, those of the invitations
// that last longest first. Nothing is said about an invitation that has expired: its
// door does so too, by a clock that may be better than ours.
func (c *courier) dueDoors(ctx context.Context, st *member.State) ([]Door, error) {
	now := c.w.now().UnixMilli()
	invites := slices.DeleteFunc(st.Invites(), func(i member.Invite) bool { return i.Mode != member.ModeInstant || i.Expires <= now })
	slices.SortStableFunc(invites, func(a, b member.Invite) int { return cmp.Compare(b.Expires, a.Expires) })
	var due []Door
	for _, invite := range invites[:min(len(invites), maxDoors)] {
		door := Door{Name: member.BoxID(invite.PK), Counter: closedDoor, Expires: invite.Expires}
		if invite.Open(now) == nil {
			cover, found, err := c.w.box(ctx, door.Name)
			if err != nil {
				return nil, err
			}
			if !found {
				continue // it comes with the log
			}
			door.Counter, door.Box = cover.Counter, cover.Box
		}
		if counter, known := c.counterOf(door.Name); known && counter == door.Counter {
			continue
		}
		if door.Box == nil {
			door.Counter = 0
		}
		due = append(due, door)
	}
	return due, nil
}

// doorsPending reports whether a door is to be brought, or to be closed.
func (c *courier) doorsPending(ctx context.Context) bool {
	st := c.w.State()
	if st == nil || c.isSettled(st) {
		return false
	}
	due, err := c.dueDoors(ctx, st)
	return err == nil && len(due) > 0
}
