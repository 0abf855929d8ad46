package mailbox

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

var errCut = errors.New("the line was cut")

// visitor knocks without a network: it notes what is done, and fails where the test says.
type visitor struct {
	id            p2p.PeerID
	connect, open error
	stream        *p2ptest.Tape
	did           []string
	points        int
}

func (v *visitor) ID() p2p.PeerID { return v.id }

func (v *visitor) Connect(context.Context, p2p.PeerID, []string) error {
	v.did = append(v.did, "connect")
	return v.connect
}

func (v *visitor) Open(context.Context, p2p.PeerID, string) (p2p.Stream, error) {
	v.did = append(v.did, "open")
	if v.open != nil {
		return nil, v.open
	}
	return v.stream, nil
}

func (v *visitor) Penalise(_ p2p.PeerID, points int, _ string) { v.points += points }

func peerOf(t *testing.T, n byte) p2p.PeerID {
	t.Helper()
	_, key := seeded(n)
	id, err := p2p.PeerIDOf(key)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A knock ends at the first thing that fails, with its error; only what breaks the
// protocol costs points.
func TestX36AKnockEndsAtWhatFails(t *testing.T) {
	me, there, signed := peerOf(t, 2), peerOf(t, 1), []string{"sign", "connect", "open"}
	answer := func(m opened) *p2ptest.Tape { return p2ptest.Frames(encoded(t, m)) }
	for name, c := range map[string]struct {
		at     p2p.PeerID
		v      visitor
		want   error // nil: some other one
		did    []string
		points int
	}{
		"a super-peer that is none":  {at: "nobody", v: visitor{id: me}},
		"a device that is none":      {at: there, v: visitor{id: "nobody"}},
		"nobody answers the call":    {at: there, v: visitor{id: me, connect: errCut}, want: errCut, did: signed[:2]},
		"nobody knows the protocol":  {at: there, v: visitor{id: me, open: errCut}, want: errCut, did: signed},
		"the knock cannot be sent":   {at: there, v: visitor{id: me, stream: &p2ptest.Tape{Broken: errCut}}, want: errCut, did: signed},
		"the answer does not come":   {at: there, v: visitor{id: me, stream: &p2ptest.Tape{}}, want: io.EOF, did: signed},
		"the connection breaks":      {at: there, v: visitor{id: me, stream: &p2ptest.Tape{In: iotest.ErrReader(errCut)}}, want: errCut, did: signed},
		"garbage":                    {at: there, v: visitor{id: me, stream: p2ptest.Frames([]byte("garbage"))}, want: wire.ErrMalformed, did: signed, points: breach},
		"an answer of version 2":     {at: there, v: visitor{id: me, stream: answer(opened{V: 2, Box: []byte("x")})}, want: wire.ErrMalformed, did: signed, points: breach},
		"an answer that is too long": {at: there, v: visitor{id: me, stream: p2ptest.Frames(make([]byte, maxOpened+1))}, want: wire.ErrTooLarge, did: signed, points: breach},
		"a door that is over":        {at: there, v: visitor{id: me, stream: answer(openedOf(nil, ErrDoorEnded))}, want: ErrDoorEnded, did: signed},
	} {
		t.Run("X36 "+name, func(t *testing.T) {
			v := c.v
			box, err := Knock(t.Context(), &v, c.at, nil, [32]byte{7}, [32]byte{8}, func([32]byte) []byte {
				v.did = append(v.did, "sign")
				return make([]byte, 64)
			})
			if err == nil || box != nil || c.want != nil && !errors.Is(err, c.want) || c.want == nil && wire.IsFault(err) {
				t.Errorf("%q, %v", box, err)
			}
			if !slices.Equal(v.did, c.did) || v.points != c.points {
				t.Errorf("it did %v and gave %d points", v.did, v.points)
			}
		})
	}
}

// What is too large is refused before anything is read of it.
func TestX30AListThatIsTooLargeIsSaidToBe(t *testing.T) {
	if _, err := ParseACL(make([]byte, MaxACL+1)); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := ParseACL(make([]byte, MaxACL)); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

// A door that is not left says so; one that could not be is not tried.
func TestX34ADoorThatIsNotLeftIsSaid(t *testing.T) {
	greeting := func(more ...[]byte) *p2ptest.Tape {
		hi := encoded(t, welcome{V: 1, Kind: kindWelcome, Store: [16]byte{9}, Limit: 1 << 30, Now: 1_700_000_000_000})
		return p2ptest.Frames(append([][]byte{hi}, more...)...)
	}
	for name, c := range map[string]struct {
		door   Door
		stream *p2ptest.Tape
		want   error // nil: none of the super-peer's
		opened int
	}{
		"too large a box":  {door: Door{Box: make([]byte, MaxDoorBox+1)}, stream: greeting(encoded(t, doneOf(nil))), opened: 1},
		"too high a count": {door: Door{Counter: maxDoorCounter + 1}, stream: greeting(encoded(t, doneOf(nil))), opened: 1},
		"refused":          {stream: greeting(encoded(t, doneOf(ErrFull))), want: ErrFull, opened: 1},
		"not understood":   {stream: greeting(encoded(t, doneOf(ErrFailed))), want: ErrFailed, opened: 1},
		"answered wrongly": {stream: greeting(encoded(t, packNews(nil))), want: wire.ErrMalformed, opened: 1},
	} {
		t.Run("X34 "+name, func(t *testing.T) {
			v := &visitor{id: peerOf(t, 2), stream: c.stream}
			client, err := Open(t.Context(), v, peerOf(t, 1), [32]byte{7})
			if err != nil {
				t.Fatal(err)
			}
			sent := c.stream.Out.Len()
			err = client.Leave(t.Context(), c.door)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || c.want == nil && (wire.IsFault(err) || c.stream.Out.Len() > sent) {
				t.Errorf("%v, %d bytes sent", err, c.stream.Out.Len()-sent)
			}
		})
	}
}
