package api

import (
	"encoding/json"
	"sync"

	"parvis/app/event"
)

// The names of the events; their payloads stand in [EventMap].
const (
	EventWorkspace = "workspace"
	EventPerson    = "person"
	EventChannel   = "chat.channel"
	EventMessage   = "chat.message"
	EventCustody   = "chat.custody"
	EventTyping    = "chat.typing"
	EventInvites   = "invites"
	EventMembers   = "members"
	EventSuperPeer = "superpeers"
	EventStatus    = "status"
	EventCodes     = "codes"
	EventDevices   = "devices"
	EventLinking   = "device.link"
	EventReload    = "reload"
	EventDoc       = "doc.changed"
	EventChanges   = "doc.changes"
	EventCursor    = "doc.cursor"
	EventMention   = "doc.mention"
	EventCall      = "call"
	EventRing      = "call.ring"
	EventCallStats = "call.stats"
	EventReaction  = "call.reaction"
	EventGuest     = "call.guest"
	EventCallLinks = "call.links"
)

// fact is one event on its way to the user interfaces. It is turned into JSON at
// most once, however many pages listen.
type fact struct {
	name    string
	data    any
	once    sync.Once
	encoded json.RawMessage
	err     error
}

func (f *fact) json() (json.RawMessage, error) {
	f.once.Do(func() { f.encoded, f.err = json.Marshal(f.data) })
	return f.encoded, f.err
}

// Events forwards facts to the user interfaces.
type Events struct {
	topic event.Topic[*fact]

	mu      sync.Mutex
	cancels []func() // guarded by mu; the subscriptions to the services
}

// Subscribe calls receive for every event with its name and its payload, a
// pointer-free DTO, until cancel. receive runs on the goroutine that published
// and must not block: put the event into a bounded queue, and when that is full
// send "reload" later.
func (e *Events) Subscribe(receive func(name string, data any)) (cancel func()) {
	return e.topic.Subscribe(func(f *fact) { receive(f.name, f.data) })
}

// Publish sends an event to every user interface. It is for package app, which
// knows facts that no service has, such as the state of the network.
func (e *Events) Publish(name string, data any) { e.topic.Publish(&fact{name: name, data: data}) }

// Close ends the forwarding.
func (e *Events) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, cancel := range e.cancels {
		cancel()
	}
	e.cancels = nil
}

// forward publishes every value of a topic under a name.
func forward[T, D any](e *Events, topic *event.Topic[T], name string, dto func(T) D) {
	cancel := topic.Subscribe(func(v T) { e.Publish(name, dto(v)) })
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cancels = append(e.cancels, cancel)
}

// EventMap is the catalogue of events: the key is the event's name, the type its
// payload. It exists so that the page's types are generated from it.
type EventMap struct {
	Workspace *Workspace  `json:"workspace,omitempty"`    // made, joined, renamed, counts changed
	Person    *Person     `json:"person,omitempty"`       // joined, renamed, online or not
	Channel   *Channel    `json:"chat.channel,omitempty"` // made, renamed, unread changed
	Message   *Message    `json:"chat.message,omitempty"` // new, edited, deleted, reacted to
	Custody   *Custody    `json:"chat.custody,omitempty"` // acknowledgements
	Typing    *Typing     `json:"chat.typing,omitempty"`  // a hint, valid for 5 s
	Invites   *Notice     `json:"invites,omitempty"`      // the list changed
	Members   *Notice     `json:"members,omitempty"`      // roles, who is in which space, or the matters changed
	SuperPeer *Notice     `json:"superpeers,omitempty"`   // the list or a state changed
	Status    *Status     `json:"status,omitempty"`       // connection, disk, problems
	Codes     *Comparison `json:"codes,omitempty"`        // a comparison of codes began or went on
	Devices   *Notice     `json:"devices,omitempty"`      // a device was added, removed or named
	Linking   *DeviceLink `json:"device.link,omitempty"`  // the adding of a device went on
	Link      *OpenedLink `json:"link,omitempty"`         // in the window only
	Closing   *Closing    `json:"closing,omitempty"`      // in the window only
	Reload    *Notice     `json:"reload,omitempty"`       // events were dropped: load everything again

	Doc       *Doc          `json:"doc.changed,omitempty"` // made, named, moved, trashed, written in, custody changed
	Arrival   *DocArrival   `json:"doc.changes,omitempty"` // for the replicas of one document
	Presence  *DocPresence  `json:"doc.cursor,omitempty"`  // a hint, valid for 15 s
	Mentioned *DocMentioned `json:"doc.mention,omitempty"` // a comment names oneself

	Call      *Call         `json:"call,omitempty"`          // started, joined, left, ended, somebody does something else
	Ring      *CallRing     `json:"call.ring,omitempty"`     // rings, or has stopped to
	Reaction  *CallReaction `json:"call.reaction,omitempty"` // in the call of this device
	CallStats *CallStats    `json:"call.stats,omitempty"`    // once a second, while this device is in a call

	Guest     *CallGuestNews `json:"call.guest,omitempty"` // in the call of this device
	CallLinks *CallChannel   `json:"call.links,omitempty"` // other meeting links are valid
}
