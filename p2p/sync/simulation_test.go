package sync

import (
	"slices"
	"testing"
	"time"

	"parvis/p2p"

	"pgregory.net/rapid"
)

// world runs the two cores of every stream on fake time, without goroutines.
type world struct {
	t       *rapid.T
	now     time.Time
	nodes   []*simNode
	streams []*simStream
	entry   uint64
	damaged bool
}

type simNode struct {
	*memory
	logFrom [32]byte
	sources map[int]*simStream // streams of which this node is the source, by sink
}

// simStream is one stream: the sink opened it.
type simStream struct {
	from, to int // source, sink
	source   *Source
	sink     *Sink
	up, down [][]byte // frames under way to the source and to the sink
}

func newWorld(t *rapid.T, n int) *world {
	w := &world{t: t, now: time.Unix(1e9, 0)}
	for i := range n {
		w.nodes = append(w.nodes, &simNode{memory: newMemory(byte(i + 1)), sources: map[int]*simStream{}})
	}
	return w
}

func (w *world) view(n *simNode) View {
	h, _ := n.Have(nil)
	h.Feeds = sorted(h.Feeds)
	v := View{Have: h, LogFrom: n.logFrom, Peers: map[[32]byte][]Position{}}
	for sink, s := range n.sources {
		v.Peers[w.nodes[sink].self] = s.source.Sink()
	}
	return v
}

func (w *world) links(n int) (out [][32]byte) {
	for _, s := range w.streams {
		if s.to == n {
			out = append(out, w.nodes[s.from].self)
		}
	}
	return out
}

// connect opens (or reopens: newest wins) the stream by which b receives from a.
func (w *world) connect(a, b int) {
	w.drop(a, b)
	s := &simStream{from: a, to: b}
	s.source = NewSource(SourceConfig{Self: w.nodes[a].self, Sink: w.nodes[b].self, RelayDelay: 300 * time.Millisecond})
	s.sink = NewSink(SinkConfig{Self: w.nodes[b].self})
	w.streams = append(w.streams, s)
	w.nodes[a].sources[b] = s
}

func (w *world) drop(a, b int) {
	w.streams = slices.DeleteFunc(w.streams, func(s *simStream) bool { return s.from == a && s.to == b })
	delete(w.nodes[a].sources, b)
}

// step lets one end of a stream do what it has to do now. It reports whether
// anything happened.
func (w *world) step(s *simStream) bool {
	did := false
	a, b := w.nodes[s.from], w.nodes[s.to]
	s.sink.Mine(w.view(b).Have)
	s.sink.Links(w.links(s.to))
	if !w.now.Before(s.sink.CheckAt()) {
		s.sink.Check(false, w.now)
	}
	if f, _ := s.sink.Next(w.now); f != nil {
		s.up, did = append(s.up, w.encode(f)), true
	}
	s.source.Mine(w.view(a), w.now)
	if theirs, ask := s.source.Next(w.now); ask {
		batch, after, _ := a.Missing(nil, "", theirs, 8, 1<<20)
		for _, e := range batch.Envelopes {
			f, seq := splitEnvelope(e)
			if seq <= s.source.at(f).has.Seq {
				w.t.Fatalf("%d sends %v %d to %d, which said that it holds %d", s.from, f.Device[0], seq, s.to, s.source.at(f).has.Seq)
			}
		}
		s.source.Sent(theirs, batch, after, w.now)
		if batch.Len() > 0 {
			s.down, did = append(s.down, w.encode(Objects{batch})), true
		}
	}
	return did
}

func (w *world) encode(f Frame) []byte {
	data, err := EncodeFrame(f)
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

func (w *world) decode(data []byte) Frame {
	f, err := DecodeFrame(data)
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

// deliver takes the oldest frame of a direction.
func (w *world) deliver(s *simStream, up bool) bool {
	if up && len(s.up) > 0 {
		f := w.decode(s.up[0])
		s.up = s.up[1:]
		var err error
		switch f := f.(type) {
		case Hello:
			_, err = s.source.Hello(f, w.now)
		case HaveDelta:
			_, err = s.source.Have(f, w.now)
		case Links:
			s.source.Links(f.Devices)
		}
		if err != nil {
			w.t.Fatal(err)
		}
		return true
	}
	if !up && len(s.down) > 0 {
		f := w.decode(s.down[0]).(Objects)
		s.down = s.down[1:]
		if !s.sink.Arrived() {
			w.t.Fatal("more than four windows unacknowledged")
		}
		if len(f.Entries) > 0 {
			w.nodes[s.to].logFrom = w.nodes[s.from].self
		}
		_ = w.nodes[s.to].Receive(nil, p2p.PeerID(""), f.Batch)
		s.sink.Mine(w.view(w.nodes[s.to]).Have)
		s.sink.Handled(1)
		return true
	}
	return false
}

// damage makes a node lose the second half of a chain that it did not write, as
// a damaged row does.
func (w *world) damage(n int) {
	m := w.nodes[n].memory
	for _, p := range w.view(w.nodes[n]).Feeds {
		if p.Feed.Device != m.self && p.Seq > 1 {
			m.chains[p.Feed] = m.chains[p.Feed][:p.Seq/2]
			w.damaged = true
			return
		}
	}
}

// settle runs everything until nothing happens for a virtual minute.
func (w *world) settle() {
	for pause, quiet := 20*time.Millisecond, time.Duration(0); quiet < time.Minute; {
		for _, s := range w.streams {
			for w.step(s) || w.deliver(s, true) || w.deliver(s, false) {
				pause, quiet = 20*time.Millisecond, 0
			}
		}
		w.now = w.now.Add(pause)
		quiet += pause
		pause = min(pause*5/4, 5*time.Second)
	}
}

// converged fails unless all nodes hold the same.
func (w *world) converged() {
	want := w.nodes[0].digest()
	for i, n := range w.nodes {
		if got := n.digest(); got != want {
			w.t.Fatalf("node %d holds\n%s\nnode 0 holds\n%s", i, got, want)
		}
	}
}

// Whatever is lost, restarted or reordered between streams, all
// converge, and nothing is sent of which the sink said that it holds it.
func TestY5ReplicasConvergeWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 4).Draw(t, "nodes")
		w := newWorld(t, n)
		pair := rapid.Custom(func(t *rapid.T) [2]int {
			a := rapid.IntRange(0, n-1).Draw(t, "a")
			return [2]int{a, (a + rapid.IntRange(1, n-1).Draw(t, "b")) % n}
		})
		for range rapid.IntRange(10, 120).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0, 1:
				m := w.nodes[rapid.IntRange(0, n-1).Draw(t, "author")]
				for range rapid.IntRange(1, 12).Draw(t, "many") {
					m.append(byte(rapid.IntRange(1, 2).Draw(t, "space")), []byte("text"))
				}
			case 2:
				w.entry++
				w.nodes[rapid.IntRange(0, n-1).Draw(t, "author")].log(w.entry)
			case 3:
				p := pair.Draw(t, "connect")
				w.connect(p[0], p[1])
			case 4:
				p := pair.Draw(t, "lose")
				w.drop(p[0], p[1])
			case 5:
				i := rapid.IntRange(0, n-1).Draw(t, "restart")
				for j := range n {
					w.drop(i, j)
					w.drop(j, i)
				}
			case 6:
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 40000).Draw(t, "ms")) * time.Millisecond)
			case 7:
				w.damage(rapid.IntRange(0, n-1).Draw(t, "victim"))
			default:
				if len(w.streams) == 0 {
					continue
				}
				s := w.streams[rapid.IntRange(0, len(w.streams)-1).Draw(t, "stream")]
				for range rapid.IntRange(1, 6).Draw(t, "moves") {
					w.step(s)
					w.deliver(s, rapid.Bool().Draw(t, "up"))
				}
			}
		}
		// Heal as a line: everything must also get across two hops.
		for i := 1; i < n; i++ {
			w.connect(i-1, i)
			w.connect(i, i-1)
		}
		w.settle()
		w.converged()
		for i, m := range w.nodes {
			if _, _, gaps := m.stats(); gaps > 0 && !w.damaged {
				t.Fatalf("node %d got %d objects with a gap before them", i, gaps)
			}
		}
	})
}

// In a full mesh nothing arrives twice, and a peer that was away gets every
// chain from one of the others only.
func TestY10MeshDeliversOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const n = 4
		w := newWorld(t, n)
		join := func(i int) {
			for j := range i {
				w.connect(i, j)
				w.connect(j, i)
			}
		}
		for i := range n - 1 {
			join(i)
		}
		w.settle()
		for range 20 {
			for i := range n - 1 {
				for range rapid.IntRange(0, 9).Draw(t, "many") {
					w.nodes[i].append(1, []byte("text"))
				}
			}
			for range 5 {
				for _, s := range w.streams {
					w.step(s)
					w.deliver(s, true)
					w.deliver(s, false)
				}
				w.now = w.now.Add(5 * time.Millisecond)
			}
		}
		w.settle()
		for i, m := range w.nodes[:n-1] {
			if _, dups, _ := m.stats(); dups > 0 {
				t.Errorf("node %d got %d envelopes twice", i, dups)
			}
		}
		join(n - 1)
		w.settle()
		w.converged()
		if count, dups, _ := w.nodes[n-1].stats(); dups > count/2 {
			t.Errorf("the newcomer got %d of %d envelopes twice", dups, count)
		}
	})
}
