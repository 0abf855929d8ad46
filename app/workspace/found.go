package workspace

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Create founds a workspace: the founder, the log key, the genesis and the first
// epoch of the main space, all in one transaction.
func (m *Manager) Create(ctx context.Context, name string) (*Workspace, error) {
	recovery, err := m.recoveryKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("create workspace: %w", err)
	}
	var w *Workspace
	var after afterCommit
	err = m.Storage.Write(ctx, func(ctx context.Context) error {
		after = nil
		var err error
		if w, err = m.found(ctx, recovery, &after); err != nil {
			return err
		}
		return m.Storage.PutSecret(ctx, w.id, secretName, []byte(name))
	})
	if err != nil {
		return nil, fmt.Errorf("create workspace: %w", err)
	}
	m.put(w)
	for _, tell := range after {
		tell()
	}
	if err := m.introduce(ctx, w); err != nil {
		m.Logger.Warn("introduce", "workspace", w.id.Short(), "err", err)
	}
	if err := m.attach(w); err != nil {
		m.Logger.Error("attach", "workspace", w.id.Short(), "err", err)
	}
	m.Events.State.Publish(StateChanged{Workspace: w.id})
	return w, nil
}

// person makes a person with this device as the first and a paper key, if there is one,
// and its KEM seed.
func (m *Manager) person(recovery *seal.ID) (raw []byte, id seal.ID, seed [32]byte, err error) {
	seed = nonce32()
	kem, err := seal.NewKEMKey(seed)
	if err != nil {
		return nil, id, seed, err
	}
	_, raw, err = member.NewPersonGenesis(m.device, kem.Public(), platform(), nonce16(), recovery)
	if err != nil {
		return nil, id, seed, err
	}
	_, id, err = member.ParsePersonGenesis(raw)
	return raw, id, seed, err
}

// platform is the informational platform number of a device record.
func platform() uint {
	switch runtime.GOOS {
	case "linux":
		return 1
	case "windows":
		return 2
	case "darwin":
		return 3
	default:
		return 0
	}
}

func (m *Manager) found(ctx context.Context, recovery *seal.ID, after *afterCommit) (*Workspace, error) {
	genesis, person, seed, err := m.person(recovery)
	if err != nil {
		return nil, err
	}
	lk := seal.RandomKey()
	entry, err := member.NewGenesis(m.device.Sign, member.GenesisBody{
		PersonGenesis: genesis, Nonce: nonce16(), Suite: 1, LogKeyID: member.LogKeyID(lk), Policy: member.DefaultPolicy(),
	}, m.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	w := m.make(member.WorkspaceID(entry), person)
	if err := m.Storage.AddWorkspace(ctx, w.id); err != nil {
		return nil, err
	}
	if err := w.keepIdentity(ctx, genesis, seed); err != nil {
		return nil, err
	}
	if err := w.keys.setLog(ctx, lk); err != nil {
		return nil, err
	}
	raw, err := entry.SealUnder(lk)
	if err != nil {
		return nil, err
	}
	if outcome, err := w.members.add(ctx, entry, raw, after); outcome != seal.OK {
		return nil, errors.Join(ErrRefused, err)
	}
	_, err = w.rotate(ctx, w.members.pending().MainSpace(), reasonFirst, after)
	return w, err
}

func (w *Workspace) keepIdentity(ctx context.Context, genesis []byte, seed [32]byte) error {
	if err := w.storage.PutSecret(ctx, w.id, secretSelf, genesis); err != nil {
		return err
	}
	_, err := w.keys.addKEM(ctx, 0, seed)
	return err
}

// ErrLinkExpired reports a link whose time is over.
var ErrLinkExpired = errors.New("this invitation has expired: ask for a new one")

// ErrJoined reports that this device is already in the workspace of a link.
var ErrJoined = errors.New("this device is already in this workspace")

// ErrCastOut is an [ErrJoined] of a device that left the workspace or was removed from it:
// it does not come back.
var ErrCastOut = fmt.Errorf("%w, and left it or was removed", ErrJoined)

// linkTolerance is how wrong the own clock may be before a link counts as expired.
const linkTolerance = 24 * time.Hour

// Join starts to join with a link and waits at most wait for the keys. The join
// goes on in the background, across restarts, until it ends. A broken or expired
// link causes no network traffic.
func (m *Manager) Join(ctx context.Context, text, name string, wait time.Duration) (*Workspace, error) {
	link, err := member.ParseLink(text)
	if err != nil {
		return nil, err
	}
	if link.Expired(m.Now().UnixMilli()) {
		return nil, ErrLinkExpired
	}
	w, j, err := m.startJoin(ctx, link, name)
	if err != nil {
		return nil, err
	}
	j.awaited.Add(1)
	defer j.awaited.Add(-1)
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	select {
	case <-j.done:
		if err := j.failure(); err != nil {
			return nil, err
		}
	case <-timeout.C:
	case <-ctx.Done():
	}
	return w, nil
}

// startJoin makes the workspace of a link, or finds the join that goes on.
func (m *Manager) startJoin(ctx context.Context, link member.Link, name string) (*Workspace, *joining, error) {
	m.starting.Lock()
	defer m.starting.Unlock()
	if w, err := m.Get(link.WS); err == nil {
		if j := w.joining.Load(); j != nil {
			if j.stopped() != "" {
				j, err = m.again(ctx, w, link, name)
			}
			return w, j, err
		}
		if w.Out() {
			return nil, nil, ErrCastOut
		}
		return nil, nil, ErrJoined
	}
	recovery, err := m.recoveryKey(ctx)
	if err != nil {
		return nil, nil, err
	}
	genesis, person, seed, err := m.person(recovery)
	if err != nil {
		return nil, nil, err
	}
	w := m.make(link.WS, person)
	stored, err := seal.Encode(storedJoin{V: 1, Link: link.String(), Name: name})
	if err != nil {
		return nil, nil, err
	}
	err = m.Storage.Write(ctx, func(ctx context.Context) error {
		if err := m.Storage.AddWorkspace(ctx, w.id); err != nil {
			return err
		}
		if err := w.keepIdentity(ctx, genesis, seed); err != nil {
			return err
		}
		return m.Storage.PutSecret(ctx, w.id, secretJoin, stored)
	})
	if err != nil {
		return nil, nil, err
	}
	j := m.newJoining(link, name)
	w.joining.Store(j)
	m.put(w)
	m.goJoin(w, j)
	return w, j, nil
}

func (m *Manager) newJoining(link member.Link, name string) *joining {
	j := &joining{link: link, name: name, done: make(chan struct{})}
	j.ctx, j.cancel = context.WithCancel(m.ctx)
	return j
}

// goJoin runs a join in the background. A refusal for good removes what was made
// for it; nothing else was there. Where the codes were not compared it rests.
func (m *Manager) goJoin(w *Workspace, j *joining) {
	m.network.Recheck()
	m.Events.State.Publish(StateChanged{Workspace: w.id})
	m.wg.Go(func() {
		defer j.cancel()
		defer close(j.done)
		err := m.runJoin(j.ctx, w, j)
		if err == nil {
			m.readyAtLast(m.ctx, w, j)
			return
		}
		if m.ctx.Err() != nil {
			return // it goes on at the next start
		}
		if errors.Is(err, ErrCodes) && j.ctx.Err() == nil {
			m.rest(w, j, err)
			return
		}
		j.fail(err)
		if text := whyJoinEnded(err); text != "" && j.awaited.Load() == 0 {
			m.Events.Problem.Publish(Problem{Workspace: w.id, Text: text})
		}
		m.forget(w)
	})
}

// CancelJoin ends a join that goes on, or rests, and removes what was made for it.
func (m *Manager) CancelJoin(ctx context.Context, id seal.ID) error {
	w, err := m.Get(id)
	if err != nil {
		return err
	}
	j := w.joining.Load()
	if j == nil {
		return ErrJoined
	}
	j.cancel()
	select {
	case <-j.done:
		if j.stopped() != "" {
			m.forget(w)
		}
		if w.Ready() {
			return ErrJoined // it was let in meanwhile
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readyAtLast makes a joined workspace ready. The others count this device as a
// member already, so what fails here, such as a full disk, is tried again.
func (m *Manager) readyAtLast(ctx context.Context, w *Workspace, j *joining) {
	for {
		err := m.ready(ctx, w, j)
		if err == nil || ctx.Err() != nil {
			return
		}
		m.Logger.Error("finish join", "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(joinMaxPause):
		}
	}
}

// ready turns a finished join into a workspace that works.
func (m *Manager) ready(ctx context.Context, w *Workspace, j *joining) error {
	err := m.Storage.Write(ctx, func(ctx context.Context) error {
		if err := m.Storage.PutSecret(ctx, w.id, secretName, []byte(j.name)); err != nil {
			return err
		}
		return m.Storage.DeleteSecret(ctx, w.id, secretJoin)
	})
	if err != nil {
		return err
	}
	if _, err := w.learn(ctx, linkAddrs(j.link)); err != nil {
		return err
	}
	if err := m.attach(w); err != nil {
		return err
	}
	w.joining.Store(nil)
	m.staff()
	m.network.Recheck()
	m.Events.State.Publish(StateChanged{Workspace: w.id})
	if err := m.introduce(ctx, w); err != nil {
		m.Logger.Warn("introduce", "workspace", w.id.Short(), "err", err)
	}
	return nil
}

// introduce writes the name that the person chose, unless that was done: a crash
// in between leaves it for the next start.
func (m *Manager) introduce(ctx context.Context, w *Workspace) error {
	name, found, err := m.Storage.Secret(ctx, w.id, secretName)
	if err != nil || !found || m.Joined == nil {
		return err
	}
	if err := m.Joined(ctx, w, string(name)); err != nil {
		return fmt.Errorf("write own name: %w", err)
	}
	return m.Storage.Write(ctx, func(ctx context.Context) error { return m.Storage.DeleteSecret(ctx, w.id, secretName) })
}

func linkAddrs(link member.Link) []PeerAddrs {
	var all []PeerAddrs
	for _, p := range link.Peers {
		all = append(all, PeerAddrs{Peer: p.Peer, Addrs: p.Addrs})
	}
	return all
}
