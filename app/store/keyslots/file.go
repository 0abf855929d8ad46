package keyslots

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"parvis/crdt/seal"
)

const (
	version  = 1
	fileName = "keyslots"
	copyName = "keyslots.copy"
	// maxFile bounds what is read: 16 slots take about 2 KiB.
	maxFile = 64 << 10
)

// file is the content of both copies.
type file struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Folder []byte // 16 random bytes that name the folder in the keyring
	Count  uint64 // how often the file was written; the greater of two copies is the newer
	Slots  []slot
}

// sheet is what lies on the disk: the content and its hash, so that a damaged
// copy is told from a wrong passphrase.
type sheet struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Body []byte
	Sum  seal.ID
}

func (f file) find(kind uint) (slot, bool) {
	for _, s := range f.Slots {
		if s.Type == kind {
			return s, true
		}
	}
	return slot{}, false
}

// replace puts a slot in the place of those of its type.
func (f *file) replace(s slot) {
	rest := []slot{s}
	for _, old := range f.Slots {
		if old.Type != s.Type {
			rest = append(rest, old)
		}
	}
	f.Slots = rest
}

func (f file) encode() ([]byte, error) {
	body, err := seal.Encode(f)
	if err != nil {
		return nil, err
	}
	return seal.Encode(sheet{V: version, Body: body, Sum: seal.Hash("parvis1/keyslots", body)})
}

// decode reads one copy. Damage of any kind is ErrDamaged.
func decode(data []byte) (file, error) {
	outer, err := seal.Decode[sheet](data)
	if err != nil {
		return file{}, fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	if outer.Sum != seal.Hash("parvis1/keyslots", outer.Body) {
		return file{}, fmt.Errorf("%w (its hash is wrong)", ErrDamaged)
	}
	if outer.V != version {
		return file{}, ErrNewer
	}
	f, err := seal.Decode[file](outer.Body)
	if err != nil {
		return file{}, fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return f, f.check()
}

func (f file) check() error {
	switch {
	case f.V != version:
		return ErrNewer
	case len(f.Folder) != 16:
		return fmt.Errorf("%w (the folder's name has %d bytes)", ErrDamaged, len(f.Folder))
	case len(f.Slots) == 0, len(f.Slots) > maxSlots:
		return fmt.Errorf("%w (%d slots)", ErrDamaged, len(f.Slots))
	}
	for _, s := range f.Slots {
		if len(s.Sealed) > 1<<10 || len(s.Salt) > 64 || (s.Type == typePassphrase && len(s.Salt) < 8) {
			return fmt.Errorf("%w (slot of type %d)", ErrDamaged, s.Type)
		}
		if s.Type == typePassphrase {
			if err := seal.CheckStretch(s.Passes, s.MemKiB, s.Lanes); err != nil {
				return fmt.Errorf("%w (%w)", ErrDamaged, err)
			}
		}
	}
	return nil
}

// load reads both copies and takes the newer good one. differ says that the
// other should be written again.
func load(dir string) (f file, differ bool, err error) {
	first, err1 := loadCopy(filepath.Join(dir, fileName))
	second, err2 := loadCopy(filepath.Join(dir, copyName))
	switch {
	case err1 == nil && err2 == nil:
		if second.Count > first.Count {
			return second, true, nil
		}
		return first, second.Count < first.Count, nil
	case errors.Is(err1, ErrNewer) || errors.Is(err2, ErrNewer):
		return file{}, false, ErrNewer
	case err1 == nil:
		return first, true, nil
	case err2 == nil:
		return second, true, nil
	case errors.Is(err1, fs.ErrNotExist) && errors.Is(err2, fs.ErrNotExist):
		return file{}, false, ErrNone
	case errors.Is(err1, fs.ErrNotExist):
		return file{}, false, err2
	}
	return file{}, false, err1
}

func loadCopy(path string) (file, error) {
	in, err := os.Open(path)
	if err != nil {
		return file{}, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return file{}, err
	}
	if len(data) > maxFile {
		return file{}, fmt.Errorf("%w (larger than %d bytes)", ErrDamaged, maxFile)
	}
	return decode(data)
}

// save replaces one copy after the other, each at once as a whole: whenever the
// power goes, one good copy is there.
func save(dir string, f file) error {
	if len(f.Slots) > maxSlots {
		return fmt.Errorf("%d slots are too many", len(f.Slots))
	}
	f.Count++
	data, err := f.encode()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{fileName, copyName} {
		if err := replaceFile(dir, name, data); err != nil {
			return err
		}
	}
	return nil
}

func replaceFile(dir, name string, data []byte) error {
	out, err := os.CreateTemp(dir, name+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) // without effect after the rename
	_, err = out.Write(data)
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	if err := os.Rename(out.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncDir(dir)
}
