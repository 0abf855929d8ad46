package farewell

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

var space = Question{Workspace: [32]byte{1}, Heads: [][32]byte{{2}, {3}}}

// parted is a member and a device that was one: it still takes itself for one.
func parted(t *testing.T, why func(p2p.PeerID, Question) [][]byte) (former, member *p2ptest.Node, ctx context.Context) {
	t.Helper()
	nodes := p2ptest.Connected(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	former, member = nodes[0], nodes[1]
	Serve(member.Node, why)
	gone := make(chan struct{}, 8)
	former.OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			gone <- struct{}{}
		}
	})
	member.Gate.Part(former.ID())
	member.Recheck()
	select {
	case <-gone:
	case <-ctx.Done():
		t.Fatal("the connection outlived the membership")
	}
	return former, member, ctx
}

func answers(entries ...string) func(p2p.PeerID, Question) [][]byte {
	return func(p2p.PeerID, Question) [][]byte {
		var raws [][]byte
		for _, e := range entries {
			raws = append(raws, []byte(e))
		}
		return raws
	}
}

func TestW80AFormerMemberMayAskWhyAndNothingElse(t *testing.T) {
	type visit struct {
		from  p2p.PeerID
		asked Question
	}
	visits := make(chan visit, 8) // a datagram orders nothing for the race detector
	former, member, ctx := parted(t, func(p p2p.PeerID, q Question) [][]byte {
		visits <- visit{p, q}
		return answers("first", "second")(p, q)
	})
	member.Handle("/test/members/1", func(_ context.Context, s p2p.Stream) { _, _ = s.Write([]byte("secret")) })
	member.HandleLobby("/test/guests/1", func(_ context.Context, s p2p.Stream) { _, _ = s.Write([]byte("welcome")) })
	if err := former.Connect(ctx, member.ID(), member.Addrs()); err != nil {
		t.Fatalf("a former member is not let in to ask: %v", err)
	}
	got, err := Ask(ctx, former.Node, member.ID(), space)
	if err != nil || len(got) != 2 || string(got[0]) != "first" || string(got[1]) != "second" {
		t.Errorf("got %q, %v", got, err)
	}
	select {
	case v := <-visits:
		if v.from != former.ID() || v.asked.Workspace != space.Workspace || len(v.asked.Heads) != 2 || v.asked.Heads[1] != space.Heads[1] {
			t.Errorf("asked by %s for %v", v.from.Short(), v.asked)
		}
	default:
		t.Error("nobody asked")
	}
	for _, protocol := range []string{"/test/members/1", "/test/guests/1"} {
		s, err := former.Open(ctx, member.ID(), protocol)
		if err != nil {
			continue
		}
		_ = s.SetDeadline(time.Now().Add(10 * time.Second))
		if n, err := s.Read(make([]byte, 8)); err == nil {
			t.Errorf("%s gave %d bytes", protocol, n)
		}
	}
	if n := len(member.Peers()); n != 0 {
		t.Errorf("it is listed among %d peers", n)
	}
	t.Run("W80 a stranger is not let in", func(t *testing.T) {
		stranger := p2ptest.Start(t)
		stranger.Gate.Allow(member.ID())
		if err := stranger.Connect(ctx, member.ID(), member.Addrs()); err == nil {
			t.Error("it was")
		}
		if got, err := Ask(ctx, stranger.Node, member.ID(), space); err == nil {
			t.Errorf("it got %q", got)
		}
	})
	t.Run("W80 a guest of an invitation gets nothing", func(t *testing.T) {
		guest := p2ptest.Start(t)
		guest.Gate.Allow(member.ID())
		member.Gate.SetLobby(true)
		defer member.Gate.SetLobby(false)
		if err := guest.Connect(ctx, member.ID(), member.Addrs()); err != nil {
			t.Fatal(err)
		}
		if got, err := Ask(ctx, guest.Node, member.ID(), space); err == nil {
			t.Errorf("it got %q", got)
		}
	})
}

func TestW81AFormerMemberStaysForAMomentAndComesSeldom(t *testing.T) {
	former, member, ctx := parted(t, answers("one"))
	gone := make(chan struct{}, 64)
	former.OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			gone <- struct{}{}
		}
	})
	if err := former.Connect(ctx, member.ID(), member.Addrs()); err != nil {
		t.Fatal(err)
	}
	if _, err := Ask(ctx, former.Node, member.ID(), space); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	select {
	case <-gone:
		if time.Since(begun) < time.Second {
			t.Error("it could not have asked about a second workspace")
		}
	case <-ctx.Done():
		t.Fatal("it stays although it got its answer")
	}
	for visits := 1; ; visits++ {
		if err := former.Connect(ctx, member.ID(), member.Addrs()); err != nil {
			if visits != 6 {
				t.Errorf("%d visits in a minute, want 6 (%v)", visits, err)
			}
			break
		}
		former.Disconnect(member.ID())
		select {
		case <-gone:
		case <-ctx.Done():
			t.Fatal("the connection does not end")
		}
	}
}

func TestW82SizesAreLimited(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 300<<10)
	former, member, ctx := parted(t, func(p2p.PeerID, Question) [][]byte { return [][]byte{big, big, big, big} })
	if err := former.Connect(ctx, member.ID(), member.Addrs()); err != nil {
		t.Fatal(err)
	}
	got, err := Ask(ctx, former.Node, member.ID(), space)
	if err != nil || len(got) != 3 {
		t.Errorf("%d entries, %v; want the three that fit", len(got), err)
	}
	if _, err := Ask(ctx, former.Node, member.ID(), Question{Heads: make([][32]byte, MaxHeads+1)}); err == nil {
		t.Error("too many heads were sent")
	}
	if _, err := Ask(ctx, former.Node, member.ID(), Question{Heads: [][32]byte{{2}, {1}}}); err == nil {
		t.Error("unsorted heads were sent")
	}
	if got := fitting(make([][]byte, MaxEntries+5)); len(got) != MaxEntries {
		t.Errorf("%d entries fit", len(got))
	}
}

func TestW83ABreachCosts(t *testing.T) {
	former, member, ctx := parted(t, answers("one"))
	gone := make(chan struct{}, 64)
	former.OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			gone <- struct{}{}
		}
	})
	for i := range 10 {
		if err := former.Connect(ctx, member.ID(), member.Addrs()); err != nil {
			t.Fatalf("breach %d: %v", i, err)
		}
		s, err := former.Open(ctx, member.ID(), Protocol)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := s.Write([]byte{3, 1, 2, 3}); err == nil {
			_, err = s.Read(make([]byte, 1))
			if err == nil {
				t.Error("it was answered")
			}
		}
		_ = s.Reset()
	}
	for former.Connected(member.ID()) && ctx.Err() == nil {
		select {
		case <-gone:
		case <-ctx.Done():
		}
	}
	if err := former.Connect(ctx, member.ID(), member.Addrs()); err == nil { // its second visit
		t.Error("ten breaches did not shut it out")
	}
}

func TestW82EveryMessageHasOneForm(t *testing.T) {
	encode := func(v any) []byte {
		raw, err := wire.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	many := make([][32]byte, MaxHeads+1)
	for i := range many {
		many[i][0] = byte(i)
	}
	heads := [][32]byte{{1}, {2}}
	if q, err := decodeQuestion(encode(question{V: 1, Heads: heads})); err != nil || len(q.Heads) != 2 {
		t.Errorf("%+v, %v", q, err)
	}
	if q, err := decodeQuestion(encode(question{V: 1, Heads: [][32]byte{}})); err != nil || len(q.Heads) != 0 {
		t.Errorf("%+v, %v", q, err)
	}
	for i, bad := range []question{{V: 2, Heads: heads}, {V: 1}, {V: 1, Heads: many}, {V: 1, Heads: [][32]byte{{2}, {1}}}, {V: 1, Heads: [][32]byte{{1}, {1}}}} {
		if _, err := decodeQuestion(encode(bad)); !wire.IsFault(err) {
			t.Errorf("question %d: %v", i, err)
		}
	}
	if a, err := decodeAnswer(encode(answer{V: 1, Entries: [][]byte{}})); err != nil || len(a.Entries) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	for i, bad := range []answer{{V: 2, Entries: [][]byte{}}, {V: 1}, {V: 1, Entries: [][]byte{{}}}, {V: 1, Entries: [][]byte{make([]byte, MaxBytes+1)}}} {
		if _, err := decodeAnswer(encode(bad)); !wire.IsFault(err) {
			t.Errorf("answer %d: %v", i, err)
		}
	}
}

func TestW84WhoIsInGoodStandingHearsNothing(t *testing.T) {
	nodes := p2ptest.Connected(t, 2)
	Serve(nodes[1].Node, answers())
	if got, err := Ask(t.Context(), nodes[0].Node, nodes[1].ID(), space); err != nil || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}

func FuzzMessages(f *testing.F) {
	for i, m := range []any{question{V: 1, Workspace: [32]byte{1}, Heads: [][32]byte{{1}, {2}}}, answer{V: 1, Entries: [][]byte{[]byte("e")}}} {
		raw, err := wire.Encode(m)
		if err != nil {
			f.Fatal(fmt.Sprint(i, err))
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if q, err := decodeQuestion(frame); err == nil && len(q.Heads) > MaxHeads {
			t.Error("too many heads")
		}
		if a, err := decodeAnswer(frame); err == nil && len(a.Entries) > MaxEntries {
			t.Error("too many entries")
		}
	})
}
