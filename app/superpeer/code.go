package superpeer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"parvis/app/store"
	"parvis/p2p"
	"parvis/p2p/mailbox"
)

// ErrRuns reports that a super-peer runs on the folder, or another program has it open.
var ErrRuns = store.ErrInUse

// addrFile says under which id and addresses the super-peer ran last, a line each, so that
// its code can be read while it runs.
const addrFile = "superpeer.addrs"

// CheckListen refuses an address that a super-peer could never listen on.
func CheckListen(addrs []string) error { return p2p.CheckListen(addrs) }

// CheckAnnounce refuses an address that no device could ever reach a super-peer at.
func CheckAnnounce(addrs []string) error { return p2p.CheckAnnounce(addrs) }

// Exists reports whether a data folder is that of a super-peer.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, identityFile))
	return err == nil
}

// SetupOf is the set-up code of a super-peer that runs on a data folder. It only reads.
func SetupOf(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, addrFile))
	if err != nil {
		return "", fmt.Errorf("read the super-peer's addresses: %w; stop it, and start it with --show-code", err)
	}
	lines := strings.Fields(string(text))
	id, err := readIdentity(dir)
	if err != nil {
		return "", err
	}
	if len(lines) == 0 {
		return "", errors.New("the super-peer's addresses are damaged: stop it, and start it with --show-code")
	}
	code := mailbox.Setup{Peer: p2p.PeerID(lines[0]), Secret: id.secret, Addrs: lines[1:]}.String()
	if code == "" {
		return "", errors.New("the super-peer's addresses are damaged: stop it, and start it with --show-code")
	}
	return code, nil
}

// keepAddrs writes what [SetupOf] reads.
func (s *SuperPeer) keepAddrs() error {
	lines := append([]string{s.Peer()}, s.Addrs()...)
	if err := writeWhole(filepath.Join(s.config.Data, addrFile), []byte(strings.Join(lines, "\n")+"\n")); err != nil {
		return fmt.Errorf("keep the super-peer's addresses: %w", err)
	}
	return nil
}
