package media

import (
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// MaxGuests is how many browsers may be in a room.
const MaxGuests = 8

// maxServers bounds what is asked for an address.
const maxServers = 4

// JoinGuest says that a browser is there, which is no program of ours. This side offers. It is
// always sent to directly, whoever carries what goes to the others: it knows neither pieces nor
// what is said about them. servers are asked by which address it may reach this device
// ("stun:host:port").
func (r *Room) JoinGuest(id ID, servers []string) {
	r.join(who{id: id, guest: true, servers: servers[:min(len(servers), maxServers)]}, true)
}

// stun is where this device learns its own address for a connection; nobody else needs it.
func (w who) stun() []webrtc.ICEServer {
	if len(w.servers) == 0 {
		return nil
	}
	return []webrtc.ICEServer{{URLs: w.servers}}
}

// extensions are the header extensions that a connection can have. What a browser does not
// know is not offered to it, so that nobody can feign it there.
func (w who) extensions() []string {
	if w.guest {
		return []string{sdp.TransportCCURI}
	}
	return []string{sdp.TransportCCURI, markURI, pieceURI}
}
