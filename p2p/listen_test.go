package p2p_test

import (
	"strings"
	"testing"

	"parvis/p2p"
)

func TestAnAddressToAnnounceIsCheckedBeforeTheStart(t *testing.T) {
	for addr, good := range map[string]bool{
		"/dns/parvis.example.org/udp/443/quic-v1": true, "/dns4/example.org/tcp/443": true, "/ip4/203.0.113.7/tcp/443": true, "/ip6/2001:db8::1/udp/443/quic-v1": true,
		"": false, "foo": false, "example.org:443": false, "/dns/example.org": false, "/ip4/1.2.3.400/tcp/1": false, "/ip4/1.2.3.4/udp/1": false, "/ip4/0.0.0.0/tcp/443": false,
	} {
		err := p2p.CheckAnnounce([]string{addr})
		if (err == nil) != good {
			t.Errorf("%q gives %v", addr, err)
		}
		if err != nil && !strings.Contains(err.Error(), "/dns/parvis.example.org/udp/443/quic-v1") {
			t.Errorf("%q is refused without an example: %v", addr, err)
		}
	}
}

func TestAnAddressToListenOnIsCheckedBeforeTheStart(t *testing.T) {
	for addr, good := range map[string]bool{
		"/ip4/0.0.0.0/udp/0/quic-v1": true, "/ip4/192.168.1.2/tcp/4001": true, "/ip6/::/udp/4001/quic-v1": true, "/ip6/::1/tcp/0": true,
		"": false, "foo": false, "0.0.0.0:4001": false, "/ip4/1.2.3.4": false, "/ip4/1.2.3.400/tcp/1": false, "/ip4/1.2.3.4/udp/1": false,
		"/ip4/1.2.3.4/tcp/70000": false, "/dns/example.org/tcp/1": false, "/ip4/1.2.3.4/tcp/1/ws": false,
	} {
		err := p2p.CheckListen([]string{"/ip4/0.0.0.0/tcp/0", addr})
		if (err == nil) != good {
			t.Errorf("%q gives %v", addr, err)
		}
		if err != nil && !strings.Contains(err.Error(), "/ip4/0.0.0.0/tcp/4001") {
			t.Errorf("%q is refused without an example: %v", addr, err)
		}
	}
	for _, addr := range p2p.DefaultListen() {
		if err := p2p.CheckListen([]string{addr}); err != nil {
			t.Error(err)
		}
	}
}
