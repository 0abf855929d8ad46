package keyslots

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"parvis/crdt/seal"
)

// memoryRing is a keyring in memory.
type memoryRing map[string]string

func (r memoryRing) Set(service, account, secret string) error {
	r[service+"/"+account] = secret
	return nil
}

func (r memoryRing) Get(service, account string) (string, error) {
	secret, ok := r[service+"/"+account]
	if !ok {
		return "", errors.New("not found")
	}
	return secret, nil
}

func (r memoryRing) Delete(service, account string) error {
	delete(r, service+"/"+account)
	return nil
}

// brokenRing answers nothing; lossyRing forgets what it is given.
type brokenRing struct{}

func (brokenRing) Set(string, string, string) error   { return errors.New("locked") }
func (brokenRing) Get(string, string) (string, error) { return "", errors.New("locked") }
func (brokenRing) Delete(string, string) error        { return errors.New("locked") }

type lossyRing struct{}

func (lossyRing) Set(string, string, string) error   { return nil }
func (lossyRing) Get(string, string) (string, error) { return "", nil }
func (lossyRing) Delete(string, string) error        { return nil }

// quick keeps the tests short.
var quick = stretch{passes: 1, memKiB: 64, lanes: 1} // never changed

func say(passphrase string) func() (string, error) {
	return func() (string, error) { return passphrase, nil }
}

// words is passphrase protection without a keyring.
func words(passphrase string) Options {
	return Options{Passphrase: say(passphrase), Ring: brokenRing{}, stretch: quick}
}

func mustCreate(t *testing.T, dir string, o Options, want Protection) seal.Key {
	t.Helper()
	key, protection, err := OpenOrCreate(dir, o)
	if err != nil || protection != want || key == (seal.Key{}) {
		t.Fatalf("create: %s, %v", protection, err)
	}
	return key
}

func mustOpen(t *testing.T, dir string, o Options, want seal.Key, by Protection) {
	t.Helper()
	key, protection, err := OpenOrCreate(dir, o)
	if err != nil || protection != by || key != want {
		t.Errorf("open: by %s, want %s; same key: %v; %v", protection, by, key == want, err)
	}
}

func TestTheKeyringOpensWithoutAsking(t *testing.T) {
	dir, ring := t.TempDir(), memoryRing{}
	key := mustCreate(t, dir, Options{Ring: ring}, Keyring)
	if len(ring) != 1 {
		t.Errorf("%d entries in the keyring; the probe stayed there", len(ring))
	}
	mustOpen(t, dir, Options{Ring: ring}, key, Keyring)
	if _, _, err := Open(dir, Options{Ring: brokenRing{}, Passphrase: say("x")}); !errors.Is(err, ErrLocked) {
		t.Errorf("with the keyring gone: %v", err)
	}
	if err := AddPassphrase(dir, key, "plan b"); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir, Options{Ring: brokenRing{}, Passphrase: say("plan b")}, key, Passphrase)
	mustOpen(t, dir, Options{Ring: ring}, key, Keyring)
}

func TestNothingFallsBackToAnUnprotectedFile(t *testing.T) {
	for name, o := range map[string]Options{
		"broken keyring, nobody to ask": {Ring: brokenRing{}},
		"keyring that forgets":          {Ring: lossyRing{}},
		"empty passphrase":              {Ring: brokenRing{}, Passphrase: say("")},
		"no keyring wanted":             {Ring: memoryRing{}, NoKeyring: true},
	} {
		dir := t.TempDir()
		if _, _, err := OpenOrCreate(dir, o); !errors.Is(err, ErrLocked) {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s: it left %v", name, left)
		}
	}
	cancelled := errors.New("cancelled")
	_, _, err := OpenOrCreate(t.TempDir(), Options{Ring: brokenRing{}, Passphrase: func() (string, error) { return "", cancelled }})
	if !errors.Is(err, cancelled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestPassphrase(t *testing.T) {
	dir := t.TempDir()
	key := mustCreate(t, dir, words("fünf Wörter"), Passphrase)
	mustOpen(t, dir, words("fünf Wörter"), key, Passphrase)
	mustOpen(t, dir, words("fu\u0308nf Wo\u0308rter"), key, Passphrase) // typed on a Mac
	if _, _, err := Open(dir, words("funf Worter")); !errors.Is(err, ErrWrong) {
		t.Errorf("wrong passphrase: %v", err)
	}
	if _, _, err := Open(dir, Options{Ring: brokenRing{}}); !errors.Is(err, ErrLocked) {
		t.Errorf("nobody to ask: %v", err)
	}
	if _, _, err := Create(dir, words("again")); !errors.Is(err, ErrExists) {
		t.Errorf("create twice: %v", err)
	}
	if err := words("").addPassphrase(dir, key, "new words"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir, words("fünf Wörter")); !errors.Is(err, ErrWrong) {
		t.Errorf("the replaced passphrase: %v", err)
	}
	mustOpen(t, dir, words("new words"), key, Passphrase)
}

func TestTheUsualCostIsStoredWithTheSlot(t *testing.T) {
	dir := t.TempDir()
	o := words("words")
	o.stretch = stretch{}
	key := mustCreate(t, dir, o, Passphrase)
	f, _, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Slots[0]; s.Passes != 3 || s.MemKiB != 256<<10 || s.Lanes != 4 || len(s.Salt) != 16 {
		t.Errorf("stored: %d passes over %d KiB in %d lanes", s.Passes, s.MemKiB, s.Lanes)
	}
	mustOpen(t, dir, words("words"), key, Passphrase)
}

func TestUnprotectedMustBeAskedFor(t *testing.T) {
	dir, ring := t.TempDir(), memoryRing{}
	key := mustCreate(t, dir, Options{Unprotected: true, Ring: ring}, Unprotected)
	mustOpen(t, dir, Options{Ring: brokenRing{}}, key, Unprotected)
	if len(ring) != 0 {
		t.Error("the keyring was used")
	}
	if err := words("").addPassphrase(dir, key, "words"); err != nil {
		t.Fatal(err)
	}
	if err := Remove(dir, Unprotected); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(dir, Options{Ring: brokenRing{}}); !errors.Is(err, ErrLocked) {
		t.Errorf("after protecting it: %v", err)
	}
	mustOpen(t, dir, words("words"), key, Passphrase)
}

func TestRecoveryKeyAndRemoval(t *testing.T) {
	dir := t.TempDir()
	key, recovery := mustCreate(t, dir, words("words"), Passphrase), seal.RandomKey()
	if _, err := OpenRecovery(dir, recovery); !errors.Is(err, ErrWrong) {
		t.Errorf("before it was added: %v", err)
	}
	if err := AddRecovery(dir, key, recovery); err != nil {
		t.Fatal(err)
	}
	if got, err := OpenRecovery(dir, recovery); err != nil || got != key {
		t.Errorf("recovery: %v", err)
	}
	if err := AddKeyring(dir, key, Options{Ring: memoryRing{}}); err != nil {
		t.Fatal(err)
	}
	kinds, err := List(dir)
	if err != nil || len(kinds) != 3 {
		t.Errorf("slots: %v, %v", kinds, err)
	}
	for _, kind := range []Protection{Keyring, Passphrase} {
		if err := Remove(dir, kind); err != nil {
			t.Fatal(err)
		}
	}
	if err := Remove(dir, Recovery); !errors.Is(err, ErrLast) {
		t.Errorf("removing the last slot: %v", err)
	}
	if got, err := OpenRecovery(dir, recovery); err != nil || got != key {
		t.Errorf("recovery: %v", err)
	}
}

func TestOneCopyHealsTheOther(t *testing.T) {
	for _, name := range []string{fileName, copyName} {
		for what, damage := range map[string]func(path string) error{
			"missing": os.Remove,
			"empty":   func(path string) error { return os.Truncate(path, 0) },
			"cut":     func(path string) error { return os.Truncate(path, 50) },
			"a flipped bit": func(path string) error {
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				data[len(data)/2] ^= 4
				return os.WriteFile(path, data, 0o600)
			},
			"too large": func(path string) error { return os.WriteFile(path, make([]byte, maxFile+1), 0o600) },
		} {
			dir := t.TempDir()
			key := mustCreate(t, dir, words("words"), Passphrase)
			if err := damage(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			mustOpen(t, dir, words("words"), key, Passphrase)
			first, err1 := os.ReadFile(filepath.Join(dir, fileName))
			second, err2 := os.ReadFile(filepath.Join(dir, copyName))
			if err1 != nil || err2 != nil || !bytes.Equal(first, second) {
				t.Errorf("%s %s: not healed, %v, %v", name, what, err1, err2)
			}
		}
	}
}

func TestTwoDamagedCopiesAreNeverReplacedByANewKey(t *testing.T) {
	dir := t.TempDir()
	mustCreate(t, dir, words("words"), Passphrase)
	for _, name := range []string{fileName, copyName} {
		if err := os.Truncate(filepath.Join(dir, name), 10); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := OpenOrCreate(dir, words("words")); !errors.Is(err, ErrDamaged) {
		t.Errorf("both damaged: %v", err)
	}
	if _, _, err := Create(dir, words("words")); !errors.Is(err, ErrDamaged) {
		t.Errorf("create over damage: %v", err)
	}
}

func TestAnInterruptedChangeLeavesTheNewerCopy(t *testing.T) {
	dir := t.TempDir()
	key := mustCreate(t, dir, words("old words"), Passphrase)
	old, err := os.ReadFile(filepath.Join(dir, copyName))
	if err != nil {
		t.Fatal(err)
	}
	if err := words("").addPassphrase(dir, key, "new words"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, copyName), old, 0o600); err != nil { // as if the power had gone
		t.Fatal(err)
	}
	mustOpen(t, dir, words("new words"), key, Passphrase)
	if now, _ := os.ReadFile(filepath.Join(dir, copyName)); bytes.Equal(now, old) {
		t.Error("the older copy stayed")
	}
}

func TestNewerFilesAndUnknownSlots(t *testing.T) {
	dir := t.TempDir()
	key := mustCreate(t, dir, words("words"), Passphrase)
	err := change(dir, func(f *file) error {
		f.Slots = append(f.Slots, slot{Type: 77, Salt: []byte{}, Sealed: []byte("of a later program")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := AddRecovery(dir, key, seal.RandomKey()); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir, words("words"), key, Passphrase)
	f, _, err := load(dir)
	if err != nil || !slices.ContainsFunc(f.Slots, func(s slot) bool { return s.Type == 77 }) {
		t.Errorf("the unknown slot is gone, %v", err)
	}
	f.V = 2
	data, err := f.encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fileName, copyName} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := OpenOrCreate(dir, words("words")); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer file: %v", err)
	}
}

func TestFilesHoldNoKeyAndLeaveNoRest(t *testing.T) {
	dir := t.TempDir()
	key := mustCreate(t, dir, words("some words"), Passphrase)
	if err := AddRecovery(dir, key, seal.RandomKey()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("files: %v, %v", entries, err)
	}
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil || bytes.Contains(data, key[:8]) || bytes.Contains(data, []byte("some words")) {
			t.Errorf("%s shows the key or the passphrase, %v", entry.Name(), err)
		}
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 && os.PathSeparator == '/' {
			t.Errorf("%s has mode %v, %v", entry.Name(), info.Mode(), err)
		}
	}
}

func TestAFolderWithoutKeySlots(t *testing.T) {
	if _, _, err := Open(t.TempDir(), words("words")); !errors.Is(err, ErrNone) || !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := List(t.TempDir()); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
