package calls

import "parvis/crdt/seal"

// FaultKind says what is wrong with a line.
type FaultKind string

// What may be wrong.
const (
	NoFault FaultKind = ""
	Loses   FaultKind = "loss"   // packets are lost in it
	Narrow  FaultKind = "narrow" // it carries less than there is to send
)

// Fault is what spoils the way between this device and a participant, and whose line
// it is, as far as all sides together can tell (rule L51).
type Fault struct {
	Kind     FaultKind
	From, To seal.ID // the line, and the direction
	Whose    seal.ID // From: its upload, To: its download, zero: the line between the two
	Amount   int     // packets of a thousand that are lost; kbit/s that are carried
	Incoming bool    // it spoils what comes from the participant; else what goes there
}

// hop is a line in one direction.
type hop struct{ from, to seal.ID }

// known is what was measured of a hop; zero: nothing.
type known struct {
	measured bool
	loss     int  // packets of a thousand
	carries  int  // kbit/s
	short    bool // there is more to send
}

// losesMost is what a line that is too full may lose; more is no mere lack of room.
const losesMost = 150

// fault is what is wrong with a line: what it loses, unless that is because it is narrow.
func (k known) fault() FaultKind {
	switch {
	case k.loss >= losesMost, k.loss >= losesFrom && !k.short:
		return Loses
	case k.short:
		return Narrow
	}
	return NoFault
}

// like judges another line of the same end: whether it has the same fault. One that is
// not known to carry twice as much may share a narrow line.
func (k known) like(other known, kind FaultKind) verdict {
	switch {
	case kind == Loses && other.measured && other.loss >= losesFrom, kind == Narrow && other.short:
		return guilty
	case !other.measured, kind == Narrow && other.carries < 2*k.carries:
		return unknown
	}
	return innocent
}

// lines is what is known of all the lines of a call.
type lines map[hop]known

// add takes what a device says of its lines.
func (l lines) add(by seal.ID, all []lineReport) {
	for _, one := range all {
		l.note(hop{one.to, by}, one.In, known{})
		l.note(hop{by, one.to}, one.Out, known{carries: int(one.Carries), short: one.Short})
	}
}

func (l lines) note(h hop, told uint, said known) {
	k := l[h]
	if told > 0 {
		k.measured = true
		k.loss = max(k.loss, int(told-1))
	}
	k.carries, k.short = max(k.carries, said.carries), k.short || said.short
	l[h] = k
}

// fault is what spoils the way between this device and another, through a forwarder or
// through none. What comes counts before what goes.
func (l lines) fault(own, other, via seal.ID) Fault {
	there, back := []hop{{other, own}}, []hop{{own, other}}
	if !via.IsZero() && via != own && via != other {
		there = append(there, hop{other, via}, hop{via, own})
		back = append(back, hop{own, via}, hop{via, other})
	}
	for i, way := range [][]hop{there, back} {
		for _, h := range way {
			k := l[h]
			f := Fault{Kind: k.fault(), From: h.from, To: h.to, Amount: k.loss, Incoming: i == 0}
			switch f.Kind {
			case NoFault:
				continue
			case Narrow:
				f.Amount = k.carries
			}
			f.Whose = l.whose(h, f.Kind)
			return f
		}
	}
	return Fault{}
}

// whose is the end of a line at which something is wrong: the one whose other lines in
// that direction have it too, or the one that is left when those of the other end have
// it not. Zero: the lines do not tell.
func (l lines) whose(h hop, kind FaultKind) seal.ID {
	up := l.judge(h, kind, func(o hop) bool { return o.from == h.from && o.to != h.to })
	down := l.judge(h, kind, func(o hop) bool { return o.to == h.to && o.from != h.from })
	switch {
	case up == guilty && down != guilty, up == unknown && down == innocent:
		return h.from
	case down == guilty && up != guilty, down == unknown && up == innocent:
		return h.to
	}
	return seal.ID{}
}

type verdict int

const (
	unknown verdict = iota
	innocent
	guilty
)

// judge is the verdict about an end of a line by its other lines: half of them decide.
func (l lines) judge(of hop, kind FaultKind, which func(hop) bool) verdict {
	found := [3]int{}
	for h, k := range l {
		if which(h) {
			found[l[of].like(k, kind)]++
		}
	}
	switch {
	case found[innocent]+found[guilty] == 0:
		return unknown
	case found[guilty] >= found[innocent]:
		return guilty
	}
	return innocent
}
