package workspace_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/paper"
	"parvis/crdt/seal"
)

// asked is something that a stranger or a member asks, and what becomes of it. Whoever
// maps errors to points gives some for ErrBad alone.
type asked struct {
	column string
	raw    []byte
	from   seal.ID
	want   error // nil: it is answered
}

func checkAsked(t *testing.T, answer func(ctx context.Context, from seal.ID, raw []byte) error, all ...asked) {
	t.Helper()
	for _, cell := range all {
		t.Run(cell.column, func(t *testing.T) {
			err := answer(t.Context(), cell.from, cell.raw)
			if !errors.Is(err, cell.want) || errors.Is(err, workspace.ErrBad) != errors.Is(cell.want, workspace.ErrBad) {
				t.Errorf("got %v, want %v", err, cell.want)
			}
		})
	}
}

func encoded(t *testing.T, fields ...any) []byte {
	t.Helper()
	raw, err := seal.Encode(fields)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// signed is a message of those that a payload and a signature make up.
func signed(t *testing.T, key seal.SignKey, label string, message any) []byte {
	t.Helper()
	payload, err := seal.Encode(message)
	if err != nil {
		t.Fatal(err)
	}
	return encoded(t, payload, key.Sign(label, payload))
}

// What a member answers to whoever comes back with a paper key (K72).
func TestBadInputReturnRequest(t *testing.T) {
	now := time.Now()
	ana, key, other := newDevice(t, &now), paper.New(), paper.New()
	ana.Recovery = func(context.Context, []seal.ID) (seal.ID, error) { return key.Sign().Public(), nil }
	w := ana.found()
	device := member.NewDeviceKeys([32]byte{7})
	kem, err := seal.NewKEMKey([32]byte{8})
	if err != nil {
		t.Fatal(err)
	}
	from := device.PeerPublic()
	request := func(key paper.Key, ws, device seal.ID) []byte {
		raw, err := member.NewReturnRequest(key.Sign(), ws, device, kem.Public(), ana.Self(), from)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	body := func(ws seal.ID, request []byte) []byte { return encoded(t, uint(1), ws, request, []byte{}) }
	good := request(key, w.ID(), device.ID())
	r := member.ReturnRequest{V: 1, WS: w.ID(), Recovery: key.Sign().Public(), Device: device.ID(), KEMPK: kem.Public(), PeerA: ana.Self(), PeerB: from}
	forged := signed(t, other.Sign(), "parvis1/return/request", r)
	r.V = 2
	later := signed(t, key.Sign(), "parvis1/return/request", r)
	_, own := w.Self()
	known := request(key, w.ID(), own)

	var welcome workspace.Welcome
	answer := func(ctx context.Context, from seal.ID, raw []byte) (err error) {
		got, err := ana.AnswerReturn(ctx, from, raw)
		if err == nil {
			welcome = got
		} else if got.Grant != nil || got.Entries != nil {
			t.Errorf("refused, and yet given %d entries", len(got.Entries))
		}
		return err
	}
	unknown, rules, version := workspace.RefusalOf(workspace.RefusedUnknown), workspace.RefusalOf(workspace.RefusedRules), workspace.RefusalOf(workspace.RefusedVersion)
	checkAsked(t, answer,
		asked{"right", body(w.ID(), good), from, nil},
		asked{"malformed: no body", []byte("x"), from, workspace.ErrBad},
		asked{"malformed: version 0", encoded(t, uint(0), w.ID(), good, []byte{}), from, workspace.ErrBad},
		asked{"malformed: cut off", body(w.ID(), good[:len(good)-1]), from, workspace.ErrBad},
		asked{"malformed: neither a request nor an entry", body(w.ID(), []byte{}), from, workspace.ErrBad},
		asked{"newer version: of the body", encoded(t, uint(2), "something else"), from, version},
		asked{"newer version", body(w.ID(), later), from, version},
		asked{"missing reference: another workspace", body(seal.ID{1}, good), from, unknown},
		asked{"wrong signature", body(w.ID(), forged), from, workspace.ErrBad},
		asked{"wrong signature: from another peer", body(w.ID(), good), seal.ID{3}, workspace.ErrBad},
		asked{"wrong signature: for another workspace", body(w.ID(), request(key, seal.ID{1}, device.ID())), from, workspace.ErrBad},
		asked{"not allowed: nobody's paper key", body(w.ID(), request(other, w.ID(), device.ID())), from, rules},
		asked{"not allowed: for a device that is in the log", body(w.ID(), known), from, rules},
		asked{"duplicate", body(w.ID(), good), from, nil},
	)
	entry := func(entry []byte) []byte { return encoded(t, uint(1), w.ID(), []byte{}, entry) }
	checkAsked(t, answer,
		asked{"malformed: an entry that is none", entry([]byte("x")), from, workspace.ErrBad},
		asked{"not allowed: another entry than that of a device", entry(welcome.Entries[0]), from, workspace.ErrBad},
	)
	if err := ana.Returned(t.Context(), from, []byte("x")); !errors.Is(err, unknown) {
		t.Errorf("an entry of no workspace: %v", err)
	}
	if got := len(w.State().ActiveDevices()); got != 1 {
		t.Errorf("%d devices", got)
	}
}

// What the older device answers to a new one that has its link, or says so (K47).
func TestBadInputDeviceRequest(t *testing.T) {
	now := time.Now()
	ana := newDevice(t, &now)
	w := ana.found()
	offer, err := ana.OfferLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link, err := member.ParseDeviceLink(offer.Link)
	if err != nil {
		t.Fatal(err)
	}
	device := member.NewDeviceKeys([32]byte{7})
	from := device.PeerPublic()
	request := func(link member.DeviceLink, step member.DeviceStep) []byte {
		raw, err := member.NewDeviceRequest(link, device.Sign, step, w.ID(), ana.Self(), from)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	const label = "parvis1/devicelink/request"
	good, other := request(link, member.DeviceTake), link
	other.Secret = [16]byte{1}
	later := signed(t, device.Sign, label, member.DeviceRequest{V: 2, Step: member.DeviceTake, Link: link.ID(), Device: device.ID()})
	forged := signed(t, member.NewDeviceKeys([32]byte{9}).Sign, label, member.DeviceRequest{V: 1, Step: member.DeviceTake, Link: link.ID(), Device: device.ID()})
	proofless := signed(t, device.Sign, label, member.DeviceRequest{V: 1, Step: member.DeviceTake, Link: link.ID(), Device: device.ID()})
	checkAsked(t, func(ctx context.Context, from seal.ID, raw []byte) error {
		_, err := ana.AnswerLink(ctx, from, raw, nil)
		return err
	},
		asked{"malformed: cut off", good[:len(good)-1], from, workspace.ErrBad},
		asked{"newer version", later, from, workspace.RefusalOf(workspace.RefusedVersion)},
		asked{"missing reference: another link", request(other, member.DeviceTake), from, workspace.RefusalOf(workspace.RefusedUnknown)},
		asked{"wrong signature", forged, from, workspace.ErrBad},
		asked{"not allowed: who has not got the link", proofless, from, workspace.ErrBad},
		asked{"not allowed: from another peer", good, seal.ID{3}, workspace.ErrBad},
		asked{"not allowed: before codes were compared", good, from, workspace.RefusalOf(workspace.RefusedRevoked)},
	)
}

// What a member answers to whoever asks for a key (K11).
func TestBadInputKeyRequest(t *testing.T) {
	all := team(t, 2)
	ana, ben := all[0], all[1]
	ask := func(epoch seal.ID) []byte {
		raw, err := workspace.AskFor(ben.w, ben.w.MainSpace(), epoch)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	const label = "parvis1/keyrequest"
	key, good := workspace.SignKey(ben.w), ask(newest(ana))
	r := member.KeyRequest{V: 1, WS: ana.w.ID(), Space: ben.w.MainSpace(), EpochID: newest(ana), Dev: key.Public()}
	forged := signed(t, workspace.SignKey(ana.w), label, r)
	elsewhere := r
	elsewhere.WS = seal.ID{1}
	later := r
	later.V = 2
	checkAsked(t, func(_ context.Context, from seal.ID, raw []byte) error {
		_, err := ana.Grant(from, raw)
		return err
	},
		asked{"right", good, ben.Self(), nil},
		asked{"malformed: cut off", good[:len(good)-1], ben.Self(), workspace.ErrBad},
		asked{"newer version", signed(t, key, label, later), ben.Self(), workspace.ErrRefused},
		asked{"missing reference: another workspace", signed(t, key, label, elsewhere), ben.Self(), workspace.ErrRefused},
		asked{"missing reference: unknown epoch", ask(seal.ID{1}), ben.Self(), workspace.ErrRefused},
		asked{"wrong signature", forged, ben.Self(), workspace.ErrBad},
		asked{"not allowed: from another peer", good, seal.ID{3}, workspace.ErrRefused},
	)
}

// Objects that come again, wraps with them, are stored once and refused by nobody.
func TestBadInputObjectsAgain(t *testing.T) {
	all := team(t, 2)
	ana, ben := all[0], all[1]
	ana.says("hello")
	everybodyHasAll(t, all)
	everything := func(from, to *person) (all workspace.Received) {
		for has := (workspace.Holdings{}); ; {
			part, after, err := from.w.Missing(t.Context(), to.id(), has, 256, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			if len(part.Entries)+len(part.Blobs)+len(part.Envelopes) == 0 {
				return all
			}
			all.Entries, all.Blobs, all.Envelopes = append(all.Entries, part.Entries...), append(all.Blobs, part.Blobs...), append(all.Envelopes, part.Envelopes...)
			has = after
		}
	}
	part, before := everything(ana, ben), everything(ben, ana)
	if len(part.Entries) < 3 || len(part.Blobs) < 1 || len(part.Envelopes) < 1 {
		t.Fatalf("%d entries, %d blobs, %d envelopes", len(part.Entries), len(part.Blobs), len(part.Envelopes))
	}
	for range 2 {
		part.Blobs = append(part.Blobs, part.Blobs...)
		if err := ben.w.Receive(t.Context(), part); err != nil {
			t.Errorf("known objects: %v", err)
		}
	}
	if after := everything(ben, ana); len(after.Entries) != len(before.Entries) || len(after.Blobs) != len(before.Blobs) || len(after.Envelopes) != len(before.Envelopes) {
		t.Errorf("%d entries, %d blobs, %d envelopes; before %d, %d, %d", len(after.Entries), len(after.Blobs), len(after.Envelopes), len(before.Entries), len(before.Blobs), len(before.Envelopes))
	}
	ben.reads("hello")
}
