package keyslots

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/text/unicode/norm"

	"parvis/crdt/seal"
)

// The slot types. Types this program does not know are kept as they are.
const (
	typeKeyring     uint = 1
	typePassphrase  uint = 2
	typeRecovery    uint = 3
	typeUnprotected uint = 4 // sealed under the zero key: in the clear, but whole
)

// maxSlots is how many slots a folder may have.
const maxSlots = 16

// slot is one sealed copy of the storage key.
type slot struct {
	_      struct{} `cbor:",toarray"`
	Type   uint
	Salt   []byte // passphrase: 16 bytes; else empty
	Passes uint32 // of Argon2id; 0 in the other types, as are the next two
	MemKiB uint32
	Lanes  uint8
	Sealed []byte
}

// stretch is the cost of a passphrase.
type stretch struct {
	passes, memKiB uint32
	lanes          uint8
}

// usual takes about 0.7 s and 256 MiB on a small computer.
var usual = stretch{passes: 3, memKiB: 256 << 10, lanes: 4} // never changed

func sealSlot(folder []byte, s slot, kek, key seal.Key) slot {
	s.Sealed = kek.Seal(key[:], slotAAD(folder, s))
	return s
}

func openSlot(folder []byte, s slot, kek seal.Key) (seal.Key, error) {
	plain, err := kek.Open(s.Sealed, slotAAD(folder, s))
	if err != nil {
		return seal.Key{}, err
	}
	if len(plain) != len(seal.Key{}) {
		return seal.Key{}, errors.New("a key slot holds no key")
	}
	return seal.Key(plain), nil
}

// slotAAD binds a slot to its folder and its type.
func slotAAD(folder []byte, s slot) []byte {
	id := seal.Hash("parvis1/keyslot", folder, []byte{byte(s.Type)})
	return id[:]
}

func (o Options) passphraseSlot(folder []byte, key seal.Key, passphrase string) (slot, error) {
	cost := o.stretch
	if cost == (stretch{}) {
		cost = usual
	}
	s := slot{Type: typePassphrase, Salt: seal.Random(16), Passes: cost.passes, MemKiB: cost.memKiB, Lanes: cost.lanes}
	return sealSlot(folder, s, seal.PassphraseKey(passphrase, s.Salt, s.Passes, s.MemKiB, s.Lanes), key), nil
}

// keyringSlot makes a key, keeps it in the keyring and seals under it.
func (o Options) keyringSlot(folder []byte, key seal.Key) (slot, error) {
	ring := o.ring()
	if err := probe(ring); err != nil {
		return slot{}, err
	}
	kek := seal.RandomKey()
	if err := ring.Set(service, account(folder), base64.StdEncoding.EncodeToString(kek[:])); err != nil {
		return slot{}, fmt.Errorf("keyring: %w", err)
	}
	return sealSlot(folder, slot{Type: typeKeyring}, kek, key), nil
}

func (o Options) openKeyring(folder []byte, s slot) (seal.Key, error) {
	text, err := o.ring().Get(service, account(folder))
	if err != nil {
		return seal.Key{}, fmt.Errorf("keyring: %w", err)
	}
	kek, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(kek) != len(seal.Key{}) {
		return seal.Key{}, errors.New("the keyring holds something else than a key")
	}
	return openSlot(folder, s, seal.Key(kek))
}

// account names the folder in the keyring; folders that are moved keep theirs.
func account(folder []byte) string { return "storage-key-" + hex.EncodeToString(folder) }

// AddPassphrase adds a passphrase, in place of the one there was, to a folder
// whose storage key is key.
func AddPassphrase(dir string, key seal.Key, passphrase string) error {
	return Options{}.addPassphrase(dir, key, passphrase)
}

func (o Options) addPassphrase(dir string, key seal.Key, passphrase string) error {
	if passphrase == "" {
		return errors.New("add passphrase: it is empty")
	}
	return change(dir, func(f *file) error {
		s, err := o.passphraseSlot(f.Folder, key, norm.NFC.String(passphrase))
		f.replace(s)
		return err
	})
}

// AddKeyring adds the system's keyring to a folder whose storage key is key.
func AddKeyring(dir string, key seal.Key, o Options) error {
	return change(dir, func(f *file) error {
		s, err := o.keyringSlot(f.Folder, key)
		f.replace(s)
		return err
	})
}

// AddRecovery adds a recovery key, in place of the one there was, to a folder
// whose storage key is key.
func AddRecovery(dir string, key, recovery seal.Key) error {
	return change(dir, func(f *file) error {
		f.replace(sealSlot(f.Folder, slot{Type: typeRecovery}, recovery, key))
		return nil
	})
}

// Remove removes the slots of one kind. The last slot stays.
func Remove(dir string, kind Protection) error {
	types := map[Protection]uint{Keyring: typeKeyring, Passphrase: typePassphrase, Recovery: typeRecovery, Unprotected: typeUnprotected}
	return change(dir, func(f *file) error {
		rest := slices.DeleteFunc(slices.Clone(f.Slots), func(s slot) bool { return s.Type == types[kind] })
		if len(rest) == 0 {
			return ErrLast
		}
		f.Slots = rest
		return nil
	})
}

// Forget takes out of a keyring what it keeps for a folder; nil means that of the operating
// system. Without it an old copy of the slots does not open by the keyring either.
func Forget(dir string, ring Ring) error {
	f, _, err := load(dir)
	if err == nil {
		err = Options{Ring: ring}.ring().Delete(service, account(f.Folder))
	}
	if err != nil {
		return fmt.Errorf("clear the keyring: %w", err)
	}
	return nil
}

// List says which kinds of slots a folder has.
func List(dir string) ([]Protection, error) {
	f, _, err := load(dir)
	if err != nil {
		return nil, fmt.Errorf("read key slots: %w", err)
	}
	names := map[uint]Protection{typeKeyring: Keyring, typePassphrase: Passphrase, typeRecovery: Recovery, typeUnprotected: Unprotected}
	var kinds []Protection
	for _, s := range f.Slots {
		if name, known := names[s.Type]; known {
			kinds = append(kinds, name)
		}
	}
	return kinds, nil
}

// change rewrites the file. It keeps the other slots, unknown types included.
func change(dir string, edit func(*file) error) error {
	f, _, err := load(dir)
	if err == nil {
		err = edit(&f)
	}
	if err == nil {
		err = save(dir, f)
	}
	if err != nil {
		return fmt.Errorf("change key slots: %w", err)
	}
	return nil
}
