package calls

import (
	"errors"
	"slices"
	"sync"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

// reportVersion is the version of a report. Programs that know only the other hints do
// not hear it.
const reportVersion = 3

const (
	maxReported = MaxParticipants
	// enough is how many packets make a share of them meaningful.
	enough = 50
	// growsFor is for how long after the estimate of a line rose above all before it may
	// still grow, as after a join: until then nobody says that the line is narrow.
	growsFor = 5 * time.Second
	grows    = 1.03 // times; less is no growth
	// losesFrom is when a line loses so much that it is said, in packets of a thousand;
	// losesUntil is when it is not said any more.
	losesFrom, losesUntil = 30, 15
)

// report is a hint about what a device has measured of its lines (rule L50).
type report struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Call  call.ID
	Since uint64
	Lines []reported

	heard time.Time
}

// reported is one line: what is known of the packets that came from there and of those
// that went there.
type reported struct {
	_       struct{} `cbor:",toarray"`
	Tag     [8]byte
	In, Out uint // 0: not known; else 1 + how many of a thousand were lost
	Carries uint // kbit/s
	Short   bool // there is more to send than that
}

func decodeReport(data []byte) (report, error) {
	r, err := seal.Decode[report](data)
	if err != nil {
		return report{}, err
	}
	bad := func(l reported) bool { return l.In > 1001 || l.Out > 1001 || l.Carries > maxUplink }
	if r.V != reportVersion || r.Call == (call.ID{}) || r.Since == 0 || len(r.Lines) > maxReported || slices.ContainsFunc(r.Lines, bad) {
		return report{}, errors.New("not a report about the lines of a call")
	}
	return r, nil
}

// hearReport takes what somebody who is known to be there has measured.
func (v *view) hearReport(space seal.SpaceID, device seal.ID, r report) {
	_, own := v.team.Self()
	if device == own || !v.mayHear(device, r.Since) {
		return
	}
	r.heard = v.service.config.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := v.present[key{space, r.Call}][device]; p != nil && !p.own && (p.since == r.Since || p.since == 0) {
		p.report = &r
	}
}

// reports is what the participants said lately, with the devices that they mean.
func (v *view) reports(k key) map[seal.ID][]lineReport {
	now := v.service.config.Now()
	v.mu.Lock()
	defer v.mu.Unlock()
	known := map[[8]byte]seal.ID{}
	for device := range v.present[k] {
		known[call.Tag(k.call, device)] = device
	}
	all := map[seal.ID][]lineReport{}
	for device, p := range v.present[k] {
		if p.report == nil || now.Sub(p.report.heard) >= GoneAfter {
			continue
		}
		for _, l := range p.report.Lines {
			if to, there := known[l.Tag]; there {
				all[device] = append(all[device], lineReport{to, l})
			}
		}
	}
	return all
}

// lineReport is a line of a report, to a device.
type lineReport struct {
	to seal.ID
	reported
}

// reporting is what this device says of its lines.
type reporting struct {
	mu    sync.Mutex
	said  time.Time         // guarded by mu
	lines []lineReport      // as measured last; guarded by mu
	grown map[seal.ID]grown // guarded by mu; by the other end
}

// grown is how far the estimate of a line has grown.
type grown struct {
	most int // kbit/s
	at   time.Time
}

// growing reports whether the estimate of a line may still grow. The caller holds mu.
func (g *reporting) growing(to seal.ID, estimate int, now time.Time) bool {
	line := g.grown[to]
	if float64(estimate) > grows*float64(line.most) {
		line = grown{estimate, now}
		if g.grown == nil {
			g.grown = map[seal.ID]grown{}
		}
		g.grown[to] = line
	}
	return now.Sub(line.at) < growsFor
}

// measured takes what the room has measured. It says whether it is time to tell: at
// each change of what is wrong, and else as often as hints.
func (g *reporting) measured(id call.ID, stats []media.Stat, now time.Time) (due bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.lines
	g.lines = nil
	for _, s := range stats {
		if isGuest(s.ID) {
			continue
		}
		if s.State != media.Connected {
			delete(g.grown, seal.ID(s.ID))
			continue
		}
		growing := g.growing(seal.ID(s.ID), s.Estimate, now)
		l := lineReport{seal.ID(s.ID), reported{
			Tag: call.Tag(id, seal.ID(s.ID)), In: lost(s.LossIn, s.PacketsIn), Out: lost(s.LossOut, s.PacketsOut),
			Carries: uint(min(max(s.Estimate, 0), maxUplink)), Short: s.Short && !growing && s.PacketsOut >= enough,
		}}
		if at := slices.IndexFunc(before, func(b lineReport) bool { return b.to == l.to }); at >= 0 {
			l.In, l.Out = held(before[at].In, l.In), held(before[at].Out, l.Out)
		}
		g.lines = append(g.lines, l)
	}
	news := !slices.EqualFunc(before, g.lines, func(a, b lineReport) bool {
		return a.to == b.to && loses(a.In) == loses(b.In) && loses(a.Out) == loses(b.Out) && a.Short == b.Short
	})
	since := now.Sub(g.said)
	if due = news || since >= HintEvery || since < 0; due {
		g.said = now
	}
	return due
}

// lost is a loss as reports tell it.
func lost(share float64, packets int) uint {
	if packets < enough {
		return 0
	}
	return 1 + uint(1000*share)
}

func loses(told uint) bool { return told > losesFrom }

// held keeps a loss that was told at what is worth telling while it has not gone: one
// that swings about the bound is not said and taken back all the time.
func held(before, now uint) uint {
	if loses(before) && !loses(now) && now > losesUntil {
		return losesFrom + 1
	}
	return now
}

// sayReport tells the others what this device has measured.
func (x *session) sayReport() {
	r := report{V: reportVersion, Call: x.key.call, Since: x.since, Lines: []reported{}}
	x.says.lines.mu.Lock()
	for _, l := range x.says.lines.lines[:min(len(x.says.lines.lines), maxReported)] {
		r.Lines = append(r.Lines, l.reported)
	}
	x.says.lines.mu.Unlock()
	body, err := seal.Encode(r)
	if err == nil {
		err = x.view.team.SendLive(x.key.space, workspace.KindCall, body)
	}
	if err != nil {
		x.service.config.Log.Debug("send report about the lines of a call", "err", err)
	}
}
