package workspace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/sas"
	"parvis/crdt/seal"
)

// offer is a link that this device made for another one of its person.
type offer struct {
	storedOffer
	ctx       context.Context // ends with the offer
	cancel    context.CancelFunc
	comparing int           // guarded by links.mu; comparisons under way
	compared  chan struct{} // one of them ended
}

// storedOffer is what survives a restart of an offer.
type storedOffer struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	Link     string
	Expires  int64   // Unix milliseconds
	Device   seal.ID // whom codes were compared with; zero: nobody yet
	Peer     seal.ID
	Verified int64 // Unix milliseconds
	Failures int   // comparisons that failed, or were under way when the program ended
}

// until is when the offer ends by itself.
func (s storedOffer) until() int64 {
	if s.Verified > 0 {
		return s.Verified + pairLife.Milliseconds()
	}
	return s.Expires
}

func (m *Manager) newOffer(stored storedOffer) *offer {
	o := &offer{storedOffer: stored, compared: make(chan struct{}, 1)}
	o.ctx, o.cancel = context.WithCancel(m.ctx)
	return o
}

// reopenOffer goes on with the offer of the last run.
func (m *Manager) reopenOffer(stored storedOffer) {
	if link, err := member.ParseDeviceLink(stored.Link); err == nil {
		m.codes.mu.Lock()
		m.codes.desk.Recall(link.ID(), stored.Failures)
		m.codes.mu.Unlock()
		m.links.shown = m.newOffer(stored)
	}
}

// OfferLink makes the link that a new device of this person opens. It replaces the
// one before, and ends after five minutes.
func (m *Manager) OfferLink(ctx context.Context) (Linking, error) {
	anchor := m.anchor()
	if anchor == nil {
		return Linking{}, ErrNothingToLink
	}
	expires := m.Now().Add(linkLife)
	link := member.DeviceLink{
		V: 1, WS: anchor.id, Secret: nonce16(), Expires: uint32(expires.Unix()/60) + 1,
		Peer: member.LinkPeer{Peer: m.network.Self(), Addrs: m.network.Addrs()},
	}
	stored := storedOffer{V: 1, Link: link.String(), Expires: expires.UnixMilli()}
	o := m.newOffer(stored)
	if err := m.showOffer(ctx, o); err != nil {
		o.cancel()
		return Linking{}, fmt.Errorf("make a link for a device: %w", err)
	}
	m.wg.Go(func() { m.watchOffer(o) })
	m.network.Recheck()
	l := Linking{Link: stored.Link, State: LinkOpen, Expires: stored.Expires}
	m.tellOffer(o, l)
	return l, nil
}

// showOffer keeps a new offer in the place of the one before.
func (m *Manager) showOffer(ctx context.Context, o *offer) error {
	m.links.keeping.Lock()
	defer m.links.keeping.Unlock()
	if err := m.putNodeSecret(ctx, secretOffer, o.storedOffer); err != nil {
		return err
	}
	m.links.mu.Lock()
	before := m.links.shown
	m.links.shown = o
	m.links.mu.Unlock()
	if before != nil {
		before.cancel()
	}
	return nil
}

// anchor is the workspace that the codes are about.
func (m *Manager) anchor() *Workspace {
	if own := m.linkable(); len(own) > 0 {
		return own[0]
	}
	return nil
}

// linkable are the workspaces that a new device is given: those that this device is
// an active member of.
func (m *Manager) linkable() []*Workspace {
	var all []*Workspace
	for _, w := range m.List() {
		if device, ok := w.State().Device(w.self.device); w.Ready() && ok && device.Active {
			all = append(all, w)
		}
	}
	return all
}

// offerRetry is how long the end of an offer waits that could not be stored.
const offerRetry = 30 * time.Second

// watchOffer ends an offer when its time is over.
func (m *Manager) watchOffer(o *offer) {
	for {
		left, over := m.leftOf(o)
		if over {
			err := m.endOffer(m.ctx, o, Linking{State: LinkFailed, Err: &Refusal{RefusedExpired}})
			if err == nil || m.ctx.Err() != nil {
				return
			}
			m.Logger.Warn("end the link for a device", "err", err)
			left = offerRetry
		}
		select {
		case <-time.After(left):
		case <-o.compared:
		case <-o.ctx.Done():
			return
		}
	}
}

// leftOf is how long to wait before an offer is over by its time. It is not over while
// codes are compared: people who are reading them out are not cut off.
func (m *Manager) leftOf(o *offer) (left time.Duration, over bool) {
	m.links.mu.Lock()
	defer m.links.mu.Unlock()
	left = time.Duration(o.until()-m.Now().UnixMilli()+1) * time.Millisecond
	if left <= 0 && o.comparing > 0 {
		return offerRetry, false // the end of the comparison is told before
	}
	return left, left <= 0
}

// endOffer forgets an offer and says what it came to.
func (m *Manager) endOffer(ctx context.Context, o *offer, l Linking) error {
	m.links.keeping.Lock()
	defer m.links.keeping.Unlock()
	if !m.shows(o) {
		return nil
	}
	if err := m.dropNodeSecret(context.WithoutCancel(ctx), secretOffer); err != nil {
		return fmt.Errorf("end the link for a device: %w", err)
	}
	_, s := m.offered()
	l.Expires, l.Device = s.Expires, s.Device
	m.tellIf(l, func() bool {
		m.links.shown = nil
		return true
	})
	o.cancel()
	m.network.Recheck()
	return nil
}

// shows reports whether an offer is the one that is open.
func (m *Manager) shows(o *offer) bool {
	m.links.mu.Lock()
	defer m.links.mu.Unlock()
	return m.links.shown == o
}

// AnswerLink answers a device that opened the link: it compares codes, then gives it
// one workspace after the other. Each step may be asked for again (rule K48).
func (m *Manager) AnswerLink(ctx context.Context, from seal.ID, raw []byte, talk Talk) (Welcome, error) {
	request, err := member.ParseDeviceRequest(raw)
	if seal.OutcomeOf(err) == seal.Drop {
		return Welcome{}, errors.Join(&Refusal{RefusedVersion}, err)
	}
	if err != nil {
		return Welcome{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	o, s := m.offered()
	if o == nil {
		return Welcome{}, &Refusal{RefusedUnknown}
	}
	link, err := member.ParseDeviceLink(s.Link)
	if err != nil || link.ID() != request.Link {
		return Welcome{}, &Refusal{RefusedUnknown}
	}
	if err := request.Check(link, m.network.Self(), from); err != nil {
		return Welcome{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	switch {
	case s.Verified > 0 && (s.Device != request.Device || s.Peer != from):
		return Welcome{}, &Refusal{RefusedUsed}
	case m.Now().UnixMilli() > s.until():
		return Welcome{}, &Refusal{RefusedExpired}
	case m.castOut(request.Device, (*Workspace).State):
		return Welcome{}, errors.Join(&Refusal{RefusedRules}, m.endOffer(ctx, o, Linking{State: LinkFailed, Err: ErrLinkOver}))
	case request.Step == member.DevicePair:
		return Welcome{}, m.pair(ctx, o, s, request.Device, from, talk)
	case s.Verified == 0: // it was compared with, but that was not kept here
		return Welcome{}, &Refusal{RefusedRevoked}
	case request.Step == member.DeviceDone:
		return Welcome{}, m.endOffer(ctx, o, Linking{State: LinkDone})
	case request.WS.IsZero():
		return m.listForDevice()
	}
	return m.giveWorkspace(ctx, o, s, request, talk)
}

// offered is the link that is shown here, and what is known of it now.
func (m *Manager) offered() (*offer, storedOffer) {
	m.links.mu.Lock()
	defer m.links.mu.Unlock()
	if m.links.shown == nil {
		return nil, storedOffer{}
	}
	return m.links.shown, m.links.shown.storedOffer
}

// pair compares codes with a new device and remembers it.
func (m *Manager) pair(ctx context.Context, o *offer, s storedOffer, device, from seal.ID, talk Talk) error {
	link, err := member.ParseDeviceLink(s.Link)
	if err != nil {
		return err
	}
	w, err := m.Get(link.WS)
	if err != nil || talk == nil {
		return &Refusal{RefusedUnknown}
	}
	own, _, err := w.storage.Secret(ctx, w.id, secretSelf)
	if err != nil {
		return err
	}
	record, found := w.members.recordOf(w.self.device, own)
	if !found {
		return &Refusal{RefusedRules}
	}
	terms := sas.Terms{
		WS: w.id, Invite: link.ID(), Purpose: sas.PurposeDevice, LogHead: w.members.committedHeads()[0],
		A: sas.Party{Person: w.self.person, Device: w.self.device}, B: sas.Party{Device: device},
	}
	if err := m.beginPair(ctx, o, link); err != nil {
		return err
	}
	m.tellOffer(o, Linking{Link: s.Link, State: LinkCodes, Expires: s.Expires})
	err = m.initiate(ctx, w.id, from, terms, sas.Introduction{Genesis: own, Record: record}, talk)
	if err == nil {
		err = m.keepPair(ctx, o, device, from)
		m.endPair(o)
		return err
	}
	m.endPair(o)
	err = errors.Join(&Refusal{RefusedRules}, err, m.keepFailures(context.WithoutCancel(ctx), o, link))
	if m.spent(link) {
		return errors.Join(err, m.endOffer(ctx, o, Linking{State: LinkFailed, Err: ErrCodes}))
	}
	m.tellOffer(o, Linking{Link: s.Link, State: LinkOpen, Expires: s.Expires, Err: ErrCodes})
	return err
}

// spent reports whether comparisons failed so often that a link must end.
func (m *Manager) spent(link member.DeviceLink) bool {
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	return m.codes.desk.Spent(link.ID())
}

// beginPair counts a comparison as failed before it begins, so that a program that is
// ended in between gives nobody another guess.
func (m *Manager) beginPair(ctx context.Context, o *offer, link member.DeviceLink) error {
	m.links.mu.Lock()
	o.comparing++
	m.links.mu.Unlock()
	err := m.keepFailures(ctx, o, link)
	if err != nil {
		m.endPair(o)
	}
	return err
}

// endPair notes that a comparison is over.
func (m *Manager) endPair(o *offer) {
	m.links.mu.Lock()
	o.comparing--
	m.links.mu.Unlock()
	select {
	case o.compared <- struct{}{}:
	default:
	}
}

// keepFailures stores how many comparisons of an offer failed, those under way included.
func (m *Manager) keepFailures(ctx context.Context, o *offer, link member.DeviceLink) error {
	m.codes.mu.Lock()
	failures := m.codes.desk.Failures(link.ID())
	m.codes.mu.Unlock()
	return m.keepOffer(ctx, o, func(s *storedOffer) error {
		s.Failures = failures + o.comparing
		return nil
	})
}

// keepPair remembers whom codes were compared with.
func (m *Manager) keepPair(ctx context.Context, o *offer, device, from seal.ID) error {
	var kept storedOffer
	err := m.keepOffer(ctx, o, func(s *storedOffer) error {
		if s.Verified > 0 && s.Device != device {
			return &Refusal{RefusedUsed}
		}
		s.Device, s.Peer, s.Verified, s.Failures = device, from, m.Now().UnixMilli(), 0
		kept = *s
		return nil
	})
	if err != nil {
		return err
	}
	m.network.Recheck()
	m.tellOffer(o, Linking{State: LinkCopying, Expires: kept.Expires, Device: device, Total: len(m.linkable())})
	return nil
}

// keepOffer changes what is stored of an offer. One that is over stays so.
func (m *Manager) keepOffer(ctx context.Context, o *offer, change func(s *storedOffer) error) error {
	m.links.keeping.Lock()
	defer m.links.keeping.Unlock()
	m.links.mu.Lock()
	current, before := m.links.shown == o, o.storedOffer
	stored := before
	err := change(&stored)
	m.links.mu.Unlock()
	switch {
	case !current:
		return &Refusal{RefusedExpired}
	case err != nil || stored == before:
		return err
	}
	if err := m.putNodeSecret(ctx, secretOffer, stored); err != nil {
		return err
	}
	m.links.mu.Lock()
	o.storedOffer = stored
	m.links.mu.Unlock()
	return nil
}

// recordOf is the record of a device in the log.
func (m *membership) recordOf(device seal.ID, genesis []byte) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.RecordOf(device, genesis)
}
