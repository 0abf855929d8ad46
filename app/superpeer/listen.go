package superpeer

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Ports for peers: the one that every network lets through, and the one for
// processes that may not use that.
const (
	usualPort = 443
	otherPort = 4443
)

// portFile keeps the port that was chosen first: set-up codes and devices name it,
// so that a super-peer on another one would not be found.
const portFile = "superpeer.port"

// everywhere is every interface, QUIC and TCP.
func everywhere(port int) []string {
	return []string{
		fmt.Sprintf("/ip4/0.0.0.0/udp/%d/quic-v1", port), fmt.Sprintf("/ip4/0.0.0.0/tcp/%d", port),
		fmt.Sprintf("/ip6/::/udp/%d/quic-v1", port), fmt.Sprintf("/ip6/::/tcp/%d", port),
	}
}

// addrs are where devices come to, with a port that is not that of the guests.
func (c Config) addrs() ([]string, error) {
	listen := c.Listen
	if len(listen) == 0 {
		usual := usualPort
		if c.Guests.port() == usual {
			usual = otherPort
		}
		port, err := portOf(c.Data, usual, otherPort)
		if err != nil {
			return nil, err
		}
		listen = everywhere(port)
	}
	return listen, c.Guests.clash(listen)
}

// choose is the usual port where this process may use it and nobody else does.
func choose(usual, other int) int {
	if tryPort(usual) == nil {
		return usual
	}
	return other
}

// portOf is the port that is kept in a data folder, or the one of the two that is
// chosen and then kept.
func portOf(dir string, usual, other int) (int, error) {
	path := filepath.Join(dir, portFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		port := choose(usual, other)
		if err := tryPort(port); err != nil {
			return 0, fmt.Errorf("neither port %d nor %d can be used: %w; free one of them, or name another one with --listen", usual, other, err)
		}
		if err := writeWhole(path, []byte(strconv.Itoa(port)+"\n")); err != nil {
			return 0, fmt.Errorf("keep the super-peer's port: %w", err)
		}
		return port, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the super-peer's port: %w", err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("the super-peer's port is damaged: write the port into %s, or remove it to have one chosen", path)
	}
	if err := tryPort(port); err != nil {
		return 0, fmt.Errorf("devices look for this super-peer on port %d, which cannot be used: %w; free it, or remove %s and attach the super-peer again", port, err, path)
	}
	return port, nil
}

// tryPort tries a port with both transports, because half of one would surprise.
func tryPort(port int) error {
	at := fmt.Sprintf("0.0.0.0:%d", port)
	tcp, err := net.Listen("tcp4", at)
	if err != nil {
		return err
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp4", at)
	if err != nil {
		return err
	}
	return udp.Close()
}
