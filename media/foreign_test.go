package media

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/webrtc/v4"
)

// foreign answers a room's offer by the library alone.
type foreign struct {
	pc    *webrtc.PeerConnection
	id    ID
	room  *Room
	ufrag string
}

func (f *foreign) take(t *testing.T, s Signal) {
	switch s.Kind {
	case Offer:
		if f.ufrag != "" {
			return
		}
		if err := f.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: s.SDP}); err != nil {
			t.Error(err)
		}
		answer, err := f.pc.CreateAnswer(nil)
		if err != nil {
			t.Error(err)
			return
		}
		var c conn
		reply, err := c.local(Answer, answer.SDP)
		if err != nil {
			t.Error(err)
		}
		_, offered, _ := strings.Cut(s.SDP, "a=ice-ufrag:")
		offered, _, _ = strings.Cut(offered, "\r\n")
		reply.SDP = strings.Replace(reply.SDP, "\r\nm=", "\r\na="+answersKey+":"+offered+"\r\nm=", 1)
		f.ufrag = c.ufrag
		if err := f.room.Signal(f.id, reply); err != nil {
			t.Error(err)
		}
		if err := f.pc.SetLocalDescription(answer); err != nil {
			t.Error(err)
		}
	case Candidate:
		_ = f.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: s.SDP})
	}
}

func TestC18WeakProtectionIsRefused(t *testing.T) {
	tests := []struct {
		name   string
		change func(*webrtc.SettingEngine)
		ok     bool
	}{
		{"the same as ours", func(*webrtc.SettingEngine) {}, true},
		{"AES counter mode with SHA-1", func(s *webrtc.SettingEngine) { s.SetSRTPProtectionProfiles(dtls.SRTP_AES128_CM_HMAC_SHA1_80) }, false},
		{"no extended master secret", func(s *webrtc.SettingEngine) { s.SetDTLSExtendedMasterSecret(dtls.DisableExtendedMasterSecret) }, false},
		{"no AEAD cipher suite", func(s *webrtc.SettingEngine) {
			s.SetDTLSCipherSuites(dtls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA)
		}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newHall(t)
			a := h.add(2)
			codecs, err := newCodecs(who{}.extensions()...)
			if err != nil {
				t.Fatal(err)
			}
			settings := newSettings(&Config{Loopback: true}, libraryTestLog())
			test.change(&settings)
			pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(codecs), webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
			if err != nil {
				t.Fatal(err)
			}
			defer pc.GracefulClose()
			for i := range uint8(3) {
				if _, err := pc.AddTransceiverFromTrack(newOutTrack(i, func() {})); err != nil {
					t.Fatal(err)
				}
			}
			f := &foreign{pc: pc, id: ID{9}, room: a.room}
			failed := make(chan struct{}, 10)
			pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
				if s == webrtc.PeerConnectionStateFailed || s == webrtc.PeerConnectionStateClosed {
					failed <- struct{}{}
				}
			})
			pc.OnICECandidate(func(c *webrtc.ICECandidate) {
				if c != nil {
					line := c.ToJSON().Candidate + " ufrag " + f.ufrag
					_ = a.room.Signal(f.id, Signal{Kind: Candidate, SDP: line})
				}
			})
			h.mu.Lock()
			h.tamper = func(_, _ ID, s Signal) []Signal {
				a.inbox <- func() { f.take(t, s) }
				return nil
			}
			h.mu.Unlock()
			a.room.Join(f.id, true)
			state := func() State { return a.room.Stats()[0].State }
			h.wait("an end of the handshake", 20*time.Second, func() bool { return state() == Connected || state() == Interrupted })
			if got := state() == Connected; got != test.ok {
				t.Errorf("connected: %v, want %v", got, test.ok)
			}
		})
	}
}
