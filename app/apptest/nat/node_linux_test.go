package nat

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"parvis/p2p"
)

// patience is how long a test waits for what must happen.
const patience = 60 * time.Second

// node is a running program on a computer.
type node struct {
	*computer
	t     *testing.T
	id    p2p.PeerID
	in    io.WriteCloser
	logs  buffer
	mu    sync.Mutex
	lines []line        // guarded by mu
	news  chan struct{} // guarded by mu; closed and replaced at every line
}

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// seed is the key of a computer: its address is enough to tell them apart.
func (c *computer) seed() (seed [32]byte) {
	copy(seed[:], c.addr.String())
	return seed
}

// as is how others know a computer: under the address that it has itself.
func (c *computer) as(superPeer bool) known {
	at := "/ip4/" + c.addr.String()
	return known{ID: p2p.New(p2p.Config{Seed: c.seed()}).ID(), SuperPeer: superPeer, Addrs: []string{at + "/udp/" + port(superPeer) + "/quic-v1", at + "/tcp/" + port(superPeer)}}
}

func port(superPeer bool) string {
	if superPeer {
		return "443"
	}
	return "4001"
}

// run starts the program on a computer until the end of the test.
func (c *computer) run(t *testing.T, s settings) *node {
	t.Helper()
	s.Seed = c.seed()
	s.Listen = []string{"/ip4/0.0.0.0/udp/" + port(s.SuperPeer) + "/quic-v1", "/ip4/0.0.0.0/tcp/" + port(s.SuperPeer)}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	n := &node{computer: c, t: t, news: make(chan struct{})}
	command := c.command(own, "-test.run=^$")
	command.Env = append(os.Environ(), settingsVariable+"="+string(text))
	command.Stderr = &n.logs
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if n.in, err = command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.hear(out)
	}()
	t.Cleanup(func() {
		_ = n.in.Close()
		hard := time.AfterFunc(20*time.Second, func() { _ = command.Process.Kill() })
		<-done
		_ = command.Wait()
		hard.Stop()
		if t.Failed() && os.Getenv("PARVIS_TEST_LOG") != "" {
			t.Logf("%s said:\n%s", c.addr, n.logs.String())
		}
	})
	n.id = n.until("ready", func(l line) bool { return l.Event == "ready" }).Peer
	return n
}

func (n *node) hear(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l line
		if json.Unmarshal(lines.Bytes(), &l) != nil {
			continue
		}
		n.mu.Lock()
		n.lines = append(n.lines, l)
		close(n.news)
		n.news = make(chan struct{})
		n.mu.Unlock()
	}
}

// until waits for a line that was not waited for before.
func (n *node) until(what string, fits func(line) bool) line {
	n.t.Helper()
	l, ok := n.within(patience, fits)
	if !ok {
		n.t.Fatalf("%s: gave up waiting: %s", n.addr, what)
	}
	return l
}

func (n *node) within(limit time.Duration, fits func(line) bool) (line, bool) {
	deadline := time.After(limit)
	for {
		n.mu.Lock()
		for i, l := range n.lines {
			if fits(l) {
				n.lines = n.lines[i+1:]
				n.mu.Unlock()
				return l, true
			}
		}
		news := n.news
		n.mu.Unlock()
		select {
		case <-news:
		case <-deadline:
			return line{}, false
		}
	}
}

// ask sends a request and waits for its answer.
func (n *node) ask(r request) line {
	n.t.Helper()
	text, _ := json.Marshal(r)
	if _, err := n.in.Write(append(text, '\n')); err != nil {
		n.t.Fatal(err)
	}
	var answer line
	deadline := time.After(4 * time.Minute)
	for {
		l, ok := n.within(time.Second, func(l line) bool { return l.Event == "answer" })
		if ok {
			return l
		}
		select {
		case <-deadline:
			n.t.Fatalf("%s does not answer %s", n.addr, r.Do)
			return answer
		default:
		}
	}
}
