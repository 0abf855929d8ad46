package media

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"

	"parvis/crdt/seal"
)

// arrivals notes when packets of the other side came, by their transport-wide number,
// and tells it. It stands among the interceptors of one connection. The
// library's own hands every packet to another goroutine for that.
type arrivals struct {
	interceptor.NoOp

	began time.Time
	quit  chan struct{}
	once  sync.Once
	wg    sync.WaitGroup

	mu    sync.Mutex
	notes *twcc.Recorder // guarded by mu
}

func newArrivals() *arrivals {
	return &arrivals{began: time.Now(), quit: make(chan struct{}), notes: twcc.NewRecorder(binary.BigEndian.Uint32(seal.Random(4)))}
}

// NewInterceptor makes it a factory of itself: it serves one connection.
func (a *arrivals) NewInterceptor(string) (interceptor.Interceptor, error) { return a, nil }

// BindRTCPWriter is called by the library once for the connection.
func (a *arrivals) BindRTCPWriter(next interceptor.RTCPWriter) interceptor.RTCPWriter {
	a.wg.Go(func() {
		ticker := time.NewTicker(twccEvery)
		defer ticker.Stop()
		for {
			select {
			case <-a.quit:
				return
			case <-ticker.C:
				if report := a.report(); len(report) > 0 {
					_, _ = next.Write(report, nil)
				}
			}
		}
	})
	return next
}

// BindRemoteStream is called by the library for each track of the other side.
func (a *arrivals) BindRemoteStream(info *interceptor.StreamInfo, next interceptor.RTPReader) interceptor.RTPReader {
	id := transportID(info)
	if id == 0 {
		return next
	}
	return interceptor.RTPReaderFunc(func(buf []byte, known interceptor.Attributes) (int, interceptor.Attributes, error) {
		n, known, err := next.Read(buf, known)
		if err != nil {
			return 0, nil, err
		}
		if known == nil {
			known = interceptor.Attributes{}
		}
		header, err := known.GetRTPHeader(buf[:n])
		if err != nil {
			return 0, nil, err
		}
		if number := header.GetExtension(id); len(number) == transportSize {
			a.note(info.SSRC, binary.BigEndian.Uint16(number), time.Since(a.began))
		}
		return n, known, nil
	})
}

func (a *arrivals) note(ssrc uint32, number uint16, at time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.notes.Record(ssrc, number, at.Microseconds())
}

// report says what came since the last one.
func (a *arrivals) report() []rtcp.Packet {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.notes.BuildFeedbackPacket()
}

// Close ends it, when the connection does.
func (a *arrivals) Close() error {
	a.once.Do(func() { close(a.quit) })
	a.wg.Wait()
	return nil
}
