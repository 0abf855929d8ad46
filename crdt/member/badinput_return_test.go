package member

import (
	"testing"

	"parvis/crdt/seal"
)

// The ways back of somebody with a paper key, as the rows of protocol 2.18.
func TestBadInputReturnLink(t *testing.T) {
	peer := people()[1].keys.PeerPublic()
	link := ReturnLink{V: 1, WS: seal.ID{1}, Expires: 1000, Peers: []LinkPeer{{Peer: peer, Addrs: []string{"/ip4/192.0.2.1"}}}}
	raw := link.bytes()
	parse := func(raw []byte) error { _, err := parseReturnLink(raw); return err }
	wire := func(peers ...wirePeer) []byte {
		return encode(t, wireReturnLink{V: 1, WS: seal.ID{1}, Expires: 1000, Peers: peers})
	}
	one := wirePeer{Peer: peer, Addrs: [][]byte{[]byte("/a")}}
	checkCells(t,
		cell{"right", "ok", parse(raw)},
		cell{"malformed: cut off", "broken", parse(raw[:len(raw)-1])},
		cell{"malformed: not canonical", "broken", parse(append(raw[:len(raw):len(raw)], 0))},
		cell{"newer version", "newer", parse(ofVersion(raw, 2))},
		cell{"not allowed: four peers", "broken", parse(wire(one, one, one, one))},
		cell{"not allowed: an address of nothing", "broken", parse(wire(wirePeer{Peer: peer, Addrs: [][]byte{nil}}))},
	)
}

func TestBadInputReturnRequest(t *testing.T) {
	h := people()[10]
	good := ReturnRequest{
		V: 1, WS: seal.ID{1}, Recovery: h.paper.Public(), Device: h.id(), KEMPK: h.kem.Public(), PeerA: seal.ID{3}, PeerB: seal.ID{4}, Nonce: seal.ID{5},
	}
	signed := func(payload []byte) []byte {
		return encode(t, seal.Signed{Payload: payload, Sig: h.paper.Sign(labelReturnRequest, payload)})
	}
	with := func(change func(*ReturnRequest)) []byte {
		r := good
		change(&r)
		return signed(encode(t, r))
	}
	payload := encode(t, good)
	raw := signed(payload)
	for _, row := range []struct {
		column, want, reason string
		raw                  []byte
	}{
		{"right", "ok", "", raw},
		{"malformed: cut off", "reject", "return request: malformed", raw[:len(raw)-1]},
		{"malformed: not canonical", "reject", "return request: malformed", append(raw[:len(raw):len(raw)], 0)},
		{"malformed: too long", "reject", "return request: too long", make([]byte, MaxReturnRequest+1)},
		{"newer version", "drop", "return request: newer version", signed(ofVersion(payload, 2))},
		{"wrong signature", "reject", "return request: wrong signature", encode(t, seal.Signed{Payload: payload, Sig: h.keys.Sign.Sign(labelReturnRequest, payload)})},
		{"not allowed: a key of small order", "reject", "return request: bad key", with(func(r *ReturnRequest) { r.Device = seal.ID{1} })},
		{"not allowed: no encryption key", "reject", "return request: bad key", with(func(r *ReturnRequest) { r.KEMPK = r.KEMPK[1:] })},
	} {
		t.Run(row.column, func(t *testing.T) {
			_, err := ParseReturnRequest(row.raw)
			if got, reason := judge(err); got != row.want || reason != row.reason {
				t.Errorf("got %s (%s), want %s (%s)", got, reason, row.want, row.reason)
			}
		})
	}
}
