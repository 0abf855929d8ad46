package media

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// conn is one connection to a participant. A participant that is restarted gets
// a new one, with a new certificate. Its methods are called on the goroutine of
// the peer, unless they say otherwise.
type conn struct {
	pc     *webrtc.PeerConnection
	sent   *departures
	tracks [3]*webrtc.RTPTransceiver
	out    *sender
	in     *receiver
	count  *counters

	ufrag    string // ours
	remote   description
	print    [32]byte      // the certificate that the other side must show
	accepted int           // candidates of remote
	flow     chan struct{} // closed when the certificate is verified
	tunnel   netip.AddrPort

	tasks
	hearing
}

// tasks are the goroutines of a connection.
type tasks struct {
	quit chan struct{}
	mu   sync.Mutex     // orders wg.Add and close
	wg   sync.WaitGroup // Add guarded by mu
}

// hearing is what is known of the other side as a forwarder or through one.
type hearing struct {
	arrived atomic.Int64 // last packet, Unix ns
	said    atomic.Pointer[said]
	seeded  atomic.Bool // its line was told what it carried before
}

// events is what a connection tells. The functions are called on goroutines of
// the library and must not wait for it.
type events struct {
	state     func(webrtc.PeerConnectionState)
	candidate func(line string)
	frame     func(Frame)
	needKey   func(Stream)
	ready     func() // a track can be sent
	piece     func(piece, time.Time)
	said      func(control)
}

func newConn(room *Room, other who, count *counters, on events) (*conn, error) {
	c := &conn{count: count, tasks: tasks{quit: make(chan struct{})}, flow: make(chan struct{}), out: newSender(count, on.needKey, on.ready), sent: newDepartures()}
	api, err := newEngine(&room.cfg, other, c.sent, c.out.box)
	if err != nil {
		return nil, err
	}
	c.pc, err = api.NewPeerConnection(webrtc.Configuration{
		BundlePolicy: webrtc.BundlePolicyMaxBundle, RTCPMuxPolicy: webrtc.RTCPMuxPolicyRequire, ICEServers: other.stun(),
	})
	if err != nil {
		return nil, err
	}
	c.in = newReceiver(count, func(f Frame) {
		select {
		case <-c.quit:
		default:
			on.frame(f)
		}
	}, on.piece, func(packets []rtcp.Packet) { _ = c.pc.WriteRTCP(packets) })
	c.pc.OnConnectionStateChange(on.state)
	c.pc.OnTrack(c.onTrack)
	c.pc.OnICECandidate(func(found *webrtc.ICECandidate) {
		if found != nil && worthTelling(found.Address, room.cfg.Loopback) {
			on.candidate(found.ToJSON().Candidate)
		}
	})
	for i, track := range c.out.tracks {
		c.tracks[i], err = c.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv})
		if err != nil {
			return nil, errors.Join(err, c.pc.GracefulClose())
		}
		c.spawn(func() { c.readSenderReports(uint8(i), on.said) })
	}
	c.spawn(func() { c.out.run(c.quit) })
	c.spawn(func() { c.in.run(c.quit) })
	return c, nil
}

// worthTelling leaves out addresses that mean nothing to another device.
func worthTelling(address string, loopback bool) bool {
	addr, err := netip.ParseAddr(address)
	return err == nil && usable(addr, loopback) && !(addr.Is6() && addr.IsLinkLocalUnicast())
}

// spawn runs a function that ends when the connection closes. It may be called
// on any goroutine.
func (c *tasks) spawn(run func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.quit:
	default:
		c.wg.Go(run)
	}
}

// stop lets no more frames begin, in either direction.
func (c *tasks) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.quit:
	default:
		close(c.quit)
	}
}

// close ends everything of the connection and waits for it.
func (c *conn) close() error {
	c.stop()
	err := c.pc.GracefulClose()
	c.wg.Wait()
	return err
}

// offer makes our offer and starts to look for paths.
func (c *conn) offer() (Signal, error) {
	made, err := c.pc.CreateOffer(nil)
	if err != nil {
		return Signal{}, err
	}
	if err := c.pc.SetLocalDescription(made); err != nil {
		return Signal{}, err
	}
	return c.local(Offer, made.SDP)
}

// answer takes a checked offer and makes our answer.
func (c *conn) answer(offer description, print [32]byte) (Signal, error) {
	if err := c.accept(webrtc.SDPTypeOffer, offer, print); err != nil {
		return Signal{}, err
	}
	made, err := c.pc.CreateAnswer(nil)
	if err != nil {
		return Signal{}, err
	}
	if err := c.pc.SetLocalDescription(made); err != nil {
		return Signal{}, err
	}
	s, err := c.local(Answer, made.SDP)
	s.SDP = strings.Replace(s.SDP, "\r\nm=", "\r\na="+answersKey+":"+offer.ufrag+"\r\nm=", 1)
	return s, err
}

// local is the signal of a description of ours.
func (c *conn) local(kind SignalKind, text string) (Signal, error) {
	s := Signal{Kind: kind, SDP: text}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if value, ok := strings.CutPrefix(line, "a=fingerprint:"); ok {
			print, err := parseFingerprint(value)
			if err != nil {
				return Signal{}, err
			}
			s.Fingerprint = print
		}
		if value, ok := strings.CutPrefix(line, "a=ice-ufrag:"); ok {
			c.ufrag = value
		}
	}
	return s, nil
}

// accept sets what the other side described.
func (c *conn) accept(kind webrtc.SDPType, d description, print [32]byte) error {
	c.remote, c.print = d, print
	return c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: d.sdp})
}

var errMany = fmt.Errorf("%w: more than %d candidates", ErrSignal, maxCandidates)

// candidate adds one of the other side.
func (c *conn) candidate(line string) error {
	if c.accepted++; c.accepted > maxCandidates {
		return errMany
	}
	return c.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: line})
}

// addTunnel adds a candidate that is used when no other works: the library
// takes a path through a relay only after having looked for others for 2 s.
func (c *conn) addTunnel(at netip.AddrPort) error {
	c.tunnel = at
	return c.pc.AddICECandidate(webrtc.ICECandidateInit{
		Candidate: fmt.Sprintf("candidate:tunnel 1 udp 1 %s %d typ relay raddr 0.0.0.0 rport 0", at.Addr(), at.Port()),
	})
}

// verify compares the certificate that the other side showed once more with the
// one it signed. Only then does media flow, in either direction. It says
// whether it does.
func (c *conn) verify() (flows bool, err error) {
	if c.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		return false, nil
	}
	shown := c.tracks[audioTrack].Sender().Transport().GetRemoteCertificate()
	if len(shown) == 0 || sha256.Sum256(shown) != c.print {
		return false, ErrFingerprint
	}
	select {
	case <-c.flow:
	default:
		close(c.flow)
	}
	return c.out.start(), nil
}

// path is the round trip and the remote address; false: none is selected.
func (c *conn) path() (rtt time.Duration, remote netip.AddrPort, ok bool) {
	transport := c.tracks[audioTrack].Sender().Transport().ICETransport()
	pair, err := transport.GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return 0, netip.AddrPort{}, false
	}
	addr, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		return 0, netip.AddrPort{}, false
	}
	if stats, found := transport.GetSelectedCandidatePairStats(); found {
		rtt = time.Duration(stats.CurrentRoundTripTime * float64(time.Second))
		c.in.rtt.Store(int64(rtt))
	}
	return rtt, netip.AddrPortFrom(addr, pair.Remote.Port), true
}

// onTrack is called by the library for each track of the other side.
func (c *conn) onTrack(remote *webrtc.TrackRemote, from *webrtc.RTPReceiver) {
	for i, t := range c.tracks {
		if t.Receiver() != from {
			continue
		}
		extensions := from.GetParameters().HeaderExtensions
		c.in.bind(uint8(i), uint32(remote.SSRC()), extensionIn(extensions, markURI), extensionIn(extensions, pieceURI))
		c.spawn(func() { c.readPackets(uint8(i), remote) })
		c.spawn(func() { drainReports(from) })
	}
}

// readPackets leaves what comes before the certificate is verified with the
// library: it may be the key frame.
func (c *conn) readPackets(track uint8, remote *webrtc.TrackRemote) {
	select {
	case <-c.quit:
		return
	case <-c.flow:
	}
	var p rtp.Packet
	buf := make([]byte, receiveMost)
	for bad := 0; bad < maxBad; {
		n, _, err := remote.Read(buf)
		if err == nil {
			err = p.Unmarshal(slices.Clone(buf[:n])) // what it says is kept
		}
		if err != nil {
			if c.ended(err) {
				return
			}
			bad++
			continue
		}
		bad = 0
		now := time.Now()
		c.arrived.Store(now.UnixNano())
		c.in.packet(track, &p, now)
	}
}

// maxBad is how many errors in a row end a reading loop. A participant can
// cause single ones.
const maxBad = 100

// receiveMost is the largest packet that is read.
const receiveMost = 1500

func (c *conn) ended(err error) bool {
	select {
	case <-c.quit:
		return true
	default:
		return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
	}
}

// readSenderReports reads what the other side says about a track of ours. The
// reading itself lets the library repeat packets and estimate.
func (c *conn) readSenderReports(track uint8, said func(control)) {
	from := c.tracks[track].Sender()
	buf := make([]byte, receiveMost)
	for bad := 0; bad < maxBad; {
		n, parsed, err := from.Read(buf)
		var packets []rtcp.Packet
		if err == nil {
			packets, err = parsed.GetRTCPPackets(buf[:n])
		}
		if err != nil {
			if c.ended(err) {
				return
			}
			bad++
			continue
		}
		bad = 0
		c.arrived.Store(time.Now().UnixNano())
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.ApplicationDefined:
				if m, ok := readControl(p); ok {
					said(m)
				}
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				c.out.repeat(track)
			case *rtcp.TransportLayerNack:
				c.repeat(track, p)
			case *rtcp.TransportLayerCC:
				all, missing := c.sent.report(p, time.Now())
				c.count.reported.Add(all)
				c.count.notThere.Add(missing)
			}
		}
	}
}

// repeat takes at most as many numbers of one report as can be repeated.
func (c *conn) repeat(track uint8, asked *rtcp.TransportLayerNack) {
	var numbers []uint16
	for _, pair := range asked.Nacks {
		if numbers = append(numbers, pair.PacketList()...); len(numbers) >= repeatMost {
			break
		}
	}
	c.out.again(track, numbers, time.Now(), time.Duration(c.in.rtt.Load()))
}

// drainReports reads the reports about a track of theirs, which the library
// needs for its own.
func drainReports(from *webrtc.RTPReceiver) {
	buf := make([]byte, receiveMost)
	for {
		if _, _, err := from.Read(buf); err != nil {
			return
		}
	}
}
