package docs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// How often cursors go out and come in (rule D18: hints are never stored).
const (
	sendCursorEvery = 100 * time.Millisecond
	hearCursorEvery = 40 * time.Millisecond
	maxCursor       = 256  // bytes of an end of a selection
	maxCursors      = 1024 // remembered for the limits
)

// cursorHint travels over the open streams.
type cursorHint struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Doc     doc.ID
	Session uint32
	Anchor  string
	Head    string
	Gone    bool
}

// cursors limits the hints of one workspace.
type cursors struct {
	order sync.Mutex // held from choosing a hint to its sending: what says “gone” comes last
	mu    sync.Mutex
	sent  map[replicaKey]*sending  // guarded by mu
	heard map[replicaKey]time.Time // guarded by mu
}

// replicaKey names one replica of a document.
type replicaKey struct {
	device  seal.ID
	doc     doc.ID
	session uint32
}

// sending is the last hint about one own replica, and the one that waits.
type sending struct {
	at   time.Time
	next *cursorHint
}

// Cursor tells the connected people, and the other replicas on this device, where
// the selection of a replica stands. What comes faster than every 100 ms waits,
// and only the last of it goes out.
func (s *Service) Cursor(ctx context.Context, ws seal.ID, id doc.ID, token, anchor, head string) error {
	if len(anchor) > maxCursor || len(head) > maxCursor {
		return fmt.Errorf("cursor: %w", ErrInvalid)
	}
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return err
	}
	number, ok := v.leases.held(id, token)
	if !ok {
		return ErrSessionTaken
	}
	v.move(d.row.Space, cursorHint{V: version, Doc: id, Session: number, Anchor: anchor, Head: head})
	return nil
}

// gone tells that an own replica was closed.
func (v *view) gone(id doc.ID, number uint32) {
	_, device := v.team.Self()
	v.cursors.order.Lock()
	defer v.cursors.order.Unlock()
	v.cursors.mu.Lock()
	delete(v.cursors.sent, replicaKey{device, id, number}) // with what waits
	v.cursors.mu.Unlock()
	if s, err := v.list.find(context.Background(), id); err == nil {
		v.send(s.row.Space, cursorHint{V: version, Doc: id, Session: number, Gone: true})
	}
}

// move sends a hint now, or when its time has come.
func (v *view) move(space seal.SpaceID, hint cursorHint) {
	_, device := v.team.Self()
	key := replicaKey{device, hint.Doc, hint.Session}
	now := v.service.config.Now()
	v.cursors.order.Lock()
	defer v.cursors.order.Unlock()
	v.cursors.mu.Lock()
	if v.cursors.sent == nil || len(v.cursors.sent) > maxCursors {
		v.cursors.sent = map[replicaKey]*sending{}
	}
	last := v.cursors.sent[key]
	switch wait := sendCursorEvery; {
	case last == nil || now.Sub(last.at) >= wait || now.Before(last.at):
		v.cursors.sent[key] = &sending{at: now}
		v.cursors.mu.Unlock()
		v.send(space, hint)
		return
	case last.next == nil:
		v.service.after(wait-now.Sub(last.at), func() { v.sendNext(space, key) })
	}
	last.next = &hint
	v.cursors.mu.Unlock()
}

// sendNext sends the hint that waits for a replica.
func (v *view) sendNext(space seal.SpaceID, key replicaKey) {
	v.cursors.order.Lock()
	defer v.cursors.order.Unlock()
	v.cursors.mu.Lock()
	last := v.cursors.sent[key]
	if last == nil || last.next == nil {
		v.cursors.mu.Unlock()
		return
	}
	hint := *last.next
	last.next, last.at = nil, v.service.config.Now()
	v.cursors.mu.Unlock()
	v.send(space, hint)
}

// send gives a hint to the connected devices and to the replicas on this one.
func (v *view) send(space seal.SpaceID, hint cursorHint) {
	person, device := v.team.Self()
	v.publish(hint, Author{person, device})
	body, err := seal.Encode(hint)
	if err == nil {
		err = v.team.SendLive(space, workspace.KindDocument, body)
	}
	if err != nil {
		v.service.config.Log.Debug("send cursor", "workspace", v.ws.Short(), "err", err)
	}
}

func (v *view) publish(hint cursorHint, author Author) {
	v.service.CursorMoved.Publish(Cursor{
		Workspace: v.ws, ID: hint.Doc, Author: author, Session: hint.Session, Anchor: hint.Anchor, Head: hint.Head, Gone: hint.Gone,
	})
}

// hear takes a hint from a device that may write in the space.
func (v *view) hear(space seal.SpaceID, device seal.ID, body []byte) {
	hint, err := seal.Decode[cursorHint](body)
	person, known := v.team.PersonOf(device)
	if err != nil || hint.V != version || !known || hint.Session > MaxSession || len(hint.Anchor) > maxCursor || len(hint.Head) > maxCursor {
		return
	}
	if !v.leases.watched(hint.Doc) {
		return
	}
	s, err := v.list.find(context.Background(), hint.Doc)
	if err != nil || s.row.Space != space {
		return
	}
	if hint.Gone || v.cursors.mayHear(replicaKey{device, hint.Doc, hint.Session}, v.service.config.Now()) {
		v.publish(hint, Author{person, device})
	}
}

func (c *cursors) mayHear(from replicaKey, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard == nil || len(c.heard) > maxCursors {
		c.heard = map[replicaKey]time.Time{}
	}
	if last, ok := c.heard[from]; ok && now.Sub(last) < hearCursorEvery && now.Sub(last) >= 0 {
		return false
	}
	c.heard[from] = now
	return true
}
