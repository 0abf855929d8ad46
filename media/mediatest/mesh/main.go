// Command mesh is the other participants of a call as browsers make it: each offer that
// a page posts is answered by a connection of its own, which sends the generated picture
// and tone and takes what the page sends. The bench compares the program's calls with
// this. It listens on loopback and prints its address.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
	webrtcmedia "github.com/pion/webrtc/v4/pkg/media"

	"parvis/media/generate"
)

// maxOffer bounds what is read of an offer.
const maxOffer = 256 << 10

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	codec, err := generate.NewCodec()
	if err != nil {
		return err
	}
	defer codec.Close()
	crowd := &crowd{ctx: ctx, codec: codec}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/\n", listener.Addr())
	http.HandleFunc("POST /offer", crowd.answer)
	http.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>mesh</title><body></body>")
	})
	return http.Serve(listener, nil)
}

// crowd is all generated participants. Each has its own moments, as people have: pictures
// of several that come at one moment are one piece of work for a screen.
type crowd struct {
	ctx   context.Context
	codec *generate.Codec
	count atomic.Int64
}

// play sends a generated picture and tone, begun somewhere between two pictures.
func (c *crowd) play(sound, picture *webrtc.TrackLocalStaticSample) error {
	n := c.count.Add(1)
	source, err := generate.NewSource(c.codec, generate.Config{Name: fmt.Sprint("mesh ", n), Small: -1})
	if err != nil {
		return err
	}
	const apart = time.Second / generate.FrameRate
	_, part := math.Modf(float64(n) * math.Phi)
	time.AfterFunc(time.Duration(part*float64(apart)), func() {
		source.Run(c.ctx, func(stream uint8, _ bool, _ uint64, data []byte) {
			if stream == generate.Video {
				_ = picture.WriteSample(webrtcmedia.Sample{Data: data, Duration: apart})
			} else {
				_ = sound.WriteSample(webrtcmedia.Sample{Data: data, Duration: 20 * time.Millisecond})
			}
		})
	})
	return nil
}

// answer answers one offer.
func (c *crowd) answer(w http.ResponseWriter, r *http.Request) {
	var offer webrtc.SessionDescription
	err := json.NewDecoder(io.LimitReader(r.Body, maxOffer)).Decode(&offer)
	if err == nil {
		var answer *webrtc.SessionDescription
		if answer, err = c.join(offer); err == nil {
			err = json.NewEncoder(w).Encode(answer)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (c *crowd) join(offer webrtc.SessionDescription) (*webrtc.SessionDescription, error) {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	peer, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	sound, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "sound", "mesh")
	if err != nil {
		return nil, err
	}
	picture, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "picture", "mesh")
	if err != nil {
		return nil, err
	}
	for _, track := range []*webrtc.TrackLocalStaticSample{sound, picture} {
		sender, err := peer.AddTrack(track)
		if err != nil {
			return nil, err
		}
		go discard(sender.Read)
	}
	peer.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		discard(func(b []byte) (int, any, error) {
			n, _, err := track.Read(b)
			return n, nil, err
		})
	})
	gathered := webrtc.GatheringCompletePromise(peer)
	if err := peer.SetRemoteDescription(offer); err != nil {
		return nil, err
	}
	answer, err := peer.CreateAnswer(nil)
	if err != nil {
		return nil, err
	}
	if err := peer.SetLocalDescription(answer); err != nil {
		return nil, err
	}
	<-gathered
	return peer.LocalDescription(), c.play(sound, picture)
}

// discard reads until there is nothing more.
func discard[A any](read func([]byte) (int, A, error)) {
	for buffer := make([]byte, 1500); ; {
		if _, _, err := read(buffer); err != nil {
			return
		}
	}
}
