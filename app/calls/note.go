package calls

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/call"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
)

// What a note says (rule L25).
const (
	noteAgreed   = 1 // to the recording that it names
	noteRefused  = 2
	noteAsks     = 3  // to record; the zero recording: not any more
	noteLeaveOut = 4  // of the recording that it names: nobody is there who could agree
	noteReaction = 16 // and the number of it
)

const (
	reactionsPerSecond = 4 // of a device
	// AskGone is how long somebody asks to record who has not said so again.
	AskGone = GoneAfter
)

// Reactions are what may be shown for a moment over a participant. Their places travel.
var Reactions = []string{"👍", "❤️", "😂", "👏", "🎉", "😮", "😢", "🤔"}

// errNote reports bytes that are no note.
var errNote = errors.New("not a note in a call")

// note travels over the open streams to those who are in a call, and is kept by nobody.
type note struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Call call.ID
	What uint
	Of   seal.ID // the recording that is asked for or answered; the guest who is let in or removed
}

func decodeNote(data []byte) (note, error) {
	n, err := seal.Decode[note](data)
	if err != nil {
		return note{}, err
	}
	reaction := n.What >= noteReaction && n.What-noteReaction < uint(len(Reactions))
	answer := n.What == noteAgreed || n.What == noteRefused || n.What == noteLeaveOut
	ruling := n.What == noteAdmits || n.What == noteRemoves
	switch {
	case n.V != version, n.Call == call.ID{}:
		return note{}, errNote
	case reaction && n.Of == seal.ID{}, answer && n.Of != seal.ID{}, n.What == noteAsks, ruling && guest.Is(n.Of):
		return n, nil
	}
	return note{}, errNote
}

// Answer is what somebody says to being recorded.
type Answer uint8

// The answers, as notes say them.
const (
	Unanswered Answer = 0
	Agreed     Answer = noteAgreed
	Refused    Answer = noteRefused
	LeftOut    Answer = noteLeaveOut // the recording goes on without the device
)

// String is the word of an answer; empty while there is none.
func (a Answer) String() string {
	switch a {
	case Agreed:
		return "agreed"
	case Refused:
		return "refused"
	case LeftOut:
		return "out"
	case Unanswered:
	}
	return ""
}

// Reaction says that a participant of the own call shows a reaction.
type Reaction struct {
	Workspace seal.ID
	ID        call.ID
	Device    seal.ID
	Reaction  string // one of [Reactions]
}

// asking is what is known of the recording that a participant asks for.
type asking struct {
	of     seal.ID // the recording; zero: none
	heard  time.Time
	answer Answer // of this device to it
}

// React shows a reaction to all in the own call. Too many in a second are not sent.
func (s *Service) React(_ context.Context, reaction string) error {
	x := s.session.Load()
	at := slices.Index(Reactions, reaction)
	switch {
	case x == nil:
		return ErrNotIn
	case at < 0:
		return ErrInvalid
	}
	_, own := x.view.team.Self()
	if x.view.mayReact(own) {
		x.note(noteReaction+uint(at), seal.ID{})
		s.Reacted.Publish(Reaction{x.view.ws, x.key.call, own, reaction})
	}
	return nil
}

// AskToRecord asks everybody in the own call, and who joins later, whether this person
// may record it; with false nobody is asked any more and all answers are forgotten.
func (s *Service) AskToRecord(_ context.Context, asks bool) error {
	x := s.session.Load()
	if x == nil {
		return ErrNotIn
	}
	var id seal.ID
	if asks {
		id = seal.ID(seal.Random(len(id)))
	}
	_, own := x.view.team.Self()
	x.view.asks(x.key, own, id)
	x.lobby.asks(id)
	x.note(noteAsks, id)
	x.view.changed(x.key)
	return nil
}

// Answer says whether this person agrees to be recorded by a participant who asks, or
// does so already. It may be said anew at any time.
func (s *Service) Answer(_ context.Context, device seal.ID, agrees bool) error {
	x := s.session.Load()
	if x == nil {
		return ErrNotIn
	}
	answer := Refused
	if agrees {
		answer = Agreed
	}
	of, asks := x.view.answer(x.key, device, answer)
	if !asks {
		return ErrInvalid
	}
	x.note(uint(answer), of)
	x.view.changed(x.key)
	return nil
}

// note sends a note about the own call.
func (x *session) note(what uint, of seal.ID) { x.view.sendNote(x.key, what, of) }

func (v *view) sendNote(k key, what uint, of seal.ID) {
	body, err := seal.Encode(note{V: version, Call: k.call, What: what, Of: of})
	if err == nil {
		err = v.team.SendLive(k.space, workspace.KindCall, body)
	}
	if err != nil {
		v.service.config.Log.Debug("send note about a call", "call", IDText(k.call), "err", err)
	}
}

// repeat says again what those must know who have missed it or have just joined
// (rule L26).
func (x *session) repeat() {
	_, own := x.view.team.Self()
	x.view.mu.Lock()
	var notes []note
	for device, p := range x.view.present[x.key] {
		switch {
		case p.asking.of == seal.ID{}:
		case device == own:
			notes = append(notes, note{What: noteAsks, Of: p.asking.of})
		case p.asking.answer != Unanswered:
			notes = append(notes, note{What: uint(p.asking.answer), Of: p.asking.of})
		}
	}
	x.view.mu.Unlock()
	notes = append(notes, x.lobby.notes()...)
	for _, n := range notes {
		x.note(n.What, n.Of)
	}
}

// answerAlone answers where no person can (rule L27).
func (x *session) answerAlone() {
	if x.answers == Unanswered {
		return
	}
	x.view.mu.Lock()
	var asked []seal.ID
	for device, p := range x.view.present[x.key] {
		if !p.own && p.asking.of != (seal.ID{}) && p.asking.answer == Unanswered {
			asked = append(asked, device)
		}
	}
	x.view.mu.Unlock()
	for _, device := range asked {
		if of, asks := x.view.answer(x.key, device, x.answers); asks {
			x.note(uint(x.answers), of)
		}
	}
	if len(asked) > 0 {
		x.view.tell(x.key.call)
	}
}

// hearNote takes a note of a device that may write in the space, about a call that it
// and this device are in.
func (v *view) hearNote(space seal.SpaceID, device seal.ID, n note) {
	_, own := v.team.Self()
	x := v.service.session.Load()
	k := key{space, n.Call}
	if device == own || x == nil || x.view != v || x.key != k || !v.team.MayJoin(space, device) || !v.mayHear(device, math.MaxUint64) {
		return
	}
	switch {
	case n.What == noteAsks:
		if v.asks(k, device, n.Of) {
			v.changed(k)
		}
	case n.What == noteAdmits || n.What == noteRemoves:
		if v.isIn(k, device) {
			v.hearGuest(x, n)
		}
	case n.What >= noteReaction:
		if v.isIn(k, device) && v.mayReact(device) {
			v.service.Reacted.Publish(Reaction{v.ws, n.Call, device, Reactions[n.What-noteReaction]})
		}
	default:
		if v.consents(k, device, n.Of, Answer(n.What)) {
			v.changed(k)
		}
	}
}

// asks notes which recording a participant asks for. Answers to another one are
// forgotten.
func (v *view) asks(k key, device, of seal.ID) (news bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.present[k][device]
	if p == nil {
		return false
	}
	news = p.asking.of != of
	if news {
		p.asking = asking{of: of}
	}
	p.asking.heard = v.service.config.Now()
	if news && p.own {
		for _, other := range v.present[k] {
			other.consent = Unanswered
		}
	}
	return news
}

// answer notes what this device says to the recording of a participant.
func (v *view) answer(k key, device seal.ID, answer Answer) (of seal.ID, asks bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.present[k][device]
	if p == nil || p.own || p.asking.of == (seal.ID{}) {
		return seal.ID{}, false
	}
	p.asking.answer = answer
	return p.asking.of, true
}

// consents notes what a participant says to the recording that this device asks for.
func (v *view) consents(k key, device, of seal.ID, answer Answer) (news bool) {
	_, own := v.team.Self()
	v.mu.Lock()
	defer v.mu.Unlock()
	p, self := v.present[k][device], v.present[k][own]
	if p == nil || self == nil || self.asking.of != of || p.consent == answer {
		return false
	}
	p.consent = answer
	return true
}

// keepAnswers moves what was said about recordings to what the same device says now.
func (p *presence) keepAnswers(before *presence) {
	if before != nil && before.since == p.since {
		p.asking, p.consent = before.asking, before.consent
	}
}

// expireAsking forgets who has not asked for too long.
func (v *view) expireAsking(now time.Time) {
	var less []key
	v.mu.Lock()
	for k, there := range v.present {
		for _, p := range there {
			if !p.own && p.asking.of != (seal.ID{}) && now.Sub(p.asking.heard) >= AskGone {
				p.asking = asking{}
				less = append(less, k)
			}
		}
	}
	v.mu.Unlock()
	for _, k := range less {
		v.changed(k)
	}
}

// mayReact counts the reactions of a device (rule L25).
func (v *view) mayReact(device seal.ID) bool {
	now := v.service.config.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	h := v.hushOf(device)
	if now.Sub(h.reacted) >= time.Second || now.Before(h.reacted) {
		h.reacted, h.reactions = now, 0
	}
	h.reactions++
	return h.reactions <= reactionsPerSecond
}

func (v *view) isIn(k key, device seal.ID) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.present[k][device] != nil
}
