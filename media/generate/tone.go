package generate

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Bit rate and strength of a tone.
const (
	toneBitrate   = 28000
	toneAmplitude = 8000 // of 32767
	tones         = 24   // two octaves up from 440 Hz
)

// loopTime is how long a tone goes on before it begins again. Encoding 20 ms of sound
// costs 0.4 ms, for eight participants a sixth of a core without end: so one second is
// encoded, once, and repeated for nothing. A decoder hears no seam (TestToneHasNoSeam): all tones
// are whole numbers of Hertz, so that one second holds whole waves; the encoder has heard
// one second before, so that it ends in the state in which it began; and the seam falls
// into a dip of the sound, where what is left between the two states cannot be heard.
const loopTime = time.Second

// packetTime is what one packet holds.
const packetTime = 20 * time.Millisecond

// ToneOf is the frequency of a sender's tone: 440 Hz and n semitones, n from its name,
// rounded to whole Hertz.
func ToneOf(name string) float64 { return toneOf(nameHash(name)) }

func toneOf(hash uint32) float64 {
	return math.Round(440 * math.Exp2(float64(hash%tones)/12))
}

// loop is one second of a tone as Opus packets of 20 ms, which may be repeated without
// end.
func (c *Codec) loop(frequency float64) (packets [][]byte, err error) {
	count := int(loopTime / packetTime)
	err = c.do(func(in *opusInstance) error {
		packets, err = in.encode(swelling(frequency, 2*count*packetSamples), toneBitrate)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("encode a tone: %w", err)
	}
	return packets[count:], nil
}

// swells is how often a second the tone comes and goes. Without that the codec takes it
// for noise, and writes no forward error correction.
const swells = 2

// swelling is a tone as samples. It dips to nothing where a second begins, and is below
// a tenth of its strength for 50 ms there.
func swelling(frequency float64, samples int) []int16 {
	sound := make([]int16, samples)
	for i := range sound {
		at := float64(i) / sampleRate
		swell := math.Sin(math.Pi * swells * at)
		sound[i] = int16(toneAmplitude * min(1, 4*swell*swell) * math.Sin(2*math.Pi*frequency*at))
	}
	return sound
}

// frequencyOf is the median of what the loud 20 ms of a sound measure, and 0 without any.
func frequencyOf(sound []int16) float64 {
	var all []float64
	for ; len(sound) >= packetSamples; sound = sound[packetSamples:] {
		if f := measure(sound[:packetSamples]); f > 0 {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// measure finds a tone's frequency between its first and its last rise through zero. A
// rise counts only after the sound was well below zero, so that noise makes none.
func measure(sound []int16) float64 {
	depth := float64(slices.Max(sound)) / 4
	if depth < toneAmplitude/16 {
		return 0
	}
	var first, last float64
	rises, below := -1, false
	for i := 1; i < len(sound); i++ {
		a, b := float64(sound[i-1]), float64(sound[i])
		below = below || a < -depth
		if !below || a >= 0 || b < 0 {
			continue
		}
		last, below = float64(i-1)+a/(a-b), false
		if rises++; rises == 0 {
			first = last
		}
	}
	if rises < 4 {
		return 0
	}
	return float64(rises) * sampleRate / (last - first)
}
