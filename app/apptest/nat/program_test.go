package nat

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/blocks"
	"parvis/p2p/discovery"
)

// settings is what the program of a computer is told, in an environment variable.
type settings struct {
	Seed      [32]byte
	Listen    []string
	SuperPeer bool // serve as relay
	Isolated  bool
	MDNS      bool
	Known     []known // the other devices and super-peers
	Blocks    int     // blocks that this one has
}

// known is another node, as the address book has it.
type known struct {
	ID        p2p.PeerID
	Addrs     []string
	SuperPeer bool
}

// line is one line from the program: an event, or the answer to a request.
type line struct {
	Event  string          `json:"event"`
	Peer   p2p.PeerID      `json:"peer,omitempty"`
	Path   string          `json:"path,omitempty"`
	Supers []p2p.SuperPeer `json:"supers,omitempty"`
	Answer string          `json:"answer,omitempty"`
	Error  string          `json:"error,omitempty"`
	Took   time.Duration   `json:"took,omitempty"`
}

// request is one line to the program.
type request struct {
	Do    string     `json:"do"` // say or fetch
	Peer  p2p.PeerID `json:"peer"`
	Text  string     `json:"text"`
	Count int        `json:"count"`
}

const settingsVariable = "PARVIS_NAT_NODE"

func TestMain(m *testing.M) {
	if text := os.Getenv(settingsVariable); text != "" {
		if err := runProgram(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(filepath.Dir(built))
	}
	os.Exit(code)
}

// built is the headless flavour, once parvis has made it.
var built string

// parvis builds the program.
var parvis = sync.OnceValues(func() (string, error) {
	if ready := os.Getenv("PARVIS_BIN"); ready != "" {
		return ready, nil
	}
	folder, err := os.MkdirTemp("", "parvis-nat")
	if err != nil {
		return "", err
	}
	built = filepath.Join(folder, "parvis")
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", built, "parvis").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return built, nil
})

// program is the node in a computer: the real host and discovery, an echo and the
// block exchange.
type program struct {
	settings
	node *p2p.Node

	mu  sync.Mutex
	out *json.Encoder // guarded by mu
}

const echo = "/parvis/test-echo/1"

func runProgram(text string) error {
	p := &program{out: json.NewEncoder(os.Stdout)}
	if err := json.Unmarshal([]byte(text), &p.settings); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p.node = p2p.New(p2p.Config{
		Seed: p.Seed, Listen: p.Listen, Gate: p, SuperPeer: p.SuperPeer, Relay: p.SuperPeer, Isolated: p.Isolated, MDNS: p.MDNS,
		SuperPeers: p.supers, Via: func(p2p.PeerID) []p2p.PeerID { return p.supers() }, Log: log,
	})
	p.node.Handle(echo, func(_ context.Context, s p2p.Stream) {
		_ = s.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.Copy(s, s)
	})
	exchange := blocks.New(blocks.Config{Node: p.node, Store: store{p.Blocks}, May: func(p2p.PeerID, blocks.ID) bool { return true }})
	search := discovery.New(p.node, p)
	search.Log = log
	search.Names = func() []string { return []string{"parvisnattest"} }
	p.node.OnPath(func(peer p2p.PeerID, path string) { p.say(line{Event: "path", Peer: peer, Path: path}) })
	p.node.OnPeer(func(peer p2p.PeerID, connected bool) {
		if !connected {
			p.say(line{Event: "gone", Peer: peer})
		}
	})
	reserved := false
	p.node.OnSuperPeers(func() {
		all := p.node.SuperPeers()
		now := len(all) > 0 && all[0].Relay == p2p.RelayReserved
		if now && !reserved {
			search.Rerouted() // who could not be reached may be now
		}
		reserved = now
		p.say(line{Event: "supers", Supers: all})
	})
	ctx := context.Background()
	if err := p.node.Start(ctx); err != nil {
		return err
	}
	exchange.Start(ctx)
	search.Start(ctx)
	p.say(line{Event: "ready", Peer: p.node.ID()})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		begin := time.Now()
		text, err := p.answer(ctx, exchange, r)
		answer := line{Event: "answer", Answer: text, Took: time.Since(begin)}
		if err != nil {
			answer.Error = err.Error()
		}
		p.say(answer)
	}
	search.Close()
	exchange.Close()
	return p.node.Close()
}

func (p *program) say(l line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.out.Encode(l)
}

func (p *program) answer(ctx context.Context, exchange *blocks.Exchange, r request) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	switch r.Do {
	case "say":
		s, err := p.node.Open(ctx, r.Peer, echo)
		if err != nil {
			return "", err
		}
		defer func() { _ = s.Reset() }()
		_ = s.SetDeadline(time.Now().Add(time.Minute))
		if _, err := io.WriteString(s, r.Text); err != nil {
			return "", err
		}
		if err := s.CloseWrite(); err != nil {
			return "", err
		}
		back, err := io.ReadAll(s)
		return string(back), err
	case "fetch":
		var mu sync.Mutex
		bytes := 0
		err := exchange.Get(ctx, names(r.Count), func(_ blocks.ID, data []byte) error {
			mu.Lock()
			defer mu.Unlock()
			bytes += len(data)
			return nil
		})
		return fmt.Sprint(bytes), err
	}
	return "", fmt.Errorf("unknown request %q", r.Do)
}

// Member implements p2p.Gate.
func (p *program) Member(peer p2p.PeerID) bool {
	for _, k := range p.settings.Known {
		if k.ID == peer {
			return true
		}
	}
	return false
}

// Lobby implements p2p.Gate.
func (p *program) Lobby() bool { return false }

// Known implements discovery.Book.
func (p *program) Known() []discovery.Target {
	var all []discovery.Target
	for _, k := range p.settings.Known {
		if !p.SuperPeer {
			all = append(all, discovery.Target{Peer: k.ID, Addrs: k.Addrs, Vital: k.SuperPeer})
		}
	}
	return all
}

func (p *program) supers() []p2p.PeerID {
	var all []p2p.PeerID
	for _, k := range p.settings.Known {
		if k.SuperPeer && !p.SuperPeer {
			all = append(all, k.ID)
		}
	}
	return all
}

const blockSize = 256 << 10

// block is the same for everybody.
func block(n int) []byte {
	var seed [32]byte
	binary.BigEndian.PutUint64(seed[:], uint64(n))
	data := make([]byte, blockSize)
	_, _ = rand.NewChaCha8(seed).Read(data)
	return data
}

// names are the ids of the first blocks.
func names(count int) []blocks.ID {
	var all []blocks.ID
	for n := range count {
		all = append(all, sha256.Sum256(block(n)))
	}
	return all
}

// store has the first blocks.
type store struct{ count int }

var blockNames = sync.OnceValue(func() map[blocks.ID]int {
	all := map[blocks.ID]int{}
	for n, id := range names(400) {
		all[id] = n
	}
	return all
})

// Size implements blocks.Store.
func (s store) Size(_ context.Context, id blocks.ID) (int, error) {
	if s.count == 0 {
		return 0, blocks.ErrNotHere
	}
	if n, ok := blockNames()[id]; ok && n < s.count {
		return blockSize, nil
	}
	return 0, blocks.ErrNotHere
}

// Block implements blocks.Store.
func (s store) Block(ctx context.Context, id blocks.ID) ([]byte, error) {
	if _, err := s.Size(ctx, id); err != nil {
		return nil, err
	}
	return block(blockNames()[id]), nil
}
