package generate

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

// sharedCodec is compiled once for all tests.
var sharedCodec = sync.OnceValues(NewCodec)

func testCodec(t testing.TB) *Codec {
	t.Helper()
	c, err := sharedCodec()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *Codec) decodeAll(t testing.TB, packets [][]byte) (sound []int16) {
	t.Helper()
	err := c.do(func(in *opusInstance) (err error) {
		sound, err = in.decode(packets)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sound
}

// TestToneHasNoSeam: three rounds of a loop are one sine. Each 20 ms of sound are
// compared with a sine in the phase of the whole: where the rounds meet it is as good as
// elsewhere.
func TestToneHasNoSeam(t *testing.T) {
	codec := testCodec(t)
	for _, n := range []uint32{0, 9, 14, tones - 1} {
		frequency := toneOf(n)
		packets, err := codec.loop(frequency)
		if err != nil {
			t.Fatal(err)
		}
		const warm = 10
		sound := codec.decodeAll(t, slices.Concat(packets, packets, packets))
		if got := frequencyOf(sound[warm*packetSamples:]); math.Abs(got-frequency) > 0.2 {
			t.Errorf("%v Hz heard as %v", frequency, got)
		}
		for w := warm; w < len(sound)/packetSamples; w++ {
			if r := residue(sound, w, frequency); r > 0.025 {
				t.Errorf("%v Hz: %.1f %% of packet %d is not the tone", frequency, 100*r, w)
			}
		}
	}
}

func TestPacketsAreOpusWithForwardErrorCorrection(t *testing.T) {
	packets, err := testCodec(t).loop(440)
	if err != nil {
		t.Fatal(err)
	}
	size, repaired := 0, 0
	for i, p := range packets {
		size += len(p)
		if err := parsePacket(p); err != nil {
			t.Errorf("packet %d: %v", i, err)
		}
		// One frame of 20 ms, of SILK and CELT. Its second bit says that the packet before
		// is in it once more (RFC 6716, section 3.1, 4.2.4).
		if p[0]>>3 != 13 || p[0]&3 != 0 {
			t.Errorf("packet %d begins with %x", i, p[0])
		}
		repaired += int(p[1] >> 6 & 1)
	}
	if repaired < 40 {
		t.Errorf("%d of %d packets can be repaired", repaired, len(packets))
	}
	if size < 24000/8 || size > 32000/8 {
		t.Errorf("%d bytes a second", size)
	}
}

// residue is how much of 20 ms is not the tone, in parts of the tone's full strength. The
// edges of a dip are not all tone either.
func residue(sound []int16, packet int, frequency float64) float64 {
	var s, c, all float64
	for i := packet * packetSamples; i < (packet+1)*packetSamples; i++ {
		sin, cos := math.Sincos(2 * math.Pi * frequency * float64(i) / sampleRate)
		v := float64(sound[i]) / toneAmplitude
		s, c, all = s+v*sin, c+v*cos, all+v*v
	}
	if all == 0 {
		return 0
	}
	tone := (s*s + c*c) * 2 / packetSamples
	return (1 - tone/all) * math.Sqrt(all/packetSamples)
}

func TestReadModule(t *testing.T) {
	for what, files := range map[string]fstest.MapFS{
		"run make frontend": {},
		"has SHA-256":       {"module/opus.wasm": {Data: []byte("another codec")}},
	} {
		if _, err := readModule(files); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v does not say %q", err, what)
		}
	}
}

func BenchmarkLoop(b *testing.B) {
	codec := testCodec(b)
	for b.Loop() {
		if _, err := codec.loop(440); err != nil {
			b.Fatal(err)
		}
	}
}
