package seal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
)

func fromHex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestFrames(t *testing.T) {
	base := fromHex(t, "000102030405060708090a0b0c0d0e0f")
	t.Run("S16 the vector of RFC 9605, suite 5", func(t *testing.T) {
		k := NewFrameKey(base, 0x123)
		meta := fromHex(t, "4945544620534672616d65205747")
		want := fromHex(t, "990123456794f509d36e9beacb0e261d99c7d1e972f1fed787d4049f17ca21353c1cc24d56ceabced279")
		sealed := k.seal(0x4567, fromHex(t, "64726166742d696574662d736672616d652d656e63"), meta)
		if !bytes.Equal(sealed, want) {
			t.Errorf("got %x", sealed)
		}
		plain, counter, err := k.Open(want, meta)
		if err != nil || string(plain) != "draft-ietf-sframe-enc" || counter != 0x4567 {
			t.Errorf("%q, %d, %v", plain, counter, err)
		}
	})
	t.Run("S16 headers of RFC 9605", func(t *testing.T) {
		for _, c := range []struct {
			id, counter uint64
			want        string
		}{
			{0, 0, "00"}, {0, 255, "08ff"}, {0, 256, "090100"}, {0, math.MaxUint64, "0fffffffffffffffff"}, {1, 1, "11"}, {255, 0, "80ff"},
			{256, 65535, "990100ffff"}, {4294967296, 281474976710656, "ce010000000001000000000000"},
		} {
			header := frameHeader(c.id, c.counter)
			id, counter, n := parseFrameHeader(header)
			if hex.EncodeToString(header) != c.want || id != c.id || counter != c.counter || n != len(header) {
				t.Errorf("%d, %d: %x reads as %d, %d", c.id, c.counter, header, id, counter)
			}
		}
		for _, bad := range []string{"", "08", "0807", "090001", "80", "88ff"} {
			if _, _, n := parseFrameHeader(fromHex(t, bad)); n != 0 {
				t.Errorf("%s was read", bad)
			}
		}
	})
	t.Run("S16 nothing else opens", func(t *testing.T) {
		k := NewFrameKey(base, 7)
		sealed := k.Seal([]byte("picture"), []byte("m"))
		if _, _, err := k.Open(sealed, []byte("n")); !errors.Is(err, ErrSealed) {
			t.Errorf("other data: %v", err)
		}
		if _, _, err := NewFrameKey(base, 6).Open(sealed, []byte("m")); !errors.Is(err, ErrSealed) {
			t.Errorf("other key: %v", err)
		}
		for i := range sealed {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1
			if _, _, err := k.Open(bad, []byte("m")); !errors.Is(err, ErrSealed) {
				t.Errorf("byte %d changed: %v", i, err)
			}
		}
		if len(sealed) > len("picture")+FrameOverhead {
			t.Errorf("%d bytes", len(sealed))
		}
	})
	t.Run("S16 no counter is used twice", func(t *testing.T) {
		k := NewFrameKey(base, 7)
		var mu sync.Mutex
		seen := map[uint64]bool{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 200 {
					_, counter, err := k.Open(k.Seal(nil, nil), nil)
					mu.Lock()
					if err != nil || seen[counter] {
						t.Errorf("counter %d again, %v", counter, err)
					}
					seen[counter] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	})
	t.Run("S13 a frame key does not print", func(t *testing.T) {
		if text := fmt.Sprintf("%v %#v %s", NewFrameKey(base, 7), NewFrameKey(base, 7), NewFrameKey(base, 7)); text != "frame-key(hidden) frame-key(hidden) frame-key(hidden)" {
			t.Error(text)
		}
	})
}

func FuzzFrame(f *testing.F) {
	k := NewFrameKey([]byte("0123456789abcdef"), 300)
	f.Add(k.Seal([]byte("x"), nil))
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		if id, counter, n := parseFrameHeader(data); n > 0 && !bytes.Equal(frameHeader(id, counter), data[:n]) {
			t.Error("a header in another form was read")
		}
		_, _, _ = k.Open(data, nil)
	})
}

func BenchmarkFrame(b *testing.B) {
	k := NewFrameKey([]byte("0123456789abcdef"), 300)
	plain := make([]byte, 1200)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		if _, _, err := k.Open(k.Seal(plain, nil), nil); err != nil {
			b.Fatal(err)
		}
	}
}
