package sync

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

var t0 = time.Unix(1e9, 0)

// holding is a view of chains written by the devices 1, 2, 3 …, as many objects
// as the numbers say.
func holding(seqs ...uint64) View {
	v := View{Have: Have{Heads: [][32]byte{{1}}}, Peers: map[[32]byte][]Position{}}
	for i, n := range seqs {
		if f := feedOf(1, byte(i+1)); n > 0 {
			v.Feeds = append(v.Feeds, Position{f, n, idOf(f, n)})
		}
	}
	return v
}

func hello(v View, links ...byte) Hello {
	h := Hello{Heads: v.Heads, Feeds: v.Feeds}
	for _, l := range links {
		h.Links = append(h.Links, device(l))
	}
	return h
}

// asked is what a source would send now: "author:from" of each chain.
func asked(s *Source, now time.Time) string {
	theirs, ok := s.Next(now)
	if !ok {
		return ""
	}
	var out string
	for _, p := range s.view.Feeds {
		if from := seqOf(theirs.Feeds, p.Feed); from < p.Seq {
			out += fmt.Sprintf("%d:%d ", p.Feed.Device[0], from)
		}
	}
	return out
}

// delivery is one situation and what a source sends in it.
type delivery struct {
	name  string
	mine  View
	sink  Hello
	now   string // sent as soon as the sink spoke
	grace string // sent after half the delay
	later string // sent after the delay
}

func deliveries() []delivery {
	rival := func(v View, d byte, seqs ...uint64) View {
		v.Peers[device(d)] = holding(seqs...).Feeds
		return v
	}
	first := func(author byte) byte { // which of the devices 1 and 4 relays a chain first
		if rank(feedOf(1, author), device(1)) < rank(feedOf(1, author), device(4)) {
			return 1
		}
		return 4
	}
	gossip := holding(0, 5)
	gossip.Gossip = true
	cases := []delivery{
		{"own objects at once", holding(5), hello(holding(2), 2), "1:2 ", "1:2 ", "1:2 "},
		{"the author is connected to the sink", holding(0, 5), hello(holding(), 1, 2), "", "", "2:0 "},
		{"nobody else can", holding(0, 5), hello(holding(), 1), "", "2:0 ", "2:0 "},
		{"gossip may bring it", gossip, hello(holding(), 1), "", "", "2:0 "},
		{"the sink lost what it wrote", holding(0, 0, 5), hello(holding(0, 0, 2), 1), "", "3:2 ", "3:2 "},
		{"another one has less than the sink", rival(holding(0, 5), 4, 0, 1), hello(holding(0, 1), 1, 4), "", "2:1 ", "2:1 "},
		{"another one is not connected to it", rival(holding(0, 5), 4, 0, 5), hello(holding(), 1), "", "2:0 ", "2:0 "},
	}
	for _, author := range []byte{2, 5, 6, 7} {
		seqs := make([]uint64, author)
		seqs[author-1] = 5
		want := fmt.Sprintf("%d:0 ", author)
		grace := want
		if first(author) == 4 {
			grace = ""
		}
		cases = append(cases, delivery{fmt.Sprintf("two can relay %d", author), rival(holding(seqs...), 4, seqs...), hello(holding(), 1, 4), "", grace, want})
	}
	return cases
}

// Who sends what, by who wrote it and who is connected.
func TestY10WhoDelivers(t *testing.T) {
	const relay = 300 * time.Millisecond
	for _, c := range deliveries() {
		t.Run(c.name, func(t *testing.T) {
			s := NewSource(SourceConfig{Self: device(1), Sink: device(3), RelayDelay: relay})
			s.Mine(c.mine, t0.Add(-time.Hour))
			if got := asked(s, t0); got != "" {
				t.Errorf("before hello: %q", got)
			}
			if _, err := s.Hello(c.sink, t0); err != nil {
				t.Fatal(err)
			}
			for at, want := range map[time.Duration]string{0: c.now, relay / 2: c.grace, relay: c.later} {
				copied := *s
				copied.feeds = append([]chain(nil), s.feeds...)
				copied.seen.clean = 0
				if got := asked(&copied, t0.Add(at)); got != want {
					t.Errorf("after %v: got %q, want %q", at, got, want)
				}
			}
		})
	}
}

// While somebody else delivers, nothing is sent; when that stops, it is.
func TestY10RelayWaitsWhileSomebodyDelivers(t *testing.T) {
	s := NewSource(SourceConfig{Self: device(1), Sink: device(3), RelayDelay: 300 * time.Millisecond})
	s.Mine(holding(0, 100), t0)
	if _, err := s.Hello(hello(holding(), 2), t0); err != nil {
		t.Fatal(err)
	}
	now := t0
	for i := range uint64(10) {
		now = now.Add(200 * time.Millisecond)
		if got := asked(s, now); got != "" {
			t.Fatalf("after %v: %q", now.Sub(t0), got)
		}
		d := HaveDelta{Fresh: holding(0, i+1).Feeds}
		if i > 0 {
			d = HaveDelta{Known: []Known{{Seq: i + 1}}}
		}
		if _, err := s.Have(d, now); err != nil {
			t.Fatal(err)
		}
	}
	if at := s.Wait(); asked(s, now) != "" || s.Wait().Sub(now) != 300*time.Millisecond {
		t.Errorf("waits until %v, at %v", at, now)
	}
	if got := asked(s, now.Add(300*time.Millisecond)); got != "2:10 " {
		t.Errorf("when it stopped: %q", got)
	}
}

// send lets a source send one window and returns it.
func send(t *testing.T, s *Source, m *memory, now time.Time) Batch {
	t.Helper()
	theirs, ok := s.Next(now)
	if !ok {
		return Batch{}
	}
	b, after, _ := m.Missing(nil, "", theirs, 10, 1<<20)
	s.Sent(theirs, b, after, now)
	return b
}

// sending is a source for device 2 with n own objects to send.
func sending(t *testing.T, n int) (*Source, *memory) {
	t.Helper()
	m := newMemory(1)
	for range n {
		m.append(1, []byte("x"))
	}
	s := NewSource(SourceConfig{Self: m.self, Sink: device(2)})
	h, _ := m.Have(nil)
	s.Mine(View{Have: h}, t0)
	if _, err := s.Hello(Hello{}, t0); err != nil {
		t.Fatal(err)
	}
	return s, m
}

// Four windows, then silence until one is dealt with.
func TestY6FourWindowsInFlight(t *testing.T) {
	s, m := sending(t, 100)
	for i := range 4 {
		if b := send(t, s, m, t0); b.Len() != 10 {
			t.Fatalf("window %d has %d objects", i, b.Len())
		}
	}
	if b := send(t, s, m, t0); b.Len() != 0 {
		t.Fatal("a fifth window")
	}
	f := feedOf(1, 1)
	if _, err := s.Have(HaveDelta{Handled: 1, Fresh: []Position{{f, 10, idOf(f, 10)}}}, t0); err != nil {
		t.Fatal(err)
	}
	b := send(t, s, m, t0)
	if _, seq := splitEnvelope(b.Envelopes[0]); seq != 41 {
		t.Errorf("went on at %d, want 41", seq)
	}
}

// What is never confirmed is sent again after 30 s, three times, and then
// only when the sink begins a new round.
func TestY9UnconfirmedIsSentAgain(t *testing.T) {
	s, m := sending(t, 5)
	now, times := t0, 0
	for range 20 {
		if b := send(t, s, m, now); b.Len() > 0 {
			times++
			if _, err := s.Have(HaveDelta{Handled: uint64(times)}, now); err != nil {
				t.Fatal(err)
			}
			if b := send(t, s, m, now.Add(29*time.Second)); b.Len() > 0 {
				t.Fatal("sent again before 30 s")
			}
		}
		now = now.Add(30 * time.Second)
	}
	if times != 1+maxTries {
		t.Errorf("sent %d times, want %d", times, 1+maxTries)
	}
	if _, err := s.Hello(Hello{}, now); err != nil {
		t.Fatal(err)
	}
	if b := send(t, s, m, now); b.Len() != 5 {
		t.Errorf("in a new round %d objects, want 5", b.Len())
	}
}

// A sink that lost something says so and gets it again.
func TestY8PositionMovesBack(t *testing.T) {
	s, m := sending(t, 9)
	send(t, s, m, t0)
	f := feedOf(1, 1)
	if _, err := s.Have(HaveDelta{Handled: 1, Fresh: []Position{{f, 9, idOf(f, 9)}}}, t0); err != nil {
		t.Fatal(err)
	}
	if b := send(t, s, m, t0); b.Len() > 0 {
		t.Fatal("sent what the sink holds")
	}
	if _, err := s.Have(HaveDelta{Handled: 1, Known: []Known{{0, 4, idOf(f, 4)}}}, t0); err != nil {
		t.Fatal(err)
	}
	if b := send(t, s, m, t0); b.Len() != 5 {
		t.Errorf("sent %d, want the 5 that were lost", b.Len())
	}
}

// An input that arrives while the replica is asked is not forgotten.
func TestInputWhileAsking(t *testing.T) {
	s, m := sending(t, 0)
	m.log(1)
	h, _ := m.Have(nil)
	s.Mine(View{Have: h}, t0)
	theirs, ok := s.Next(t0)
	if !ok {
		t.Fatal("the log is missing at the sink")
	}
	m.append(1, []byte("x"))
	m.log(2)
	h, _ = m.Have(nil)
	s.Mine(View{Have: h}, t0)
	s.Sent(theirs, Batch{}, Have{}, t0) // as if it had been asked before the append
	if b := send(t, s, m, t0); len(b.Entries) != 2 || len(b.Envelopes) != 1 {
		t.Errorf("sent %d entries and %d envelopes, want 2 and 1", len(b.Entries), len(b.Envelopes))
	}
}

// The log alone may change while the replica is asked.
func TestLogEntryWhileAsking(t *testing.T) {
	s, m := sending(t, 0)
	m.log(1)
	h, _ := m.Have(nil)
	s.Mine(View{Have: h}, t0)
	theirs, _ := s.Next(t0)
	m.log(2)
	h, _ = m.Have(nil)
	s.Mine(View{Have: h}, t0)
	s.Sent(theirs, Batch{}, Have{}, t0)
	if b := send(t, s, m, t0); len(b.Entries) != 2 {
		t.Errorf("sent %d entries, want 2", len(b.Entries))
	}
}

// Log entries that came from a member connected to the sink wait as well;
// envelopes do not wait for them.
func TestY10LogEntriesAreNotSentTwice(t *testing.T) {
	const relay = 300 * time.Millisecond
	m := newMemory(1)
	m.log(1)
	m.append(1, []byte("x"))
	s := NewSource(SourceConfig{Self: m.self, Sink: device(3), RelayDelay: relay})
	if _, err := s.Hello(Hello{Links: [][32]byte{device(2)}}, t0); err != nil {
		t.Fatal(err)
	}
	h, _ := m.Have(nil)
	s.Mine(View{Have: h, LogFrom: device(2)}, t0)
	if b := send(t, s, m, t0); len(b.Entries) != 0 || len(b.Envelopes) != 1 {
		t.Errorf("at once: %d entries, %d envelopes", len(b.Entries), len(b.Envelopes))
	}
	if b := send(t, s, m, t0.Add(relay-1)); b.Len() != 0 || s.Wait() != t0.Add(relay) {
		t.Errorf("too early: %d objects; waits until %v", b.Len(), s.Wait())
	}
	if b := send(t, s, m, t0.Add(relay)); len(b.Entries) != 1 {
		t.Errorf("nobody delivered: %d entries", len(b.Entries))
	}
}

// A replica may say in after everything that the sink then holds; chains that
// were left out are not taken for sent.
func TestAfterMayNameEverything(t *testing.T) {
	s := NewSource(SourceConfig{Self: device(1), Sink: device(3), RelayDelay: time.Second})
	mine := holding(5, 7)
	mine.Heads = nil
	s.Mine(mine, t0)
	if _, err := s.Hello(Hello{Links: [][32]byte{device(2)}}, t0); err != nil {
		t.Fatal(err)
	}
	theirs, _ := s.Next(t0) // the chain of 2 is left to 2
	after := Have{Feeds: []Position{mine.Feeds[0], {Feed: feedOf(1, 2), Seq: beyond}}}
	s.Sent(theirs, Batch{Envelopes: make([][]byte, 5)}, after, t0)
	if got := asked(s, t0.Add(time.Second)); got != "2:0 " {
		t.Errorf("then %q, want the chain that was left out", got)
	}
}

// In a further round everything missing is sent, whoever else might do it.
func TestY11FurtherRoundsWaitForNobody(t *testing.T) {
	s := NewSource(SourceConfig{Self: device(1), Sink: device(3), RelayDelay: time.Hour})
	s.Mine(holding(0, 100), t0)
	for i, want := range []string{"", "2:0 "} {
		if _, err := s.Hello(hello(holding(), 1, 2), t0); err != nil {
			t.Fatal(err)
		}
		if got := asked(s, t0); got != want {
			t.Errorf("round %d: %q, want %q", i, got, want)
		}
	}
}

// A sink that breaks the protocol.
func TestY4SinkBreaksTheRules(t *testing.T) {
	cases := map[string]struct {
		do   func(*Source) error
		want error
	}{
		"have before hello": {func(*Source) error {
			_, err := NewSource(SourceConfig{}).Have(HaveDelta{}, t0)
			return err
		}, ErrMalformed},
		"more windows than sent": {func(s *Source) error { _, err := s.Have(HaveDelta{Handled: 1}, t0); return err }, ErrMalformed},
		"unknown feed number": {func(s *Source) error {
			_, err := s.Have(HaveDelta{Known: []Known{{Index: 1 << 63}}}, t0)
			return err
		}, ErrMalformed},
		"too many feeds": {func(s *Source) error {
			_, err := s.Have(HaveDelta{Fresh: make([]Position, MaxFeeds+1)}, t0)
			return err
		}, ErrTooManyFeeds},
	}
	for name, c := range cases {
		s, _ := sending(t, 3)
		if err := c.do(s); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
