// Package recovery looks after the paper keys of the person of this device (protocol
// 2.2): it makes one, keeps its seed sealed until the person has saved it, then
// forgets it and keeps the public part.
package recovery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/paper"
	"parvis/crdt/seal"
)

// What callers tell apart.
var (
	// ErrWrong reports words that are not those of the key.
	ErrWrong = errors.New("these are not the words of the recovery key")
	// ErrGone reports a key whose seed is on this computer no longer, or never was.
	ErrGone = errors.New("the recovery key is not on this computer")
)

// Store is where the keys lie, sealed.
type Store interface {
	workspace.Transactor
	workspace.Vault
}

// Service knows the paper keys. Set the fields before the first call.
type Service struct {
	Store Store
	Now   func() time.Time
	// Slot lets the key open the data folder too, in place of its passphrase.
	Slot func(ctx context.Context, key seal.Key) error
	// Changed is told when a key was made, saved or learned.
	Changed func()

	mu sync.Mutex // one change at a time
}

// Paper is the public part of a paper key.
type Paper struct {
	Key       seal.ID // as in the person genesis
	Recipient string  // of backups
	Made      int64   // Unix milliseconds
	Saved     int64   // Unix milliseconds; 0: the person has not typed it back
	Here      bool    // the key itself is on this computer still
}

// record is what is kept of a key for good.
type record struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Key       seal.ID
	Recipient string
	Made      int64
	Saved     int64
}

// Names of the vault's values; they belong to no workspace.
const (
	secretPaper = "paper/"      // + key: a record
	secretSeed  = "paper-seed/" // + key: until it was saved
	secretOwn   = "paper-own"   // the key of persons that are made here
)

// Own is the key that goes into a new person; it is made on first use. among are the
// keys that the persons of this device have already: one of them is used again.
func (s *Service) Own(ctx context.Context, among []seal.ID) (seal.ID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, found, err := s.own(ctx)
	if err != nil || found {
		return own, err
	}
	if len(among) > 0 {
		err := s.Store.Write(ctx, func(ctx context.Context) error {
			return s.Store.PutSecret(ctx, seal.ID{}, secretOwn, among[0][:])
		})
		return among[0], err
	}
	key := paper.New()
	recipient, err := key.Recipient()
	if err != nil {
		return own, fmt.Errorf("make a recovery key: %w", err)
	}
	seed := key.Seed()
	r := record{V: 1, Key: key.Sign().Public(), Recipient: recipient, Made: s.Now().UnixMilli()}
	err = s.Store.Write(ctx, func(ctx context.Context) error {
		return errors.Join(s.put(ctx, r), s.Store.PutSecret(ctx, seal.ID{}, secretSeed+r.Key.String(), seed[:]),
			s.Store.PutSecret(ctx, seal.ID{}, secretOwn, r.Key[:]))
	})
	if err != nil {
		return own, fmt.Errorf("make a recovery key: %w", err)
	}
	s.tell()
	return r.Key, nil
}

func (s *Service) own(ctx context.Context) (own seal.ID, found bool, err error) {
	raw, found, err := s.Store.Secret(ctx, seal.ID{}, secretOwn)
	if err != nil || !found || len(raw) != len(own) {
		return own, false, err
	}
	return seal.ID(raw), true, nil
}

func (s *Service) put(ctx context.Context, r record) error {
	raw, err := seal.Encode(r)
	if err != nil {
		return err
	}
	return s.Store.PutSecret(ctx, seal.ID{}, secretPaper+r.Key.String(), raw)
}

func (s *Service) tell() {
	if s.Changed != nil {
		s.Changed()
	}
}

// Papers lists the keys that are known here, the one for new persons first.
func (s *Service) Papers(ctx context.Context) ([]Paper, error) {
	records, err := s.Store.Secrets(ctx, seal.ID{}, secretPaper)
	if err != nil {
		return nil, err
	}
	seeds, err := s.Store.Secrets(ctx, seal.ID{}, secretSeed)
	if err != nil {
		return nil, err
	}
	own, _, err := s.own(ctx)
	if err != nil {
		return nil, err
	}
	var all []Paper
	for _, raw := range records {
		r, err := seal.Decode[record](raw)
		if err != nil || r.V != 1 {
			continue // of a later version
		}
		_, here := seeds[secretSeed+r.Key.String()]
		all = append(all, Paper{r.Key, r.Recipient, r.Made, r.Saved, here})
	}
	slices.SortFunc(all, func(a, b Paper) int {
		switch {
		case a.Key == own:
			return -1
		case b.Key == own:
			return 1
		}
		return a.Key.Compare(b.Key)
	})
	return all, nil
}

// Saved reports whether the person has saved a key, as far as this device knows.
func (s *Service) Saved(ctx context.Context, key seal.ID) (bool, error) {
	r, found, err := s.record(ctx, key)
	return found && r.Saved > 0, err
}

func (s *Service) record(ctx context.Context, key seal.ID) (r record, found bool, err error) {
	raw, found, err := s.Store.Secret(ctx, seal.ID{}, secretPaper+key.String())
	if err != nil || !found {
		return r, false, err
	}
	r, err = seal.Decode[record](raw)
	return r, err == nil && r.V == 1, nil
}

// Show gives the key that is to be saved.
func (s *Service) Show(ctx context.Context) (paper.Key, error) {
	key, _, err := s.unsaved(ctx)
	return key, err
}

// unsaved is the key that is on this computer still.
func (s *Service) unsaved(ctx context.Context) (paper.Key, record, error) {
	papers, err := s.Papers(ctx)
	if err != nil {
		return paper.Key{}, record{}, err
	}
	for _, p := range papers {
		if !p.Here {
			continue
		}
		seed, found, err := s.Store.Secret(ctx, seal.ID{}, secretSeed+p.Key.String())
		if err != nil || !found || len(seed) != 32 {
			return paper.Key{}, record{}, errors.Join(ErrGone, err)
		}
		return paper.FromSeed([32]byte(seed)), record{V: 1, Key: p.Key, Recipient: p.Recipient, Made: p.Made, Saved: p.Saved}, nil
	}
	return paper.Key{}, record{}, ErrGone
}

// Confirm takes what the person typed back: the asked words, in their order, or the
// whole key. The key then opens the data folder as well, and leaves this computer.
func (s *Service) Confirm(ctx context.Context, typed string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, r, err := s.unsaved(ctx)
	if errors.Is(err, ErrGone) {
		return s.again(ctx, typed)
	}
	if err != nil {
		return err
	}
	if !fits(key, typed) {
		return ErrWrong
	}
	if err := s.slot(ctx, key); err != nil {
		return err
	}
	r.Saved = s.Now().UnixMilli()
	err = s.Store.Write(ctx, func(ctx context.Context) error {
		return errors.Join(s.put(ctx, r), s.Store.DeleteSecret(ctx, seal.ID{}, secretSeed+r.Key.String()))
	})
	if err != nil {
		return fmt.Errorf("confirm the recovery key: %w", err)
	}
	s.tell()
	return nil
}

// slot lets the key open the data folder.
func (s *Service) slot(ctx context.Context, key paper.Key) error {
	if s.Slot == nil {
		return nil
	}
	if err := s.Slot(ctx, key.Slot()); err != nil {
		return fmt.Errorf("let the recovery key open the data folder: %w", err)
	}
	return nil
}

// again takes a whole key that was saved on another computer: from now on it opens the
// data folder of this one too.
func (s *Service) again(ctx context.Context, typed string) error {
	key, err := paper.Parse(typed)
	if err != nil {
		return ErrGone
	}
	if _, known, err := s.record(ctx, key.Sign().Public()); err != nil || !known {
		return errors.Join(ErrWrong, err)
	}
	if err := s.slot(ctx, key); err != nil {
		return err
	}
	s.tell()
	return nil
}

func fits(key paper.Key, typed string) bool {
	if whole, err := paper.Parse(typed); err == nil {
		return whole == key
	}
	words := strings.FieldsFunc(typed, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) })
	if len(words) != paper.Asked {
		return false
	}
	for i, place := range key.Ask() {
		if !key.Same(place, words[i]) {
			return false
		}
	}
	return true
}

// Learn takes what another device of the person knows of a key.
func (s *Service) Learn(ctx context.Context, p Paper) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found, err := s.record(ctx, p.Key)
	if err != nil {
		return err
	}
	if !found {
		r = record{V: 1, Key: p.Key, Recipient: p.Recipient, Made: p.Made}
	}
	if found && r.Saved >= p.Saved {
		return nil
	}
	r.Saved = max(r.Saved, p.Saved)
	err = s.Store.Write(ctx, func(ctx context.Context) error {
		if r.Saved > 0 { // another device has seen it typed
			if err := s.Store.DeleteSecret(ctx, seal.ID{}, secretSeed+r.Key.String()); err != nil {
				return err
			}
		}
		return s.put(ctx, r)
	})
	if err == nil {
		s.tell()
	}
	return err
}

// Keep notes a key that the person has just typed: it is saved, opens the data folder
// as well, and new persons get it.
func (s *Service) Keep(ctx context.Context, key paper.Key) error {
	recipient, err := key.Recipient()
	if err != nil {
		return err
	}
	if err := s.slot(ctx, key); err != nil {
		return err
	}
	now := s.Now().UnixMilli()
	public := key.Sign().Public()
	if err := s.Learn(ctx, Paper{Key: public, Recipient: recipient, Made: now, Saved: now}); err != nil {
		return err
	}
	return s.Store.Write(ctx, func(ctx context.Context) error {
		return s.Store.PutSecret(ctx, seal.ID{}, secretOwn, public[:])
	})
}
