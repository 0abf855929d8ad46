package generate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestCheckerFindsNothingWrongWithASource is ten seconds of all there is.
func TestCheckerFindsNothingWrongWithASource(t *testing.T) {
	codec := testCodec(t)
	source, err := NewSource(codec, Config{Name: "Ana"})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for _, name := range []string{"Ana", ""} { // known by name, or by the first picture
			checker := NewChecker(codec, name)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second-time.Millisecond)
			source.Run(ctx, func(stream uint8, key bool, at uint64, data []byte) {
				switch {
				case stream == Audio:
					checker.Audio(at, data)
				case (stream == Small) == (at < 5_000_000): // from one layer to the other, as on a line that gets better
					checker.Video(stream, key, data)
				}
			})
			cancel()
			got := checker.Report()
			want := Report{
				Frames: 150, Marked: 150, Counter: 149, Decoded: got.Decoded,
				Packets: 500, Tones: got.Tones, Silence: 20 * time.Millisecond, Frozen: 66_666_667,
			}
			if got != want || got.Decoded < 9 || got.Tones < 9 {
				t.Errorf("%q: %+v", name, got)
			}
		}
	})
}

// frames are pictures of the small layer with these counters.
func frames(name string, counters ...uint32) (all [][]byte) {
	l := newLayer(1, 0)
	for _, counter := range counters {
		all = append(all, l.frame(newPicture(name), counter))
	}
	return all
}

func TestCheckerCountsPictures(t *testing.T) {
	join := func(parts ...[][]byte) (all [][]byte) {
		for _, part := range parts {
			all = append(all, part...)
		}
		return all
	}
	cut := frames("Ana", 2)[0]
	flipped := frames("Ana", 2)[0]
	flipped[len(flipped)-40] ^= 1
	lying := frames("Ana", 2)[0]
	lying = trailer{3, nameHash("Ana")}.seal(lying[:len(lying)-trailerLength], 0, nil)
	page := frames("page", 0)[0]
	page = page[:len(page)-trailerLength]
	for _, c := range []struct {
		what, name string
		frames     [][]byte
		want       Report
	}{
		{"in order", "Ana", frames("Ana", 7, 8, 9), Report{Frames: 3, Marked: 3, Counter: 9}},
		{"some lost", "Ana", frames("Ana", 7, 10, 11, 13), Report{Frames: 4, Marked: 4, Gaps: 3, Counter: 13}},
		{"twice, and late", "Ana", frames("Ana", 7, 8, 8, 10, 9, 11), Report{Frames: 6, Marked: 6, Gaps: 1, Repeats: 2, Counter: 11}},
		{"a source that began again", "Ana", frames("Ana", 900, 901, 0, 1), Report{Frames: 4, Marked: 4, Counter: 1}},
		{"another's", "Ana", join(frames("Ana", 1), frames("Ben", 2), frames("Ana", 2)), Report{Frames: 3, Marked: 2, Foreign: 1, Counter: 2}},
		{"cut", "Ana", join(frames("Ana", 1), [][]byte{cut[:len(cut)-1]}, frames("Ana", 2)), Report{Frames: 3, Bad: 1, Marked: 2, Counter: 2}},
		{"cut, and nobody said who sends", "", join(frames("Ana", 1), [][]byte{cut[:len(cut)-1]}, frames("Ana", 2)), Report{Frames: 3, Bad: 1, Marked: 2, Counter: 2}},
		{"a bit flipped", "Ana", join(frames("Ana", 1), [][]byte{flipped}), Report{Frames: 2, Bad: 1, Marked: 1, Counter: 1}},
		{"the pixels say another counter", "Ana", [][]byte{lying}, Report{Frames: 1, Bad: 1}},
		{"a page's", "", [][]byte{page, interFrame(0, false), interFrame(1, true)}, Report{Frames: 3, Bad: 1}},
		{"a page's before its key frame", "", [][]byte{interFrame(0, false), page, interFrame(0, true)}, Report{Frames: 3, Bad: 1}},
		{"a page's instead of a generator's", "Ana", [][]byte{page}, Report{Frames: 1, Bad: 1}},
		{"nothing", "", [][]byte{nil, {}}, Report{Frames: 2, Bad: 2}},
	} {
		t.Run(c.what, func(t *testing.T) {
			checker := NewChecker(nil, c.name)
			for _, f := range c.frames {
				checker.Video(Small, len(f) == 0 || f[0]&1 == 0, f)
			}
			got := checker.Report()
			got.Frozen, got.Decoded = 0, 0 // by the clock
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestCheckerMeasuresTones(t *testing.T) {
	codec := testCodec(t)
	tone, err := codec.loop(ToneOf("Ana"))
	if err != nil {
		t.Fatal(err)
	}
	var quiet [][]byte
	err = codec.do(func(in *opusInstance) (err error) {
		quiet, err = in.encode(make([]int16, sampleRate), toneBitrate)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, name string
		packets    [][]byte
		step       uint64 // µs between two packets
		want       Report
	}{
		{"its own", "Ana", tone, 20_000, Report{Packets: 50, Tones: 1}},
		{"another's", "Ben", tone, 20_000, Report{Packets: 50, Tones: 1, WrongTones: 1}},
		{"silence", "Ana", quiet, 20_000, Report{Packets: 50, Tones: 1, WrongTones: 1}},
		{"a page's", "", tone, 20_000, Report{Packets: 50}},
		{"with every second lost", "Ana", tone, 40_000, Report{Packets: 50}},
		{"no Opus", "Ana", [][]byte{{0x4b}, nil, {0x49, 1}}, 20_000, Report{Packets: 3, BadPackets: 3}},
	} {
		t.Run(c.what, func(t *testing.T) {
			if ToneOf("Ana") == ToneOf("Ben") {
				t.Fatal("two names with the same tone tell nothing")
			}
			checker := NewChecker(codec, c.name)
			for i, p := range c.packets {
				checker.Audio(uint64(i)*c.step, p)
			}
			got := checker.Report()
			got.Silence = 0
			if got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestCheckerMeasuresHalts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checker := NewChecker(nil, "Ana")
		for i, f := range frames("Ana", 0, 1, 2, 3) {
			checker.Video(Small, true, f)
			checker.Audio(uint64(i)*20_000, []byte{0x48, 1})
			time.Sleep(time.Duration(i) * 100 * time.Millisecond)
		}
		if got := checker.Report(); got.Frozen != 200*time.Millisecond || got.Silence != 200*time.Millisecond {
			t.Errorf("halts of %v and %v, want 200ms", got.Frozen, got.Silence)
		}
	})
}

// TestCodecComesBackAfterATrap: what breaks an instance breaks only that call.
func TestCodecComesBackAfterATrap(t *testing.T) {
	codec, err := NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	err = codec.do(func(in *opusInstance) error {
		in.call("opus_decode", 0xfffffff0, 0xfffffff0, 60, 0xfffffff0, maxSamples, 0)
		if !in.broken {
			t.Error("no trap")
		}
		_, err := in.decode([][]byte{{0x48, 1}})
		return err
	})
	if err == nil {
		t.Error("a broken codec decodes")
	}
	if _, err := codec.loop(440); err != nil {
		t.Error(err)
	}
	if err := codec.Close(); err != nil {
		t.Error(err)
	}
	if _, err := codec.loop(440); err == nil {
		t.Error("a closed codec encodes")
	}
}

func FuzzVideo(f *testing.F) {
	for _, frame := range append(frames("Ana", 1, 0xffffffff), interFrame(0, false), interFrame(2, true), nil) {
		f.Add(frame, true)
		f.Add(frame, false)
		if len(frame) > trailerLength { // as a page's, and with a sum that is right
			f.Add(frame[:len(frame)-trailerLength], true)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, key bool) {
		for _, frame := range [][]byte{data, trailer{1, nameHash("Ana")}.seal(append([]byte(nil), data...), 0, nil)} {
			for _, name := range []string{"", "Ana"} {
				checker := NewChecker(nil, name)
				checker.Video(Video, key, frame)
				checker.Video(Video, key, frame)
				if got := checker.Report(); got.Frames != 2 || got.Bad > 2 {
					t.Errorf("%+v", got)
				}
			}
		}
	})
}

func FuzzAudio(f *testing.F) {
	codec := testCodec(f)
	tone, err := codec.loop(440)
	if err != nil {
		f.Fatal(err)
	}
	for _, packet := range [][]byte{tone[0], tone[1][:9], {0x48}, {0xfc, 1, 2, 3}, {0x7b, 3, 4, 5, 6}, {0xff, 0xc1, 0, 9}} {
		f.Add(packet)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		checker := NewChecker(codec, "Ana")
		for i := range toneTotal {
			checker.Audio(uint64(i)*20_000, packet)
		}
		if got := checker.Report(); got.Packets != toneTotal || got.BadPackets > toneTotal || got.Tones > 1 || got.WrongTones > got.Tones {
			t.Errorf("%+v", got)
		}
	})
}

func BenchmarkCheckVideo(b *testing.B) {
	checker, frame := NewChecker(nil, "Ana"), newLayer(2, 600).frame(newPicture("Ana"), 1)
	for b.Loop() {
		checker.Video(Video, true, frame)
	}
}

func BenchmarkCheckTone(b *testing.B) {
	codec := testCodec(b)
	tone, err := codec.loop(ToneOf("Ana"))
	if err != nil {
		b.Fatal(err)
	}
	checker := NewChecker(codec, "Ana")
	for b.Loop() {
		if !checker.hears(tone[:toneTotal], ToneOf("Ana")) {
			b.Fatal("another tone")
		}
	}
}
