package calls

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync"
	"sync/atomic"

	"parvis/crdt/seal"
	"parvis/media"
)

// Page is where pages plug in their camera, microphone and loudspeaker: each has a
// line of messages, and the last that asked for it captures and plays in the own call.
type Page struct {
	Calls *Service

	lines atomic.Int32
}

// MayCapture reports whether a page has a reason to use camera and microphone: it has
// opened its line, which it does for a call and for the choice of devices before one.
func (p *Page) MayCapture() bool { return p.lines.Load() > 0 || p.Calls.InCall() }

// Attach opens the line of a page until detach. send takes a message for the page and
// must not block; it reports false when the message is lost. receive takes what the
// page sends and does not keep it; its error says that no page of ours sent it.
func (p *Page) Attach(send func(message []byte, keep bool) bool) (receive func(message []byte) error, detach func(), err error) {
	p.lines.Add(1)
	l := &pageLine{calls: p.Calls, send: send, slots: map[seal.ID]*slot{}}
	var once sync.Once
	return l.receive, func() {
		once.Do(func() {
			p.lines.Add(-1)
			if a := l.place.Load(); a != nil {
				a.Close()
			}
		})
	}, nil
}

// pageLine is the line of one page; it is its [Device].
type pageLine struct {
	calls *Service
	send  func(message []byte, keep bool) bool
	place atomic.Pointer[Attachment] // nil: the page neither captures nor plays

	mu    sync.Mutex
	slots map[seal.ID]*slot // guarded by mu; by device
	uses  uint64            // of slots; guarded by mu
}

// slot is the number by which a page knows a participant.
type slot struct {
	number uint8
	used   uint64                 // when it was last; guarded by mu of the line
	broken [media.Screen + 1]bool // pictures are missing until a key frame comes; guarded by mu of the line
}

func (l *pageLine) receive(raw []byte) error {
	m, err := decodeMessage(raw)
	if err != nil {
		return err
	}
	switch m.kind {
	case kindTake:
		if a := l.place.Load(); a == nil || l.calls.device.Load() != a {
			l.place.Store(l.calls.Attach(l))
		}
	case kindKey:
		if id, known := l.deviceOf(m.slot); known {
			l.calls.askKey(id, media.Stream(m.payload[0]))
		}
	case kindLook:
		if a := l.place.Load(); a != nil {
			a.Look(l.devicesOf(m.payload))
		}
	default:
		if a := l.place.Load(); a != nil {
			a.Send(media.Frame{Stream: media.Stream(m.kind), Key: m.flags&flagKey != 0, At: m.at, Data: bytes.Clone(m.payload)})
		}
	}
	return nil
}

// Frame implements [Device]. Sound is kept longer than pictures where the page is too
// slow; a picture that is lost makes those after it useless up to the next key frame.
func (l *pageLine) Frame(from seal.ID, f media.Frame) {
	m := message{kind: uint8(f.Stream), at: f.At, payload: f.Data}
	if f.Key {
		m.flags = flagKey
	}
	if f.Stream == media.Audio {
		m.slot = l.slotOf(from).number
		l.send(m.encode(), true)
		return
	}
	if !isPicture(f.Stream) {
		return
	}
	s := l.slotOf(from)
	m.slot = s.number
	l.mu.Lock()
	broken := s.broken[f.Stream] && !f.Key
	l.mu.Unlock()
	if broken {
		return
	}
	lost := !l.send(m.encode(), false)
	l.mu.Lock()
	s.broken[f.Stream] = lost
	l.mu.Unlock()
	if lost {
		l.calls.askKey(from, f.Stream)
	}
}

// NeedKey implements [Device].
func (l *pageLine) NeedKey(s media.Stream) {
	l.send(message{kind: kindKey, payload: []byte{uint8(s)}}.encode(), true)
}

// wants is [media.Wants] as pages read it.
type wants struct {
	Audio  int  `json:"audio"` // bits/s
	Video  bool `json:"video"`
	Small  bool `json:"small"`
	Screen bool `json:"screen"`
}

// Wants implements [Device].
func (l *pageLine) Wants(w media.Wants) {
	l.sendJSON(kindWants, wants{w.AudioBitrate, w.Video, w.Small, w.Screen})
}

// Taken implements [Device].
func (l *pageLine) Taken() { l.send(message{kind: kindTake}.encode(), true) }

func (l *pageLine) sendJSON(kind uint8, value any) (sent bool) {
	payload, err := json.Marshal(value)
	return err == nil && l.send(message{kind: kind, payload: payload}.encode(), true)
}

// maxSlots is how many participants a page can tell apart: more than there may be in a
// call, as those that left keep theirs for a while.
const maxSlots = 255

// slotOf is the slot of a device. The page is told of a new one before its first frame.
func (l *pageLine) slotOf(id seal.ID) *slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses++
	if s := l.slots[id]; s != nil {
		s.used = l.uses
		return s
	}
	s := &slot{number: l.free(), used: l.uses}
	l.slots[id] = s
	named := make(map[string]string, len(l.slots))
	for device, s := range l.slots {
		named[strconv.Itoa(int(s.number))] = device.String()
	}
	if !l.sendJSON(kindSlots, named) {
		delete(l.slots, id) // it is told with the next frame
	}
	return s
}

// free is a number that nobody has; where all are taken, that of who was silent for
// longest. The caller holds mu.
func (l *pageLine) free() uint8 {
	if len(l.slots) < maxSlots {
		return uint8(len(l.slots) + 1)
	}
	var oldest seal.ID
	for id, s := range l.slots {
		if before := l.slots[oldest]; before == nil || s.used < before.used {
			oldest = id
		}
	}
	number := l.slots[oldest].number
	delete(l.slots, oldest)
	return number
}

func (l *pageLine) devicesOf(numbers []byte) (ids []seal.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, s := range l.slots {
		if bytes.IndexByte(numbers, s.number) >= 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func (l *pageLine) deviceOf(number uint8) (seal.ID, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, s := range l.slots {
		if s.number == number {
			return id, true
		}
	}
	return seal.ID{}, false
}
