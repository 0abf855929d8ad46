package media

import (
	"errors"
	"strings"
	"testing"
)

// goodOffer is an offer as this package makes it.
func goodOffer(t testing.TB) (Signal, description) {
	t.Helper()
	room, err := NewRoom(Config{Send: func(ID, Signal) {}, Loopback: true})
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	c, err := newConn(room, who{}, &counters{}, events{needKey: func(Stream) {}, ready: func() {}, candidate: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	s, err := c.offer()
	if err != nil {
		t.Fatal(err)
	}
	d, err := checkDescription(Offer, s.SDP, s.Fingerprint, false)
	if err != nil {
		t.Fatalf("our own offer: %v\n%s", err, s.SDP)
	}
	return s, d
}

func TestC30OnlyDescriptionsByTheRulesReachTheLibrary(t *testing.T) {
	s, d := goodOffer(t)
	fingerprintLine := "a=fingerprint:sha-256 " + formatFingerprint(s.Fingerprint)
	if strings.Count(d.sdp, "a=fingerprint:") != 1 || !strings.Contains(d.sdp, fingerprintLine) || d.ufrag == "" {
		t.Fatalf("checked offer:\n%s", d.sdp)
	}
	swap := func(old, now string) func(string) string {
		return func(text string) string {
			if !strings.Contains(text, old) {
				t.Fatalf("no %q in\n%s", old, text)
			}
			return strings.Replace(text, old, now, 1)
		}
	}
	other := "a=fingerprint:sha-256 " + formatFingerprint([32]byte{1, 2, 3})
	md5 := "a=fingerprint:md5 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
	firstMedia := "a=mid:0\r\n"
	tests := []struct {
		name   string
		change func(string) string
		want   error
	}{
		{"none", swap(fingerprintLine+"\r\n", ""), ErrFingerprint},
		{"another", swap(fingerprintLine, other), ErrFingerprint},
		{"a second one", swap(fingerprintLine, fingerprintLine+"\r\n"+other), ErrFingerprint},
		{"the same twice", swap(fingerprintLine, fingerprintLine+"\r\n"+fingerprintLine), ErrFingerprint},
		{"a second one before", swap(fingerprintLine, other+"\r\n"+fingerprintLine), ErrFingerprint},
		{"a second one, md5", swap(fingerprintLine, fingerprintLine+"\r\n"+md5), ErrFingerprint},
		{"a second one in a track", swap(firstMedia, firstMedia+other+"\r\n"), ErrFingerprint},
		{"a second one in other letters", swap(firstMedia, firstMedia+strings.Replace(other, "fingerprint", "Fingerprint", 1)+"\r\n"), ErrFingerprint},
		{"md5 alone", swap(fingerprintLine, md5), ErrFingerprint},
		{"sha-1", swap("fingerprint:sha-256", "fingerprint:sha-1"), ErrFingerprint},
		{"too short", swap(fingerprintLine, "a=fingerprint:sha-256 00:11"), ErrFingerprint},
		{"no colons", swap(fingerprintLine, strings.ReplaceAll(fingerprintLine, ":", "")), nil},
		{"too large", func(text string) string { return text + strings.Repeat("a=x\r\n", MaxDescription/5) }, ErrSignal},
		{"too many lines", func(text string) string { return text + strings.Repeat("a=x\r\n", maxLines) }, ErrSignal},
		{"a line too long", func(text string) string { return text + "a=x:" + strings.Repeat("y", maxLine) + "\r\n" }, ErrSignal},
		{"control characters", func(text string) string { return text + "a=x:\x00\r\n" }, ErrSignal},
		{"no SDP", func(string) string { return "hello" }, ErrSignal},
		{"nothing", func(string) string { return "" }, nil},
		{"another protocol", swap("UDP/TLS/RTP/SAVPF", "RTP/AVP"), ErrSignal},
		{"a data channel more", func(text string) string {
			return text + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:3\r\n"
		}, ErrSignal},
		{"a track less", func(text string) string { return text[:strings.LastIndex(text, "m=video")] }, ErrSignal},
		{"another order", swap("m=audio", "m=video"), ErrSignal},
		{"no password", swap("a=ice-pwd:", "a=ice-nothing:"), ErrSignal},
		{"a short user", swap("a=ice-ufrag:"+d.ufrag, "a=ice-ufrag:ab"), ErrSignal},
		{"two users", swap("a=ice-ufrag:"+d.ufrag, "a=ice-ufrag:abcdefgh"), ErrSignal},
		{"wrong role", swap("a=setup:actpass", "a=setup:passive"), ErrSignal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := checkDescription(Offer, test.change(s.SDP), s.Fingerprint, false)
			if test.want != nil && !errors.Is(err, test.want) || err == nil {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if _, err := checkDescription(Answer, s.SDP, s.Fingerprint, false); !errors.Is(err, ErrSignal) {
		t.Errorf("an offer as an answer: %v", err)
	}
}

func TestC31WhatTheLibraryNeedNotSeeIsLeftOut(t *testing.T) {
	s, _ := goodOffer(t)
	extra := "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\na=rid:1 send\r\na=simulcast:send 1\r\na=ssrc-group:FID 1 2\r\n" +
		"a=extmap:9 urn:example\r\nb=AS:1\r\na=ice-lite\r\na=unknown:1\r\n"
	text := strings.Replace(s.SDP, "a=mid:0\r\n", "a=mid:0\r\n"+extra, 1)
	text = strings.Replace(text, "b=AS:1\r\n", "", 1) // b= lines stand elsewhere
	d, err := checkDescription(Offer, text, s.Fingerprint, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"candidate", "a=rid", "simulcast", "ssrc-group", "urn:example", "ice-lite", "unknown"} {
		if strings.Contains(d.sdp, word) {
			t.Errorf("%s reaches the library", word)
		}
	}
	if !strings.Contains(d.sdp, markURI) {
		t.Error("our own header extension is lost")
	}
}

func TestC32Candidates(t *testing.T) {
	const tail = " typ host ufrag abcdefgh"
	tests := []struct {
		name, line string
		loopback   bool
		ok         bool
	}{
		{"a host", "candidate:1 1 udp 2130706431 192.168.1.7 5000" + tail, false, true},
		{"a host of IPv6", "candidate:1 1 udp 2130706431 2001:db8::1 5000" + tail, false, true},
		{"a reflexive one", "candidate:1 1 udp 1694498815 203.0.113.5 5000 typ srflx raddr 10.0.0.1 rport 4000 ufrag abcdefgh", false, true},
		{"loopback", "candidate:1 1 udp 2130706431 127.0.0.1 5000" + tail, false, false},
		{"loopback in a test", "candidate:1 1 udp 2130706431 127.0.0.1 5000" + tail, true, true},
		{"loopback of IPv6", "candidate:1 1 udp 2130706431 ::1 5000" + tail, false, false},
		{"loopback in disguise", "candidate:1 1 udp 2130706431 ::ffff:127.0.0.1 5000" + tail, false, false},
		{"a name", "candidate:1 1 udp 2130706431 example.org 5000" + tail, false, false},
		{"a name of mDNS", "candidate:1 1 udp 2130706431 abc.local 5000" + tail, false, false},
		{"multicast", "candidate:1 1 udp 2130706431 224.0.0.251 5353" + tail, false, false},
		{"broadcast", "candidate:1 1 udp 2130706431 255.255.255.255 5000" + tail, false, false},
		{"unspecified", "candidate:1 1 udp 2130706431 0.0.0.0 5000" + tail, false, false},
		{"TCP", "candidate:1 1 tcp 2130706431 192.168.1.7 9 typ host tcptype active ufrag abcdefgh", false, false},
		{"another component", "candidate:1 2 udp 2130706431 192.168.1.7 5000" + tail, false, false},
		{"port 0", "candidate:1 1 udp 2130706431 192.168.1.7 0" + tail, false, false},
		{"no port", "candidate:1 1 udp 2130706431 192.168.1.7 70000" + tail, false, false},
		{"no user", "candidate:1 1 udp 2130706431 192.168.1.7 5000 typ host", false, false},
		{"no kind", "candidate:1 1 udp 2130706431 192.168.1.7 5000 typ strange ufrag abcdefgh", false, false},
		{"two lines", "candidate:1 1 udp 2130706431 192.168.1.7 5000" + tail + "\r\na=x", false, false},
		{"too long", "candidate:1 1 udp 2130706431 192.168.1.7 5000" + tail + strings.Repeat(" a b", 200), false, false},
		{"nothing", "", false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clean, ufrag, err := checkCandidate(test.line, test.loopback)
			if (err == nil) != test.ok {
				t.Fatalf("got %q, %v", clean, err)
			}
			if test.ok && (ufrag != "abcdefgh" || strings.Contains(clean, "10.0.0.1")) {
				t.Errorf("got %q of %q", clean, ufrag)
			}
			if !test.ok && !errors.Is(err, ErrSignal) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzDescription(f *testing.F) {
	s, _ := goodOffer(f)
	f.Add(s.SDP, true)
	f.Add(strings.ReplaceAll(s.SDP, "actpass", "active"), false)
	f.Add("v=0\r\n", true)
	f.Fuzz(func(t *testing.T, text string, offer bool) {
		kind := Answer
		if offer {
			kind = Offer
		}
		d, err := checkDescription(kind, text, s.Fingerprint, false)
		if err != nil {
			return
		}
		if strings.Count(strings.ToLower(d.sdp), "fingerprint:") != 1 || strings.Contains(d.sdp, "a=candidate") {
			t.Fatalf("let through:\n%s", d.sdp)
		}
		again, err := checkDescription(kind, d.sdp, s.Fingerprint, false)
		if err != nil || again.ufrag != d.ufrag {
			t.Fatalf("what was let through is refused: %v\n%s", err, d.sdp)
		}
	})
}

func FuzzCandidate(f *testing.F) {
	f.Add("candidate:1 1 udp 2130706431 192.168.1.7 5000 typ host ufrag abcdefgh", false)
	f.Add("candidate:1 1 udp 1694498815 203.0.113.5 5000 typ srflx raddr 10.0.0.1 rport 4000 ufrag abcdefgh", true)
	f.Fuzz(func(t *testing.T, line string, loopback bool) {
		clean, ufrag, err := checkCandidate(line, loopback)
		if err == nil && (!iceToken(ufrag, 4) || len(clean) > 2*maxCandidate || strings.ContainsAny(clean, "\r\n")) {
			t.Fatalf("let through: %q", clean)
		}
	})
}

func FuzzPackets(f *testing.F) {
	f.Add([]byte{0x10, 0}, []byte{2, 0, 0, 0, 0, 0, 0, 0, 1}, uint32(1), true)
	f.Add([]byte{0x90, 0x80, 0x81, 2, 1}, []byte{}, uint32(1), false)
	f.Fuzz(func(t *testing.T, payload, mark []byte, ts uint32, end bool) {
		a := newAssembler(videoTrack)
		for i, p := range []packet{{ts: ts, payload: payload, mark: mark}, {ts: ts, payload: payload, mark: mark, end: end}, {ts: ts + 1, payload: payload, end: true}} {
			frame, ok := a.add(p, i%2)
			if ok && (len(frame.Data) == 0 || len(frame.Data) > MaxFrame || frame.Stream != Video && frame.Stream != Small) {
				t.Fatalf("frame %+v", frame)
			}
		}
	})
}
