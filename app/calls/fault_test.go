package calls

import (
	"testing"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// of is what somebody measured of the lines to some: a letter, the loss of what came
// and of what went in packets of a thousand (-1: not known), and what is carried where that
// is too little; below zero where it is enough.
func (l lines) of(by rune, all ...lineOf) lines {
	var said []lineReport
	for _, one := range all {
		said = append(said, lineReport{deviceOf(one.to), reported{In: uint(one.in + 1), Out: uint(one.out + 1), Carries: 5000, Short: one.carries > 0}})
		if one.carries != 0 {
			said[len(said)-1].Carries = uint(max(one.carries, -one.carries))
		}
	}
	l.add(deviceOf(by), said)
	return l
}

type lineOf struct {
	to               rune
	in, out, carries int
}

func deviceOf(letter rune) seal.ID {
	if letter == 0 {
		return seal.ID{}
	}
	return seal.ID{byte(letter)}
}

func TestL51WhoseLineItIs(t *testing.T) {
	const me = 'm'
	tests := []struct {
		name  string
		lines lines
		via   rune
		other rune
		kind  FaultKind
		whose rune // 0: the line between the two
		in    bool
	}{
		{"nothing is wrong", lines{}.of(me, lineOf{'a', 10, 0, 0}), 0, 'a', NoFault, 0, false},
		{"nothing is known", lines{}, 0, 'a', NoFault, 0, false},
		{"two alone do not know", lines{}.of(me, lineOf{'a', 50, 0, 0}), 0, 'a', Loses, 0, true},
		{"their upload: mine takes what others send", lines{}.of(me, lineOf{'a', 50, 0, 0}, lineOf{'b', 0, 0, 0}), 0, 'a', Loses, 'a', true},
		{"their upload: others miss it as well", lines{}.of(me, lineOf{'a', 50, 0, 0}).of('b', lineOf{'a', 60, 0, 0}), 0, 'a', Loses, 'a', true},
		{"my download: all are lost here", lines{}.of(me, lineOf{'a', 50, 0, 0}, lineOf{'b', 60, 0, 0}).of('b', lineOf{'a', 0, 0, 0}), 0, 'a', Loses, me, true},
		{"only the two: others have it not", lines{}.of(me, lineOf{'a', 50, 0, 0}, lineOf{'b', 0, 0, 0}).of('b', lineOf{'a', 0, 0, 0}), 0, 'a', Loses, 0, true},
		{"my upload", lines{}.of(me, lineOf{'a', 0, 80, 0}, lineOf{'b', 0, 70, 0}), 0, 'a', Loses, me, false},
		{"their download", lines{}.of(me, lineOf{'a', 0, 80, 0}, lineOf{'b', 0, 0, 0}), 0, 'a', Loses, 'a', false},
		{"they say what they miss", lines{}.of(me, lineOf{'b', 0, 0, 0}).of('a', lineOf{me, 80, 0, 0}, lineOf{'b', 90, 0, 0}), 0, 'a', Loses, 'a', false},
		{"their upload is narrow", lines{}.of('a', lineOf{me, 0, 0, 120}, lineOf{'b', 0, 0, 110}), 0, 'a', Narrow, 'a', true},
		{"my download is narrow", lines{}.of('a', lineOf{me, 0, 0, 120}, lineOf{'b', 0, 0, 0}).of('b', lineOf{me, 0, 0, 130}), 0, 'a', Narrow, me, true},
		{"my line to them is narrow", lines{}.of(me, lineOf{'a', 0, 0, 120}, lineOf{'b', 0, 0, 0}), 0, 'a', Narrow, 'a', false},
		{"a line that is too full loses some", lines{}.of(me, lineOf{'a', 50, 0, 0}, lineOf{'b', 0, 0, 0}).of('b', lineOf{me, 0, 0, 0}).of('a', lineOf{me, 0, 0, 120}), 0, 'a', Narrow, 'a', true},
		{"but not so much", lines{}.of(me, lineOf{'a', 250, 0, 0}, lineOf{'b', 0, 0, 0}).of('a', lineOf{me, 0, 0, 120}), 0, 'a', Loses, 'a', true},
		{
			"two lines share one upload, and one of them gave way",
			lines{}.of(me, lineOf{'b', 0, 0, 0}).of('b', lineOf{me, 0, 0, 0}).of('a', lineOf{me, 0, 0, 600}, lineOf{'b', 0, 0, -1000}), 0, 'a', Narrow, 'a', true,
		},
		{
			"through a forwarder: the sender's upload",
			lines{}.of(me, lineOf{'f', 0, 0, 0}).of('f', lineOf{'a', 70, 0, 0}, lineOf{'b', 0, 0, 0}, lineOf{me, 0, 0, 0}), 'f', 'a', Loses, 'a', true,
		},
		{
			"of which others have nothing",
			lines{}.of(me, lineOf{'f', 0, 0, 0}).of('f', lineOf{'a', 70, 0, 0}, lineOf{'b', 0, 0, 0}, lineOf{me, 0, 0, 0}), 'f', 'b', NoFault, 0, false,
		},
		{
			"the forwarder's download",
			lines{}.of(me, lineOf{'f', 0, 0, 0}).of('f', lineOf{'a', 70, 0, 0}, lineOf{'b', 60, 0, 0}, lineOf{me, 80, 0, 0}), 'f', 'a', Loses, 'f', true,
		},
		{
			"the forwarder's upload",
			lines{}.of(me, lineOf{'f', 70, 0, 0}).of('f', lineOf{'a', 0, 60, 0}, lineOf{'b', 0, 70, 0}), 'f', 'a', Loses, 'f', true,
		},
		{
			"my download from the forwarder",
			lines{}.of(me, lineOf{'f', 70, 0, 0}).of('f', lineOf{'a', 0, 0, 0}, lineOf{'b', 0, 0, 0}, lineOf{me, 0, 70, 0}), 'f', 'a', Loses, me, true,
		},
		{
			"the forwarder itself",
			lines{}.of(me, lineOf{'f', 70, 0, 0}).of('f', lineOf{'a', 0, 0, 0}), 'f', 'f', Loses, me, true,
		},
		{
			"what the forwarder cannot carry to one",
			lines{}.of('f', lineOf{'a', 0, 0, 90}, lineOf{me, 0, 0, 0}, lineOf{'b', 0, 0, 0}), 'f', 'a', Narrow, 'a', false,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.lines.fault(deviceOf(me), deviceOf(test.other), deviceOf(test.via))
			if got.Kind != test.kind || got.Whose != deviceOf(test.whose) || got.Incoming != test.in {
				t.Errorf("%+v, want %q of %c, incoming %v", got, test.kind, test.whose, test.in)
			}
			if got.Kind != NoFault && got.Amount <= 0 {
				t.Errorf("no amount: %+v", got)
			}
		})
	}
}

func FuzzReport(f *testing.F) {
	good, err := seal.Encode(report{V: reportVersion, Call: call.ID{1}, Since: 5, Lines: []reported{{Tag: [8]byte{1}, In: 51, Out: 1001, Carries: 300, Short: true}}})
	if err != nil {
		f.Fatal(err)
	}
	if r, err := decodeReport(good); err != nil || len(r.Lines) != 1 || r.Lines[0].Carries != 300 {
		f.Fatalf("%+v, %v", r, err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeReport(data)
		if err != nil {
			return
		}
		if r.Since == 0 || len(r.Lines) > maxReported {
			t.Errorf("%+v is taken", r)
		}
		for _, l := range r.Lines {
			if l.In > 1001 || l.Out > 1001 || l.Carries > maxUplink {
				t.Errorf("%+v is taken", l)
			}
		}
	})
}
