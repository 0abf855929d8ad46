package cli

import (
	"net/netip"

	"github.com/spf13/pflag"

	"parvis/app/superpeer"
	"parvis/frontend"
)

// guestFlags are those about guests of calls.
type guestFlags struct {
	url, listen, cert, key string
	turn, turnAddress      string
}

func (g *guestFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&g.url, "guests", "", "address where browsers reach this super-peer, such as https://meet.example.org: lets guests come to calls by a meeting link (default: none come)")
	flags.StringVar(&g.listen, "guest-listen", "", "host:port of the page for guests, such as :443, or 127.0.0.1:8080 behind a reverse proxy")
	flags.StringVar(&g.cert, "guest-cert", "", "certificate of that page, a file in PEM; without one it is served without TLS, for behind a reverse proxy")
	flags.StringVar(&g.key, "guest-key", "", "key of the certificate, a file in PEM")
	flags.StringVar(&g.turn, "guest-turn", "", "host:port of a relay for guests who reach nobody directly, such as :3478, UDP and TCP; it also takes the UDP ports 50000 to 50999 (default: none)")
	flags.StringVar(&g.turnAddress, "guest-turn-address", "", "IP address under which guests reach the relay (default: that of the host in --guests)")
}

// config is what the flags mean, checked.
func (g *guestFlags) config() (superpeer.Guests, error) {
	c := superpeer.Guests{URL: g.url, Listen: g.listen, Cert: g.cert, Key: g.key, TURN: g.turn, Page: frontend.Meet()}
	if g.turnAddress != "" {
		addr, err := netip.ParseAddr(g.turnAddress)
		if err != nil {
			return c, invalid("--guest-turn-address takes an IP address, such as 203.0.113.5, not %s.", quote(g.turnAddress))
		}
		c.TURNAddr = addr
	}
	if err := c.Check(); err != nil {
		return c, invalid("%s.", firstUpper(err.Error()))
	}
	return c, nil
}
