package workspace

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// Names of the vault's values.
const (
	secretLogKey = "log-key"
	secretKEM    = "kem/"    // + generation
	secretEpoch  = "epoch/"  // + space + "/" + epoch id
	secretInvite = "invite/" // + invite id: the link
	secretSelf   = "person"  // the person genesis
	secretJoin   = "join"    // the link and name of a join that goes on
	secretName   = "name"    // the own name until it is written

	secretStopped = "join-stopped" // how the comparison of codes of a join ended
)

// maxContentKeys bounds the cache of derived keys.
const maxContentKeys = 4096

// keyring holds the secrets of one workspace in memory; the vault keeps them.
type keyring struct {
	w      *Workspace
	looked atomic.Bool // for stored envelopes that wait for an epoch

	mu      sync.Mutex
	stale   bool // guarded by mu; a transaction was undone: read again
	lk      seal.Key
	kem     map[uint32]seal.KEMKey    // guarded by mu; by generation
	epochs  map[seal.ID]seal.Key      // guarded by mu; by epoch id
	content map[contentKeyID]seal.Key // guarded by mu; derived, bounded
	lacked  map[seal.ID]seal.SpaceID  // guarded by mu; epochs that envelopes wait for, bounded
	asked   map[seal.ID]turns         // guarded by mu; epochs that were asked for, bounded
}

type contentKeyID struct{ epoch, device seal.ID }

func newKeyring(w *Workspace) *keyring {
	return &keyring{w: w, kem: map[uint32]seal.KEMKey{}, epochs: map[seal.ID]seal.Key{}, content: map[contentKeyID]seal.Key{}}
}

func (k *keyring) load(ctx context.Context) error {
	lk, found, err := k.w.storage.Secret(ctx, k.w.id, secretLogKey)
	if err != nil {
		return err
	}
	if found && len(lk) != len(seal.Key{}) {
		return fmt.Errorf("log key has %d bytes", len(lk))
	}
	kems, err := k.w.storage.Secrets(ctx, k.w.id, secretKEM)
	if err != nil {
		return err
	}
	epochs, err := k.w.storage.Secrets(ctx, k.w.id, secretEpoch)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lk, k.stale = seal.Key{}, false
	k.kem, k.epochs, k.content = map[uint32]seal.KEMKey{}, map[seal.ID]seal.Key{}, map[contentKeyID]seal.Key{}
	copy(k.lk[:], lk)
	for name, seed := range kems {
		gen, err := strconv.ParseUint(strings.TrimPrefix(name, secretKEM), 10, 32)
		if err != nil || len(seed) != 32 {
			return fmt.Errorf("stored KEM key %q is damaged", name)
		}
		key, err := seal.NewKEMKey([32]byte(seed))
		if err != nil {
			return err
		}
		k.kem[uint32(gen)] = key
	}
	for name, secret := range epochs {
		_, hex, _ := strings.Cut(strings.TrimPrefix(name, secretEpoch), "/")
		id, err := seal.ParseID(hex)
		if err != nil || len(secret) != len(seal.Key{}) {
			return fmt.Errorf("stored epoch secret %q is damaged", name)
		}
		k.epochs[id] = seal.Key(secret)
	}
	return nil
}

func (k *keyring) forget() {
	k.mu.Lock()
	k.stale = true
	k.mu.Unlock()
}

// fresh reads the keys again when a transaction that may have added some was undone.
func (k *keyring) fresh(ctx context.Context) error {
	k.mu.Lock()
	stale := k.stale
	k.mu.Unlock()
	if !stale {
		return nil
	}
	return k.load(ctx)
}

// log is the key that seals the entries of the membership log.
func (k *keyring) log() seal.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lk
}

func (k *keyring) setLog(ctx context.Context, lk seal.Key) error {
	if err := k.w.storage.PutSecret(ctx, k.w.id, secretLogKey, lk[:]); err != nil {
		return err
	}
	k.mu.Lock()
	k.lk = lk
	k.mu.Unlock()
	return nil
}

// addKEM makes and keeps the KEM key of a generation from its seed.
func (k *keyring) addKEM(ctx context.Context, gen uint32, seed [32]byte) (seal.KEMKey, error) {
	key, err := seal.NewKEMKey(seed)
	if err != nil {
		return key, err
	}
	if err := k.w.storage.PutSecret(ctx, k.w.id, secretKEM+strconv.FormatUint(uint64(gen), 10), seed[:]); err != nil {
		return key, err
	}
	k.mu.Lock()
	k.kem[gen] = key
	k.mu.Unlock()
	return key, nil
}

func (k *keyring) kemOf(gen uint32) (seal.KEMKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.kem[gen]
	return key, ok
}

// epoch is the secret of an epoch, if this device has it.
func (k *keyring) epoch(id seal.ID) (seal.Key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	secret, ok := k.epochs[id]
	return secret, ok
}

func (k *keyring) hasEpoch(id seal.ID) bool {
	_, ok := k.epoch(id)
	return ok
}

// secrets copies all epoch secrets.
func (k *keyring) secrets() map[seal.ID]seal.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make(map[seal.ID]seal.Key, len(k.epochs))
	for id, secret := range k.epochs {
		all[id] = secret
	}
	return all
}

// addEpoch keeps a secret that was checked against its epoch id.
func (k *keyring) addEpoch(ctx context.Context, space seal.SpaceID, id seal.ID, secret seal.Key) error {
	if k.hasEpoch(id) {
		return nil
	}
	if err := k.w.storage.PutSecret(ctx, k.w.id, secretEpoch+space.String()+"/"+id.String(), secret[:]); err != nil {
		return err
	}
	k.mu.Lock()
	k.epochs[id] = secret
	delete(k.lacked, id)
	delete(k.asked, id)
	k.mu.Unlock()
	return nil
}

// contentKey is the key of one device's envelopes in an epoch.
func (k *keyring) contentKey(space seal.SpaceID, epoch, device seal.ID) (seal.Key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := contentKeyID{epoch, device}
	if key, ok := k.content[at]; ok {
		return key, true
	}
	secret, ok := k.epochs[epoch]
	if !ok {
		return seal.Key{}, false
	}
	if len(k.content) >= maxContentKeys {
		clear(k.content)
	}
	key := feed.ContentKey(secret, space, epoch, device)
	k.content[at] = key
	return key, true
}

// nonce16 is 16 random bytes.
func nonce16() (n [16]byte) {
	copy(n[:], seal.Random(len(n)))
	return n
}

func uint64Bytes(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
