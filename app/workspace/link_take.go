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

// taking is a link that was opened on this device, which it adds.
type taking struct {
	link   member.DeviceLink
	done   chan struct{} // closed at the end
	ctx    context.Context
	cancel context.CancelFunc

	stored storedTaking // of the goroutine that runs it
	failed []error      // workspaces that could not be taken
}

// storedTaking is what survives a restart: nothing has to be done twice, and codes
// are not compared again that were right.
type storedTaking struct {
	_          struct{} `cbor:",toarray"`
	V          uint
	Link       string
	Device     seal.ID // whom codes were compared with; zero: nobody yet
	Person     seal.ID // of the workspace that they were about
	LogHead    seal.ID
	Paired     int64 // Unix milliseconds; when the codes were right
	Listed     bool  // the workspaces were asked for
	Workspaces []takenWorkspace
}

// takenWorkspace is one that this device was offered.
type takenWorkspace struct {
	_    struct{} `cbor:",toarray"`
	WS   seal.ID
	Seed [32]byte // of its encryption key there
	Over bool     // it is here, or will never be
}

// lacks reports whether there is something left to take.
func (s storedTaking) lacks() bool {
	return !s.Listed || slices.ContainsFunc(s.Workspaces, func(w takenWorkspace) bool { return !w.Over })
}

func (m *Manager) newTaking(link member.DeviceLink, stored storedTaking) *taking {
	t := &taking{link: link, stored: stored, done: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancel(m.ctx)
	return t
}

// TakeLink opens a link that another device of the same person shows. It goes on in
// the background, across restarts; a broken or expired link causes no traffic.
func (m *Manager) TakeLink(ctx context.Context, text string) (Linking, error) {
	link, err := member.ParseDeviceLink(text)
	if err != nil {
		return Linking{}, err
	}
	if link.Expired(m.Now().UnixMilli()) {
		return Linking{}, ErrLinkExpired
	}
	if link.Peer.Peer == m.network.Self() {
		return Linking{}, ErrThisDevice
	}
	t := m.newTaking(link, storedTaking{V: 1, Link: link.String()})
	m.links.mu.Lock()
	before := m.links.taking
	if before == nil {
		m.links.taking = t
	}
	m.links.mu.Unlock()
	switch {
	case before != nil && before.link.ID() == link.ID():
		t.cancel()
		return m.Linking(), nil
	case before != nil:
		t.cancel()
		return Linking{}, ErrLinking
	}
	if err := m.putNodeSecret(ctx, secretTaking, t.stored); err != nil {
		t.cancel()
		m.links.mu.Lock()
		m.links.taking = nil
		m.links.mu.Unlock()
		return Linking{}, fmt.Errorf("open a link for a device: %w", err)
	}
	m.network.Recheck()
	l := Linking{New: true, State: LinkOpen, Expires: int64(link.Expires) * time.Minute.Milliseconds()}
	m.tellLinking(l)
	m.wg.Go(func() { m.runTaking(t) })
	return l, nil
}

// runTaking takes one step after the other until everything is here, somebody stops
// it, or the other device refuses for good.
func (m *Manager) runTaking(t *taking) {
	defer close(t.done)
	defer t.cancel()
	m.network.Recheck()
	var err error
	for pause := joinFirstPause; ; pause = min(2*pause, joinMaxPause) {
		if err = m.takeAll(t); err == nil || t.ctx.Err() != nil || m.given(t, err) {
			break
		}
		m.Logger.Debug("add this device: the other one does not answer", "err", err)
		select {
		case <-t.ctx.Done():
		case <-time.After(pause):
		}
	}
	if m.ctx.Err() != nil {
		return // it goes on at the next start
	}
	l := Linking{New: true, State: LinkDone, Device: t.stored.Device, Total: len(t.stored.Workspaces)}
	for _, w := range t.stored.Workspaces {
		if _, err := m.Get(w.WS); err == nil {
			l.Done++
		}
	}
	switch {
	case t.ctx.Err() != nil && err != nil:
		l.State, l.Err = LinkFailed, ErrLinkOver
	case err != nil:
		l.State, l.Err = LinkFailed, err
	default:
		l.Err = errors.Join(t.failed...)
	}
	if err := m.dropNodeSecret(m.ctx, secretTaking); err != nil {
		m.Logger.Error("forget the link for this device", "err", err)
	}
	m.links.mu.Lock()
	m.links.taking = nil
	m.links.mu.Unlock()
	m.tellLinking(l)
	m.network.Recheck()
	if err == nil {
		m.takeLeave(t)
	}
}

// given reports whether trying again cannot help.
func (m *Manager) given(t *taking, err error) bool {
	var refusal *Refusal
	switch {
	case errors.Is(err, ErrCodes), errors.Is(err, errForeignLog), errors.Is(err, errPairOver):
		return true
	case errors.As(err, &refusal) && (refusal.final() || refusal.Code == RefusedUnknown):
		return true
	}
	return t.stored.Device.IsZero() && t.link.Expired(m.Now().UnixMilli())
}

// errPairOver reports that the other device does not remember this one any more.
var errPairOver = fmt.Errorf("the codes were compared too long ago: %w", &Refusal{RefusedExpired})

// takeAll goes through the steps that are left.
func (m *Manager) takeAll(t *taking) error {
	if t.stored.Device.IsZero() {
		if err := m.takeCodes(t); err != nil {
			return err
		}
	}
	if m.Now().UnixMilli() > t.stored.Paired+pairLife.Milliseconds() && t.stored.lacks() {
		return errPairOver
	}
	if !t.stored.Listed {
		if err := m.takeList(t); err != nil {
			return m.unpaired(t, err)
		}
	}
	for i := range t.stored.Workspaces {
		if t.stored.Workspaces[i].Over {
			continue
		}
		m.tellLinking(Linking{New: true, State: LinkCopying, Device: t.stored.Device, Done: i, Total: len(t.stored.Workspaces)})
		ws := t.stored.Workspaces[i].WS
		if err := m.takeWorkspace(t, t.stored.Workspaces[i]); refusesOne(err) || errors.Is(err, errForeignLog) && ws != t.link.WS {
			t.failed = append(t.failed, fmt.Errorf("workspace %s: %w", ws.Short(), err))
		} else if err != nil {
			return m.unpaired(t, err)
		}
		t.stored.Workspaces[i].Over = true
		if err := m.putNodeSecret(t.ctx, secretTaking, t.stored); err != nil {
			return err
		}
	}
	return nil
}

// refusesOne reports whether one workspace cannot be taken, which says nothing about
// the others.
func refusesOne(err error) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Code == RefusedRules || errors.Is(err, ErrJoined)
}

// leaveTries is how often the other device is told that everything is here. It forgets
// this one after a day in any case.
const leaveTries = 4

// takeLeave tells the other device that everything is here.
func (m *Manager) takeLeave(t *taking) {
	pause := joinFirstPause
	for range leaveTries {
		err := m.ask(t, member.DeviceDone, seal.ID{}, Knock{Accept: nothing})
		var refusal *Refusal
		if err == nil || errors.As(err, &refusal) && refusal.Code != RefusedWait {
			return // it was told before
		}
		select {
		case <-t.ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, joinMaxPause)
	}
}

// unpaired goes back to the codes when the other device does not remember them: it
// stopped just then.
func (m *Manager) unpaired(t *taking, err error) error {
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Code != RefusedRevoked {
		return err
	}
	t.stored.Device = seal.ID{}
	return m.takeAll(t)
}

func nothing(Welcome) ([]byte, error) { return nil, nil }

// ask makes one request of the other device.
func (m *Manager) ask(t *taking, step member.DeviceStep, ws seal.ID, knock Knock) (err error) {
	knock.Request, err = member.NewDeviceRequest(t.link, m.device.Sign, step, ws, t.link.Peer.Peer, m.network.Self())
	if err != nil {
		return err
	}
	return m.network.Link(t.ctx, t.link.Peer.Peer, t.link.Peer.Addrs, knock)
}

// takeCodes compares codes with the other device.
func (m *Manager) takeCodes(t *taking) error {
	return m.ask(t, member.DevicePair, seal.ID{}, Knock{Accept: nothing, Converse: func(ctx context.Context, talk Talk) error {
		l := Linking{New: true, State: LinkCodes}
		m.tellLinking(l)
		terms, err := m.respond(ctx, t.link.WS, t.link.Peer.Peer, sas.Terms{
			WS: t.link.WS, Invite: t.link.ID(), Purpose: sas.PurposeDevice, B: sas.Party{Device: m.device.ID()},
		}, talk)
		if err != nil {
			return err
		}
		kept := t.stored
		kept.Device, kept.Person, kept.LogHead = terms.A.Device, terms.A.Person, terms.LogHead
		kept.Paired = m.Now().UnixMilli()
		if err := m.putNodeSecret(ctx, secretTaking, kept); err != nil {
			return err
		}
		t.stored = kept
		return nil
	}})
}

// takeList asks which workspaces there are. Their encryption keys are made and kept
// before anybody hears of them.
func (m *Manager) takeList(t *taking) error {
	return m.ask(t, member.DeviceTake, seal.ID{}, Knock{Accept: func(w Welcome) ([]byte, error) {
		list, err := seal.Decode[deviceList](w.Grant)
		if err != nil || list.V != 1 {
			return nil, fmt.Errorf("%w: a list of workspaces: %w", ErrBad, err)
		}
		kept := t.stored
		kept.Listed, kept.Workspaces = true, nil
		for _, ws := range list.Workspaces {
			seed, err := m.deviceSeed(t.ctx, ws)
			if err != nil {
				return nil, err
			}
			kept.Workspaces = append(kept.Workspaces, takenWorkspace{WS: ws, Seed: seed})
		}
		if err := m.putNodeSecret(t.ctx, secretTaking, kept); err != nil {
			return nil, err
		}
		t.stored = kept
		return nil, nil
	}})
}

// deviceSeed is the seed of the encryption key with which this device was, or will
// be, added in a workspace. It outlives the link: when that is stopped halfway, the
// log may name the key already.
func (m *Manager) deviceSeed(ctx context.Context, ws seal.ID) (seed [32]byte, err error) {
	raw, found, err := m.Storage.Secret(ctx, seal.ID{}, secretDeviceKEM+ws.String())
	if err != nil {
		return seed, err
	}
	if found && len(raw) == len(seed) {
		return [32]byte(raw), nil
	}
	seed = nonce32()
	return seed, m.Storage.Write(ctx, func(ctx context.Context) error {
		return m.Storage.PutSecret(ctx, seal.ID{}, secretDeviceKEM+ws.String(), seed[:])
	})
}
