package web

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Limits of the line between a page and a call.
const (
	maxMediaMessage = 1<<20 + 64           // bytes: a key frame of a shared screen
	maxMediaPicture = 2 << 20              // bytes that wait for a page before pictures are lost
	maxMediaWaiting = 3 << 20              // before sound is lost too
	maxMediaBundle  = 1 << 18              // bytes of several messages that go to a page as one
	mediaPace       = 3 * time.Millisecond // for each message that was sent
	maxMediaPace    = 20 * time.Millisecond
	mediaTimeout    = 5 * time.Second
	maxMediaPages   = 4
)

// Media is where a page plugs in its camera, microphone and loudspeaker. The messages
// are opaque here. To a page several go as one, each behind its length: u32 big-endian.
type Media interface {
	// Attach connects a page until detach. send takes a message for the page and never
	// blocks; it reports false when the page is too slow and the message is lost, later
	// for what must be kept (sound) than for the rest. receive takes a message of the
	// page and must not keep it; its error ends the line.
	Attach(send func(message []byte, keep bool) bool) (receive func(message []byte) error, detach func(), err error)
}

// lines are the open lines of one server.
type lines struct {
	media  Media
	places chan struct{}
	log    *slog.Logger
}

func newLines(media Media, log *slog.Logger) lines {
	return lines{media, make(chan struct{}, maxMediaPages), log}
}

// wait returns when no line is open, and lets nobody in any more.
func (l lines) wait() {
	for range maxMediaPages {
		l.places <- struct{}{}
	}
}

// serve runs one line until the page goes or ctx, the server's life, ends.
func (l lines) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, accept *websocket.AcceptOptions) {
	select {
	case l.places <- struct{}{}:
		defer func() { <-l.places }()
	default:
		http.Error(w, "503 too many open pages", http.StatusServiceUnavailable)
		return
	}
	ws, err := websocket.Accept(w, r, accept)
	if err != nil {
		l.log.Debug("media line refused", "error", err)
		return
	}
	defer func() { _ = ws.CloseNow() }() // it has ended by then, one way or the other
	ws.SetReadLimit(maxMediaMessage)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &mediaQueue{wake: make(chan struct{}, 1)}
	receive, detach, err := l.media.Attach(out.send)
	if err != nil {
		_ = ws.Close(websocket.StatusTryAgainLater, "no call")
		return
	}
	defer detach()
	var writer sync.WaitGroup
	defer writer.Wait()
	writer.Go(func() {
		defer cancel()
		out.write(ctx, ws)
	})
	for {
		kind, message, err := ws.Read(ctx)
		if err == nil && kind == websocket.MessageBinary {
			err = receive(message)
		} else if err == nil {
			err = errNotMedia
		}
		if err != nil {
			l.log.Debug("media line ended", "error", err)
			cancel()
			return
		}
	}
}

// mediaQueue is what waits for a page.
type mediaQueue struct {
	wake chan struct{}

	mu       sync.Mutex
	messages [][]byte // guarded by mu
	bytes    int      // of all messages; guarded by mu
}

func (q *mediaQueue) send(message []byte, keep bool) bool {
	limit := maxMediaPicture
	if keep {
		limit = maxMediaWaiting
	}
	q.mu.Lock()
	fits := q.bytes+len(message) <= limit
	if fits {
		q.messages = append(q.messages, message)
		q.bytes += len(message)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return fits
}

// take appends messages that wait to bundle, each behind its length in four bytes: as
// many as fit, at least one where any waits. It returns how many.
func (q *mediaQueue) take(bundle []byte) (_ []byte, taken int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, message := range q.messages {
		if taken > 0 && len(bundle)+4+len(message) > maxMediaBundle {
			break
		}
		bundle = binary.BigEndian.AppendUint32(bundle, uint32(len(message)))
		bundle = append(bundle, message...)
		q.bytes -= len(message)
		taken++
	}
	if q.messages = q.messages[taken:]; len(q.messages) == 0 {
		q.messages = nil
	}
	return bundle, taken
}

// write brings what waits to the page until ctx ends or the page reads no more. What
// comes right after something was brought waits a little, the more the busier the line
// is: each message costs the page more than its bytes do, and in a call of eight there
// are hundreds in a second.
func (q *mediaQueue) write(ctx context.Context, ws *websocket.Conn) {
	var bundle []byte
	var sent int
	for pace := time.NewTimer(0); ; pace.Reset(min(time.Duration(sent)*mediaPace, maxMediaPace)) {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return
		}
		for sent = 0; ; {
			var taken int
			if bundle, taken = q.take(bundle[:0]); taken == 0 {
				break
			}
			sent += taken
			timed, cancel := context.WithTimeout(ctx, mediaTimeout)
			err := ws.Write(timed, websocket.MessageBinary, bundle)
			cancel()
			if err != nil {
				return
			}
		}
		if cap(bundle) > maxMediaBundle {
			bundle = nil
		}
	}
}
