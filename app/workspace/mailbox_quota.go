package workspace

import (
	"context"
	"time"
)

// When a super-peer is asked how full the share of this device is (rule K34).
const (
	weighEvery = time.Minute
	weighBytes = 8 << 20
)

// brought notes objects that the super-peer has taken.
func (c *courier) brought(objects []Object) {
	c.contacted()
	size := int64(0)
	for _, o := range objects {
		size += int64(len(o.Bytes)) + objectCost
	}
	c.weight.Add(size)
	ring(c.weigh)
}

// keepWeighing keeps up to date how full the share of this device is: what it brings
// here is not all of it, for it may be in other workspaces there, and the super-peer
// drops blocks.
func (c *courier) keepWeighing(ctx context.Context, m Mailbox) error {
	c.weight.Store(0)
	asked := time.Now() // the welcome told it
	for due := false; ; {
		next := time.Time{}
		if due {
			next = asked.Add(weighEvery)
		}
		if due && (c.weight.Load() >= weighBytes || !next.After(time.Now())) {
			c.weight.Store(0)
			c.askQuota(ctx, m)
			asked, due = time.Now(), false
			continue
		}
		if err := pauseFor(ctx, next, c.weigh); err != nil {
			return err
		}
		due = true
	}
}

// askQuota asks how full the share is. That it fails says nothing that the other parts
// of the session do not find out.
func (c *courier) askQuota(ctx context.Context, m Mailbox) {
	used, limit, err := m.Quota(ctx, 0)
	if err != nil {
		c.w.logger.Debug("ask a super-peer for the quota", "super-peer", c.peer.Short(), "err", err)
		return
	}
	c.show(func(v *contactView) { v.used, v.limit = used, limit })
}
