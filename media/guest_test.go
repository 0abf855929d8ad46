package media

import (
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// welcome lets a party be a guest of the others.
func (h *hall) welcome(guest *party, all ...*party) {
	h.t.Helper()
	for _, p := range all {
		guest.room.Join(p.id, false)
		p.room.JoinGuest(guest.id, nil)
	}
	for _, p := range all {
		h.connected(30*time.Second, p, guest)
	}
}

// hears waits until one gets sound and pictures of another.
func (h *hall) hears(what string, p, other *party) {
	h.t.Helper()
	was := p.from(other)
	h.wait(what, 30*time.Second, func() bool {
		g := p.from(other)
		return g.count[Audio] >= was.count[Audio]+25 && g.count[Video]+g.count[Small] >= was.count[Video]+was.count[Small]+3
	})
}

func TestC43AGuestIsSentToDirectlyWhileAForwarderCarriesTheRest(t *testing.T) {
	h := newHall(t)
	h.sealing()
	all := h.gather(3)
	guest := h.add(0x00ffffff)
	sizes := map[Stream]int{Audio: 80, Video: kbps(120), Small: kbps(60)}
	for _, p := range append([]*party{guest}, all...) {
		p.feed(sizes)
	}
	through(all[2], all...)
	h.flows("all through one of them", all...)
	h.welcome(guest, all...)
	for _, p := range all {
		h.hears("what a member sends, at the guest", guest, p)
		h.hears("what the guest sends, at a member", p, guest)
	}
	h.flows("the members still through one of them", all...)
	pairs(all, func(a, b *party) {
		if b != all[2] && a != all[2] && a.stat(b).KbpsOut > 20 {
			t.Errorf("%v sends %d kbit/s to %v itself", a, a.stat(b).KbpsOut, b)
		}
	})
	for _, p := range all {
		if c := p.peer(guest).conn.Load(); c.out.takesPieces() || c.in.in[videoTrack].markID != 0 {
			t.Error("the guest agreed on our header extensions")
		}
		g, m := guest.from(p), p.from(guest)
		if g.broken+g.early+m.broken+m.early > 0 {
			t.Errorf("%v: %d and %d broken, %d and %d out of order", p, g.broken, m.broken, g.early, m.early)
		}
		if p.peer(guest).count.carried.Load() > 0 {
			t.Error("something was carried on to a guest")
		}
	}
	for _, gone := range []*party{{}, all[0]} {
		through(gone, all...)
		for _, p := range all {
			h.hears("the same after the way changed", guest, p)
		}
	}
	all[1].room.Leave(guest.id)
	h.wait("the guest to be told", 10*time.Second, func() bool { return guest.stat(all[1]).State == Left })
	h.flows("the members without it", all...)
}

func TestC43WhatAGuestNeedsIsMadeBesideTheForwarder(t *testing.T) {
	h := newHall(t)
	h.sealing()
	all := h.gather(3)
	guest := h.add(0x00ffffff)
	for _, p := range all {
		p.room.Look(nil, false) // the small layer suffices to all members
	}
	f := all[1].begin(&feed{sizes: map[Stream]int{Audio: 80, Video: kbps(120), Small: kbps(60)}, obeys: true})
	defer f.end()
	through(all[0], all...)
	h.wait("the small layer alone to be wanted", 20*time.Second, func() bool {
		w := all[1].room.Wants()
		return w.Small && !w.Video
	})
	h.welcome(guest, all...)
	h.wait("pictures of the large layer at the guest", 30*time.Second, func() bool { return all[1].room.Wants().Video && guest.from(all[1]).count[Video] > 5 })
	h.wait("the small layer at the others", 20*time.Second, func() bool { return all[2].from(all[1]).layer == Small })
}

func TestC43NothingOfAGuestPassesForSomebodyElses(t *testing.T) {
	h := newHall(t)
	h.sealing()
	all := h.gather(2)
	guest := h.add(0x00ffffff)
	h.welcome(guest, all[0])
	room, from := all[0].room, all[0].peer(guest)
	c := from.conn.Load()
	before := from.count.refused.Load()
	for _, carry := range []bool{false, true} {
		for _, as := range []*peer{all[0].peer(all[1]), from} {
			one := piece{tag: as.origin.tag, about: Frame{Stream: Audio}, first: true, last: true, carry: carry, data: []byte("feigned")}
			room.piece(from, c, one, time.Now())
		}
	}
	if got := from.count.refused.Load() - before; got != 4 {
		t.Errorf("%d of 4 pieces were refused", got)
	}
	if in := all[0].peer(all[1]).origin.flows[Audio]; in != nil {
		t.Error("a piece of the guest counts for a participant")
	}
	room.heard(from, c, control{routes: true, keys: []wish{{room.tag(all[0].id), Video}}, sight: sight{small: true}}, time.Now())
	if _, said := c.saidLately(time.Now()); said {
		t.Error("what a guest says in packets counts")
	}
	all[0].feed(map[Stream]int{Audio: 80})
	all[1].feed(map[Stream]int{Audio: 80})
	room.Route(guest.id, true) // no caller does that
	h.wait("sound at all, as if there were no forwarder", 20*time.Second, func() bool {
		return all[1].from(all[0]).count[Audio] > 25 && guest.from(all[0]).count[Audio] > 25
	})
	if guest.stat(all[1]).State != Waiting || guest.from(all[1]).count[Audio] > 0 {
		t.Error("the guest gets what another sends whom it does not know")
	}
}

func TestC43OnlyTheConnectionToAGuestAsksForItsAddress(t *testing.T) {
	stun := []string{"stun:192.0.2.1:3478"}
	if got := (who{guest: true, servers: stun}).stun(); len(got) != 1 || got[0].URLs[0] != stun[0] {
		t.Errorf("%+v", got)
	}
	h := newHall(t)
	room := h.add(1).room
	room.Join(ID{2}, true)
	room.JoinCarrier(ID{3})
	room.JoinGuest(ID{4}, append(stun, stun[0], stun[0], stun[0], stun[0]))
	for _, p := range *room.list.Load() {
		if got := len(p.servers); (got > 0) != p.guest || got > maxServers {
			t.Errorf("%v asks %d servers", p.id, got)
		}
	}
}

// TestC44ABrowsersAnswerIsTaken holds what Chromium answered to an offer of ours.
func TestC44ABrowsersAnswerIsTaken(t *testing.T) {
	raw, err := os.ReadFile("testdata/chromium-answer.sdp")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(raw), "\n", "\r\n")
	_, said, _ := strings.Cut(text, "a=fingerprint:sha-256 ")
	said, _, _ = strings.Cut(said, "\r\n")
	decoded, err := hex.DecodeString(strings.ReplaceAll(said, ":", ""))
	if err != nil {
		t.Fatal(err)
	}
	print := [32]byte(decoded)
	d, err := checkDescription(Answer, text, print, true)
	if err != nil {
		t.Fatal(err)
	}
	if d.answers != "kxBhtPlQhpMEtAyC" || d.ufrag != "7hHq" || strings.Count(d.sdp, "a=fingerprint:") != 1 || strings.Count(d.sdp, "a=ssrc:") != 3 {
		t.Errorf("it became\n%s", d.sdp)
	}
	other := strings.Replace(said, "78:", "79:", 1)
	for what, test := range map[string]struct {
		text    string
		browser bool
	}{
		"one of a participant":       {text, false},
		"another in one track":       {strings.Replace(text, said, other, 1), true},
		"one more before all":        {strings.Replace(text, "a=group", "a=fingerprint:sha-256 "+said+"\r\na=group", 1), true},
		"one in two tracks of three": {strings.Replace(text, "a=fingerprint:sha-256 "+said+"\r\n", "", 1), true},
	} {
		if _, err := checkDescription(Answer, test.text, print, test.browser); !errors.Is(err, ErrFingerprint) {
			t.Errorf("%s: %v", what, err)
		}
	}
	once := strings.Replace(text, "a=fingerprint:sha-256 "+said+"\r\n", "", 2)
	if _, err := checkDescription(Answer, once, print, true); err != nil {
		t.Errorf("once in all: %v", err)
	}
}
