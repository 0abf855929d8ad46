package guesttest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"parvis/crdt/guest"
	p2pguest "parvis/p2p/guest"
)

// Call is a guest that answers the offers of members as a browser does, sends silence and
// counts what comes.
type Call struct {
	*Guest
	// Sound and Pictures count packets of members.
	Sound, Pictures atomic.Int64
	// Heard gets everything that the guest is told, in order; nil: nobody does.
	Heard func(Heard)
	// Loopback uses addresses of this machine only.
	Loopback bool
	// Relayed uses what the super-peer relays, and nothing else.
	Relayed bool

	mu      sync.Mutex
	peers   map[Member]*webrtc.PeerConnection // guarded by mu
	servers []webrtc.ICEServer                // guarded by mu
	wg      sync.WaitGroup
}

// Run answers until the line ends.
func (c *Call) Run(ctx context.Context) error {
	c.mu.Lock()
	if c.peers == nil {
		c.peers = map[Member]*webrtc.PeerConnection{}
	}
	c.mu.Unlock()
	for {
		h, err := c.Next(ctx)
		if err != nil {
			return err
		}
		if h.Kind == p2pguest.NoticeAdmitted {
			if err := c.given(h.Data); err != nil {
				return err
			}
		}
		if h.Message != nil {
			if err := c.take(ctx, h.Member, *h.Message); err != nil {
				return err
			}
		}
		if c.Heard != nil {
			c.Heard(h)
		}
		if h.Kind == p2pguest.NoticeDropped {
			return nil
		}
	}
}

// given takes what the super-peer has for guests who were let in.
func (c *Call) given(data []byte) error {
	var given struct {
		IceServers []webrtc.ICEServer `json:"iceServers"`
	}
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.servers = given.IceServers
	return nil
}

// Hang closes all connections.
func (c *Call) Hang() {
	c.mu.Lock()
	all := c.peers
	c.peers = nil
	c.mu.Unlock()
	for _, pc := range all {
		_ = pc.GracefulClose()
	}
	c.wg.Wait()
}

func (c *Call) take(ctx context.Context, from Member, m guest.Message) error {
	c.mu.Lock()
	pc := c.peers[from]
	c.mu.Unlock()
	switch m.Type {
	case guest.Offer:
		if pc != nil {
			_ = pc.Close()
		}
		return c.answer(ctx, from, m)
	case guest.Ice:
		if pc != nil {
			_ = pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: m.Text})
		}
	}
	return nil
}

// answer makes a connection with the library's own defaults, like a browser's, but for the
// kinds of protection.
func (c *Call) answer(ctx context.Context, from Member, offer guest.Message) error {
	var settings webrtc.SettingEngine
	if c.Loopback {
		settings.SetIncludeLoopbackCandidate(true)
	}
	var config webrtc.Configuration
	if c.Relayed {
		c.mu.Lock()
		config.ICEServers, config.ICETransportPolicy = c.servers, webrtc.ICETransportPolicyRelay
		c.mu.Unlock()
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(config)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.peers[from] = pc
	c.mu.Unlock()
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		count := &c.Pictures
		if track.Kind() == webrtc.RTPCodecTypeAudio {
			count = &c.Sound
		}
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			count.Add(1)
		}
	})
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer.Text}); err != nil {
		return err
	}
	sound, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "sound", "guest")
	if err != nil {
		return err
	}
	if _, err := pc.AddTrack(sound); err != nil {
		return err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return err
	}
	ufrag := between(answer.SDP, "a=ice-ufrag:")
	pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate != nil {
			_ = c.Send(ctx, from, guest.Message{Type: guest.Ice, Text: candidate.ToJSON().Candidate + " ufrag " + ufrag})
		}
	})
	reply := guest.Message{Type: guest.Reply, Text: oneFingerprint(answer.SDP, between(offer.Text, "a=ice-ufrag:"))}
	print, err := hex.DecodeString(strings.ReplaceAll(between(answer.SDP, "a=fingerprint:sha-256 "), ":", ""))
	if err != nil || len(print) != sha256.Size {
		return err
	}
	copy(reply.Mark[:], print)
	if err := c.Send(ctx, from, reply); err != nil {
		return err
	}
	if err := pc.SetLocalDescription(answer); err != nil {
		return err
	}
	c.wg.Go(func() { silence(ctx, pc, sound) })
	return nil
}

// silence sends 20 ms after 20 ms of it.
func silence(ctx context.Context, pc *webrtc.PeerConnection, track *webrtc.TrackLocalStaticSample) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for pc.ConnectionState() != webrtc.PeerConnectionStateClosed {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = track.WriteSample(media.Sample{Data: []byte{0xf8, 0xff, 0xfe}, Duration: 20 * time.Millisecond})
		}
	}
}

func between(text, from string) string {
	_, rest, _ := strings.Cut(text, from)
	line, _, _ := strings.Cut(rest, "\r\n")
	return line
}

// oneFingerprint is a description as members want it: one fingerprint in all, and the
// offer that it answers (media C8).
func oneFingerprint(sdp, offered string) string {
	print := "a=fingerprint:sha-256 " + between(sdp, "a=fingerprint:sha-256 ") + "\r\n"
	sdp = strings.ReplaceAll(sdp, print, "")
	return strings.Replace(sdp, "\r\nm=", "\r\n"+print+"a=x-parvis-offer:"+offered+"\r\nm=", 1)
}
