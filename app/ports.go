package app

import (
	"context"
	"regexp"
	"strings"

	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
)

// CheckListen refuses an address that a node could never listen on.
func CheckListen(addrs []string) error { return p2p.CheckListen(addrs) }

// secretPorts keeps the ports of the last run, so that others find this node
// where they left it.
const secretPorts = "ports"

// port matches the transport part of a listen address.
var port = regexp.MustCompile(`^/(ip4|ip6)/[^/]+/(tcp|udp)/(\d+)`)

// lastPorts reads the addresses of the last run, by "ip4/tcp" and so on.
func lastPorts(ctx context.Context, vault workspace.Vault) map[string]string {
	ports := map[string]string{}
	stored, _, err := vault.Secret(ctx, seal.ID{}, secretPorts)
	if err != nil {
		return ports // the ports are a convenience
	}
	for _, addr := range strings.Fields(string(stored)) {
		if m := port.FindStringSubmatch(addr); m != nil {
			ports[m[1]+"/"+m[2]] = m[3]
		}
	}
	return ports
}

// withPorts puts the ports of the last run where any port will do. changed says
// whether there was such a place.
func withPorts(listen []string, ports map[string]string) (fixed []string, changed bool) {
	for _, addr := range listen {
		if m := port.FindStringSubmatch(addr); m != nil && m[3] == "0" && ports[m[1]+"/"+m[2]] != "" {
			addr = strings.Replace(addr, "/"+m[2]+"/0", "/"+m[2]+"/"+ports[m[1]+"/"+m[2]], 1)
			changed = true
		}
		fixed = append(fixed, addr)
	}
	return fixed, changed
}

// keepPorts remembers the addresses of this run.
func keepPorts(ctx context.Context, storage workspace.Storage, addrs []string) error {
	return storage.Write(ctx, func(ctx context.Context) error {
		return storage.PutSecret(ctx, seal.ID{}, secretPorts, []byte(strings.Join(addrs, "\n")))
	})
}

// listensOn reports whether every port that was asked for is among addrs. A host
// starts as long as one of its addresses is free.
func listensOn(addrs, wanted []string) bool {
	got := map[string]bool{}
	for _, addr := range addrs {
		if m := port.FindStringSubmatch(addr); m != nil {
			got[m[2]+"/"+m[3]] = true
		}
	}
	for _, addr := range wanted {
		if m := port.FindStringSubmatch(addr); m != nil && m[3] != "0" && !got[m[2]+"/"+m[3]] {
			return false
		}
	}
	return true
}
