package media

import (
	"log/slog"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/webrtc/v4"
)

// Times of a connection.
const (
	iceSilent    = 2500 * time.Millisecond // nothing arrives: interrupted
	iceFailed    = 5 * time.Second         // after that: failed
	iceKeepAlive = time.Second
	twccEvery    = 100 * time.Millisecond
	reportEvery  = time.Second
)

// replayWindow is in packets; a repaired packet is older than many newer ones.
const replayWindow = 4096

// newEngine makes what one connection is built by.
func newEngine(cfg *Config, other who, sent *departures, box *outbox) (*webrtc.API, error) {
	log := cfg.Log
	codecs, err := newCodecs(other.extensions()...)
	if err != nil {
		return nil, err
	}
	registry, err := newInterceptors(libraryLog{log: log, scope: "interceptor"}, sent)
	if err != nil {
		return nil, err
	}
	settings := newSettings(cfg, log)
	if err := box.attach(&settings); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(codecs), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings)), nil
}

func newSettings(cfg *Config, log *slog.Logger) webrtc.SettingEngine {
	var s webrtc.SettingEngine
	s.LoggerFactory = libraryLog{log: log}
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AEAD_AES_128_GCM)
	s.SetDTLSExtendedMasterSecret(dtls.RequireExtendedMasterSecret)
	s.SetDTLSCipherSuites(dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	s.SetDTLSReplayProtectionWindow(64)
	s.SetSRTPReplayProtectionWindow(replayWindow)
	s.SetSRTCPReplayProtectionWindow(256)
	s.SetSCTPMaxReceiveBufferSize(1 << 20)
	s.SetICETimeouts(iceSilent, iceFailed, iceKeepAlive)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.DisableActiveTCP(true)
	s.SetFireOnTrackBeforeFirstRTP(true)
	// A tunnel ends on the loopback interface; those candidates are not told to
	// the participant unless the room is for one machine.
	s.SetIncludeLoopbackCandidate(cfg.Loopback || cfg.Tunnel != nil)
	return s
}

// newCodecs knows exactly two codecs, and these header extensions.
func newCodecs(extensions ...string) (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "transport-cc"}}
	opus := webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: audioRate, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1", RTCPFeedback: feedback,
	}}
	vp8 := webrtc.RTPCodecParameters{PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeVP8, ClockRate: videoRate, RTCPFeedback: append([]webrtc.RTCPFeedback{{Type: "nack", Parameter: "pli"}}, feedback...),
	}}
	if err := m.RegisterCodec(opus, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	if err := m.RegisterCodec(vp8, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, err
	}
	for _, uri := range extensions {
		for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, kind); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// newInterceptors are in the order from the network to us. Packets are asked for and
// repeated by our own receiver and sender, which know what still matters.
func newInterceptors(log libraryLog, sent *departures) (*interceptor.Registry, error) {
	received, err := report.NewReceiverInterceptor(report.ReceiverInterval(reportEvery), report.WithReceiverLoggerFactory(log))
	if err != nil {
		return nil, err
	}
	told, err := report.NewSenderInterceptor(report.SenderInterval(reportEvery), report.WithSenderLoggerFactory(log))
	if err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	for _, factory := range []interceptor.Factory{sent, newArrivals(), received, told} {
		registry.Add(factory)
	}
	return registry, nil
}
