package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/sas"
	"parvis/crdt/seal"
)

// Why two people who are in already do not compare codes now (rule K80).
var (
	// ErrVerifySelf reports that somebody would compare codes with themselves.
	ErrVerifySelf = errors.New("nobody compares codes with themselves")
	// ErrAway reports that no device of the person is connected.
	ErrAway = errors.New("no device of this person is connected")
	// ErrNoVerify reports that the other device does not compare codes: its program is
	// older, or knows another membership log.
	ErrNoVerify = errors.New("the other device does not compare codes")
	// ErrComparing reports that the two compare already, or did so seconds ago.
	ErrComparing = errors.New("codes are being compared with this person, or were seconds ago")
	// ErrResting reports that too many comparisons of the two failed.
	ErrResting = errors.New("too many comparisons with this person failed")
)

// The ways in which codes were compared with somebody.
const (
	ByJoining   = "join"   // when one of the two came in
	ByVerifying = "verify" // both were in already
)

// Compared says that the codes of two people were right on both sides: the other one
// is who the membership log says it is.
type Compared struct {
	Person seal.ID
	Device seal.ID // at which they sat
	Method string
	AtMs   int64 // Unix milliseconds
}

// asking is that one of two devices asked the other one to compare codes.
type asking struct{ us bool }

// errTheyAsk reports that the other one asked a moment ago: its comparison comes.
var errTheyAsk = fmt.Errorf("%w: they asked just now", ErrComparing)

// crossing is how long one waits for the question of somebody who asked at the same
// moment.
const crossing = 3 * time.Second

// Verify begins a comparison of codes with a device of somebody who is in the
// workspace and connected. It returns once the other side shows it too; how it goes on
// is told like that of every other comparison. One that the other person began just
// now is returned instead.
func (m *Manager) Verify(ctx context.Context, ws, person seal.ID) (Comparison, error) {
	w, err := m.Get(ws)
	if err != nil {
		return Comparison{}, err
	}
	to, err := w.counterpart(person)
	if err != nil {
		return Comparison{}, err
	}
	changed := make(chan struct{}, 1)
	defer m.OnComparison(func(Comparison) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	ended := make(chan error, 1)
	asked, err := m.mayAsk(ctx, w, to)
	switch {
	case errors.Is(err, errTheyAsk):
		ended <- err
	case err != nil:
		return Comparison{}, err
	case asked == nil: // they compare already
		ended <- ErrComparing
	default:
		m.wg.Go(func() {
			defer m.unask(to.Peer, asked)
			ended <- m.network.Compare(m.ctx, to.Peer, ws, func(ctx context.Context, talk Talk) error {
				return m.verifyAs(ctx, w, to, talk)
			})
		})
	}
	var late <-chan time.Time
	for {
		if c, going := m.with(ws, person); going {
			return c, nil
		}
		select {
		case <-changed:
		case err = <-ended:
			if !errors.Is(err, ErrComparing) { // else they asked at the same moment
				return Comparison{}, err
			}
			late = time.After(crossing)
		case <-late:
			return Comparison{}, err
		case <-ctx.Done():
			return Comparison{}, ctx.Err()
		}
	}
}

// counterpart is the device of a person with which codes can be compared now.
func (w *Workspace) counterpart(person seal.ID) (member.Device, error) {
	st := w.State()
	if !w.Ready() || st == nil {
		return member.Device{}, ErrNotReady
	}
	p, ok := st.Person(person)
	switch {
	case !ok:
		return member.Device{}, fmt.Errorf("person %s: %w", person.Short(), ErrNotFound)
	case person == w.self.person:
		return member.Device{}, ErrVerifySelf
	}
	var here []member.Device
	for _, id := range p.Devices {
		if d, ok := st.Device(id); ok && d.Active && w.Online(id) {
			here = append(here, d)
		}
	}
	if len(here) == 0 {
		return member.Device{}, fmt.Errorf("person %s: %w", person.Short(), ErrAway)
	}
	return slices.MinFunc(here, func(a, b member.Device) int { return a.Idx - b.Idx }), nil
}

// with is the comparison that goes on with a person who is in.
func (m *Manager) with(ws, person seal.ID) (Comparison, bool) {
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	return m.codes.with(ws, person)
}

// with is the comparison that goes on with a person. The caller holds mu.
func (c *codes) with(ws, person seal.ID) (Comparison, bool) {
	for _, one := range c.open {
		if one.Workspace == ws && one.Person == person {
			return one.Comparison, true
		}
	}
	return Comparison{}, false
}

// mayAsk notes that this side asks a device now, unless the two rest. It is nil where
// they compare already.
func (m *Manager) mayAsk(ctx context.Context, w *Workspace, to member.Device) (*asking, error) {
	if err := m.recallStrikes(ctx, w, to.Person); err != nil {
		return nil, err
	}
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	if _, going := m.codes.with(w.id, to.Person); going {
		return nil, nil
	}
	before, now := m.codes.asks[to.Peer], m.Now().UnixMilli()
	switch {
	case m.codes.desk.RestsUntil(now, to.Person) > 0:
		return nil, ErrResting
	case before != nil && before.us:
		return nil, errTheyAsk
	case before != nil, m.codes.desk.Pauses(now, to.Peer):
		return nil, ErrComparing
	}
	return m.codes.note(to.Peer, &asking{}), nil
}

// note says who asked. The caller holds mu.
func (c *codes) note(peer seal.ID, a *asking) *asking {
	if c.asks == nil {
		c.asks = map[seal.ID]*asking{}
	}
	c.asks[peer] = a
	return a
}

// unask forgets that somebody asked, unless somebody did again meanwhile.
func (m *Manager) unask(peer seal.ID, a *asking) {
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	if m.codes.asks[peer] == a {
		delete(m.codes.asks, peer)
	}
}

// verifyAs is the side that asked.
func (m *Manager) verifyAs(ctx context.Context, w *Workspace, to member.Device, talk Talk) error {
	own, _, err := w.storage.Secret(ctx, w.id, secretSelf)
	if err != nil {
		return err
	}
	record, found := w.members.recordOf(w.self.device, own)
	if !found {
		return fmt.Errorf("%w: this device is not in the log", ErrCodes)
	}
	terms := sas.Terms{
		WS: w.id, Purpose: sas.PurposeVerify, LogHead: w.members.committedHeads()[0],
		A: sas.Party{Person: w.self.person, Device: w.self.device}, B: sas.Party{Person: to.Person, Device: to.ID},
	}
	var first [][]byte
	c, err := m.begin(w.id, terms, true, func(desk *sas.Desk) (session *sas.Session, err error) {
		session, first, err = desk.Initiate(m.Now().UnixMilli(), to.Peer, terms, sas.Introduction{Genesis: own, Record: record}, seal.Random)
		return session, err
	})
	if err != nil {
		return ErrComparing // too soon: who rests was not asked
	}
	return m.runVerify(ctx, w, c, talk, first, terms.B)
}

// AnswerVerify is the side that was asked: it says whether this device compares codes
// with a peer now, and how. What converse returns is nobody's to answer: the people on
// both sides have seen it.
func (m *Manager) AnswerVerify(ctx context.Context, from, ws seal.ID) (converse func(ctx context.Context, talk Talk) error, err error) {
	w, err := m.Get(ws)
	if err != nil {
		return nil, ErrNoVerify
	}
	device, ok := w.peerDevice(from)
	if !ok || !w.Ready() || device.Person == w.self.person {
		return nil, ErrNoVerify
	}
	if err := m.recallStrikes(ctx, w, device.Person); err != nil {
		return nil, err
	}
	m.codes.mu.Lock()
	// Two who ask each other at once: the one with the lower device begins.
	ours, theirs := m.codes.asks[from], &asking{us: true}
	crossed := ours != nil && !ours.us && w.self.device.Compare(device.ID) < 0
	if !crossed {
		m.codes.note(from, theirs)
	}
	m.codes.mu.Unlock()
	if crossed {
		return nil, ErrComparing
	}
	defer func() {
		if err != nil {
			m.unask(from, theirs)
		}
	}()
	if err := m.supersede(ctx, from); err != nil { // it has given up the one before
		return nil, ErrComparing
	}
	m.codes.mu.Lock()
	m.codes.note(from, theirs) // the end of the one before forgot it
	m.codes.mu.Unlock()
	terms := sas.Terms{
		WS: w.id, Purpose: sas.PurposeVerify,
		A: sas.Party{Person: device.Person, Device: device.ID}, B: sas.Party{Person: w.self.person, Device: w.self.device},
	}
	c, err := m.begin(w.id, terms, false, func(desk *sas.Desk) (*sas.Session, error) {
		if desk.RestsUntil(m.Now().UnixMilli(), device.Person) > 0 {
			return nil, ErrResting
		}
		return desk.Respond(m.Now().UnixMilli(), from, terms, func(genesis, record []byte) (sas.Party, error) {
			return identify(genesis, record, from)
		}, seal.Random)
	})
	if errors.Is(err, ErrResting) {
		return nil, ErrResting
	}
	if err != nil {
		return nil, ErrComparing
	}
	return func(ctx context.Context, talk Talk) error {
		return m.runVerify(ctx, w, c, talk, nil, terms.A)
	}, nil
}

// peerDevice is the active device behind a peer.
func (w *Workspace) peerDevice(peer seal.ID) (member.Device, bool) {
	st := w.State()
	if st == nil {
		return member.Device{}, false
	}
	device, ok := st.DeviceByPeer(peer)
	return device, ok && device.Active
}

// runVerify runs a comparison and keeps what it came to.
func (m *Manager) runVerify(ctx context.Context, w *Workspace, c *comparison, talk Talk, first [][]byte, other sas.Party) error {
	err := m.compare(ctx, c, talk, first)
	m.keepStrikes(w, other.Person)
	if err == nil {
		m.compared(w, other, ByVerifying)
	}
	return err
}

// compared tells that the codes of another person were right.
func (m *Manager) compared(w *Workspace, other sas.Party, method string) {
	if m.Compared == nil {
		return
	}
	c := Compared{Person: other.Person, Device: other.Device, Method: method, AtMs: m.Now().UnixMilli()}
	if err := m.Compared(context.WithoutCancel(m.ctx), w, c); err != nil {
		m.Logger.Error("keep that codes were compared", "workspace", w.id.Short(), "err", err)
	}
}

// secretStrikes names the failed comparisons with a person, so that the rest of two
// people outlives a restart.
const secretStrikes = "verify-strikes/"

type storedStrikes struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	Failures uint
	LastMs   int64
}

func (m *Manager) recallStrikes(ctx context.Context, w *Workspace, person seal.ID) error {
	raw, found, err := w.storage.Secret(ctx, w.id, secretStrikes+person.String())
	if err != nil || !found {
		return err
	}
	kept, err := seal.Decode[storedStrikes](raw)
	if err != nil || kept.V != 1 {
		return nil // damaged or of a newer program: the count begins anew
	}
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	m.codes.desk.Strike(person, sas.Strikes{Failures: int(kept.Failures), LastMs: kept.LastMs})
	return nil
}

func (m *Manager) keepStrikes(w *Workspace, person seal.ID) {
	m.codes.mu.Lock()
	now := m.codes.desk.Strikes(person)
	m.codes.mu.Unlock()
	ctx := context.WithoutCancel(m.ctx)
	err := w.storage.Write(ctx, func(ctx context.Context) error {
		name := secretStrikes + person.String()
		if now.Failures == 0 {
			return w.storage.DeleteSecret(ctx, w.id, name)
		}
		raw, err := seal.Encode(storedStrikes{V: 1, Failures: uint(now.Failures), LastMs: now.LastMs})
		if err != nil {
			return err
		}
		return w.storage.PutSecret(ctx, w.id, name, raw)
	})
	if err != nil {
		m.Logger.Warn("keep failed comparisons", "workspace", w.id.Short(), "err", err)
	}
}
