package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// loopback are the addresses of a node as it runs at home, but on loopback.
func loopback() []string { return []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"} }

// latency is from the api call on one node to the event on the other, of messages
// sent one after the other; and the same while the receiver answers each.
func latency(ctx context.Context, o options) (rows []row, err error) {
	nodes, err := team(ctx, 2, loopback()...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeAll(nodes)) }()
	a, b := nodes[0], nodes[1]
	var calls, all []time.Duration
	for i := range o.single + 100 {
		text := fmt.Sprintf("message %d", i)
		begin := time.Now()
		if err := a.send(text); err != nil {
			return nil, err
		}
		called := time.Since(begin)
		at, err := b.when(text)
		if err != nil {
			return nil, err
		}
		if i >= 100 { // the first ones fill caches
			calls, all = append(calls, called), append(all, at.Sub(begin))
		}
	}
	median, p99 := quantile(all, 0.5), quantile(all, 0.99)
	return []row{
		{what: "message: api call on A to event on B", median: ms(median), p99: ms(p99), target: "≤ 5 ms, ≤ 30 ms",
			missed: median > 5*time.Millisecond || p99 > 30*time.Millisecond},
		{what: "of this: the call itself (stored with FULL on A)", median: ms(quantile(calls, 0.5)), p99: ms(quantile(calls, 0.99))},
	}, nil
}

// callers is how many calls of a sender run at once.
const callers = 64

// throughput is measured from the first call until every node has every message:
// one node sends, then all three at once.
func throughput(ctx context.Context, o options) (rows []row, err error) {
	nodes, err := team(ctx, 3, loopback()...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeAll(nodes)) }()
	one, err := flood(nodes, nodes[:1], o.messages)
	if err != nil {
		return nil, err
	}
	three, err := flood(nodes, nodes, o.messages)
	if err != nil {
		return nil, err
	}
	one.what = "messages/s into a channel of 3 nodes, one writes, all have all"
	three.what = "messages/s into a channel of 3 nodes, all write, all have all"
	return []row{one, three}, nil
}

// flood sends count messages from the senders together, callers at a time each.
func flood(nodes, senders []*node, count int) (row, error) {
	for _, n := range nodes {
		n.forget()
	}
	each := count / len(senders)
	failed := make(chan error, 1)
	begin := time.Now()
	var writing sync.WaitGroup
	for who, n := range senders {
		for caller := range callers {
			writing.Go(func() {
				for i := caller; i < each; i += callers {
					if err := n.send(fmt.Sprintf("flood of %d by %d: %d", len(senders), who, i)); err != nil {
						select {
						case failed <- err:
						default:
						}
						return
					}
				}
			})
		}
	}
	writing.Wait()
	stored := time.Since(begin)
	select {
	case err := <-failed:
		return row{}, err
	default:
	}
	total := each * len(senders)
	for _, n := range nodes {
		if err := n.total(total); err != nil {
			return row{}, err
		}
	}
	took := time.Since(begin)
	rate := float64(total) / took.Seconds()
	return row{median: fmt.Sprintf("%.0f /s", rate), target: "≥ 2,000 /s", missed: rate < 2000,
		note: fmt.Sprintf("%d messages acknowledged after %s, on all after %s", total, stored.Round(time.Millisecond), took.Round(time.Millisecond))}, nil
}
