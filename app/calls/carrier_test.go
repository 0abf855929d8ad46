package calls_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

// hosts are the super-peers of a world.
type hosts struct {
	mu     sync.Mutex
	all    []seal.ID                             // that offer to carry; guarded by mu
	visits map[seal.ID]map[*visit]*device        // guarded by mu
	slow   map[seal.ID]bool                      // devices that wait long at the door; guarded by mu
	booked map[calls.Booking]map[seal.ID]seal.ID // by host; guarded by mu
}

// desk is the super-peers as one device reaches them.
type desk struct{ *device }

type visit struct {
	signals []media.Signal // guarded by hosts.mu
	hosts   *hosts
	host    seal.ID
	ended   chan struct{}
	once    sync.Once
}

func (v *visit) Ended() <-chan struct{} { return v.ended }
func (v *visit) Close()                 { v.once.Do(func() { close(v.ended) }) }
func (v *visit) Send(s media.Signal) {
	v.hosts.mu.Lock()
	defer v.hosts.mu.Unlock()
	v.signals = append(v.signals, s)
}

func (d desk) Offering(of seal.ID) []seal.ID {
	h := &d.world.hosts
	h.mu.Lock()
	defer h.mu.Unlock()
	if of != ws {
		return nil
	}
	return slices.Clone(h.all)
}

func (d desk) Enter(ctx context.Context, host seal.ID, b calls.Booking, _ func(media.Signal)) (calls.Visit, error) {
	h := &d.world.hosts
	h.mu.Lock()
	slow := h.slow[d.Device]
	h.mu.Unlock()
	if slow {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(h.all, host) {
		return nil, errors.New("nobody there")
	}
	v := &visit{hosts: h, host: host, ended: make(chan struct{})}
	if h.visits == nil {
		h.visits, h.booked = map[seal.ID]map[*visit]*device{}, map[calls.Booking]map[seal.ID]seal.ID{}
	}
	if h.visits[host] == nil {
		h.visits[host] = map[*visit]*device{}
	}
	h.visits[host][v] = d.device
	if h.booked[b] == nil {
		h.booked[b] = map[seal.ID]seal.ID{}
	}
	h.booked[b][host] = d.Device
	return v, nil
}

// offer lets super-peers offer to carry calls, and no others.
func (h *hosts) offer(all ...seal.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = all
	for host, visits := range h.visits {
		if !slices.Contains(all, host) {
			for v := range visits {
				v.Close()
			}
			delete(h.visits, host)
		}
	}
}

func (h *hosts) hold(d *device, slow bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.slow == nil {
		h.slow = map[seal.ID]bool{}
	}
	h.slow[d.Device] = slow
}

// JoinCarrier remembers it as somebody joined, with another word.
func (r *room) JoinCarrier(id media.ID) {
	r.device.note(func() {
		r.joined[id] = true
		r.write("carrier", id)
	})
	r.config.Send(id, media.Signal{Kind: media.Offer, SDP: "offer", Fingerprint: [32]byte{1}})
}

// carried is what a super-peer is called in the tests: no device has that letter.
const carried = "`"

var host, second = seal.ID{0xc1}, seal.ID{0xc2}

// carrierID is what stands for a super-peer in a room.
func carrierID(id call.ID, host seal.ID) (of media.ID) {
	tag := call.CarrierTag(id, host)
	copy(of[:], tag[:])
	return of
}

// crowd makes a call of so many; one more is there, and not in it.
func (w *world) crowd(t *testing.T, n byte) (id call.ID, all []*device, late *device) {
	t.Helper()
	for i := range n + 1 {
		d := w.device(t, i+1, i+1)
		d.line = 0
		all = append(all, d)
	}
	id = all[0].start(hall).ID
	for _, d := range all[1:n] {
		d.join(id)
	}
	return id, all[:n], all[n]
}

// settle lets time pass in which the rooms look at their connections.
func (w *world) settle(d time.Duration) {
	for ; d > 0; d -= calls.HintEvery {
		w.pass(calls.HintEvery)
		w.changed()
	}
}

// through waits, while time passes, until all send through one.
func (w *world) through(t *testing.T, want string, all ...*device) {
	t.Helper()
	for range 100 {
		if !slices.ContainsFunc(all, func(d *device) bool { return d.via() != want }) {
			return
		}
		w.settle(calls.HintEvery)
		select {
		case <-w.stir:
		case <-time.After(50 * time.Millisecond):
		}
	}
	for _, d := range all {
		t.Logf("through %q", d.via())
	}
	t.Fatalf("not all send through %q", want)
}

func TestL45FromThreeOnASuperPeerIsEntered(t *testing.T) {
	w := newWorld()
	w.hosts.offer(host)
	id, all, third := w.crowd(t, 2)
	w.settle(2 * calls.HintEvery)
	entered := func(d *device) bool { return slices.Contains(d.log(), "carrier "+carried) }
	if entered(all[0]) || entered(all[1]) {
		t.Error("two need no super-peer")
	}
	third.join(id)
	all = append(slices.Clone(all), third)
	for _, d := range all {
		d := d
		w.until(t, "it is entered", func() bool {
			w.settle(calls.HintEvery)
			return entered(d)
		})
	}
	w.settle(3 * calls.HintEvery)
	// It is nobody in the call.
	for _, d := range all {
		if got := d.there(id); got != "abc" {
			t.Errorf("%q are in the call", got)
		}
		stats, err := d.calls.Stats(t.Context(), ws, id)
		if err != nil || len(stats.Participants) != 2 || !stats.Forwarder.IsZero() {
			t.Errorf("%+v, %v", stats, err)
		}
	}
	// What it is told, and where its signals go.
	h := &w.hosts
	h.mu.Lock()
	for _, d := range all {
		booking := calls.Booking{Workspace: ws, Room: call.Room(id), Tag: call.Tag(id, d.Device)}
		if h.booked[booking][host] != d.Device {
			t.Error("it was told something else")
		}
	}
	if len(h.booked) != 3 || len(h.visits[host]) != 3 {
		t.Errorf("%d places, %d visits", len(h.booked), len(h.visits[host]))
	}
	for v := range h.visits[host] {
		if len(v.signals) != 1 || v.signals[0].Kind != media.Offer {
			t.Errorf("it was told %+v", v.signals)
		}
	}
	h.mu.Unlock()
	// L24: tunnels between its host and this device, under the room's name.
	room := call.ID(call.Room(id))
	if !all[0].calls.TakesPart(host, room) || all[0].calls.TakesPart(host, id) || all[0].calls.TakesPart(all[1].Device, room) || all[0].calls.TakesPart(second, room) {
		t.Error("L24 the wrong tunnels are let in")
	}
	if _, _, err := all[0].rooms[0].config.Tunnel(carrierID(id, host)); err != nil || all[0].tunnelled[len(all[0].tunnelled)-1] != (tunnelled{host, room}) {
		t.Errorf("L24 opened %+v, %v", all[0].tunnelled, err)
	}
	// It offers it no more; then two are left.
	w.hosts.offer(second)
	w.until(t, "another one is entered", func() bool {
		w.settle(calls.HintEvery)
		return all[0].calls.TakesPart(second, room) && !all[0].calls.TakesPart(host, room)
	})
	third.leave()
	w.until(t, "it is left", func() bool {
		w.settle(calls.HintEvery)
		return !all[0].calls.TakesPart(second, room)
	})
	if log := strings.Join(all[0].log(), ", "); !strings.Contains(log, "leave "+carried) {
		t.Error(log)
	}
}

func TestL44ASuperPeerThatAllReachForwards(t *testing.T) {
	w := newWorld()
	w.hosts.offer(host)
	id, all, late := w.crowd(t, 5)
	w.through(t, carried, all...)
	if stats, err := all[0].calls.Stats(t.Context(), ws, id); err != nil || !stats.Forwarder.IsZero() || len(stats.Participants) != 4 {
		t.Errorf("%+v, %v", stats, err)
	}

	// One more comes, and takes its time to connect: nobody leaves it for that.
	w.hosts.hold(late, true)
	late.join(id)
	w.pass(calls.HintEvery) // not as long as it is new
	w.changed()
	w.agree(t, carried, append(slices.Clone(all), late)...)
	// It does not come through at all: then all send through a participant.
	w.through(t, "a", append(slices.Clone(all), late)...)
	late.leave()
	w.through(t, carried, all...)

	// One loses it, and says so to all. When it comes back, it has to prove itself.
	room := all[3].rooms[0]
	all[3].note(func() { room.broken = map[media.ID]bool{carrierID(id, host): true} })
	w.changed()
	w.agree(t, "a", all...)
	all[3].note(func() { room.broken = nil })
	w.changed()
	w.settle(2 * calls.HintEvery)
	w.agree(t, "a", all...)
	w.through(t, carried, all...)

	// It dies. Another one comes; then both are there, and the one that sits stays.
	w.hosts.offer()
	w.agree(t, "a", all...)
	w.hosts.offer(second)
	w.through(t, carried, all...)
	w.hosts.offer(host, second)
	w.settle(10 * calls.HintEvery)
	for _, d := range all {
		d.mu.Lock()
		if via := d.rooms[0].via; via != carrierID(id, second) {
			t.Errorf("%v sends through %x", d.person.Short(), via[:4])
		}
		d.mu.Unlock()
	}

	// Four keep it, three need none.
	all[4].leave()
	w.settle(2 * calls.HintEvery)
	w.agree(t, carried, all[:4]...)
	all[3].leave()
	w.through(t, "", all[:3]...)
}
