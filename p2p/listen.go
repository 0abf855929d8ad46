package p2p

import (
	"fmt"
	"regexp"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// listenable are the addresses that a node can listen on: its transports are TCP and QUIC.
var listenable = regexp.MustCompile(`^/ip[46]/[^/]+/(tcp/\d+|udp/\d+/quic-v1)$`)

// announceable are the addresses that devices can be told: names, too, but nothing unspecified.
var announceable = regexp.MustCompile(`^/(ip[46]|dns[46]?)/[^/]+/(tcp/\d+|udp/\d+/quic-v1)$`)

// CheckListen refuses an address that a node could never listen on, with a sentence that
// shows how one is written.
func CheckListen(addrs []string) error {
	for _, addr := range addrs {
		if _, err := ma.NewMultiaddr(addr); err != nil || !listenable.MatchString(addr) {
			return fmt.Errorf("%.100q is not an address to listen on: write one like /ip4/0.0.0.0/udp/4001/quic-v1 or /ip4/0.0.0.0/tcp/4001 (0.0.0.0: every interface; port 0: any free one)", addr)
		}
	}
	return nil
}

// CheckAnnounce refuses an address that no device could ever dial, likewise.
func CheckAnnounce(addrs []string) error {
	for _, addr := range addrs {
		if parsed, err := ma.NewMultiaddr(addr); err != nil || !announceable.MatchString(addr) || manet.IsIPUnspecified(parsed) {
			return fmt.Errorf("%.100q is not an address to reach a super-peer at: write one like /dns/parvis.example.org/udp/443/quic-v1 or /ip4/203.0.113.7/tcp/443", addr)
		}
	}
	return nil
}
