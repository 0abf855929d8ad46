// Package storetest is the contract of workspace.Storage as tests: every
// implementation runs the same suite.
package storetest

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Run runs the suite. open returns an empty storage that t closes.
func Run(t *testing.T, open func(t *testing.T) workspace.Storage) {
	suites := map[string]func(*testing.T, workspace.Storage){
		"Transactor": transactor, "Vault": vault, "LogStore": logStore, "Blobs": blobs,
		"EnvelopeStore": envelopes, "StateStore": states, "PeerStore": peers, "Registry": registry, "ArrivalStore": arrivals,
	}
	for _, name := range slices.Sorted(maps.Keys(suites)) {
		t.Run(name, func(t *testing.T) { suites[name](t, open(t)) })
	}
}

// ID makes different ids out of a kind and a number.
func ID(kind string, n int) seal.ID {
	return seal.Hash("parvis1/test", []byte(kind), binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// Row makes envelope seq of a device in a space, with size bytes.
func Row(space byte, device, seq, size int) workspace.EnvelopeRow {
	body := make([]byte, size)
	binary.BigEndian.PutUint32(body, uint32(seq))
	return workspace.EnvelopeRow{
		Space: seal.SpaceID{space}, Device: ID("device", device), Seq: uint64(seq), ID: ID("envelope", device<<32|seq), Bytes: body,
	}
}

var errTest = errors.New("asked for by the test")

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func transactor(t *testing.T, s workspace.Storage) {
	ctx, ws := t.Context(), ID("ws", 1)
	read := func(ctx context.Context, name string) string {
		t.Helper()
		value, _, err := s.Secret(ctx, ws, name)
		check(t, err)
		return string(value)
	}
	put := func(ctx context.Context, name string) error { return s.PutSecret(ctx, ws, name, []byte(name)) }

	t.Run("a write is seen inside, outside only after the commit", func(t *testing.T) {
		check(t, s.Write(ctx, func(inner context.Context) error {
			check(t, put(inner, "a"))
			if got := read(inner, "a"); got != "a" {
				t.Errorf("inside the transaction: %q", got)
			}
			if got := read(ctx, "a"); got != "" {
				t.Errorf("outside before the commit: %q", got)
			}
			return nil
		}))
		if got := read(ctx, "a"); got != "a" {
			t.Errorf("after the commit: %q", got)
		}
	})
	t.Run("an error undoes its function alone", func(t *testing.T) {
		var wg sync.WaitGroup
		for n := range 50 {
			wg.Go(func() {
				err := s.Write(ctx, func(inner context.Context) error {
					if err := put(inner, string(rune('A'+n))); err != nil {
						return err
					}
					if n%2 == 1 {
						return errTest
					}
					return nil
				})
				if (n%2 == 1) != errors.Is(err, errTest) {
					t.Errorf("function %d: %v", n, err)
				}
			})
		}
		wg.Wait()
		for n := range 50 {
			if kept := read(ctx, string(rune('A'+n))) != ""; kept != (n%2 == 0) {
				t.Errorf("function %d: kept = %v", n, kept)
			}
		}
	})
	t.Run("a write inside a write joins it and is undone alone", func(t *testing.T) {
		check(t, s.Write(ctx, func(inner context.Context) error {
			check(t, put(inner, "outer"))
			err := s.Write(inner, func(inner context.Context) error {
				check(t, put(inner, "nested"))
				return errTest
			})
			if !errors.Is(err, errTest) {
				t.Errorf("nested write: %v", err)
			}
			return nil
		}))
		if read(ctx, "outer") != "outer" || read(ctx, "nested") != "" {
			t.Error("the nested write was not undone alone")
		}
	})
	t.Run("a panic reaches its caller and undoes its function", func(t *testing.T) {
		defer func() {
			if recover() != "bug" {
				t.Error("the panic did not reach the caller")
			}
			if read(ctx, "panic") != "" {
				t.Error("the function that panicked was committed")
			}
		}()
		_ = s.Write(ctx, func(inner context.Context) error {
			check(t, put(inner, "panic"))
			panic("bug")
		})
	})
	t.Run("a cancelled caller does not begin", func(t *testing.T) {
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		err := s.Write(cancelled, func(context.Context) error { t.Error("it ran"); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("a caller that is cancelled inside is committed all the same", func(t *testing.T) {
		cancelled, cancel := context.WithCancel(ctx)
		check(t, s.Write(cancelled, func(inner context.Context) error {
			cancel()
			return put(inner, "late")
		}))
		if read(ctx, "late") != "late" {
			t.Error("it was not committed")
		}
	})
}

func vault(t *testing.T, s workspace.Storage) {
	ctx, ws := t.Context(), ID("ws", 1)
	check(t, s.PutSecret(ctx, ws, "key/1", []byte("one")))
	check(t, s.PutSecret(ctx, ws, "key/2", []byte("two")))
	check(t, s.PutSecret(ctx, ws, "kez", nil))
	check(t, s.PutSecret(ctx, ID("ws", 2), "key/1", []byte("other")))
	check(t, s.PutSecret(ctx, ws, "key/1", []byte("eins")))
	all, err := s.Secrets(ctx, ws, "key/")
	check(t, err)
	if len(all) != 2 || string(all["key/1"]) != "eins" || string(all["key/2"]) != "two" {
		t.Errorf("secrets: %q", all)
	}
	value, found, err := s.Secret(ctx, ws, "kez")
	if err != nil || !found || len(value) != 0 {
		t.Errorf("empty secret: %q, %v, %v", value, found, err)
	}
	check(t, s.DeleteSecret(ctx, ws, "key/1"))
	check(t, s.DeleteSecret(ctx, ws, "never there"))
	if _, found, err := s.Secret(ctx, ws, "key/1"); found || err != nil {
		t.Errorf("deleted secret: %v, %v", found, err)
	}
	value, found, err = s.Secret(ctx, ID("ws", 2), "key/1")
	if err != nil || !found || string(value) != "other" {
		t.Errorf("secret of another workspace: %q, %v, %v", value, found, err)
	}
}

func logStore(t *testing.T, s workspace.Storage) {
	ctx, ws := t.Context(), ID("ws", 1)
	for n := range 300 {
		check(t, s.AddEntry(ctx, ws, ID("entry", n), []byte{byte(n), byte(n >> 8)}))
	}
	check(t, s.AddEntry(ctx, ws, ID("entry", 5), []byte("ignored")))
	check(t, s.AddEntry(ctx, ID("ws", 2), ID("entry", 5), []byte("other")))
	n := 0
	check(t, s.Entries(ctx, ws, func(id seal.ID, sealed []byte) error {
		if id != ID("entry", n) || len(sealed) != 2 || int(sealed[0])|int(sealed[1])<<8 != n {
			t.Fatalf("entry %d: %s %x", n, id.Short(), sealed)
		}
		n++
		return s.PutSecret(ctx, ws, "visited", []byte{1}) // the visitor may write
	}))
	if n != 300 {
		t.Errorf("%d entries, want 300", n)
	}
	err := s.Entries(ctx, ws, func(seal.ID, []byte) error { return errTest })
	if !errors.Is(err, errTest) {
		t.Errorf("the visitor's error is lost: %v", err)
	}
}

func blobs(t *testing.T, s workspace.Storage) {
	ctx, ws, id := t.Context(), ID("ws", 1), ID("blob", 1)
	large := make([]byte, 740<<10)
	large[len(large)-1] = 9
	check(t, s.PutBlob(ctx, ws, id, []byte("old")))
	check(t, s.PutBlob(ctx, ws, id, large))
	data, found, err := s.Blob(ctx, ws, id)
	if err != nil || !found || string(data) != string(large) {
		t.Errorf("blob: %d bytes, %v, %v", len(data), found, err)
	}
	if _, found, err := s.Blob(ctx, ID("ws", 2), id); found || err != nil {
		t.Errorf("blob of another workspace: %v, %v", found, err)
	}
	check(t, s.DeleteBlob(ctx, ws, id))
	check(t, s.DeleteBlob(ctx, ws, id))
	if _, found, err := s.Blob(ctx, ws, id); found || err != nil {
		t.Errorf("deleted blob: %v, %v", found, err)
	}
}

func states(t *testing.T, s workspace.Storage) {
	ctx, ws, space := t.Context(), ID("ws", 1), seal.SpaceID{1}
	rows := []workspace.EnvelopeRow{Row(1, 1, 1, 300), Row(1, 1, 2, 300), Row(1, 2, 1, 300), Row(2, 1, 1, 300)}
	for i := range rows[1:] {
		rows[i+1].State = workspace.EnvelopeWaitsForKey
	}
	check(t, s.AddEnvelopes(ctx, ws, rows))
	in := func(state workspace.EnvelopeState, want ...workspace.EnvelopeRow) {
		t.Helper()
		got, err := s.EnvelopesIn(ctx, ws, space, state, 10)
		check(t, err)
		if len(got) != len(want) {
			t.Fatalf("state %d: %d rows, want %d", state, len(got), len(want))
		}
		for i := range got {
			if got[i].ID != want[i].ID || got[i].State != state || string(got[i].Bytes) != string(want[i].Bytes) {
				t.Errorf("state %d: row %d is %d of %s in state %d", state, i, got[i].Seq, got[i].Device.Short(), got[i].State)
			}
		}
	}
	in(workspace.EnvelopeApplied, rows[0])
	in(workspace.EnvelopeWaitsForKey, rows[1], rows[2])
	check(t, s.SetEnvelopeState(ctx, ws, []seal.ID{rows[1].ID, rows[2].ID, ID("unknown", 1)}, workspace.EnvelopeQuarantined, "unreadable message from Zoë"))
	in(workspace.EnvelopeWaitsForKey)
	in(workspace.EnvelopeQuarantined, rows[1], rows[2])
	check(t, s.SetEnvelopeState(ctx, ws, []seal.ID{rows[2].ID}, workspace.EnvelopeApplied, ""))
	in(workspace.EnvelopeApplied, rows[0], rows[2])
	reasons, err := s.Quarantined(ctx, ws)
	if err != nil || len(reasons) != 1 || reasons[rows[1].ID] != "unreadable message from Zoë" {
		t.Errorf("quarantined: %v, %v", reasons, err)
	}
	if reasons, err := s.Quarantined(ctx, ID("ws", 2)); err != nil || len(reasons) != 0 {
		t.Errorf("quarantined elsewhere: %v, %v", reasons, err)
	}
}

func peers(t *testing.T, s workspace.Storage) {
	ctx, ws, device := t.Context(), ID("ws", 1), ID("device", 9)
	first := workspace.Tail{Space: seal.SpaceID{1}, Device: ID("device", 1), Seq: 4, ID: ID("envelope", 4)}
	second := workspace.Tail{Space: seal.SpaceID{2}, Device: ID("device", 1), Seq: 7, ID: ID("envelope", 7)}
	check(t, s.PutAcks(ctx, ws, device, []workspace.Tail{first, second}))
	first.Seq, first.ID = 5, ID("envelope", 5)
	check(t, s.PutAcks(ctx, ws, device, []workspace.Tail{first}))
	check(t, s.PutAcks(ctx, ws, device, []workspace.Tail{first}))
	acks, err := s.Acks(ctx, ws)
	check(t, err)
	if len(acks) != 1 || len(acks[device]) != 2 || !slices.Contains(acks[device], first) || !slices.Contains(acks[device], second) {
		t.Errorf("acks: %v", acks)
	}
	if tails, err := s.Tails(ctx, ws); err != nil || len(tails) != 0 {
		t.Errorf("an acknowledged chain that is not here has a tail: %v, %v", tails, err)
	}
	check(t, s.PutAddrs(ctx, ws, device, []string{"/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.1/udp/1/quic-v1"}, 1000))
	check(t, s.PutAddrs(ctx, ws, device, nil, 2000))
	check(t, s.PutAddrs(ctx, ws, ID("device", 8), nil, 0))
	seen, err := s.Addrs(ctx, ws)
	check(t, err)
	if got := seen[device]; len(seen) != 2 || got.SeenMs != 2000 || len(got.Addrs) != 2 || got.Addrs[0] != "/ip4/10.0.0.1/tcp/1" {
		t.Errorf("addresses: %v", seen)
	}
}

func registry(t *testing.T, s workspace.Storage) {
	ctx, one, two := t.Context(), ID("ws", 1), ID("ws", 2)
	check(t, s.PutSecret(ctx, ID("ws", 3), "name", nil)) // does not list it
	for _, ws := range []seal.ID{one, two, two} {
		check(t, s.AddWorkspace(ctx, ws))
		check(t, fill(ctx, s, ws))
	}
	listed := func(want ...seal.ID) {
		t.Helper()
		got, err := s.Workspaces(ctx)
		check(t, err)
		slices.SortFunc(want, seal.ID.Compare)
		slices.SortFunc(got, seal.ID.Compare)
		if !slices.Equal(got, want) {
			t.Fatalf("%d workspaces, want %d", len(got), len(want))
		}
	}
	listed(one, two)
	check(t, s.RemoveWorkspace(ctx, one))
	check(t, s.RemoveWorkspace(ctx, ID("ws", 9)))
	listed(two)
	for ws, want := range map[seal.ID]int{one: 0, two: 1} {
		tails, err := s.Tails(ctx, ws)
		check(t, err)
		secrets, err := s.Secrets(ctx, ws, "")
		check(t, err)
		_, found, err := s.Envelope(ctx, ws, Row(1, 1, 1, 300).ID)
		check(t, err)
		entries := 0
		check(t, s.Entries(ctx, ws, func(seal.ID, []byte) error { entries++; return nil }))
		if len(tails) != want || len(secrets) != want || entries != want || found != (want == 1) {
			t.Errorf("workspace %s: %d tails, %d secrets, %d entries, envelope %v; want %d of each", ws.Short(), len(tails), len(secrets), entries, found, want)
		}
	}
	check(t, s.AddWorkspace(ctx, one))
	check(t, fill(ctx, s, one))
	listed(one, two)
}

// fill puts one thing of everything into a workspace.
func fill(ctx context.Context, s workspace.Storage, ws seal.ID) error {
	row := Row(1, 1, 1, 300)
	return errors.Join(
		s.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{row}),
		s.SetEnvelopeState(ctx, ws, []seal.ID{row.ID}, workspace.EnvelopeHidden, "why"),
		s.PutSecret(ctx, ws, "name", []byte("value")),
		s.AddEntry(ctx, ws, ID("entry", 1), []byte("entry")),
		s.PutBlob(ctx, ws, ID("blob", 1), []byte("blob")),
		s.PutAcks(ctx, ws, ID("device", 2), []workspace.Tail{{Space: row.Space, Device: row.Device, Seq: 1, ID: row.ID}}),
		s.PutAddrs(ctx, ws, ID("device", 2), []string{"/ip4/10.0.0.1/tcp/1"}, 1),
	)
}
