package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"parvis/app/event"
	"parvis/crdt/member"
	"parvis/crdt/sas"
	"parvis/crdt/seal"
)

// Talk carries the messages of a comparison to the other side and back. A Receive
// whose context ends loses nothing: what comes later belongs to whoever reads next.
type Talk interface {
	Send(ctx context.Context, message []byte) error
	Receive(ctx context.Context) ([]byte, error)
}

// ErrCodes reports that the codes of two people could not be compared, or differ.
// It is never tried again without a person asking for it.
var ErrCodes = errors.New("the codes could not be compared")

// The states of a [Comparison].
const (
	CodesWaiting  = "waiting"  // for the other side
	CodesCompare  = "compare"  // read out ours, type theirs
	CodesEntered  = "entered"  // ours was right; the other person has not typed yet
	CodesVerified = "verified" // both were right
	CodesFailed   = "failed"   // nothing is known about the keys
)

// Comparison is one comparison of short codes between two people (protocol 2.4).
type Comparison struct {
	ID        string
	Workspace seal.ID
	Invite    seal.ID // the invitation, or the link for a device, that it is about
	Device    bool    // a device of the own person is added
	Person    seal.ID // the other one, where both are in already; else zero
	Begun     int64   // Unix milliseconds
	Inviter   bool    // this side invited, is the older device, or asked; else it joins or was asked
	Code      string  // ours, once there is one: to read out
	State     string
	End       CodesEnd // of one that failed
	Spent     bool     // it failed for the third time: its invitation, or link, has ended
}

// codes runs the comparisons of this device.
type codes struct {
	changed event.Topic[Comparison]

	mu   sync.Mutex
	desk sas.Desk               // guarded by mu
	open map[string]*comparison // guarded by mu; by id
	asks map[seal.ID]*asking    // guarded by mu; by peer: who of the two asked to verify
}

type comparison struct {
	Comparison
	session *sas.Session
	typed   chan string // what our person typed; empty: gave up
	life    context.Context
	cancel  context.CancelFunc // ends life
	done    chan struct{}      // closed at the end
}

// Comparisons lists the comparisons that are going on.
func (m *Manager) Comparisons() []Comparison {
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	var list []Comparison
	for _, c := range m.codes.open {
		list = append(list, c.Comparison)
	}
	slices.SortFunc(list, func(a, b Comparison) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	return list
}

// OnComparison hears how comparisons go on, until cancel.
func (m *Manager) OnComparison(hear func(Comparison)) (cancel func()) {
	return m.codes.changed.Subscribe(hear)
}

// EnterCode gives the code that the other person read out; an empty one gives up.
func (m *Manager) EnterCode(id, code string) error {
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	c, ok := m.codes.open[id]
	if !ok || code != "" && c.State != CodesCompare {
		return fmt.Errorf("comparison %q: %w", id, ErrNotFound)
	}
	select {
	case c.typed <- code:
		return nil
	default:
		return fmt.Errorf("comparison %q: %w", id, ErrNotFound) // answered already
	}
}

// begin registers a comparison.
func (m *Manager) begin(ws seal.ID, terms sas.Terms, inviter bool, start func(desk *sas.Desk) (*sas.Session, error)) (*comparison, error) {
	m.codes.mu.Lock()
	session, err := start(&m.codes.desk)
	if err != nil {
		m.codes.mu.Unlock()
		return nil, fmt.Errorf("%w: %w", ErrCodes, err)
	}
	c := &comparison{session: session, typed: make(chan string, 1), done: make(chan struct{})}
	c.life, c.cancel = context.WithCancel(m.ctx)
	c.Comparison = Comparison{
		ID: fmt.Sprintf("%x", nonce16()), Workspace: ws, Invite: terms.Invite, Device: terms.Purpose == sas.PurposeDevice,
		Begun: m.Now().UnixMilli(), Inviter: inviter, State: CodesWaiting,
	}
	if terms.Purpose == sas.PurposeVerify {
		c.Person = terms.A.Person
		if inviter {
			c.Person = terms.B.Person
		}
	}
	if m.codes.open == nil {
		m.codes.open = map[string]*comparison{}
	}
	m.codes.open[c.ID] = c
	m.codes.mu.Unlock()
	m.codes.changed.Publish(c.Comparison)
	return c, nil
}

// step does one thing with a session, whose desk belongs to one caller at a time,
// and tells what changed. how is what ended the run, where it fails now.
func (m *Manager) step(c *comparison, how CodesEnd, do func() ([]byte, error)) ([]byte, error) {
	m.codes.mu.Lock()
	send, err := do()
	c.Code = c.session.Code()
	c.State = map[sas.State]string{
		sas.Waiting: CodesWaiting, sas.Comparing: CodesCompare, sas.Entered: CodesEntered,
		sas.Verified: CodesVerified, sas.Failed: CodesFailed,
	}[c.session.State()]
	if c.State == CodesFailed && c.End == "" {
		c.End = how
	}
	c.Spent = c.State == CodesFailed && !c.Invite.IsZero() && m.codes.desk.Spent(c.Invite)
	told := c.Comparison
	m.codes.mu.Unlock()
	m.codes.changed.Publish(told)
	return send, err
}

// finish ends a comparison, whatever it came to.
func (m *Manager) finish(c *comparison, how CodesEnd) {
	c.cancel()
	_, _ = m.step(c, how, func() ([]byte, error) { c.session.Drop(m.Now().UnixMilli()); return nil, nil })
	m.codes.mu.Lock()
	delete(m.codes.open, c.ID)
	delete(m.codes.asks, c.session.Peer())
	m.codes.mu.Unlock()
}

// compare runs a comparison to its end: messages until there is a code, then our
// person types the other's code while the other side is heard, so that a wrong code
// or a lost connection there ends it here at once.
func (m *Manager) compare(ctx context.Context, c *comparison, talk Talk, first [][]byte) error {
	defer close(c.done)
	how, err := m.run(ctx, c, talk, first)
	m.finish(c, how)
	if err == nil {
		return nil
	}
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	return &codesError{c.End, err}
}

// run is the comparison itself; how says what ended one that failed.
func (m *Manager) run(ctx context.Context, c *comparison, talk Talk, first [][]byte) (how CodesEnd, err error) {
	ctx, cancel := context.WithTimeout(ctx, sas.MaxRunMs*time.Millisecond)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	for _, message := range first {
		if err := talk.Send(ctx, message); err != nil {
			return broken(ctx, err), err
		}
	}
	messages, deaf := listen(ctx, talk)
	defer deaf()
	for !m.verified(c) {
		send, wrong := m.next(ctx, c, messages)
		if send != nil {
			if err := talk.Send(ctx, send); err != nil {
				return broken(ctx, err), err
			}
		}
		if wrong != nil {
			return broken(ctx, wrong), wrong
		}
	}
	return "", nil
}

// next takes what comes first: what our person typed, or a message of the other side.
func (m *Manager) next(ctx context.Context, c *comparison, messages <-chan heard) (send []byte, err error) {
	select {
	case code := <-c.typed:
		how := CodesWrong
		if code == "" {
			how = CodesStopped
		}
		return m.step(c, how, func() ([]byte, error) {
			if code == "" { // also after the own code was right, when there is nothing to enter any more
				c.End = how
			}
			return c.session.Enter(m.Now().UnixMilli(), code)
		})
	case message := <-messages:
		if message.err != nil {
			return nil, message.err
		}
		return m.step(c, CodesRefused, func() ([]byte, error) { return c.session.Receive(m.Now().UnixMilli(), message.raw) })
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *Manager) verified(c *comparison) bool {
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	return c.session.State() == sas.Verified
}

// heard is a message of the other side, or why there is none any more.
type heard struct {
	raw []byte
	err error
}

// listen receives from talk until deaf, which waits.
func listen(ctx context.Context, talk Talk) (messages <-chan heard, deaf func()) {
	ctx, cancel := context.WithCancel(ctx)
	heardOf := make(chan heard)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			raw, err := talk.Receive(ctx)
			select {
			case heardOf <- heard{raw, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	})
	return heardOf, func() { cancel(); wg.Wait() }
}

// supersede ends the comparison with a peer that starts anew: it has given up the
// old one, even where that was not heard here.
func (m *Manager) supersede(ctx context.Context, peer seal.ID) error {
	m.codes.mu.Lock()
	var old []*comparison
	for _, c := range m.codes.open {
		if c.session.Peer() == peer {
			old = append(old, c)
		}
	}
	m.codes.mu.Unlock()
	for _, c := range old {
		c.cancel()
		select {
		case <-c.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// converse is the inviter's side of a join with codes first.
func (m *Manager) converse(ctx context.Context, w *Workspace, from seal.ID, request member.JoinRequest, invite member.Invite, talk Talk) error {
	joiner, err := founderOf(request.PersonGenesis)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBad, err)
	}
	own, _, err := w.storage.Secret(ctx, w.id, secretSelf)
	if err != nil {
		return err
	}
	record, found := w.members.recordOf(w.self.device, own)
	if !found {
		return fmt.Errorf("%w: this device is not in the log", ErrCodes)
	}
	terms := sas.Terms{
		WS: w.id, Invite: invite.ID, Purpose: sas.PurposeJoin, LogHead: w.members.committedHeads()[0],
		A: sas.Party{Person: w.self.person, Device: w.self.device}, B: joiner,
	}
	err = m.initiate(ctx, w.id, from, terms, sas.Introduction{Genesis: own, Record: record}, talk)
	m.codes.mu.Lock()
	spent := m.codes.desk.Spent(invite.ID)
	m.codes.mu.Unlock()
	if spent {
		return errors.Join(err, w.Revoke(context.WithoutCancel(ctx), invite.ID))
	}
	return err
}

// initiate compares codes as the side that says who it is.
func (m *Manager) initiate(ctx context.Context, ws, from seal.ID, terms sas.Terms, own sas.Introduction, talk Talk) error {
	if err := m.supersede(ctx, from); err != nil {
		return fmt.Errorf("%w: %w", ErrCodes, err)
	}
	var first [][]byte
	c, err := m.begin(ws, terms, true, func(desk *sas.Desk) (session *sas.Session, err error) {
		session, first, err = desk.Initiate(m.Now().UnixMilli(), from, terms, own, seal.Random)
		return session, err
	})
	if err != nil {
		return err
	}
	return m.compare(ctx, c, talk, first)
}

// respond compares codes with a device that was dialled, and returns what they vouch
// for.
func (m *Manager) respond(ctx context.Context, ws, peer seal.ID, terms sas.Terms, talk Talk) (sas.Terms, error) {
	c, err := m.begin(ws, terms, false, func(desk *sas.Desk) (*sas.Session, error) {
		identify := func(genesis, record []byte) (sas.Party, error) { return identify(genesis, record, peer) }
		return desk.Respond(m.Now().UnixMilli(), peer, terms, identify, seal.Random)
	})
	if err != nil {
		return terms, err
	}
	if err := m.compare(ctx, c, talk, nil); err != nil {
		return terms, err
	}
	m.codes.mu.Lock()
	defer m.codes.mu.Unlock()
	return c.session.Terms(), nil
}

// identify is the person and the device that introduced themselves: the person's
// first device, or a later one of it.
func identify(genesis, record []byte, peer seal.ID) (sas.Party, error) {
	g, person, err := member.ParsePersonGenesis(genesis)
	if err != nil {
		return sas.Party{}, err
	}
	device, err := g.First()
	if err == nil && !seal.EqualBytes(g.Device0, record) {
		device, err = member.ParseDeviceRecord(record, person)
	}
	if err != nil {
		return sas.Party{}, err
	}
	if device.PeerPK != peer {
		return sas.Party{}, errors.New("the device is not the one that was dialled")
	}
	return sas.Party{Person: person, Device: device.SignPK}, nil
}

// founderOf is the person and first device of a person genesis.
func founderOf(raw []byte) (sas.Party, error) {
	genesis, person, err := member.ParsePersonGenesis(raw)
	if err != nil {
		return sas.Party{}, err
	}
	record, err := genesis.First()
	return sas.Party{Person: person, Device: record.SignPK}, err
}

// converseAsJoiner is the joiner's side. inviter is the peer it dialled. Who it turned
// out to be is kept with the join: the log that says so comes later.
func (m *Manager) converseAsJoiner(ctx context.Context, w *Workspace, j *joining, inviter seal.ID, invite seal.ID, talk Talk) error {
	terms := sas.Terms{
		WS: w.id, Invite: invite, Purpose: sas.PurposeJoin,
		B: sas.Party{Person: w.self.person, Device: w.self.device},
	}
	terms, err := m.respond(ctx, w.id, inviter, terms, talk)
	if err == nil {
		j.compared.Store(&terms.A)
		return nil
	}
	m.codes.mu.Lock()
	spent := m.codes.desk.Spent(invite)
	m.codes.mu.Unlock()
	if refusal, refused := errors.AsType[*Refusal](err); refused || spent {
		return cmp.Or(refusal, &Refusal{RefusedRevoked}) // no codes that could be compared once more
	}
	return err
}
