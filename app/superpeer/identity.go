package superpeer

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"parvis/crdt/seal"
	"parvis/p2p/mailbox"
)

const (
	identityFile  = "superpeer.key"
	identityTitle = "parvis-superpeer-1 "
)

// identity is what makes a super-peer this one: the seed of its host key, and the
// secret of its set-up code. It lies beside the database, so that a database that
// is lost or thrown away does not make devices look for another super-peer.
type identity struct {
	seed   [32]byte
	secret [mailbox.SetupSecret]byte
}

// loadIdentity reads the identity of a data folder, or makes it.
func loadIdentity(dir string) (identity, error) {
	id, err := readIdentity(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return makeIdentity(filepath.Join(dir, identityFile))
	}
	return id, err
}

func readIdentity(dir string) (identity, error) {
	path := filepath.Join(dir, identityFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return identity{}, fmt.Errorf("read the super-peer's identity: %w", err)
	}
	var id identity
	digits, titled := strings.CutPrefix(strings.TrimSpace(string(text)), identityTitle)
	raw, err := hex.DecodeString(digits)
	if !titled || err != nil || len(raw) != len(id.seed)+len(id.secret) {
		return identity{}, fmt.Errorf("the super-peer's identity is damaged: put back a copy of %s, or remove it and attach the super-peer to its workspaces anew", path)
	}
	copy(id.seed[:], raw)
	copy(id.secret[:], raw[len(id.seed):])
	return id, nil
}

// makeIdentity writes a fresh one, whole or not at all.
func makeIdentity(path string) (id identity, err error) {
	copy(id.seed[:], seal.Random(len(id.seed)))
	copy(id.secret[:], seal.Random(len(id.secret)))
	return id, id.keep(path)
}

// renewed is the same super-peer with a fresh set-up secret.
func (id identity) renewed(dir string) (identity, error) {
	copy(id.secret[:], seal.Random(len(id.secret)))
	return id, id.keep(filepath.Join(dir, identityFile))
}

func (id identity) keep(path string) error {
	text := identityTitle + hex.EncodeToString(append(id.seed[:], id.secret[:]...)) + "\n"
	if err := writeWhole(path, []byte(text)); err != nil {
		return fmt.Errorf("keep the super-peer's identity: %w", err)
	}
	return nil
}

func writeWhole(path string, data []byte) error {
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	_ = folder.Sync() // Windows cannot, and needs not
	return folder.Close()
}
