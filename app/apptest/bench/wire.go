package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"parvis/crdt/member"
)

// proxy hands TCP connections on to a node and counts their bytes, both ways.
type proxy struct {
	listener net.Listener
	to       string
	bytes    atomic.Int64
}

func newProxy(to string) (*proxy, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: listener, to: to}
	go p.serve()
	return p, nil
}

func (p *proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp4", p.to)
		if err != nil {
			client.Close()
			continue
		}
		go p.pipe(client, server)
		go p.pipe(server, client)
	}
}

func (p *proxy) pipe(to, from net.Conn) {
	_, _ = io.Copy(counter{to, &p.bytes}, from)
	to.Close()
}

type counter struct {
	io.Writer
	bytes *atomic.Int64
}

// Write implements [io.Writer].
func (c counter) Write(b []byte) (int, error) {
	c.bytes.Add(int64(len(b)))
	return c.Writer.Write(b)
}

// wire counts what crosses the sockets between two nodes, in both directions and
// with all acknowledgements, per message of 1 kB.
func wire(ctx context.Context, o options) (rows []row, err error) {
	var nodes []*node
	defer func() { err = errors.Join(err, closeAll(nodes)) }()
	nodes, err = team(ctx, 1, "/ip4/127.0.0.1/tcp/0")
	if err != nil {
		return nil, err
	}
	a := nodes[0]
	p, err := newProxy(hostPort(a.Addrs()[0]))
	if err != nil {
		return nil, err
	}
	defer p.listener.Close()
	b, err := newNode(ctx, "/ip4/127.0.0.1/tcp/0")
	if err != nil {
		return nil, err
	}
	nodes = append(nodes, b)
	if err := b.joinThrough(a, p); err != nil {
		return nil, err
	}
	quiet, err := p.rest()
	if err != nil {
		return nil, err
	}
	text := strings.Repeat("w", 1000-8) // with the number and a space: 1000 bytes
	const count = 1000
	begin := p.bytes.Load()
	for i := range count {
		name := fmt.Sprintf("%07d %s", i, text)
		if err := a.send(name); err != nil {
			return nil, err
		}
		if _, err := b.when(name); err != nil {
			return nil, err
		}
	}
	if _, err := p.rest(); err != nil {
		return nil, err
	}
	single := p.bytes.Load() - begin
	begin = p.bytes.Load()
	a.forget()
	b.forget()
	if _, err := flood2(a, b, text, 10*count); err != nil {
		return nil, err
	}
	if _, err := p.rest(); err != nil {
		return nil, err
	}
	burst := p.bytes.Load() - begin
	return []row{
		{what: "bytes on the wire per message of 1 kB, one after the other", median: fmt.Sprintf("%d B", single/count), note: fmt.Sprintf("contents are padded to 256, 512, 1k, 2k, 4k … bytes, so that lengths tell little; an idle connection carries %.0f B/s", quiet)},
		{what: "bytes on the wire per message of 1 kB, in a burst", median: fmt.Sprintf("%d B", burst/(10*count))},
	}, nil
}

// flood2 sends count messages of one length from one node to another.
func flood2(a, b *node, text string, count int) (time.Duration, error) {
	begin := time.Now()
	failed := make(chan error, callers)
	for caller := range callers {
		go func() {
			for i := caller; i < count; i += callers {
				if err := a.send(fmt.Sprintf("%07d %s", i, text)); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	var err error
	for range callers {
		err = errors.Join(err, <-failed)
	}
	if err == nil {
		err = b.total(count)
	}
	return time.Since(begin), err
}

// joinThrough joins with a link that names the proxy where the inviter's address
// stood.
func (n *node) joinThrough(inviter *node, p *proxy) error {
	text, err := inviter.invite()
	if err != nil {
		return err
	}
	link, err := member.ParseLink(text)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(p.listener.Addr().String())
	if err != nil {
		return err
	}
	link.Peers[0].Addrs = []string{"/ip4/127.0.0.1/tcp/" + port}
	if err := n.enter(link.String(), "P1"); err != nil {
		return err
	}
	n.channel = inviter.channel
	if p.bytes.Load() == 0 {
		return errors.New("the connection does not go through the counter")
	}
	return n.until(func() bool { return n.online() == 2 })
}

// rest waits until nothing was said for a while and returns the bytes per second
// of the time after that.
func (p *proxy) rest() (perSecond float64, err error) {
	const quiet, window = 3 * time.Second, 5 * time.Second
	deadline := time.Now().Add(patience)
	last, since := p.bytes.Load(), time.Now()
	for time.Since(since) < quiet {
		if time.Now().After(deadline) {
			return 0, errors.New("the connection does not come to rest")
		}
		time.Sleep(quiet / 30)
		if now := p.bytes.Load(); now > last+100 {
			last, since = now, time.Now()
		}
	}
	before := p.bytes.Load()
	time.Sleep(window)
	return float64(p.bytes.Load()-before) / window.Seconds(), nil
}

// hostPort reads /ip4/HOST/tcp/PORT.
func hostPort(multiaddr string) string {
	parts := strings.Split(multiaddr, "/")
	if len(parts) < 5 {
		return ""
	}
	return net.JoinHostPort(parts[2], parts[4])
}
