package generate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

type sent struct {
	stream uint8
	key    bool
	at     uint64
	when   time.Duration
	data   []byte
}

// run is what a source sends in so much time.
func run(t *testing.T, s *Source, d time.Duration, delay func(n int)) []sent {
	t.Helper()
	start := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var all []sent
	s.Run(ctx, func(stream uint8, key bool, at uint64, data []byte) {
		all = append(all, sent{stream, key, at, time.Since(start), data})
		if delay != nil {
			delay(len(all))
		}
	})
	return all
}

// testSource has a tone that is no sound, so that it needs no codec.
func testSource(t *testing.T, config Config) *Source {
	t.Helper()
	s, err := NewSource(nil, config)
	if err != nil {
		t.Fatal(err)
	}
	s.tone = [][]byte{{0}, {1}, {2}}
	return s
}

func TestSourceKeepsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const seconds = 120
		all := run(t, testSource(t, Config{Name: "Ana", Large: 1}), seconds*time.Second-time.Millisecond, nil)
		count := map[uint8]int{}
		for _, f := range all {
			n := count[f.stream]
			count[f.stream]++
			want := pictureDue(n)
			if f.stream == Audio {
				want = packetDue(n)
				if f.data[0] != byte(n%3) {
					t.Fatalf("packet %d is %v", n, f.data)
				}
			} else if got, _, _ := readTrailer(f.data); got.counter != uint32(n) {
				t.Fatalf("picture %d of stream %d has the counter %d", n, f.stream, got.counter)
			}
			if f.key != (f.stream != Audio) || f.when != want || f.at != uint64(want.Microseconds()) {
				t.Fatalf("frame %d of stream %d: key %v at %v, %d µs, want %v", n, f.stream, f.key, f.when, f.at, want)
			}
		}
		if count[Audio] != 50*seconds || count[Video] != FrameRate*seconds || count[Small] != FrameRate*seconds {
			t.Errorf("sent %v", count)
		}
	})
}

func TestSourceCatchesUpOrGoesOn(t *testing.T) {
	for _, c := range []struct {
		what    string
		halt    time.Duration
		packets int // in two seconds
	}{
		{"a short halt is made up for", 200 * time.Millisecond, 100},
		{"after a long one it goes on from then", time.Second, 51},
	} {
		synctest.Test(t, func(t *testing.T) {
			all := run(t, testSource(t, Config{Large: -1, Small: -1}), 2*time.Second-time.Millisecond, func(n int) {
				if n == 10 {
					time.Sleep(c.halt)
				}
			})
			if len(all) != c.packets {
				t.Errorf("%s: %d packets", c.what, len(all))
			}
			for i := 1; i < len(all); i++ {
				if all[i].at < all[i-1].at+20_000 {
					t.Errorf("%s: packet %d is of %d µs, after one of %d", c.what, i, all[i].at, all[i-1].at)
				}
			}
		})
	}
}

func TestSourceSendsWhatWasAskedFor(t *testing.T) {
	for _, c := range []struct {
		what         string
		config       Config
		large, small int // bytes of a frame
	}{
		{"the usual", Config{}, 5000, 1250},
		{"more", Config{Large: 1200, Small: 300}, 10000, 2500},
		{"only the small layer", Config{Large: -1}, 0, 1250},
		{"no picture", Config{Large: -1, Small: -1}, 0, 0},
		{"as much as there may be", Config{Large: 1e9, Small: -1}, maxRate * 1000 / 8 / FrameRate, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := testSource(t, c.config)
			s.tone = nil
			size := map[uint8]int{}
			for _, f := range run(t, s, time.Second, nil) {
				size[f.stream] = len(f.data)
			}
			if size[Video] != c.large || size[Small] != c.small || size[Audio] != 0 {
				t.Errorf("%s: %v", c.what, size)
			}
		})
	}
}

func TestKeyRequestsAreCounted(t *testing.T) {
	s := testSource(t, Config{})
	s.Key(Video)
	s.Key(Small)
	if got := s.Asked(); got != 2 {
		t.Errorf("%d requests, want 2", got)
	}
}
