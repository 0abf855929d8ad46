package chat_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/app/chat"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/seal"
)

// world is what the replicas of one test share.
type world struct {
	ws     seal.ID
	main   seal.SpaceID
	admin  seal.ID
	people []seal.ID
	groups map[seal.SpaceID][]seal.ID
	nowMs  int64

	fromJoin seal.SpaceID     // a group whose history begins with joining
	closed   map[seal.ID]bool // its envelopes that not everybody can open
}

func newWorld(people int) *world {
	w := &world{ws: seal.Sum([]byte("workspace")), main: seal.SpaceID{1}, groups: map[seal.SpaceID][]seal.ID{}, closed: map[seal.ID]bool{}, nowMs: 1_800_000_000_000}
	for i := range people {
		w.people = append(w.people, seal.Sum([]byte{byte(i)}))
	}
	w.admin = w.people[0]
	return w
}

// replica is one device: the real store and the real service, with a workspace
// that neither signs nor encrypts.
type replica struct {
	*world
	*viewtest.Host
	chat    *chat.Service
	person  seal.ID
	seq     uint64
	holders int
	all     bool
	joined  int64

	there map[chat.ChannelID]chat.ReadThere // what another device has read
	told  []chat.Last                       // what was read here

	mu       sync.Mutex
	messages []chat.Message
	channels []chat.Channel
	typing   []chat.Typing
	trouble  []string
}

func (w *world) replica(t testing.TB, person int) *replica {
	t.Helper()
	return w.replicaIn(t, person, t.TempDir())
}

func (w *world) replicaIn(t testing.TB, i int, dir string) *replica {
	t.Helper()
	person := w.people[i]
	r := &replica{world: w, Host: viewtest.New(t, seal.Hash("device", person[:]), dir), person: person}
	r.open()
	return r
}

// open starts the service anew, as a restart does.
func (r *replica) open() {
	r.chat = chat.New(chat.Config{Store: r.DB, People: names{}, Elsewhere: r, Now: func() time.Time { return time.UnixMilli(r.nowMs) }})
	r.chat.MessageChanged.Subscribe(func(m chat.Message) { r.note(func() { r.messages = append(r.messages, m) }) })
	r.chat.ChannelChanged.Subscribe(func(c chat.Channel) { r.note(func() { r.channels = append(r.channels, c) }) })
	r.chat.SomebodyTypes.Subscribe(func(c chat.Typing) { r.note(func() { r.typing = append(r.typing, c) }) })
	r.chat.Trouble.Subscribe(func(c chat.Trouble) { r.note(func() { r.trouble = append(r.trouble, c.Text) }) })
	r.View = r.chat.Open(r)
}

func (r *replica) note(do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	do()
}

type names struct{}

func (names) Name(_, person seal.ID) string { return person.Short() }
func (names) SpaceName(_ context.Context, _ seal.ID, space seal.SpaceID) (string, error) {
	return "space " + space.Short(), nil
}

func (r *replica) ID() seal.ID                    { return r.ws }
func (r *replica) Self() (person, device seal.ID) { return r.person, r.Device }

// Append implements chat.Log.
func (r *replica) Append(ctx context.Context, space seal.SpaceID, _ workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error) {
	return r.Write(ctx, compose, func(d workspace.Draft) workspace.Opened { return r.envelope(space, d.Body) })
}

// envelope wraps a body as the next of this device's chain.
func (r *replica) envelope(space seal.SpaceID, body []byte) workspace.Opened {
	r.seq++
	r.nowMs++
	o := workspace.Opened{
		Workspace: r.ws, Space: space, Device: r.Device, Person: r.person, Seq: r.seq, Kind: workspace.KindChat,
		HintMs: r.nowMs, Body: body, Own: true,
	}
	o.ID = seal.Hash("envelope", r.ws[:], r.Device[:], space[:], body, []byte{byte(r.seq), byte(r.seq >> 8), byte(r.seq >> 16)})
	return o
}

// forge appends an envelope with any body, past the service's own checks.
func (r *replica) forge(t testing.TB, space seal.SpaceID, b chat.Body) workspace.Opened {
	t.Helper()
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	o := r.envelope(space, data)
	r.Sent = append(r.Sent, o)
	return o
}

func (r *replica) Custody(seal.SpaceID, seal.ID, uint64) (int, bool)  { return r.holders, r.all }
func (r *replica) HeldBySuperPeer(seal.SpaceID, seal.ID, uint64) bool { return false }

// OpenToAll implements chat.Log.
func (r *replica) OpenToAll(_ context.Context, _ seal.SpaceID, id seal.ID) (bool, error) {
	return !r.closed[id], nil
}

// Spaces implements chat.Circle.
func (r *replica) Spaces() []chat.Space {
	all := []chat.Space{{ID: r.main, Kind: chat.Main}}
	for id, people := range r.groups {
		if slices.Contains(people, r.person) {
			kind := chat.Group
			if id == r.fromJoin {
				kind = chat.Private
			}
			all = append(all, chat.Space{ID: id, Kind: kind, People: people, FromJoin: id == r.fromJoin})
		}
	}
	return all
}

func (r *replica) Space(id seal.SpaceID) (chat.Space, bool) {
	all := r.Spaces()
	i := slices.IndexFunc(all, func(s chat.Space) bool { return s.ID == id })
	if i < 0 {
		return chat.Space{}, false
	}
	return all[i], true
}

func (r *replica) GroupSpace(_ context.Context, persons []seal.ID) (seal.SpaceID, error) {
	var all []byte
	for _, p := range persons {
		all = append(all, p[:]...)
	}
	hash := seal.Sum(all)
	id := seal.SpaceID(hash[:16])
	r.groups[id] = slices.Clone(persons)
	return id, nil
}

func (r *replica) Moderates(_ seal.SpaceID, person seal.ID) bool { return person == r.admin }
func (r *replica) Standing() chat.Standing {
	return chat.Standing{JoinedMs: r.joined, DeviceMs: r.joined}
}

func (r *replica) PersonOf(device seal.ID) (seal.ID, bool) {
	for _, person := range r.people {
		if seal.Hash("device", person[:]) == device {
			return person, true
		}
	}
	return seal.ID{}, false
}

func (r *replica) general() chat.ChannelID { return chat.General(r.main) }

// send posts in the general channel of the main space.
func (r *replica) send(t testing.TB, text string) seal.ID {
	t.Helper()
	sent, err := r.chat.Send(t.Context(), r.ws, r.general(), chat.Post{Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return sent.ID
}

// last is the envelope written last.
func (r *replica) last() workspace.Opened { return r.Sent[len(r.Sent)-1] }

// page reads the end of the general channel.
func (r *replica) page(t testing.TB) []chat.Message {
	t.Helper()
	return r.read(t, r.general(), chat.Query{Limit: chat.MaxPage}).Messages
}

func (r *replica) read(t testing.TB, channel chat.ChannelID, q chat.Query) chat.Page {
	t.Helper()
	page, err := r.chat.Messages(t.Context(), r.ws, channel, q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// channel reads one channel from the list.
func (r *replica) channel(t testing.TB, id chat.ChannelID) chat.Channel {
	t.Helper()
	all, err := r.chat.Channels(t.Context(), r.ws)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(c chat.Channel) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("channel %s is not listed", id)
	}
	return all[i]
}

func texts(messages []chat.Message) []string {
	var all []string
	for _, m := range messages {
		all = append(all, m.Text)
	}
	return all
}

// Read implements chat.Elsewhere.
func (r *replica) Read(_ seal.ID, _ seal.SpaceID, _ chat.ChannelID, lamport uint64, id seal.ID) {
	r.told = append(r.told, chat.Last{Lamport: lamport, ID: id})
}

// Drafted implements chat.Elsewhere.
func (r *replica) Drafted(seal.ID, seal.SpaceID, chat.ChannelID, string) {}

// ReadUpTo implements chat.Elsewhere.
func (r *replica) ReadUpTo(_ seal.ID, _ seal.SpaceID, channel chat.ChannelID) (chat.ReadThere, bool) {
	there, ok := r.there[channel]
	return there, ok
}
