package workspace

import (
	"context"
	"errors"
	"slices"
	"time"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// courtesy is how long a device waits before it uploads what others wrote: its
// author does that at once, where the author can.
const courtesy = 30 * time.Second

// uploading is what the uploading goroutine of a courier owns.
type uploading struct {
	lacks   map[feed.FeedID]time.Time // when to upload what is missing there of a chain
	entries time.Time                 // the same for the log; zero: nothing is missing
	selfish time.Time                 // until when only what this device wrote is uploaded
}

const (
	// maxGiven is how much a device uploads for others in one day: half of what it may
	// bring in a day at most super-peers, so that its own finds room.
	maxGiven = 50 << 20
	// objectCost is what a super-peer counts for an object besides its bytes.
	objectCost = 128
)

// courtesies counts the bytes that were uploaded for others in one day.
type courtesies struct {
	_     struct{} `cbor:",toarray"`
	Day   int64    // since 1970, UTC, as super-peers count
	Bytes int64
}

func dayOf(now time.Time) int64 { return now.Unix() / 86400 }

// generous reports whether what others wrote may be uploaded, or from when on.
func (c *courier) generous(now time.Time) (may bool, from time.Time) {
	c.mu.Lock()
	given := c.row.Given
	c.mu.Unlock()
	if from = c.selfish; given.Day == dayOf(now) && given.Bytes >= maxGiven {
		from = latest(from, tomorrow(now))
	}
	return !from.After(now), from
}

func tomorrow(now time.Time) time.Time { return time.Unix((dayOf(now)+1)*86400, 0) }

// gave counts bytes that were uploaded for others.
func (c *courier) gave(bytes int64, now time.Time) {
	if bytes == 0 {
		return
	}
	c.edit(func(r *courierRow) {
		if r.Given.Day != dayOf(now) {
			r.Given = courtesies{Day: dayOf(now)}
		}
		r.Given.Bytes += bytes
	})
}

// keepToItself stops uploading for others for today, because the super-peer takes
// no more of this device: what is left is for its own.
func (c *courier) keepToItself(now time.Time) {
	c.selfish = tomorrow(now)
	c.w.logger.Info("a super-peer takes nothing more for others today", "super-peer", c.peer.Short())
	c.show(func(v *contactView) { v.problem = ProblemQuotaToday })
	ring(c.weigh)
}

func (u *uploading) init() { u.lacks = map[feed.FeedID]time.Time{} }

// upload puts the next part of what the super-peer lacks and should have by now:
// log entries first, then whole chains, oldest first (rule K24). done is false when
// nothing is due; next is then when something will be, zero for never.
func (c *courier) upload(ctx context.Context, m Mailbox, now time.Time) (done bool, next time.Time, err error) {
	done, next, err = c.uploadDue(ctx, m, now)
	if may, _ := c.generous(now); may && errors.Is(err, ErrSuperPeerQuota) {
		c.keepToItself(now)
		return true, now, nil // its own are tried at once
	}
	return done, next, err
}

func (c *courier) uploadDue(ctx context.Context, m Mailbox, now time.Time) (done bool, next time.Time, err error) {
	due, own, next := c.due(now)
	done, at, err := c.uploadLog(ctx, m, now, own)
	if done || err != nil {
		return done, now, err
	}
	if len(due) == 0 {
		return false, earlier(next, at), c.bringDoors(ctx, m)
	}
	return true, now, c.uploadChains(ctx, m, due, now)
}

// earlier is the first of two moments; zero stands for never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// due lists the chains of one space that are to be uploaded now, own ones first.
func (c *courier) due(now time.Time) (due []feed.FeedID, own bool, next time.Time) {
	there, here := c.w.custody.of(c.peer), c.w.feeds.vector()
	for id := range c.lacks {
		if here[id].Seq <= there[id].Seq {
			delete(c.lacks, id)
		}
	}
	var all []feed.FeedID
	generous, from := c.generous(now)
	for id, tail := range here {
		if tail.Seq <= there[id].Seq {
			continue
		}
		mine := id.Device == c.w.self.device
		if !mine && !generous {
			next = earlier(next, from)
			continue
		}
		if c.lacks[id].IsZero() && !mine {
			c.lacks[id] = now.Add(jittered(courtesy))
		}
		if c.lacks[id].After(now) {
			next = earlier(next, c.lacks[id])
			continue
		}
		own = own || mine
		all = append(all, id)
	}
	slices.SortFunc(all, c.turn)
	at := slices.IndexFunc(all, func(id feed.FeedID) bool { return !own || id.Device == c.w.self.device })
	if at < 0 {
		return nil, false, next
	}
	space := all[at].Space
	return slices.DeleteFunc(all, func(id feed.FeedID) bool { return id.Space != space }), own, next
}

// turn orders chains differently on every device, so that those who upload the chains
// of somebody who is away begin at different ends.
func (c *courier) turn(a, b feed.FeedID) int {
	self := c.w.self.device
	for i := range a.Space {
		a.Space[i], b.Space[i] = a.Space[i]^self[i], b.Space[i]^self[i]
	}
	for i := range a.Device {
		a.Device[i], b.Device[i] = a.Device[i]^self[i], b.Device[i]^self[i]
	}
	return a.Compare(b)
}

// uploadLog puts log entries and the blobs beside them. Whatever this device wrote
// goes at once, with all it builds on.
func (c *courier) uploadLog(ctx context.Context, m Mailbox, now time.Time, own bool) (done bool, next time.Time, err error) {
	heads := c.heads()
	ids, raws := c.w.members.missing(heads, maxPutObjects/2, maxPutBytes/2)
	if len(ids) == 0 {
		c.entries = time.Time{}
		return false, time.Time{}, nil
	}
	own = own || slices.ContainsFunc(ids, func(id seal.ID) bool { return c.w.members.entry(id).Dev == c.w.self.device })
	if c.entries.IsZero() {
		c.entries = now.Add(jittered(courtesy))
	}
	if !own && c.entries.After(now) {
		return false, c.entries, nil
	}
	if generous, from := c.generous(now); !own && !generous {
		return false, from, nil
	}
	tag := c.code.tag(seal.SpaceID{})
	ids, objects, err := c.logObjects(ctx, tag, ids, raws)
	if err != nil {
		return false, now, err
	}
	if err := c.putAll(ctx, m, tag, objects); err != nil {
		return false, now, err
	}
	given := int64(0)
	for _, o := range objects {
		c.blobs.add(o.ID)
		given += int64(len(o.Bytes)) + objectCost
	}
	if !own {
		c.gave(given, now)
	}
	c.edit(func(r *courierRow) { r.Heads = c.w.members.joined(r.Heads, ids) })
	return true, now, nil
}

// logObjects seals as many of the entries as fit into one Put together with their
// blobs: who sees an entry there takes its blobs for uploaded.
func (c *courier) logObjects(ctx context.Context, tag Tag, ids []seal.ID, raws [][]byte) ([]seal.ID, []Object, error) {
	for {
		var objects []Object
		size := 0
		add := func(kind byte, id seal.ID, raw []byte) {
			object := c.code.seal(tag, kind, id, raw)
			objects, size = append(objects, object), size+len(object.Bytes)
		}
		for i, id := range ids {
			add(objectEntry, id, raws[i])
		}
		blobs, err := c.w.blobsFor(ctx, ids)
		if err != nil {
			return nil, nil, err
		}
		for _, raw := range blobs {
			if id := blobObject(raw); len(raw) < MaxObject-seal.Overhead && !c.blobs.has(id) {
				add(objectBlob, id, raw)
			}
		}
		if len(ids) == 1 || len(objects) <= maxPutObjects && size <= maxPutBytes {
			return ids, objects, nil
		}
		ids, raws = ids[:(len(ids)+1)/2], raws[:(len(ids)+1)/2]
	}
}

// putAll puts objects in their order, in as many parts as it takes: an entry for
// very many devices does not fit into one.
func (c *courier) putAll(ctx context.Context, m Mailbox, tag Tag, objects []Object) error {
	for len(objects) > 0 {
		n, size := 0, 0
		for n < len(objects) && n < maxPutObjects && (n == 0 || size+len(objects[n].Bytes) <= maxPutBytes) {
			size += len(objects[n].Bytes)
			n++
		}
		if err := m.Put(ctx, tag, objects[:n]); err != nil {
			return err
		}
		c.brought(objects[:n])
		objects = objects[n:]
	}
	return nil
}

// uploadChains puts the next part of some chains of one space, each chain oldest
// first and the chains in turn, and notes what the super-peer acknowledged.
func (c *courier) uploadChains(ctx context.Context, m Mailbox, chains []feed.FeedID, now time.Time) error {
	tag := c.code.tag(chains[0].Space)
	there, moved := c.w.custody.of(c.peer), feed.Vector{}
	var objects []Object
	size, given := 0, int64(0)
	put := func() error {
		err := c.putChains(ctx, m, tag, objects, moved)
		if err == nil {
			c.gave(given, now)
		}
		return err
	}
	for again := chains; len(again) > 0; {
		turn := again
		again = nil
		for _, id := range turn {
			rows, err := c.w.feeds.list(ctx, id, there[id].Seq+1, min(chainChunk, maxPutObjects-len(objects)))
			if err != nil {
				return err
			}
			for _, row := range rows {
				object := c.code.seal(tag, objectEnvelope, row.id, row.raw)
				if len(objects) > 0 && size+len(object.Bytes) > maxPutBytes {
					return put()
				}
				objects, size = append(objects, object), size+len(object.Bytes)
				if id.Device != c.w.self.device {
					given += int64(len(object.Bytes)) + objectCost
				}
				there[id] = feed.Tail{Seq: row.seq, ID: row.id}
				moved[id] = there[id]
			}
			if len(objects) == maxPutObjects {
				return put()
			}
			if len(rows) == chainChunk {
				again = append(again, id)
			}
		}
	}
	if len(objects) == 0 { // their rows are damaged: they are fetched again first
		for _, id := range chains {
			c.lacks[id] = now.Add(courtesy)
		}
		return nil
	}
	return put()
}

func (c *courier) putChains(ctx context.Context, m Mailbox, tag Tag, objects []Object, moved feed.Vector) error {
	if err := m.Put(ctx, tag, objects); err != nil {
		return err
	}
	c.brought(objects)
	c.w.custody.kept(c.peer, moved)
	return nil
}

// pending reports whether something that this device wrote is not there yet.
func (c *courier) pending(ctx context.Context) bool {
	there := c.w.custody.of(c.peer)
	for id, tail := range c.w.feeds.vector() {
		if id.Device == c.w.self.device && tail.Seq > there[id].Seq {
			return true
		}
	}
	ids, _ := c.w.members.missing(c.heads(), 1, 1)
	return len(ids) > 0 || c.doorsPending(ctx) || c.stockPending()
}
