package api

import "context"

// LockService closes the node until its passphrase is given again.
type LockService interface {
	// Lock forgets the keys. It is refused where no passphrase is asked for.
	Lock(ctx context.Context) error
	// Active says that somebody uses the node; it does not block.
	Active()
}

// ProtectionService knows what guards the keys at rest.
type ProtectionService interface {
	Protection(ctx context.Context) (Protection, error)
	// SetAutoLock locks the node after so many minutes without use; 0: never.
	SetAutoLock(ctx context.Context, minutes int) error
	// SetPassphrase asks for a new passphrase at each start from now on. old is the one of
	// until now, where there is one, or the words of the recovery key.
	SetPassphrase(ctx context.Context, old, next string) error
	// UseKeyring lets the system's keyring open the keys from now on.
	UseKeyring(ctx context.Context, old string) error
}

// Protection is what guards the keys at rest.
type Protection struct {
	Kind     string `json:"kind"`     // keyring, passphrase, recovery (the keyring lost its key) or none
	AutoLock int    `json:"autoLock"` // minutes without use; 0: never
	From     string `json:"from"`     // the file or the variable that a start takes a passphrase from; empty: it is typed
	Recovery bool   `json:"recovery"` // a recovery key opens them too
	Disk     string `json:"disk"`     // whether the system encrypts the disk: on, off or unknown
}

// NewPassphrase replaces what guards the keys.
type NewPassphrase struct {
	Old string `json:"old"` // of until now, or the words of the recovery key; empty where there is none
	New string `json:"new"`
}

// Lock closes Parvis until the passphrase is given again. Meanwhile nothing is sent or received.
func (s *Settings) Lock() error {
	return act(s.edge.always(), "Settings.Lock", func(ctx context.Context) error { return s.lock.Lock(ctx) })
}

// Active says that somebody uses Parvis, which puts off the time when it locks itself.
func (s *Settings) Active() error {
	return act(s.edge, "Settings.Active", func(context.Context) error { s.lock.Active(); return nil })
}

// Protection says what guards the keys at rest.
func (s *Settings) Protection() (Protection, error) {
	return run(s.edge, "Settings.Protection", func(ctx context.Context) (Protection, error) { return s.protection.Protection(ctx) })
}

// SetAutoLock locks Parvis after so many minutes without use; 0: never.
func (s *Settings) SetAutoLock(minutes int) error {
	return act(s.edge, "Settings.SetAutoLock", func(ctx context.Context) error { return s.protection.SetAutoLock(ctx, minutes) })
}

// SetPassphrase changes the passphrase, or asks for one at each start from now on.
func (s *Settings) SetPassphrase(n NewPassphrase) error {
	return act(s.edge, "Settings.SetPassphrase", func(ctx context.Context) error { return s.protection.SetPassphrase(ctx, n.Old, n.New) })
}

// UseKeyring lets the system's keyring open the keys from now on. The words of the recovery
// key are as good as the passphrase.
func (s *Settings) UseKeyring(passphrase string) error {
	return act(s.edge, "Settings.UseKeyring", func(ctx context.Context) error { return s.protection.UseKeyring(ctx, passphrase) })
}
