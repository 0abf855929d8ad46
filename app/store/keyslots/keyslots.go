// Package keyslots keeps the storage key of a data folder, sealed under one or
// more other keys: one in the keyring of the operating system, one made from a
// passphrase, a recovery key (protocol 2.16).
//
// A keyring protects a computer that is off, not against programs of the same
// user. Without a keyring a passphrase is needed: nothing here falls back to an
// unprotected file, that has to be asked for.
package keyslots

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/text/unicode/norm"

	"parvis/crdt/seal"
)

// Protection says what guards the storage key.
type Protection string

// The kinds of protection, the strongest use first.
const (
	Keyring     Protection = "keyring"
	Passphrase  Protection = "passphrase"
	Recovery    Protection = "recovery"
	Unprotected Protection = "none"
)

// What callers tell apart.
var (
	// ErrLocked reports that only a passphrase can go on: there is no keyring, it
	// is locked, or it does not hold this folder's key.
	ErrLocked = errors.New("the data folder is locked: a passphrase is needed")
	// ErrWrong reports a passphrase or recovery key that does not fit.
	ErrWrong = errors.New("the passphrase is wrong")
	// ErrDamaged reports that no copy of the key slots can be read.
	ErrDamaged = errors.New("both copies of the key slots are damaged: put back the files keyslots and keyslots.copy from a backup of this folder")
	// ErrNewer reports key slots written by a newer program.
	ErrNewer = errors.New("a newer version of Parvis wrote the key slots: update Parvis to open this data folder")
	// ErrExists reports that the folder has key slots already.
	ErrExists = errors.New("the data folder has key slots already")
	// ErrNone reports a folder without key slots. It matches fs.ErrNotExist.
	ErrNone = fmt.Errorf("the data folder has no key slots: %w", fs.ErrNotExist)
	// ErrLast reports the removal of the only slot.
	ErrLast = errors.New("the last key slot cannot be removed")
)

// Options say how a folder may be protected and opened.
type Options struct {
	// Passphrase gives the passphrase when one is needed. nil: nobody can be
	// asked, and what needs one fails with ErrLocked.
	Passphrase func() (string, error)
	// Unprotected makes a new folder whose key lies in the clear.
	Unprotected bool
	// NoKeyring makes a new folder that asks for its passphrase at each start,
	// even where a keyring is at hand.
	NoKeyring bool
	// Ring is the keyring; nil means the one of the operating system.
	Ring Ring

	stretch stretch // zero: the usual parameters
}

// OpenOrCreate opens the key slots of a folder, or makes them with a new storage
// key when there are none.
func OpenOrCreate(dir string, o Options) (seal.Key, Protection, error) {
	key, protection, err := Open(dir, o)
	if !errors.Is(err, ErrNone) {
		return key, protection, err
	}
	return Create(dir, o)
}

// Create makes a storage key and protects it: in the clear when that was asked
// for, else by the keyring when it answers, else by a passphrase. Without any of
// these it makes nothing and fails with [ErrLocked].
func Create(dir string, o Options) (seal.Key, Protection, error) {
	fail := func(err error) (seal.Key, Protection, error) {
		return seal.Key{}, "", fmt.Errorf("create key slots: %w", err)
	}
	if _, _, err := load(dir); !errors.Is(err, ErrNone) {
		if err == nil {
			err = ErrExists
		}
		return fail(err)
	}
	key := seal.RandomKey()
	f := file{V: version, Folder: seal.Random(16)}
	made, protection, err := o.newSlot(f.Folder, key)
	if err != nil {
		return fail(err)
	}
	f.Slots = []slot{made}
	if err := save(dir, f); err != nil {
		return fail(err)
	}
	return key, protection, nil
}

func (o Options) newSlot(folder []byte, key seal.Key) (slot, Protection, error) {
	if o.Unprotected {
		return sealSlot(folder, slot{Type: typeUnprotected}, seal.Key{}, key), Unprotected, nil
	}
	if !o.NoKeyring {
		if made, err := o.keyringSlot(folder, key); err == nil {
			return made, Keyring, nil
		}
	}
	passphrase, err := o.ask()
	if err != nil {
		return slot{}, "", err
	}
	made, err := o.passphraseSlot(folder, key, passphrase)
	return made, Passphrase, err
}

// Open opens the storage key: an unprotected slot at once, else from the
// keyring, else with the passphrase. A damaged or missing copy of the file is
// made again from the other one.
func Open(dir string, o Options) (seal.Key, Protection, error) {
	f, healed, err := load(dir)
	if err == nil && healed {
		err = save(dir, f)
	}
	if err != nil {
		return seal.Key{}, "", fmt.Errorf("open key slots: %w", err)
	}
	if s, ok := f.find(typeUnprotected); ok {
		if key, err := openSlot(f.Folder, s, seal.Key{}); err == nil {
			return key, Unprotected, nil
		}
	}
	if s, ok := f.find(typeKeyring); ok {
		if key, err := o.openKeyring(f.Folder, s); err == nil {
			return key, Keyring, nil
		}
	}
	key, err := o.openPassphrase(f)
	if err != nil {
		return seal.Key{}, "", fmt.Errorf("open key slots: %w", err)
	}
	return key, Passphrase, nil
}

// OpenRecovery opens the storage key with the recovery key.
func OpenRecovery(dir string, recovery seal.Key) (seal.Key, error) {
	f, _, err := load(dir)
	if err != nil {
		return seal.Key{}, fmt.Errorf("open key slots: %w", err)
	}
	for _, s := range f.Slots {
		if s.Type == typeRecovery {
			if key, err := openSlot(f.Folder, s, recovery); err == nil {
				return key, nil
			}
		}
	}
	return seal.Key{}, fmt.Errorf("open key slots: recovery key: %w", ErrWrong)
}

// ask gets the passphrase. The same letters typed on another system may come
// composed otherwise, so that they are normalised.
func (o Options) ask() (string, error) {
	if o.Passphrase == nil {
		return "", ErrLocked
	}
	passphrase, err := o.Passphrase()
	if err != nil {
		return "", err
	}
	if passphrase == "" {
		return "", ErrLocked
	}
	return norm.NFC.String(passphrase), nil
}

func (o Options) openPassphrase(f file) (seal.Key, error) {
	if _, ok := f.find(typePassphrase); !ok {
		return seal.Key{}, fmt.Errorf("%w, or the system's keyring that holds the key (unlock it and try again)", ErrLocked)
	}
	passphrase, err := o.ask()
	if err != nil {
		return seal.Key{}, err
	}
	for _, s := range f.Slots {
		if s.Type != typePassphrase {
			continue
		}
		if err := seal.CheckStretch(s.Passes, s.MemKiB, s.Lanes); err != nil {
			return seal.Key{}, err
		}
		if key, err := openSlot(f.Folder, s, seal.PassphraseKey(passphrase, s.Salt, s.Passes, s.MemKiB, s.Lanes)); err == nil {
			return key, nil
		}
	}
	return seal.Key{}, ErrWrong
}
