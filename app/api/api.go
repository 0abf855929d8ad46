// Package api is all that a user interface may call or hear: plain DTOs, bound
// structs, events and errors. Its methods check, call a service and translate;
// they decide nothing.
package api

import (
	"context"
	"encoding/json"
	"log/slog"
)

// API is the bound structs and the events. The window passes the structs to
// Wails; the browser and the command line use [API.Wire].
type API struct {
	Workspaces *Workspaces
	People     *People
	Members    *Members
	Devices    *Devices
	Chat       *Chat
	Docs       *Docs
	Calls      *Calls
	SuperPeers *SuperPeers
	Audit      *Audit
	Settings   *Settings
	Recoveries *Recoveries
	Content    *Content // what travels by HTTP
	*Events
}

// Config is what the api stands on.
type Config struct {
	Workspaces  WorkspaceService
	Invitations InvitationService
	Spaces      SpaceService
	Codes       CodeService
	People      PeopleService
	Members     MemberService
	Matters     MatterService
	Rules       RuleService
	Verify      VerifyService
	Devices     DeviceListService
	Links       LinkService
	Channels    ChannelService
	Messages    MessageService
	Changes     ChangeService
	Docs        Documents
	Calls       CallService
	Entries     EntryService
	Recordings  RecordingService
	Guests      GuestService
	Bundles     BundleService
	SuperPeers  SuperPeerService
	Audit       AuditService
	Device      DeviceService
	Values      ValueService
	Doctor      DoctorService
	Lock        LockService
	Protection  ProtectionService
	Paper       PaperService
	Backups     BackupService
	Returns     ReturnService

	// Life is the context of the running program, or ErrStarting or ErrLocked.
	Life func() (context.Context, error)
	// Meanings name errors of parts that the api does not import.
	Meanings []Meaning
	Log      *slog.Logger
}

// New makes the api. It opens nothing: calls fail until Life says otherwise.
func New(c Config) *API {
	e := &edge{life: c.Life, meanings: c.Meanings, log: c.Log}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	made := &exports{}
	return &API{
		Workspaces: &Workspaces{edge: e, teams: c.Workspaces, invitations: c.Invitations, spaces: c.Spaces, codes: c.Codes},
		People:     &People{edge: e, people: c.People, verify: c.Verify},
		Members:    &Members{edge: e, members: c.Members, matters: c.Matters, rules: c.Rules},
		Devices:    &Devices{edge: e, list: c.Devices, links: c.Links},
		Chat:       &Chat{edge: e, channels: c.Channels, messages: c.Messages, changes: c.Changes},
		Docs:       &Docs{edge: e, docs: c.Docs, exports: made},
		Calls:      &Calls{edge: e, calls: c.Calls, entries: c.Entries, records: c.Recordings, guests: c.Guests},
		Content:    &Content{edge: e, parts: c.Docs, exports: made, bundles: c.Bundles},
		SuperPeers: &SuperPeers{edge: e, superPeers: c.SuperPeers},
		Audit:      &Audit{edge: e, audit: c.Audit, exports: made},
		Settings:   &Settings{edge: e, device: c.Device, values: c.Values, teams: c.Workspaces, doctor: c.Doctor, lock: c.Lock, protection: c.Protection},
		Recoveries: &Recoveries{edge: e, paper: c.Paper, backups: c.Backups, returns: c.Returns},
		Events:     &Events{},
	}
}

// Bound lists the bound structs, in the order in which Wails gets them.
func (a *API) Bound() []any {
	return []any{a.Workspaces, a.People, a.Members, a.Devices, a.Chat, a.Docs, a.Calls, a.SuperPeers, a.Audit, a.Settings, a.Recoveries}
}

// Wire is the api in JSON, for carriers that are not Wails.
func (a *API) Wire() *Wire { return &Wire{methods: Methods(a.Bound()...), events: a.Events} }

// Wire calls bound methods and carries events in JSON.
type Wire struct {
	methods Table
	events  *Events
}

// Call runs one method by its name ("Chat.Send"). A failure is the JSON object
// {"code","message"}.
func (w *Wire) Call(method string, args []json.RawMessage) (result, failure json.RawMessage) {
	result, err := w.methods.Call(method, args)
	if err != nil {
		return nil, json.RawMessage(err.Error())
	}
	return result, nil
}

// Subscribe hears every event, its payload as JSON, until cancel. hear must not
// block.
func (w *Wire) Subscribe(hear func(event string, data json.RawMessage)) (cancel func()) {
	return w.events.topic.Subscribe(func(f *fact) {
		if data, err := f.json(); err == nil {
			hear(f.name, data)
		}
	})
}
