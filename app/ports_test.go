package app

import (
	"slices"
	"testing"
)

func TestListenAddressesKeepThePortsOfTheLastRun(t *testing.T) {
	ports := map[string]string{"ip4/tcp": "4001", "ip6/udp": "4002"}
	listen := []string{"/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1", "/ip6/::/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/7"}
	got, changed := withPorts(listen, ports)
	want := []string{"/ip4/0.0.0.0/tcp/4001", "/ip4/0.0.0.0/udp/0/quic-v1", "/ip6/::/udp/4002/quic-v1", "/ip4/127.0.0.1/tcp/7"}
	if !slices.Equal(got, want) || !changed {
		t.Errorf("got %q %v, want %q", got, changed, want)
	}
	if got, changed := withPorts(listen, nil); changed || !slices.Equal(got, listen) {
		t.Errorf("without ports: got %q, want no change", got)
	}
}
