package media

import (
	"math"
	"time"
)

// Bit rates of the sound, from best to what is never given up.
const (
	AudioFull   = 32_000
	AudioMiddle = 20_000
	AudioLeast  = 12_000
)

// What packets cost beside their frames.
const (
	audioOverhead = 12_000 // bits/s at 50 packets/s
	videoOverhead = 1.04
	slowScreen    = 60_000 // bits/s that a shared screen of key frames only is allowed to need
)

// line is what is known about the way to one participant.
type line struct {
	Estimate int                 // bits/s that it carries
	Queue    time.Duration       // for how long packets wait in it
	Over     bool                // more is sent than it carries
	Loss     float64             // of packets sent, before repair, in the last second
	Steady   float64             // the same, of the last seconds
	Backlog  time.Duration       // of video that waits to be sent
	Offered  [Screen + 1]float64 // bits/s that the encoders make, per stream
	Senders  int                 // of whom; 0 means one
	Both     bool                // both layers of a camera go, the large one's Offered is their sum
	Sealed   bool                // what is sent goes in pieces
	Sight    sight               // how large the participant shows what it gets
}

// choice is what one participant is sent.
type choice struct {
	Video      Stream // Video, Small or 0
	SlowScreen bool   // only key frames of the screen
	Audio      int    // bit rate that the sound should have
}

// rungs is the order of sacrifice.
var rungs = [...]choice{
	{Video: Video, Audio: AudioFull},
	{Video: Video, SlowScreen: true, Audio: AudioFull},
	{Video: Small, SlowScreen: true, Audio: AudioFull},
	{SlowScreen: true, Audio: AudioFull},
	{SlowScreen: true, Audio: AudioMiddle},
	{SlowScreen: true, Audio: AudioLeast},
}

// Times and bounds of the ladder.
const (
	downAfter   = time.Second            // a shortage that lasts
	severeAfter = 200 * time.Millisecond // a shortage that already spoils the sound
	upAfter     = 3 * time.Second        // room that lasts
	upFirst     = 3 * time.Second        // quiet, before any step up failed
	upAfterFall = 20 * time.Second       // the same, after a step up that failed
	upAtMost    = 2 * time.Minute
	settled     = 15 * time.Second // a step up that has held this long was right
	tryFactor   = 3                // without an estimate that says so, a step is tried after this many times upAfter
	tryAtMost   = 2                // and at most this far beyond the estimate
	tryFirst    = 6                // the same, before any step up failed
	tryLossy    = 2                // a line that always loses something waits this many times longer to be tried
	drains      = 2 * time.Second  // in which the queue of a step that failed empties
	proven      = 5 * time.Second  // the rung before a step that failed was right, whatever the estimate says now
	paceFactor  = 2.5              // packets leave faster than the estimate, so that a picture is not late
	paceRise    = 1.3              // while a step up is new: at first, and each time again
	paceEvery   = 400 * time.Millisecond
	lossTooMuch = 0.15
	lossSevere  = 0.25
	lossNone    = 0.03
	lossyFor    = 15 * time.Second // after a loss, a line is one that always loses something
	backlogFull = time.Second
	backlogNone = 200 * time.Millisecond
)

// ladder chooses what a participant is sent. A step depends on nothing but its
// arguments and the ladder.
type ladder struct {
	rung    int
	started bool
	bad     time.Time                 // since when there is a shortage; zero: there is none
	good    time.Time                 // since when the next better rung has room
	clean   time.Time                 // since when nothing speaks against trying it
	rose    time.Time                 // last step up; zero: settled
	before  int                       // the rung it left
	lossy   time.Time                 // last loss that counts
	fell    time.Time                 // last time a step up failed
	short   bool                      // the last step that lasted was down, or one up failed
	lacks   bool                      // the rung is not all there is to send
	over    bool                      // since then more was sent than the line carries
	holds   [len(rungs)]time.Duration // of rungs that a step up to failed: how long room must last; zero: none did
}

// What a layer that is not made now would need: encoders make what is wanted
// only.
const (
	videoUsual = 600_000
	smallUsual = 120_000
)

func assumed(in line) [Screen + 1]float64 {
	offered, senders := in.Offered, float64(max(in.Senders, 1))
	if offered[Video] == 0 {
		offered[Video] = max(videoUsual*senders, offered[Small])
	}
	if offered[Small] == 0 {
		offered[Small] = min(smallUsual*senders, offered[Video])
	}
	return offered
}

// need is the bits/s of a rung.
func need(rung int, in line) float64 {
	c := rungs[rung]
	senders := float64(max(in.Senders, 1))
	sum := min(in.Offered[Audio], senders*float64(c.Audio))
	if in.Offered[Audio] > 0 {
		sum += senders * audioOverhead
	}
	sum += in.Offered[c.Video] * videoOverhead
	screen := in.Offered[Screen] * videoOverhead
	if c.SlowScreen {
		screen = min(screen, senders*slowScreen)
	}
	return sum + screen
}

// step looks at the line and moves at most once: down as far as needed, up by
// one rung that makes a difference. It says whether the move was urgent.
func (l *ladder) step(in line, now time.Time) (c choice, urgent bool) {
	silent := in.Offered[Video] == 0 && in.Offered[Small] == 0 && in.Offered[Screen] == 0
	l.short = l.short && in.Offered != [Screen + 1]float64{} // what carries nothing carries enough
	in.Offered = assumed(in)
	defer func() { l.lacks = need(l.rung, in) < need(0, in) }()
	if !l.started {
		l.rung = l.fits(in, 0, 1.2)
	}
	// Sound alone proves nothing about pictures: begin again until there are some.
	l.started = !silent || l.rung > 3
	if in.Steady > lossNone {
		l.lossy = now
	}
	if after, severe := l.shortage(in, now); after > 0 {
		l.good, l.clean = time.Time{}, time.Time{}
		if l.bad.IsZero() {
			l.bad = now.Add(-time.Nanosecond) // so that the shortest shortage counts at once
		}
		if now.Sub(l.bad) >= after {
			return l.down(in, now), severe
		}
		return rungs[l.rung], false
	}
	l.bad = time.Time{}
	l.up(in, now)
	return rungs[l.rung], false
}

// fits is the best rung from one on whose need, with some room, the line
// carries; the last one if none does.
func (l *ladder) fits(in line, from int, room float64) int {
	for rung := from; rung < len(rungs); rung++ {
		if need(rung, in)*room <= float64(in.Estimate) {
			return rung
		}
	}
	return len(rungs) - 1
}

// shortage says after how long the ladder must go down; 0: there is none. A
// step up that is new may need more than the estimate, which only follows what
// is sent, as long as the line keeps up; and the rung before a step that failed
// was right.
func (l *ladder) shortage(in line, now time.Time) (after time.Duration, severe bool) {
	needs, carries := need(l.rung, in), float64(in.Estimate)
	l.over = l.over || in.Over
	trying := !l.rose.IsZero()
	if trying && in.Over {
		return time.Nanosecond, true // at once
	}
	fell, backlog := now.Sub(l.fell), in.Backlog
	if fell < drains {
		return 0, false
	}
	if trying && !l.over || !in.Over && fell < proven {
		carries = max(carries, needs)
	}
	if trying {
		backlog /= 3 // what waits until the pace has risen
	}
	switch {
	case needs > 1.5*carries || backlog > 2*backlogFull || in.Loss > lossSevere:
		return severeAfter, true
	case needs > carries || backlog > backlogFull || in.Loss > lossTooMuch || in.Queue > queueOver:
		return downAfter, false
	}
	return 0, false
}

// down leaves the rung. One that was only tried is left for the one before it.
func (l *ladder) down(in line, now time.Time) choice {
	l.short = true
	if !l.rose.IsZero() {
		l.holds[l.rung] = min(max(2*l.holds[l.rung], upAfterFall), upAtMost)
		if l.over {
			l.bad, l.rose, l.rung, l.fell = time.Time{}, time.Time{}, l.before, now
			return rungs[l.rung]
		}
	}
	l.bad, l.rose = time.Time{}, time.Time{}
	for l.rung < len(rungs)-1 {
		before := need(l.rung, in)
		l.rung++
		if after := need(l.rung, in); after < before && after <= float64(in.Estimate) {
			break
		}
	}
	return rungs[l.rung]
}

func (l *ladder) up(in line, now time.Time) {
	if !l.rose.IsZero() && now.Sub(l.rose) >= settled {
		l.rose, l.holds[l.rung], l.short = time.Time{}, 0, false
	}
	if l.rung == 0 {
		return
	}
	better := l.rung - 1
	for better > 0 && need(better, in) <= need(l.rung, in) {
		better--
	}
	wants := need(better, in)
	calm := !in.Over && in.Queue < queueCalm && in.Backlog < backlogNone
	since(&l.good, calm && wants*1.15 <= float64(in.Estimate), now)
	hold := max(l.holds[better], upAfter)
	beyond, quiet := float64(tryAtMost), tryFactor*hold
	if l.holds[better] == 0 {
		beyond, quiet = tryFirst, upFirst
	}
	if !l.lossy.IsZero() && now.Sub(l.lossy) < lossyFor {
		quiet = tryLossy * max(quiet, upAfterFall)
	}
	since(&l.clean, calm && wants <= beyond*float64(in.Estimate), now)
	if !l.good.IsZero() && now.Sub(l.good) >= hold || !l.clean.IsZero() && now.Sub(l.clean) >= quiet {
		l.before, l.rung, l.rose, l.over = l.rung, better, now, false
		l.good, l.clean = time.Time{}, time.Time{}
	}
}

// pace is the bits/s at which packets leave. While a step up is new it rises
// slowly from what the line was seen to carry, so that a line that cannot carry
// the step is overloaded a little only, and its sound is spared.
func (l *ladder) pace(in line, now time.Time) float64 {
	in.Offered = assumed(in)
	needs := need(l.rung, in)
	if l.rose.IsZero() {
		return paceFactor * max(float64(in.Estimate), needs)
	}
	steps := 1 + now.Sub(l.rose).Seconds()/paceEvery.Seconds()
	return min(need(l.before, in)*math.Pow(paceRise, steps), paceFactor*needs)
}

// since keeps the time from which on something has been so.
func since(from *time.Time, so bool, now time.Time) {
	switch {
	case !so:
		*from = time.Time{}
	case from.IsZero():
		*from = now
	}
}
