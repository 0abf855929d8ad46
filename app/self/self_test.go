package self_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/app/self"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/seal"
)

var (
	ws   = seal.ID{0xaa}
	home = seal.SpaceID{7}
)

// device is one device of a person: the real store and the real service, with a
// workspace that neither signs nor encrypts.
type device struct {
	*viewtest.Host
	t       *testing.T
	self    *self.Service
	devices int
	guest   bool
	facts   []self.Fact // what its source knows
	broken  error       // why nothing can be written; guarded by mu

	mu    sync.Mutex
	seq   byte
	told  []self.Changed
	wrote chan struct{}
}

func newDevice(t *testing.T, n byte) *device {
	t.Helper()
	d := &device{Host: viewtest.New(t, seal.ID{n}, t.TempDir()), t: t, devices: 2, wrote: make(chan struct{}, 64)}
	d.self = self.New(self.Config{Store: d.DB.Self(), Sources: []self.Source{d}, Coalesce: 20 * time.Millisecond})
	d.self.Changed.Subscribe(func(c self.Changed) {
		d.mu.Lock()
		d.told = append(d.told, c)
		d.mu.Unlock()
	})
	d.View = d.self.Open(d)
	if err := d.self.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.self.Close)
	return d
}

func (d *device) Facts(context.Context, seal.ID) ([]self.Fact, error) { return d.facts, nil }

func (d *device) ID() seal.ID        { return ws }
func (d *device) Home() seal.SpaceID { return home }
func (d *device) Devices() int       { return d.devices }
func (d *device) SelfSpace(context.Context) (seal.SpaceID, error) {
	if d.guest {
		return home, workspace.ErrRefused
	}
	return home, nil
}

func (d *device) Append(ctx context.Context, space seal.SpaceID, kind workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error) {
	d.mu.Lock()
	broken := d.broken
	d.mu.Unlock()
	if broken != nil {
		d.wrote <- struct{}{}
		return workspace.Opened{}, broken
	}
	o, err := d.Write(ctx, compose, func(draft workspace.Draft) workspace.Opened { return d.envelope(space, draft.Body) })
	if err != nil {
		return o, err
	}
	d.wrote <- struct{}{}
	return o, nil
}

func (d *device) envelope(space seal.SpaceID, body []byte) workspace.Opened {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seq++
	o := workspace.Opened{Workspace: ws, Space: space, Device: d.Device, Seq: uint64(d.seq), Kind: workspace.KindSelf, Body: body, Own: true}
	o.ID = seal.Hash("envelope", d.Device[:], body, []byte{d.seq})
	return o
}

func (d *device) share(key, order, value string) workspace.Opened {
	d.t.Helper()
	if err := d.self.Share(d.t.Context(), ws, self.Fact{Key: key, Order: []byte(order), Value: []byte(value)}); err != nil {
		d.t.Fatal(err)
	}
	<-d.wrote
	return d.Sent[len(d.Sent)-1]
}

func (d *device) wants(key, want string) {
	d.t.Helper()
	value, found, err := d.self.Value(d.t.Context(), ws, key)
	if err != nil || string(value) != want || found != (want != "") {
		d.t.Errorf("%s is %q, %t, %v; want %q", key, value, found, err, want)
	}
}

func TestF5TheLaterFactWinsInAnyOrder(t *testing.T) {
	a, b := newDevice(t, 1), newDevice(t, 2)
	a.share("setting/language", "", "en")
	b.Deliver(t, a.Sent...)
	b.share("setting/language", "", "fr")
	b.share("read/x", "\x05", "far")
	a.share("read/x", "\x03", "near")
	a.share("read/x", "\x04", "nearer") // a later word with a smaller order
	all := slices.Concat(a.Sent, b.Sent)
	for seed := range uint64(8) {
		c := newDevice(t, 3)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, o := range all {
			c.Deliver(t, o, o)
		}
		c.wants("setting/language", "fr")
		c.wants("read/x", "far")
	}
	a.Deliver(t, b.Sent...)
	a.wants("read/x", "far")
	if len(a.told) == 0 || a.told[len(a.told)-1].Key != "read/x" {
		t.Errorf("told %+v, want what came from the other device", a.told)
	}
	values, err := a.self.Values(t.Context(), ws, "read/")
	if err != nil || len(values) != 1 {
		t.Errorf("%v, %v; want one", values, err)
	}
}

func TestF6WhatIsPutAgainIsWrittenOnce(t *testing.T) {
	d := newDevice(t, 1)
	for range 3 {
		d.self.Put(ws, self.Fact{Key: "draft/x", Value: []byte("a")})
		d.self.Put(ws, self.Fact{Key: "draft/x", Value: []byte("ab")})
		d.self.Put(ws, self.Fact{Key: "draft/y", Value: []byte("c")})
	}
	<-d.wrote
	d.self.Put(ws, self.Fact{Key: "draft/x", Value: []byte("ab")}) // as it is
	d.self.Put(ws, self.Fact{Key: "draft/z", Value: []byte("d")})
	<-d.wrote
	if len(d.Sent) != 2 {
		t.Errorf("%d envelopes, want 2", len(d.Sent))
	}
	d.wants("draft/x", "ab")
	d.self.Put(ws, self.Fact{Key: "draft/x", Value: []byte("last word")})
	d.self.Close() // writes what is queued
	d.wants("draft/x", "last word")
}

func TestF6OneDeviceAloneWritesNothing(t *testing.T) {
	d := newDevice(t, 1)
	d.devices = 1
	d.self.Put(ws, self.Fact{Key: "draft/x", Value: []byte("a")})
	d.self.Close()
	if len(d.Sent) != 0 {
		t.Errorf("%d envelopes for nobody", len(d.Sent))
	}
	guest := newDevice(t, 2)
	guest.guest = true
	if err := guest.self.Share(t.Context(), ws, self.Fact{Key: "device/x", Value: []byte("a")}); !errors.Is(err, workspace.ErrRefused) {
		t.Errorf("a guest shares: %v", err)
	}
	if err := guest.self.Share(t.Context(), seal.ID{9}, self.Fact{Key: "x"}); !errors.Is(err, self.ErrNotFound) {
		t.Errorf("an unknown workspace: %v", err)
	}
}

func TestF7AHiddenFactGivesWayToTheOneBefore(t *testing.T) {
	a, b := newDevice(t, 1), newDevice(t, 2)
	a.share("setting/theme", "", "dark")
	b.Deliver(t, a.Sent...)
	b.share("setting/theme", "", "thief")
	b.share("draft/x", "", "thief")
	a.Deliver(t, b.Sent...)
	a.wants("setting/theme", "thief")
	a.Judge(t, true, b.Sent...)
	a.wants("setting/theme", "dark")
	a.wants("draft/x", "")
	if last := a.told[len(a.told)-1]; string(last.Value) != "dark" {
		t.Errorf("told %q last, want what counts now", last.Value)
	}
	a.Judge(t, false, b.Sent...)
	a.wants("setting/theme", "thief")
	a.wants("draft/x", "thief")
}

func TestSelfBodies(t *testing.T) {
	o := workspace.Opened{Space: home}
	good := self.Body{Facts: []self.Entry{{Key: "a", Order: []byte{1}, Lamport: 1, Value: []byte("x")}, {Key: "b", Lamport: 2, Value: nil}}}
	encode := func(change func(b *self.Body)) []byte {
		b := self.Body{Facts: slices.Clone(good.Facts)}
		change(&b)
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for _, c := range []struct {
		what string
		data []byte
		bad  string
	}{
		{"F1 two facts", encode(func(*self.Body) {}), ""},
		{"F1 no bytes", nil, "decode"},
		{"F1 bytes after the end", append(encode(func(*self.Body) {}), 0), "decode"},
		{"F1 version 0", append([]byte{0x82, 0}, encode(func(*self.Body) {})[2:]...), "version 0"},
		{"F1 version 2", append([]byte{0x82, 2}, encode(func(*self.Body) {})[2:]...), "newer version"},
		{"F1 version 2 of another length", []byte{0x83, 2, 0, 0}, "newer version"},
		{"F2 no facts", encode(func(b *self.Body) { b.Facts = nil }), "0 facts"},
		{"F2 65 facts", encode(func(b *self.Body) {
			b.Facts = nil
			for i := range 65 {
				b.Facts = append(b.Facts, self.Entry{Key: string(rune('a'+i/26)) + string(rune('a'+i%26)), Lamport: 1})
			}
		}), "65 facts"},
		{"F2 not ascending", encode(func(b *self.Body) { slices.Reverse(b.Facts) }), "ascending"},
		{"F2 a key twice", encode(func(b *self.Body) { b.Facts[1].Key = "a" }), "ascending"},
		{"F3 no key", encode(func(b *self.Body) { b.Facts[0].Key = "" }), "key"},
		{"F3 a long key", encode(func(b *self.Body) { b.Facts[1].Key = strings.Repeat("b", 201) }), "key"},
		{"F3 a long order", encode(func(b *self.Body) { b.Facts[0].Order = make([]byte, 65) }), "order"},
		{"F3 a long value", encode(func(b *self.Body) { b.Facts[0].Value = make([]byte, 32*1024+1) }), "value"},
		{"F3 lamport 0", encode(func(b *self.Body) { b.Facts[0].Lamport = 0 }), "lamport"},
		{"F3 an absurd lamport", encode(func(b *self.Body) { b.Facts[0].Lamport = 1<<53 + 1 }), "lamport"},
	} {
		t.Run(c.what, func(t *testing.T) {
			o.Body = c.data
			_, err := self.Decode(o, home)
			if c.bad == "" && err != nil || c.bad != "" && (err == nil || !strings.Contains(err.Error(), c.bad)) {
				t.Errorf("got %v, want %q", err, c.bad)
			}
		})
	}
	t.Run("F4 outside of the own space", func(t *testing.T) {
		o.Body = encode(func(*self.Body) {})
		if _, err := self.Decode(o, seal.SpaceID{8}); err == nil {
			t.Error("it is taken")
		}
		a, b := newDevice(t, 1), newDevice(t, 2)
		forged := b.envelope(seal.SpaceID{8}, o.Body)
		a.Deliver(t, forged)
		if a.Bad()[forged.ID] == "" {
			t.Error("it is not quarantined")
		}
	})
}

// checkBody: no input panics, and what decodes encodes to the same bytes.
func checkBody(t *testing.T, data []byte) {
	b, err := self.Decode(workspace.Opened{Space: home, Body: data}, home)
	if err != nil {
		return
	}
	if again, err := b.Encode(); err != nil || !bytes.Equal(again, data) {
		t.Fatalf("%x decodes and encodes to %x (%v)", data, again, err)
	}
}

func FuzzBody(f *testing.F) {
	data, err := self.Body{Facts: []self.Entry{{Key: "a", Order: []byte{1}, Lamport: 300, Value: []byte("x")}}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(checkBody)
}
