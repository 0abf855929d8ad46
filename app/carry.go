package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"parvis/app/api"
	"parvis/app/chat"
	"parvis/app/name"
	"parvis/app/people"
	"parvis/app/self"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// The keys of what a person's devices share. A read mark and a draft name the space
// and the channel, a device name the device.
const (
	keyRead    = "read/"
	keyDraft   = "draft/"
	keySetting = "setting/"
	keyDevice  = "device/"
)

// shared are the settings that are the same on all devices of a person.
var shared = []string{"language", "theme"}

// carry brings what a person's devices share to where it belongs, and what this
// device knows to the others.
type carry struct {
	self    *self.Service
	chat    *chat.Service
	people  *people.Service
	values  api.ValueService
	manager *workspace.Manager
	log     *slog.Logger
	changed func() // a shared setting, or the name of a device, is another one now

	// papers are the facts about the paper key of a workspace's person; paperArrived takes
	// those of another device.
	papers       func(ctx context.Context, w *workspace.Workspace) ([]self.Fact, error)
	paperArrived func(ctx context.Context, key string, value []byte) error

	wake chan struct{} // something is in pending

	mu      sync.Mutex
	pending map[pendingFact]self.Changed          // guarded by mu; what arrived and was not applied yet
	marks   map[seal.ID]map[string]chat.ReadThere // guarded by mu; by workspace and key; nil: not read yet
}

// pendingFact names a fact that arrived; a later one takes its place.
type pendingFact struct {
	ws  seal.ID
	key string
}

// newCarry makes what sits between the services; they are set before start.
func newCarry(log *slog.Logger) *carry {
	return &carry{log: log, wake: make(chan struct{}, 1), pending: map[pendingFact]self.Changed{}, changed: func() {}}
}

// queue notes a fact that arrived, for run.
func (c *carry) queue(f self.Changed) {
	c.mu.Lock()
	c.pending[pendingFact{f.Workspace, f.Key}] = f
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// listen hears of what arrives from now on, and finds what the end of the program kept
// from being applied. It is called before anything can arrive; ctx ends it.
func (c *carry) listen(ctx context.Context) {
	context.AfterFunc(ctx, c.self.Changed.Subscribe(c.queue))
	for _, w := range c.manager.List() {
		left, err := c.self.Unapplied(ctx, w.ID())
		if err != nil && ctx.Err() == nil {
			c.log.Warn("read what other devices share", "workspace", w.ID().Short(), "err", err)
		}
		for _, f := range left {
			c.queue(f)
		}
		values, err := c.self.Values(ctx, w.ID(), keyRead) // they hide what arrives after them too
		if err != nil {
			continue
		}
		for key, value := range values {
			c.queue(self.Changed{Workspace: w.ID(), Fact: self.Fact{Key: key, Value: value}})
		}
	}
}

// run applies what arrives until ctx ends.
func (c *carry) run(ctx context.Context) {
	for {
		c.mu.Lock()
		facts := c.pending
		c.pending = map[pendingFact]self.Changed{}
		c.mu.Unlock()
		for _, f := range facts {
			if ctx.Err() == nil {
				c.arrived(ctx, f)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
	}
}

// readMark is the value of a read mark: the last place that was read, and how far the
// device had the chains of the space then.
type readMark struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Lamport uint64
	ID      seal.ID
	Had     []hadChain
}

// hadChain names a device by the beginning of its id: a wrong guess makes a message
// count as read that arrives late, once in four billion.
type hadChain struct {
	_      struct{} `cbor:",toarray"`
	Device [4]byte
	Seq    uint64
}

func channelKey(prefix string, space seal.SpaceID, channel chat.ChannelID) string {
	return prefix + space.String() + "/" + channel.String()
}

// parseChannelKey reads what channelKey wrote.
func parseChannelKey(key, prefix string) (seal.SpaceID, chat.ChannelID, bool) {
	first, second, found := strings.Cut(strings.TrimPrefix(key, prefix), "/")
	space, err := seal.ParseSpaceID(first)
	channel, err2 := chat.ParseChannelID(second)
	return space, channel, found && err == nil && err2 == nil
}

// Read implements [chat.Elsewhere].
func (c *carry) Read(ws seal.ID, space seal.SpaceID, channel chat.ChannelID, lamport uint64, id seal.ID) {
	if f, ok := c.markFact(ws, space, channel, lamport, id); ok {
		c.self.Put(ws, f)
	}
}

func (c *carry) markFact(ws seal.ID, space seal.SpaceID, channel chat.ChannelID, lamport uint64, id seal.ID) (self.Fact, bool) {
	w, err := c.manager.Get(ws)
	if err != nil {
		return self.Fact{}, false
	}
	mark := readMark{V: 1, Lamport: lamport, ID: id}
	for feed, tail := range w.Have().Feeds {
		if feed.Space == space {
			mark.Had = append(mark.Had, hadChain{Device: [4]byte(feed.Device[:4]), Seq: tail.Seq})
		}
	}
	slices.SortFunc(mark.Had, func(a, b hadChain) int { return bytes.Compare(a.Device[:], b.Device[:]) })
	value, err := seal.Encode(mark)
	if err != nil {
		return self.Fact{}, false
	}
	order := append(binary.BigEndian.AppendUint64(nil, lamport), id[:]...)
	return self.Fact{Key: channelKey(keyRead, space, channel), Order: order, Value: value}, true
}

// parseMark reads a read mark of another device.
func parseMark(value []byte) (chat.ReadThere, bool) {
	mark, err := seal.Decode[readMark](value)
	if err != nil || mark.V != 1 {
		return chat.ReadThere{}, false
	}
	had := make(map[[4]byte]uint64, len(mark.Had))
	for _, h := range mark.Had {
		had[h.Device] = max(had[h.Device], h.Seq)
	}
	return chat.ReadThere{Lamport: mark.Lamport, ID: mark.ID, Had: func(device seal.ID, seq uint64) bool {
		return seq <= had[[4]byte(device[:4])]
	}}, true
}

// Drafted implements [chat.Elsewhere].
func (c *carry) Drafted(ws seal.ID, space seal.SpaceID, channel chat.ChannelID, text string) {
	c.self.Put(ws, self.Fact{Key: channelKey(keyDraft, space, channel), Value: []byte(text)})
}

// ReadUpTo implements [chat.Elsewhere].
func (c *carry) ReadUpTo(ws seal.ID, space seal.SpaceID, channel chat.ChannelID) (chat.ReadThere, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	marks, known := c.marks[ws]
	if !known {
		marks = map[string]chat.ReadThere{}
		values, err := c.self.Values(context.Background(), ws, keyRead)
		if err != nil {
			return chat.ReadThere{}, false // tried again with the next message
		}
		for key, value := range values {
			if there, ok := parseMark(value); ok {
				marks[key] = there
			}
		}
		if c.marks == nil {
			c.marks = map[seal.ID]map[string]chat.ReadThere{}
		}
		c.marks[ws] = marks
	}
	there, ok := marks[channelKey(keyRead, space, channel)]
	return there, ok
}

// arrived takes what another device shared to where it belongs.
func (c *carry) arrived(ctx context.Context, f self.Changed) {
	var err error
	switch {
	case strings.HasPrefix(f.Key, keyRead):
		space, channel, ok := parseChannelKey(f.Key, keyRead)
		there, read := parseMark(f.Value)
		if !ok || !read {
			return
		}
		c.mu.Lock()
		if marks, known := c.marks[f.Workspace]; known {
			marks[f.Key] = there
		}
		c.mu.Unlock()
		err = c.chat.ReadElsewhere(ctx, f.Workspace, space, channel, there)
	case strings.HasPrefix(f.Key, keyDraft):
		if space, channel, ok := parseChannelKey(f.Key, keyDraft); ok {
			err = c.chat.DraftElsewhere(ctx, f.Workspace, space, channel, string(f.Value))
		}
	case strings.HasPrefix(f.Key, keySetting):
		if setting := strings.TrimPrefix(f.Key, keySetting); slices.Contains(shared, setting) {
			err = c.values.SetValue(ctx, setting, string(f.Value))
			c.changed()
		}
	case strings.HasPrefix(f.Key, keyDevice):
		c.changed()
	case strings.HasPrefix(f.Key, keyPaper):
		err = c.paperArrived(ctx, strings.TrimPrefix(f.Key, keyPaper), f.Value)
	case strings.HasPrefix(f.Key, keyTrust):
		c.people.TrustChanged(f.Workspace)
	}
	if err == nil && !f.Writer.IsZero() {
		err = c.self.Applied(ctx, f)
	}
	if err != nil && ctx.Err() == nil {
		c.log.Warn("apply what another device shares", "key", f.Key, "err", err)
	}
}

// Facts implements [self.Source].
func (c *carry) Facts(ctx context.Context, ws seal.ID) ([]self.Fact, error) {
	w, err := c.manager.Get(ws)
	if err != nil {
		return nil, nil
	}
	_, device := w.Self()
	facts, err := c.papers(ctx, w)
	if err != nil {
		return nil, err
	}
	facts = append(facts, self.Fact{Key: keyDevice + device.String(), Value: []byte(hostName())})
	for _, setting := range shared {
		if !oldest(w) {
			break // a new device takes them over
		}
		value, err := c.values.Value(ctx, setting)
		if err != nil {
			return nil, err
		}
		if value != "" {
			facts = append(facts, self.Fact{Key: keySetting + setting, Value: []byte(value)})
		}
	}
	kept, err := c.chat.Kept(ctx, ws)
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		if f, ok := c.markFact(ws, k.Space, k.Channel, k.Read.Lamport, k.Read.ID); ok && !k.Read.ID.IsZero() {
			facts = append(facts, f)
		}
		if k.Draft != "" {
			facts = append(facts, self.Fact{Key: channelKey(keyDraft, k.Space, k.Channel), Value: []byte(k.Draft)})
		}
	}
	return facts, nil
}

// oldest reports whether this device is the person's oldest one in a workspace.
func oldest(w *workspace.Workspace) bool {
	st := w.State()
	person, own := w.Self()
	p, _ := st.Person(person)
	self, ok := st.Device(own)
	return ok && !slices.ContainsFunc(p.Devices, func(id seal.ID) bool {
		d, _ := st.Device(id)
		return d.Active && d.Idx < self.Idx
	})
}

// hostName is what a device is called until its person names it.
func hostName() string {
	host, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name.Clean(host)
}

// settings are the small settings of this device; those that a person's devices share
// go to the others too.
type settings struct {
	api.ValueService
	carry *carry
}

// SetValue implements [api.ValueService].
func (s settings) SetValue(ctx context.Context, setting, value string) error {
	if err := s.ValueService.SetValue(ctx, setting, value); err != nil {
		return err
	}
	if slices.Contains(shared, setting) {
		for _, w := range s.carry.manager.List() {
			s.carry.self.Put(w.ID(), self.Fact{Key: keySetting + setting, Value: []byte(value)})
		}
	}
	return nil
}

// deviceName is what a device of the own person is called, or empty. Where the person is
// a guest nothing is shared: there it is called as elsewhere.
func (c *carry) deviceName(ctx context.Context, ws, device seal.ID) string {
	all := []seal.ID{ws}
	for _, w := range c.manager.List() {
		all = append(all, w.ID())
	}
	for _, ws := range all {
		value, found, err := c.self.Value(ctx, ws, keyDevice+device.String())
		if err == nil && found {
			return name.Clean(string(value))
		}
	}
	return ""
}

// nameDevice names a device of the own person in every workspace where it is one.
func (c *carry) nameDevice(ctx context.Context, device seal.ID, text string) error {
	clean := name.Typed(text)
	if clean == "" {
		return fmt.Errorf("name of a device: %w", people.ErrInvalid)
	}
	var failed []error
	named := false
	for _, w := range c.manager.List() {
		person, _ := w.Self()
		if d, ok := w.State().Device(device); !w.Ready() || !ok || d.Person != person {
			continue
		}
		err := c.self.Share(ctx, w.ID(), self.Fact{Key: keyDevice + device.String(), Value: []byte(clean)})
		named = named || err == nil
		failed = append(failed, err)
	}
	if named { // a guest has no space of its own to share it in; the other workspaces tell
		c.changed()
		return nil
	}
	return cmp.Or(errors.Join(failed...), fmt.Errorf("device %s: %w", device.Short(), workspace.ErrNotFound))
}
