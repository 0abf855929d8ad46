package mailbox

import (
	"context"
	"fmt"
	"time"

	"parvis/p2p/wire"
)

const (
	coalesce  = 20 * time.Millisecond // between two pieces of news
	heartbeat = 45 * time.Second      // a super-peer without news says so
	silence   = 2 * heartbeat         // what a device puts up with
)

// Watch tells for every tag the number of its newest object, first as it is and
// then whenever that grows, at most every 20 ms. It returns when ctx or the
// connection ends, or with ErrStranger when this device loses its right. news
// is called from one goroutine and must not block.
func (c *Client) Watch(ctx context.Context, tags []Tag, news func(tag Tag, last uint64)) error {
	m := watch{V: 1, Kind: kindWatch, Tags: tags}
	if err := m.check(); err != nil {
		return fmt.Errorf("watch a super-peer: %d tags", len(tags))
	}
	greeting, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	s, err := c.greet(greeting)
	if err != nil {
		return fmt.Errorf("watch a super-peer: %w", err)
	}
	defer c.drop(s)
	err = s.bounded(ctx, func(s *session) error { return s.watch(m, news) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if wire.IsFault(err) {
		c.node.Penalise(c.to, breach, err.Error())
	}
	return fmt.Errorf("watch a super-peer: %w", err)
}

func (s *session) watch(m watch, tell func(Tag, uint64)) error {
	asked := make(map[Tag]uint64, len(m.Tags))
	for _, tag := range m.Tags {
		asked[tag] = 0
	}
	if err := wire.Send(s.w, m); err != nil {
		return err
	}
	s.r.SetIdle(silence)
	for {
		got, err := next[news](s, kindNews)
		if err != nil {
			return err
		}
		for _, one := range got.Tags {
			last, ok := asked[one.Tag]
			if !ok {
				return malformed("news that were not asked for")
			}
			if one.Last >= last {
				asked[one.Tag] = one.Last
				tell(one.Tag, one.Last)
			}
		}
	}
}
