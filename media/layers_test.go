package media

import (
	"fmt"
	"testing"
	"time"
)

// offered is what the encoders of a participant make.
func offered(audio, video, small, screen float64) (all [Screen + 1]float64) {
	all[Audio], all[Video], all[Small], all[Screen] = audio, video, small, screen
	return all
}

// play steps a ladder five times a second with the line that is given for each
// moment, and returns the rung at the end of each second.
func play(l *ladder, seconds int, at func(second float64) line) []int {
	var ends []int
	for tick := range 5 * seconds {
		l.step(at(float64(tick)/5), start.Add(time.Duration(tick)*tickEvery))
		if tick%5 == 4 {
			ends = append(ends, l.rung)
		}
	}
	return ends
}

func TestC10TheLineChoosesWhatIsSent(t *testing.T) {
	camera := offered(32_000, 600_000, 100_000, 0)
	all := offered(32_000, 600_000, 100_000, 800_000)
	tests := []struct {
		name    string
		seconds int
		line    func(s float64) line
		want    choice
	}{
		{"a good line", 3, func(float64) line { return line{Estimate: 2_000_000, Offered: camera} }, rungs[0]},
		{"a good line with a screen", 3, func(float64) line { return line{Estimate: 3_000_000, Offered: all} }, rungs[0]},
		{"the screen slows first", 3, func(float64) line { return line{Estimate: 1_000_000, Offered: all, Loss: 0.05, Steady: 0.05} }, rungs[1]},
		{"then the small layer", 3, func(float64) line { return line{Estimate: 400_000, Offered: all, Loss: 0.05, Steady: 0.05} }, rungs[2]},
		{"then no picture", 3, func(float64) line { return line{Estimate: 140_000, Offered: all, Loss: 0.05, Steady: 0.05} }, rungs[3]},
		{"sound alone on what is left", 3, func(float64) line { return line{Estimate: 80_000, Offered: camera, Loss: 0.05, Steady: 0.05} }, rungs[3]},
		{"a shortage of an instant", 6, func(s float64) line {
			if s > 3 && s < 3.15 {
				return line{Estimate: 100_000, Offered: camera}
			}
			return line{Estimate: 2_000_000, Offered: camera}
		}, rungs[0]},
		{"the estimate falls", 6, func(s float64) line {
			if s > 3 {
				return line{Estimate: 300_000, Offered: camera, Loss: 0.05, Steady: 0.05}
			}
			return line{Estimate: 2_000_000, Offered: camera}
		}, rungs[2]},
		{"losses lower the sound's bit rate at last", 12, func(float64) line { return line{Estimate: 80_000, Offered: camera, Loss: 0.3} }, rungs[5]},
		{"what waits too long", 4, func(s float64) line {
			return line{Estimate: 700_000, Offered: camera, Backlog: time.Duration(max(0, min(s, 3)-1)) * time.Second}
		}, rungs[2]},
		{"5 % of loss take nothing away", 20, func(float64) line { return line{Estimate: 2_000_000, Offered: camera, Loss: 0.05, Steady: 0.05} }, rungs[0]},
		{"a quiet line is tried", 8, func(s float64) line { return line{Estimate: 300_000, Offered: camera} }, rungs[0]},
		{"sound only", 5, func(float64) line { return line{Estimate: 80_000, Offered: offered(32_000, 0, 0, 0)} }, rungs[3]},
		{"sound only on a new line wants the small layer first", 30, func(float64) line {
			return line{Estimate: 300_000, Offered: offered(32_000, 0, 0, 0)}
		}, rungs[2]},
		{"a layer that nobody makes is wanted when there is room", 8, func(float64) line {
			return line{Estimate: 2_000_000, Offered: offered(32_000, 0, 100_000, 0)}
		}, rungs[0]},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var l ladder
			ends := play(&l, test.seconds, test.line)
			if rungs[l.rung] != test.want {
				t.Errorf("rungs %v, want to end with %+v", ends, test.want)
			}
		})
	}
}

// A line of 300 kbit/s whose estimate follows what is sent: trying the large
// layer floods it, so tries must become rare.
func TestC11FailedTriesBecomeRare(t *testing.T) {
	var l ladder
	large, tries, last := 0, 0, -1
	for tick := range 5 * 300 {
		in := line{Estimate: 280_000, Offered: offered(32_000, 600_000, 100_000, 0)}
		if l.rung == 0 && l.started {
			in.Estimate, in.Loss, in.Over = 240_000, 0.1, true
			large++
		}
		l.step(in, start.Add(time.Duration(tick)*tickEvery))
		if l.rung == 0 && last != 0 {
			tries++
		}
		last = l.rung
		if l.rung > 3 {
			t.Fatalf("rung %d: the sound's rate suffers although the line carries it", l.rung)
		}
	}
	if tries > 8 || large > 15 {
		t.Errorf("%d tries, %d ticks with the large layer in 5 minutes", tries, large)
	}
}

// Whatever the line does, the sound keeps at least its lowest rate, and the
// order of sacrifice holds.
func TestC12TheOrderOfSacrifice(t *testing.T) {
	for i := 1; i < len(rungs); i++ {
		better, worse := rungs[i-1], rungs[i]
		if worse.Audio > better.Audio || better.SlowScreen && !worse.SlowScreen || worse.Video == Video && better.Video != Video || worse.Video == Small && better.Video == 0 {
			t.Errorf("rung %d gives back what rung %d took", i, i-1)
		}
		if worse.Audio < better.Audio && (worse.Video != 0 || !worse.SlowScreen) {
			t.Errorf("rung %d takes of the sound before the pictures", i)
		}
	}
	if rungs[len(rungs)-1].Audio != AudioLeast || AudioLeast < 12_000 {
		t.Error("the sound must keep 12 kbit/s")
	}
}

func TestC10ALineIsShortOnceItCarriedLess(t *testing.T) {
	camera := offered(32_000, 600_000, 100_000, 0)
	good, narrow := line{Estimate: 2_000_000, Offered: camera}, line{Estimate: 300_000, Offered: camera, Over: true, Queue: 200 * time.Millisecond}
	quiet := line{Estimate: 300_000, Offered: camera}
	tests := []struct {
		name  string
		lines []line // four seconds of each
		want  bool
	}{
		{"good", []line{good}, false},
		{"not yet known to carry more", []line{{Estimate: 300_000, Offered: camera, Loss: 0.05, Steady: 0.05}}, false},
		{"it carries less than before", []line{good, narrow}, true},
		{"it carries what is left", []line{good, narrow, quiet}, true},
		{"a step up failed", []line{quiet, narrow}, true},
		{"what is tried holds", []line{good, narrow, good, good, good, good}, false},
		{"nothing is sent any more", []line{good, narrow, {Estimate: 300_000}}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var l ladder
			play(&l, 4*len(test.lines), func(s float64) line { return test.lines[int(s)/4] })
			if short := l.short && l.lacks; short != test.want {
				t.Errorf("short is %v, want %v (rung %d)", short, test.want, l.rung)
			}
		})
	}
}

// A layer that nobody takes is not made: it must be asked for before it can be sent, directly
// and through a forwarder.
func TestC10ALayerThatIsNotMadeComesBack(t *testing.T) {
	for _, parties := range []int{2, 3} {
		t.Run(fmt.Sprint(parties, " participants"), func(t *testing.T) {
			h := newHall(t)
			h.sealing()
			all := h.gather(parties)
			if parties > 2 {
				through(all[0], all...)
			}
			from, to := all[parties-1], all[parties-2]
			from.begin(&feed{obeys: true, sizes: map[Stream]int{Audio: 80, Video: kbps(600), Small: kbps(120)}})
			h.wait("the small layer", 20*time.Second, func() bool { return to.from(from).count[Small] > 0 })
			h.wait("the large layer, and nothing else made", 40*time.Second, func() bool {
				w := from.room.Wants()
				return to.from(from).count[Video] > 15 && w.Video && !w.Small
			})
			to.from(from).check(t, "the camera")
		})
	}
}

// Who shows somebody in a small tile gets the small layer, and the large one is made only
// while somebody shows it.
func TestC42EachGetsWhatItCanShow(t *testing.T) {
	for _, parties := range []int{3, 5} {
		t.Run(fmt.Sprint(parties, " participants"), func(t *testing.T) {
			h := newHall(t)
			h.sealing()
			all := h.gather(parties)
			if parties > 3 {
				through(all[0], all...)
			}
			viewer, one, other := all[parties-1], all[parties-2], all[0] // who forwards, if anybody
			for _, p := range []*party{one, other} {
				p.begin(&feed{obeys: true, sizes: map[Stream]int{Audio: 80, Video: kbps(600), Small: kbps(120)}})
			}
			last := func(of *party) Stream { return viewer.from(of).layer }
			made := func(of *party, video, small bool) bool {
				w := of.room.Wants()
				return w.Video == video && w.Small == small
			}
			h.wait("all large", 40*time.Second, func() bool {
				return last(one) == Video && last(other) == Video && made(one, true, false) && made(other, true, false)
			})
			viewer.room.Look([]ID{one.id}, false)
			h.wait("one large, the other small", 20*time.Second, func() bool {
				return last(one) == Video && last(other) == Small && made(one, true, false) && made(other, true, true)
			})
			for _, p := range all {
				p.room.Look(nil, false)
			}
			h.wait("all small, and nothing else made", 20*time.Second, func() bool {
				return last(one) == Small && last(other) == Small && made(one, false, true) && made(other, false, true)
			})
			viewer.room.Look(nil, true)
			h.wait("all large again", 20*time.Second, func() bool {
				itself := parties == 3 || all[0].from(one).layer == Small // the forwarder gets both
				return itself && last(one) == Video && last(other) == Video && made(one, true, true)
			})
			for _, p := range []*party{one, other} {
				viewer.from(p).check(t, "the camera")
			}
		})
	}
}
