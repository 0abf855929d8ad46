// Package app wires the parts of a node. It decides nothing.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"parvis/app/api"
	"parvis/app/calls"
	"parvis/app/chat"
	"parvis/app/docs"
	"parvis/app/people"
	"parvis/app/recovery"
	"parvis/app/self"
	"parvis/app/store"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// App is one node: its data folder, its workspaces and its peers. New wires and
// opens nothing; Start opens; Close stops and waits.
type App struct {
	config Config
	db     *store.DB
	services
	api    *api.API
	teams  *teams
	device *device

	mu         sync.Mutex
	life       context.Context    // guarded by mu; nil until everything is open
	end        context.CancelFunc // guarded by mu
	manager    *workspace.Manager
	network    *network
	background sync.WaitGroup
	release    func() error // of the data folder's lock
}

// services are what people use a node for.
type services struct {
	people *people.Service
	chat   *chat.Service
	self   *self.Service
	carry  *carry
	docs   *docs.Service
	calls  *calls.Service
	page   *calls.Page
	files  *files

	recovery  *recovery.Service
	backingUp sync.Mutex // one backup is written, or taken, at a time
}

// New makes a node. It reads and opens nothing.
func New(config Config) *App {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	a := &App{config: config, db: store.New(config.Data)}
	a.manager = &workspace.Manager{Storage: a.db, Logger: config.Log, Now: config.Now}
	trust := &trusting{}
	a.people = people.New(people.Config{
		Store: a.db.People(), Workspaces: a.manager, Elsewhere: trust, Log: config.Log,
		Repeat: func(ctx context.Context, ws seal.ID, space seal.SpaceID) error {
			return a.chat.RepeatChannels(ctx, ws, space)
		},
	})
	a.carry = newCarry(config.Log)
	a.chat = chat.New(chat.Config{Store: a.db.Chat(), People: a.people, Elsewhere: a.carry, Calls: missedCalls{a}, Workspaces: a.manager, Log: config.Log})
	a.self = self.New(self.Config{Store: a.db.Self(), Workspaces: a.manager, Sources: []self.Source{a.carry, trust}, Log: config.Log})
	trust.self, trust.people = a.self, a.people
	a.carry.people = a.people
	a.carry.self, a.carry.chat, a.carry.values, a.carry.manager = a.self, a.chat, a.db.Settings(), a.manager
	a.files = newFiles(config, a.db, a.manager)
	a.docs = docs.New(docs.Config{
		Store: a.db.Docs(), People: a.people, Workspaces: a.manager, Engine: engines(config.Data), Formats: formats(), Files: a.files.keeper,
		Now: config.Now, Log: config.Log,
	})
	a.calls = calls.New(calls.Config{
		Store: a.db.Calls(), People: a.people, Channels: callChannels{a.chat}, Post: callPost{a}, Tunnels: callTunnels{a}, Carriers: callCarriers{a}, Doors: callDoors{a}, Rooms: a.rooms(), Generate: calls.NewGenerator,
		Values: a.db.Settings(), Workspaces: a.manager, Now: config.Now, Log: config.Log,
	})
	a.page = &calls.Page{Calls: a.calls}
	a.manager.Views = a.views()
	a.manager.Joined, a.manager.Compared = a.people.Introduce, a.people.Compared
	a.recovery = a.newRecovery()
	a.manager.Recovery = a.recovery.Own
	a.carry.papers, a.carry.paperArrived = a.papers, a.paperArrived
	a.teams = &teams{manager: a.manager, people: a.people, chat: a.chat, now: config.Now, values: a.db.Settings(), unreached: a.unreached, mayInvite: recoveries{a}.mayInvite}
	a.teams.dropped = []func(seal.ID){a.chat.Forget, a.docs.Forget, a.calls.Forget, a.people.Forget, a.self.Forget, a.files.keeper.Forget}
	a.device = &device{app: a}
	a.api = api.New(api.Config{
		Workspaces: a.teams, Invitations: a.teams, Spaces: a.teams, Codes: a.teams, SuperPeers: a.teams, People: a.people, Verify: a.teams, Members: members{a.teams, a}, Matters: members{a.teams, a}, Rules: members{a.teams, a},
		Devices: devices{a}, Links: devices{a},
		Channels: a.chat, Messages: a.chat, Changes: a.chat,
		Docs: api.Documents{
			List: a.docs, Replicas: a.docs, Remarks: a.docs, Texts: a.docs, Bytes: a.docs, Pictures: pictures{a.docs, a.files.keeper},
		},
		Calls: a.calls, Entries: a.calls, Recordings: a.calls, Guests: a.calls, Bundles: bundles{a},
		Audit: a.audit(),
		Paper: recoveries{a}, Backups: recoveries{a}, Returns: recoveries{a},
		Device: a.device, Values: settings{a.db.Settings(), a.carry}, Doctor: a.device, Lock: a.device, Protection: a.device,
		Life: a.running, Meanings: slices.Concat(meanings(), bundleMeanings(), recoveryMeanings(), backupMeanings()), Log: config.Log,
	})
	a.forward()
	return a
}

// views are what folds the envelopes of each kind.
func (a *App) views() map[workspace.Kind]func(*workspace.Workspace) workspace.View {
	return map[workspace.Kind]func(*workspace.Workspace) workspace.View{
		workspace.KindChat:     a.chat.View,
		workspace.KindDocument: a.docs.View,
		workspace.KindProfile:  a.people.View,
		workspace.KindSelf:     a.self.View,
		workspace.KindCall:     a.calls.View,
	}
}

// API is what user interfaces call and hear.
func (a *App) API() *api.API { return a.api }

// Page is where pages plug in what captures and plays in calls.
func (a *App) Page() *calls.Page { return a.page }

// Start opens the data folder and connects. When the keys need a passphrase that
// nobody gives, the node is up but locked, and waits for Unlock.
func (a *App) Start(ctx context.Context) error {
	release, err := store.Lock(a.config.Data, store.Device)
	if err != nil {
		return err
	}
	a.release = release
	key, err := a.device.key()
	if errors.Is(err, errNeedsPassphrase) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.open(ctx, key)
}

// running is the context of the open node, for calls.
func (a *App) running() (context.Context, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.life != nil {
		return a.life, nil
	}
	if a.device.locked() {
		return nil, a.device.waitsFor()
	}
	return nil, api.ErrStarting
}

// shut closes the parts, and waits.
func (a *App) shut(life context.Context, end context.CancelFunc) error {
	a.calls.Close() // the others hear of it while there is a network
	a.self.Close()  // what was read and written last is for the other devices
	a.Drain(life)
	end()
	a.background.Wait()
	return a.closeParts()
}

// Close stops everything and waits, for a lock that is under way too.
func (a *App) Close() error {
	a.device.unlocking.Lock()
	defer a.device.unlocking.Unlock()
	a.mu.Lock()
	life, end := a.life, a.end
	a.life = nil
	a.mu.Unlock()
	var failed []error
	if life != nil {
		failed = append(failed, a.shut(life, end))
		a.api.Close()
	}
	if a.release != nil {
		failed = append(failed, a.release())
		a.release = nil
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
