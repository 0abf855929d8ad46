package calls_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parvis/app/calls"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/call"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
	"parvis/media"
)

var (
	ws      = seal.ID{0xaa}
	main    = seal.SpaceID{1}
	direct  = seal.SpaceID{2}
	hall    = calls.ChannelID{1}
	private = calls.ChannelID{2} // the direct conversation
)

// world is some devices that hear each other, with one clock.
type world struct {
	clock   atomic.Int64 // Unix milliseconds
	devices []*device
	stir    chan struct{} // something happened
	hosts   hosts         // super-peers
	porch   porch         // super-peers that receive guests
}

func newWorld() *world {
	w := &world{stir: make(chan struct{}, 1)}
	w.clock.Store(1_800_000_000_000)
	return w
}

func (w *world) now() time.Time { return time.UnixMilli(w.clock.Load()) }

// pass lets time go by, in the steps in which devices look at it.
func (w *world) pass(d time.Duration) {
	for ; d > 0; d -= 500 * time.Millisecond {
		w.clock.Add(500)
		for _, one := range w.devices {
			if !one.dead.Load() {
				one.calls.Tick()
			}
		}
	}
}

// device is one device: the real store and service, and a workspace that does not
// encrypt. Its room remembers what it was told.
type device struct {
	*viewtest.Host
	t      testing.TB
	world  *world
	calls  *calls.Service
	place  *calls.Attachment // of its page
	person seal.ID
	key    seal.SignKey
	dead   atomic.Bool // it has stopped without a word
	deaf   atomic.Bool // it hears no hints
	broken bool        // its rooms do not open
	lonely bool        // the person has no space of its own
	old    bool        // it knows only the first version of hints
	line   int         // kbit/s that its lines carry

	mu     sync.Mutex
	seq    byte
	barred map[seal.ID]bool // devices without access
	rooms  []*room
	told   []calls.Call
	rings  []calls.Ring
	raw    [][]byte        // signals that this device sent
	said   [][]byte        // hints that this device sent
	cut    bool            // its signals do not arrive
	got    map[seal.ID]int // how much of each chain is here

	tunnelled []tunnelled // guarded by mu
	measured  int         // guarded by mu; how often statistics were told
}

// device adds one of a person. Its id grows with n.
func (w *world) device(t testing.TB, person, n byte) *device {
	t.Helper()
	d := &device{t: t, world: w, person: seal.ID{person}, line: 700, key: keys[n], barred: map[seal.ID]bool{}, got: map[seal.ID]int{}}
	d.Host = viewtest.New(t, d.key.Public(), t.TempDir())
	d.open()
	w.devices = append(w.devices, d)
	return d
}

// keys are signing keys, the device with the smallest id first.
var keys = func() (all []seal.SignKey) {
	for n := range byte(80) {
		all = append(all, seal.NewSignKey([32]byte{n + 1}))
	}
	slices.SortFunc(all, func(a, b seal.SignKey) int { return a.Public().Compare(b.Public()) })
	return all
}()

func (d *device) open() {
	made := calls.New(calls.Config{Store: d.DB.Calls(), People: d, Channels: d, Post: post{d}, Tunnels: tunnels{d}, Carriers: desk{d}, Doors: porchOf{d}, Rooms: d.newRoom, Values: d.DB.Settings(), Now: d.world.now})
	d.note(func() { d.calls = made })
	d.calls.CallChanged.Subscribe(func(c calls.Call) { d.note(func() { d.told = append(d.told, c) }) })
	d.calls.Rang.Subscribe(func(r calls.Ring) { d.note(func() { d.rings = append(d.rings, r) }) })
	d.calls.StatsChanged.Subscribe(func(calls.Stats) { d.note(func() { d.measured++ }) })
	d.place = d.calls.Attach(&player{}) // a page that is open
	d.View = d.calls.Open(d)
	d.t.Cleanup(d.calls.Close)
}

func (d *device) note(change func()) {
	d.mu.Lock()
	change()
	d.mu.Unlock()
	select {
	case d.world.stir <- struct{}{}:
	default:
	}
}

func (d *device) Name(_, person seal.ID) string { return person.Short() }

func (d *device) SpaceOf(_ context.Context, _ seal.ID, channel calls.ChannelID) (seal.SpaceID, bool, error) {
	switch channel {
	case hall:
		return main, true, nil
	case private:
		return direct, true, nil
	}
	return seal.SpaceID{}, false, nil
}

func (d *device) ID() seal.ID                    { return ws }
func (d *device) Self() (person, device seal.ID) { return d.person, d.Device }
func (d *device) Direct(space seal.SpaceID) bool { return space == direct }
func (d *device) Own() (seal.SpaceID, bool)      { return seal.SpaceID{d.person[0], 0xee}, !d.lonely }

func (d *device) MayJoin(_ seal.SpaceID, other seal.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.barred[other] && d.find(other) != nil
}

func (d *device) find(id seal.ID) *device {
	for _, one := range d.world.devices {
		if one.Device == id {
			return one
		}
	}
	return nil
}

func (d *device) PersonOf(other seal.ID) (seal.ID, bool) {
	found := d.find(other)
	if found == nil {
		return seal.ID{}, false
	}
	return found.person, true
}

// Moderates: the first person does.
func (d *device) Moderates(_ seal.SpaceID, person seal.ID) bool { return person == seal.ID{1} }

func (d *device) Belongs(_ seal.SpaceID, person seal.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.world.devices, func(one *device) bool { return one.person == person && !d.barred[one.Device] })
}

func (d *device) PeerOf(other seal.ID) (seal.ID, bool) { return other, d.find(other) != nil }

func (d *device) SealSignal(s call.Signal) ([]byte, error) {
	s.Workspace, s.From = ws, d.Device
	return call.Seal(d.key, s)
}

func (d *device) CallSecrets(_ seal.SpaceID, id call.ID) []seal.Key {
	return []seal.Key{call.Secret(seal.Key{5}, id)}
}

// SendLive reaches the devices that may read the space, at once.
func (d *device) SendLive(space seal.SpaceID, _ workspace.Kind, body []byte) error {
	own := space != main && space != direct
	d.note(func() { d.said = append(d.said, body) })
	if _, err := calls.WayMisses(body); d.old && err == nil {
		return nil
	}
	for _, other := range d.world.devices {
		if other != d && !other.dead.Load() && !other.deaf.Load() && (!own || other.person == d.person) {
			other.Hear(space, d.Device, body)
		}
	}
	return nil
}

// post brings signals to the other devices.
type post struct{ *device }

func (p post) Deliver(_ context.Context, peer seal.ID, raw []byte) error {
	p.note(func() { p.raw = append(p.raw, raw) })
	to := p.find(peer)
	if to.dead.Load() || p.cut {
		return calls.ErrRefused
	}
	to.mu.Lock()
	open := to.calls
	to.mu.Unlock()
	return open.Signal(raw)
}

// tellings is how often it told of a call.
func (d *device) tellings() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.told)
}

func (d *device) measurements() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.measured
}

func (d *device) lives() [][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.said)
}

// room is the connections of a call, which are none: it offers and answers and
// remembers what it was told.
type room struct {
	device *device
	config media.Config
	joined map[media.ID]bool // guarded by device.mu; who is in it, and whether we offer
	log    []string          // guarded by device.mu
	frames []media.Frame     // guarded by device.mu
	asked  []media.Stream    // guarded by device.mu; key frames of participants
	closed bool              // guarded by device.mu
	via    media.ID          // guarded by device.mu
	serves bool              // guarded by device.mu
	broken map[media.ID]bool // guarded by device.mu; connections that are interrupted
	large  []media.ID        // guarded by device.mu; who is shown large
	all    bool              // guarded by device.mu; that is everybody
	wires  map[media.ID]media.Wire
	guests []media.ID // guarded by device.mu
}

func (d *device) newRoom(c media.Config) (calls.Room, error) {
	if d.broken {
		return nil, errors.New("no room")
	}
	r := &room{device: d, config: c, joined: map[media.ID]bool{}}
	d.note(func() { d.rooms = append(d.rooms, r) })
	return r, nil
}

func (r *room) write(what string, id media.ID) {
	if guest.Is(seal.ID(id)) {
		r.log = append(r.log, what+" "+guest.Short(seal.ID(id)))
		return
	}
	r.log = append(r.log, what+" "+string('a'+rune(r.device.world.number(id))))
}

func (r *room) Join(id media.ID, offer bool) {
	r.device.note(func() {
		r.joined[id] = offer
		r.write("join", id)
	})
	if offer {
		r.config.Send(id, media.Signal{Kind: media.Offer, SDP: "offer", Fingerprint: [32]byte{1}})
	}
}

func (r *room) JoinGuest(id media.ID, servers []string) {
	r.device.note(func() {
		r.guests = append(r.guests, id)
		r.write("guest", id)
	})
	r.config.Send(id, media.Signal{Kind: media.Offer, SDP: "offer", Fingerprint: [32]byte{1}})
}

func (r *room) Leave(id media.ID) {
	r.device.note(func() {
		delete(r.joined, id)
		r.guests = slices.DeleteFunc(r.guests, func(g media.ID) bool { return g == id })
		r.write("leave", id)
	})
	r.config.Send(id, media.Signal{Kind: media.Bye})
}

func (r *room) Signal(from media.ID, s media.Signal) error {
	r.device.note(func() { r.write([]string{"", "offer", "answer", "candidate", "bye"}[s.Kind], from) })
	if s.Kind == media.Offer {
		r.config.Send(from, media.Signal{Kind: media.Answer, SDP: "answer", Fingerprint: [32]byte{2}})
	}
	return nil
}

func (r *room) Route(via media.ID, serves bool) {
	r.device.note(func() { r.via, r.serves = via, serves })
}

func (r *room) Send(f media.Frame) { r.device.note(func() { r.frames = append(r.frames, f) }) }
func (r *room) AskKey(from media.ID, s media.Stream) {
	r.device.note(func() { r.asked = append(r.asked, s) })
}
func (r *room) Wants() media.Wants { return media.Wants{Video: true} }

func (r *room) Look(large []media.ID, all bool) {
	r.device.note(func() { r.large, r.all = large, all })
}
func (r *room) Close() error {
	var guests []media.ID
	r.device.note(func() { r.closed, guests = true, slices.Clone(r.guests) })
	for _, id := range guests {
		r.config.Send(id, media.Signal{Kind: media.Bye})
	}
	return nil
}
func (r *room) Stats() []media.Stat {
	r.device.mu.Lock()
	defer r.device.mu.Unlock()
	var all []media.Stat
	ids := slices.Concat(slices.Collect(maps.Keys(r.joined)), r.guests)
	for _, id := range ids {
		state := media.Connected
		if r.broken[id] {
			state = media.Interrupted
		}
		all = append(all, media.Stat{ID: id, State: state, Frames: 3, Estimate: r.device.line, LayerIn: media.Small, Wire: r.wires[id]})
	}
	return all
}

func (w *world) number(id media.ID) int {
	return slices.IndexFunc(w.devices, func(d *device) bool { return d.Device == seal.ID(id) })
}

// spread gives every device what the others wrote.
func (w *world) spread() {
	for _, to := range w.devices {
		for _, from := range w.devices {
			if to != from && !to.dead.Load() {
				to.Deliver(to.t, from.Sent[to.got[from.Device]:]...)
				to.got[from.Device] = len(from.Sent)
			}
		}
	}
}

// until waits for what goroutines do.
func (w *world) until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-w.stir:
		case <-limit:
			t.Fatalf("gave up waiting: %s", what)
		}
	}
}

// start starts a call and lets all know of it.
func (d *device) start(channel calls.ChannelID) calls.Call {
	d.t.Helper()
	c, err := d.calls.StartCall(d.t.Context(), ws, channel, calls.Entry{})
	if err != nil {
		d.t.Fatal(err)
	}
	d.world.spread()
	return c
}

func (d *device) join(id call.ID) {
	d.t.Helper()
	if _, err := d.calls.Join(d.t.Context(), ws, id, calls.Entry{}); err != nil {
		d.t.Fatal(err)
	}
	d.world.spread()
}

func (d *device) leave() {
	d.t.Helper()
	if err := d.calls.Leave(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	d.world.spread()
}

// see is a call as the device shows it.
func (d *device) see(id call.ID) calls.Call {
	d.t.Helper()
	list, err := d.calls.List(d.t.Context(), ws, calls.ChannelID{})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range list {
		if c.ID == id {
			return c
		}
	}
	return calls.Call{}
}

// there is who is in a call, as letters.
func (d *device) there(id call.ID) string {
	var letters []rune
	for _, p := range d.see(id).Participants {
		if p.Guest {
			continue
		}
		letters = append(letters, 'a'+rune(d.world.number(media.ID(p.Device))))
	}
	slices.Sort(letters)
	return string(letters)
}

// log is what the room of the device's last call was told.
func (d *device) log() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.rooms) == 0 {
		return nil
	}
	return slices.Clone(d.rooms[len(d.rooms)-1].log)
}

func (d *device) bar(other *device, barred bool) {
	d.note(func() { d.barred[other.Device] = barred })
}

func (d *device) Append(ctx context.Context, space seal.SpaceID, _ workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error) {
	return d.Write(ctx, compose, func(draft workspace.Draft) workspace.Opened { return d.envelope(space, draft.Body) })
}

func (d *device) envelope(space seal.SpaceID, body []byte) workspace.Opened {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq++
	o := workspace.Opened{
		Workspace: ws, Space: space, Person: d.person, Device: d.Device, Seq: uint64(d.seq), Kind: workspace.KindCall, Body: body,
		HintMs: d.world.clock.Load(),
	}
	o.ID = seal.Hash("envelope", d.Device[:], body, []byte{d.seq})
	return o
}

// ghost is a host without a store, of a device that only others hear of.
func ghost(id seal.ID) *viewtest.Host { return &viewtest.Host{Device: id} }
