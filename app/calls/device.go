package calls

import (
	"parvis/crdt/seal"
	"parvis/media"
)

// Device is what captures and plays on this computer: a page, or a test participant.
// None of its methods may block.
type Device interface {
	// Frame takes what a participant sent; the data belongs to the device.
	Frame(from seal.ID, f media.Frame)
	// NeedKey asks the encoder of a stream for a key frame.
	NeedKey(s media.Stream)
	// Wants says what the participants can use of what is captured: what nobody takes
	// need not be encoded.
	Wants(w media.Wants)
	// Taken says that another device has taken this one's place.
	Taken()
}

// Generator is the device of a participant without camera and microphone, which
// counts what it receives (--media test).
type Generator interface {
	Device
	// Count is how many pictures of a participant came, and how many of them were not
	// what was sent.
	Count(from seal.ID) (frames, bad uint64)
	// Close ends the sending and waits.
	Close() error
}

// Attachment is the place of a device. At any time one device has it (rule L23).
type Attachment struct {
	service *Service
	device  Device
}

// Attach makes a device the one that captures and plays here, in this call and later
// ones, until Close or until another takes its place.
func (s *Service) Attach(d Device) *Attachment {
	a := &Attachment{service: s, device: d}
	if before := s.device.Swap(a); before != nil {
		before.device.Taken()
		s.handed(flagScreen | flagRecording)
	} else {
		s.handed(0)
	}
	if x := s.session.Load(); x != nil {
		x.room.Look(nil, true)
		d.Wants(x.room.Wants())
	}
	return a
}

// Look says of whom this device shows the camera in more detail than the small layer has.
// Until it does so in a call, that is everybody.
func (a *Attachment) Look(large []seal.ID) {
	x := a.service.session.Load()
	if x == nil || a.service.device.Load() != a {
		return
	}
	ids := make([]media.ID, len(large))
	for i, id := range large {
		ids[i] = media.ID(id)
	}
	x.room.Look(ids, false)
}

// Send gives a frame to the participants of the own call. What this device says that
// it does not send stays here: no sound while muted, no picture without camera, no
// screen that is not shared (rule L21). It does not block.
func (a *Attachment) Send(f media.Frame) {
	x := a.service.session.Load()
	if x == nil || a.service.device.Load() != a || !x.sends(f.Stream) {
		return
	}
	x.room.Send(f)
}

// Close gives the place up.
func (a *Attachment) Close() {
	if a.service.device.CompareAndSwap(a, nil) {
		a.service.handed(flagScreen | flagHand | flagRecording)
	}
}

// InCall reports whether this device is in a call now.
func (s *Service) InCall() bool { return s.session.Load() != nil }

// frame gives what arrived to the device.
func (s *Service) frame(from media.ID, f media.Frame) {
	if a := s.device.Load(); a != nil {
		a.device.Frame(seal.ID(from), f)
	}
}

// askKey asks a participant for a key frame: what plays here lost one.
func (s *Service) askKey(from seal.ID, stream media.Stream) {
	if x := s.session.Load(); x != nil {
		x.room.AskKey(media.ID(from), stream)
	}
}

func (s *Service) needKey(stream media.Stream) {
	if a := s.device.Load(); a != nil {
		a.device.NeedKey(stream)
	}
}
