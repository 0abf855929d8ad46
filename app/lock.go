package app

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"parvis/app/api"
	"parvis/app/store/keyslots"
	"parvis/app/volume"
	"parvis/crdt/seal"
)

// Why a node is not locked or protected so.
var (
	// errNothingAsked reports a lock that everybody could open: no passphrase is asked for.
	errNothingAsked = errors.New("no passphrase is asked for")
	// errInCall reports a lock during a call.
	errInCall = errors.New("a call goes on")
	// errNoKeyring reports a system without a keyring that keeps things.
	errNoKeyring = errors.New("no keyring")
)

// valueAutoLock names the minutes after which the node locks itself; empty: never.
const valueAutoLock = "auto-lock"

// maxAutoLock is the longest time before the node locks itself, in minutes.
const maxAutoLock = 24 * 60

// guarding is when the node locks itself.
type guarding struct {
	minutes atomic.Int64 // without use; 0: never
	used    atomic.Int64 // when somebody used it last: Unix seconds of the wall clock, which goes on while a computer sleeps
}

// Active says that somebody uses the node.
func (d *device) Active() { d.guard.used.Store(d.app.config.Now().Unix()) }

// Lock closes everything and forgets the keys, until Unlock. Nothing is sent or received
// meanwhile.
func (d *device) Lock(ctx context.Context) error {
	d.unlocking.Lock()
	defer d.unlocking.Unlock()
	d.mu.Lock()
	protection := d.protection
	d.mu.Unlock()
	switch {
	case d.locked():
		if err := d.waitsFor(); errors.Is(err, api.ErrNew) {
			return err
		}
		return nil
	case protection != keyslots.Passphrase:
		return errNothingAsked
	case d.app.calls.InCall():
		return errInCall
	}
	d.mu.Lock()
	d.waits = true
	d.mu.Unlock()
	err := d.app.lock()
	d.publish()
	return err
}

// lock closes the parts of a node that runs, and lets go of what they held in memory.
func (a *App) lock() error {
	a.mu.Lock()
	life, end := a.life, a.end
	a.life = nil
	a.mu.Unlock()
	if life == nil {
		return nil
	}
	err := a.shut(life, end)
	a.manager.Clear()
	a.mu.Lock()
	a.network = nil
	a.mu.Unlock()
	debug.FreeOSMemory() // the pages that held keys and texts go back to the system
	return err
}

// due reports whether nobody used the node for as long as was chosen.
func (g *guarding) due(now time.Time) bool {
	minutes := g.minutes.Load()
	return minutes > 0 && now.Unix()-g.used.Load() >= minutes*60
}

// guardNow locks the node when it is time. Locking waits for what runs in the background,
// which is why this does not.
func (d *device) guardNow() {
	if !d.guard.due(d.app.config.Now()) || d.app.calls.InCall() {
		return
	}
	go func() {
		if err := d.Lock(context.Background()); err != nil && !errors.Is(err, errInCall) {
			d.app.config.Log.Warn("lock", "err", err)
		}
	}()
}

// readGuard reads after how long the node locks itself.
func (d *device) readGuard(ctx context.Context) {
	d.Active()
	text, err := d.app.db.Settings().Value(ctx, valueAutoLock)
	if err != nil {
		d.app.config.Log.Warn("read the setting of the lock", "err", err)
		return
	}
	minutes, _ := strconv.ParseInt(text, 10, 64)
	d.guard.minutes.Store(minutes)
}

// Protection implements [api.ProtectionService].
func (d *device) Protection(ctx context.Context) (api.Protection, error) {
	d.mu.Lock()
	kind := d.protection
	d.mu.Unlock()
	c := d.app.config
	kinds, err := keyslots.List(c.Data)
	if err != nil {
		return api.Protection{}, err
	}
	p := api.Protection{Kind: string(kind), AutoLock: int(d.guard.minutes.Load()), From: c.PassphraseFrom, Disk: string(volume.Of(ctx, c.Data))}
	p.Recovery = slices.Contains(kinds, keyslots.Recovery)
	return p, nil
}

// SetAutoLock implements [api.ProtectionService].
func (d *device) SetAutoLock(ctx context.Context, minutes int) error {
	d.mu.Lock()
	protection := d.protection
	d.mu.Unlock()
	switch {
	case minutes < 0 || minutes > maxAutoLock:
		return &api.Error{Code: api.CodeInvalid, Message: "Parvis locks itself after 1 to 1440 minutes, or never (0)."}
	case minutes > 0 && protection != keyslots.Passphrase:
		return errNothingAsked
	}
	if err := d.app.db.Settings().SetValue(ctx, valueAutoLock, strconv.Itoa(minutes)); err != nil {
		return err
	}
	d.Active()
	d.guard.minutes.Store(int64(minutes))
	return nil
}

// SetPassphrase implements [api.ProtectionService]: from now on the new passphrase is asked
// for at each start, and nothing else opens the folder but a recovery key. The words of that
// key are as good as the old passphrase: whoever forgot it gets a new one this way.
func (d *device) SetPassphrase(_ context.Context, old, next string) error {
	if err := longEnough(next); err != nil {
		return err
	}
	return d.protect(old, keyslots.Passphrase, func(c Config, key seal.Key) error {
		return keyslots.AddPassphrase(c.Data, key, next)
	}, keyslots.Keyring, keyslots.Unprotected)
}

// UseKeyring implements [api.ProtectionService]: from now on the system's keyring opens the
// folder by itself.
func (d *device) UseKeyring(_ context.Context, old string) error {
	return d.protect(old, keyslots.Keyring, func(c Config, key seal.Key) error {
		if err := keyslots.AddKeyring(c.Data, key, keyslots.Options{Ring: c.Keyring}); err != nil {
			return errors.Join(errNoKeyring, err)
		}
		return nil
	}, keyslots.Passphrase, keyslots.Unprotected)
}

// protect adds a protection, and takes the others away once it is there.
func (d *device) protect(old string, next keyslots.Protection, add func(Config, seal.Key) error, others ...keyslots.Protection) error {
	d.unlocking.Lock()
	defer d.unlocking.Unlock()
	c := d.app.config
	key, _, err := openWith(c, old, keyslots.Open)
	if err == nil {
		err = add(c, key)
	}
	if err != nil {
		return err
	}
	kinds, err := keyslots.List(c.Data)
	if err != nil {
		return err
	}
	for _, other := range others {
		if !slices.Contains(kinds, other) {
			continue
		}
		if err := keyslots.Remove(c.Data, other); err != nil {
			return err
		}
		if other != keyslots.Keyring {
			continue
		}
		if err := keyslots.Forget(c.Data, c.Keyring); err != nil {
			c.Log.Warn("take the old key out of the keyring", "err", err) // it opens old copies of the slots alone
		}
	}
	d.mu.Lock()
	d.protection = next
	d.mu.Unlock()
	if next != keyslots.Passphrase {
		d.guard.minutes.Store(0)
		if err := d.app.db.Settings().SetValue(context.Background(), valueAutoLock, ""); err != nil {
			return err
		}
	}
	d.publish()
	return nil
}
