package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parvis/app/cli/clitest"
	"parvis/app/superpeer"
	"parvis/crdt/seal"
	"parvis/p2p/key"
	"parvis/p2p/mailbox"
	"parvis/p2p/p2ptest"
	syncing "parvis/p2p/sync"
)

// superPeer is a super-peer in a process of its own.
type superPeer struct {
	*clitest.Node
	setup mailbox.Setup
}

// startSuperPeer runs one on a data folder. Without addresses it listens on
// loopback with QUIC and TCP, on free ports.
func startSuperPeer(t *testing.T, data string, listen ...string) *superPeer {
	t.Helper()
	if testing.Short() {
		t.Skip("runs whole nodes: not with -short")
	}
	if len(listen) == 0 {
		listen = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}
	}
	n := clitest.New(t, program)
	n.Data = data
	n.Serve = []string{program, "superpeer", "--data", data, "--metrics", "127.0.0.1:0"}
	s := &superPeer{Node: n}
	s.setup = s.start(t, listen)
	return s
}

func (s *superPeer) start(t *testing.T, listen []string) mailbox.Setup {
	t.Helper()
	var flags []string
	if superpeer.Exists(s.Data) {
		flags = []string{"--show-code"}
	}
	for _, addr := range listen {
		flags = append(flags, "--listen", addr)
	}
	s.Start(t, flags...)
	setup, err := mailbox.ParseSetup(s.Ready.Setup)
	if err != nil {
		t.Fatalf("set-up code %q: %v", s.Ready.Setup, err)
	}
	return setup
}

// again starts it after its end, on the same ports, since devices know them.
func (s *superPeer) again(t *testing.T) {
	t.Helper()
	if setup := s.start(t, s.Ready.Addrs); setup.Peer != s.setup.Peer || setup.Secret != s.setup.Secret {
		t.Error("it is another one")
	}
}

// look asks the super-peer's loopback address.
func (s *superPeer) look(t *testing.T, path string) string {
	t.Helper()
	answer, err := http.Get("http://" + s.Ready.Metrics + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// metric is one figure of /metrics.
func (s *superPeer) metric(t *testing.T, name string) int64 {
	t.Helper()
	m := regexp.MustCompile(`(?m)^parvis_superpeer_` + regexp.QuoteMeta(name) + ` (\d+)$`).FindStringSubmatch(s.look(t, "/metrics"))
	if m == nil {
		t.Fatalf("no metric %s", name)
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	return n
}

// sealedObjects makes n objects of some size.
func sealedObjects(n, size int) []mailbox.Object {
	all := make([]mailbox.Object, n)
	for i := range all {
		all[i] = mailbox.Object{ID: [32]byte(seal.Random(32)), Bytes: seal.Random(size)}
	}
	return all
}

// inventory lists and fetches everything under a tag.
func inventory(t *testing.T, ctx context.Context, c *mailbox.Client, tag mailbox.Tag) map[[32]byte][]byte {
	t.Helper()
	all := map[[32]byte][]byte{}
	after, more := uint64(0), true
	for more {
		var refs []mailbox.Ref
		var err error
		if refs, more, err = c.List(ctx, tag, after, mailbox.MaxBatch); err != nil {
			t.Fatal(err)
		}
		var ids [][32]byte
		for _, r := range refs {
			ids = append(ids, r.ID)
			after = r.N
		}
		found, err := c.Fetch(ctx, tag, ids)
		if err != nil || len(found) != len(ids) {
			t.Fatalf("%d of %d objects, %v", len(found), len(ids), err)
		}
		for _, o := range found {
			all[o.ID] = o.Bytes
		}
	}
	return all
}

// TestASuperPeerKilledLosesNothing: kill -9 while 5,000 objects come in, several
// times, and whatever was acknowledged is there afterwards.
func TestASuperPeerKilledLosesNothing(t *testing.T) {
	s := startSuperPeer(t, t.TempDir(), "/ip4/127.0.0.1/tcp/0") // where the end of a process is noticed at once
	const devices, each = 5, 1000
	tm := newTeam(t, s, devices)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	tag := mailbox.Tag{1}
	var mu sync.Mutex
	durable := map[[32]byte][]byte{}
	progress := make(chan int, devices*each)
	var senders sync.WaitGroup
	for device := range devices {
		senders.Go(func() {
			err := tm.put(ctx, s, device, tag, sealedObjects(each, 700), func(batch []mailbox.Object) {
				mu.Lock()
				defer mu.Unlock()
				for _, o := range batch {
					durable[o.ID] = o.Bytes
				}
				progress <- len(durable)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	kills := 0
	for acked := range progress {
		if acked >= 600*(kills+1) && kills < 6 {
			s.Kill(t)
			kills++
			s.again(t)
		}
		if acked == devices*each {
			break
		}
	}
	senders.Wait()
	s.Kill(t)
	s.again(t)
	c, err := tm.open(ctx, s, 0)
	for err != nil && ctx.Err() == nil {
		c, err = tm.open(ctx, s, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	have := inventory(t, ctx, c, tag)
	for id, want := range durable {
		if !bytes.Equal(have[id], want) {
			t.Fatalf("object %x was acknowledged and is lost", id[:4])
		}
	}
	t.Logf("%d acknowledged objects are there after %d kills", len(durable), kills+1)
	if n := s.metric(t, "damaged_objects_total"); n != 0 {
		t.Errorf("%d damaged objects", n)
	}
}

// TestAStrangerGetsNothingOfASuperPeer: its door is open for whoever brings a
// list, and for nothing else.
func TestAStrangerGetsNothingOfASuperPeer(t *testing.T) {
	s := startSuperPeer(t, t.TempDir())
	tm, other := newTeam(t, s, 1), newTeam(t, s, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := tm.put(ctx, s, 0, mailbox.Tag{1}, sealedObjects(5, 100), func([]mailbox.Object) {}); err != nil {
		t.Fatal(err)
	}
	stranger := p2ptest.Start(t)
	stranger.Gate.Allow(s.setup.Peer)
	if err := stranger.Connect(ctx, s.setup.Peer, s.setup.Addrs); err != nil {
		t.Fatal(err)
	}
	hello := append([]byte{37, 0x83, 1, 1, 0x58, 32}, tm.ws[:]...)
	for _, protocol := range []string{mailbox.Protocol, syncing.Protocol, key.Protocol, "/parvis/join/1", "/parvis/blk/1", "/meshsub/1.2.0", "/ipfs/kad/1.0.0"} {
		if answer := listenTo(ctx, stranger, s.setup.Peer, protocol, hello); len(answer) > 0 {
			t.Errorf("%s answered %x", protocol, answer)
		}
	}
	// A list that is none gets a verdict of three numbers, and somebody else's list
	// changes nothing.
	if answer := listenTo(ctx, stranger, s.setup.Peer, mailbox.ListProtocol, []byte{8, 0x83, 1, 0xf6, 0x44, 1, 2, 3, 4}); len(answer) > 8 {
		t.Errorf("a bad list is answered with %x", answer)
	}
	theirs := &team{ws: tm.ws, seed: [32]byte(seal.Random(32)), devices: []*p2ptest.Node{stranger}, counter: 100}
	if err := theirs.publish(t, s, nil, stranger); !errors.Is(err, mailbox.ErrNotAdmin) {
		t.Errorf("a stranger's list: %v", err)
	}
	if err := theirs.publish(t, s, bytes.Repeat([]byte{1}, mailbox.SetupSecret), stranger); !errors.Is(err, mailbox.ErrBadSetup) {
		t.Errorf("with a guessed secret: %v", err)
	}
	if _, err := mailbox.Open(ctx, stranger.Node, s.setup.Peer, tm.ws); err == nil {
		t.Error("the stranger opened the mailbox")
	}
	// A member of another workspace is told the same as if there were none.
	if err := other.devices[0].Connect(ctx, s.setup.Peer, s.setup.Addrs); err != nil {
		t.Fatal(err)
	}
	for _, ws := range [][32]byte{tm.ws, {1}} {
		if _, err := mailbox.Open(ctx, other.devices[0].Node, s.setup.Peer, ws); !errors.Is(err, mailbox.ErrStranger) {
			t.Errorf("another workspace: %v", err)
		}
	}
}

// TestASuperPeerStopsCleanlyAndLogsNoContents: SIGTERM while objects come in.
func TestASuperPeerStopsCleanlyAndLogsNoContents(t *testing.T) {
	data := t.TempDir()
	s := startSuperPeer(t, data)
	tm := newTeam(t, s, 2)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	objects := sealedObjects(1500, 600)
	const mark = "PLAINTEXTMARKER"
	for i := range objects {
		copy(objects[i].Bytes, mark)
	}
	var acked sync.Map
	some := make(chan struct{}, len(objects))
	sending, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		done <- tm.put(sending, s, 0, mailbox.Tag{1}, objects, func(batch []mailbox.Object) {
			for _, o := range batch {
				acked.Store(o.ID, true)
			}
			some <- struct{}{}
		})
	}()
	for range 20 {
		<-some
	}
	if health := s.look(t, "/healthz"); strings.TrimSpace(health) != `{"status":"ok"}` {
		t.Errorf("health %s", health)
	}
	s.Stop(t)
	stop()
	<-done
	if wal, err := os.Stat(filepath.Join(data, "mailbox.db-wal")); err == nil && wal.Size() > 0 {
		t.Errorf("a WAL of %d bytes is left", wal.Size())
	}
	for line := range strings.Lines(s.Log()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("a log line that is no JSON: %q", line)
		}
	}
	for _, secret := range []string{mark, fmt.Sprintf("%x", tm.ws), fmt.Sprintf("%x", s.setup.Secret)} {
		if strings.Contains(s.Log(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
	s.again(t)
	c, err := tm.open(ctx, s, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	have := inventory(t, ctx, c, mailbox.Tag{1})
	acked.Range(func(id, _ any) bool {
		if _, ok := have[id.([32]byte)]; !ok {
			t.Errorf("object %x was acknowledged and is lost", id)
		}
		return true
	})
}

// TestASuperPeerStaysSmall: 50 devices, 50,000 objects, everybody watching.
func TestASuperPeerStaysSmall(t *testing.T) {
	s := startSuperPeer(t, t.TempDir())
	const devices, each, size = 50, 1000, 700
	tm := newTeam(t, s, devices)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	tag := mailbox.Tag{1}
	watching, stop := context.WithCancel(ctx)
	var watchers, senders sync.WaitGroup
	var heard [devices]atomic.Uint64
	for device := range devices {
		c, err := tm.open(ctx, s, device)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		watchers.Go(func() {
			_ = c.Watch(watching, []mailbox.Tag{tag}, func(_ mailbox.Tag, last uint64) { heard[device].Store(last) })
		})
	}
	begin := time.Now()
	for device := range devices {
		senders.Go(func() {
			c, err := tm.open(ctx, s, device)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for rest := sealedObjects(each, size); len(rest) > 0; rest = rest[min(250, len(rest)):] {
				if err := c.Put(ctx, tag, rest[:min(250, len(rest))], false); err != nil {
					t.Error(err)
				}
			}
		})
	}
	senders.Wait()
	took := time.Since(begin)
	t.Logf("%d objects in %s: %.0f/s", devices*each, took, devices*each/took.Seconds())
	until(t, "all devices have heard of the last object", func() bool {
		for device := range devices {
			if heard[device].Load() != devices*each {
				return false
			}
		}
		return true
	})
	c, err := tm.open(ctx, s, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	begin = time.Now()
	if n := len(inventory(t, ctx, c, tag)); n != devices*each {
		t.Errorf("%d objects are there", n)
	}
	took = time.Since(begin)
	t.Logf("one device fetches them in %s: %.0f/s", took, devices*each/took.Seconds())
	stop()
	watchers.Wait()
	peak, now := s.memory(t)
	t.Logf("memory: %d MB, at most %d MB", now/1e6, peak/1e6)
	if peak > 128e6 {
		t.Errorf("it took %d MB", peak/1e6)
	}
	if n := s.metric(t, "peers"); n != devices {
		t.Errorf("%d devices are connected", n)
	}
}

// memory is the resident memory of the process, its most and now, in bytes.
func (s *superPeer) memory(t *testing.T) (peak, now int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		t.Skip("this system does not tell how much memory a process takes")
	}
	of := func(name string) int64 {
		m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(text)
		if m == nil {
			t.Fatalf("no %s", name)
		}
		n, _ := strconv.ParseInt(string(m[1]), 10, 64)
		return n << 10
	}
	return of("VmHWM"), of("VmRSS")
}
