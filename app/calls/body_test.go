package calls_test

import (
	"bytes"
	"strings"
	"testing"

	"parvis/app/calls"
	"parvis/crdt/call"
)

func encode(t testing.TB, b calls.Body) []byte {
	t.Helper()
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBodies(t *testing.T) {
	good := encode(t, calls.Body{Op: calls.OpJoin, Call: call.ID{1}, Channel: hall})
	for _, c := range []struct {
		what string
		data []byte
		bad  string
	}{
		{"L1 a body", good, ""},
		{"L1 no bytes", nil, "decode"},
		{"L1 bytes after the end", append(bytes.Clone(good), 0), "decode"},
		{"L1 version 0", append([]byte{0x84, 0}, good[2:]...), "version 0"},
		{"L1 version 2", append([]byte{0x84, 2}, good[2:]...), "newer version"},
		{"L1 version 2 of another length", []byte{0x85, 2, 0, 0, 0, 0}, "newer version"},
		{"L1 no call", encode(t, calls.Body{Channel: hall}), "names no call"},
		{"L1 no channel", encode(t, calls.Body{Call: call.ID{1}}), "names no call"},
		{"L2 a later operation", encode(t, calls.Body{Op: 5, Call: call.ID{1}, Channel: hall}), "newer version"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := calls.Decode(c.data)
			if c.bad == "" && err != nil || c.bad != "" && (err == nil || !strings.Contains(err.Error(), c.bad)) {
				t.Errorf("got %v, want %q", err, c.bad)
			}
		})
	}
	t.Run("L1 the golden body stays", func(t *testing.T) {
		want := append([]byte{0x84, 1, 1, 0x50, 1}, make([]byte, 15)...)
		want = append(append(want, 0x50, 1), make([]byte, 15)...)
		if !bytes.Equal(good, want) {
			t.Errorf("the encoding changed: %x", good)
		}
	})
}

func TestHints(t *testing.T) {
	good := calls.Hint{V: 1, Call: call.ID{1}, Flags: 0xfff, Uplink: 1 << 60, Since: 5}
	for _, c := range []struct {
		what   string
		change func(h *calls.Hint)
		ok     bool
	}{
		{"L8 a hint with unknown flags", func(*calls.Hint) {}, true},
		{"L8 another version", func(h *calls.Hint) { h.V = 2 }, false},
		{"L8 no call", func(h *calls.Hint) { h.Call = call.ID{} }, false},
		{"L8 never joined", func(h *calls.Hint) { h.Since = 0 }, false},
	} {
		h := good
		c.change(&h)
		data, err := h.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := calls.DecodeHint(data)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.what, err)
		}
		if got.Uplink > 10_000_000 {
			t.Errorf("%s: a line of %d kbit/s", c.what, got.Uplink)
		}
	}
}

func TestIDsHaveOneText(t *testing.T) {
	id := call.ID{0xab, 1}
	if got, err := calls.ParseID(calls.IDText(id)); err != nil || got != id {
		t.Errorf("%x, %v", got, err)
	}
	for _, text := range []string{"", "AB", strings.Repeat("A", 32), strings.Repeat("a", 33)} {
		if _, err := calls.ParseID(text); err == nil {
			t.Errorf("%q is an id", text)
		}
	}
}

func FuzzBody(f *testing.F) {
	f.Add(encode(f, calls.Body{Op: calls.OpEnd, Call: call.ID{1}, Channel: hall}))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := calls.Decode(data)
		if err != nil {
			return
		}
		if again, err := b.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%x decodes and encodes to %x (%v)", data, again, err)
		}
	})
}

func FuzzHint(f *testing.F) {
	data, err := calls.Hint{V: 1, Call: call.ID{1}, Flags: 3, Uplink: 500, Since: 7}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := calls.DecodeHint(data)
		if err == nil && (h.Since == 0 || h.V != 1) {
			t.Errorf("%+v is taken", h)
		}
	})
}
