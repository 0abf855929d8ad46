package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"parvis/app/api"
	"parvis/app/calls"
	"parvis/app/chat"
	"parvis/app/docs"
	"parvis/app/people"
	"parvis/app/store/keyslots"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// errNeedsPassphrase reports that the node has to wait for Unlock.
var errNeedsPassphrase = errors.New("a passphrase is needed")

// errTooShort reports a new passphrase that protects too little.
var errTooShort = errors.New("the passphrase is too short")

// maxProblems bounds the problems that are shown; older ones leave.
const maxProblems = 20

// device is this node as the Settings see it: how its keys are protected, its
// peers, and what went wrong.
type device struct {
	app *App

	guard guarding

	unlocking sync.Mutex
	telling   sync.Mutex // the newest picture is told last

	mu         sync.Mutex
	waits      bool                // guarded by mu; for a passphrase
	protection keyslots.Protection // guarded by mu
	problems   []string            // guarded by mu
}

func (d *device) locked() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.waits
}

// waitsFor says what a locked node waits for: its passphrase, or that one is chosen.
func (d *device) waitsFor() error {
	if IsNew(d.app.config.Data) {
		return api.ErrNew
	}
	return api.ErrLocked
}

// key opens or makes the storage key. Nothing is ever protected less than asked.
func (d *device) key() (seal.Key, error) {
	c := d.app.config
	typed := ""
	options := keyslots.Options{Unprotected: c.Unprotected, Ring: c.Keyring}
	if c.Passphrase != nil {
		options.Passphrase = func() (_ string, err error) {
			if typed, err = c.Passphrase(); err == nil && typed != "" && IsNew(c.Data) {
				err = longEnough(typed)
			}
			return typed, err
		}
	}
	key, protection, err := keyslots.OpenOrCreate(c.Data, options)
	if errors.Is(err, keyslots.ErrWrong) {
		key, protection, err = openWithPaper(c.Data, typed, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if errors.Is(err, keyslots.ErrLocked) && c.Passphrase == nil {
		d.waits = true
		return key, errNeedsPassphrase
	}
	if err == nil && protection == keyslots.Unprotected && c.PassphraseFrom != "" {
		protection, err = protect(c, key)
	}
	d.protection = protection
	return key, err
}

// MinPassphrase is how many characters a new passphrase has at least.
const MinPassphrase = 8

// longEnough refuses a new passphrase that is too short.
func longEnough(passphrase string) error {
	if utf8.RuneCountInString(passphrase) < MinPassphrase {
		return errTooShort
	}
	return nil
}

// IsNew reports whether a data folder has no keys yet.
func IsNew(data string) bool {
	_, err := keyslots.List(data)
	return errors.Is(err, keyslots.ErrNone)
}

// protect puts a key that lay in the clear under the passphrase.
func protect(c Config, key seal.Key) (keyslots.Protection, error) {
	passphrase, err := c.Passphrase()
	if err == nil {
		err = longEnough(passphrase)
	}
	if err == nil {
		err = keyslots.AddPassphrase(c.Data, key, passphrase)
	}
	if err == nil {
		err = keyslots.Remove(c.Data, keyslots.Unprotected)
	}
	if err != nil {
		return keyslots.Unprotected, fmt.Errorf("protect the keys: %w", err)
	}
	return keyslots.Passphrase, nil
}

// Unlock opens the node with a passphrase.
func (d *device) Unlock(ctx context.Context, passphrase string) error {
	d.unlocking.Lock()
	defer d.unlocking.Unlock()
	if !d.locked() {
		return nil // another page was first
	}
	c := d.app.config
	if IsNew(c.Data) {
		if err := longEnough(passphrase); err != nil {
			return err
		}
	}
	key, protection, err := openWith(c, passphrase, keyslots.OpenOrCreate)
	if err != nil {
		return err
	}
	if err := d.app.open(context.WithoutCancel(ctx), key); err != nil {
		return err
	}
	d.mu.Lock()
	d.waits, d.protection = false, protection
	d.mu.Unlock()
	d.publish() // the other pages that wait go on
	return nil
}

// openWith opens the storage key with what a person typed: the passphrase, or the words of
// the recovery key in its place.
func openWith(c Config, typed string, open func(string, keyslots.Options) (seal.Key, keyslots.Protection, error)) (seal.Key, keyslots.Protection, error) {
	key, protection, err := open(c.Data, keyslots.Options{Passphrase: func() (string, error) { return typed, nil }, Ring: c.Keyring})
	if errors.Is(err, keyslots.ErrWrong) || errors.Is(err, keyslots.ErrLocked) {
		return openWithPaper(c.Data, typed, err)
	}
	return key, protection, err
}

// lockedBy says what opens a node that is locked, and whether the words of a recovery key
// do as well.
func (d *device) lockedBy() (kind keyslots.Protection, words bool) {
	kinds, err := keyslots.List(d.app.config.Data)
	if err != nil {
		return "", false // it is new, or the next Unlock says what is wrong
	}
	words = slices.Contains(kinds, keyslots.Recovery)
	for _, kind := range []keyslots.Protection{keyslots.Passphrase, keyslots.Keyring} {
		if slices.Contains(kinds, kind) {
			return kind, words
		}
	}
	return keyslots.Recovery, words
}

// problem notes a sentence for the user.
func (d *device) problem(text string) {
	d.mu.Lock()
	if !slices.Contains(d.problems, text) {
		d.problems = append(d.problems, text)
		d.problems = d.problems[max(0, len(d.problems)-maxProblems):]
	}
	d.mu.Unlock()
	d.publish()
}

// watchEvery is how often the network and the disk are looked at, so that a
// banner appears within five seconds.
const watchEvery = 2 * time.Second

// watch tells the user interfaces when the network or the disk changed, until ctx
// ends.
func (d *device) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	network, full := d.network(), d.app.db.DiskFull()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		d.guardNow()
		nowNetwork, nowFull := d.network(), d.app.db.DiskFull()
		if nowNetwork != network || nowFull != full {
			network, full = nowNetwork, nowFull
			d.publish()
		}
	}
}

// network is "online", or "offline" when no interface but loopback is up.
func (d *device) network() string {
	interfaces, err := net.Interfaces()
	if err != nil {
		return "online" // unknown is not offline
	}
	for _, i := range interfaces {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagLoopback == 0 {
			return "online"
		}
	}
	return "offline"
}

// publish tells the user interfaces how the node is.
func (d *device) publish() {
	d.telling.Lock()
	defer d.telling.Unlock()
	status, err := d.Status(context.Background())
	if err != nil {
		d.app.config.Log.Warn("status", "err", err)
		return
	}
	d.app.api.Publish(api.EventStatus, status)
}

// Status is how the node is; the api adds the workspaces.
func (d *device) Status(ctx context.Context) (api.Status, error) {
	d.mu.Lock()
	status := api.Status{
		Version: d.app.config.Version, Locked: d.waits, Fresh: d.waits && IsNew(d.app.config.Data), Protection: string(d.protection),
		Network: d.network(), Disk: "ok", Problems: slices.Clone(d.problems),
	}
	d.mu.Unlock()
	if status.Locked {
		kind, words := d.lockedBy()
		status.Protection, status.Recovers = string(kind), words
	}
	if d.app.db.DiskFull() {
		status.Disk = "full"
	}
	if _, err := d.app.running(); err == nil {
		if recovery, err := (recoveries{d.app}).Recovery(ctx); err == nil {
			status.Recovery = &recovery
		}
	}
	if n := d.app.connected(); n != nil {
		status.Isolated = d.isolated(ctx, n)
		status.Peer, status.Addrs = string(n.node.ID()), n.node.Addrs()
		for _, p := range answering(n.node.Peers(), n.node.SuperPeers()) {
			status.Peers = append(status.Peers, d.peer(n, p.ID, p.Path, p.RTT.Milliseconds()))
		}
	}
	return status, nil
}

// peer names the person behind a connected peer.
func (d *device) peer(n *network, id peerID, path string, rtt int64) api.Peer {
	dto := api.Peer{Peer: string(id), Path: path, RTTMs: rtt}
	key, err := id.PublicKey()
	if err != nil {
		return dto
	}
	for _, w := range n.manager.List() {
		st := w.State()
		if st == nil {
			continue
		}
		if device, ok := st.DeviceByPeer(key); ok {
			dto.Person = device.Person.String()
			dto.Name = d.app.people.Name(w.ID(), device.Person)
			break
		}
	}
	return dto
}

// forward turns facts of the workspaces into events of the api.
func (a *App) forward() {
	a.api.Forward(a.chat, a.people, &a.manager.Events)
	a.api.ForwardDocs(a.docs)
	a.api.ForwardCalls(a.calls)
	a.calls.CallChanged.Subscribe((&missedSoFar{app: a}).look)
	a.forwardDevices()
	a.manager.OnComparison(func(c workspace.Comparison) { a.api.Publish(api.EventCodes, a.teams.comparison(c)) })
	a.people.WorkspaceRenamed.Subscribe(a.tell)
	a.people.Trouble.Subscribe(func(t people.Trouble) { a.device.problem(t.Text) })
	a.docs.Trouble.Subscribe(func(t docs.Trouble) { a.device.problem(t.Text) })
	a.calls.Trouble.Subscribe(func(t calls.Trouble) { a.device.problem(t.Text) })
	a.chat.Trouble.Subscribe(func(t chat.Trouble) { a.device.problem(t.Text) })
	a.manager.Events.Problem.Subscribe(func(p workspace.Problem) { a.device.problem(problemText(p)) })
	a.manager.Events.State.Subscribe(func(c workspace.StateChanged) {
		a.tell(c.Workspace)
		a.device.publish() // with the first workspace comes a recovery key to be saved
	})
	a.manager.Events.Members.Subscribe(func(c workspace.MembersChanged) {
		a.tell(c.Workspace)
		a.api.Publish(api.EventInvites, api.Notice{Workspace: c.Workspace.String()})
		a.api.Publish(api.EventMembers, api.Notice{Workspace: c.Workspace.String()})
	})
	a.manager.Events.SuperPeers.Subscribe(func(c workspace.SuperPeersChanged) {
		if c.Lost {
			a.api.Publish(api.EventReload, api.Notice{Workspace: c.Workspace.String()})
		}
		a.tell(c.Workspace)
		a.api.Publish(api.EventSuperPeer, api.Notice{Workspace: c.Workspace.String()})
		a.device.publish()
	})
	a.manager.Events.Presence.Subscribe(func(c workspace.PresenceChanged) {
		a.tell(c.Workspace)
		a.device.publish()
	})
}

// tell publishes a workspace as it stands now.
func (a *App) tell(id seal.ID) {
	if _, err := a.running(); err != nil {
		return
	}
	w, err := a.manager.Get(id)
	if err != nil {
		a.api.Publish(api.EventReload, api.Notice{Workspace: id.String()})
		return
	}
	a.device.telling.Lock()
	defer a.device.telling.Unlock()
	a.api.Publish(api.EventWorkspace, a.teams.describe(w))
}

// Waiting lists the workspaces of which something is on this device alone.
func (d *device) Waiting(context.Context) ([]api.Waiting, error) {
	var all []api.Waiting
	for _, w := range d.app.manager.List() {
		count, people := w.Undelivered()
		if count == 0 || w.Out() { // it will never be sent
			continue
		}
		one := api.Waiting{Workspace: w.ID().String(), Name: d.app.teams.describe(w).Name, Count: count}
		for _, person := range people {
			one.People = append(one.People, d.app.people.Name(w.ID(), person))
		}
		slices.Sort(one.People)
		all = append(all, one)
	}
	return all, nil
}
